//! Measures: what was done against somebody, until when, and by whom it was undone.

use lombard_domain::id::{AlarmId, MeasureId};
use lombard_domain::time::Instant;
use lombard_domain::watch::{Accused, Measure};

use super::{name, open, seal};
use crate::crypt::Place;
use crate::db::{Keys, Tx};
use crate::driver::Row;
use crate::error::{Error, Result};

/// A measure as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMeasure {
    /// Its identifier.
    pub id: MeasureId,
    /// What was done.
    pub measure: Measure,
    /// Against whom.
    pub accused: Accused,
    /// The alarm that was one too many.
    pub alarm: AlarmId,
    /// The sum of all scores at that time.
    pub score: u32,
    /// Since when.
    pub since: Instant,
    /// When it ends by itself.
    pub until: Option<Instant>,
    /// When and by whom it was lifted, and why.
    pub lifted: Option<(Instant, Lift)>,
}

/// By whom a measure was lifted, and why.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Lift {
    /// An operator's name.
    pub by: String,
    /// Their reason.
    pub reason: String,
}

/// Stores a measure that is not lifted.
///
/// # Errors
/// [`Error::Conflict`] if its id is taken.
pub async fn add_measure(tx: &mut Tx, new: &StoredMeasure) -> Result<()> {
    let keys = tx.keys()?;
    let id = new.id.to_string();
    let sealed = seal(&keys, place(&id, "sealed"), new.accused)?;
    tx.exec(
        "-- watch::add_measure
        INSERT INTO measure (id, measure, kind, accused, sealed, alarm_id, score, since, until)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            &id,
            &new.measure.name(),
            &new.accused.kind(),
            &name(&keys, new.accused),
            &sealed,
            &new.alarm.to_string(),
            &i64::from(new.score),
            &new.since.micros(),
            &new.until.map(Instant::micros),
        ],
    )
    .await?;
    Ok(())
}

/// Whether a measure holds against somebody at a moment.
///
/// # Errors
/// When the database fails.
pub async fn is_in_force(tx: &mut Tx, measure: Measure, accused: Accused, now: Instant) -> Result<bool> {
    let name = name(&tx.keys()?, accused);
    let found: Option<i64> = tx
        .one(
            "-- watch::is_in_force
            SELECT since FROM measure
            WHERE accused = $1 AND measure = $2 AND lifted_at IS NULL AND (until IS NULL OR until > $3) LIMIT 1",
            &[&name, &measure.name(), &now.micros()],
            |row| row.get(0),
        )
        .await?;
    Ok(found.is_some())
}

/// All measures that hold at a moment, the newest first.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn in_force(tx: &mut Tx, now: Instant, limit: i64) -> Result<Vec<StoredMeasure>> {
    let keys = tx.keys()?;
    tx.all(
        "-- watch::in_force
        SELECT id, measure, kind, accused, sealed, alarm_id, score, since, until, lifted_at, lift_sealed
        FROM measure WHERE lifted_at IS NULL AND (until IS NULL OR until > $1) ORDER BY id DESC LIMIT $2",
        &[&now.micros(), &limit],
        |row| decode(&keys, row),
    )
    .await
}

/// Measures of one kind against somebody that were not lifted, whether they hold or not, the newest first.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn against(tx: &mut Tx, measure: Measure, accused: Accused, limit: i64) -> Result<Vec<StoredMeasure>> {
    let keys = tx.keys()?;
    let name = name(&keys, accused);
    tx.all(
        "-- watch::against
        SELECT id, measure, kind, accused, sealed, alarm_id, score, since, until, lifted_at, lift_sealed
        FROM measure WHERE accused = $1 AND measure = $2 AND lifted_at IS NULL ORDER BY id DESC LIMIT $3",
        &[&name, &measure.name(), &limit],
        |row| decode(&keys, row),
    )
    .await
}

/// Up to `limit` measures, the newest first.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn measures(tx: &mut Tx, limit: i64) -> Result<Vec<StoredMeasure>> {
    let keys = tx.keys()?;
    tx.all(
        "-- watch::measures
        SELECT id, measure, kind, accused, sealed, alarm_id, score, since, until, lifted_at, lift_sealed
        FROM measure ORDER BY id DESC LIMIT $1",
        &[&limit],
        |row| decode(&keys, row),
    )
    .await
}

/// The measure with this id.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn measure(tx: &mut Tx, id: MeasureId) -> Result<Option<StoredMeasure>> {
    let keys = tx.keys()?;
    tx.one(
        "-- watch::measure
        SELECT id, measure, kind, accused, sealed, alarm_id, score, since, until, lifted_at, lift_sealed
        FROM measure WHERE id = $1",
        &[&id.to_string()],
        |row| decode(&keys, row),
    )
    .await
}

/// Lifts a measure; whether nobody had.
///
/// # Errors
/// When the database fails.
pub async fn lift_measure(tx: &mut Tx, id: MeasureId, lift: &Lift, now: Instant) -> Result<bool> {
    let id = id.to_string();
    let plain = serde_json::to_vec(lift).map_err(|_| Error::Corrupt("measure.lift_sealed"))?;
    let sealed = tx.keys()?.seal_for_bank(place(&id, "lift_sealed"), &plain)?;
    let touched = tx
        .exec(
            "-- watch::lift_measure
            UPDATE measure SET lifted_at = $1, lift_sealed = $2 WHERE id = $3 AND lifted_at IS NULL",
            &[&now.micros(), &sealed, &id],
        )
        .await?;
    Ok(touched == 1)
}

/// Forgets up to `limit` measures that ended by themselves before a moment, or were lifted; how many.
///
/// # Errors
/// When the database fails.
pub async fn forget_measures(tx: &mut Tx, before: Instant, limit: i64) -> Result<u64> {
    tx.exec(
        "-- watch::forget_measures
        DELETE FROM measure WHERE id IN (
            SELECT id FROM measure WHERE COALESCE(lifted_at, until) <= $1 ORDER BY id LIMIT $2)",
        &[&before.micros(), &limit],
    )
    .await
}

fn decode(keys: &Keys, row: &Row<'_>) -> Result<StoredMeasure> {
    let corrupt = || Error::Corrupt("measure");
    let (id, measure): (String, String) = (row.get(0)?, row.get(1)?);
    let (kind, name, sealed): (String, String, Option<Vec<u8>>) = (row.get(2)?, row.get(3)?, row.get(4)?);
    let (alarm, score): (String, i64) = (row.get(5)?, row.get(6)?);
    let (until, lifted): (Option<i64>, Option<i64>) = (row.get(8)?, row.get(9)?);
    let lift: Option<Vec<u8>> = row.get(10)?;
    let lifted = match (lifted, lift) {
        (Some(at), Some(sealed)) => {
            let plain = keys.crypt().open(place(&id, "lift_sealed"), &sealed)?;
            Some((Instant::from_micros(at), serde_json::from_slice(&plain).map_err(|_| corrupt())?))
        }
        _ => None,
    };
    Ok(StoredMeasure {
        measure: Measure::from_name(&measure).ok_or_else(corrupt)?,
        accused: open(keys, place(&id, "sealed"), &kind, &name, sealed.as_deref())?,
        alarm: alarm.parse().map_err(|_| corrupt())?,
        score: u32::try_from(score).map_err(|_| corrupt())?,
        since: Instant::from_micros(row.get(7)?),
        until: until.map(Instant::from_micros),
        lifted,
        id: id.parse().map_err(|_| corrupt())?,
    })
}

fn place<'a>(row: &'a str, column: &'static str) -> Place<'a> {
    Place { table: "measure", column, row }
}
