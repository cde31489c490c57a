//! `refresh_token` (RFC 6749 6) and `client_credentials` (RFC 6749 4.4).
//!
//! Refresh tokens are not rotated (FAPI 2.0 Security Profile 5.3.2.1-9): an answer that was lost on the way costs the app nothing,
//! because the same token works again. What protects them is that only their client can use them, and that they die with the consent;
//! they are bound to the client and not to the key of a proof, which may change (RFC 9449 5).

use lombard_domain::consent::Consent;
use lombard_domain::oauth::{ErrorCode, Grant, OauthError, RefreshToken, Scope, ScopeSet};
use lombard_domain::secret::Secret;
use lombard_domain::time::Instant;
use lombard_store::{Tx, consent, grant, token};

use super::issue::Bearer;
use super::{Extent, Replay, TokenAnswer, asked, bounded, narrowed};
use crate::client::Authenticated;
use crate::error::{Error, Result};
use crate::oauth::Params;
use crate::{Auth, Call, digest};

impl Auth {
    pub(super) async fn refresh(
        &self,
        call: Call<'_>,
        client: &Authenticated,
        params: &Params,
        replay: &mut Option<Replay>,
    ) -> Result<TokenAnswer> {
        let text = params.need("refresh_token")?;
        let now = self.now();
        let mut tx = self.db().begin("refresh").await?;
        let refresh = token::find_refresh(&mut tx, &digest::of(text)).await?.ok_or_else(invalid)?;
        if refresh.client != client.id() {
            *replay = Some(Replay::FOREIGN);
            return Err(invalid());
        }
        let Some((grant, consent)) = standing(&mut tx, &refresh, now).await? else {
            let consent = grant::consent_of(&mut tx, refresh.grant).await?;
            *replay = Some(Replay { consent, how: "ended" });
            return Err(invalid());
        };
        if self.waits_for_sign_in(&mut tx, &consent).await? {
            return Err(invalid());
        }
        let extent = self.extent(params, &grant, narrowed(params, grant.scope)?)?;
        let mut answer = self.issue(&mut tx, call, Bearer { client, grant: Some(&grant) }, extent).await?;
        tx.commit().await?;
        answer.refresh_token = Some(Secret::new(text.to_owned()));
        Ok(answer)
    }

    pub(super) async fn client_token(
        &self,
        call: Call<'_>,
        client: &Authenticated,
        params: &Params,
    ) -> Result<TokenAnswer> {
        let scope = without_customer(params, client.client().metadata.scope)?;
        let mut tx = self.db().begin("client credentials").await?;
        let extent = Extent { scope, details: None };
        let answer = self.issue(&mut tx, call, Bearer { client, grant: None }, extent).await?;
        tx.commit().await?;
        Ok(answer)
    }
}

/// The grant and the consent of a refresh token, if it still works.
async fn standing(tx: &mut Tx, refresh: &RefreshToken, now: Instant) -> Result<Option<(Grant, Consent)>> {
    if refresh.expires_at.is_some_and(|end| end <= now) {
        return Ok(None);
    }
    let Some(grant) = grant::find_live(tx, refresh.grant).await? else { return Ok(None) };
    let consent = consent::find(tx, grant.consent).await?.filter(|consent| consent.standing(now).is_ok());
    Ok(consent.map(|consent| (grant, consent)))
}

/// The scope of an app's own token. There is no customer whose identity could be told, so `openid` is left out, which the answer says
/// (RFC 6749 3.3); alone it asks for nothing.
fn without_customer(params: &Params, registered: ScopeSet) -> std::result::Result<ScopeSet, OauthError> {
    let within = registered.without(Scope::OpenId);
    match asked(params)?.map(|asked| asked.without(Scope::OpenId)) {
        None => Ok(within),
        Some(nothing) if nothing.is_empty() => {
            Err(OauthError::new(ErrorCode::InvalidScope, "scope openid needs a customer; ask for another one with it"))
        }
        Some(asked) => bounded(asked, within),
    }
}

/// The same for every reason: whoever holds somebody else's token learns nothing.
fn invalid() -> Error {
    Error::oauth(ErrorCode::InvalidGrant, "the refresh token is unknown, expired, revoked, or not this client's")
}
