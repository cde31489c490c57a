//! Looks whether anything that is sealed stands in the clear in what the database stores.
//!
//! It opens what is sealed, and searches the raw bytes for it. It must never tell what it found, only where and of what kind.

mod needles;
mod scan;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use lombard_store::{Db, Options, at_rest};

use needles::Needles;
use scan::Scanner;

/// What a search came to.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Bytes that were searched.
    pub(crate) bytes: u64,
    /// Texts and keys that were searched for.
    pub(crate) needles: usize,
    /// Those that were not, because bytes like them may be there by chance.
    pub(crate) too_short: usize,
    /// Those that were not, because a text that everybody may read is the same.
    pub(crate) public: usize,
    /// Each place where something was found.
    pub(crate) found: BTreeSet<Found>,
}

/// A place where something stands in the clear.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    /// The file or the table.
    pub(crate) place: String,
    /// How many bytes from its beginning, or from the beginning of its copy.
    pub(crate) offset: u64,
    /// What it is.
    pub(crate) kind: &'static str,
    /// How it is written.
    pub(crate) written: &'static str,
}

/// Searches everything that the database stores.
pub(crate) async fn at_rest(options: &Options, db: &Db) -> anyhow::Result<Report> {
    let (known, public) = {
        let mut tx = db.read().await?;
        (
            at_rest::known(&mut tx, VALUES_MAX).await.context("cannot open what is sealed")?,
            at_rest::public(&mut tx).await?,
        )
    };
    let files = options.embedded_file().map(files).unwrap_or_default();
    let size = files.iter().map(|file| file.metadata().map_or(0, |found| found.len())).sum::<u64>();
    let mut needles = Needles::among(if files.is_empty() { SERVER_BYTES } else { size }, &public);
    for value in &known {
        needles.add(value.kind, value.plain.expose());
    }
    drop(known);
    let mut report = Report { too_short: needles.too_short(), public: needles.public(), ..Report::default() };
    report.needles = needles.count();
    let search = needles.search()?;
    let mut scanner = Scanner::new(&search);
    for file in &files {
        read(file, |bytes| scanner.feed(&file.display().to_string(), bytes))?;
    }
    db.stored_bytes(&mut |table, bytes| scanner.feed(&format!("table {table}"), bytes)).await?;
    (report.bytes, report.found) = scanner.end();
    Ok(report)
}

/// The files of an embedded database that exist.
fn files(database: &Path) -> Vec<PathBuf> {
    let beside = |end: &str| {
        let mut name = database.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    ["", "-wal", "-shm", "-journal"].map(beside).into_iter().filter(|file| file.exists()).collect()
}

fn read(file: &Path, mut each: impl FnMut(&[u8])) -> anyhow::Result<()> {
    let mut open = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let length = open.read(&mut buffer).with_context(|| format!("cannot read {}", file.display()))?;
        match buffer.get(..length) {
            Some(bytes) if !bytes.is_empty() => each(bytes),
            _ => return Ok(()),
        }
    }
}

/// Values of each sealed column that are searched for. All are searched in one go, and their patterns are held in memory.
pub(crate) const VALUES_MAX: i64 = 5_000;
/// How much a server is taken to store, which says how long a text must be so that chance does not write it.
const SERVER_BYTES: u64 = 1 << 36;
/// Bytes read at once.
const READ_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests;
