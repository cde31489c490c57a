//! What follows from an alarm: the measures that are due, in the transaction in which it is raised.

use lombard_domain::audit::Event;
use lombard_domain::id::{AlarmId, MeasureId};
use lombard_domain::oauth::ClientStatus;
use lombard_domain::time::Instant;
use lombard_domain::watch::{Accused, Measure, Past, Response};
use lombard_store::watch::{self, StoredMeasure};
use lombard_store::{Tx, client, session};

use super::{WATCHING, subject_of};
use crate::Auth;
use crate::error::Result;

impl Auth {
    /// Takes the measures that are due against somebody; which.
    pub(super) async fn respond(
        &self,
        tx: &mut Tx,
        response: &Response,
        alarm: AlarmId,
        accused: Accused,
    ) -> Result<Vec<Measure>> {
        let now = self.now();
        let against = watch::alarms_against(tx, accused, now.minus(response.fading), ALARMS_MAX).await?;
        let past: Vec<Past> =
            against.iter().map(|one| Past { rule: one.alarm.rule, score: one.alarm.score, at: one.alarm.at }).collect();
        let standing = response.standing(&past, now);
        let mut taken = Vec::new();
        for measure in response.due(accused, standing) {
            if watch::is_in_force(tx, measure, accused, now).await?
                || !self.carry_out(tx, measure, accused, now).await?
            {
                continue;
            }
            let new = StoredMeasure {
                id: MeasureId::ordered(self.random(), now),
                measure,
                accused,
                alarm,
                score: standing.score,
                since: now,
                until: response.until(measure, now),
                lifted: None,
            };
            watch::add_measure(tx, &new).await?;
            self.record(tx, WATCHING, Event::MeasureTaken, subject_of(accused), Some(measure.name())).await?;
            taken.push(measure);
        }
        Ok(taken)
    }

    /// Does at once what a measure does at once; whether there was anything to do.
    async fn carry_out(&self, tx: &mut Tx, measure: Measure, accused: Accused, now: Instant) -> Result<bool> {
        match (measure, accused) {
            (Measure::Suspend, Accused::Client(id)) => {
                if !client::set_status(tx, id, ClientStatus::Suspended).await? {
                    return Ok(false);
                }
                self.record(tx, WATCHING, Event::ClientSuspended, subject_of(accused), Some("watching")).await?;
                Ok(true)
            }
            (Measure::SignOut, Accused::Customer(id)) => Ok(session::end_all_of(tx, id, now).await? > 0),
            (Measure::StepUp | Measure::Throttle, _) => Ok(true),
            (Measure::Suspend | Measure::SignOut, _) => Ok(false),
        }
    }
}

/// Alarms against one that are added up, the oldest first; so many weigh more than any step.
const ALARMS_MAX: i64 = 200;
