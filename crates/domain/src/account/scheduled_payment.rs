//! A payment that is to be made on a later day.

use super::identification::Identification;
use super::word::words;
use crate::id::{AccountId, ScheduledPaymentId};
use crate::money::Money;
use crate::text::Text;
use crate::time::Date;

/// A payment that is to be made once, on a later day.
#[derive(Clone, PartialEq, Eq)]
pub struct ScheduledPayment {
    /// Lombard's identifier.
    pub id: ScheduledPaymentId,
    /// The account that pays.
    pub account: AccountId,
    /// The core-banking system's identifier.
    pub source: Text<64>,
    /// The day.
    pub on: Date,
    /// What is to happen on that day.
    pub what: ScheduledFor,
    /// How much.
    pub amount: Money,
    /// What the payment says.
    pub reference: Option<Text<35>>,
    /// The name of who is paid.
    pub name: Option<Text<140>>,
    /// Who is paid.
    pub creditor: Identification,
}

words! {
    /// What is to happen on the day of a scheduled payment.
    ScheduledFor {
        /// The money arrives.
        Arrival = "Arrival",
        /// The payment is made.
        Execution = "Execution",
    }
}
