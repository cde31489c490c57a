//! What handlers of lists of transactions take from a call.

use lombard_bank::{PageKey, TransactionQuery};

use super::dated::{self, Dated};

/// Transactions, narrowed to those that were booked in a span of time.
pub(super) enum ByBooking {}

/// Which transactions a call asks for.
pub(super) type Asked = dated::Asked<ByBooking>;

impl Dated for ByBooking {
    type Key = PageKey;
    const LAST: PageKey = PageKey::LAST;
    const FROM: (&'static str, &'static str) = ("fromBookingDateTime", "Transactions that were booked then or later");
    const TO: (&'static str, &'static str) = ("toBookingDateTime", "Transactions that were booked then or earlier");
    const PAGE_MAX: usize = 44;
}

impl Asked {
    /// What the bank is asked for.
    pub(super) fn query(&self) -> TransactionQuery {
        TransactionQuery { page: self.page, window: self.window, ..TransactionQuery::default() }
    }
}
