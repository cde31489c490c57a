//! An offer of the bank to the holder of an account.

use super::word::words;
use crate::id::{AccountId, OfferId};
use crate::money::Money;
use crate::text::Text;
use crate::time::Date;

/// What the bank offers to the holder of an account.
#[derive(Clone, PartialEq, Eq)]
pub struct Offer {
    /// Lombard's identifier.
    pub id: OfferId,
    /// The account.
    pub account: AccountId,
    /// The core-banking system's identifier.
    pub source: Text<64>,
    /// What sort of offer.
    pub kind: OfferKind,
    /// What is offered.
    pub description: Text<500>,
    /// The first day on which it can be taken.
    pub from: Option<Date>,
    /// The last day on which it can be taken.
    pub to: Option<Date>,
    /// How much is offered.
    pub amount: Option<Money>,
}

words! {
    /// What sort of offer.
    OfferKind {
        /// To move a debt here.
        BalanceTransfer = "BalanceTransfer",
        /// To borrow more.
        LimitIncrease = "LimitIncrease",
        /// To have borrowed money paid out.
        MoneyTransfer = "MoneyTransfer",
        /// Anything else.
        Other = "Other",
        /// A better rate for a while.
        PromotionalRate = "PromotionalRate",
    }
}
