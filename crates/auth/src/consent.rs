//! The life of consents: made from a customer's answer, listed, taken back.

use lombard_domain::audit::{Event, Subject};
use lombard_domain::consent::{Consent, Revoker};
use lombard_domain::id::{ConsentId, CustomerId};
use lombard_store::Tx;
use lombard_store::consent;
pub use lombard_store::consent::Listed;
use lombard_store::grant;

use crate::directory::HeldAccount;
use crate::error::Result;
use crate::{Auth, Call};

/// What a customer's own page shows.
pub struct Overview {
    /// The customer's name.
    pub name: String,
    /// Their newest consents, newest first.
    pub consents: Vec<Listed>,
    /// The accounts that they hold.
    pub accounts: Vec<HeldAccount>,
}

impl Auth {
    /// What a customer's own page shows.
    ///
    /// # Errors
    /// When the database or the bank fails.
    pub async fn overview(&self, customer: CustomerId) -> Result<Overview> {
        let mut tx = self.db().read().await?;
        let found = lombard_store::customer::find(&mut tx, customer).await?;
        let consents = consent::of_customer(&mut tx, customer, LISTED_MAX).await?;
        drop(tx);
        let accounts = self.parts.directory.accounts_of(customer).await?;
        let name = found.map(|customer| customer.full_name.into_string()).unwrap_or_default();
        Ok(Overview { name, consents, accounts })
    }

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

    /// Takes a consent back within a transaction, with all grants made from it.
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
        Ok(true)
    }
}

pub(crate) fn subject(consent: &Consent) -> Subject {
    Subject {
        client: Some(consent.client()),
        customer: consent.state().authorisation().map(|yes| yes.customer),
        consent: Some(consent.id()),
        account: None,
    }
}

/// Consents on a customer's page.
const LISTED_MAX: i64 = 200;
