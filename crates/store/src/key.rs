//! Keys that sign tokens. Private parts are sealed.

use lombard_domain::secret::Secret;
use lombard_domain::time::Instant;

use crate::crypt::Place;
use crate::db::Tx;
use crate::error::{Error, Result};

/// A signing key.
pub struct StoredKey {
    /// Its name in token headers.
    pub kid: String,
    /// The algorithm that it is for.
    pub alg: String,
    /// The public part, a JWK in JSON.
    pub public_jwk: String,
    /// The private part, PKCS #8.
    pub private: Secret<Vec<u8>>,
    /// Since when it is published.
    pub created_at: Instant,
    /// Since when it signs, until a later one does.
    pub active_from: Instant,
}

/// Keeps everybody else from doing the same until this transaction ends, so that of several nodes one makes the first keys.
///
/// # Errors
/// [`Error::Corrupt`] if there is no vault, whose row stands for the lock.
pub async fn lock(tx: &mut Tx) -> Result<()> {
    let touched = tx
        .exec(
            "-- key::lock
            UPDATE vault SET name = name WHERE name = 'digests'",
            &[],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(Error::Corrupt("the vault")) }
}

/// Stores a new key.
///
/// # Errors
/// [`Error::Conflict`] if its name is taken.
pub async fn insert(tx: &mut Tx, key: &StoredKey) -> Result<()> {
    let sealed = tx.keys()?.seal_for_bank(place(&key.kid), key.private.expose())?;
    tx.exec(
        "-- key::insert
        INSERT INTO signing_key (kid, alg, public_jwk, sealed, created_at, active_from) VALUES ($1, $2, $3, $4, $5, $6)",
        &[&key.kid, &key.alg, &key.public_jwk, &sealed, &key.created_at.micros(), &key.active_from.micros()],
    )
    .await?;
    Ok(())
}

/// All keys, oldest first.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn list(tx: &mut Tx) -> Result<Vec<StoredKey>> {
    let keys = tx.keys()?;
    tx.all(
        "-- key::list
        SELECT kid, alg, public_jwk, sealed, created_at, active_from FROM signing_key ORDER BY active_from, kid",
        &[],
        |row| {
            let kid: String = row.get(0)?;
            let sealed: Vec<u8> = row.get(3)?;
            Ok(StoredKey {
                private: Secret::new(keys.crypt().open(place(&kid), &sealed)?),
                kid,
                alg: row.get(1)?,
                public_jwk: row.get(2)?,
                created_at: Instant::from_micros(row.get(4)?),
                active_from: Instant::from_micros(row.get(5)?),
            })
        },
    )
    .await
}

/// Deletes keys that others of their algorithm have followed, and began to sign before this moment; how many.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, before: Instant, limit: i64) -> Result<u64> {
    tx.exec(
        "-- key::forget
        DELETE FROM signing_key WHERE kid IN (
            SELECT former.kid FROM signing_key former
            WHERE EXISTS (SELECT 1 FROM signing_key next
                WHERE next.alg = former.alg AND next.active_from > former.active_from AND next.active_from <= $1)
            ORDER BY former.active_from LIMIT $2)",
        &[&before.micros(), &limit],
    )
    .await
}

fn place(kid: &str) -> Place<'_> {
    Place { table: "signing_key", column: "sealed", row: kid }
}
