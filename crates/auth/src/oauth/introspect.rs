//! Introspection (RFC 7662, RFC 9701): what a token is worth at this moment.
//!
//! An app may ask about its own tokens, a resource server about any app's access tokens. It must never tell a token of somebody
//! else from one that is dead or never was.

use lombard_domain::consent::Authorisation;
use lombard_domain::id::{ClientId, ConsentId};
use lombard_domain::oauth::{AccessToken, Binding, ClientStatus, Details, GrantType};
use lombard_domain::time::Instant;
use lombard_store::token::{ConsentStanding, Standing};
use lombard_store::{Tx, client, consent, grant, token};
use serde::Serialize;
use serde_json::Value;

use super::Params;
use crate::client::Authenticated;
use crate::error::Result;
use crate::{Auth, digest};

/// The answer (RFC 7662 2.2). A token that is none of the asker's business is as inactive as one that does not exist.
#[derive(Debug, Default, Serialize)]
pub struct Introspection {
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    /// RFC 8705 3.2, RFC 9449 6.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Binding>,
    /// RFC 9396 9.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_details: Option<Value>,
}

/// The claims of a signed answer (RFC 9701 5): no `sub` and no `exp` of its own, lest it pass for an access token.
#[derive(Serialize)]
struct SignedAnswer<'a> {
    iss: &'a str,
    aud: String,
    iat: i64,
    token_introspection: Introspection,
}

impl Auth {
    /// Looks a token up for the app or resource server that presents it.
    ///
    /// # Errors
    /// `invalid_request` if there is no token in the request.
    pub async fn introspect(&self, asker: &Authenticated, params: &Params) -> Result<Introspection> {
        let text = params.need("token")?;
        // The hint only says what to try first (RFC 7662 2.1); the two kinds cannot be mistaken for each other.
        let found = if text.contains('.') {
            self.introspect_access(asker, text).await?
        } else {
            self.introspect_refresh(asker, text).await?
        };
        Ok(found.unwrap_or_default())
    }

    /// The same, signed for the asker alone (RFC 9701 5, FAPI 2.0 Message Signing 5.5.1).
    ///
    /// # Errors
    /// As [`Auth::introspect`].
    pub async fn introspect_signed(&self, asker: &Authenticated, params: &Params) -> Result<String> {
        let token_introspection = self.introspect(asker, params).await?;
        let now = self.now();
        let claims = SignedAnswer {
            iss: &self.policy().issuer,
            aud: asker.id().to_string(),
            iat: now.seconds(),
            token_introspection,
        };
        let alg = asker.client().metadata.introspection_signed_response_alg;
        self.parts.keys.sign(alg, "token-introspection+jwt", &claims, now)
    }

    async fn introspect_access(&self, asker: &Authenticated, text: &str) -> Result<Option<Introspection>> {
        let Ok(id) = self.token_id(text) else { return Ok(None) };
        let mut tx = self.db().read().await?;
        let Some(standing) = token::standing(&mut tx, id, None).await? else { return Ok(None) };
        let consent = standing.consent;
        let Some(token) = self.live(standing).filter(|token| may_ask(asker, token.client)) else {
            return Ok(None);
        };
        let subject = match consent {
            Some(consent) => {
                let Some(sector) = sector(&mut tx, asker, token.client).await? else { return Ok(None) };
                self.subject(&sector, consent.customer)
            }
            None => token.client.to_string(),
        };
        let authorization_details = match (&token.details, consent) {
            (Some(details), Some(ConsentStanding { id, .. })) => {
                let Some(given) = self.authorisation(&mut tx, id).await? else { return Ok(None) };
                Some(self.told(details, &given))
            }
            _ => None,
        };
        Ok(Some(Introspection {
            active: true,
            scope: Some(token.scope.to_string()),
            client_id: Some(token.client.to_string()),
            token_type: Some(Binding::token_type(token.binding.as_ref())),
            exp: Some(token.expires_at.seconds()),
            iat: Some(token.issued_at.seconds()),
            sub: Some(subject),
            aud: Some(self.policy().resource.clone()),
            iss: Some(self.policy().issuer.clone()),
            jti: Some(token.id.to_string()),
            cnf: token.binding,
            authorization_details,
        }))
    }

    /// Only an app asks about its refresh tokens: a resource server is told nothing of what is not meant for it (RFC 9701 5).
    async fn introspect_refresh(&self, asker: &Authenticated, text: &str) -> Result<Option<Introspection>> {
        let mut tx = self.db().read().await?;
        let found = token::find_refresh(&mut tx, &digest::of(text)).await?;
        let now = self.now();
        let own = found.filter(|token| token.client == asker.id() && token.expires_at.is_none_or(|end| now < end));
        let Some(refresh) = own else { return Ok(None) };
        let Some(grant) = grant::find_live(&mut tx, refresh.grant).await? else { return Ok(None) };
        let Some(given) = self.authorisation(&mut tx, grant.consent).await? else { return Ok(None) };
        let usable = asker.client().metadata.may_use(GrantType::RefreshToken);
        Ok(usable.then(|| Introspection {
            active: true,
            scope: Some(grant.scope.to_string()),
            client_id: Some(asker.id().to_string()),
            exp: refresh.expires_at.map(Instant::seconds),
            iat: Some(refresh.issued_at.seconds()),
            sub: Some(self.subject(&asker.client().sector, grant.customer)),
            iss: Some(self.policy().issuer.clone()),
            authorization_details: grant.details.as_ref().map(|details| self.told(details, &given)),
            ..Introspection::default()
        }))
    }

    /// What a customer allowed, if it still holds.
    async fn authorisation(&self, tx: &mut Tx, id: ConsentId) -> Result<Option<Authorisation>> {
        let Some(found) = consent::find(tx, id).await? else { return Ok(None) };
        if self.waits_for_sign_in(tx, &found).await? {
            return Ok(None);
        }
        Ok(found.standing(self.now()).ok().cloned())
    }

    /// The token, if it opens anything at this moment.
    fn live(&self, standing: Standing) -> Option<AccessToken> {
        let now = self.now();
        let holds = standing.client == Some(ClientStatus::Active)
            && standing.consent.is_none_or(|consent| {
                consent.status.standing(consent.expires_at, now).is_ok() && !self.is_sign_in_due(&consent)
            });
        standing.token.filter(|token| holds && now < token.expires_at)
    }

    fn told(&self, details: &Details, given: &Authorisation) -> Value {
        details.to_json(&self.policy().resource, &given.accounts)
    }
}

/// Whether a client's access tokens are the asker's business. All are for the one API, whose resource servers are registered as such.
fn may_ask(asker: &Authenticated, owner: ClientId) -> bool {
    owner == asker.id() || asker.client().metadata.resource_server
}

/// The sector of the token's client, for the name by which that client knows the customer.
async fn sector(tx: &mut Tx, asker: &Authenticated, owner: ClientId) -> Result<Option<String>> {
    if owner == asker.id() {
        return Ok(Some(asker.client().sector.clone()));
    }
    Ok(client::find(tx, owner).await?.map(|stored| stored.client.sector))
}
