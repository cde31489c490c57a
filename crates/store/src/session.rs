//! Signed-in browsers, and failed sign-ins in a row.

use lombard_domain::id::CustomerId;
use lombard_domain::time::Instant;

use crate::db::Tx;
use crate::error::{Error, Result};

/// A signed-in browser.
pub struct Session {
    /// Who.
    pub customer: CustomerId,
    /// Since when.
    pub signed_in_at: Instant,
    /// When it last asked for something.
    pub seen_at: Instant,
}

/// A run of failed sign-ins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// Since the last success or lock.
    pub failures: i64,
    /// Locks since the last success.
    pub locks: i64,
    /// Until when nobody may try, in microseconds since the epoch; 0 if never locked.
    pub locked_until: i64,
}

/// Stores a new session under the digest of its cookie.
///
/// # Errors
/// [`Error::Conflict`] if the digest is taken.
pub async fn insert(tx: &mut Tx, digest: &[u8], session: &Session) -> Result<()> {
    tx.exec(
        "-- session::insert
        INSERT INTO session (digest, customer_id, signed_in_at, seen_at) VALUES ($1, $2, $3, $4)",
        &[&digest, &session.customer.to_string(), &session.signed_in_at.micros(), &session.seen_at.micros()],
    )
    .await?;
    Ok(())
}

/// The session with this digest.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn find(tx: &mut Tx, digest: &[u8]) -> Result<Option<Session>> {
    tx.one(
        "-- session::find
        SELECT customer_id, signed_in_at, seen_at FROM session WHERE digest = $1 AND ended_at IS NULL",
        &[&digest],
        |row| {
            let customer: String = row.get(0)?;
            Ok(Session {
                customer: customer.parse().map_err(|_| Error::Corrupt("session.customer_id"))?,
                signed_in_at: Instant::from_micros(row.get(1)?),
                seen_at: Instant::from_micros(row.get(2)?),
            })
        },
    )
    .await
}

/// Records that a session asked for something.
///
/// # Errors
/// When the database fails.
pub async fn touch(tx: &mut Tx, digest: &[u8], now: Instant) -> Result<()> {
    tx.exec(
        "-- session::touch
        UPDATE session SET seen_at = $1 WHERE digest = $2 AND seen_at < $1",
        &[&now.micros(), &digest],
    )
    .await?;
    Ok(())
}

/// Ends a session; whether there was one.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, digest: &[u8]) -> Result<bool> {
    let touched = tx
        .exec(
            "-- session::delete
            DELETE FROM session WHERE digest = $1",
            &[&digest],
        )
        .await?;
    Ok(touched == 1)
}

/// Ends all sessions of a customer for their safety; how many. Their rows stay, so that the customer can be told.
///
/// # Errors
/// When the database fails.
pub async fn end_all_of(tx: &mut Tx, customer: CustomerId, now: Instant) -> Result<u64> {
    tx.exec(
        "-- session::end_all_of
        UPDATE session SET ended_at = $1 WHERE customer_id = $2 AND ended_at IS NULL",
        &[&now.micros(), &customer.to_string()],
    )
    .await
}

/// Whether the session with this digest was ended for its customer's safety.
///
/// # Errors
/// When the database fails.
pub async fn was_ended(tx: &mut Tx, digest: &[u8]) -> Result<bool> {
    let ended: Option<i64> = tx
        .one(
            "-- session::was_ended
            SELECT ended_at FROM session WHERE digest = $1 AND ended_at IS NOT NULL",
            &[&digest],
            |row| row.get(0),
        )
        .await?;
    Ok(ended.is_some())
}

/// Ends all sessions; how many.
///
/// # Errors
/// When the database fails.
pub async fn delete_all(tx: &mut Tx) -> Result<u64> {
    tx.exec(
        "-- session::delete_all
        DELETE FROM session",
        &[],
    )
    .await
}

/// Forgets up to `limit` sessions that asked for nothing since then; how many.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, before: Instant, limit: i64) -> Result<u64> {
    tx.exec(
        "-- session::forget
        DELETE FROM session WHERE digest IN (SELECT digest FROM session WHERE seen_at <= $1 ORDER BY seen_at LIMIT $2)",
        &[&before.micros(), &limit],
    )
    .await
}

/// The run of failures of a subject, locked against others until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn failures(tx: &mut Tx, subject: &[u8]) -> Result<Failures> {
    // The update takes the row's lock on PostgreSQL; on SQLite the transaction holds the only writer anyway.
    let found = tx
        .one(
            "-- session::failures
            INSERT INTO sign_in_throttle (subject, failures, locks, locked_until) VALUES ($1, 0, 0, 0)
            ON CONFLICT (subject) DO UPDATE SET failures = sign_in_throttle.failures
            RETURNING failures, locks, locked_until",
            &[&subject],
            |row| Ok(Failures { failures: row.get(0)?, locks: row.get(1)?, locked_until: row.get(2)? }),
        )
        .await?;
    found.ok_or(Error::Corrupt("sign_in_throttle"))
}

/// Records a run of failures, and that it was counted now.
///
/// # Errors
/// When the database fails.
pub async fn set_failures(tx: &mut Tx, subject: &[u8], run: Failures, now: Instant) -> Result<()> {
    tx.exec(
        "-- session::set_failures
        UPDATE sign_in_throttle SET failures = $1, locks = $2, locked_until = $3, counted_at = $4 WHERE subject = $5",
        &[&run.failures, &run.locks, &run.locked_until, &now.micros(), &subject],
    )
    .await?;
    Ok(())
}

/// Forgets up to `limit` runs of failures to which nothing was added since then; how many. No lock may last longer than that.
///
/// # Errors
/// When the database fails.
pub async fn forget_failures(tx: &mut Tx, before: Instant, limit: i64) -> Result<u64> {
    tx.exec(
        "-- session::forget_failures
        DELETE FROM sign_in_throttle
        WHERE subject IN (SELECT subject FROM sign_in_throttle WHERE counted_at <= $1 ORDER BY counted_at LIMIT $2)",
        &[&before.micros(), &limit],
    )
    .await
}
