//! Customers who are erased: what they allowed ends, and nothing personal is left.

use lombard_domain::audit::{Event, Subject};
use lombard_domain::consent::Revoker;
use lombard_domain::id::CustomerId;
use lombard_store::{consent, customer};

pub use lombard_store::customer::Erased;

use crate::error::Result;
use crate::{Auth, Call};

impl Auth {
    /// Erases the customer with this identifier or user name: consents, sign-ins, personal data, the accounts that nobody else holds,
    /// and the keys of all that. `None` if there is no such customer, or not any more.
    ///
    /// # Errors
    /// When the database fails; then nothing was erased.
    pub async fn erase_customer(&self, call: Call<'_>, who: &str) -> Result<Option<(CustomerId, Erased)>> {
        let id = match who.parse::<CustomerId>() {
            Ok(id) => id,
            Err(_) => match self.customer_named(who).await? {
                Some(id) => id,
                None => return Ok(None),
            },
        };
        let mut tx = self.db().begin("erase customer").await?;
        for listed in consent::of_customer(&mut tx, id, CONSENTS_MAX).await? {
            self.revoke_in(&mut tx, call, listed.consent, Revoker::Bank).await?;
        }
        let Some(erased) = customer::erase(&mut tx, id, self.now()).await? else { return Ok(None) };
        let subject = Subject { customer: Some(id), ..Subject::default() };
        self.record(&mut tx, call, Event::CustomerErased, subject, None).await?;
        tx.commit().await?;
        // What was overwritten is still in the log of an embedded database.
        if !self.db().fold_log().await? {
            tracing::warn!(
                "the log of the database is in use, and keeps the customer's sealed values for a little longer"
            );
        }
        Ok(Some((id, erased)))
    }
}

/// Consents that are ended one by one, so that their apps are told; grants of all others end as well.
const CONSENTS_MAX: i64 = 10_000;
