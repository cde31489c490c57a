//! The authorization endpoint (RFC 6749 3.1): where an app sends the customer's browser.

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use lombard_auth::oauth::Params;
use lombard_auth::oauth::authorize::Begin;

use super::form::Cookies;
use super::pages::MessagePage;
use super::reply;
use crate::app::App;
use crate::parts::body::{self, BadBody};
use crate::parts::cookie;
use crate::parts::interaction::InteractionId;

/// `GET /authorize`
pub(super) async fn get(State(app): State<App>, id: InteractionId, request: Request) -> Response {
    match body::query(request.uri()) {
        Ok(params) => begin(&app, &id, &params, request.headers()).await,
        Err(error) => reply::error(&app, id.as_str(), error.into()),
    }
}

/// `POST /authorize` (OpenID Connect Core 3.1.2.1)
pub(super) async fn post(State(app): State<App>, id: InteractionId, request: Request) -> Response {
    match body::form(request).await {
        Ok((headers, params)) => begin(&app, &id, &params, &headers).await,
        Err(BadBody::Malformed(error)) => reply::error(&app, id.as_str(), error.into()),
        Err(BadBody::Broken) => reply::page(StatusCode::BAD_REQUEST, &MessagePage::expired(app.frame(), id.as_str())),
        Err(BadBody::TooLarge) => {
            reply::page(StatusCode::PAYLOAD_TOO_LARGE, &MessagePage::expired(app.frame(), id.as_str()))
        }
        Err(BadBody::Type) => {
            reply::page(StatusCode::UNSUPPORTED_MEDIA_TYPE, &MessagePage::expired(app.frame(), id.as_str()))
        }
    }
}

async fn begin(app: &App, id: &InteractionId, params: &Params, headers: &HeaderMap) -> Response {
    let cookies = Cookies::read(headers);
    match app.auth.begin(id.call(), params, cookies.browser.as_deref()).await {
        Ok(begin) => begun(begin),
        Err(error) => reply::error(app, id.as_str(), error),
    }
}

/// Sends the browser to the first page, or back.
pub(super) fn begun(begin: Begin) -> Response {
    match begin {
        Begin::Interaction { id, browser } => {
            let response = reply::see_other(&format!("/interaction/{}/login", id.expose()));
            reply::with_cookie(response, cookie::set(cookie::BROWSER, &browser))
        }
        Begin::Return(back) => reply::see_other(&back.location),
    }
}
