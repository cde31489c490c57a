//! `lombard migrate`: the database in the form that this version needs.

use std::process::ExitCode;

use anyhow::Context as _;

use super::Migrate;
use super::place::Place;

/// Applies what is missing and says what it was.
///
/// # Errors
/// The database cannot be reached or changed.
#[expect(clippy::print_stdout, reason = "what was done is what the command says")]
pub(crate) async fn migrate(args: &Migrate) -> anyhow::Result<ExitCode> {
    let place = Place::find(&args.place)?;
    let applied = lombard_store::migrate::run(&place.options).await.context("nothing was changed")?;
    for name in &applied {
        println!("applied {name}");
    }
    if applied.is_empty() {
        println!("The database was up to date.");
    }
    Ok(ExitCode::SUCCESS)
}
