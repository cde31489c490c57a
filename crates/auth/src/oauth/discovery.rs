//! What this server says of itself: RFC 8414, OpenID Connect Discovery, RFC 9728.

use lombard_domain::oauth::{AuthMethod, GrantType, Scope};
use serde::Serialize;

use crate::policy::{Policy, Registration};

/// Paths of endpoints, relative to the issuer.
pub mod paths {
    /// RFC 6749 3.1.
    pub const AUTHORIZE: &str = "/authorize";
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

/// Authorization server metadata (RFC 8414 2, OpenID Connect Discovery 3).
#[derive(Debug, Serialize)]
pub struct ServerMetadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    pushed_authorization_request_endpoint: String,
    revocation_endpoint: String,
    introspection_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_endpoint: Option<String>,
    scopes_supported: Vec<&'static str>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: Vec<&'static str>,
    code_challenge_methods_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 1],
    acr_values_supported: [&'static str; 1],
    claims_supported: Vec<&'static str>,
    prompt_values_supported: Vec<&'static str>,
    authorization_response_iss_parameter_supported: bool,
    require_pushed_authorization_requests: bool,
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    ui_locales_supported: [&'static str; 1],
    protected_resources: Vec<String>,
}

/// Protected-resource metadata (RFC 9728 2).
#[derive(Debug, Serialize)]
pub struct ResourceMetadata {
    resource: String,
    resource_name: &'static str,
    authorization_servers: Vec<String>,
    jwks_uri: String,
    scopes_supported: Vec<&'static str>,
    bearer_methods_supported: [&'static str; 1],
}

/// How strongly a customer was authenticated: with two factors, as PSD2 demands.
pub const ACR_SCA: &str = "urn:openbanking:psd2:sca";

impl ServerMetadata {
    /// The metadata of a server.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        let methods: Vec<_> = AuthMethod::ALL.iter().map(|method| method.name()).collect();
        let registers = policy.registration != Registration::Closed;
        Self {
            issuer: policy.issuer.clone(),
            authorization_endpoint: policy.endpoint(paths::AUTHORIZE),
            token_endpoint: policy.endpoint(paths::TOKEN),
            pushed_authorization_request_endpoint: policy.endpoint(paths::PAR),
            revocation_endpoint: policy.endpoint(paths::REVOKE),
            introspection_endpoint: policy.endpoint(paths::INTROSPECT),
            userinfo_endpoint: policy.endpoint(paths::USERINFO),
            jwks_uri: policy.endpoint(paths::JWKS),
            registration_endpoint: registers.then(|| policy.endpoint(paths::REGISTER)),
            scopes_supported: Scope::ALL.iter().map(|scope| scope.name()).collect(),
            response_types_supported: ["code"],
            response_modes_supported: ["query"],
            grant_types_supported: GrantType::ALL.iter().map(|kind| kind.name()).collect(),
            code_challenge_methods_supported: ["S256"],
            token_endpoint_auth_methods_supported: methods.clone(),
            revocation_endpoint_auth_methods_supported: methods.clone(),
            introspection_endpoint_auth_methods_supported: methods,
            subject_types_supported: ["pairwise"],
            id_token_signing_alg_values_supported: ["ES256"],
            acr_values_supported: [ACR_SCA],
            claims_supported: vec!["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr"],
            prompt_values_supported: vec!["none", "login", "consent", "select_account"],
            authorization_response_iss_parameter_supported: true,
            require_pushed_authorization_requests: false,
            claims_parameter_supported: false,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            ui_locales_supported: ["en"],
            protected_resources: vec![policy.resource.clone()],
        }
    }
}

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
        }
    }
}
