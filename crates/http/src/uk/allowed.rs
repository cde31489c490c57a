//! Extractors that check a call: a handler that has one is allowed to read what it names, and no other handler can be.

use axum::extract::{FromRequestParts, Path};
use http::HeaderMap;
use http::header::ACCEPT;
use http::request::Parts;
use lombard_auth::access::{AccountAccess, ConsentAccess, Presented};
use lombard_domain::permission::Right;

use super::error::Problem;
use crate::app::App;
use crate::parts::interaction::InteractionId;
use crate::parts::{body, evidence};

/// The call may read something of all accounts of its consent.
pub(super) struct AllowedAll<R: Right>(pub(super) ConsentAccess<R>);

/// The call may read something of the account in its path.
pub(super) struct Allowed<R: Right>(pub(super) AccountAccess<R>);

impl<R: Right> FromRequestParts<App> for AllowedAll<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let id = interaction(parts).await;
        let presented = Presented::read(body::authorization(&parts.headers), evidence::of(parts));
        let checked = app.gate.consent(id.call(), presented.as_ref()).await;
        let access = checked.map_err(|denied| Problem::denied(denied, &app.auth.policy().resource_metadata()));
        let access = access.and_then(|access| acceptable(&parts.headers).map(|()| Self(access)));
        access.map_err(|problem| problem.with_id(id.as_str()))
    }
}

impl<R: Right> FromRequestParts<App> for Allowed<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let id = interaction(parts).await;
        // What cannot be read is an account that does not exist.
        let account = Path::<String>::from_request_parts(parts, app).await.map(|Path(id)| id).unwrap_or_default();
        let presented = Presented::read(body::authorization(&parts.headers), evidence::of(parts));
        let checked = app.gate.account(id.call(), presented.as_ref(), &account).await;
        let access = checked.map_err(|denied| Problem::denied(denied, &app.auth.policy().resource_metadata()));
        let access = access.and_then(|access| acceptable(&parts.headers).map(|()| Self(access)));
        access.map_err(|problem| problem.with_id(id.as_str()))
    }
}

async fn interaction(parts: &mut Parts) -> InteractionId {
    let Ok(id) = InteractionId::from_request_parts(parts, &()).await;
    id
}

/// Digest 4.1: without `Accept` JSON is meant; where JSON is not among what is accepted the answer is 406.
fn acceptable(headers: &HeaderMap) -> Result<(), Problem> {
    let mut ranges =
        headers.get_all(ACCEPT).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).peekable();
    if ranges.peek().is_none() {
        return Ok(());
    }
    let json = ranges.any(|range| {
        let range = std::str::from_utf8(range).unwrap_or_default();
        let mut pieces = range.split(';').map(str::trim);
        let media_type = pieces.next().unwrap_or_default();
        let refused = pieces.any(|piece| matches!(piece, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
        !refused
            && ["application/json", "application/*", "*/*"].iter().any(|known| media_type.eq_ignore_ascii_case(known))
    });
    if json { Ok(()) } else { Err(Problem::not_acceptable()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_json_to_who_accepts_it() {
        let accepts = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, value.parse().unwrap());
            acceptable(&headers).is_ok()
        };
        assert!(acceptable(&HeaderMap::new()).is_ok());
        for good in [
            "application/json",
            "*/*",
            "text/html, application/json;q=0.5",
            "application/json; charset=utf-8",
            "Application/*",
        ] {
            assert!(accepts(good), "{good}");
        }
        for bad in ["text/html", "application/xml", "application/json;q=0", "json"] {
            assert!(!accepts(bad), "{bad}");
        }
    }
}
