//! SQLite: one writer behind a fair queue, several readers, write-ahead log, every commit synced to disk.
//!
//! Statements run on the async worker that asks: a cached statement takes microseconds, less than handing it to another thread
//! would. Only COMMIT, which waits for the disk, goes to a blocking thread.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use super::{Cell, Kept, Params, Row, Slot};
use crate::error::{Cause, Error, Result};

/// A database in one file.
pub(crate) struct Sqlite {
    writer: Arc<tokio::sync::Mutex<Connection>>,
    readers: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
    log: PathBuf,
    count: usize,
}

impl Sqlite {
    /// How many connections read.
    pub(crate) fn readers(&self) -> usize {
        self.count
    }

    /// How many bytes its log has.
    pub(crate) fn log_bytes(&self) -> Result<u64> {
        match std::fs::metadata(&self.log) {
            Ok(found) => Ok(found.len()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(Error::Unavailable(Cause::Io(error))),
        }
    }

    /// Opens the file, making it if it is missing.
    pub(crate) fn open(path: &Path, readers: usize) -> Result<Self> {
        let writer = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        restrict(path).map_err(|error| Error::Unavailable(Cause::Io(error)))?;
        let readers = readers.max(1);
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let log = PathBuf::from(log);
        let connections = (0..readers)
            .map(|_| connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).and_then(read_only))
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            writer: Arc::new(tokio::sync::Mutex::new(writer)),
            readers: Arc::new(Mutex::new(connections)),
            permits: Arc::new(Semaphore::new(readers)),
            log,
            count: readers,
        })
    }

    /// Waits for the writer and begins a transaction.
    pub(crate) async fn begin(&self) -> Result<Writer> {
        let waiting = tokio::time::timeout(WAIT_MAX, self.writer.clone().lock_owned());
        let connection = waiting.await.map_err(|_| Error::Busy(None))?;
        // Another process (an import, a key rotation) may hold the file's lock; SQLite's own waiting would block the worker.
        let mut waited = Duration::ZERO;
        loop {
            match connection.execute_batch("BEGIN IMMEDIATE").map_err(Error::from) {
                Ok(()) => {
                    return Ok(Writer { connection: Some(connection) });
                }
                Err(Error::Busy(_)) if waited < WAIT_MAX => {
                    tokio::time::sleep(RETRY_EVERY).await;
                    waited += RETRY_EVERY;
                }
                Err(other) => return Err(other),
            }
        }
    }

    /// Folds the log into the file and empties it; whether nobody was in the way.
    pub(crate) async fn fold_log(&self) -> Result<bool> {
        let waiting = tokio::time::timeout(WAIT_MAX, self.writer.clone().lock_owned());
        let connection = waiting.await.map_err(|_| Error::Busy(None))?;
        let busy: i64 = tokio::task::spawn_blocking(move || {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        })
        .await??;
        Ok(busy == 0)
    }

    /// Waits for a reader.
    pub(crate) async fn read(&self) -> Result<Reader> {
        let waiting = tokio::time::timeout(WAIT_MAX, self.permits.clone().acquire_owned());
        let permit = waiting.await.map_err(|_| Error::Busy(None))?.map_err(|_| Error::Busy(None))?;
        let connection = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Ok(Reader {
            connection: Some(connection.ok_or(Error::Busy(None))?),
            home: self.readers.clone(),
            _permit: permit,
        })
    }
}

/// The writer within a transaction, which is rolled back on drop unless it was committed.
pub(crate) struct Writer {
    connection: Option<OwnedMutexGuard<Connection>>,
}

impl Writer {
    pub(crate) fn connection(&self) -> Result<&Connection> {
        self.connection.as_deref().ok_or(Error::Busy(None))
    }

    pub(crate) async fn commit(mut self) -> Result<()> {
        let Some(connection) = self.connection.take() else {
            return Ok(());
        };
        tokio::task::spawn_blocking(move || {
            let outcome = connection.execute_batch("COMMIT");
            if outcome.is_err() {
                roll_back(&connection);
            }
            outcome
        })
        .await??;
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(connection) = &self.connection {
            roll_back(connection);
        }
    }
}

/// A connection that can only read; goes back to its pool on drop.
pub(crate) struct Reader {
    connection: Option<Connection>,
    home: Arc<Mutex<Vec<Connection>>>,
    _permit: OwnedSemaphorePermit,
}

