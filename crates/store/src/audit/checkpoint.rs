//! Signed statements of what the chain was, and the keys that sign them.

use lombard_domain::secret::Secret;
use lombard_domain::time::Instant;

use crate::crypt::Place;
use crate::data_key::{self, Owner};
use crate::db::Tx;
use crate::driver::Row;
use crate::error::Result;

/// A signed statement of what the chain was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// The number of the last entry that it covers.
    pub position: i64,
    /// When it was made.
    pub at: Instant,
    /// The statement, signed.
    pub jws: String,
}

/// A key that signs checkpoints.
pub struct AuditKey {
    /// Its name: its thumbprint.
    pub kid: String,
    /// The algorithm that it is for.
    pub alg: String,
    /// The private part, PKCS #8.
    pub private: Secret<Vec<u8>>,
    /// When it was made.
    pub created_at: Instant,
}

/// Stores a checkpoint, unless there is one at its place.
///
/// # Errors
/// When the database fails.
pub async fn add_checkpoint(tx: &mut Tx, checkpoint: &StoredCheckpoint) -> Result<()> {
    tx.exec(
        "-- audit::add_checkpoint
        INSERT INTO audit_checkpoint (position, at, jws) VALUES ($1, $2, $3) ON CONFLICT (position) DO NOTHING",
        &[&checkpoint.position, &checkpoint.at.micros(), &checkpoint.jws],
    )
    .await?;
    Ok(())
}

/// The checkpoints that follow a place, in their order.
///
/// # Errors
/// When the database fails.
pub async fn checkpoints_after(tx: &mut Tx, position: i64, limit: i64) -> Result<Vec<StoredCheckpoint>> {
    tx.all(
        "-- audit::checkpoints_after
        SELECT position, at, jws FROM audit_checkpoint WHERE position > $1 ORDER BY position LIMIT $2",
        &[&position, &limit],
        read,
    )
    .await
}

/// The first checkpoint that covers a place.
///
/// # Errors
/// When the database fails.
pub async fn checkpoint_from(tx: &mut Tx, position: i64) -> Result<Option<StoredCheckpoint>> {
    tx.one(
        "-- audit::checkpoint_from
        SELECT position, at, jws FROM audit_checkpoint WHERE position >= $1 ORDER BY position LIMIT 1",
        &[&position],
        read,
    )
    .await
}

/// The newest checkpoint.
///
/// # Errors
/// When the database fails.
pub async fn newest_checkpoint(tx: &mut Tx) -> Result<Option<StoredCheckpoint>> {
    tx.one(
        "-- audit::newest_checkpoint
        SELECT position, at, jws FROM audit_checkpoint ORDER BY position DESC LIMIT 1",
        &[],
        read,
    )
    .await
}

/// Stores a key.
///
/// # Errors
/// [`crate::Error::Conflict`] if its name is taken.
pub async fn add_audit_key(tx: &mut Tx, key: &AuditKey) -> Result<()> {
    let sealing = data_key::of(tx, [Owner::Bank]).await?;
    let sealed = sealing.seal(Owner::Bank, place(&key.kid), key.private.expose())?;
    tx.exec(
        "-- audit::add_audit_key
        INSERT INTO audit_key (kid, alg, sealed, created_at) VALUES ($1, $2, $3, $4)",
        &[&key.kid, &key.alg, &sealed, &key.created_at.micros()],
    )
    .await?;
    Ok(())
}

/// All keys, oldest first.
///
/// # Errors
/// [`crate::Error::Corrupt`] if a row cannot be read.
pub async fn audit_keys(tx: &mut Tx) -> Result<Vec<AuditKey>> {
    let keys = tx.keys()?;
    tx.all(
        "-- audit::audit_keys
        SELECT kid, alg, sealed, created_at FROM audit_key ORDER BY created_at, kid",
        &[],
        |row| {
            let (kid, sealed): (String, Vec<u8>) = (row.get(0)?, row.get(2)?);
            Ok(AuditKey {
                private: Secret::new(keys.crypt().open(place(&kid), &sealed)?),
                kid,
                alg: row.get(1)?,
                created_at: Instant::from_micros(row.get(3)?),
            })
        },
    )
    .await
}

fn read(row: &Row<'_>) -> Result<StoredCheckpoint> {
    Ok(StoredCheckpoint { position: row.get(0)?, at: Instant::from_micros(row.get(1)?), jws: row.get(2)? })
}

fn place(kid: &str) -> Place<'_> {
    Place { table: "audit_key", column: "sealed", row: kid }
}
