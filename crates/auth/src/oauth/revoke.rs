//! Revocation (RFC 7009): an app gives back a token, or with its refresh token the whole grant.

use lombard_domain::audit::{Event, Subject};
use lombard_domain::consent::{Kind, Revoker};
use lombard_domain::oauth::{Grant, RefreshToken};
use lombard_store::{Tx, consent, grant, token};

use super::Params;
use crate::client::Authenticated;
use crate::error::Result;
use crate::{Auth, Call, digest};

impl Auth {
    /// Revokes a token of the app that presents it. One that is unknown, dead or another app's changes nothing (RFC 7009 2.2).
    ///
    /// # Errors
    /// `invalid_request` if there is no token in the request.
    pub async fn revoke(&self, call: Call<'_>, client: &Authenticated, params: &Params) -> Result<()> {
        let text = params.need("token")?;
        if text.contains('.') {
            return self.revoke_access(call, client, text).await;
        }
        let found = token::find_refresh(&mut self.db().read().await?, &digest::of(text)).await?;
        match found.filter(|token| token.client == client.id()) {
            Some(refresh) => self.revoke_grant(call, &refresh).await,
            None => Ok(()),
        }
    }

    async fn revoke_access(&self, call: Call<'_>, client: &Authenticated, text: &str) -> Result<()> {
        let Ok(id) = self.token_id(text) else { return Ok(()) };
        let mut tx = self.db().begin("revoke token").await?;
        if !token::revoke_access(&mut tx, id, client.id(), self.now()).await? {
            return Ok(());
        }
        let subject = Subject { client: Some(client.id()), ..Subject::default() };
        self.record(&mut tx, call, Event::TokenRevoked, subject, Some("access")).await?;
        Ok(tx.commit().await?)
    }

    async fn revoke_grant(&self, call: Call<'_>, refresh: &RefreshToken) -> Result<()> {
        let mut tx = self.db().begin("revoke grant").await?;
        let Some(live) = grant::find_live(&mut tx, refresh.grant).await? else { return Ok(()) };
        self.end_grant_in(&mut tx, call, &live).await?;
        Ok(tx.commit().await?)
    }

    /// Ends a grant for its app. A consent that was made for one request lives no longer than its grant: without it, nobody could
    /// ever use it again. One that the app lodged stays: the app can have it authorised anew, and has a call of its own to delete it.
    pub(super) async fn end_grant_in(&self, tx: &mut Tx, call: Call<'_>, live: &Grant) -> Result<()> {
        grant::revoke(tx, live.id, self.now()).await?;
        let subject = Subject {
            client: Some(live.client),
            customer: Some(live.customer),
            consent: Some(live.consent),
            account: None,
        };
        self.record(tx, call, Event::TokenRevoked, subject, Some("grant")).await?;
        let found = consent::find(tx, live.consent).await?;
        if let Some(found) = found.filter(|consent| consent.kind() == Kind::Request) {
            self.revoke_in(tx, call, found, Revoker::Client).await?;
        }
        Ok(())
    }
}
