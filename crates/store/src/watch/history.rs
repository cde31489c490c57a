//! What is known of apps from the days before.

use lombard_domain::id::ClientId;
use lombard_domain::time::Instant;
use lombard_domain::watch::History;

use crate::crypt::Place;
use crate::db::Tx;
use crate::error::{Error, Result};

/// Keeps what is known of an app, in place of what was kept before.
///
/// # Errors
/// When the database fails.
pub async fn save_history(tx: &mut Tx, client: ClientId, history: &History, now: Instant) -> Result<()> {
    let id = client.to_string();
    let plain = serde_json::to_vec(history).map_err(|_| Error::Corrupt("client_history"))?;
    let sealed = tx.keys()?.seal_for_bank(place(&id), &plain)?;
    tx.exec(
        "-- watch::save_history
        INSERT INTO client_history (client_id, sealed, changed_at) VALUES ($1, $2, $3)
        ON CONFLICT (client_id) DO UPDATE SET sealed = excluded.sealed, changed_at = excluded.changed_at",
        &[&id, &sealed, &now.micros()],
    )
    .await?;
    Ok(())
}

/// What is known of the apps that did something most recently.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn histories(tx: &mut Tx, limit: i64) -> Result<Vec<(ClientId, History)>> {
    let keys = tx.keys()?;
    tx.all(
        "-- watch::histories
        SELECT client_id, sealed FROM client_history ORDER BY changed_at DESC LIMIT $1",
        &[&limit],
        |row| {
            let corrupt = || Error::Corrupt("client_history");
            let (id, sealed): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
            let plain = keys.crypt().open(place(&id), &sealed)?;
            let history = serde_json::from_slice(&plain).map_err(|_| corrupt())?;
            Ok((id.parse().map_err(|_| corrupt())?, history))
        },
    )
    .await
}

/// Forgets up to `limit` apps of whom nothing was heard since then; how many.
///
/// # Errors
/// When the database fails.
pub async fn forget_histories(tx: &mut Tx, before: Instant, limit: i64) -> Result<u64> {
    tx.exec(
        "-- watch::forget_histories
        DELETE FROM client_history
        WHERE client_id IN (SELECT client_id FROM client_history WHERE changed_at <= $1 ORDER BY changed_at LIMIT $2)",
        &[&before.micros(), &limit],
    )
    .await
}

fn place(row: &str) -> Place<'_> {
    Place { table: "client_history", column: "sealed", row }
}
