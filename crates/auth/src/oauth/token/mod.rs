//! The token endpoint (RFC 6749 3.2): what an app gets for a code, for a refresh token, and for itself.

mod code;
mod issue;
mod refresh;

use lombard_domain::audit::{Event, Subject};
use lombard_domain::id::ConsentId;
use lombard_domain::oauth::{Details, ErrorCode, Grant, GrantManagement, GrantType, OauthError, ScopeSet};
use lombard_domain::secret::Secret;
use serde::{Serialize, Serializer};
use serde_json::Value;

pub(crate) use issue::{About, intent_id};

use super::Params;
use crate::client::Authenticated;
use crate::error::{Error, Result};
use crate::{Auth, Call};

/// The answer (RFC 6749 5.1).
#[derive(Serialize)]
pub struct TokenAnswer {
    #[serde(serialize_with = "exposed")]
    access_token: Secret<String>,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "no_scope")]
    scope: ScopeSet,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "maybe_exposed")]
    refresh_token: Option<Secret<String>>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "maybe_exposed")]
    id_token: Option<Secret<String>>,
    /// What was granted (RFC 9396 7).
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_details: Option<Value>,
    /// Under which name the app can look after the grant (Grant Management 5.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_id: Option<String>,
}

/// A code or refresh token came that has ended, or is another app's. The app is told what it is told of every other that does not work.
struct Replay {
    consent: Option<ConsentId>,
    how: &'static str,
}

impl Replay {
    /// It was made for another app.
    const FOREIGN: Self = Self { consent: None, how: "foreign" };
}

/// What a token is for: all of the grant or a part of it.
struct Extent {
    scope: ScopeSet,
    details: Option<Details>,
}

impl Auth {
    /// Answers a token request of an app that has proved who it is.
    ///
    /// # Errors
    /// RFC 6749 5.2's codes. The refusal is on record.
    pub async fn token(&self, call: Call<'_>, client: &Authenticated, params: &Params) -> Result<TokenAnswer> {
        let mut replay = None;
        let answer = self.grant_type(call, client, params, &mut replay).await;
        count(params, &answer);
        if let Err(Error::Oauth(error)) = &answer {
            // One entry whatever the reason: a second one would take longer, and tell the app that somebody has such a token.
            let (event, consent, reason) = match replay {
                Some(Replay { consent, how }) => (Event::TokenReplayed, consent, how),
                None => (Event::TokenRefused, None, error.code.code()),
            };
            let subject = Subject { client: Some(client.id()), consent, ..Subject::default() };
            self.record_alone(call, event, subject, Some(reason)).await?;
        }
        answer
    }

    async fn grant_type(
        &self,
        call: Call<'_>,
        client: &Authenticated,
        params: &Params,
        replay: &mut Option<Replay>,
    ) -> Result<TokenAnswer> {
        if params.has_repeats() {
            return Err(Error::oauth(ErrorCode::InvalidRequest, "a parameter is repeated"));
        }
        let name = params.need("grant_type")?;
        let kind = GrantType::ALL.iter().copied().find(|kind| kind.name() == name);
        let kind =
            kind.ok_or_else(|| Error::oauth(ErrorCode::UnsupportedGrantType, "there is no such grant type here"))?;
        if !client.client().metadata.may_use(kind) {
            return Err(Error::oauth(
                ErrorCode::UnauthorizedClient,
                "the client is not registered for this grant type",
            ));
        }
        // Asked first, whatever else is wrong: an app that forgot its proof must be told so, and nothing is used up in vain.
        client.binding()?;
        match kind {
            GrantType::AuthorizationCode => self.redeem_code(call, client, params, replay).await,
            GrantType::ClientCredentials => self.client_token(call, client, params).await,
            GrantType::RefreshToken => self.refresh(call, client, params, replay).await,
        }
    }
}

impl Auth {
    /// The details of a grant that a token request asks for (RFC 9396 6): all if nothing is said.
    fn extent(&self, params: &Params, grant: &Grant, scope: ScopeSet) -> std::result::Result<Extent, OauthError> {
        let Some(text) = params.get("authorization_details")? else {
            return Ok(Extent { scope, details: grant.details.clone() });
        };
        let refuse = |why: String| OauthError::new(ErrorCode::InvalidAuthorizationDetails, why);
        let asked = Details::parse(text, &self.policy().resource).map_err(|bad| refuse(bad.to_string()))?;
        if grant.details.as_ref().is_some_and(|granted| asked.is_within(granted)) {
            return Ok(Extent { scope, details: Some(asked) });
        }
        Err(refuse("authorization_details are more than was granted".to_owned()))
    }
}

/// Counts a request by the grant type and by what became of it, both of them words of the standard.
fn count(params: &Params, answer: &Result<TokenAnswer>) {
    let asked = params.get("grant_type").ok().flatten();
    let known = GrantType::ALL.iter().map(|kind| kind.name()).find(|name| Some(*name) == asked);
    let outcome = match answer {
        Ok(_) => "issued",
        Err(Error::Oauth(error)) => error.code.code(),
        Err(Error::Busy) => "busy",
        Err(Error::Limited(_)) => "limited",
        Err(Error::Internal(_)) => "failed",
    };
    metrics::counter!("lombard_token_requests_total", "grant" => known.unwrap_or("other"), "outcome" => outcome)
        .increment(1);
}

/// The name of a grant, for an app that wants to look after it.
fn grant_id(grant: &Grant) -> Option<String> {
    (grant.management == GrantManagement::Create).then(|| grant.id.to_string())
}

/// The scope of a request: what is asked for, if it is within what may be had; all of it if nothing is said.
fn narrowed(params: &Params, within: ScopeSet) -> std::result::Result<ScopeSet, OauthError> {
    asked(params)?.map_or(Ok(within), |asked| bounded(asked, within))
}

/// The scope that a request asks for, if it says one.
fn asked(params: &Params) -> std::result::Result<Option<ScopeSet>, OauthError> {
    let asked = params.get("scope")?.map(ScopeSet::parse).transpose();
    asked.map_err(|_| OauthError::new(ErrorCode::InvalidScope, "scope names a scope that does not exist"))
}

/// A scope that is within what may be had.
fn bounded(asked: ScopeSet, within: ScopeSet) -> std::result::Result<ScopeSet, OauthError> {
    if asked.is_within(within) {
        return Ok(asked);
    }
    Err(OauthError::new(ErrorCode::InvalidScope, "scope is more than may be had"))
}

/// A token that is for details alone has no scope.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn no_scope(scope: &ScopeSet) -> bool {
    scope.is_empty()
}

fn exposed<S: Serializer>(secret: &Secret<String>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

fn maybe_exposed<S: Serializer>(
    secret: &Option<Secret<String>>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_str(secret.expose()),
        None => serializer.serialize_none(),
    }
}
