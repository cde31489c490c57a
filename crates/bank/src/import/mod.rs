//! Import of a bank's data from CSV files: read, checked as a whole, and stored all or nothing.
//!
//! Reading ([`parse`]) touches no database and collects what is wrong instead of stopping at the first problem. Storing compares what
//! is there already, so that a repetition changes nothing. `docs/import.md` describes the files.

mod file;
mod parse;
mod problem;
mod report;
mod rows;
mod save;
mod table;

use lombard_domain::audit::Entry;
use lombard_store::{Db, Index, audit};

pub use file::{FILE_BYTES_MAX, File, Files};
pub use parse::{Identify, Noun, Parsed, parse};
pub use problem::{PROBLEMS_MAX, Problem, Problems};
pub use report::{FileReport, Flow, Holdings, Report};
pub use save::Progress;

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The files hold what cannot be taken.
    #[error("nothing was imported; {0}")]
    Refused(Problems),
    /// The database failed.
    #[error("nothing was imported, because the database failed")]
    Store(#[from] lombard_store::Error),
    /// A file cannot be read.
    #[error("nothing was imported, because {} cannot be read", .file.name())]
    Unreadable {
        /// Which file.
        file: File,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Imports files, in one transaction, with an entry on record that they were.
///
/// `progress` is called now and then while rows are stored.
///
/// # Errors
/// [`Error`] says why nothing was stored.
pub async fn run(
    db: &Db,
    files: &Files,
    record: &Entry,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, Error> {
    let identify = |noun: Noun, source: &str| {
        let digest = db.vault().digest(Index::Import, &[noun.label().as_bytes(), source.as_bytes()]);
        let (first, _) = digest.split_at(16);
        first.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte))
    };
    let parsed = parse(files, &identify).map_err(Error::Refused)?;
    let mut tx = db.begin("import").await?;
    let report = save::save(&mut tx, parsed, progress).await?;
    audit::append(&mut tx, std::slice::from_ref(record)).await?;
    tx.commit().await?;
    Ok(report)
}
