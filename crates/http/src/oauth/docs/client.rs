//! What a registration takes and answers, for the description. What the members mean is decided in `lombard_auth::client`.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Client metadata (RFC 7591 2), as it is asked for and as it is registered. What is left out is filled in, and the answer says with
/// what; members that are not known are ignored.
#[derive(Serialize, ToSchema)]
pub(in crate::oauth) struct ClientMetadata {
    /// Shown to customers.
    #[schema(max_length = 80)]
    client_name: Option<String>,
    /// Where customers are sent back to.
    #[schema(max_items = 20, example = json!(["https://app.example/callback"]))]
    redirect_uris: Option<Vec<String>>,
    /// What the app may ask for; without it, everything.
    #[schema(example = "openid accounts fundsconfirmations")]
    scope: Option<String>,
    /// `authorization_code`, `client_credentials` and `refresh_token`. `implicit` is left out where `code id_token` is asked for.
    #[schema(example = json!(["authorization_code", "client_credentials", "refresh_token"]))]
    grant_types: Option<Vec<String>>,
    /// `code` and, for the profile `baseline`, `code id_token`.
    #[schema(example = json!(["code"]))]
    response_types: Option<Vec<String>>,
    /// `query`, `query.jwt`, `fragment`, `fragment.jwt` and `jwt`; without it, all that the profile has.
    response_modes: Option<Vec<String>>,
    /// `baseline`, `fapi2-security` or `fapi2-message-signing`; the bank sets the least.
    #[schema(example = "baseline")]
    security_profile: Option<String>,
    /// `web` or `native`.
    #[schema(example = "web")]
    application_type: Option<String>,
    /// `pairwise`.
    #[schema(example = "pairwise")]
    subject_type: Option<String>,
    /// `client_secret_basic`, `client_secret_post`, `private_key_jwt`, `tls_client_auth` or `self_signed_tls_client_auth`; the first two for the
    /// profile `baseline` alone.
    #[schema(example = "client_secret_basic")]
    token_endpoint_auth_method: Option<String>,
    /// What assertions are signed with: `ES256`, `PS256` or `EdDSA`; without it, any of them.
    token_endpoint_auth_signing_alg: Option<String>,
    /// The app's public keys (RFC 7517 5); these or `jwks_uri`.
    #[schema(value_type = Option<Object>)]
    jwks: Option<Value>,
    /// Where the app's public keys are, under https.
    #[schema(max_length = 2000)]
    jwks_uri: Option<String>,
    /// For `tls_client_auth`, which needs one of these five: the subject of the app's certificate (RFC 4514).
    #[schema(max_length = 512)]
    tls_client_auth_subject_dn: Option<String>,
    /// A host name in the app's certificate.
    #[schema(max_length = 512)]
    tls_client_auth_san_dns: Option<String>,
    /// A URI in the app's certificate.
    #[schema(max_length = 512)]
    tls_client_auth_san_uri: Option<String>,
    /// An IP address in the app's certificate.
    #[schema(max_length = 512)]
    tls_client_auth_san_ip: Option<String>,
    /// An e-mail address in the app's certificate.
    #[schema(max_length = 512)]
    tls_client_auth_san_email: Option<String>,
    /// Whether tokens are bound to the app's certificate (RFC 8705 3.4).
    tls_client_certificate_bound_access_tokens: Option<bool>,
    /// Whether tokens are bound to a key by proofs (RFC 9449 5.2).
    dpop_bound_access_tokens: Option<bool>,
    /// Whether the app calls the endpoints that ask for a certificate.
    use_mtls_endpoint_aliases: Option<bool>,
    /// Whether its requests are always pushed (RFC 9126 6).
    require_pushed_authorization_requests: Option<bool>,
    /// Whether its requests are always signed (RFC 9101 10.5).
    require_signed_request_object: Option<bool>,
    /// What request objects are signed with: `ES256`, `PS256` or `EdDSA`; without it, any of them.
    request_object_signing_alg: Option<String>,
    /// What signed answers are signed with: `ES256`, `PS256` or `EdDSA`.
    #[schema(example = "ES256")]
    authorization_signed_response_alg: Option<String>,
    /// What ID tokens are signed with: `ES256`, `PS256` or `EdDSA`.
    #[schema(example = "PS256")]
    id_token_signed_response_alg: Option<String>,
    /// What signed answers of introspection are signed with: `ES256`, `PS256` or `EdDSA`.
    #[schema(example = "ES256")]
    introspection_signed_response_alg: Option<String>,
    /// `account_information`, `account_access_consent` and `funds_confirmation_consent` (RFC 9396 10); without it, all.
    authorization_details_types: Option<Vec<String>>,
    /// Whether it is a resource server; only the bank registers one.
    resource_server: Option<bool>,
    /// What a directory says of the app (RFC 7591 2.3).
    software_statement: Option<String>,
    /// Which software it is.
    #[schema(max_length = 100)]
    software_id: Option<String>,
    /// Which version of it.
    #[schema(max_length = 100)]
    software_version: Option<String>,
    /// The app's home page.
    #[schema(max_length = 2000)]
    client_uri: Option<String>,
    /// The app's logo.
    #[schema(max_length = 2000)]
    logo_uri: Option<String>,
    /// How the app treats data.
    #[schema(max_length = 2000)]
    policy_uri: Option<String>,
    /// The app's terms of service.
    #[schema(max_length = 2000)]
    tos_uri: Option<String>,
    /// Who answers for the app.
    #[schema(max_items = 10, example = json!(["developers@app.example"]))]
    contacts: Option<Vec<String>>,
}

/// What is to be registered from now on, whole: what is left out is taken back (RFC 7592 2.2).
#[derive(Serialize, ToSchema)]
pub(in crate::oauth) struct ClientChange {
    /// The client's own.
    client_id: String,
    /// The client's own, if it is there.
    client_secret: Option<String>,
    #[serde(flatten)]
    metadata: ClientMetadata,
}

/// What is registered (RFC 7591 3.2.1, RFC 7592 3).
#[derive(Serialize, ToSchema)]
pub(in crate::oauth) struct ClientRegistration {
    /// The client's name at all endpoints.
    client_id: String,
    /// Seconds since 1970.
    client_id_issued_at: i64,
    /// Shown once, when it is made.
    client_secret: Option<String>,
    /// Zero: never.
    client_secret_expires_at: Option<i64>,
    /// What opens the registration again.
    registration_access_token: Option<String>,
    /// Where it is read, changed and ended.
    registration_client_uri: String,
    /// What the software statement says of the software's roles.
    software_roles: Option<Vec<String>>,
    /// What the software statement says of whose it is.
    org_id: Option<String>,
    /// What the software statement says of whose it is.
    org_name: Option<String>,
    #[serde(flatten)]
    metadata: ClientMetadata,
}
