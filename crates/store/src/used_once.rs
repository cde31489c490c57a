//! Names of things that may come once only: assertions and proofs of possession. Kept until nobody would take them any more.

use lombard_domain::time::Instant;

use crate::db::Tx;
use crate::driver::Value;
use crate::error::Result;

/// Something that may come once only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedOnce {
    /// SHA-256 of whose it is and of its name.
    pub digest: Vec<u8>,
    /// From when on it would be refused in any case.
    pub expires_at: Instant,
}

/// Notes that these have come; for each, whether it is the first time. The same one twice in a row is not.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, all: &[UsedOnce]) -> Result<Vec<bool>> {
    let ends: Vec<i64> = all.iter().map(|one| one.expires_at.micros()).collect();
    let rows: Vec<[Value<'_>; 2]> =
        all.iter().zip(&ends).map(|(one, end)| -> [Value<'_>; 2] { [&one.digest, end] }).collect();
    let touched = tx
        .exec_many(
            "-- used_once::insert
            INSERT INTO used_once (digest, expires_at) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING",
            &rows,
        )
        .await?;
    Ok(touched.into_iter().map(|touched| touched == 1).collect())
}

/// Forgets up to `limit` that nobody would take any more; how many.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, now: Instant, limit: i64) -> Result<u64> {
    tx.exec(
        "-- used_once::forget
        DELETE FROM used_once WHERE digest IN (SELECT digest FROM used_once WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
        &[&now.micros(), &limit],
    )
    .await
}
