//! The record of what happened. Entries are added, never changed.

use lombard_domain::audit::Entry;

use crate::db::Tx;
use crate::driver::Value;
use crate::error::Result;

/// An entry as it was recorded, in plain texts, for reports and tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// When, in microseconds since the epoch.
    pub at: i64,
    /// What happened.
    pub event: String,
    /// The app.
    pub client: Option<String>,
    /// The customer.
    pub customer: Option<String>,
    /// The consent.
    pub consent: Option<String>,
    /// The account.
    pub account: Option<String>,
    /// Why or how.
    pub reason: Option<String>,
    /// The interaction id of the call.
    pub interaction: Option<String>,
}

/// Adds entries.
///
/// # Errors
/// When the database fails.
pub async fn append(tx: &mut Tx, entries: &[Entry]) -> Result<()> {
    let rows: Vec<_> = entries
        .iter()
        .map(|entry| {
            let subject = &entry.subject;
            (
                entry.id.to_string(),
                entry.at.micros(),
                entry.event.code(),
                subject.client.map(|id| id.to_string()),
                subject.customer.map(|id| id.to_string()),
                subject.consent.map(|id| id.to_string()),
                subject.account.map(|id| id.to_string()),
                entry.reason,
                entry.interaction.as_deref(),
            )
        })
        .collect();
    let sets: Vec<[Value<'_>; 9]> = rows
        .iter()
        .map(|(id, at, event, client, customer, consent, account, reason, interaction)| -> [Value<'_>; 9] {
            [id, at, event, client, customer, consent, account, reason, interaction]
        })
        .collect();
    tx.exec_many(
        "-- audit::append
        INSERT INTO audit (id, at, event, client_id, customer_id, consent_id, account_id, reason, interaction)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &sets,
    )
    .await?;
    Ok(())
}

/// The newest entries, newest first, up to `limit`.
///
/// # Errors
/// When the database fails.
pub async fn newest(tx: &mut Tx, limit: i64) -> Result<Vec<Recorded>> {
    tx.all(
        "-- audit::newest
        SELECT at, event, client_id, customer_id, consent_id, account_id, reason, interaction
        FROM audit ORDER BY id DESC LIMIT $1",
        &[&limit],
        |row| {
            Ok(Recorded {
                at: row.get(0)?,
                event: row.get(1)?,
                client: row.get(2)?,
                customer: row.get(3)?,
                consent: row.get(4)?,
                account: row.get(5)?,
                reason: row.get(6)?,
                interaction: row.get(7)?,
            })
        },
    )
    .await
}
