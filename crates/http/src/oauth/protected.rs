//! Endpoints of this surface that are called with a token: how a call is read, and what becomes of a refusal (RFC 6750 3, RFC 9449 7.1).

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::header::WWW_AUTHENTICATE;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use lombard_auth::Error;
use lombard_auth::access::{Denied, Presented};
use lombard_domain::oauth::{ErrorCode, OauthError};
use serde_json::json;

use super::problem::Problem;
use crate::parts::{body, challenge, evidence};

/// The token of a call, and the evidence that came with it.
pub(super) fn presented(parts: &Parts) -> Option<Presented<'_>> {
    Presented::read(body::authorization(&parts.headers), evidence::of(parts))
}

/// The answer to a call that gets nothing.
pub(super) fn refused(denied: Denied) -> Response {
    let (status, code, description) = match denied {
        Denied::Busy => return Problem::from(Error::Busy).into_response(),
        Denied::Limited(limited) => return Problem::from(Error::Limited(limited)).into_response(),
        Denied::Internal(error) => return Problem::from(error).into_response(),
        Denied::Account | Denied::Permission(_) => {
            (StatusCode::FORBIDDEN, "insufficient_scope", "the token is not for this scope")
        }
        Denied::ConsentEnded(_) | Denied::Expired | Denied::InvalidToken | Denied::OtherCertificate => {
            (StatusCode::UNAUTHORIZED, "invalid_token", "the token is expired, revoked, not one of ours, or not yours")
        }
        Denied::NoToken => (StatusCode::UNAUTHORIZED, "invalid_token", "an access token is needed"),
        Denied::Nonce => (StatusCode::UNAUTHORIZED, "use_dpop_nonce", "the DPoP proof needs a nonce of this server"),
        Denied::Presence => (StatusCode::BAD_REQUEST, "invalid_request", "the customer's address is no IP address"),
        Denied::Unattended(_) => {
            (StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", "too many calls without the customer")
        }
        Denied::Proof(_) => {
            (StatusCode::UNAUTHORIZED, "invalid_dpop_proof", "the DPoP proof is missing or does not hold")
        }
    };
    let body = json!({"error": code, "error_description": description});
    let mut response = (status, Json(body)).into_response();
    for challenge in challenge::of(&denied, "realm=\"lombard\"") {
        if let Ok(value) = HeaderValue::from_str(&challenge) {
            response.headers_mut().append(WWW_AUTHENTICATE, value);
        }
    }
    response
}

/// A call that could not be answered, whether or not a right was missing.
pub(super) fn failed(error: Error) -> Response {
    match error {
        Error::Oauth(OauthError { code: ErrorCode::InvalidGrantId, .. }) => {
            // Grant Management 6.5: 404, the same for a grant that is somebody else's.
            let error = OauthError::new(ErrorCode::InvalidGrantId, "there is no such grant of this client");
            Problem::with_status(StatusCode::NOT_FOUND, error).into_response()
        }
        other => Problem::from(other).into_response(),
    }
}
