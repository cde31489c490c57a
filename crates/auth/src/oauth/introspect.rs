//! Introspection (RFC 7662): what a token of the asking app is worth at this moment.

use lombard_domain::oauth::{ClientStatus, GrantType};
use lombard_domain::time::Instant;
use lombard_store::{grant, token};
use serde::Serialize;

use super::Params;
use crate::client::Authenticated;
use crate::error::Result;
use crate::{Auth, digest};

/// The answer (RFC 7662 2.2). A token of another app is as inactive as one that does not exist.
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
}

impl Auth {
    /// Looks a token up for the app that presents it.
    ///
    /// # Errors
    /// `invalid_request` if there is no token in the request.
    pub async fn introspect(&self, client: &Authenticated, params: &Params) -> Result<Introspection> {
        let text = params.need("token")?;
        // The hint only says what to try first (RFC 7662 2.1); the two kinds cannot be mistaken for each other.
        let found = if text.contains('.') {
            self.introspect_access(client, text).await?
        } else {
            self.introspect_refresh(client, text).await?
        };
        Ok(found.unwrap_or_default())
    }

    async fn introspect_access(&self, client: &Authenticated, text: &str) -> Result<Option<Introspection>> {
        let Ok(id) = self.token_id(text) else { return Ok(None) };
        let Some(standing) = token::standing(&mut self.db().read().await?, id, None).await? else { return Ok(None) };
        let now = self.now();
        let live = standing.client == Some(ClientStatus::Active)
            && standing.consent.as_ref().is_none_or(|consent| consent.status.standing(consent.expires_at, now).is_ok());
        let own = standing.token.filter(|token| live && token.client == client.id() && now < token.expires_at);
        Ok(own.map(|token| Introspection {
            active: true,
            scope: Some(token.scope.to_string()),
            client_id: Some(token.client.to_string()),
            token_type: Some("Bearer"),
            exp: Some(token.expires_at.seconds()),
            iat: Some(token.issued_at.seconds()),
            sub: Some(match &standing.consent {
                Some(consent) => self.subject(&client.client().sector, consent.customer),
                None => token.client.to_string(),
            }),
            aud: Some(self.policy().resource.clone()),
            iss: Some(self.policy().issuer.clone()),
            jti: Some(token.id.to_string()),
        }))
    }

    async fn introspect_refresh(&self, client: &Authenticated, text: &str) -> Result<Option<Introspection>> {
        let mut tx = self.db().read().await?;
        let found = token::find_refresh(&mut tx, &digest::of(text)).await?;
        let now = self.now();
        let own = found.filter(|token| token.client == client.id() && token.expires_at.is_none_or(|end| now < end));
        let Some(refresh) = own else { return Ok(None) };
        let Some(grant) = grant::find_live(&mut tx, refresh.grant).await? else { return Ok(None) };
        let consent = lombard_store::consent::find(&mut tx, grant.consent).await?;
        let usable = client.client().metadata.may_use(GrantType::RefreshToken)
            && consent.is_some_and(|consent| consent.standing(now).is_ok());
        Ok(usable.then(|| Introspection {
            active: true,
            scope: Some(grant.scope.to_string()),
            client_id: Some(client.id().to_string()),
            exp: refresh.expires_at.map(Instant::seconds),
            iat: Some(refresh.issued_at.seconds()),
            sub: Some(self.subject(&client.client().sector, grant.customer)),
            iss: Some(self.policy().issuer.clone()),
            ..Introspection::default()
        }))
    }
}
