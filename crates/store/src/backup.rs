//! A whole database as one file, and back: the same file for both engines, so that it also moves a bank from one to the other.
//!
//! What is sealed stays sealed, and the master key is not in the file. The file is lines of JSON: what it is, then for each table its name
//! and columns and one line a row, at the end how many rows there were and a digest of everything before, so that a file that was cut
//! off or damaged is not taken. The digest finds accidents; who can write the file can make another one.

mod written;

use std::io::{self, BufRead, Read as _, Write};

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use serde_json::Value;

use crate::db::{self, Db, Options, Tx};
use crate::driver::Cell;
use crate::error::Error as StoreError;
use crate::migrate;

/// Why a backup could not be made or taken back.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database to be filled is not empty.
    #[error("the database is not empty: {0} has rows")]
    NotEmpty(&'static str),
    /// The file cannot be read or written.
    #[error("the file cannot be read or written")]
    File(#[from] io::Error),
    /// The file is not a backup, or not as it was written.
    #[error("not a whole backup: {0}")]
    Damaged(&'static str),
    /// The backup is of another version.
    #[error("the backup has {found} migrations, this program has {needed}")]
    Version {
        /// Those of the backup.
        found: i64,
        /// Those of this program.
        needed: i64,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The result of making a backup or taking it back.
pub type Result<T> = std::result::Result<T, Error>;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    lombard_backup: u32,
    migrations: i64,
}

/// A line that is not a row.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
enum Mark {
    /// Rows of another table follow.
    Table { name: String, columns: Vec<String> },
    /// Nothing follows.
    End { rows: u64, sha256: String },
}

/// A line after the first.
enum Line {
    Row(Vec<Cell>),
    Mark(Mark),
}

impl Line {
    fn read(text: &[u8]) -> Result<Self> {
        if text.first() == Some(&b'[') {
            let values: Vec<Value> = serde_json::from_slice(text).map_err(|_| Error::Damaged("a row of it"))?;
            let cells: Option<Vec<Cell>> = values.into_iter().map(written::read).collect();
            return cells.map(Self::Row).ok_or(Error::Damaged("a value in it"));
        }
        serde_json::from_slice(text).map(Self::Mark).map_err(|_| Error::Damaged("a line of it"))
    }
}

/// Writes all tables as they are at one moment, while others go on reading and writing; how many rows.
///
/// # Errors
/// [`Error::File`] or [`Error::Store`]; what was written until then is not a backup.
pub async fn write(db: &Db, out: &mut (dyn Write + Send)) -> Result<u64> {
    let mut tx = db.snapshot().await?;
    let mut sink = Sink { out, context: Context::new(&SHA256), rows: 0 };
    sink.line(&Head { lombard_backup: FORMAT, migrations: migrate::needed() })?;
    for table in TABLES {
        let mut is_first = true;
        tx.each(&rows_of(table), |columns, row| {
            if std::mem::take(&mut is_first) {
                sink.line(&Mark::Table { name: (*table).to_owned(), columns: columns.to_vec() })?;
            }
            let cells = (0..columns.len()).map(|place| row.get(place).map(written::write));
            sink.rows += 1;
            sink.line(&cells.collect::<crate::Result<Vec<_>>>()?)
        })
        .await?;
    }
    sink.end()
}

/// How many rows each table has.
///
/// # Errors
/// When the database fails.
pub async fn rows(db: &Db) -> crate::Result<Vec<(&'static str, i64)>> {
    count(&mut db.snapshot().await?).await
}

async fn count(tx: &mut Tx) -> crate::Result<Vec<(&'static str, i64)>> {
    let mut counts = Vec::with_capacity(TABLES.len());
    for table in TABLES {
        let count = format!(
            "-- backup::count
            SELECT COUNT(*) FROM {table}"
        );
        tx.each::<StoreError>(&count, |_, row| {
            counts.push((*table, row.get(0)?));
            Ok(())
        })
        .await?;
    }
    Ok(counts)
}

fn insert(table: &str, columns: &str, count: usize) -> String {
    let places = (1..=count).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
    format!(
        "-- backup::insert
        INSERT INTO {table} ({columns}) VALUES ({places})"
    )
}

fn rows_of(table: &str) -> String {
    format!(
        "-- backup::rows_of
        SELECT * FROM {table}"
    )
}

struct Sink<'a> {
    out: &'a mut (dyn Write + Send),
    context: Context,
    rows: u64,
}

impl Sink<'_> {
    fn line(&mut self, value: &impl Serialize) -> Result<()> {
        let mut line = serde_json::to_vec(value).map_err(io::Error::from)?;
        line.push(b'\n');
        self.context.update(&line);
        Ok(self.out.write_all(&line)?)
    }

    fn end(mut self) -> Result<u64> {
        let sha256 = written::hex(self.context.clone().finish().as_ref());
        let rows = self.rows;
        self.line(&Mark::End { rows, sha256 })?;
        self.out.flush()?;
        Ok(rows)
    }
}

/// Fills an empty database with what a file has, all of it or nothing; how many rows.
///
/// # Errors
/// [`Error::NotEmpty`], [`Error::Version`], [`Error::Damaged`]; the database is as empty then as before.
pub async fn read(options: &Options, file: &mut (dyn BufRead + Send)) -> Result<u64> {
    let mut source = Source { file, context: Context::new(&SHA256), line: Vec::new() };
    let head: Head = serde_json::from_slice(source.next()?).map_err(|_| Error::Damaged("its first line"))?;
    if head.lombard_backup != FORMAT {
        return Err(Error::Damaged("it is of another format"));
    }
    if head.migrations != migrate::needed() {
        return Err(Error::Version { found: head.migrations, needed: migrate::needed() });
    }
    migrate::run(options).await?;
    let mut tx = db::begin_alone(options, "restore").await?;
    if let Some((table, _)) = count(&mut tx).await?.into_iter().find(|(_, rows)| *rows > 0) {
        return Err(Error::NotEmpty(table));
    }
    let rows = fill(&mut tx, &mut source).await?;
    tx.commit().await?;
    Ok(rows)
}

async fn fill(tx: &mut Tx, source: &mut Source<'_>) -> Result<u64> {
    let (mut target, mut waiting, mut rows) = (None::<Target>, Vec::with_capacity(AT_ONCE), 0_u64);
    loop {
        let so_far = source.context.clone();
        match Line::read(source.next()?)? {
            Line::Row(cells) => {
                if target.as_ref().is_none_or(|target| target.columns != cells.len()) {
                    return Err(Error::Damaged("a row without its table"));
                }
                waiting.push(cells);
                rows += 1;
            }
            Line::Mark(Mark::Table { name, columns }) => {
                flush(tx, target.as_ref(), &mut waiting).await?;
                target = Some(Target::find(tx, &name, columns).await?);
            }
            Line::Mark(Mark::End { rows: told, sha256 }) => {
                let is_whole = told == rows && sha256 == written::hex(so_far.finish().as_ref()) && source.is_over()?;
                if !is_whole {
                    return Err(Error::Damaged("its digest is another"));
                }
                flush(tx, target.as_ref(), &mut waiting).await?;
                return Ok(rows);
            }
        }
        if waiting.len() >= AT_ONCE {
            flush(tx, target.as_ref(), &mut waiting).await?;
        }
    }
}

async fn flush(tx: &mut Tx, target: Option<&Target>, waiting: &mut Vec<Vec<Cell>>) -> Result<()> {
    if let Some(target) = target.filter(|_| !waiting.is_empty()) {
        tx.fill(&target.insert, waiting).await.map_err(|error| match error {
            StoreError::Conflict(_) => Error::Damaged("a row that does not fit the others"),
            StoreError::Unavailable(cause) if cause.is_missing_reference() => {
                Error::Damaged("a row that others refer to")
            }
            other => other.into(),
        })?;
        waiting.clear();
    }
    Ok(())
}

/// The table that is being filled.
struct Target {
    columns: usize,
    insert: String,
}

impl Target {
    /// Nothing of the file becomes part of a statement before it has been found in this program and in the database.
    async fn find(tx: &mut Tx, name: &str, mut named: Vec<String>) -> Result<Self> {
        let table = TABLES.iter().find(|table| **table == name).ok_or(Error::Damaged("a table of it"))?;
        let mut known = tx.columns(&rows_of(table)).await?;
        let (columns, count) = (named.join(", "), named.len());
        known.sort_unstable();
        named.sort_unstable();
        if known != named {
            return Err(Error::Damaged("the columns of a table"));
        }
        let insert = insert(table, &columns, count);
        Ok(Self { columns: count, insert })
    }
}

struct Source<'a> {
    file: &'a mut (dyn BufRead + Send),
    context: Context,
    line: Vec<u8>,
}

