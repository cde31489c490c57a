//! The arguments of `lombard watch`.

use clap::{Args, Subcommand};

use super::Where;

/// `lombard watch`
#[derive(Debug, Subcommand)]
pub(crate) enum WatchCommand {
    /// Show the newest alarms: what was found, about whom, and how much it weighs.
    Alarms(WatchAlarms),
    /// End a measure, and let what was held against whom it was about count for nothing any more.
    Lift(WatchLift),
    /// Show what was done because of alarms: what holds now, or everything.
    Measures(WatchMeasures),
    /// Show one alarm: what it means, by which entries of the record, and what followed.
    Show(WatchShow),
}

/// `lombard watch alarms`
#[derive(Debug, Args)]
pub(crate) struct WatchAlarms {
    /// So many at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    pub(crate) limit: i64,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard watch show`
#[derive(Debug, Args)]
pub(crate) struct WatchShow {
    /// The alarm's id.
    #[arg(value_name = "ALARM_ID")]
    pub(crate) alarm: String,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard watch measures`
#[derive(Debug, Args)]
pub(crate) struct WatchMeasures {
    /// Also those that ended or were lifted.
    #[arg(long)]
    pub(crate) all: bool,
    /// So many at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    pub(crate) limit: i64,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard watch lift`
#[derive(Debug, Args)]
pub(crate) struct WatchLift {
    /// The measure's id.
    #[arg(value_name = "MEASURE_ID")]
    pub(crate) measure: String,
    /// Why; kept with the measure.
    #[arg(long, value_name = "TEXT", value_parser = said)]
    pub(crate) reason: String,
    /// Your name; kept with the measure.
    #[arg(long, value_name = "NAME", value_parser = said)]
    pub(crate) by: String,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// Something that was said, in one line.
fn said(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_line = !text.is_empty() && text.chars().count() <= SAID_MAX && !text.chars().any(char::is_control);
    if is_line { Ok(text.to_owned()) } else { Err(format!("one line of 1 to {SAID_MAX} characters is needed")) }
}

/// Characters of a name or a reason.
const SAID_MAX: usize = 200;
