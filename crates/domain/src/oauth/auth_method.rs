//! The ways in which a client can prove who it is (RFC 7591 2, `token_endpoint_auth_method`).

/// How a client proves who it is at the token endpoint and its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// Id and secret in the `Authorization` header (RFC 6749 2.3.1).
    ClientSecretBasic,
    /// Id and secret in the body (RFC 6749 2.3.1).
    ClientSecretPost,
    /// A signed assertion (RFC 7523, OpenID Connect Core 9).
    PrivateKeyJwt,
    /// A certificate that a trusted authority signed (RFC 8705 2.1).
    TlsClientAuth,
    /// A certificate whose key it registered (RFC 8705 2.2).
    SelfSignedTlsClientAuth,
}

impl AuthMethod {
    /// Every method.
    pub const ALL: &[Self] = &[
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::PrivateKeyJwt,
        Self::TlsClientAuth,
        Self::SelfSignedTlsClientAuth,
    ];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
            Self::TlsClientAuth => "tls_client_auth",
        }
    }

    /// Whether it needs a secret that both sides know.
    #[must_use]
    pub fn has_secret(self) -> bool {
        match self {
            Self::ClientSecretBasic | Self::ClientSecretPost => true,
            Self::PrivateKeyJwt | Self::SelfSignedTlsClientAuth | Self::TlsClientAuth => false,
        }
    }
}
