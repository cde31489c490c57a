//! Step 3: what a request must be, one rule after the other. The order is part of the contract: the first broken rule answers.

use lombard_domain::oauth::{
    AuthorizationRequest, BadPkce, Challenge, Details, ErrorCode, GrantManagement, GrantType, OauthError, Opaque,
    ResponseMode, ResponseType, Scope, ScopeSet, Thumbprint,
};

use super::client::KnownClient;
use super::redirect_uri::Returnable;
use super::request_object::Opened;
use super::{authentication, binding};
use crate::Auth;
use crate::oauth::Params;

impl Auth {
    /// Checks a request whose client and redirect URI are known.
    pub(super) fn check_request(
        &self,
        client: &KnownClient,
        returnable: &Returnable,
        opened: &Opened<'_>,
    ) -> Result<AuthorizationRequest, OauthError> {
        let params = opened.params();
        no_parameter_is_repeated(params)?;
        no_other_request_is_named(params)?;
        let response_type = response_type(params)?;
        the_client_may_use_codes(client)?;
        the_client_may_ask_for(client, response_type)?;
        let details = self.details(client, params)?;
        let response_mode = response_mode(client, params, response_type)?;
        let scope = scope(client, params, details.as_ref())?;
        let nonce = opaque(params, "nonce")?;
        if response_type == ResponseType::CodeIdToken {
            an_id_token_can_be_bound(opened, scope, nonce.as_ref())?;
        }
        Ok(AuthorizationRequest {
            client: client.0.id,
            redirect_uri: returnable.redirect_uri.clone(),
            response_type,
            response_mode,
            scope,
            intent: binding::intent(params, scope, details.as_ref())?,
            details,
            state: opaque(params, "state")?,
            nonce,
            code_challenge: pkce(params, response_type)?,
            dpop_jkt: dpop_jkt(params)?,
            prompt: authentication::prompt(params)?,
            login_hint: opaque(params, "login_hint")?,
            expected_subject: self.expected_subject(client, params)?,
            grant_management: grant_management(params)?,
        })
    }

    /// RFC 9396 2.
    fn details(&self, client: &KnownClient, params: &Params) -> Result<Option<Details>, OauthError> {
        let refuse = |why: String| OauthError::new(ErrorCode::InvalidAuthorizationDetails, why);
        let Some(text) = params.get("authorization_details")? else { return Ok(None) };
        let details = Details::parse(text, &self.policy().resource).map_err(|bad| refuse(bad.to_string()))?;
        let registered = client.0.metadata.authorization_details_types.as_ref();
        if registered.is_some_and(|types| types.iter().all(|name| name.as_str() != details.type_name())) {
            return Err(refuse("the client is not registered for authorization_details of this type".to_owned()));
        }
        // What a client may not ask for by scope it may not ask for in detail either.
        if !details.scopes().is_within(client.0.metadata.scope) {
            return Err(refuse("the client is not registered for the scope of such authorization_details".to_owned()));
        }
        Ok(Some(details))
    }
}

/// RFC 6749 3.1.
fn no_parameter_is_repeated(params: &Params) -> Result<(), OauthError> {
    if params.has_repeats() {
        return Err(OauthError::new(ErrorCode::InvalidRequest, "a parameter is repeated"));
    }
    Ok(())
}

/// RFC 9101 5: a request that lies elsewhere is not fetched.
fn no_other_request_is_named(params: &Params) -> Result<(), OauthError> {
    if params.get("request_uri")?.is_some() {
        return Err(OauthError::new(ErrorCode::RequestUriNotSupported, "push the request to get a request_uri"));
    }
    Ok(())
}

/// RFC 6749 3.1.1; RFC 9700 2.1.2: no implicit grant.
fn response_type(params: &Params) -> Result<ResponseType, OauthError> {
    ResponseType::parse(params.need("response_type")?).ok_or_else(|| {
        OauthError::new(ErrorCode::UnsupportedResponseType, "response_type can only be code or code id_token")
    })
}

/// FAPI 2.0 Security Profile 5.3.2.2-1 for clients of that profile; RFC 7591 2 for all.
fn the_client_may_ask_for(client: &KnownClient, response_type: ResponseType) -> Result<(), OauthError> {
    let metadata = &client.0.metadata;
    if !metadata.security_profile.rules().response_types.contains(&response_type) {
        let why = "response_type can only be code for this client's security_profile";
        return Err(OauthError::new(ErrorCode::UnsupportedResponseType, why));
    }
    if !metadata.may_ask_for(response_type) {
        return Err(OauthError::new(
            ErrorCode::UnauthorizedClient,
            "the client is not registered for this response_type",
        ));
    }
    Ok(())
}

