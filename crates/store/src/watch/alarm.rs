//! Alarms.

use lombard_domain::id::AlarmId;
use lombard_domain::time::Instant;
use lombard_domain::watch::{Accused, Alarm, Rule};

use super::{name, open, seal};
use crate::crypt::Place;
use crate::db::{Keys, Tx};
use crate::driver::Row;
use crate::error::{Error, Result};

/// An alarm as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAlarm {
    /// Its identifier.
    pub id: AlarmId,
    /// What was found.
    pub alarm: Alarm,
    /// Since when it counts for nothing.
    pub dismissed_at: Option<Instant>,
}

/// Stores an alarm; whether it was not there yet.
///
/// # Errors
/// When the database fails.
pub async fn add_alarm(tx: &mut Tx, id: AlarmId, alarm: &Alarm) -> Result<bool> {
    let keys = tx.keys()?;
    let id = id.to_string();
    let sealed = seal(&keys, place(&id), alarm.accused)?;
    let added = tx
        .exec(
            "-- watch::add_alarm
            INSERT INTO alarm (id, rule, kind, accused, sealed, at, window_at, score, count, first_position, last_position)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            ON CONFLICT (rule, accused, window_at) DO NOTHING",
            &[
                &id,
                &alarm.rule.name(),
                &alarm.accused.kind(),
                &name(&keys, alarm.accused),
                &sealed,
                &alarm.at.micros(),
                &alarm.window.micros(),
                &i64::from(alarm.score),
                &i64::from(alarm.count),
                &alarm.first,
                &alarm.last,
            ],
        )
        .await?;
    Ok(added == 1)
}

/// The alarms against somebody since a moment that count for something, oldest first.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn alarms_against(tx: &mut Tx, accused: Accused, since: Instant, limit: i64) -> Result<Vec<StoredAlarm>> {
    let keys = tx.keys()?;
    let name = name(&keys, accused);
    tx.all(
        "-- watch::alarms_against
        SELECT id, rule, kind, accused, sealed, at, window_at, score, count, first_position, last_position, dismissed_at
        FROM alarm WHERE accused = $1 AND at > $2 AND dismissed_at IS NULL ORDER BY at LIMIT $3",
        &[&name, &since.micros(), &limit],
        |row| decode(&keys, row),
    )
    .await
}

/// Up to `limit` alarms, the newest first.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn alarms(tx: &mut Tx, limit: i64) -> Result<Vec<StoredAlarm>> {
    let keys = tx.keys()?;
    tx.all(
        "-- watch::alarms
        SELECT id, rule, kind, accused, sealed, at, window_at, score, count, first_position, last_position, dismissed_at
        FROM alarm ORDER BY id DESC LIMIT $1",
        &[&limit],
        |row| decode(&keys, row),
    )
    .await
}

/// The alarm with this id.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn alarm(tx: &mut Tx, id: AlarmId) -> Result<Option<StoredAlarm>> {
    let keys = tx.keys()?;
    tx.one(
        "-- watch::alarm
        SELECT id, rule, kind, accused, sealed, at, window_at, score, count, first_position, last_position, dismissed_at
        FROM alarm WHERE id = $1",
        &[&id.to_string()],
        |row| decode(&keys, row),
    )
    .await
}

/// Lets all alarms against somebody count for nothing any more; how many.
///
/// # Errors
/// When the database fails.
pub async fn dismiss(tx: &mut Tx, accused: Accused, now: Instant) -> Result<u64> {
    let name = name(&tx.keys()?, accused);
    tx.exec(
        "-- watch::dismiss
        UPDATE alarm SET dismissed_at = $1 WHERE accused = $2 AND dismissed_at IS NULL",
        &[&now.micros(), &name],
    )
    .await
}

/// Forgets up to `limit` alarms that were raised before a moment; how many.
///
/// # Errors
/// When the database fails.
pub async fn forget_alarms(tx: &mut Tx, before: Instant, limit: i64) -> Result<u64> {
    tx.exec(
        "-- watch::forget_alarms
        DELETE FROM alarm WHERE id IN (SELECT id FROM alarm WHERE at <= $1 ORDER BY at LIMIT $2)",
        &[&before.micros(), &limit],
    )
    .await
}

fn decode(keys: &Keys, row: &Row<'_>) -> Result<StoredAlarm> {
    let corrupt = || Error::Corrupt("alarm");
    let (id, rule): (String, String) = (row.get(0)?, row.get(1)?);
    let (kind, name, sealed): (String, String, Option<Vec<u8>>) = (row.get(2)?, row.get(3)?, row.get(4)?);
    let (score, count): (i64, i64) = (row.get(7)?, row.get(8)?);
    let dismissed: Option<i64> = row.get(11)?;
    Ok(StoredAlarm {
        alarm: Alarm {
            rule: Rule::from_name(&rule).ok_or_else(corrupt)?,
            accused: open(keys, place(&id), &kind, &name, sealed.as_deref())?,
            at: Instant::from_micros(row.get(5)?),
            window: Instant::from_micros(row.get(6)?),
            score: u32::try_from(score).map_err(|_| corrupt())?,
            count: u32::try_from(count).map_err(|_| corrupt())?,
            first: row.get(9)?,
            last: row.get(10)?,
        },
        id: id.parse().map_err(|_| corrupt())?,
        dismissed_at: dismissed.map(Instant::from_micros),
    })
}

fn place(row: &str) -> Place<'_> {
    Place { table: "alarm", column: "sealed", row }
}
