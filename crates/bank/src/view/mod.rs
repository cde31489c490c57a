//! What a caller gets to see: built from data and from how much of it the consent allows.
//!
//! What points to people and accounts is in optional parts that only [`Level::Detail`] fills, so that a basic view cannot hold it. A
//! card's number is shown whole only where the consent says so.

mod account;
mod beneficiary;
mod direct_debit;
mod offer;
mod party;
mod scheduled_payment;
mod standing_order;
mod statement;
mod sync;
mod transaction;

use lombard_domain::account::{Identification, Scheme};
use lombard_domain::permission::{Cards, Level};
use lombard_domain::text::Text;

pub use account::AccountView;
pub use beneficiary::BeneficiaryView;
pub use direct_debit::DirectDebitView;
pub use offer::OfferView;
pub use party::{PartyRole, PartyView};
pub use scheduled_payment::ScheduledPaymentView;
pub use standing_order::StandingOrderView;
pub use statement::{StatementFile, StatementView};
pub use sync::SyncPage;
pub use transaction::{Available, CounterpartyView, TransactionDetail, TransactionPage, TransactionView};

use crate::page::ListKey;

/// A page of a list, whose places are given by keys of kind `K`.
pub struct Page<T, K = ListKey> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the page before it begins, if there is one.
    pub prev: Option<K>,
    /// Where the page after it begins, if there is one.
    pub next: Option<K>,
}

/// The number of an account; of a card, perhaps only the end of it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountNumber {
    /// The scheme.
    pub scheme: Scheme,
    /// The number.
    pub number: String,
}

/// Somebody to be paid.
#[derive(Clone, PartialEq, Eq)]
pub struct CreditorView {
    /// Their name, if known.
    pub name: Option<Text<140>>,
    /// Their account.
    pub number: AccountNumber,
}

impl AccountNumber {
    pub(crate) fn of(identification: &Identification, cards: Cards) -> Self {
        let scheme = identification.scheme();
        let number = match (scheme, cards) {
            (Scheme::Pan, Cards::Masked) => identification.masked(),
            (Scheme::Pan, Cards::Clear) | (Scheme::Bban | Scheme::Iban | Scheme::SortCodeAccountNumber, _) => {
                identification.number().to_owned()
            }
        };
        Self { scheme, number }
    }
}

fn detail<T>(level: Level, make: impl FnOnce() -> T) -> Option<T> {
    match level {
        Level::Basic => None,
        Level::Detail => Some(make()),
    }
}
