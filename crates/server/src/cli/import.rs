//! `lombard import`: a bank's data from CSV files.

use std::process::ExitCode;

use anyhow::bail;
use indicatif::{ProgressBar, ProgressStyle};
use lombard_bank::import::{self, Files};

use super::place::Place;
use super::{Import, sandbox, say};

/// Imports a folder, all of it or nothing, and says what came of it.
///
/// # Errors
/// The folder or the database cannot be used.
pub(crate) async fn import(args: &Import) -> anyhow::Result<ExitCode> {
    if !args.folder.is_dir() {
        bail!("there is no folder {}", args.folder.display());
    }
    let files = Files::read(&args.folder)?;
    let place = Place::find(&args.place)?;
    let core = place.core().await?;
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template("{bar:40} {pos}/{len} rows  {elapsed}")?);
    let record = core.auth.operator_entry(lombard_domain::audit::Event::Imported);
    let mut draw = |progress: import::Progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    };
    let outcome = import::run(&core.db, &files, &record, &mut draw).await;
    bar.finish_and_clear();
    match outcome {
        Ok(report) => {
            say(&report);
            if let Some(folder) = &place.sandbox {
                sandbox::people::let_everybody_sign_in(&core, folder).await?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(import::Error::Refused(problems)) => {
            eprintln!("lombard: nothing was imported; {problems}");
            Ok(ExitCode::FAILURE)
        }
        Err(error) => Err(error.into()),
    }
}
