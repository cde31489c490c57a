//! Logos of clients: which are to be fetched, and the pictures that were made of them.

use lombard_domain::id::ClientId;
use lombard_domain::time::Instant;

use crate::db::Tx;
use crate::error::{Error, Result};

/// A logo that is to be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Whose it is.
    pub client: ClientId,
    /// Since when.
    pub at: Instant,
    /// How often it was begun before.
    pub attempts: i64,
}

/// A picture as it was made of what was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// SHA-256 of it, in hexadecimal digits.
    pub digest: String,
    /// The picture.
    pub png: Vec<u8>,
}

/// Forgets a client's logo, and has another one fetched at a moment, or none.
///
/// # Errors
/// When the database fails.
pub async fn replace(tx: &mut Tx, client: ClientId, due: Option<Instant>) -> Result<()> {
    let id = client.to_string();
    tx.exec(
        "-- logo::forget
        DELETE FROM client_logo WHERE client_id = $1",
        &[&id],
    )
    .await?;
    tx.exec(
        "-- logo::replace
        UPDATE client SET logo_due_at = $1, logo_attempts = 0 WHERE id = $2",
        &[&due.map(Instant::micros), &id],
    )
    .await?;
    Ok(())
}

/// Up to `limit` logos that are to be fetched by now, those first that wait longest.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn due(tx: &mut Tx, now: Instant, limit: i64) -> Result<Vec<Due>> {
    tx.all(
        "-- logo::due
        SELECT id, logo_due_at, logo_attempts FROM client WHERE logo_due_at <= $1 ORDER BY logo_due_at LIMIT $2",
        &[&now.micros(), &limit],
        |row| {
            let id: String = row.get(0)?;
            let client = id.parse().map_err(|_| Error::Corrupt("client.id"))?;
            Ok(Due { client, at: Instant::from_micros(row.get(1)?), attempts: row.get(2)? })
        },
    )
    .await
}

/// Takes a logo that is due for oneself, and says when it is to be fetched again unless it is stored; `None`: never. Whether nobody else
/// took it before.
///
/// # Errors
/// When the database fails.
pub async fn claim(tx: &mut Tx, due: Due, again: Option<Instant>) -> Result<bool> {
    let touched = tx
        .exec(
            "-- logo::claim
            UPDATE client SET logo_due_at = $1, logo_attempts = logo_attempts + 1
            WHERE id = $2 AND logo_due_at = $3 AND logo_attempts = $4 AND deleted_at IS NULL",
            &[&again.map(Instant::micros), &due.client.to_string(), &due.at.micros(), &due.attempts],
        )
        .await?;
    Ok(touched == 1)
}

/// Stores a client's logo in place of what was there; it is not due any more.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, client: ClientId, picture: &Picture, now: Instant) -> Result<()> {
    replace(tx, client, None).await?;
    tx.exec(
        "-- logo::insert
        INSERT INTO client_logo (client_id, digest, png, fetched_at) VALUES ($1, $2, $3, $4)",
        &[&client.to_string(), &picture.digest, &picture.png, &now.micros()],
    )
    .await?;
    Ok(())
}

/// The digest of a client's logo, if it has one.
///
/// # Errors
/// When the database fails.
pub async fn digest(tx: &mut Tx, client: ClientId) -> Result<Option<String>> {
    tx.one(
        "-- logo::digest
        SELECT digest FROM client_logo WHERE client_id = $1",
        &[&client.to_string()],
        |row| row.get(0),
    )
    .await
}

/// The picture with this digest.
///
/// # Errors
/// When the database fails.
pub async fn find(tx: &mut Tx, digest: &str) -> Result<Option<Vec<u8>>> {
    tx.one(
        "-- logo::find
        SELECT png FROM client_logo WHERE digest = $1 LIMIT 1",
        &[&digest],
        |row| row.get(0),
    )
    .await
}
