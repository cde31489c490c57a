//! Accounts and what happens on them.

mod beneficiary;
mod direct_debit;
mod identification;
mod kind;
mod offer;
mod product;
mod scheduled_payment;
mod standing_order;
mod statement;
mod transaction;
mod word;

pub use beneficiary::{Beneficiary, Trust};
pub use direct_debit::{DirectDebit, MandateStatus, PreviousPayment};
pub use identification::{BadIdentification, Identification, Scheme, UnknownScheme};
pub use kind::{AccountKind, AccountStatus, Category};
pub use offer::{Offer, OfferKind};
pub use product::{Product, ProductKind};
pub use scheduled_payment::{ScheduledFor, ScheduledPayment};
pub use standing_order::{BadFrequency, Frequency, StandingOrder};
pub use statement::{Figures, Statement, StatementKind};
pub use transaction::{BankCode, BookingStatus, Counterparty, Cursor, Transaction};
pub use word::UnknownWord;

use crate::currency::Currency;
use crate::id::AccountId;
use crate::money::Money;
use crate::text::Text;
use crate::time::{Date, Instant};

/// An account of the bank.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Lombard's identifier; opaque, the same in every consent, never the account's number.
    pub id: AccountId,
    /// The core-banking system's identifier.
    pub source: Text<64>,
    /// The currency in which it is kept.
    pub currency: Currency,
    /// Whose kind of account.
    pub category: Category,
    /// What kind of account.
    pub kind: AccountKind,
    /// Whether it can be used.
    pub status: AccountStatus,
    /// The name that its owner knows it by.
    pub nickname: Option<Text<70>>,
    /// The number that others pay to.
    pub identification: Identification,
    /// Since when.
    pub opened_on: Date,
    /// How much may be overdrawn or borrowed, agreed beforehand.
    pub credit_line: Option<Money>,
    /// Since when it is at another bank, if it went there.
    pub switched_at: Option<Instant>,
}

/// How much is in an account at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Which account.
    pub account: AccountId,
    /// What is booked.
    pub booked: Money,
    /// What is booked, less what is pending and will be taken.
    pub available: Money,
    /// What may be overdrawn beyond that.
    pub credit_line: Option<Money>,
    /// The moment.
    pub at: Instant,
}
