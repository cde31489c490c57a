//! Errors in the shape of UK Open Banking's `OBErrorResponse1` (digest, section 5).

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use lombard_auth::Error;
use lombard_auth::access::Denied;
use lombard_domain::consent::Ended;
use serde_json::json;

use crate::parts::challenge;
use crate::parts::guard::Refusal;

/// An error on its way to an app.
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
    path: Option<&'static str>,
    challenges: Vec<String>,
    id: String,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self { status, code, message, path: None, challenges: Vec::new(), id: String::new() }
    }

    /// A query parameter or header that is not right.
    pub(super) fn field(code: &'static str, message: &'static str, path: &'static str) -> Self {
        Self { path: Some(path), ..Self::new(StatusCode::BAD_REQUEST, code, message) }
    }

    /// Nothing that the caller accepts can be given (digest, 4.1).
    pub(super) fn not_acceptable() -> Self {
        let message = "Only application/json can be given";
        Self { path: Some("Accept"), ..Self::new(StatusCode::NOT_ACCEPTABLE, "U006", message) }
    }

    /// Names the call in which it happened.
    pub(super) fn with_id(self, id: &str) -> Self {
        Self { id: id.to_owned(), ..self }
    }

    /// What the gate refused. `metadata` is where an app learns how to get a token (RFC 9728 5.1).
    pub(super) fn denied(denied: Denied, metadata: &str) -> Self {
        let challenges = challenge::of(&denied, &format!("resource_metadata=\"{metadata}\""));
        let unauthorized = |code, message| Self::new(StatusCode::UNAUTHORIZED, code, message);
        let problem = match denied {
            // The same for an account that was not chosen, is somebody else's, or does not exist.
            Denied::Account => Self::new(StatusCode::FORBIDDEN, "U011", "There is no such account under this consent"),
            Denied::Busy => Error::Busy.into(),
            // Digest 3: whoever must sign in anew is told so, with 403.
            Denied::ConsentEnded(Ended::AuthenticationDue) => Self::new(
                StatusCode::FORBIDDEN,
                "U028",
                "The customer must sign in again; ask them to authorise the consent anew",
            ),
            Denied::ConsentEnded(Ended::Expired) => {
                unauthorized("TKXP", "The consent has expired; ask the customer again")
            }
            Denied::ConsentEnded(Ended::NeverGiven | Ended::Revoked) => {
                unauthorized("TKSP", "The consent was withdrawn; ask the customer again")
            }
            Denied::Expired => unauthorized("TKXP", "The access token has expired; refresh it"),
            Denied::Internal(error) => error.into(),
            Denied::InvalidToken => unauthorized("TK01", "The access token is not valid here"),
            Denied::NoToken => unauthorized("TK09", "An access token is needed in the Authorization header"),
            Denied::Nonce => unauthorized("TK01", "The DPoP proof needs the nonce of the DPoP-Nonce header"),
            Denied::Permission(_) => Self::new(StatusCode::FORBIDDEN, "AG01", "The consent does not allow this"),
            Denied::Proof => unauthorized("TK01", "The DPoP proof is missing or does not hold"),
        };
        Self { challenges, ..problem }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, "U000", "Too busy; try again in a moment"),
            Error::Internal(source) => {
                tracing::error!(error = %lombard_auth::chain(&*source), "internal error");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "U000", "Something went wrong on our side")
            }
            Error::Oauth(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "U000", "Something went wrong on our side"),
        }
    }
}

impl From<lombard_bank::Error> for Problem {
    fn from(error: lombard_bank::Error) -> Self {
        match error {
            lombard_bank::Error::Busy(_) => Error::Busy.into(),
            lombard_bank::Error::Failed(source) => Error::Internal(Box::new(source)).into(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (code, message) = match refusal {
            Refusal::Broken => ("U000", "Something went wrong on our side"),
            Refusal::Method => ("U010", "The method is not allowed here"),
            Refusal::NotFound => ("U011", "There is nothing at this path"),
            Refusal::TimedOut => ("U000", "The answer took too long; try again"),
        };
        Self::new(refusal.status(), code, message)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut error = json!({"ErrorCode": self.code, "Message": self.message});
        if let (Some(path), Some(fields)) = (self.path, error.as_object_mut()) {
            fields.insert("Path".to_owned(), path.into());
        }
        let mut response = (self.status, Json(json!({"Id": self.id, "Errors": [error]}))).into_response();
        let headers = response.headers_mut();
        for challenge in self.challenges.iter().filter_map(|text| HeaderValue::from_str(text).ok()) {
            headers.append(WWW_AUTHENTICATE, challenge);
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
