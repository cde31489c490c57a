//! An account, as a caller sees it.

use lombard_domain::account::{Account, AccountKind, AccountStatus, Category};
use lombard_domain::currency::Currency;
use lombard_domain::id::AccountId;
use lombard_domain::permission::Seen;
use lombard_domain::text::Text;
use lombard_domain::time::{Date, Instant};

use super::{AccountNumber, detail};

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
    /// Since when it is at another bank, if it went there.
    pub switched_at: Option<Instant>,
    /// Detail: the number that others pay to.
    pub number: Option<AccountNumber>,
}

impl AccountView {
    pub(crate) fn of(account: Account, seen: Seen) -> Self {
        Self {
            id: account.id,
            status: account.status,
            currency: account.currency,
            category: account.category,
            kind: account.kind,
            nickname: account.nickname,
            opened_on: account.opened_on,
            switched_at: account.switched_at,
            number: detail(seen.level, || AccountNumber::of(&account.identification, seen.cards)),
        }
    }
}
