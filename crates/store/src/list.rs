//! Pages of lists that are in order of account and identifier: beneficiaries, standing orders and their like.
//!
//! A list is read for one account or for all accounts of a consent, by one statement for each way. From its outer loop, over the
//! accounts of the consent, it walks along the index by account and identifier, from a place and for so many rows.

use lombard_domain::id::{AccountId, ConsentId, CustomerId};

/// Whose list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The consent under which it is read.
    pub consent: ConsentId,
    /// The customer who gave it; accounts that they do not hold any more are left out.
    pub customer: CustomerId,
    /// The one account that is meant; `None` for all of the consent.
    pub account: Option<AccountId>,
}

/// A page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListQuery {
    /// Whose list.
    pub wanted: Wanted,
    /// The place from which to go on; without it, from the end that lies behind.
    pub after: Option<Cursor>,
    /// Which way to go from there.
    pub towards: Towards,
    /// How many at most.
    pub limit: i64,
}

/// A place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// The account.
    pub account: AccountId,
    /// The bits of the entry's identifier.
    pub item: u128,
}

/// A way along a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Towards {
    /// To what comes later: of transactions, to what was booked later.
    Newer,
    /// To what comes earlier.
    Older,
}
