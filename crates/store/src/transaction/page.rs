//! Pages of transactions, of one account or of all accounts of a consent.
//!
//! A page is a walk along the index by account, moment and number, from a place and for so many rows; it costs the same wherever it
//! starts and however long the history is. For all accounts of a consent the outer loop goes over those that its customer holds and
//! that are in use: `CROSS JOIN` keeps SQLite to that order of loops, in which the rows come as they are wanted. PostgreSQL cannot
//! see that they do and sorts what each account gives; so that this is never more than a page, two subqueries find the place in the
//! account at which the page would end. The empty text behind the account keeps it from beginning with the transactions.

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
    let (account, (least, most)) = (account.to_string(), amounts(query.only));
    let params: [Value<'_>; 8] = [&account, &low.0, &low.1, &high.0, &high.1, &least, &most, &query.limit];
    match query.towards {
        Towards::Older => older(tx, &params).await,
        Towards::Newer => newer(tx, &params).await,
    }
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
    let (consent, customer) = (consent.to_string(), customer.to_string());
    let (least, most) = amounts(query.only);
    let Bounds { low, high } = Bounds::of(query.window);
    let edge = query.after.and_then(|after| Bounds::within(after.account, query));
    let account = query.after.map(|after| after.account.to_string());
    match query.towards {
        Towards::Older => {
            // A place outside the window leads to the accounts that come after its own.
            let edge = edge.map_or(low, |edge| edge.high);
            let account = account.as_deref().unwrap_or(HIGHEST);
            let params: [Value<'_>; 12] = [
                &consent,
                &account,
                &customer,
                &edge.0,
                &high.0,
                &edge.1,
                &high.1,
                &low.0,
                &low.1,
                &least,
                &most,
                &query.limit,
            ];
            older_of_all(tx, &params).await
        }
        Towards::Newer => {
            let edge = edge.map_or(high, |edge| edge.low);
            let account = account.as_deref().unwrap_or_default();
            let params: [Value<'_>; 12] = [
                &consent,
                &account,
                &customer,
                &edge.0,
                &low.0,
                &edge.1,
                &low.1,
                &high.0,
                &high.1,
                &least,
                &most,
                &query.limit,
            ];
            newer_of_all(tx, &params).await
        }
    }
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

async fn older(tx: &mut Tx, params: &[Value<'_>]) -> Result<Vec<StoredTransaction>> {
    let keys = tx.keys()?;
    tx.all(
        "-- transaction::older
        SELECT t.id, t.source, t.sequence, t.status, t.booked_at, t.value_at, t.amount_minor, t.family, t.sub_family,
            t.balance_minor, t.sealed, t.account_id, a.currency
        FROM account a CROSS JOIN account_transaction t
        WHERE a.id = $1 AND a.status = 'Enabled' AND t.account_id = $1
            AND (t.booked_at, t.sequence) > ($2, $3) AND (t.booked_at, t.sequence) < ($4, $5)
            AND t.amount_minor BETWEEN $6 AND $7
        ORDER BY t.booked_at DESC, t.sequence DESC LIMIT $8",
        params,
        |row| decode(&keys, row),
    )
    .await
}

async fn newer(tx: &mut Tx, params: &[Value<'_>]) -> Result<Vec<StoredTransaction>> {
    let keys = tx.keys()?;
    let mut rows = tx
        .all(
            "-- transaction::newer
            SELECT t.id, t.source, t.sequence, t.status, t.booked_at, t.value_at, t.amount_minor, t.family, t.sub_family,
                t.balance_minor, t.sealed, t.account_id, a.currency
            FROM account a CROSS JOIN account_transaction t
            WHERE a.id = $1 AND a.status = 'Enabled' AND t.account_id = $1
                AND (t.booked_at, t.sequence) > ($2, $3) AND (t.booked_at, t.sequence) < ($4, $5)
                AND t.amount_minor BETWEEN $6 AND $7
            ORDER BY t.booked_at, t.sequence LIMIT $8",
            params,
            |row| decode(&keys, row),
        )
        .await?;
    rows.reverse();
    Ok(rows)
}

async fn older_of_all(tx: &mut Tx, params: &[Value<'_>]) -> Result<Vec<StoredTransaction>> {
    let keys = tx.keys()?;
    tx.all(
        "-- transaction::older_of_all
        SELECT t.id, t.source, t.sequence, t.status, t.booked_at, t.value_at, t.amount_minor, t.family, t.sub_family,
            t.balance_minor, t.sealed, t.account_id, a.currency
        FROM consent_account c CROSS JOIN account_holder h CROSS JOIN account a CROSS JOIN account_transaction t
        WHERE c.consent_id = $1 AND c.account_id <= $2
            AND h.account_id = c.account_id AND h.customer_id = $3 AND a.id = c.account_id AND a.status = 'Enabled'
            AND t.account_id = c.account_id || ''
            AND (t.booked_at, t.sequence) < (
                CASE WHEN c.account_id = $2 THEN CAST($4 AS BIGINT) ELSE $5 END,
                CASE WHEN c.account_id = $2 THEN CAST($6 AS BIGINT) ELSE $7 END)
            AND (t.booked_at, t.sequence) > (
                COALESCE((
                    SELECT n.booked_at FROM account_transaction n
                    WHERE n.account_id = c.account_id AND (n.booked_at, n.sequence) > ($8, $9)
                        AND (n.booked_at, n.sequence) < (
                            CASE WHEN c.account_id = $2 THEN $4 ELSE $5 END, CASE WHEN c.account_id = $2 THEN $6 ELSE $7 END)
                        AND n.amount_minor BETWEEN $10 AND $11
                    ORDER BY n.booked_at DESC, n.sequence DESC LIMIT 1 OFFSET $12), $8),
                COALESCE((
                    SELECT n.sequence FROM account_transaction n
                    WHERE n.account_id = c.account_id AND (n.booked_at, n.sequence) > ($8, $9)
                        AND (n.booked_at, n.sequence) < (
                            CASE WHEN c.account_id = $2 THEN $4 ELSE $5 END, CASE WHEN c.account_id = $2 THEN $6 ELSE $7 END)
                        AND n.amount_minor BETWEEN $10 AND $11
                    ORDER BY n.booked_at DESC, n.sequence DESC LIMIT 1 OFFSET $12), $9))
            AND t.amount_minor BETWEEN $10 AND $11
        ORDER BY c.account_id DESC, t.booked_at DESC, t.sequence DESC LIMIT $12",
        params,
        |row| decode(&keys, row),
    )
    .await
}

async fn newer_of_all(tx: &mut Tx, params: &[Value<'_>]) -> Result<Vec<StoredTransaction>> {
    let keys = tx.keys()?;
    let mut rows = tx
        .all(
            "-- transaction::newer_of_all
            SELECT t.id, t.source, t.sequence, t.status, t.booked_at, t.value_at, t.amount_minor, t.family, t.sub_family,
                t.balance_minor, t.sealed, t.account_id, a.currency
            FROM consent_account c CROSS JOIN account_holder h CROSS JOIN account a CROSS JOIN account_transaction t
            WHERE c.consent_id = $1 AND c.account_id >= $2
                AND h.account_id = c.account_id AND h.customer_id = $3 AND a.id = c.account_id AND a.status = 'Enabled'
                AND t.account_id = c.account_id || ''
                AND (t.booked_at, t.sequence) > (
                    CASE WHEN c.account_id = $2 THEN CAST($4 AS BIGINT) ELSE $5 END,
                    CASE WHEN c.account_id = $2 THEN CAST($6 AS BIGINT) ELSE $7 END)
                AND (t.booked_at, t.sequence) < (
                    COALESCE((
                        SELECT n.booked_at FROM account_transaction n
                        WHERE n.account_id = c.account_id AND (n.booked_at, n.sequence) < ($8, $9)
                            AND (n.booked_at, n.sequence) > (
                                CASE WHEN c.account_id = $2 THEN $4 ELSE $5 END,
                                CASE WHEN c.account_id = $2 THEN $6 ELSE $7 END)
                            AND n.amount_minor BETWEEN $10 AND $11
                        ORDER BY n.booked_at, n.sequence LIMIT 1 OFFSET $12), $8),
                    COALESCE((
                        SELECT n.sequence FROM account_transaction n
                        WHERE n.account_id = c.account_id AND (n.booked_at, n.sequence) < ($8, $9)
                            AND (n.booked_at, n.sequence) > (
                                CASE WHEN c.account_id = $2 THEN $4 ELSE $5 END,
                                CASE WHEN c.account_id = $2 THEN $6 ELSE $7 END)
                            AND n.amount_minor BETWEEN $10 AND $11
                        ORDER BY n.booked_at, n.sequence LIMIT 1 OFFSET $12), $9))
                AND t.amount_minor BETWEEN $10 AND $11
            ORDER BY c.account_id, t.booked_at, t.sequence LIMIT $12",
            params,
            |row| decode(&keys, row),
        )
        .await?;
    rows.reverse();
    Ok(rows)
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
