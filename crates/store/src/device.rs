//! Browsers that customers have signed in with. Each customer has rows of their own, also in a browser that several use.

use lombard_domain::id::CustomerId;
use lombard_domain::time::Instant;

use crate::db::Tx;
use crate::error::Result;

/// Notes that a customer signed in with a browser that has one of these marks; whether any of them was known as theirs. Of more than
/// [`MARKS_MAX`] marks, the first.
///
/// # Errors
/// When the database fails.
pub async fn recognise(tx: &mut Tx, customer: CustomerId, marks: &[[u8; 32]], now: Instant) -> Result<bool> {
    let Some(last) = marks.last() else { return Ok(false) };
    let mark = |place: usize| marks.get(place).unwrap_or(last).as_slice();
    let touched = tx
        .exec(
            "-- device::recognise
            UPDATE device SET last_seen = $1 WHERE customer_id = $2 AND digest IN ($3, $4, $5, $6)",
            &[&now.micros(), &customer.to_string(), &mark(0), &mark(1), &mark(2), &mark(3)],
        )
        .await?;
    Ok(touched > 0)
}

/// Learns a browser of a customer.
///
/// # Errors
/// [`Error::Conflict`](crate::Error::Conflict) if it is known.
pub async fn learn(tx: &mut Tx, customer: CustomerId, mark: &[u8; 32], now: Instant) -> Result<()> {
    tx.exec(
        "-- device::learn
        INSERT INTO device (customer_id, digest, first_seen, last_seen) VALUES ($1, $2, $3, $3)",
        &[&customer.to_string(), &mark.as_slice(), &now.micros()],
    )
    .await?;
    Ok(())
}

/// Forgets all of a customer's browsers but those that were used last; how many.
///
/// # Errors
/// When the database fails.
pub async fn keep_newest(tx: &mut Tx, customer: CustomerId, keep: i64) -> Result<u64> {
    tx.exec(
        "-- device::keep_newest
        DELETE FROM device WHERE customer_id = $1 AND digest NOT IN (
            SELECT digest FROM device WHERE customer_id = $1 ORDER BY last_seen DESC, first_seen DESC, digest LIMIT $2)",
        &[&customer.to_string(), &keep],
    )
    .await
}

/// Forgets up to `limit` browsers that were not used since a moment; how many.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, before: Instant, limit: i64) -> Result<u64> {
    tx.exec(
        "-- device::forget
        DELETE FROM device WHERE (customer_id, digest) IN (
            SELECT customer_id, digest FROM device WHERE last_seen <= $1 ORDER BY last_seen LIMIT $2)",
        &[&before.micros(), &limit],
    )
    .await
}

/// Marks that one browser can have.
pub const MARKS_MAX: usize = 4;
