//! Accounts that are closed or go to another bank: from then on they are in no consent, and the apps that read them are told.

use lombard_domain::audit::{Event, Subject};
use lombard_domain::consent::Kind;
use lombard_domain::notification::{Reason, Topic};
use lombard_domain::text::Text;
use lombard_store::account;
pub use lombard_store::account::Closed;
use lombard_store::notification::{self, AccountNews};

use super::transaction;
use crate::error::Result;
use crate::{Auth, Call};

impl Auth {
    /// Closes the account with this identifier of the core-banking system; `None` if there is none. It drops out of all consents, and
    /// the apps that lodged them are told, if they asked to be.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close_account(&self, call: Call<'_>, source: &Text<64>, why: Reason) -> Result<Option<Closed>> {
        let mut tx = self.db().begin("close account").await?;
        let at = self.now();
        let found = account::close(&mut tx, source, why, at).await?;
        let Some(Closed::Now(closed)) = found else { return Ok(found) };
        let word = match why {
            Reason::AccountClosure => "closed",
            Reason::Switched => "switched",
        };
        let subject = Subject { account: Some(closed), ..Subject::default() };
        self.record(&mut tx, call, Event::AccountChanged, subject, Some(word)).await?;
        // The standard has the first word for consents to read accounts alone. A consent to confirm funds stays as it is, but what it
        // gives access to is gone, which is what the second word says.
        let transaction = transaction(call, self.notification_id())?;
        for (kind, topic, reason) in [
            (Kind::AccountAccess, Topic::LinkedAccountUpdate, Some(why)),
            (Kind::FundsConfirmation, Topic::ConsentAccessRevoked, None),
        ] {
            let id = self.notification_id();
            let news = AccountNews { id, account: closed, kind, topic, reason, at, transaction: transaction.clone() };
            notification::add_for_account(&mut tx, &news).await?;
        }
        tx.commit().await?;
        Ok(found)
    }
}
