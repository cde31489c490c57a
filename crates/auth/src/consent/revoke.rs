//! Consents that are taken back: by the customer, the bank, an operator, or the app that was given them.

use lombard_domain::audit::Event;
use lombard_domain::consent::{Consent, Revoker};
use lombard_domain::id::{ConsentId, CustomerId};
use lombard_store::{Tx, consent, grant};

use super::subject;
use crate::error::Result;
use crate::{Auth, Call};

impl Auth {
    /// A customer takes a consent back; whether there is a live one of theirs. The next call under it is refused.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_by_customer(&self, call: Call<'_>, customer: CustomerId, id: &str) -> Result<bool> {
        let Ok(id) = id.parse::<ConsentId>() else { return Ok(false) };
        let mut tx = self.db().begin("revoke consent").await?;
        let found = consent::find(&mut tx, id).await?;
        let own = found.filter(|consent| consent.state().authorisation().is_some_and(|yes| yes.customer == customer));
        let Some(found) = own else { return Ok(false) };
        let revoked = self.revoke_in(&mut tx, call, found, Revoker::Customer).await?;
        tx.commit().await?;
        Ok(revoked)
    }

    /// The bank takes a consent back on an operator's word; whether it was live. The next call under it is refused.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_by_operator(&self, call: Call<'_>, id: ConsentId, why: Revoker) -> Result<bool> {
        self.revoke_consent(call, id, why).await
    }

    /// Takes a consent back; whether it was live.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn revoke_consent(&self, call: Call<'_>, id: ConsentId, by: Revoker) -> Result<bool> {
        let mut tx = self.db().begin("revoke consent").await?;
        let Some(found) = consent::find(&mut tx, id).await? else { return Ok(false) };
        let revoked = self.revoke_in(&mut tx, call, found, by).await?;
        tx.commit().await?;
        Ok(revoked)
    }

    /// Takes a consent back within a transaction, with all grants made from it; its app is told if it wants to be.
    pub(crate) async fn revoke_in(&self, tx: &mut Tx, call: Call<'_>, found: Consent, by: Revoker) -> Result<bool> {
        let seen = found.state().status();
        let Ok(revoked) = found.revoke(by, self.now()) else { return Ok(false) };
        if !consent::advance(tx, seen, &revoked).await? {
            return Ok(false);
        }
        grant::revoke_of_consent(tx, revoked.id(), self.now()).await?;
        let reason = match by {
            Revoker::Bank => "bank",
            Revoker::BankForAuthentication => "authentication-due",
            Revoker::BankForFraud => "fraud",
            Revoker::Client => "client",
            Revoker::Customer => "customer",
        };
        self.record(tx, call, Event::ConsentRevoked, subject(&revoked), Some(reason)).await?;
        self.notify_of_revocation(tx, call, &revoked, by).await?;
        Ok(true)
    }
}
