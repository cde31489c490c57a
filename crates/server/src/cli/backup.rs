//! `lombard backup` and `lombard restore`: the database as one file, and back.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use lombard_auth::restore::Consents;
use lombard_store::backup;

use super::place::{Place, not_usable};
use super::{AfterRestore, Backup, OPERATOR, Restore, say};
use crate::files;

/// Writes the database into a new file; the server may go on.
///
/// # Errors
/// The database cannot be read, or the file is there or cannot be written.
pub(crate) async fn backup(args: &Backup) -> anyhow::Result<ExitCode> {
    let db = Place::find(&args.place)?.open().await?;
    let file = files::create_private(&args.out)
        .with_context(|| format!("cannot make the file {}, which must not be there yet", args.out.display()))?;
    match written(&db, file).await {
        Ok(rows) => {
            say(format_args!("{rows} rows were written to {}.", args.out.display()));
            say("What is secret in it is encrypted; restoring it needs the master key, which is not in it.");
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            // Half a backup is none.
            let _ = fs::remove_file(&args.out);
            Err(told(error))
        }
    }
}

async fn written(db: &lombard_store::Db, file: File) -> backup::Result<u64> {
    let mut out = BufWriter::new(file);
    let rows = backup::write(db, &mut out).await?;
    out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    Ok(rows)
}

/// Fills an empty database from a file, and makes worthless what was under way when it was written.
///
/// # Errors
/// The file is not a whole backup, or the database is not empty or has another master key.
pub(crate) async fn restore(args: &Restore) -> anyhow::Result<ExitCode> {
    let place = Place::find(&args.place)?;
    let file = File::open(&args.from).with_context(|| cannot_read(&args.from))?;
    let rows = backup::read(&place.options, &mut BufReader::new(file)).await.map_err(told)?;
    say(format_args!("{rows} rows were restored from {}.", args.from.display()));
    let core = place.core().await.context("the rows are there, but the database cannot be opened")?;
    let consents = match args.consents {
        AfterRestore::End => Consents::End,
        AfterRestore::Keep => Consents::Keep,
    };
    let ended = core.auth.after_restore(OPERATOR, consents).await?;
    say("Sessions, codes and access tokens of then are worthless.");
    match args.consents {
        AfterRestore::End => say(format_args!("Consents taken back: {ended}. Customers have to allow apps anew.")),
        AfterRestore::Keep => say("Consents were kept: one that was taken back since the backup was made holds again."),
    }
    Ok(ExitCode::SUCCESS)
}

fn cannot_read(path: &Path) -> String {
    format!("cannot read the file {}", path.display())
}

/// What went wrong, and what to do about it.
fn told(error: backup::Error) -> anyhow::Error {
    match error {
        backup::Error::Store(error) => not_usable(error),
        backup::Error::NotEmpty(_) => anyhow!("the database is not empty; restore into a new one"),
        backup::Error::Version { found, needed } if found < needed => anyhow!(
            "the backup was made by an older version ({found} of {needed} migrations); restore it with that one, then run `lombard migrate`"
        ),
        backup::Error::Version { .. } => {
            anyhow!("the backup was made by a newer version of this program; use that one")
        }
        backup::Error::Damaged(why) => anyhow!("the file is not a whole backup ({why}); nothing was restored"),
        backup::Error::File(error) => anyhow!("the file cannot be read or written: {error}"),
    }
}
