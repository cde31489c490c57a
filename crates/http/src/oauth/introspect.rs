//! What a token is worth (RFC 7662), plain or signed (RFC 9701), as the caller accepts it.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE};

use super::docs::{Introspection, Refused, TokenQuery};
use super::problem::Problem;
use super::token::authenticated;
use crate::app::App;
use crate::parts::interaction::InteractionId;

/// What a token is worth now (RFC 7662, RFC 9701).
#[utoipa::path(post, path = "/introspect", tag = "oauth", operation_id = "introspect",
    request_body(content = TokenQuery, content_type = "application/x-www-form-urlencoded"), responses((status = 200, description = "What the token is worth", content((Introspection = "application/json"), (String = "application/token-introspection+jwt"))), Refused), security(("client" = [])))]
pub(super) async fn introspect(
    State(app): State<App>,
    id: InteractionId,
    request: Request,
) -> Result<Response, Problem> {
    let signed = wants_signed(request.headers());
    let (client, params) = authenticated(&app, id.call(), request).await?;
    if signed {
        let answer = app.auth.introspect_signed(&client, &params).await?;
        return Ok(([(CONTENT_TYPE, SIGNED)], answer).into_response());
    }
    Ok(Json(app.auth.introspect(&client, &params).await?).into_response())
}

/// RFC 9701 4: a signed answer is for who names it in `Accept`, and does not like plain JSON better (RFC 9110 12.5.1).
fn wants_signed(headers: &HeaderMap) -> bool {
    let best = |kind: &str| {
        let fitting = ranges(headers).filter(|(range, _)| range.eq_ignore_ascii_case(kind));
        fitting.map(|(_, weight)| weight).max()
    };
    let signed = best(SIGNED).unwrap_or_default();
    let plain = ["application/json", "application/*", "*/*"].into_iter().find_map(best).unwrap_or_default();
    signed > 0 && signed >= plain
}

/// What the caller accepts, and how gladly, in thousandths. What cannot be read is left out.
fn ranges(headers: &HeaderMap) -> impl Iterator<Item = (&str, u16)> {
    let ranges = headers.get_all(ACCEPT).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    ranges.filter_map(|range| {
        let mut pieces = std::str::from_utf8(range).ok()?.split(';').map(str::trim);
        let kind = pieces.next()?;
        let given = pieces.filter_map(|piece| piece.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("q"));
        Some((kind, given.map_or(Some(GLADLY), |(_, text)| weight(text))?))
    })
}

/// RFC 9110 12.4.2: 0 to 1 with at most three decimals.
fn weight(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(GLADLY),
        _ => None,
    }
}

/// The kind of a signed answer (RFC 9701 5).
const SIGNED: &str = "application/token-introspection+jwt";
/// The weight 1, in thousandths.
const GLADLY: u16 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(values: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT, value.parse().unwrap());
        }
        wants_signed(&headers)
    }

    #[test]
    fn signs_for_who_asks_for_it_by_name() {
        for good in [
            &["application/token-introspection+jwt"][..],
            &["Application/Token-Introspection+JWT"],
            &["application/token-introspection+jwt; charset=utf-8"],
            &["application/token-introspection+jwt;q=0.001"],
            &["application/token-introspection+jwt ; Q=1.000"],
            &["text/html,application/token-introspection+jwt"],
            &["application/json", "application/token-introspection+jwt"],
            &["application/token-introspection+jwt, application/json, */*"],
            &["application/token-introspection+jwt;q=0.5, application/json;q=0.4, */*;q=0.9"],
            &["application/token-introspection+jwt;q=0.5, application/json;q=2"],
        ] {
            assert!(wants(good), "{good:?}");
        }
    }

    #[test]
    fn answers_plainly_otherwise() {
        for bad in [
            &[][..],
            &[""],
            &["*/*"],
            &["application/*"],
            &["application/json"],
            &["application/jwt"],
            &["token-introspection+jwt"],
            &["application/token-introspection+jwt;q=0"],
            &["application/token-introspection+jwt;q=0.000"],
            &["application/token-introspection+jwt;q=1.001"],
            &["application/token-introspection+jwt;q=0.0001"],
            &["application/token-introspection+jwt;q=-1"],
            &["application/token-introspection+jwt;q=NaN"],
            &["application/token-introspection+jwt;q="],
            &["application/token-introspection+jwt;q=0.5, application/json"],
            &["application/token-introspection+jwt;q=0.5, */*;q=0.6"],
            &["application/token-introspection+jwt-"],
            &["x;y=\"application/token-introspection+jwt\""],
        ] {
            assert!(!wants(bad), "{bad:?}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, http::HeaderValue::from_bytes(b"\xff, \xfe;q=1").unwrap());
        assert!(!wants_signed(&headers));
    }
}
