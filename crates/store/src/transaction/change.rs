//! How an account's transactions have changed between two of its numbers.
//!
//! What was there at a number is told from the rows as they are and from what they were before (`transaction_past`). So the
//! differences between two numbers are the same whenever they are read and in however many pieces; what happened after the second
//! number does not show.
//!
//! What a transaction was before is looked up by its identifier: adding 0 keeps PostgreSQL from the index by number, which would lead
//! through all that is past of the account.

use lombard_domain::id::{AccountId, TransactionId};
use lombard_domain::money::Direction;
use lombard_domain::permission::Window;
use lombard_domain::time::Instant;

use super::page::{amounts, moments};
use super::{StoredTransaction, decode};
use crate::db::{Keys, Tx};
use crate::driver::Row;
use crate::error::{Error, Result};

/// Which differences are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangesQuery {
    /// The number before.
    pub base: i64,
    /// The number after.
    pub head: i64,
    /// Differences that follow from changes after this number,
    pub after: i64,
    /// and up to this one.
    pub to: i64,
    /// Which way the money flows, or `None` for both. What does not flow so is never there.
    pub only: Option<Direction>,
    /// Booked when. What lies outside is not there.
    pub window: Window,
    /// How many at most.
    pub limit: i64,
}

/// A difference, and the number of the change from which it follows.
pub struct Change {
    /// The number.
    pub number: i64,
    /// What differs.
    pub difference: Difference,
}

/// What differs between two numbers. Running balances are left out: they follow from other transactions.
pub enum Difference {
    /// This was not there before.
    Added(Box<StoredTransaction>),
    /// This was there and has changed.
    Changed(Box<StoredTransaction>),
    /// This is not there any more.
    Removed(TransactionId),
}

impl Difference {
    /// Whether it tells of something that was booked before a moment.
    #[must_use]
    pub fn is_before(&self, moment: Instant) -> bool {
        match self {
            Self::Added(stored) | Self::Changed(stored) => stored.transaction.booked_at < moment,
            Self::Removed(_) => false,
        }
    }
}

/// The number of the newest change of an account; 0 if there was none, `None` if the account is not in use.
///
/// # Errors
/// When the database fails.
pub async fn newest_change(tx: &mut Tx, account: AccountId) -> Result<Option<i64>> {
    tx.one(
        "-- transaction::newest_change
        SELECT next_change - 1 FROM account WHERE id = $1 AND status = 'Enabled'",
        &[&account.to_string()],
        |row| row.get(0),
    )
    .await
}

/// How the transactions of an account have changed, in order of the changes' numbers.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn changes(tx: &mut Tx, account: AccountId, query: &ChangesQuery) -> Result<Vec<Change>> {
    let keys = tx.keys()?;
    let account = account.to_string();
    let (from, to) = moments(query.window);
    let (least, most) = amounts(query.only);
    let shown = |at: i64, minor: i64| (from..=to).contains(&at) && (least..=most).contains(&minor);
    let mut changes = tx
        .all(
            CHANGES,
            &[&query.base, &from, &to, &least, &most, &account, &query.after, &query.to, &query.limit, &query.head],
            |row| difference(&keys, row, shown),
        )
        .await?;
    changes.sort_unstable_by_key(|change| change.number);
    changes.truncate(usize::try_from(query.limit).unwrap_or(usize::MAX));
    Ok(changes)
}

/// What a row tells; `shown` says whether something at a moment and of an amount may be seen.
fn difference(keys: &Keys, row: &Row<'_>, shown: impl Fn(i64, i64) -> bool) -> Result<Change> {
    let known: Option<String> = row.get(14)?;
    let removed: i64 = row.get(15)?;
    let difference = if removed == 0 && shown(row.get(4)?, row.get(6)?) {
        let make = if known.is_some() { Difference::Changed } else { Difference::Added };
        make(Box::new(decode(keys, row)?))
    } else {
        let id: String = row.get(0)?;
        Difference::Removed(id.parse().map_err(|_| Error::Corrupt("transaction_past.id"))?)
    };
    Ok(Change { number: row.get(13)?, difference })
}

/// What is as it is now, what was so at the end of the walk and has changed since, and what vanished; each with what was known of it at
/// the beginning.
const CHANGES: &str = "-- transaction::changes
    SELECT e.id, e.source, e.sequence, e.status, e.booked_at, e.value_at, e.amount_minor, e.family, e.sub_family,
        CAST(NULL AS BIGINT), e.sealed, e.account_id, a.currency, e.number, e.known, e.removed
    FROM (
        SELECT * FROM (
            SELECT t.id, t.source, t.sequence, t.status, t.booked_at, t.value_at, t.amount_minor, t.family, t.sub_family,
                t.sealed, t.account_id, t.last_change AS number, b.id AS known, CAST(0 AS BIGINT) AS removed
            FROM account_transaction t
            LEFT JOIN transaction_past b ON b.account_id = t.account_id AND b.id = t.id
                AND b.since_change + 0 <= $1 AND b.until_change > $1
                AND b.booked_at BETWEEN $2 AND $3 AND b.amount_minor BETWEEN $4 AND $5
            WHERE t.account_id = $6 AND t.last_change > $7 AND t.last_change <= $8
                AND (b.content <> t.content
                    OR b.id IS NULL AND t.booked_at BETWEEN $2 AND $3 AND t.amount_minor BETWEEN $4 AND $5)
            ORDER BY t.last_change LIMIT $9
        ) as_it_is
        UNION ALL
        SELECT * FROM (
            SELECT t.id, t.source, t.sequence, t.status, t.booked_at, t.value_at, t.amount_minor, t.family, t.sub_family,
                t.sealed, t.account_id, t.since_change AS number, b.id AS known, CAST(0 AS BIGINT) AS removed
            FROM transaction_past t
            LEFT JOIN transaction_past b ON b.account_id = t.account_id AND b.id = t.id
                AND b.since_change + 0 <= $1 AND b.until_change > $1
                AND b.booked_at BETWEEN $2 AND $3 AND b.amount_minor BETWEEN $4 AND $5
            WHERE t.account_id = $6 AND t.since_change > $7 AND t.since_change <= $8 AND t.until_change > $10
                AND (b.content <> t.content
                    OR b.id IS NULL AND t.booked_at BETWEEN $2 AND $3 AND t.amount_minor BETWEEN $4 AND $5)
            ORDER BY t.since_change LIMIT $9
        ) as_it_was
        UNION ALL
        SELECT * FROM (
            SELECT t.id, t.source, t.sequence, t.status, t.booked_at, t.value_at, t.amount_minor, t.family, t.sub_family,
                t.sealed, t.account_id, t.until_change AS number, b.id AS known, t.removed
            FROM transaction_past t
            JOIN transaction_past b ON b.account_id = t.account_id AND b.id = t.id
                AND b.since_change + 0 <= $1 AND b.until_change > $1
                AND b.booked_at BETWEEN $2 AND $3 AND b.amount_minor BETWEEN $4 AND $5
            WHERE t.account_id = $6 AND t.until_change > $7 AND t.until_change <= $8 AND t.removed = 1
                AND NOT EXISTS (
                    SELECT 1 FROM account_transaction x
                    WHERE x.id = t.id AND x.account_id = t.account_id AND x.added_change <= $10)
                AND NOT EXISTS (
                    SELECT 1 FROM transaction_past x
                    WHERE x.account_id = t.account_id AND x.id = t.id AND x.until_change > t.until_change
                        AND x.since_change + 0 <= $10)
            ORDER BY t.until_change LIMIT $9
        ) gone
    ) e JOIN account a ON a.id = e.account_id";
