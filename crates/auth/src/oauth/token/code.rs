//! `authorization_code` (RFC 6749 4.1.3, RFC 7636 4.5): a code is redeemed once, by the client it was made for.

use lombard_domain::audit::{Event, Subject};
use lombard_domain::consent::{Consent, Kind, Revoker};
use lombard_domain::oauth::{Code, ErrorCode, Grant, GrantType, OauthError, RefreshToken, Verifier};
use lombard_domain::random;
use lombard_domain::secret::Secret;
use lombard_store::{Tx, consent, grant, token};

use super::issue::{About, Bearer};
use super::{Replay, TokenAnswer};
use crate::client::Authenticated;
use crate::error::{Error, Result};
use crate::housekeeping::TOKEN_MEMORY;
use crate::oauth::Params;
use crate::{Auth, Call, digest};

impl Auth {
    pub(super) async fn redeem_code(
        &self,
        call: Call<'_>,
        client: &Authenticated,
        params: &Params,
        replay: &mut Option<Replay>,
    ) -> Result<TokenAnswer> {
        let digest = digest::of(params.need("code")?);
        let redirect_uri = params.need("redirect_uri")?;
        let verifier = params.get("code_verifier")?;
        let mut tx = self.db().begin("redeem code").await?;
        let code = grant::find_code(&mut tx, &digest).await?.ok_or_else(invalid)?;
        if code.client != client.id() {
            *replay = Some(Replay::FOREIGN);
            return Err(invalid());
        }
        if code.used || !grant::use_code(&mut tx, &digest, self.now()).await? {
            drop(tx);
            return Err(self.replayed(call, client, &code).await?);
        }
        let now = self.now();
        let proven = proves(verifier, &code)?;
        // RFC 9449 10: a code that was bound to a key is for who holds that key.
        let held = code.dpop_jkt.as_ref().is_none_or(|key| client.proof() == Some(key));
        if !proven || !held || now >= code.expires_at || redirect_uri != code.redirect_uri.as_str() {
            // The transaction is dropped, and with it the use: whoever sends a wrong verifier cannot burn the right client's code.
            return Err(invalid());
        }
        let (mut answer, grant, consent) = self.first_tokens(&mut tx, call, client, &code, params).await?;
        tx.commit().await?;
        // Signing with RSA takes a millisecond, in which nobody should wait for the database.
        let about = About { client: client.client(), grant: &grant, consent: &consent };
        let refresh_ends = answer.refresh_token.as_ref().and_then(|_| consent.terms().expires_at);
        answer.id_token = self.id_token(about, refresh_ends)?;
        Ok(answer)
    }

    async fn first_tokens(
        &self,
        tx: &mut Tx,
        call: Call<'_>,
        client: &Authenticated,
        code: &Code,
        params: &Params,
    ) -> Result<(TokenAnswer, Grant, Consent)> {
        let grant = grant::find_live(tx, code.grant).await?.ok_or_else(invalid)?;
        let consent = consent::find(tx, grant.consent).await?.ok_or_else(invalid)?;
        consent.standing(self.now()).map_err(|_| invalid())?;
        // UK Open Banking, re-authorisation: what was made from earlier answers to the same consent ends here and not before, because an
        // answer that is lost on its way must not break the app.
        grant::revoke_earlier(tx, &grant, self.now()).await?;
        grant::forget_earlier(tx, &grant, self.now().minus(TOKEN_MEMORY)).await?;
        let extent = self.extent(params, &grant, grant.scope)?;
        let mut answer = self.issue(tx, call, Bearer { client, grant: Some(&grant) }, extent).await?;
        if client.client().metadata.may_use(GrantType::RefreshToken) {
            let refresh: Secret<String> = random::credential(self.random());
            let stored = RefreshToken {
                client: client.id(),
                grant: grant.id,
                issued_at: self.now(),
                expires_at: consent.terms().expires_at,
            };
            token::insert_refresh(tx, &digest::of(refresh.expose()), &stored).await?;
            answer.refresh_token = Some(refresh);
        }
        Ok((answer, grant, consent))
    }

    /// RFC 6749 4.1.2: a code that comes twice is in the wrong hands, so what it gave is taken back, and with it a consent that
    /// was made for it: the customer's list must not show an app that reads when none can. A consent that the app lodged stays: the
    /// customer can be asked again.
    async fn replayed(&self, call: Call<'_>, client: &Authenticated, code: &Code) -> Result<Error> {
        let mut tx = self.db().begin("code replayed").await?;
        let live = grant::find_live(&mut tx, code.grant).await?;
        let subject = Subject {
            client: Some(client.id()),
            customer: live.as_ref().map(|grant| grant.customer),
            consent: live.as_ref().map(|grant| grant.consent),
            account: None,
        };
        grant::revoke(&mut tx, code.grant, self.now()).await?;
        self.record(&mut tx, call, Event::CodeReplayed, subject, None).await?;
        let consent = match &live {
            Some(grant) => consent::find(&mut tx, grant.consent).await?,
            None => None,
        };
        if let Some(found) = consent.filter(|consent| consent.kind() == Kind::Request) {
            self.revoke_in(&mut tx, call, found, Revoker::Bank).await?;
        }
        tx.commit().await?;
        Ok(invalid())
    }
}

/// RFC 7636 4.6. A verifier for a code that was made without a challenge shows that somebody took the challenge out of the request
/// (RFC 9700 4.8.2).
fn proves(verifier: Option<&str>, code: &Code) -> std::result::Result<bool, OauthError> {
    match (verifier, &code.code_challenge) {
        (Some(verifier), Some(challenge)) => {
            Ok(Verifier::new(verifier)
                .is_ok_and(|verifier| digest::base64url_of(verifier.expose()) == challenge.as_str()))
        }
        (None, Some(_)) => Err(OauthError::new(ErrorCode::InvalidRequest, "the parameter code_verifier is missing")),
        (None, None) => Ok(true),
        (Some(_), None) => Ok(false),
    }
}

/// The same for every reason: whoever holds somebody else's code learns nothing.
fn invalid() -> Error {
    Error::oauth(
        ErrorCode::InvalidGrant,
        "the code is unknown, expired, used, or not for this client, redirect_uri, verifier and key",
    )
}
