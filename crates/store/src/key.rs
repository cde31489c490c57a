//! Keys that sign tokens. Private parts are sealed.

use lombard_domain::secret::Secret;
use lombard_domain::time::Instant;

use crate::crypt::Place;
use crate::db::Tx;
use crate::error::Result;

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

/// Stores a new key.
///
/// # Errors
/// [`crate::Error::Conflict`] if its name is taken.
pub async fn insert(tx: &mut Tx, key: &StoredKey) -> Result<()> {
    let sealed = tx.keys()?.crypt().seal(place(&key.kid), key.private.expose())?;
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
/// [`crate::Error::Corrupt`] if a row cannot be read.
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

fn place(kid: &str) -> Place<'_> {
    Place { table: "signing_key", column: "sealed", row: kid }
}
