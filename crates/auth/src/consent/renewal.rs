//! Consents whose customers must sign in anew before they go on (Regulation (EU) 2022/2360): known to everybody who asks about a token,
//! and ended soon after, whether anybody asks or not.

use lombard_domain::consent::{Consent, Revoker, Status};
use lombard_domain::id::ConsentId;
use lombard_store::token::ConsentStanding;
use lombard_store::{Tx, consent, grant};

use super::revoke::Attempt;
use crate::error::Result;
use crate::{Auth, Call};

impl Auth {
    /// Whether a consent that holds needs a new sign-in of its customer.
    pub(crate) fn is_sign_in_due(&self, consent: &ConsentStanding) -> bool {
        let rule = &self.policy().old_data;
        consent.status == Status::Authorised && rule.is_due(consent.permissions, consent.signed_in_at, self.now())
    }

    /// Whether a consent, as it was read within the transaction, needs a new sign-in of its customer.
    pub(crate) async fn waits_for_sign_in(&self, tx: &mut Tx, consent: &Consent) -> Result<bool> {
        let rule = &self.policy().old_data;
        if rule.renewal.is_none() {
            return Ok(false);
        }
        // What counts is the newest sign-in, as at the gate, and not the one from which a token was made.
        let signed_in_at = grant::signed_in_at(tx, consent.id()).await?;
        Ok(signed_in_at.is_some_and(|at| rule.is_due(consent.terms().permissions, at, self.now())))
    }

    /// Takes back a consent whose customer must sign in anew; it may be authorised again. Recorded once, whoever calls.
    pub(crate) async fn end_until_sign_in(&self, call: Call<'_>, id: ConsentId) -> Result<()> {
        let mut tx = self.db().begin("authentication due").await?;
        if self.end_until_sign_in_in(&mut tx, call, id).await? {
            tx.commit().await?;
        }
        Ok(())
    }

    /// The same within a transaction; whether it was taken back. A customer who signs in for it in that moment keeps it.
    pub(super) async fn end_until_sign_in_in(&self, tx: &mut Tx, call: Call<'_>, id: ConsentId) -> Result<bool> {
        let Some(found) = consent::find(tx, id).await? else { return Ok(false) };
        if !self.waits_for_sign_in(tx, &found).await? {
            return Ok(false);
        }
        let ended = self.revoke_as_seen(tx, call, found, Revoker::BankForAuthentication).await?;
        Ok(ended == Attempt::Done)
    }
}
