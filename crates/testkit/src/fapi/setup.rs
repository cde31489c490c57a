//! What kind of client a FAPI app is: the combinations that the profile allows, and some that it does not.

use lombard_domain::oauth::Alg;

/// What kind of client an app registers as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FapiSetup {
    /// How it proves who it is.
    pub auth: ClientAuth,
    /// To what its tokens are bound.
    pub binding: BindingKind,
    /// Whether it asks who the customer is.
    pub openid: OpenId,
    /// How it asks.
    pub requests: Requests,
    /// How it wants to be answered.
    pub response: Responses,
    /// What it signs with, and wants the bank to sign with.
    pub alg: Alg,
    /// Its security profile.
    pub profile: &'static str,
}

/// How an app proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// `private_key_jwt` (RFC 7523).
    PrivateKeyJwt,
    /// `client_secret_post` (RFC 6749 2.3.1), which FAPI does not allow.
    Secret,
    /// `self_signed_tls_client_auth` (RFC 8705 2.2).
    SelfSigned,
    /// `tls_client_auth` (RFC 8705 2.1).
    TlsClientAuth,
}

/// To what an app's tokens are bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindingKind {
    /// A certificate (RFC 8705 3).
    Certificate,
    /// The key of its proofs (RFC 9449).
    Dpop,
    /// Nothing, which FAPI does not allow.
    None,
}

/// Whether an app asks who the customer is (OpenID Connect).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenId {
    /// It does not: plain OAuth.
    No,
    /// It does.
    Yes,
}

/// How an app asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requests {
    /// With parameters.
    Plain,
    /// With a signed object (RFC 9101).
    Signed,
}

/// How an app wants to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Responses {
    /// With one signed parameter (JARM).
    Jarm,
    /// With parameters.
    Plain,
}

/// What an app does when the bank asks for a nonce in its proofs (RFC 9449 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nonces {
    /// Tries once more, with the same assertion and a new proof.
    Follow,
    /// Nothing.
    Ignore,
}

impl Default for FapiSetup {
    /// The most usual one: `private_key_jwt`, DPoP, OpenID Connect, nothing signed that need not be.
    fn default() -> Self {
        Self {
            auth: ClientAuth::PrivateKeyJwt,
            binding: BindingKind::Dpop,
            openid: OpenId::Yes,
            requests: Requests::Plain,
            response: Responses::Plain,
            alg: Alg::Es256,
            profile: "fapi2-security",
        }
    }
}

impl FapiSetup {
    /// The strictest one: signed requests and signed answers.
    #[must_use]
    pub fn message_signing() -> Self {
        let profile = "fapi2-message-signing";
        Self { requests: Requests::Signed, response: Responses::Jarm, profile, ..Self::default() }
    }

    /// Whether it needs a certificate, and so the endpoints' aliases (RFC 8705 5).
    #[must_use]
    pub fn by_certificate(&self) -> bool {
        let proves = match self.auth {
            ClientAuth::PrivateKeyJwt | ClientAuth::Secret => false,
            ClientAuth::SelfSigned | ClientAuth::TlsClientAuth => true,
        };
        proves || self.binding == BindingKind::Certificate
    }
}

impl ClientAuth {
    /// The name in metadata.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::Secret => "client_secret_post",
            Self::SelfSigned => "self_signed_tls_client_auth",
            Self::TlsClientAuth => "tls_client_auth",
        }
    }
}
