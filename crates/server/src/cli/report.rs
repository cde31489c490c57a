//! `lombard report`: how well the bank served, in the numbers that regulators ask for.

use std::process::ExitCode;

use anyhow::bail;
use lombard_auth::service_level::{Level, Report, Stretch};
use lombard_domain::service_level::percent;
use lombard_domain::time::Clock as _;
use serde_json::{Value, json};

use super::args::{PlanDowntime, ReportCommand, ReportFormat, ServiceLevel};
use super::place::Place;
use super::say;
use crate::system::SystemClock;

/// Does what `lombard report` was asked.
///
/// # Errors
/// The database cannot be used, or the times make no sense.
pub(crate) async fn report(command: &ReportCommand) -> anyhow::Result<ExitCode> {
    match command {
        ReportCommand::PlanDowntime(args) => plan(args).await?,
        ReportCommand::ServiceLevel(args) => service_level(args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn plan(args: &PlanDowntime) -> anyhow::Result<()> {
    if args.to <= args.from {
        bail!("--to must be later than --from");
    }
    if args.from <= SystemClock.now() {
        bail!("--from must be still to come: what is announced afterwards is not planned");
    }
    let core = Place::find(&args.place)?.core().await?;
    let is_new = core.auth.plan_downtime(args.from, args.to).await?;
    let said = if is_new { "Noted" } else { "Noted before" };
    say(format_args!("{said}: planned downtime from {} to {}.", args.from.rfc3339(), args.to.rfc3339()));
    Ok(())
}

async fn service_level(args: &ServiceLevel) -> anyhow::Result<()> {
    if args.to < args.from {
        bail!("--to must not be earlier than --from");
    }
    let core = Place::find(&args.place)?.core().await?;
    let report = core.auth.service_report(args.from, args.to).await?;
    if report.levels.is_empty() {
        eprintln!("Nothing is known of these days.");
    }
    match args.format {
        ReportFormat::Csv => {
            say(COLUMNS.join(","));
            report.levels.iter().for_each(|level| say(cells(level).join(",")));
        }
        ReportFormat::Json => say(as_json(&report)),
        ReportFormat::Text => text(&report),
    }
    Ok(())
}

/// The numbers of a line, in the order of [`COLUMNS`]; empty where there are none.
fn cells(level: &Level) -> [String; COLUMNS.len()] {
    let Level { stretch, interface, tally, availability } = level;
    let or_none = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let minutes = availability.minutes;
    [
        stretch.to_string(),
        interface.code().to_owned(),
        percent(minutes.saturating_sub(availability.down()), minutes).unwrap_or_default(),
        percent(availability.down(), minutes).unwrap_or_default(),
        minutes.to_string(),
        availability.planned.to_string(),
        availability.unplanned.to_string(),
        tally.calls.to_string(),
        percent(tally.errors(), tally.calls).unwrap_or_default(),
        tally.failed.to_string(),
        tally.unavailable.to_string(),
        tally.limited.to_string(),
        tally.average_micros().map(millis).unwrap_or_default(),
        or_none(tally.within_ms(50)),
        or_none(tally.within_ms(95)),
        or_none(tally.within_ms(99)),
    ]
}

/// Milliseconds with one digit, rounded half up.
fn millis(micros: u64) -> String {
    let tenths = micros.saturating_add(50) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn as_json(report: &Report) -> Value {
    let levels = report.levels.iter().map(|level| {
        let mut object = serde_json::Map::new();
        for (column, cell) in COLUMNS.iter().zip(cells(level)) {
            let is_text = matches!(*column, "period" | "interface");
            let number = || serde_json::from_str(&cell).unwrap_or(Value::Null);
            object.insert((*column).to_owned(), if is_text { Value::from(cell) } else { number() });
        }
        Value::Object(object)
    });
    let (quarters, days): (Vec<_>, Vec<_>) =
        levels.zip(&report.levels).partition(|(_, level)| matches!(level.stretch, Stretch::Quarter { .. }));
    let bare = |all: Vec<(Value, &Level)>| all.into_iter().map(|(value, _)| value).collect::<Vec<_>>();
    json!({"made_at": report.made_at.rfc3339(), "days": bare(days), "quarters": bare(quarters)})
}

fn text(report: &Report) {
    say(format_args!("How well the bank served, as of {}. Days are those of UTC.", report.made_at.rfc3339()));
    say("");
    let lines: Vec<[String; COLUMNS.len()]> = report.levels.iter().map(cells).collect();
    let header = COLUMNS.map(|column| column.replace('_', " "));
    let width = |place: usize| {
        let cells = lines.iter().chain([&header]).filter_map(|line| line.get(place));
        cells.map(String::len).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..COLUMNS.len()).map(width).collect();
    for line in [&header].into_iter().chain(&lines) {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}"));
        say(cells.collect::<Vec<_>>().join("  "));
    }
}

/// What each line tells; times in milliseconds are those of good answers, and "within" means that so many of a hundred took no longer.
const COLUMNS: [&str; 16] = [
    "period",
    "interface",
    "uptime_percent",
    "downtime_percent",
    "minutes",
    "planned_down",
    "unplanned_down",
    "calls",
    "error_percent",
    "failed",
    "unavailable",
    "limited",
    "average_ms",
    "p50_ms",
    "p95_ms",
    "p99_ms",
];

#[cfg(test)]
mod tests {
    use lombard_domain::service_level::{Answer, Availability, Interface, Tally};
    use lombard_domain::time::{Date, Instant, Span};

    use super::*;

    fn level() -> Level {
        let mut tally = Tally::default();
        for micros in [1_449, 1_450] {
            tally.count(Answer::Good, Span::from_micros(micros));
        }
        tally.count(Answer::Failed, Span::seconds(1));
        Level {
            stretch: Stretch::Day(Date::new(2026, 3, 2).unwrap()),
            interface: Interface::AccountInformation,
            tally,
            availability: Availability { minutes: 1_440, planned: 10, unplanned: 4 },
        }
    }

    #[test]
    fn a_line_has_the_numbers_of_its_columns() {
        let line = "2026-03-02,account-information,99.03,0.97,1440,10,4,3,33.33,1,0,0,1.4,2,2,2";
        assert_eq!(cells(&level()).join(","), line);
        let idle = Level { tally: Tally::default(), availability: Availability::default(), ..level() };
        assert_eq!(cells(&idle).join(","), "2026-03-02,account-information,,,0,0,0,0,,0,0,0,,,,");
        assert_eq!([49, 50, 1_449, 1_450, 1_000_000].map(millis), ["0.0", "0.1", "1.4", "1.5", "1000.0"]);
    }

    #[test]
    fn programs_get_numbers_and_nothing_where_there_is_none() {
        let idle = Level { tally: Tally::default(), stretch: Stretch::Quarter { year: 2026, quarter: 1 }, ..level() };
        let made = as_json(&Report { made_at: Instant::from_seconds(0), levels: vec![level(), idle] });
        assert_eq!(made["days"][0]["uptime_percent"], 99.03);
        assert_eq!((&made["days"][0]["calls"], &made["days"][0]["p99_ms"]), (&json!(3), &json!(2)));
        assert_eq!(made["quarters"][0]["period"], "2026-Q1");
        assert_eq!(made["quarters"][0]["average_ms"], Value::Null);
        assert_eq!((made["days"].as_array().unwrap().len(), made["quarters"].as_array().unwrap().len()), (1, 1));
    }
}
