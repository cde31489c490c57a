//! Errors in the shape of UK Open Banking's `OBErrorResponse1`.

use std::borrow::Cow;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use lombard_auth::Error;
use lombard_auth::access::{Budget, Denied};
use lombard_domain::consent::Ended;
use serde_json::{Value, json};

use crate::parts::challenge;
use crate::parts::guard::Refusal;

/// An error on its way to an app.
pub(super) struct Problem {
    status: StatusCode,
    /// All that is wrong, at least one thing.
    faults: Vec<Fault>,
    challenges: Vec<String>,
    id: String,
}

/// One thing that is wrong: `OBError1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The standard's word for it.
    pub(crate) code: &'static str,
    /// What it means, for a developer; never holds what was sent.
    pub(crate) message: Cow<'static, str>,
    /// The field, parameter or header.
    pub(crate) path: Option<String>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self::of(status, vec![Fault { code, message: message.into(), path: None }])
    }

    /// A query parameter or header that is not right.
    pub(super) fn field(code: &'static str, message: &'static str, path: &'static str) -> Self {
        Self::with_path(StatusCode::BAD_REQUEST, code, message, path)
    }

    /// What is wrong with a field of a body, all of it.
    pub(super) fn body(faults: Vec<Fault>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, faults)
    }

    /// There is nothing of the caller's under a name: unknown, another app's, deleted and unreadable look alike.
    pub(super) fn unknown(message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "U011", message)
    }

    /// Nothing that the caller accepts can be given.
    pub(super) fn not_acceptable(kind: &str) -> Self {
        let (message, path) = (
            format!("Only {kind} can be given, and no other character set than UTF-8").into(),
            Some("Accept".to_owned()),
        );
        Self::of(StatusCode::NOT_ACCEPTABLE, vec![Fault { code: "U006", message, path }])
    }

    /// The body is of another kind.
    pub(super) fn unsupported() -> Self {
        let message = "The body must be application/json, in UTF-8";
        Self::with_path(StatusCode::UNSUPPORTED_MEDIA_TYPE, "U006", message, "Content-Type")
    }

    fn with_path(status: StatusCode, code: &'static str, message: &'static str, path: &'static str) -> Self {
        Self::of(status, vec![Fault { code, message: message.into(), path: Some(path.to_owned()) }])
    }

    /// The accesses without the customer are used up. The standard has no code of its own for it: `NARR` says that the words do.
    fn used_up(budget: &Budget) -> Self {
        let message = format!(
            "Without the customer this can be read {} times in 24 hours under one consent, and it was; wait {} seconds, or call \
             when the customer is there and say so with x-fapi-customer-ip-address",
            budget.limit(),
            budget.seconds_to_next()
        );
        Self::said(StatusCode::TOO_MANY_REQUESTS, "NARR", message)
    }

    /// More calls than there may be.
    fn too_many() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "NARR", "Too many calls; Retry-After says when to come again")
    }

    fn said(status: StatusCode, code: &'static str, message: String) -> Self {
        Self::of(status, vec![Fault { code, message: message.into(), path: None }])
    }

    fn of(status: StatusCode, faults: Vec<Fault>) -> Self {
        Self { status, faults, challenges: Vec::new(), id: String::new() }
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
            // UK Open Banking: whoever must sign in anew is told so, with 403.
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
            Denied::InvalidToken | Denied::OtherCertificate => {
                unauthorized("TK01", "The access token is not valid here")
            }
            Denied::Limited(limited) => Error::Limited(limited).into(),
            Denied::NoToken => unauthorized("TK09", "An access token is needed in the Authorization header"),
            Denied::Nonce => unauthorized("TK01", "The DPoP proof needs the nonce of the DPoP-Nonce header"),
            Denied::Permission(_) => Self::new(StatusCode::FORBIDDEN, "AG01", "The access token does not allow this"),
            Denied::Presence => Self::field(
                "U006",
                "It must hold one IP address, that of the customer who is there; leave it out if nobody is",
                "x-fapi-customer-ip-address",
            ),
            Denied::Proof(_) => unauthorized("TK01", "The DPoP proof is missing or does not hold"),
            Denied::Unattended(budget) => Self::used_up(&budget),
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
            Error::Limited(_) => Self::too_many(),
            Error::Oauth(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "U000", "Something went wrong on our side"),
        }
    }
}

impl From<lombard_bank::Error> for Problem {
    fn from(error: lombard_bank::Error) -> Self {
        match error {
            lombard_bank::Error::Busy(_) => Error::Busy.into(),
            lombard_bank::Error::Failed(source) => Error::Internal(Box::new(source)).into(),
            lombard_bank::Error::HistoryClosed { since } => {
                let message = format!(
                    "What is older than {} can be read only shortly after the customer signed in: ask them to authorise the \
                     consent again, or ask for what is from {} on",
                    since.date(),
                    since.rfc3339()
                );
                Self::said(StatusCode::FORBIDDEN, "U028", message)
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (code, message) = match refusal {
            Refusal::Limited => return Self::too_many(),
            Refusal::Shed => return Error::Busy.into(),
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
        let errors: Vec<Value> = self.faults.iter().map(Fault::to_json).collect();
        let mut response = (self.status, Json(json!({"Id": self.id, "Errors": errors}))).into_response();
        let headers = response.headers_mut();
        for challenge in self.challenges.iter().filter_map(|text| HeaderValue::from_str(text).ok()) {
            headers.append(WWW_AUTHENTICATE, challenge);
        }
        let wait = match self.status {
            StatusCode::SERVICE_UNAVAILABLE => Some("1"),
            // Where more is known, it is told instead.
            StatusCode::TOO_MANY_REQUESTS => Some("3600"),
            _ => None,
        };
        headers.extend(wait.map(|seconds| (RETRY_AFTER, HeaderValue::from_static(seconds))));
        response
    }
}

impl Fault {
    fn to_json(&self) -> Value {
        let mut error = json!({"ErrorCode": self.code, "Message": self.message});
        if let (Some(path), Some(fields)) = (&self.path, error.as_object_mut()) {
            fields.insert("Path".to_owned(), path.as_str().into());
        }
        error
    }
}
