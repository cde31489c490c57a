//! A form that a browser posts, once it is sure that a page of ours was shown to that browser.

use axum::extract::{FromRequestParts as _, Path, Request};
use axum::response::Response;
use http::header::{HOST, ORIGIN, USER_AGENT};
use http::uri::Authority;
use http::{HeaderMap, StatusCode, Uri};
use lombard_auth::oauth::Params;
use lombard_domain::browser::Browser;

use super::pages::MessagePage;
use super::reply;
use crate::app::App;
use crate::parts::body::{self, BadBody};
use crate::parts::cookie;

/// What a browser sends along: its cookies, and what it says it is.
pub(super) struct Cookies {
    pub(super) browser: Option<String>,
    pub(super) session: Option<String>,
    pub(super) device: Option<String>,
    pub(super) agent: Browser,
}

impl Cookies {
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let own = |name| cookie::read(headers, name).map(str::to_owned);
        let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self {
            browser: own(cookie::BROWSER),
            session: own(cookie::SESSION),
            device: own(cookie::DEVICE),
            agent: Browser::of_user_agent(agent),
        }
    }

    /// Those by which an interaction may know its browser.
    pub(super) fn known(&self) -> Vec<&str> {
        self.session.iter().chain(&self.browser).map(String::as_str).collect()
    }
}

/// Reads a form, whose token must be for this purpose and one of the browser's cookies.
pub(super) async fn read(app: &App, id: &str, purpose: &str, request: Request) -> Result<(Cookies, Params), Response> {
    let foreign = is_foreign(request.uri(), request.headers());
    let (headers, params) = match body::form(request).await {
        Ok(read) => read,
        Err(bad) => return Err(unreadable(app, id, &bad)),
    };
    let cookies = Cookies::read(&headers);
    let token = params.get("csrf").ok().flatten();
    let holds = cookies.known().iter().any(|cookie| app.auth.csrf_holds(cookie, purpose, token));
    if foreign || !holds {
        return Err(reply::stale_form(app, id));
    }
    Ok((cookies, params))
}

/// The last piece of an address such as `/interaction/{id}/login`; what cannot be read is the id of nothing.
pub(super) async fn path_id(request: Request) -> (String, Request) {
    let (mut parts, body) = request.into_parts();
    let id = Path::<String>::from_request_parts(&mut parts, &()).await.map(|Path(id)| id);
    // Ids go into addresses of ours again, so nothing but the alphabet of credentials may pass.
    let id = id.ok().filter(|id| id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')));
    (id.unwrap_or_default(), Request::from_parts(parts, body))
}

/// A browser says where a form came from; one that says another site is believed.
fn is_foreign(uri: &Uri, headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return true;
    }
    let Some(origin) = headers.get(ORIGIN) else { return false };
    // HTTP/2 has the host in the request's address, HTTP/1.1 in a header.
    let named = headers.get(HOST).and_then(|value| value.to_str().ok());
    let host = uri.authority().map(Authority::as_str).or(named);
    let own = origin.to_str().ok().and_then(|origin| origin.strip_prefix("https://"));
    own.is_none() || own != host
}

fn unreadable(app: &App, id: &str, bad: &BadBody) -> Response {
    let status = match bad {
        BadBody::Broken | BadBody::Malformed(_) => StatusCode::BAD_REQUEST,
        BadBody::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        BadBody::Type => StatusCode::UNSUPPORTED_MEDIA_TYPE,
    };
    reply::page(status, &MessagePage::stale_form(app.frame(), id))
}
