//! Pages of transactions, of one account or of all accounts of a consent.
//!
//! A page is a walk along the index by account, moment and number, from a place and for so many rows; it costs the same wherever it
//! starts and however long the history is. For all accounts of a consent the outer loop goes over those that its customer holds and
//! that are in use: `CROSS JOIN` keeps SQLite to that order of loops, in which the rows come as they are wanted. PostgreSQL cannot
//! see that they do and sorts what each account gives; so that this is never more than a page, two subqueries find the place in the
//! account at which the page would end. The empty text behind the account keeps it from beginning with the transactions.
//!
//! What flows one way only has an index of its own: among a million debits the next credit is found at once.

mod account;
mod consent;

use lombard_domain::account::Cursor;
use lombard_domain::id::{AccountId, ConsentId, CustomerId};
use lombard_domain::money::Direction;
use lombard_domain::permission::Window;
use lombard_domain::time::Instant;

use super::{StoredTransaction, decode};
use crate::db::Tx;
use crate::driver::Value;
use crate::error::Result;
use crate::list::{Towards, Wanted};

/// Which part of the transactions is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageQuery {
    /// The place from which to go on; without it, from the end that lies behind.
    pub after: Option<Cursor>,
    /// Which way to go from there.
    pub towards: Towards,
    /// Which way the money flows, or `None` for both.
    pub only: Option<Direction>,
    /// Booked when.
    pub window: Window,
    /// How many at most.
    pub limit: i64,
}

