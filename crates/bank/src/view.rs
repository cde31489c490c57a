//! What a caller gets to see: built from data and the level of detail that the consent allows.
//!
//! What points to people and accounts is in one optional part that only [`Level::Detail`] fills, so that a basic view cannot hold
//! it. A card's number is never shown whole.

use lombard_domain::account::{
    Account, AccountKind, AccountStatus, BankCode, BookingStatus, Category, Counterparty, Frequency, Identification,
    Scheme, StandingOrder,
};
use lombard_domain::currency::Currency;
use lombard_domain::id::{AccountId, StandingOrderId, TransactionId};
use lombard_domain::money::Money;
use lombard_domain::permission::Level;
use lombard_domain::text::Text;
use lombard_domain::time::{Date, Instant};
use lombard_store::transaction::StoredTransaction;

use crate::page::PageKey;

/// An account.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountView {
    /// Its identifier.
    pub id: AccountId,
    /// Whether it can be used.
    pub status: AccountStatus,
    /// The currency in which it is kept.
    pub currency: Currency,
    /// Whose kind of account.
    pub category: Category,
    /// What kind of account.
    pub kind: AccountKind,
    /// The name that its owner knows it by.
    pub nickname: Option<Text<70>>,
    /// Since when.
    pub opened_on: Date,
    /// Detail: the number that others pay to.
    pub number: Option<AccountNumber>,
}

/// The number of an account; of a card, only the end of it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountNumber {
    /// The scheme.
    pub scheme: Scheme,
    /// The number.
    pub number: String,
}

/// A transaction.
#[derive(Clone, PartialEq, Eq)]
pub struct TransactionView {
    /// Its identifier.
    pub id: TransactionId,
    /// The account.
    pub account: AccountId,
    /// Whether it is final.
    pub status: BookingStatus,
    /// When it was booked, or is expected to be.
    pub booked_at: Instant,
    /// When it counts for interest.
    pub value_at: Option<Instant>,
    /// How much; negative flows out.
    pub amount: Money,
    /// What sort of transaction.
    pub code: Option<BankCode>,
    /// Detail: what it was for, and who was on the other side.
    pub detail: Option<TransactionDetail>,
}

/// What a detailed view of a transaction holds beyond the basic one.
#[derive(Clone, PartialEq, Eq)]
pub struct TransactionDetail {
    /// What the statement says.
    pub description: Option<Text<500>>,
    /// Who was on the other side.
    pub counterparty: Option<CounterpartyView>,
    /// The booked balance after it; `None` while it is pending.
    pub balance: Option<Money>,
}

/// Who was on the other side of a transaction.
#[derive(Clone, PartialEq, Eq)]
pub struct CounterpartyView {
    /// Their name, if known.
    pub name: Option<Text<140>>,
    /// The number of their account, if known.
    pub number: Option<AccountNumber>,
}

/// A page of transactions, the newest first.
pub struct TransactionPage {
    /// The transactions.
    pub items: Vec<TransactionView>,
    /// Where the page of newer ones begins, if there was one when this page was made.
    pub newer: Option<PageKey>,
    /// Where the page of older ones begins, if there is one.
    pub older: Option<PageKey>,
}

/// A standing order.
#[derive(Clone, PartialEq, Eq)]
pub struct StandingOrderView {
    /// Its identifier.
    pub id: StandingOrderId,
    /// The account that pays.
    pub account: AccountId,
    /// How much each time.
    pub amount: Money,
    /// How often.
    pub frequency: Frequency,
    /// What for.
    pub purpose: Option<Text<140>>,
    /// Detail: whom to pay.
    pub creditor: Option<AccountNumber>,
}

impl AccountView {
    pub(crate) fn of(account: Account, level: Level) -> Self {
        Self {
            id: account.id,
            status: account.status,
            currency: account.currency,
            category: account.category,
            kind: account.kind,
            nickname: account.nickname,
            opened_on: account.opened_on,
            number: detail(level, || AccountNumber::of(&account.identification)),
        }
    }
}

impl AccountNumber {
    fn of(identification: &Identification) -> Self {
        let scheme = identification.scheme();
        let number = match scheme {
            Scheme::Pan => identification.masked(),
            Scheme::Bban | Scheme::Iban | Scheme::SortCodeAccountNumber => identification.number().to_owned(),
        };
        Self { scheme, number }
    }
}

impl TransactionView {
    pub(crate) fn of(stored: StoredTransaction, level: Level) -> Self {
        let StoredTransaction { transaction, balance, .. } = stored;
        let counterparty = transaction.counterparty.as_ref().map(CounterpartyView::of);
        Self {
            id: transaction.id,
            account: transaction.account,
            status: transaction.status,
            booked_at: transaction.booked_at,
            value_at: transaction.value_at,
            amount: transaction.amount,
            code: transaction.code,
            detail: detail(level, || TransactionDetail { description: transaction.description, counterparty, balance }),
        }
    }
}

impl CounterpartyView {
    fn of(counterparty: &Counterparty) -> Self {
        Self { name: counterparty.name.clone(), number: counterparty.account.as_ref().map(AccountNumber::of) }
    }
}

impl StandingOrderView {
    pub(crate) fn of(order: StandingOrder, level: Level) -> Self {
        Self {
            id: order.id,
            account: order.account,
            amount: order.amount,
            frequency: order.frequency,
            purpose: order.purpose,
            creditor: detail(level, || AccountNumber::of(&order.creditor)),
        }
    }
}

fn detail<T>(level: Level, make: impl FnOnce() -> T) -> Option<T> {
    match level {
        Level::Basic => None,
        Level::Detail => Some(make()),
    }
}
