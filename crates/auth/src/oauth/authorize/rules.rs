//! Step 3: what a request must be, one rule after the other. The order is part of the contract: the first broken rule answers.

use lombard_domain::oauth::{
    AuthorizationRequest, BadPkce, Challenge, ErrorCode, GrantType, OauthError, Opaque, Prompt, ScopeSet,
};

use super::client::KnownClient;
use super::redirect_uri::Returnable;
use crate::oauth::Params;

/// Checks a request whose client and redirect URI are known.
pub(super) fn check(
    client: &KnownClient,
    returnable: &Returnable,
    params: &Params,
) -> Result<AuthorizationRequest, OauthError> {
    no_parameter_is_repeated(params)?;
    request_objects_are_not_supported(params)?;
    only_codes_are_given(params)?;
    answers_go_into_the_query(params)?;
    the_client_may_use_codes(client)?;
    Ok(AuthorizationRequest {
        client: client.0.id,
        redirect_uri: returnable.redirect_uri.clone(),
        scope: scope(client, params)?,
        state: opaque(params, "state")?,
        nonce: opaque(params, "nonce")?,
        code_challenge: pkce(params)?,
        prompt: prompt(params)?,
        response_mode: lombard_domain::oauth::ResponseMode::Query,
        details: None,
        dpop_jkt: None,
        login_hint: None,
        expected_subject: None,
        grant_management: lombard_domain::oauth::GrantManagement::None,
    })
}

/// RFC 6749 3.1.
fn no_parameter_is_repeated(params: &Params) -> Result<(), OauthError> {
    if params.has_repeats() {
        return Err(OauthError::new(ErrorCode::InvalidRequest, "a parameter is repeated"));
    }
    Ok(())
}

/// OpenID Connect Core 6: what is not supported must be refused, not ignored.
fn request_objects_are_not_supported(params: &Params) -> Result<(), OauthError> {
    if params.get("request")?.is_some() {
        return Err(OauthError::new(ErrorCode::RequestNotSupported, "request objects are not supported"));
    }
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

fn answers_go_into_the_query(params: &Params) -> Result<(), OauthError> {
    match params.get("response_mode")? {
        None | Some("query") => Ok(()),
        Some(_) => Err(OauthError::new(ErrorCode::InvalidRequest, "response_mode can only be query")),
    }
}

fn the_client_may_use_codes(client: &KnownClient) -> Result<(), OauthError> {
    if client.0.metadata.may_use(GrantType::AuthorizationCode) {
        return Ok(());
    }
    Err(OauthError::new(ErrorCode::UnauthorizedClient, "the client is not registered for authorization_code"))
}

fn scope(client: &KnownClient, params: &Params) -> Result<ScopeSet, OauthError> {
    let asked = params.get("scope")?.ok_or_else(|| OauthError::new(ErrorCode::InvalidScope, "scope is missing"))?;
    let asked = ScopeSet::parse(asked)
        .map_err(|_| OauthError::new(ErrorCode::InvalidScope, "scope names a scope that does not exist"))?;
    if !asked.is_within(client.0.metadata.scope) {
        return Err(OauthError::new(ErrorCode::InvalidScope, "the client is not registered for this scope"));
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

/// OpenID Connect Core 3.1.2.1. `max_age` is only looked at: sign-in happens anew for every request, so every age is kept.
fn prompt(params: &Params) -> Result<Option<Prompt>, OauthError> {
    if params.get("max_age")?.is_some_and(|age| age.parse::<u32>().is_err()) {
        return Err(OauthError::new(ErrorCode::InvalidRequest, "max_age must be a number of seconds"));
    }
    let Some(text) = params.get("prompt")? else { return Ok(None) };
    let words: Vec<&str> = text.split(' ').collect();
    match words.as_slice() {
        ["none"] => Ok(Some(Prompt::None)),
        words if words.iter().all(|word| matches!(*word, "login" | "consent" | "select_account")) => {
            Ok(Some(Prompt::Interactive))
        }
        _ => {
            Err(OauthError::new(ErrorCode::InvalidRequest, "prompt can be none, or login, consent and select_account"))
        }
    }
}