impl Source<'_> {
    /// The next line, which is then part of the digest.
    fn next(&mut self) -> Result<&[u8]> {
        self.line.clear();
        let limit = u64::try_from(LINE_MAX).unwrap_or(u64::MAX);
        (&mut *self.file).take(limit).read_until(b'\n', &mut self.line)?;
        if self.line.last() != Some(&b'\n') {
            return Err(Error::Damaged("it ends too early"));
        }
        self.context.update(&self.line);
        Ok(&self.line)
    }

    fn is_over(&mut self) -> Result<bool> {
        Ok(self.file.fill_buf()?.is_empty())
    }
}

/// Every table but that of the migrations; what others refer to comes first.
pub const TABLES: &[&str] = &[
    "master_key",
    "data_key",
    "vault",
    "customer",
    "contact",
    "account",
    "account_holder",
    "account_transaction",
    "transaction_past",
    "standing_order",
    "beneficiary",
    "direct_debit",
    "scheduled_payment",
    "statement",
    "product",
    "offer",
    "client",
    "client_logo",
    "signing_key",
    "pushed_request",
    "interaction",
    "session",
    "device",
    "receipt",
    "sign_in_throttle",
    "consent",
    "consent_account",
    "consent_history",
    "consent_grant",
    "code",
    "access_token",
    "refresh_token",
    "unattended_access",
    "used_once",
    "subscription",
    "notification",
    "audit_inbox",
    "audit",
    "audit_span",
    "audit_subject",
    "audit_head",
    "audit_checkpoint",
    "audit_key",
    "master_key_use",
    "service_level",
    "service_time",
    "service_minute",
    "planned_downtime",
    "watch_cursor",
    "alarm",
    "measure",
    "client_history",
];

/// The format of the file.
const FORMAT: u32 = 1;
/// Bytes of one line.
const LINE_MAX: usize = 1024 * 1024;
/// Rows stored together.
const AT_ONCE: usize = 500;
