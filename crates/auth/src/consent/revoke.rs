//! Consents that are taken back: by the customer, the bank, an operator, or the app that was given them.

use lombard_domain::audit::Event;
use lombard_domain::consent::{Consent, Revoker};
use lombard_domain::id::{ConsentId, CustomerId};
use lombard_store::{Tx, consent, grant};

use super::subject;
use crate::error::{Error, Result};
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

    /// The bank takes a consent back on an operator's word; whether it could be: it was live, or had been taken back before and now fraud is
    /// suspected. The next call under it is refused.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_by_operator(&self, call: Call<'_>, id: ConsentId, why: Revoker) -> Result<bool> {
        self.revoke_consent(call, id, why).await
    }

    /// Takes a consent back; whether it could be.
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

    /// Takes a consent back within a transaction, with all grants made from it; its app is told if it wants to be. Whether it could be.
    pub(crate) async fn revoke_in(&self, tx: &mut Tx, call: Call<'_>, found: Consent, by: Revoker) -> Result<bool> {
        let mut found = found;
        for _ in 0..ATTEMPTS {
            let id = found.id();
            match self.revoke_as_seen(tx, call, found, by).await? {
                Attempt::Done => return Ok(true),
                Attempt::NotPossible => return Ok(false),
                Attempt::Overtaken => {}
            }
            // A customer who says yes once more in that moment does not undo that it is taken back.
            let Some(changed) = consent::find(tx, id).await? else { return Ok(false) };
            found = changed;
        }
        Err(Error::Busy)
    }

    /// The same, unless the consent was changed after it was looked at.
    pub(super) async fn revoke_as_seen(
        &self,
        tx: &mut Tx,
        call: Call<'_>,
        found: Consent,
        by: Revoker,
    ) -> Result<Attempt> {
        let seen = found.stamp();
        let Ok(revoked) = found.revoke(by, self.now()) else { return Ok(Attempt::NotPossible) };
        if !consent::advance(tx, seen, &revoked).await? {
            return Ok(Attempt::Overtaken);
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
        Ok(Attempt::Done)
    }
}

/// What came of an attempt to take a consent back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// It is taken back.
    Done,
    /// It is in a state in which this cannot be.
    NotPossible,
    /// Somebody else changed it in that moment.
    Overtaken,
}

/// How often it is tried when somebody else changes the consent in that moment.
const ATTEMPTS: usize = 5;
