//! Errors as OAuth's endpoints give them (RFC 6749 5.2, RFC 6750 3, RFC 7591 3.2.2).

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use lombard_auth::Error;
use lombard_domain::oauth::{ErrorCode, OauthError};
use serde_json::json;

use crate::parts::body::{BODY_MAX, BadBody};

/// An error on its way to an app.
pub(super) struct Problem {
    status: StatusCode,
    error: OauthError,
    header: Option<(HeaderName, &'static str)>,
}

impl Problem {
    pub(super) fn with_status(status: StatusCode, error: OauthError) -> Self {
        Self { status, error, header: None }
    }

    /// RFC 6749 5.2: the challenge is for clients that tried the header. Others would take it for the whole answer.
    pub(super) fn without_challenge(self) -> Self {
        Self { header: self.header.filter(|(name, _)| *name != WWW_AUTHENTICATE), ..self }
    }

    /// More calls than there may be. OAuth has no word for it but the one for a server that cannot answer now.
    pub(super) fn too_many() -> Self {
        let error =
            OauthError::new(ErrorCode::TemporarilyUnavailable, "too many calls; Retry-After says when to come again");
        Self::with_status(StatusCode::TOO_MANY_REQUESTS, error)
    }

    fn with_header(self, name: HeaderName, value: &'static str) -> Self {
        Self { header: Some((name, value)), ..self }
    }
}

impl From<OauthError> for Problem {
    fn from(error: OauthError) -> Self {
        match error.code {
            ErrorCode::InvalidClient => Self::with_status(StatusCode::UNAUTHORIZED, error)
                .with_header(WWW_AUTHENTICATE, "Basic realm=\"lombard\", charset=\"UTF-8\""),
            ErrorCode::InvalidToken => Self::with_status(StatusCode::UNAUTHORIZED, error)
                .with_header(WWW_AUTHENTICATE, "Bearer realm=\"lombard\", error=\"invalid_token\""),
            ErrorCode::AccessDenied => Self::with_status(StatusCode::FORBIDDEN, error),
            ErrorCode::ServerError => Self::with_status(StatusCode::INTERNAL_SERVER_ERROR, error),
            ErrorCode::TemporarilyUnavailable => {
                Self::with_status(StatusCode::SERVICE_UNAVAILABLE, error).with_header(RETRY_AFTER, "1")
            }
            ErrorCode::ConsentRequired
            | ErrorCode::InvalidAuthorizationDetails
            | ErrorCode::InvalidClientMetadata
            | ErrorCode::InvalidDpopProof
            | ErrorCode::InvalidGrant
            | ErrorCode::InvalidGrantId
            | ErrorCode::InvalidRedirectUri
            | ErrorCode::InvalidRequest
            | ErrorCode::InvalidRequestObject
            | ErrorCode::InvalidRequestUri
            | ErrorCode::InvalidScope
            | ErrorCode::InvalidSoftwareStatement
            | ErrorCode::LoginRequired
            | ErrorCode::RequestNotSupported
            | ErrorCode::RequestUriNotSupported
            | ErrorCode::UnapprovedSoftwareStatement
            | ErrorCode::UnauthorizedClient
            | ErrorCode::UnmetAuthenticationRequirements
            | ErrorCode::UnsupportedGrantType
            | ErrorCode::UnsupportedResponseType
            | ErrorCode::UnsupportedTokenType
            | ErrorCode::UseDpopNonce => Self::with_status(StatusCode::BAD_REQUEST, error),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Busy => OauthError::new(ErrorCode::TemporarilyUnavailable, "too busy; try again in a moment").into(),
            Error::Internal(source) => {
                tracing::error!(error = %lombard_auth::chain(&*source), "internal error");
                OauthError::new(ErrorCode::ServerError, "something went wrong on our side").into()
            }
            Error::Limited(_) => Self::too_many(),
            Error::Oauth(error) => error.into(),
        }
    }
}

impl From<BadBody> for Problem {
    fn from(bad: BadBody) -> Self {
        let invalid = |why: String| OauthError::new(ErrorCode::InvalidRequest, why);
        match bad {
            BadBody::Broken => invalid("the body broke off".to_owned()).into(),
            BadBody::Malformed(error) => error.into(),
            BadBody::TooLarge => {
                let error = invalid(format!("the body has more than {BODY_MAX} bytes"));
                Self::with_status(StatusCode::PAYLOAD_TOO_LARGE, error)
            }
            BadBody::Type => Self::with_status(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                invalid("the Content-Type is not the one that is needed".to_owned()),
            ),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({"error": self.error.code.code(), "error_description": self.error.description});
        let mut response = (self.status, Json(body)).into_response();
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
