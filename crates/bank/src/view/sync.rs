//! How an account's transactions have changed, as a caller sees it.

use lombard_domain::id::TransactionId;

use super::TransactionView;

/// What has changed on an account since a caller last asked, or a part of it.
pub struct SyncPage {
    /// What the caller has not seen yet, in the order in which it came. Without running balances: they follow from other rows.
    pub added: Vec<TransactionView>,
    /// What the caller has seen and has changed since.
    pub changed: Vec<TransactionView>,
    /// What the caller has seen and is not there any more, or not within what the consent gives.
    pub removed: Vec<TransactionId>,
    /// What to ask with the next time.
    pub next: String,
    /// Whether there is more already.
    pub more: bool,
    /// Whether that is the rest of what there was when this walk began: then it is the same whenever it is asked for.
    pub is_walking: bool,
}
