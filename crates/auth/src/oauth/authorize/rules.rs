//! Step 3: what a request must be, one rule after the other. The order is part of the contract: the first broken rule answers.

use lombard_domain::oauth::{
    AccountInformation, AuthorizationRequest, BadPkce, Challenge, ErrorCode, GrantManagement, GrantType, OauthError,
    Opaque, ResponseMode, ScopeSet, Thumbprint,
};

use super::authentication;
use super::client::KnownClient;
use super::redirect_uri::Returnable;
use crate::Auth;
use crate::oauth::Params;

impl Auth {
    /// Checks a request whose client and redirect URI are known.
    pub(super) fn check_request(
        &self,
        client: &KnownClient,
        returnable: &Returnable,
        params: &Params,
    ) -> Result<AuthorizationRequest, OauthError> {
        no_parameter_is_repeated(params)?;
        no_other_request_is_named(params)?;
        only_codes_are_given(params)?;
        the_client_may_use_codes(client)?;
        let details = self.details(client, params)?;
        Ok(AuthorizationRequest {
            client: client.0.id,
            redirect_uri: returnable.redirect_uri.clone(),
            response_mode: response_mode(client, params)?,
            scope: scope(client, params, details.as_ref())?,
            details,
            intent: None,
            state: opaque(params, "state")?,
            nonce: opaque(params, "nonce")?,
            code_challenge: pkce(params)?,
            dpop_jkt: dpop_jkt(params)?,
            prompt: authentication::prompt(params)?,
            login_hint: opaque(params, "login_hint")?,
            expected_subject: self.expected_subject(client, params)?,
            grant_management: grant_management(params)?,
        })
    }

    /// RFC 9396 2.
    fn details(&self, client: &KnownClient, params: &Params) -> Result<Option<AccountInformation>, OauthError> {
        let refuse = |why: String| OauthError::new(ErrorCode::InvalidAuthorizationDetails, why);
        let Some(text) = params.get("authorization_details")? else { return Ok(None) };
        let details =
            AccountInformation::parse(text, &self.policy().resource).map_err(|bad| refuse(bad.to_string()))?;
        let registered = client.0.metadata.authorization_details_types.as_ref();
        if registered.is_some_and(|types| types.iter().all(|name| name.as_str() != AccountInformation::TYPE)) {
            return Err(refuse("the client is not registered for authorization_details of this type".to_owned()));
        }
        // What a client may not ask for by scope it may not ask for in detail either.
        if details.actions.iter().any(|action| !client.0.metadata.scope.has(action.scope())) {
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
fn only_codes_are_given(params: &Params) -> Result<(), OauthError> {
    match params.need("response_type")? {
        "code" => Ok(()),
        _ => Err(OauthError::new(ErrorCode::UnsupportedResponseType, "response_type can only be code")),
    }
}

/// OAuth 2.0 Multiple Response Types 2.1; without the parameter a code comes in the plain query.
fn response_mode(client: &KnownClient, params: &Params) -> Result<ResponseMode, OauthError> {
    let refuse = |why| OauthError::new(ErrorCode::InvalidRequest, why);
    let name = params.get("response_mode")?.unwrap_or_else(|| ResponseMode::Query.name());
    let mode = ResponseMode::ALL.iter().copied().find(|mode| mode.name() == name);
    let mode = mode.ok_or_else(|| refuse("response_mode can be query, query.jwt and jwt"))?;
    if client.0.metadata.may_be_answered(mode) {
        return Ok(mode);
    }
    // Also for a client that named none, which means query.
    Err(refuse("the client is not registered for this response_mode; query.jwt and jwt are the signed ones"))
}

fn the_client_may_use_codes(client: &KnownClient) -> Result<(), OauthError> {
    if client.0.metadata.may_use(GrantType::AuthorizationCode) {
        return Ok(());
    }
    Err(OauthError::new(ErrorCode::UnauthorizedClient, "the client is not registered for authorization_code"))
}

/// RFC 6749 3.3. Where details say what is asked for, there need be no scope (RFC 9396 3).
fn scope(client: &KnownClient, params: &Params, details: Option<&AccountInformation>) -> Result<ScopeSet, OauthError> {
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
fn pkce(params: &Params) -> Result<Challenge, OauthError> {
    let challenge = params.need("code_challenge")?;
    if params.get("code_challenge_method")? != Some("S256") {
        return Err(OauthError::new(ErrorCode::InvalidRequest, "code_challenge_method must be S256"));
    }
    Challenge::new(challenge).map_err(|BadPkce| {
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
