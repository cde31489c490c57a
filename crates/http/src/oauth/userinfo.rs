//! Who the customer is, for apps that asked for `openid` (OpenID Connect Core 5.3).

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue, StatusCode};
use lombard_auth::Error;
use lombard_auth::access::{Denied, Presented};
use lombard_domain::oauth::{ErrorCode, OauthError};
use serde_json::json;

use super::problem::Problem;
use crate::app::App;
use crate::parts::body;
use crate::parts::interaction::InteractionId;

/// `GET` and `POST /userinfo`
pub(super) async fn userinfo(State(app): State<App>, id: InteractionId, headers: HeaderMap) -> Response {
    let presented = Presented::read(body::authorization(&headers));
    match app.gate.identity(id.call(), presented.as_ref()).await {
        Ok(identity) => Json(json!({"sub": identity.subject()})).into_response(),
        Err(denied) => refused(denied),
    }
}

/// RFC 6750 3.1. A call without a token is told only that one is needed.
fn refused(denied: Denied) -> Response {
    match denied {
        Denied::Busy => Problem::from(Error::Busy).into_response(),
        Denied::Internal(error) => Problem::from(error).into_response(),
        Denied::NoToken => {
            let error = OauthError::new(ErrorCode::InvalidToken, "an access token is needed");
            let mut response = Problem::from(error).into_response();
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"lombard\""));
            response
        }
        Denied::Account | Denied::Permission(_) => {
            let body = json!({"error": "insufficient_scope", "error_description": "the token is not for openid"});
            let mut response = (StatusCode::FORBIDDEN, Json(body)).into_response();
            let challenge =
                HeaderValue::from_static("Bearer realm=\"lombard\", error=\"insufficient_scope\", scope=\"openid\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
            response
        }
        Denied::ConsentEnded(_) | Denied::Expired | Denied::InvalidToken => {
            Problem::from(OauthError::new(ErrorCode::InvalidToken, "the token is expired, revoked, or not one of ours"))
                .into_response()
        }
    }
}
