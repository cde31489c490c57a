//! `lombard watch`: alarms, what was done because of them, and how it is undone.

use std::process::ExitCode;

use anyhow::Context as _;
use lombard_auth::watch::{Case, Lift, Measure, StoredAlarm, StoredMeasure};
use lombard_domain::time::Instant;

use super::place::Place;
use super::{OPERATOR, WatchAlarms, WatchCommand, WatchLift, WatchMeasures, WatchShow, say};

/// Does what `lombard watch` was asked.
///
/// # Errors
/// The database cannot be used, or there is no such alarm or measure.
pub(crate) async fn watch(command: &WatchCommand) -> anyhow::Result<ExitCode> {
    match command {
        WatchCommand::Alarms(args) => alarms(args).await?,
        WatchCommand::Lift(args) => lift(args).await?,
        WatchCommand::Measures(args) => measures(args).await?,
        WatchCommand::Show(args) => show(args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn alarms(args: &WatchAlarms) -> anyhow::Result<()> {
    let core = Place::find(&args.place)?.core().await?;
    let found = core.auth.alarms(args.limit).await?;
    for StoredAlarm { id, alarm, dismissed_at } in &found {
        let state = if dismissed_at.is_some() { "  dismissed" } else { "" };
        let (at, rule, accused) = (alarm.at.rfc3339(), alarm.rule.name(), alarm.accused);
        say(format_args!("{id}  {at}  {rule}  {accused}  score {}{state}", alarm.score));
    }
    if found.is_empty() {
        eprintln!("There are none.");
    }
    Ok(())
}

async fn show(args: &WatchShow) -> anyhow::Result<()> {
    let id = args.alarm.parse().context("not an alarm's id, which begins with alm_")?;
    let core = Place::find(&args.place)?.core().await?;
    let Case { stored, entries, measures } = core.auth.alarm(id).await?.context("there is no alarm with this id")?;
    let alarm = stored.alarm;
    say(format_args!("alarm     {}", stored.id));
    say(format_args!("rule      {}", alarm.rule.name()));
    say(format_args!("meaning   {}", alarm.rule.meaning()));
    say(format_args!("about     {} ({})", alarm.accused, alarm.accused.kind()));
    say(format_args!("at        {}", alarm.at.rfc3339()));
    say(format_args!("counted   {} since {}", alarm.count, alarm.window.rfc3339()));
    say(format_args!("score     {}", alarm.score));
    say(format_args!("entries   {} to {}: {}", alarm.first, alarm.last, entries.join(" to ")));
    if let Some(at) = stored.dismissed_at {
        say(format_args!("dismissed {}", at.rfc3339()));
    }
    for measure in &measures {
        say(format_args!("followed  {}", line(measure, core.auth.now())));
    }
    Ok(())
}

async fn measures(args: &WatchMeasures) -> anyhow::Result<()> {
    let core = Place::find(&args.place)?.core().await?;
    let found = core.auth.measures(!args.all, args.limit).await?;
    for measure in &found {
        say(line(measure, core.auth.now()));
    }
    if found.is_empty() {
        eprintln!("There are none.");
    }
    Ok(())
}

async fn lift(args: &WatchLift) -> anyhow::Result<()> {
    let id = args.measure.parse().context("not a measure's id, which begins with mea_")?;
    let core = Place::find(&args.place)?.core().await?;
    let lift = Lift { by: args.by.clone(), reason: args.reason.clone() };
    let lifted = core.auth.lift_measure(OPERATOR, id, &lift).await?;
    let lifted = lifted.context("there is no measure with this id that has not been lifted")?;
    say(format_args!("Lifted: {} of {}. {}", lifted.measure.name(), lifted.accused, what_follows(lifted.measure)));
    say(
        "All alarms about them until now count for nothing any more. Other measures against them stay: lombard watch measures",
    );
    Ok(())
}

fn what_follows(measure: Measure) -> &'static str {
    match measure {
        Measure::StepUp => "From now on they sign in as everybody does.",
        Measure::SignOut => "Sessions that were ended stay ended; the customer signs in again.",
        Measure::Throttle => "Every node admits their calls at the usual rates within a few seconds.",
        Measure::Suspend => "The app may act again, with the next call.",
    }
}

fn line(measure: &StoredMeasure, now: Instant) -> String {
    let StoredMeasure { id, accused, since, score, alarm, .. } = measure;
    let state = match (&measure.lifted, measure.until) {
        (Some((at, Lift { by, reason })), _) => format!("lifted {} by {by}: {reason}", at.rfc3339()),
        (None, Some(until)) if until <= now => format!("ended {}", until.rfc3339()),
        (None, Some(until)) => format!("until {}", until.rfc3339()),
        (None, None) => "until it is lifted".to_owned(),
    };
    let (name, since) = (measure.measure.name(), since.rfc3339());
    format!("{id}  {name}  {accused}  since {since}, score {score}, because of {alarm}  {state}")
}
