//! How well this bank serves: answers are counted in memory, and added to the database every few seconds.
//!
//! Counting costs a call a short lock. What was counted since the last round is lost when the process is killed; an orderly end
//! writes it down. A round that fails is made up for by the next one, but for the sign of life: it is that of the minute in which
//! the database takes it.

mod report;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use lombard_domain::service_level::{Answer, INTERFACES, Interface, Marks, Minute, SILENT_AFTER, Tally};
use lombard_domain::time::{Date, Instant, Span};
use lombard_store::service_level::{self, Planned};

pub use report::{Level, Report, Stretch};

use crate::Auth;
use crate::error::Result;

/// What was counted and is not written down yet.
#[derive(Default)]
pub(crate) struct Counts {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tallies: BTreeMap<(i64, Interface), Tally>,
    minutes: BTreeMap<Minute, Marks>,
    /// Calls in a row that each interface left without a reply.
    silence: [u32; INTERFACES],
    /// The last minute of which the database knows that this node served.
    served: Option<Minute>,
}

/// What a round writes down.
struct Taken {
    tallies: BTreeMap<(i64, Interface), Tally>,
    minutes: BTreeMap<Minute, Marks>,
}

impl Counts {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn count(&self, interface: Interface, answer: Answer, took: Span, now: Instant) {
        let (day, minute) = (now.micros().div_euclid(Span::days(1).micros()), Minute::of(now));
        self.with(|state| {
            state.tallies.entry((day, interface)).or_default().count(answer, took);
            let Some(silence) = state.silence.get_mut(interface.place()) else { return };
            *silence = if answer.is_reply() { 0 } else { silence.saturating_add(1) };
            let is_silent = *silence >= SILENT_AFTER;
            if answer.is_reply() || is_silent {
                let marks = state.minutes.entry(minute).or_default();
                if is_silent { marks.note_silence(interface) } else { marks.note_reply(interface) }
            }
        });
    }

    /// What there is to write in this minute; nothing if all is written.
    fn take(&self, now: Minute) -> Option<Taken> {
        self.with(|state| {
            if state.served != Some(now) {
                state.minutes.entry(now).or_default().served = true;
            }
            let (tallies, minutes) = (std::mem::take(&mut state.tallies), std::mem::take(&mut state.minutes));
            (!tallies.is_empty() || !minutes.is_empty()).then_some(Taken { tallies, minutes })
        })
    }

    /// Takes back what could not be written.
    fn put_back(&self, taken: Taken) {
        self.with(|state| {
            for (place, tally) in taken.tallies {
                state.tallies.entry(place).or_default().add(&tally);
            }
            for (minute, marks) in taken.minutes {
                // That this node served in that minute it can no longer say: the database did not take it then.
                let marks = Marks::restore(false, marks.replied(), marks.silent());
                state.minutes.entry(minute).or_default().add(marks);
            }
            while state.minutes.len() > MINUTES_HELD {
                state.minutes.pop_first();
            }
        });
    }
}

impl Auth {
    /// Counts an answer.
    pub fn count_answer(&self, interface: Interface, answer: Answer, took: Span) {
        self.counts.count(interface, answer, took, self.now());
    }

    /// Writes down what was counted, and that this node serves. To be called every few seconds, and at the end.
    ///
    /// # Errors
    /// When the database fails; the next call makes up for it. Where it failed at the very end of the commit, what it took all the same
    /// counts twice.
    pub async fn note_service(&self) -> Result<()> {
        let now = Minute::of(self.now());
        let Some(taken) = self.counts.take(now) else { return Ok(()) };
        match self.write_service(&taken).await {
            Ok(()) => {
                self.counts.with(|state| state.served = Some(now));
                Ok(())
            }
            Err(error) => {
                self.counts.put_back(taken);
                Err(error.into())
            }
        }
    }

    async fn write_service(&self, taken: &Taken) -> lombard_store::Result<()> {
        let mut tx = self.db().begin("note_service").await?;
        let tallies: Vec<_> =
            taken.tallies.iter().map(|((day, interface), tally)| (date(*day), *interface, *tally)).collect();
        service_level::add(&mut tx, &tallies).await?;
        let minutes: Vec<_> = taken.minutes.iter().map(|(minute, marks)| (*minute, *marks)).collect();
        service_level::mark(&mut tx, &minutes).await?;
        tx.commit().await
    }

    /// Notes that the bank will not serve for a while; whether that was not known before. Only what is noted before it begins makes
    /// downtime planned.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn plan_downtime(&self, from: Instant, until: Instant) -> Result<bool> {
        let mut tx = self.db().begin("plan_downtime").await?;
        let is_new = service_level::plan(&mut tx, &Planned { from, until, announced_at: self.now() }).await?;
        tx.commit().await?;
        Ok(is_new)
    }
}

fn date(day: i64) -> Date {
    Instant::from_micros(day.saturating_mul(Span::days(1).micros())).date()
}

/// Minutes that are remembered while the database is away: a day.
const MINUTES_HELD: usize = 1_440;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(1_772_452_800 + seconds)
    }

    #[test]
    fn five_calls_in_a_row_without_a_reply_are_silence_until_the_next_reply() {
        let counts = Counts::default();
        let funds = Interface::ConfirmationOfFunds;
        let call = |answer, seconds| counts.count(funds, answer, Span::seconds(1), at(seconds));
        let was_there = |seconds| {
            counts.with(|state| {
                let mut marks = state.minutes.get(&Minute::of(at(seconds))).copied().unwrap_or_default();
                marks.served = true;
                marks.was_there(funds)
            })
        };
        for _ in 0..4 {
            call(Answer::Failed, 0);
        }
        assert!(was_there(0), "four are not enough");
        call(Answer::Unavailable, 60);
        assert!(was_there(0) && !was_there(60), "the fifth is");
        call(Answer::Failed, 120);
        assert!(!was_there(120), "it goes on");
        call(Answer::Refused, 120);
        assert!(was_there(120), "somebody had a reply in that minute");
        call(Answer::Failed, 180);
        assert!(was_there(180), "the row begins anew");
    }

    #[test]
    fn what_could_not_be_written_is_written_later_but_for_the_sign_of_life() {
        let counts = Counts::default();
        counts.count(Interface::Public, Answer::Good, Span::seconds(1), at(0));
        let first = counts.take(Minute::of(at(0))).unwrap();
        assert!(first.minutes[&Minute::of(at(0))].served);
        counts.put_back(first);
        counts.count(Interface::Public, Answer::Good, Span::seconds(1), at(60));
        let second = counts.take(Minute::of(at(60))).unwrap();
        assert_eq!(second.tallies.values().map(|tally| tally.calls).sum::<u64>(), 2);
        let served: Vec<bool> = second.minutes.values().map(|marks| marks.served).collect();
        assert_eq!(served, [false, true]);
    }

    #[test]
    fn a_quiet_node_gives_one_sign_of_life_a_minute_and_holds_a_day_at_most() {
        let counts = Counts::default();
        assert!(counts.take(Minute::of(at(0))).is_some());
        counts.with(|state| state.served = Some(Minute::of(at(0))));
        assert!(counts.take(Minute::of(at(59))).is_none());
        for minute in 1..3_000 {
            let taken = counts.take(Minute::of(at(minute * 60))).unwrap();
            counts.put_back(taken);
        }
        assert_eq!(counts.with(|state| state.minutes.len()), MINUTES_HELD);
    }
}