/// OAuth 2.0 Multiple Response Types 2.1; without the parameter it is the usual way of the response type.
fn response_mode(
    client: &KnownClient,
    params: &Params,
    response_type: ResponseType,
) -> Result<ResponseMode, OauthError> {
    let refuse = |why: String| OauthError::new(ErrorCode::InvalidRequest, why);
    let modes = response_type.modes();
    let asked = params.get("response_mode")?;
    let mode = modes.iter().copied().find(|mode| asked.is_none_or(|name| mode.name() == name));
    let mode = mode.ok_or_else(|| {
        let names: Vec<&str> = modes.iter().map(|mode| mode.name()).collect();
        refuse(format!("response_mode can be one of {} for this response_type", names.join(", ")))
    })?;
    if client.0.metadata.may_be_answered(mode) {
        return Ok(mode);
    }
    // Also for a client that named none, which means the usual one.
    Err(refuse(
        "the client is not registered for this response_mode; those that end with jwt are the signed ones".to_owned(),
    ))
}

/// FAPI 1.0 Advanced 5.2.2-1 (a signed request) and 5.2.2.1-1 (`openid`), OpenID Connect Core 3.3.2.11 (`nonce`).
fn an_id_token_can_be_bound(opened: &Opened<'_>, scope: ScopeSet, nonce: Option<&Opaque>) -> Result<(), OauthError> {
    let refuse = |code, why| Err(OauthError::new(code, why));
    if !opened.is_signed() {
        return refuse(ErrorCode::InvalidRequest, "response_type code id_token needs a signed request object");
    }
    if !scope.has(Scope::OpenId) {
        return refuse(ErrorCode::InvalidScope, "response_type code id_token needs the scope openid");
    }
    if nonce.is_none() {
        return refuse(ErrorCode::InvalidRequest, "response_type code id_token needs a nonce");
    }
    Ok(())
}

fn the_client_may_use_codes(client: &KnownClient) -> Result<(), OauthError> {
    if client.0.metadata.may_use(GrantType::AuthorizationCode) {
        return Ok(());
    }
    Err(OauthError::new(ErrorCode::UnauthorizedClient, "the client is not registered for authorization_code"))
}

/// RFC 6749 3.3. Where details say what is asked for, there need be no scope (RFC 9396 3).
fn scope(client: &KnownClient, params: &Params, details: Option<&Details>) -> Result<ScopeSet, OauthError> {
    let refuse = |why| OauthError::new(ErrorCode::InvalidScope, why);
    let Some(asked) = params.get("scope")? else {
        return details.map(|_| ScopeSet::default()).ok_or_else(|| refuse("scope is missing"));
    };
    let asked = ScopeSet::parse(asked).map_err(|_| refuse("scope names a scope that does not exist"))?;
    if !asked.is_within(client.0.metadata.scope) {
        return Err(refuse("the client is not registered for this scope"));
    }
    if !asked.is_a_customers() {
        return Err(refuse("scope names a scope that no customer can give"));
    }
    Ok(asked)
}

fn opaque(params: &Params, name: &'static str) -> Result<Option<Opaque>, OauthError> {
    let value = params.get(name)?.map(|text| Opaque::try_from(text.to_owned()));
    value.transpose().map_err(|bad| OauthError::new(ErrorCode::InvalidRequest, format!("{name} {bad}")))
}

/// RFC 7636 4.3, with `S256` only; without a method the standard means `plain`, which does not exist here.
///
/// Where an ID token comes with the code, `c_hash` and `nonce` bind the code as well (RFC 9700 2.1.1), so it may be left out.
fn pkce(params: &Params, response_type: ResponseType) -> Result<Option<Challenge>, OauthError> {
    let method = params.get("code_challenge_method")?;
    if response_type == ResponseType::CodeIdToken && params.get("code_challenge")?.is_none() && method.is_none() {
        return Ok(None);
    }
    let challenge = params.need("code_challenge")?;
    if method != Some("S256") {
        return Err(OauthError::new(ErrorCode::InvalidRequest, "code_challenge_method must be S256"));
    }
    Challenge::new(challenge).map(Some).map_err(|BadPkce| {
        OauthError::new(ErrorCode::InvalidRequest, "code_challenge is not a SHA-256 digest in base64url")
    })
}

/// RFC 9449 10.
fn dpop_jkt(params: &Params) -> Result<Option<Thumbprint>, OauthError> {
    let key = params.get("dpop_jkt")?.map(Thumbprint::new);
    key.transpose().map_err(|bad| OauthError::new(ErrorCode::InvalidRequest, format!("dpop_jkt {bad}")))
}

/// Grant Management 5.1. Every request makes a new grant; none is merged into another or takes its place.
fn grant_management(params: &Params) -> Result<GrantManagement, OauthError> {
    let refuse = |why| Err(OauthError::new(ErrorCode::InvalidRequest, why));
    match (params.get("grant_management_action")?, params.get("grant_id")?) {
        (None, None) => Ok(GrantManagement::None),
        (Some("create"), None) => Ok(GrantManagement::Create),
        (Some("create") | None, Some(_)) => refuse("grant_id is only for actions that are not supported here"),
        (Some(_), _) => refuse("grant_management_action can only be create"),
    }
}
