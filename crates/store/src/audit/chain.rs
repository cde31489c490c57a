//! The chain: its end, adding entries to it, and reading it from a place on.
//!
//! What a hash is made of is not decided here.

use lombard_domain::audit::{Chained, Line};

use super::{LINE_COLUMNS, is_genuine, read_line, span, values};
use crate::db::Tx;
use crate::driver::Value;
use crate::error::{Error, Result};

/// Where the chain ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the last entry; 0 before the first.
    pub position: i64,
    /// Its hash; before the first, what the chain starts from.
    pub hash: Vec<u8>,
}

/// An entry, and whether it is as it was when the bank recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked<T> {
    /// The entry.
    pub entry: T,
    /// Its keyed digest holds.
    pub genuine: bool,
}

/// Where the chain ends; `None` if it was never started.
///
/// # Errors
/// When the database fails.
pub async fn head(tx: &mut Tx) -> Result<Option<Head>> {
    tx.one(
        "-- audit::head
        SELECT position, hash FROM audit_head WHERE name = 'chain'",
        &[],
        |row| Ok(Head { position: row.get(0)?, hash: row.get(1)? }),
    )
    .await
}

/// Starts the chain, unless somebody has.
///
/// # Errors
/// When the database fails.
pub async fn start_chain(tx: &mut Tx, hash: &Vec<u8>) -> Result<()> {
    tx.exec(
        "-- audit::start_chain
        INSERT INTO audit_head (name, position, hash) VALUES ('chain', 0, $1) ON CONFLICT (name) DO NOTHING",
        &[hash],
    )
    .await?;
    Ok(())
}

/// Moves the end of the chain; whether it still was where the caller thinks. If not, somebody else was faster.
///
/// # Errors
/// When the database fails.
pub async fn advance(tx: &mut Tx, from: i64, to: &Head) -> Result<bool> {
    let moved = tx
        .exec(
            "-- audit::advance
            UPDATE audit_head SET position = $1, hash = $2 WHERE name = 'chain' AND position = $3",
            &[&to.position, &to.hash, &from],
        )
        .await?;
    Ok(moved == 1)
}

/// Stores entries with their places in the chain, which follow each other, and whom they are about.
///
/// # Errors
/// [`Error::Conflict`] if a place is taken.
pub async fn extend(tx: &mut Tx, entries: &[Chained]) -> Result<()> {
    let sets: Vec<[Value<'_>; 14]> = entries
        .iter()
        .map(|entry| {
            let [id, at, event, outcome, client, customer, consent, account, reason, interaction, address, mac] =
                values(&entry.line, &entry.mac);
            let all: [Value<'_>; 14] = [
                &entry.position,
                id,
                at,
                event,
                outcome,
                client,
                customer,
                consent,
                account,
                reason,
                interaction,
                address,
                mac,
                &entry.hash,
            ];
            all
        })
        .collect();
    tx.exec_many(
        "-- audit::extend
        INSERT INTO audit (position, id, at, event, outcome, client_id, customer_id, consent_id, account_id, reason, interaction,
            address, mac, hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        &sets,
    )
    .await?;
    span::add(tx, entries).await
}

/// The entries of the chain that follow a place, in their order.
///
/// # Errors
/// When the database fails.
pub async fn chained_after(tx: &mut Tx, position: i64, limit: i64) -> Result<Vec<Checked<Chained>>> {
    let keys = tx.keys()?;
    tx.all(
        "-- audit::chained_after
        SELECT position, id, at, event, outcome, client_id, customer_id, consent_id, account_id, reason, interaction, address,
            mac, hash
        FROM audit WHERE position > $1 ORDER BY position LIMIT $2",
        &[&position, &limit],
        |row| {
            let (line, mac): (Line, Vec<u8>) = (read_line(row, 1)?, row.get(LINE_COLUMNS + 1)?);
            let genuine = is_genuine(&keys, &line.encode(), &mac);
            let entry = Chained { position: row.get(0)?, line, mac, hash: row.get(LINE_COLUMNS + 2)? };
            Ok(Checked { entry, genuine })
        },
    )
    .await
}

impl Head {
    /// The end as a whole, for a caller who needs the hash in its one length.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is no hash.
    pub fn digest(&self) -> Result<[u8; 32]> {
        self.hash.as_slice().try_into().map_err(|_| Error::Corrupt("the end of the record's chain"))
    }
}