impl Reader {
    pub(crate) fn connection(&self) -> Result<&Connection> {
        self.connection.as_ref().ok_or(Error::Busy(None))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // The end of a snapshot.
            roll_back(&connection);
            self.home.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

/// Runs a statement that gives no rows; how many rows it touched.
pub(crate) fn exec(connection: &Connection, sql: &'static str, params: Params<'_>) -> Result<u64> {
    let mut statement = connection.prepare_cached(sql)?;
    bind(&mut statement, params)?;
    Ok(u64::try_from(statement.raw_execute()?).unwrap_or(0))
}

/// Runs a statement and maps its rows.
pub(crate) fn all<T>(
    connection: &Connection,
    sql: &'static str,
    params: Params<'_>,
    map: &mut (dyn FnMut(&Row<'_>) -> Result<T> + Send),
) -> Result<Vec<Slot<T>>> {
    let mut statement = connection.prepare_cached(sql)?;
    bind(&mut statement, params)?;
    let columns = statement.column_count();
    let mut rows = statement.raw_query();
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(match map(&Row::Sqlite(row)) {
            Ok(mapped) => Slot::Mapped(mapped),
            Err(Error::KeyNotHeld(id)) => {
                let values = (0..columns).map(|column| row.get(column)).collect::<rusqlite::Result<_>>()?;
                Slot::Waits(id, Kept::Sqlite(values))
            }
            Err(other) => return Err(other),
        });
    }
    Ok(out)
}

/// Visits the rows of a statement, one after the other.
pub(crate) fn each<E: From<Error>>(
    connection: &Connection,
    sql: &str,
    visit: &mut (impl FnMut(&[String], &Row<'_>) -> std::result::Result<(), E> + Send),
) -> std::result::Result<(), E> {
    let mut statement = connection.prepare(sql).map_err(Error::from)?;
    let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(Error::from)? {
        visit(&columns, &Row::Sqlite(row))?;
    }
    Ok(())
}

/// The names of the columns that a statement gives.
pub(crate) fn columns(connection: &Connection, sql: &str) -> Result<Vec<String>> {
    Ok(connection.prepare(sql)?.column_names().into_iter().map(str::to_owned).collect())
}

/// Runs a statement once for each row.
pub(crate) fn fill(connection: &Connection, sql: &str, rows: &[Vec<Cell>]) -> Result<()> {
    let mut statement = connection.prepare(sql)?;
    for row in rows {
        statement.execute(rusqlite::params_from_iter(row))?;
    }
    Ok(())
}

fn bind(statement: &mut rusqlite::Statement<'_>, params: Params<'_>) -> Result<()> {
    for (place, param) in params.iter().enumerate() {
        let value: &dyn rusqlite::ToSql = *param;
        statement.raw_bind_parameter(place + 1, value)?;
    }
    Ok(())
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::ZERO)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    // A second process may be turning the log on at this very moment.
    let mut tries = 0;
    while let Err(error) = connection.pragma_update(None, "journal_mode", "wal").map_err(Error::from) {
        tries += 1;
        if !error.is_transient() || tries > 200 {
            return Err(error);
        }
        std::thread::sleep(RETRY_EVERY);
    }
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // What is deleted is overwritten where its page is written anyhow. Whole pages that become free are not written only for this: all that is
    // personal or secret in them is sealed.
    connection.pragma_update(None, "secure_delete", "fast")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIBIBYTES)?;
    // A plan does not follow the values of a statement's parameters: otherwise a statement whose plan could, because of a partial index or
    // of a LIMIT, is parsed anew for each new value.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn read_only(connection: Connection) -> Result<Connection> {
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Only the owner may read the file.
fn restrict(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

fn roll_back(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, "a transaction could not be rolled back");
    }
}

/// How long a transaction or a read waits for its turn.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// How often a writer looks whether another process has finished.
const RETRY_EVERY: Duration = Duration::from_millis(5);
/// Prepared statements kept by each connection.
const STATEMENTS_CACHED: usize = 256;
/// Page cache of each connection.
const CACHE_KIBIBYTES: i64 = 4096;

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_statement_is_parsed_once_whatever_its_values() {
        let folder = tempfile::tempdir().unwrap();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = connect(&folder.path().join("bank.db"), flags).unwrap();
        let table = "CREATE TABLE t (a INTEGER, b TEXT) STRICT; CREATE INDEX i ON t (a) WHERE b = 'x';";
        connection.execute_batch(table).unwrap();
        for sql in ["SELECT a FROM t WHERE a = ? AND b = ?", "SELECT a FROM t WHERE a > ? ORDER BY a LIMIT ?"] {
            let mut statement = connection.prepare(sql).unwrap();
            for value in [1, 2, 1] {
                assert!(!statement.exists((1, value)).unwrap());
            }
            assert_eq!(statement.get_status(StatementStatus::RePrepare), 0, "{sql}");
        }
    }
}
