//! What customers are told because it was done in their name.
//!
//! A receipt is written in the transaction of what it tells of: what was done was also told, or neither. Sending is another matter: it
//! happens later, holds up nobody, and is tried for a day.

mod postman;

use lombard_domain::id::{CustomerId, ReceiptId};
use lombard_domain::receipt::{Receipt, What};
use lombard_domain::time::Span;
use lombard_store::Tx;
use lombard_store::receipt::{self, End};

pub use lombard_store::receipt::Waiting;
pub use postman::Postman;

use crate::Auth;
use crate::error::Result;

impl Auth {
    /// Tells a customer something, within the transaction of what happened.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn give_receipt(&self, tx: &mut Tx, customer: CustomerId, what: What) -> Result<()> {
        if self.parts.post.is_none() {
            return Ok(());
        }
        let (now, most) = (self.now(), self.policy().receipts_per_hour);
        let number = receipt::count(tx, customer, now, now.minus(HOUR)).await?;
        let Some(number) = number.filter(|number| *number <= most) else {
            counted(HELD_BACK);
            return Ok(());
        };
        let id = ReceiptId::ordered(self.random(), now);
        let is_last = number == most;
        Ok(receipt::add(tx, &Receipt { id, customer, at: now, what, is_last }).await?)
    }

    /// What waits to be sent.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waiting_receipts(&self) -> Result<Waiting> {
        Ok(receipt::waiting(&mut self.db().read().await?).await?)
    }

    /// Whether customers are told anything.
    #[must_use]
    pub fn tells_customers(&self) -> bool {
        self.parts.post.is_some()
    }
}

/// Makes every outcome known to the metrics, so that its first time is seen as a change.
pub fn begin_to_count() {
    for outcome in [AGAIN, HELD_BACK, End::Failed.code(), End::Sent.code(), End::Unaddressed.code()] {
        metrics::counter!(METRIC, "outcome" => outcome).increment(0);
    }
}

fn counted(outcome: &'static str) {
    metrics::counter!(METRIC, "outcome" => outcome).increment(1);
}

/// What became of receipts.
const METRIC: &str = "lombard_receipts_total";
/// It did not work, and is tried again.
const AGAIN: &str = "again";
/// There were too many for this customer.
const HELD_BACK: &str = "held-back";
/// For how long receipts of a customer are counted together.
const HOUR: Span = Span::hours(1);
