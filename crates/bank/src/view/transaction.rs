//! A transaction, as a caller sees it.

use lombard_domain::account::{BankCode, BookingStatus, Counterparty};
use lombard_domain::id::{AccountId, TransactionId};
use lombard_domain::money::{Direction, Money};
use lombard_domain::permission::{Cards, Seen};
use lombard_domain::text::Text;
use lombard_domain::time::Instant;
use lombard_store::transaction::StoredTransaction;

use super::{AccountNumber, detail};
use crate::page::PageKey;

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
    /// The booked balance after it; `None` while it is pending, or where only credits or only debits may be seen.
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
    /// Between which moments there is something, where that was looked up and there is.
    pub available: Option<Available>,
}

/// The moments between which the bank has transactions that a caller may see, whatever part of them was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Available {
    /// When the first was booked.
    pub first: Instant,
    /// When the last was booked, or is expected to be.
    pub last: Instant,
}

impl TransactionView {
    pub(crate) fn of(stored: StoredTransaction, seen: Seen, only: Option<Direction>) -> Self {
        let StoredTransaction { transaction, balance, .. } = stored;
        let counterparty = transaction.counterparty.as_ref().map(|other| CounterpartyView::of(other, seen.cards));
        Self {
            id: transaction.id,
            account: transaction.account,
            status: transaction.status,
            booked_at: transaction.booked_at,
            value_at: transaction.value_at,
            amount: transaction.amount,
            code: transaction.code,
            detail: detail(seen.level, || TransactionDetail {
                description: transaction.description,
                counterparty,
                // From two balances and what is shown between them follows what is not shown.
                balance: balance.filter(|_| only.is_none()),
            }),
        }
    }
}

impl CounterpartyView {
    fn of(counterparty: &Counterparty, cards: Cards) -> Self {
        let number = counterparty.account.as_ref().map(|account| AccountNumber::of(account, cards));
        Self { name: counterparty.name.clone(), number }
    }
}
