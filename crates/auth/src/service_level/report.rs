//! The report of how well the bank served: each day and each quarter, each interface.

use std::collections::BTreeMap;

use lombard_domain::service_level::{Availability, Interface, Marks, Minute, Tally};
use lombard_domain::time::{Date, Instant};
use lombard_store::Tx;
use lombard_store::service_level::{self, Planned};

use crate::Auth;
use crate::error::Result;

/// A day, or the days of a quarter that the report has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stretch {
    /// A day of UTC.
    Day(Date),
    /// A quarter of a year.
    Quarter {
        /// The year.
        year: i16,
        /// 1 to 4.
        quarter: i8,
    },
}

impl Stretch {
    fn quarter_of(day: Date) -> Self {
        Self::Quarter { year: day.year(), quarter: (day.month() - 1) / 3 + 1 }
    }
}

impl std::fmt::Display for Stretch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Day(day) => write!(f, "{day}"),
            Self::Quarter { year, quarter } => write!(f, "{year}-Q{quarter}"),
        }
    }
}

/// How one interface served in some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// When.
    pub stretch: Stretch,
    /// Which.
    pub interface: Interface,
    /// Its calls.
    pub tally: Tally,
    /// How much of the time it was there.
    pub availability: Availability,
}

/// How well the bank served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// When it was made; what is later is not in it.
    pub made_at: Instant,
    /// Each day, then each quarter, in order.
    pub levels: Vec<Level>,
}

impl Auth {
    /// How well the bank served from one day to another, both of them included. Days before anything was known are not in it, nor is
    /// the minute that is not over yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn service_report(&self, from: Date, to: Date) -> Result<Report> {
        let made_at = self.now();
        let mut tx = self.db().read().await?;
        let Some(first) = service_level::first_minute(&mut tx).await? else {
            return Ok(Report { made_at, levels: Vec::new() });
        };
        let (mut levels, mut quarters) = (Vec::new(), BTreeMap::new());
        let mut day = from.max(first.start().date());
        while day <= to.min(made_at.date()) {
            for level in of_day(&mut tx, day, first, Minute::of(made_at)).await? {
                let sum = quarters.entry((Stretch::quarter_of(day), level.interface)).or_insert_with(|| Level {
                    stretch: Stretch::quarter_of(day),
                    interface: level.interface,
                    tally: Tally::default(),
                    availability: Availability::default(),
                });
                sum.tally.add(&level.tally);
                sum.availability.add(level.availability);
                levels.push(level);
            }
            day = day.plus_days(1);
        }
        levels.extend(quarters.into_values());
        Ok(Report { made_at, levels })
    }
}

/// How each interface served on a day: in those of its minutes that are over, and not before the first of which anything is known.
async fn of_day(tx: &mut Tx, day: Date, first: Minute, now: Minute) -> lombard_store::Result<Vec<Level>> {
    let (begin, end) = (Minute::first_of(day).max(first), Minute::first_of(day.plus_days(1)).min(now));
    let tallies: BTreeMap<_, _> = service_level::of_day(tx, day).await?.into_iter().collect();
    let marks: BTreeMap<_, _> = service_level::minutes(tx, begin, end).await?.into_iter().collect();
    let planned = service_level::planned(tx, begin.start(), end.start()).await?;
    let level = |interface| Level {
        stretch: Stretch::Day(day),
        interface,
        tally: tallies.get(&interface).copied().unwrap_or_default(),
        availability: availability(interface, begin.number()..end.number(), &marks, &planned),
    };
    Ok(Interface::ALL.into_iter().map(level).collect())
}

fn availability(
    interface: Interface,
    minutes: std::ops::Range<i64>,
    marks: &BTreeMap<Minute, Marks>,
    planned: &[Planned],
) -> Availability {
    let mut found = Availability::default();
    for minute in minutes.map(Minute::new) {
        found.minutes += 1;
        if marks.get(&minute).is_some_and(|marks| marks.was_there(interface)) {
            continue;
        }
        let (start, end) = (minute.start(), Minute::new(minute.number() + 1).start());
        // Who announces afterwards that nobody should have expected anything has announced nothing.
        let as_planned = planned.iter().any(|one| one.announced_at < one.from && one.from <= start && end <= one.until);
        if as_planned { found.planned += 1 } else { found.unplanned += 1 }
    }
    found
}