/// One page of an account's transactions, the newest first whichever way the page was reached; of an account that is not in use,
/// nothing.
///
/// # Errors
/// [`Error::Corrupt`](crate::Error::Corrupt) if a row cannot be read.
pub async fn page(tx: &mut Tx, account: AccountId, query: &PageQuery) -> Result<Vec<StoredTransaction>> {
    let Some(Bounds { low, high }) = Bounds::within(account, query) else { return Ok(Vec::new()) };
    let (account, way) = (account.to_string(), query.only.map(way));
    let mut params: Vec<Value<'_>> = vec![&account];
    params.extend(way.iter().map(|way| -> Value<'_> { way }));
    let places: [Value<'_>; 5] = [&low.0, &low.1, &high.0, &high.1, &query.limit];
    params.extend(places);
    let statement = match (query.towards, way) {
        (Towards::Older, None) => account::older(),
        (Towards::Newer, None) => account::newer(),
        (Towards::Older, Some(_)) => account::older_one_way(),
        (Towards::Newer, Some(_)) => account::newer_one_way(),
    };
    rows(tx, statement, &params, query.towards).await
}

/// One page of the transactions of all accounts of a consent that its customer holds and that are in use, in order of account and
/// then the newest first, whichever way the page was reached.
///
/// # Errors
/// [`Error::Corrupt`](crate::Error::Corrupt) if a row cannot be read.
pub async fn page_of_all(
    tx: &mut Tx,
    consent: ConsentId,
    customer: CustomerId,
    query: &PageQuery,
) -> Result<Vec<StoredTransaction>> {
    let (consent, customer, way) = (consent.to_string(), customer.to_string(), query.only.map(way));
    let bounds = Bounds::of(query.window);
    let edge = query.after.and_then(|after| Bounds::within(after.account, query));
    let begin = query.after.map(|after| after.account.to_string());
    // A place outside the window leads to the accounts that come after its own.
    let (begin, edge, near, far) = match query.towards {
        Towards::Older => {
            (begin.as_deref().unwrap_or(HIGHEST), edge.map_or(bounds.low, |edge| edge.high), bounds.high, bounds.low)
        }
        Towards::Newer => {
            (begin.as_deref().unwrap_or_default(), edge.map_or(bounds.high, |edge| edge.low), bounds.low, bounds.high)
        }
    };
    let mut params: Vec<Value<'_>> = vec![&consent, &begin, &customer];
    params.extend(way.iter().map(|way| -> Value<'_> { way }));
    let places: [Value<'_>; 7] = [&edge.0, &near.0, &edge.1, &near.1, &far.0, &far.1, &query.limit];
    params.extend(places);
    let statement = match (query.towards, way) {
        (Towards::Older, None) => consent::older_of_all(),
        (Towards::Newer, None) => consent::newer_of_all(),
        (Towards::Older, Some(_)) => consent::older_of_all_one_way(),
        (Towards::Newer, Some(_)) => consent::newer_of_all_one_way(),
    };
    rows(tx, statement, &params, query.towards).await
}

/// The rows of a page, the newest first whichever way they were reached.
async fn rows(
    tx: &mut Tx,
    statement: &'static str,
    params: &[Value<'_>],
    towards: Towards,
) -> Result<Vec<StoredTransaction>> {
    let keys = tx.keys()?;
    let mut rows = tx.all(statement, params, |row| decode(&keys, row)).await?;
    if towards == Towards::Newer {
        rows.reverse();
    }
    Ok(rows)
}

/// The first and the last moment at which something was booked within a window; `None` if nothing was.
///
/// # Errors
/// When the database fails.
pub async fn range(tx: &mut Tx, wanted: Wanted, window: Window) -> Result<Option<(Instant, Instant)>> {
    let Wanted { consent, customer, account } = wanted;
    let (consent, customer) = (consent.to_string(), customer.to_string());
    let account = account.map(|account| account.to_string());
    let (lowest, highest) = (account.as_deref().unwrap_or_default(), account.as_deref().unwrap_or(HIGHEST));
    let (from, to) = moments(window);
    let found: Option<(Option<i64>, Option<i64>)> = tx
        .one(
            "-- transaction::range
            SELECT MIN(r.earliest), MAX(r.latest) FROM (
                SELECT (
                    SELECT t.booked_at FROM account_transaction t
                    WHERE t.account_id = c.account_id AND t.booked_at >= $1 AND t.booked_at <= $2
                    ORDER BY t.booked_at, t.sequence LIMIT 1) AS earliest, (
                    SELECT t.booked_at FROM account_transaction t
                    WHERE t.account_id = c.account_id AND t.booked_at >= $1 AND t.booked_at <= $2
                    ORDER BY t.booked_at DESC, t.sequence DESC LIMIT 1) AS latest
                FROM consent_account c CROSS JOIN account_holder h CROSS JOIN account a
                WHERE c.consent_id = $3 AND c.account_id >= $4 AND c.account_id <= $5
                    AND h.account_id = c.account_id AND h.customer_id = $6 AND a.id = c.account_id AND a.status = 'Enabled'
            ) r",
            &[&from, &to, &consent, &lowest, &highest, &customer],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .await?;
    Ok(match found {
        Some((Some(first), Some(last))) => Some((Instant::from_micros(first), Instant::from_micros(last))),
        _ => None,
    })
}

/// A moment and a number.
type Place = (i64, i64);

/// The places on an account between which a page lies; neither belongs to it.
///
/// Both ends of the window belong to it. Numbers start at 1, so no row is at the places that are made here.
#[derive(Clone, Copy)]
struct Bounds {
    low: Place,
    high: Place,
}

impl Bounds {
    fn of(window: Window) -> Self {
        let (from, to) = moments(window);
        Self { low: (from, 0), high: (to, i64::MAX) }
    }

    /// What of an account lies on the wanted side of the place; `None` if nothing can.
    fn within(account: AccountId, query: &PageQuery) -> Option<Self> {
        let mut bounds = Self::of(query.window);
        let Some(after) = query.after else { return Some(bounds) };
        let place = (after.booked_at.micros(), after.sequence);
        // What is older comes later in the list, and so do accounts with lower identifiers.
        match (query.towards, account.cmp(&after.account)) {
            (Towards::Older, std::cmp::Ordering::Equal) => bounds.high = bounds.high.min(place),
            (Towards::Newer, std::cmp::Ordering::Equal) => bounds.low = bounds.low.max(place),
            (Towards::Older, std::cmp::Ordering::Greater) | (Towards::Newer, std::cmp::Ordering::Less) => return None,
            (Towards::Older, std::cmp::Ordering::Less) | (Towards::Newer, std::cmp::Ordering::Greater) => {}
        }
        (bounds.low < bounds.high).then_some(bounds)
    }
}

/// The first and the last moment of a window.
pub(super) fn moments(window: Window) -> (i64, i64) {
    (window.from.map_or(i64::MIN, Instant::micros), window.to.map_or(i64::MAX, Instant::micros))
}

/// `account_transaction.way` of what flows a way.
fn way(direction: Direction) -> i64 {
    match direction {
        Direction::Credit => 1,
        Direction::Debit => -1,
    }
}

/// The least and the greatest amount that flows a way; nothing is a credit.
pub(super) fn amounts(only: Option<Direction>) -> (i64, i64) {
    match only {
        None => (i64::MIN, i64::MAX),
        Some(Direction::Credit) => (0, i64::MAX),
        Some(Direction::Debit) => (i64::MIN, -1),
    }
}

/// Comes after every identifier.
const HIGHEST: &str = "~";
