//! Pages of lists that are in order of account and identifier: beneficiaries, standing orders and their like.
//!
//! A list is read for one account or for all accounts of a consent, by one statement for each way. From its outer loop, over the
//! accounts of the consent that its customer holds and that are in use, it walks along the index by account and identifier, from a
//! place and for so many rows.
//!
//! `CROSS JOIN` keeps SQLite to that order of loops, in which the rows come as they are wanted. PostgreSQL cannot see that they do
//! and sorts what each account gives; so that this is never more than a page, a subquery finds where the page would end in the
//! account. Its limit is a subquery too: a planner that knows the number may rather read and sort the whole account.

use lombard_domain::id::{AccountId, ConsentId, CustomerId, Id, Kind};

use crate::driver::Value;

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

/// What the statements of a page take, whatever the list holds.
///
/// Identifiers are compared as text: they have one length and one alphabet, whose order is that of their bits.
pub(crate) struct Bounds {
    consent: String,
    customer: String,
    low: String,
    high: String,
    edge: String,
    limit: i64,
}

impl Bounds {
    /// The bounds of a page of a list whose entries have identifiers of kind `K`.
    pub(crate) fn of<K: Kind>(query: &ListQuery) -> Self {
        let Wanted { consent, customer, account } = query.wanted;
        let (mut low, mut high) = (account, account);
        // The account in which the place lies, and the place in it; in the accounts beyond it everything counts.
        let edge = query.after.map(|after| {
            match query.towards {
                Towards::Newer => low = Some(low.map_or(after.account, |low| low.max(after.account))),
                Towards::Older => high = Some(high.map_or(after.account, |high| high.min(after.account))),
            }
            (after.account, Id::<K>::from_bits(after.item).to_string())
        });
        let (begin, open) = match query.towards {
            Towards::Newer => (low, LOWEST),
            Towards::Older => (high, HIGHEST),
        };
        let edge = edge.filter(|(account, _)| begin == Some(*account)).map(|(_, item)| item);
        Self {
            consent: consent.to_string(),
            customer: customer.to_string(),
            low: low.map_or_else(|| LOWEST.to_owned(), |low| low.to_string()),
            high: high.map_or_else(|| HIGHEST.to_owned(), |high| high.to_string()),
            edge: edge.unwrap_or_else(|| open.to_owned()),
            limit: query.limit,
        }
    }

    /// Consent, lowest account, highest account, customer, the place in the account where the page begins, and how many.
    pub(crate) fn params(&self) -> [Value<'_>; 6] {
        [&self.consent, &self.low, &self.high, &self.customer, &self.edge, &self.limit]
    }
}

/// Comes before every identifier.
const LOWEST: &str = "";
/// Comes after every identifier.
const HIGHEST: &str = "~";
