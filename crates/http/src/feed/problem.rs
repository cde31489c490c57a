//! Errors as problem details (RFC 9457), with a code that programs can act on.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use lombard_auth::Error;
use lombard_auth::access::Denied;
use lombard_domain::consent::Ended;
use serde::Serialize;
use utoipa::ToSchema;

use crate::parts::challenge;
use crate::parts::guard::Refusal;

/// An error on its way to an app.
pub(super) struct Problem {
    status: StatusCode,
    body: Box<Details>,
    challenges: Vec<String>,
}

/// Problem details (RFC 9457 3); the type is `about:blank`, so the title is the status in words.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem, example = json!({"title": "Bad Request", "status": 400, "code": "cursor_unknown", "detail":
    "The cursor is none of this account under this consent; leave it out to begin anew",
    "interaction_id": "0193f2c4-6a59-7c30-9d83-d4e4ca1e2a6b"}))]
pub(super) struct Details {
    /// The status in words.
    title: &'static str,
    /// The status.
    status: u16,
    /// What is wrong, for programs.
    code: &'static str,
    /// What is wrong, for people.
    detail: String,
    /// The call's interaction id.
    interaction_id: String,
    /// The parameter or header that is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<&'static str>,
    /// Since when data is open without a fresh sign-in of the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    open_since: Option<String>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: &str) -> Self {
        let body = Details {
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            code,
            detail: detail.to_owned(),
            interaction_id: String::new(),
            parameter: None,
            open_since: None,
        };
        Self { status, body: Box::new(body), challenges: Vec::new() }
    }

    /// A parameter or header that is not right.
    pub(super) fn parameter(code: &'static str, detail: &str, name: &'static str) -> Self {
        let mut problem = Self::new(StatusCode::BAD_REQUEST, code, detail);
        problem.body.parameter = Some(name);
        problem
    }

    /// Nothing that the caller accepts can be given.
    pub(super) fn not_acceptable() -> Self {
        Self::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", "Only application/json can be given")
    }

    /// Names the call in which it happened.
    pub(super) fn with_id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.body.interaction_id);
        self
    }

    /// What the gate refused. `metadata` is where an app learns how to get a token (RFC 9728 5.1).
    pub(super) fn denied(denied: Denied, metadata: &str) -> Self {
        let challenges = challenge::of(&denied, &format!("resource_metadata=\"{metadata}\""));
        let unauthorized = |code, detail| Self::new(StatusCode::UNAUTHORIZED, code, detail);
        let forbidden = |code, detail| Self::new(StatusCode::FORBIDDEN, code, detail);
        let problem = match denied {
            // The same for an account that was not chosen, is somebody else's, or does not exist.
            Denied::Account => forbidden("account_unknown", "There is no such account under this consent"),
            Denied::Busy => Error::Busy.into(),
            Denied::ConsentEnded(Ended::AuthenticationDue) => forbidden(
                "authentication_due",
                "The customer must sign in again; ask them to authorise the consent anew",
            ),
            Denied::ConsentEnded(Ended::Expired) => {
                unauthorized("consent_expired", "The consent has expired; ask the customer again")
            }
            Denied::ConsentEnded(Ended::NeverGiven | Ended::Revoked) => {
                unauthorized("consent_withdrawn", "The consent was withdrawn; ask the customer again")
            }
            Denied::Expired => unauthorized("token_expired", "The access token has expired; refresh it"),
            Denied::Internal(error) => error.into(),
            Denied::InvalidToken | Denied::OtherCertificate => {
                unauthorized("token_invalid", "The access token is not valid here")
            }
            Denied::Limited(limited) => Error::Limited(limited).into(),
            Denied::NoToken => unauthorized("token_missing", "An access token is needed in the Authorization header"),
            Denied::Nonce => unauthorized("nonce_needed", "The DPoP proof needs the nonce of the DPoP-Nonce header"),
            Denied::Permission(_) => forbidden("permission_missing", "The access token does not allow this"),
            Denied::Presence => Self::parameter(
                "customer_address_invalid",
                "It must hold one IP address, that of the customer who is there; leave it out if nobody is",
                "x-fapi-customer-ip-address",
            ),
            Denied::Proof(_) => unauthorized("proof_invalid", "The DPoP proof is missing or does not hold"),
            Denied::Unattended(_) => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "unattended_calls_used_up",
                "The accesses without the customer are used up; Retry-After says when there is one again",
            ),
        };
        Self { challenges, ..problem }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let broken = || Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side");
        match error {
            Error::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Too busy; try again in a moment"),
            Error::Internal(source) => {
                tracing::error!(error = %lombard_auth::chain(&*source), "internal error");
                broken()
            }
            Error::Limited(_) => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_calls",
                "Too many calls; Retry-After says when to come again",
            ),
            Error::Oauth(_) => broken(),
        }
    }
}

impl From<lombard_bank::Error> for Problem {
    fn from(error: lombard_bank::Error) -> Self {
        match error {
            lombard_bank::Error::Busy(_) => Error::Busy.into(),
            lombard_bank::Error::Failed(source) => Error::Internal(Box::new(source)).into(),
            lombard_bank::Error::HistoryClosed { since } => {
                let detail = "Among the changes is something so old that it can be read only shortly after the customer \
                              signed in: ask them to authorise the consent again, or begin anew without a cursor";
                let mut problem = Self::new(StatusCode::FORBIDDEN, "history_closed", detail);
                problem.body.open_since = Some(since.rfc3339());
                problem
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (code, detail) = match refusal {
            Refusal::Limited => ("too_many_calls", "Too many calls; Retry-After says when to come again"),
            Refusal::Shed => return Error::Busy.into(),
            Refusal::Broken => ("internal", "Something went wrong on our side"),
            Refusal::Method => ("method_not_allowed", "The method is not allowed here"),
            Refusal::NotFound => ("not_found", "There is nothing at this path"),
            Refusal::TimedOut => ("timed_out", "The answer took too long; try again"),
        };
        Self::new(refusal.status(), code, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.body)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        for challenge in self.challenges.iter().filter_map(|text| HeaderValue::from_str(text).ok()) {
            headers.append(WWW_AUTHENTICATE, challenge);
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
