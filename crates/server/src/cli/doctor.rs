//! `lombard doctor`: looks for what should not be.

use std::process::ExitCode;

use super::place::Place;
use super::{Doctor, say};
use crate::doctor::{Report, VALUES_MAX, at_rest};

/// Searches what the database stores for what is sealed in it.
///
/// # Errors
/// The database cannot be used.
pub(crate) async fn doctor(args: &Doctor) -> anyhow::Result<ExitCode> {
    let place = Place::find(&args.place)?;
    let db = place.open().await?;
    let report = at_rest(&place.options, &db).await?;
    let what = if place.options.is_embedded() { "the database's files" } else { "all tables of the database" };
    let Report { bytes, needles, too_short, public, found } = report;
    say(format_args!(
        "Searched {bytes} bytes of {what} for {needles} personal and secret values, up to {VALUES_MAX} of a kind,"
    ));
    say("as they are, in UTF-16, hexadecimal and base64, without regard to case.");
    if too_short + public > 0 {
        say(format_args!(
            "Not searched for: {too_short} too short to be told from chance, {public} that are also the name of a product or an app."
        ));
    }
    for found in &found {
        say(format_args!("found  {} at byte {}: {}, {}", found.place, found.offset, found.kind, found.written));
    }
    if found.is_empty() && needles > 0 {
        say("Nothing was found.");
        return Ok(ExitCode::SUCCESS);
    }
    if needles == 0 {
        say("There is nothing in the database that could be searched for.");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "lombard: what should be sealed stands in the clear; keep the file from others and report it as SECURITY.md says"
    );
    Ok(ExitCode::FAILURE)
}
