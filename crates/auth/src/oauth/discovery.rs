//! What this server says of itself: RFC 8414, OpenID Connect Discovery, RFC 9728.

use lombard_domain::oauth::{Alg, Details, GrantType, Need, ResponseMode, ResponseType, Scope};
use serde::Serialize;

use super::authorize::INTENT_CLAIM;
use crate::policy::{Door, Policy, Registration};

/// Paths of endpoints, relative to the issuer.
pub mod paths {
    /// RFC 6749 3.1.
    pub const AUTHORIZE: &str = "/authorize";
    /// Grant Management 6.
    pub const GRANTS: &str = "/grants";
    /// RFC 7662.
    pub const INTROSPECT: &str = "/introspect";
    /// RFC 7517.
    pub const JWKS: &str = "/jwks";
    /// RFC 9126.
    pub const PAR: &str = "/par";
    /// RFC 7591.
    pub const REGISTER: &str = "/register";
    /// RFC 7009.
    pub const REVOKE: &str = "/revoke";
    /// RFC 6749 3.2.
    pub const TOKEN: &str = "/token";
    /// OpenID Connect Core 5.3.
    pub const USERINFO: &str = "/userinfo";
}

/// Authorization server metadata (RFC 8414 2, OpenID Connect Discovery 3), with what RFC 8705 5, RFC 9101 10.5, RFC 9126 5,
/// RFC 9207 3, RFC 9396 10, RFC 9449 5.1, RFC 9701 7, JARM 4 and Grant Management 7 add.
#[derive(Debug, Serialize)]
pub struct ServerMetadata {
    issuer: String,
    authorization_endpoint: String,
    #[serde(flatten)]
    endpoints: Endpoints,
    #[serde(skip_serializing_if = "Option::is_none")]
    mtls_endpoint_aliases: Option<Endpoints>,
    jwks_uri: String,
    scopes_supported: Vec<&'static str>,
    response_types_supported: Vec<&'static str>,
    response_modes_supported: Vec<&'static str>,
    grant_types_supported: Vec<&'static str>,
    code_challenge_methods_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    token_endpoint_auth_signing_alg_values_supported: Algs,
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    revocation_endpoint_auth_signing_alg_values_supported: Algs,
    introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    introspection_endpoint_auth_signing_alg_values_supported: Algs,
    introspection_signing_alg_values_supported: [&'static str; 3],
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 3],
    request_object_signing_alg_values_supported: Algs,
    authorization_signing_alg_values_supported: [&'static str; 3],
    dpop_signing_alg_values_supported: Algs,
    tls_client_certificate_bound_access_tokens: bool,
    acr_values_supported: [&'static str; 1],
    claims_supported: Vec<&'static str>,
    prompt_values_supported: Vec<&'static str>,
    authorization_details_types_supported: [&'static str; 3],
    grant_management_actions_supported: [&'static str; 3],
    grant_management_action_required: bool,
    authorization_response_iss_parameter_supported: bool,
    require_pushed_authorization_requests: bool,
    require_signed_request_object: bool,
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    ui_locales_supported: [&'static str; 1],
    protected_resources: Vec<String>,
}

/// Endpoints that an app calls itself; the same paths at both listeners.
#[derive(Debug, Serialize)]
struct Endpoints {
    token_endpoint: String,
    pushed_authorization_request_endpoint: String,
    revocation_endpoint: String,
    introspection_endpoint: String,
    userinfo_endpoint: String,
    grant_management_endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_endpoint: Option<String>,
}

/// Names of algorithms.
pub type Algs = [&'static str; 4];

/// Protected-resource metadata (RFC 9728 2).
#[derive(Debug, Serialize)]
pub struct ResourceMetadata {
    resource: String,
    resource_name: &'static str,
    authorization_servers: Vec<String>,
    jwks_uri: String,
    scopes_supported: Vec<&'static str>,
    bearer_methods_supported: [&'static str; 1],
    dpop_signing_alg_values_supported: Algs,
    tls_client_certificate_bound_access_tokens: bool,
    authorization_details_types_supported: [&'static str; 3],
}

/// How strongly a customer was authenticated: with two factors, as PSD2 demands.
pub const ACR_SCA: &str = "urn:openbanking:psd2:sca";

impl ServerMetadata {
    /// The metadata of a server.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        let rules = policy.minimum_profile.rules();
        let methods: Vec<_> = rules.auth_methods.iter().map(|method| method.name()).collect();
        Self {
            issuer: policy.issuer.clone(),
            authorization_endpoint: policy.endpoint(paths::AUTHORIZE),
            endpoints: Endpoints::at(policy, Door::Public),
            mtls_endpoint_aliases: policy.mtls_base.as_ref().map(|_| Endpoints::at(policy, Door::Mutual)),
            jwks_uri: policy.endpoint(paths::JWKS),
            scopes_supported: Scope::ALL.iter().map(|scope| scope.name()).collect(),
            response_types_supported: rules.response_types.iter().copied().map(ResponseType::name).collect(),
            response_modes_supported: rules.response_modes.iter().copied().map(ResponseMode::name).collect(),
            grant_types_supported: GrantType::ALL.iter().map(|kind| kind.name()).collect(),
            code_challenge_methods_supported: ["S256"],
            token_endpoint_auth_methods_supported: methods.clone(),
            token_endpoint_auth_signing_alg_values_supported: READABLE,
            revocation_endpoint_auth_methods_supported: methods.clone(),
            revocation_endpoint_auth_signing_alg_values_supported: READABLE,
            introspection_endpoint_auth_methods_supported: methods,
            introspection_endpoint_auth_signing_alg_values_supported: READABLE,
            introspection_signing_alg_values_supported: MADE,
            subject_types_supported: ["pairwise"],
            id_token_signing_alg_values_supported: MADE,
            request_object_signing_alg_values_supported: READABLE,
            authorization_signing_alg_values_supported: MADE,
            dpop_signing_alg_values_supported: READABLE,
            tls_client_certificate_bound_access_tokens: policy.mtls_base.is_some(),
            acr_values_supported: [ACR_SCA],
            claims_supported: CLAIMS.to_vec(),
            prompt_values_supported: vec!["none", "login", "consent", "select_account"],
            authorization_details_types_supported: Details::TYPES,
            grant_management_actions_supported: ["create", "query", "revoke"],
            grant_management_action_required: false,
            authorization_response_iss_parameter_supported: true,
            require_pushed_authorization_requests: rules.pushed_request == Need::Required,
            require_signed_request_object: rules.signed_request == Need::Required,
            claims_parameter_supported: true,
            request_parameter_supported: true,
            request_uri_parameter_supported: false,
            ui_locales_supported: ["en"],
            protected_resources: vec![policy.resource.clone()],
        }
    }
}

impl Endpoints {
    fn at(policy: &Policy, door: Door) -> Self {
        let at = |path: &str| format!("{}{path}", policy.base(door));
        let registers = policy.registration != Registration::Closed;
        Self {
            token_endpoint: at(paths::TOKEN),
            pushed_authorization_request_endpoint: at(paths::PAR),
            revocation_endpoint: at(paths::REVOKE),
            introspection_endpoint: at(paths::INTROSPECT),
            userinfo_endpoint: at(paths::USERINFO),
            grant_management_endpoint: at(paths::GRANTS),
            registration_endpoint: registers.then(|| at(paths::REGISTER)),
        }
    }
}

/// What ID tokens say.
const CLAIMS: [&str; 12] =
    ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "c_hash", "s_hash", INTENT_CLAIM];

/// What is signed here.
const MADE: [&str; 3] = [Alg::Es256.name(), Alg::Ps256.name(), Alg::EdDsa.name()];

/// What is accepted, under either name of Ed25519 (RFC 9864 2.2).
pub const READABLE: Algs = [Alg::Es256.name(), Alg::Ps256.name(), Alg::EdDsa.name(), "Ed25519"];

impl ResourceMetadata {
    /// The metadata of the API.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        Self {
            resource: policy.resource.clone(),
            resource_name: "Open banking API",
            authorization_servers: vec![policy.issuer.clone()],
            jwks_uri: policy.endpoint(paths::JWKS),
            scopes_supported: Scope::ALL.iter().map(|scope| scope.name()).filter(|name| *name != "openid").collect(),
            bearer_methods_supported: ["header"],
            dpop_signing_alg_values_supported: READABLE,
            tls_client_certificate_bound_access_tokens: policy.mtls_base.is_some(),
            authorization_details_types_supported: Details::TYPES,
        }
    }
}
