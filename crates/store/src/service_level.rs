//! What was counted of answers, by interface and day, and in which minutes the bank served. Nodes add to the same rows.

use lombard_domain::service_level::{Interface, Marks, Minute, TIMES, Tally};
use lombard_domain::time::{Date, Instant};

use crate::db::Tx;
use crate::driver::Value;
use crate::error::{Error, Result};

/// When the bank said that it would not serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// From this moment on.
    pub from: Instant,
    /// Before this one.
    pub until: Instant,
    /// When it said so.
    pub announced_at: Instant,
}

/// Adds calls to what was counted before, by whichever node.
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx, tallies: &[(Date, Interface, Tally)]) -> Result<()> {
    let rows: Vec<Numbers> =
        tallies.iter().map(|(day, interface, tally)| Numbers::of(*day, *interface, tally)).collect();
    let sets: Vec<[Value<'_>; 8]> = rows.iter().map(Numbers::values).collect();
    tx.exec_many(
        "-- service_level::add
        INSERT INTO service_level (day, interface, calls, good, limited, unavailable, failed, micros)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (day, interface) DO UPDATE SET
            calls = service_level.calls + excluded.calls, good = service_level.good + excluded.good,
            limited = service_level.limited + excluded.limited,
            unavailable = service_level.unavailable + excluded.unavailable,
            failed = service_level.failed + excluded.failed, micros = service_level.micros + excluded.micros",
        &sets,
    )
    .await?;
    let times: Vec<(&Numbers, i64, i64)> = rows
        .iter()
        .flat_map(|row| (0..).zip(row.times).map(move |(place, answers)| (row, place, answers)))
        .filter(|(_, _, answers)| *answers > 0)
        .collect();
    let sets: Vec<[Value<'_>; 4]> = times
        .iter()
        .map(|(row, place, answers)| -> [Value<'_>; 4] { [&row.day, &row.interface, place, answers] })
        .collect();
    tx.exec_many(
        "-- service_level::add_times
        INSERT INTO service_time (day, interface, place, answers) VALUES ($1, $2, $3, $4)
        ON CONFLICT (day, interface, place) DO UPDATE SET answers = service_time.answers + excluded.answers",
        &sets,
    )
    .await?;
    Ok(())
}

/// A row, in the types of the database.
struct Numbers {
    day: String,
    interface: &'static str,
    counts: [i64; 6],
    times: [i64; TIMES],
}

impl Numbers {
    fn of(day: Date, interface: Interface, tally: &Tally) -> Self {
        let Tally { calls, good, limited, unavailable, failed, micros, times } = *tally;
        let stored = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        Self {
            day: day.to_string(),
            interface: interface.code(),
            counts: [calls, good, limited, unavailable, failed, micros].map(stored),
            times: times.map(stored),
        }
    }

    fn values(&self) -> [Value<'_>; 8] {
        let [calls, good, limited, unavailable, failed, micros] = &self.counts;
        [&self.day, &self.interface, calls, good, limited, unavailable, failed, micros]
    }
}

/// Adds to what is known of minutes.
///
/// # Errors
/// When the database fails.
pub async fn mark(tx: &mut Tx, minutes: &[(Minute, Marks)]) -> Result<()> {
    let rows: Vec<[i64; 4]> = minutes
        .iter()
        .map(|(minute, marks)| [minute.number(), i64::from(marks.served), marks.replied(), marks.silent()])
        .collect();
    let sets: Vec<[Value<'_>; 4]> = rows
        .iter()
        .map(|[minute, served, replied, silent]| -> [Value<'_>; 4] { [minute, served, replied, silent] })
        .collect();
    tx.exec_many(
        "-- service_level::mark
        INSERT INTO service_minute (minute, served, replied, silent) VALUES ($1, $2, $3, $4)
        ON CONFLICT (minute) DO UPDATE SET
            served = service_minute.served | excluded.served,
            replied = service_minute.replied | excluded.replied, silent = service_minute.silent | excluded.silent",
        &sets,
    )
    .await?;
    Ok(())
}

/// Notes that the bank will not serve for a while; whether that was not known before.
///
/// # Errors
/// When the database fails.
pub async fn plan(tx: &mut Tx, planned: &Planned) -> Result<bool> {
    let touched = tx
        .exec(
            "-- service_level::plan
            INSERT INTO planned_downtime (starts_at, ends_at, announced_at) VALUES ($1, $2, $3)
            ON CONFLICT (starts_at, ends_at) DO NOTHING",
            &[&planned.from.micros(), &planned.until.micros(), &planned.announced_at.micros()],
        )
        .await?;
    Ok(touched == 1)
}

/// What was announced of the time between two moments.
///
/// # Errors
/// When the database fails.
pub async fn planned(tx: &mut Tx, from: Instant, until: Instant) -> Result<Vec<Planned>> {
    tx.rows(
        "-- service_level::planned
        SELECT starts_at, ends_at, announced_at FROM planned_downtime
        WHERE starts_at < $1 AND ends_at > $2 ORDER BY starts_at, ends_at",
        &[&until.micros(), &from.micros()],
        |row| {
            Ok(Planned {
                from: Instant::from_micros(row.get(0)?),
                until: Instant::from_micros(row.get(1)?),
                announced_at: Instant::from_micros(row.get(2)?),
            })
        },
    )
    .await
}

/// What was counted on a day.
///
/// # Errors
/// When the database fails, or holds a count that cannot be one.
pub async fn of_day(tx: &mut Tx, day: Date) -> Result<Vec<(Interface, Tally)>> {
    let day = day.to_string();
    let mut tallies = tx
        .rows(
            "-- service_level::of_day
            SELECT interface, calls, good, limited, unavailable, failed, micros FROM service_level
            WHERE day = $1 ORDER BY interface",
            &[&day],
            |row| {
                let mut counts = [0_u64; 6];
                for (place, count) in (1..).zip(&mut counts) {
                    *count = counted(row.get(place)?)?;
                }
                let [calls, good, limited, unavailable, failed, micros] = counts;
                let tally = Tally { calls, good, limited, unavailable, failed, micros, ..Tally::default() };
                Ok((known(&row.get::<String>(0)?)?, tally))
            },
        )
        .await?;
    let times = tx
        .rows(
            "-- service_level::times_of_day
            SELECT interface, place, answers FROM service_time WHERE day = $1",
            &[&day],
            |row| Ok((known(&row.get::<String>(0)?)?, counted(row.get(1)?)?, counted(row.get(2)?)?)),
        )
        .await?;
    for (interface, place, answers) in times {
        let tally = tallies.iter_mut().find(|(own, _)| *own == interface);
        let time = usize::try_from(place).ok().and_then(|place| tally?.1.times.get_mut(place));
        *time.ok_or(Error::Corrupt("service_time"))? = answers;
    }
    Ok(tallies)
}

fn known(interface: &str) -> Result<Interface> {
    Interface::from_code(interface).ok_or(Error::Corrupt("service_level"))
}

fn counted(stored: i64) -> Result<u64> {
    u64::try_from(stored).map_err(|_| Error::Corrupt("service_level"))
}

/// What is known of the minutes between two.
///
/// # Errors
/// When the database fails.
pub async fn minutes(tx: &mut Tx, from: Minute, until: Minute) -> Result<Vec<(Minute, Marks)>> {
    tx.rows(
        "-- service_level::minutes
        SELECT minute, served, replied, silent FROM service_minute WHERE minute >= $1 AND minute < $2 ORDER BY minute",
        &[&from.number(), &until.number()],
        |row| Ok((Minute::new(row.get(0)?), Marks::restore(row.get::<i64>(1)? != 0, row.get(2)?, row.get(3)?))),
    )
    .await
}

/// The first minute of which anything is known.
///
/// # Errors
/// When the database fails.
pub async fn first_minute(tx: &mut Tx) -> Result<Option<Minute>> {
    let first = tx
        .rows(
            "-- service_level::first_minute
            SELECT MIN(minute) FROM service_minute",
            &[],
            |row| row.get::<Option<i64>>(0),
        )
        .await?;
    Ok(first.into_iter().flatten().map(Minute::new).next())
}

/// Forgets up to `limit` rows of each kind that are older than a day; how many.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, before: Date, limit: i64) -> Result<u64> {
    let (day, start) = (before.to_string(), before.start());
    let levels = tx
        .exec(
            "-- service_level::forget
            DELETE FROM service_level WHERE (day, interface) IN
                (SELECT day, interface FROM service_level WHERE day < $1 ORDER BY day LIMIT $2)",
            &[&day, &limit],
        )
        .await?;
    let times = tx
        .exec(
            "-- service_level::forget_times
            DELETE FROM service_time WHERE (day, interface, place) IN
                (SELECT day, interface, place FROM service_time WHERE day < $1 ORDER BY day LIMIT $2)",
            &[&day, &limit],
        )
        .await?;
    let minutes = tx
        .exec(
            "-- service_level::forget_minutes
            DELETE FROM service_minute WHERE minute IN
                (SELECT minute FROM service_minute WHERE minute < $1 ORDER BY minute LIMIT $2)",
            &[&Minute::of(start).number(), &limit],
        )
        .await?;
    let plans = tx
        .exec(
            "-- service_level::forget_planned
            DELETE FROM planned_downtime WHERE (starts_at, ends_at) IN
                (SELECT starts_at, ends_at FROM planned_downtime WHERE ends_at < $1 ORDER BY starts_at LIMIT $2)",
            &[&start.micros(), &limit],
        )
        .await?;
    Ok(levels + times + minutes + plans)
}
