//! `lombard migrate`: the database in the form that this version needs.

use std::process::ExitCode;

use super::place::{Place, not_usable};
use super::{Migrate, say};

/// Applies what is missing and says what it was.
///
/// # Errors
/// The database cannot be reached or changed.
pub(crate) async fn migrate(args: &Migrate) -> anyhow::Result<ExitCode> {
    let place = Place::find(&args.place)?;
    let applied = lombard_store::migrate::run(&place.options).await.map_err(not_usable)?;
    for name in &applied {
        say(format_args!("applied {name}"));
    }
    if applied.is_empty() {
        say("The database was up to date.");
    }
    Ok(ExitCode::SUCCESS)
}
