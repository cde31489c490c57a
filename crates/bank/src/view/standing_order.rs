//! A standing order, as a caller sees it.

use lombard_domain::account::{Frequency, StandingOrder};
use lombard_domain::id::{AccountId, StandingOrderId};
use lombard_domain::money::Money;
use lombard_domain::permission::Seen;
use lombard_domain::text::Text;

use super::{AccountNumber, detail};

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

impl StandingOrderView {
    pub(crate) fn of(order: StandingOrder, seen: Seen) -> Self {
        Self {
            id: order.id,
            account: order.account,
            amount: order.amount,
            frequency: order.frequency,
            purpose: order.purpose,
            creditor: detail(seen.level, || AccountNumber::of(&order.creditor, seen.cards)),
        }
    }
}
