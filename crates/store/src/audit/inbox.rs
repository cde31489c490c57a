//! The inbox: where entries wait for the chain, a row for what each transaction tells.

use lombard_domain::audit::{Entry, Line};
use lombard_domain::time::Instant;

use super::packed::{pack, unpack};
use super::{Checked, line, owner};
use crate::data_key;
use crate::db::Tx;
use crate::driver::Value;
use crate::error::Result;

/// Adds entries. They are what happened in this transaction, and last if it does.
///
/// # Errors
/// [`Error::Conflict`](crate::Error::Conflict) if they are there already.
pub async fn append(tx: &mut Tx, entries: &[Entry]) -> Result<()> {
    let keys = tx.keys()?;
    let sealing = data_key::of(tx, entries.iter().filter_map(owner)).await?;
    let mut rows = Vec::with_capacity(1);
    for part in entries.chunks(ROW_MAX) {
        let Some(first) = part.iter().min_by_key(|entry| entry.id) else { continue };
        let lines = part.iter().map(|entry| line(&sealing, entry)).collect::<Result<Vec<_>>>()?;
        let count = i64::try_from(part.len()).unwrap_or(i64::MAX);
        rows.push((first.id.to_string(), first.at.micros(), count, pack(&keys, &lines)));
    }
    let sets: Vec<[Value<'_>; 4]> =
        rows.iter().map(|(id, at, count, packed)| -> [Value<'_>; 4] { [id, at, count, packed] }).collect();
    tx.exec_many(
        "-- audit::append
        INSERT INTO audit_inbox (id, at, entries, packed) VALUES ($1, $2, $3, $4)",
        &sets,
    )
    .await?;
    Ok(())
}

/// Takes entries out of the inbox, from the oldest rows, in the order of their identifiers: `limit`, and what is left of the last row.
///
/// # Errors
/// When the database fails.
pub async fn take(tx: &mut Tx, limit: i64) -> Result<Vec<Checked<(Line, Vec<u8>)>>> {
    let keys = tx.keys()?;
    let rows = tx
        .rows(
            "-- audit::take
            DELETE FROM audit_inbox WHERE id IN (
                SELECT id FROM (
                    SELECT id, SUM(entries) OVER (ORDER BY id) - entries AS before
                    FROM (SELECT id, entries FROM audit_inbox ORDER BY id LIMIT $1) AS oldest
                ) AS counted
                WHERE before < $1)
            RETURNING id, packed",
            &[&limit],
            |row| {
                let (id, packed): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
                Ok(unpack(&keys, &id, &packed))
            },
        )
        .await?;
    let mut taken: Vec<_> = rows.into_iter().flatten().collect();
    taken.sort_unstable_by(|a, b| a.entry.0.id.cmp(&b.entry.0.id));
    Ok(taken)
}

/// Since when the oldest entry of the inbox waits; `None` if none does.
///
/// # Errors
/// When the database fails.
pub async fn oldest_waiting(tx: &mut Tx) -> Result<Option<Instant>> {
    tx.one(
        "-- audit::oldest_waiting
        SELECT at FROM audit_inbox ORDER BY id LIMIT 1",
        &[],
        |row| Ok(Instant::from_micros(row.get(0)?)),
    )
    .await
}

/// The rows of the inbox that follow one, in their order: the identifier of each, and its entries.
///
/// # Errors
/// When the database fails.
pub async fn waiting_after(tx: &mut Tx, id: &str, limit: i64) -> Result<Vec<(String, Vec<Checked<Line>>)>> {
    let keys = tx.keys()?;
    tx.rows(
        "-- audit::waiting_after
        SELECT id, packed FROM audit_inbox WHERE id > $1 ORDER BY id LIMIT $2",
        &[&id, &limit],
        |row| {
            let (id, packed): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
            let entries = unpack(&keys, &id, &packed).into_iter();
            let lines = entries.map(|one| Checked { entry: one.entry.0, genuine: one.genuine }).collect();
            Ok((id, lines))
        },
    )
    .await
}

/// Entries in a row.
const ROW_MAX: usize = 256;
