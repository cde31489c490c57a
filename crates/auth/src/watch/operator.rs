//! What an operator sees of alarms and measures, and how they undo one.

use lombard_domain::audit::Event;
use lombard_domain::id::{AlarmId, ClientId, MeasureId};
use lombard_domain::oauth::ClientStatus;
use lombard_domain::watch::{Accused, Measure};
use lombard_store::watch::{self, Lift, StoredAlarm, StoredMeasure};
use lombard_store::{Tx, audit, client};

use super::subject_of;
use crate::error::Result;
use crate::{Auth, Call};

/// An alarm, and the entries of the record that it began and ended with.
#[derive(Clone, Debug)]
pub struct Case {
    /// The alarm.
    pub stored: StoredAlarm,
    /// The identifiers of the first and the last entry that were counted.
    pub entries: Vec<String>,
    /// What was done because of it.
    pub measures: Vec<StoredMeasure>,
}

impl Auth {
    /// Alarms, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alarms(&self, limit: i64) -> Result<Vec<StoredAlarm>> {
        Ok(watch::alarms(&mut self.db().read().await?, limit).await?)
    }

    /// One alarm.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alarm(&self, id: AlarmId) -> Result<Option<Case>> {
        let mut tx = self.db().read().await?;
        let Some(stored) = watch::alarm(&mut tx, id).await? else { return Ok(None) };
        let mut entries = Vec::new();
        for position in [stored.alarm.first, stored.alarm.last] {
            let found = audit::chained_after(&mut tx, position.saturating_sub(1), 1).await?;
            entries.extend(found.into_iter().map(|one| one.entry.line.id));
        }
        entries.dedup();
        let measures = watch::measures(&mut tx, MEASURES_MAX).await?;
        let measures = measures.into_iter().filter(|measure| measure.alarm == id).collect();
        Ok(Some(Case { stored, entries, measures }))
    }

    /// Measures, the newest first: all, or those that hold now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn measures(&self, only_in_force: bool, limit: i64) -> Result<Vec<StoredMeasure>> {
        let mut tx = self.db().read().await?;
        if only_in_force {
            return Ok(watch::in_force(&mut tx, self.now(), limit).await?);
        }
        Ok(watch::measures(&mut tx, limit).await?)
    }

    /// Ends a measure, and lets what was held against whom it was about count for nothing any more. `None` if there is no such measure,
    /// or somebody has lifted it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lift_measure(&self, call: Call<'_>, id: MeasureId, lift: &Lift) -> Result<Option<StoredMeasure>> {
        let mut tx = self.db().begin("lift measure").await?;
        let Some(found) = watch::measure(&mut tx, id).await? else { return Ok(None) };
        if !self.lift_in(&mut tx, call, &found, lift).await? {
            return Ok(None);
        }
        if let (Measure::Suspend, Accused::Client(client)) = (found.measure, found.accused)
            && client::set_status(&mut tx, client, ClientStatus::Active).await?
        {
            self.record(&mut tx, call, Event::ClientResumed, subject_of(found.accused), Some("watching")).await?;
        }
        tx.commit().await?;
        Ok(Some(found))
    }

    /// The suspensions of an app end with it, when an operator lets the app act again.
    pub(crate) async fn lift_suspensions(&self, tx: &mut Tx, call: Call<'_>, client: ClientId) -> Result<()> {
        let lift = Lift { by: "operator".to_owned(), reason: "the app was let in again".to_owned() };
        for found in watch::against(tx, Measure::Suspend, Accused::Client(client), MEASURES_MAX).await? {
            self.lift_in(tx, call, &found, &lift).await?;
        }
        Ok(())
    }

    async fn lift_in(&self, tx: &mut Tx, call: Call<'_>, found: &StoredMeasure, lift: &Lift) -> Result<bool> {
        let now = self.now();
        if !watch::lift_measure(tx, found.id, lift, now).await? {
            return Ok(false);
        }
        watch::dismiss(tx, found.accused, now).await?;
        let subject = subject_of(found.accused);
        self.record(tx, call, Event::MeasureLifted, subject, Some(found.measure.name())).await?;
        Ok(true)
    }
}

/// Measures that are looked through.
const MEASURES_MAX: i64 = 1_000;
