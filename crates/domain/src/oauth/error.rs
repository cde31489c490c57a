//! OAuth's error codes, and an error as an app sees it.

use std::borrow::Cow;
use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// An error code of OAuth 2.0 or one of its extensions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $name,)* }

        impl ErrorCode {
            /// The code on the wire.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

codes! {
    /// RFC 6749 4.1.2.1: the customer or the server refused.
    AccessDenied = "access_denied",
    /// OpenID Connect Core 3.1.2.6: consent is needed, but no page may be shown.
    ConsentRequired = "consent_required",
    /// RFC 9396 5: the rich authorization request is not understood.
    InvalidAuthorizationDetails = "invalid_authorization_details",
    /// RFC 6749 5.2: client authentication failed.
    InvalidClient = "invalid_client",
    /// RFC 7591 3.2.2: a field of the registration is not acceptable.
    InvalidClientMetadata = "invalid_client_metadata",
    /// RFC 9449 5: the proof of possession is missing or does not hold.
    InvalidDpopProof = "invalid_dpop_proof",
    /// Grant Management 7.1: the grant is unknown or somebody else's.
    InvalidGrantId = "invalid_grant_id",
    /// RFC 6749 5.2: the code or refresh token is invalid, expired, revoked or somebody else's.
    InvalidGrant = "invalid_grant",
    /// RFC 7591 3.2.2: a redirect URI is not acceptable.
    InvalidRedirectUri = "invalid_redirect_uri",
    /// RFC 6749 5.2: a parameter is missing, malformed or repeated.
    InvalidRequest = "invalid_request",
    /// RFC 9101 6.3: the request object does not hold.
    InvalidRequestObject = "invalid_request_object",
    /// RFC 9101 6.2: the request URI is unknown, expired or used.
    InvalidRequestUri = "invalid_request_uri",
    /// RFC 6749 5.2: a scope is unknown or not this client's.
    InvalidScope = "invalid_scope",
    /// RFC 7591 3.2.2: the software statement does not hold.
    InvalidSoftwareStatement = "invalid_software_statement",
    /// RFC 6750 3.1: the token is expired, revoked or not one of ours.
    InvalidToken = "invalid_token",
    /// OpenID Connect Core 3.1.2.6: sign-in is needed, but no page may be shown.
    LoginRequired = "login_required",
    /// OpenID Connect Core 3.1.2.6: request objects are not supported.
    RequestNotSupported = "request_not_supported",
    /// OpenID Connect Core 3.1.2.6: request URIs of the client's own are not supported.
    RequestUriNotSupported = "request_uri_not_supported",
    /// RFC 6749 4.1.2.1: something broke on our side.
    ServerError = "server_error",
    /// RFC 6749 4.1.2.1: too busy.
    TemporarilyUnavailable = "temporarily_unavailable",
    /// RFC 6749 5.2: this client may not do this.
    UnauthorizedClient = "unauthorized_client",
    /// RFC 7591 3.2.2: software statements of this issuer are not accepted.
    UnapprovedSoftwareStatement = "unapproved_software_statement",
    /// OpenID Connect Core Error Code unmet_authentication_requirements 2: the customer cannot be authenticated as strongly as demanded.
    UnmetAuthenticationRequirements = "unmet_authentication_requirements",
    /// RFC 6749 5.2: no such grant type here.
    UnsupportedGrantType = "unsupported_grant_type",
    /// RFC 6749 4.1.2.1: only `code` is supported.
    UnsupportedResponseType = "unsupported_response_type",
    /// RFC 7009 2.2.1: no such token type here.
    UnsupportedTokenType = "unsupported_token_type",
    /// RFC 9449 8: a proof is needed that holds a nonce of the server.
    UseDpopNonce = "use_dpop_nonce",
}

/// An error as an app sees it: a code and a sentence that says what to do, without any input echoed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description}", code.code())]
pub struct OauthError {
    /// The code.
    pub code: ErrorCode,
    /// The sentence; ASCII without quotes or backslashes (RFC 6749 5.2).
    pub description: Cow<'static, str>,
}

impl OauthError {
    /// An error.
    #[must_use]
    pub fn new(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        let description = description.into();
        debug_assert!(
            description.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'"' && b != b'\\'),
            "RFC 6749 5.2"
        );
        Self { code, description }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
