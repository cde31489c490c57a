//! A database, and a transaction or a read on it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use lombard_domain::random::Random;
use lombard_domain::time::Date;

use crate::crypt::{Crypt, DataKey, Master, Place};
use crate::driver::postgres::{self, Postgres};
use crate::driver::sqlite::{self, Sqlite};
use crate::driver::{Cell, Params, Row, Slot, Value};
use crate::error::{Error, Result};
use crate::master::{self, Masters};
use crate::pressure::{self, Holding, Pressure};
use crate::vault::Vault;
use crate::{data_key, migrate, vault};

/// How to reach a database.
#[derive(Clone, Debug)]
pub struct Options {
    engine: Engine,
}

#[derive(Clone, Debug)]
enum Engine {
    Postgres { url: String, connections: usize, ca_file: Option<PathBuf> },
    Sqlite { path: PathBuf, readers: usize },
}

impl Options {
    /// Reads an address: `postgres://…` (or `postgresql://…`), or `sqlite:///path/to/file`.
    ///
    /// # Errors
    /// [`Error::Url`] if it is neither.
    pub fn parse(url: &str) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            if path.is_empty() {
                return Err(Error::Url("a path must follow sqlite://"));
            }
            return Ok(Self::file(path));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self {
                engine: Engine::Postgres { url: url.to_owned(), connections: CONNECTIONS, ca_file: None },
            });
        }
        Err(Error::Url("it must start with postgres:// or sqlite://"))
    }

    /// The embedded database in a file.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { engine: Engine::Sqlite { path: path.into(), readers: READERS } }
    }

    /// How many connections to hold: readers of SQLite, or all connections to PostgreSQL.
    #[must_use]
    pub fn connections(mut self, count: usize) -> Self {
        match &mut self.engine {
            Engine::Postgres { connections, .. } => *connections = count,
            Engine::Sqlite { readers, .. } => *readers = count,
        }
        self
    }

    /// The CA that vouches for the PostgreSQL server; needed with `sslmode=require`, ignored by SQLite.
    #[must_use]
    pub fn ca_file(mut self, file: Option<PathBuf>) -> Self {
        if let Engine::Postgres { ca_file, .. } = &mut self.engine {
            *ca_file = file;
        }
        self
    }

    /// The file of the embedded database; beside it lie its log and what its processes share.
    #[must_use]
    pub fn embedded_file(&self) -> Option<&Path> {
        match &self.engine {
            Engine::Sqlite { path, .. } => Some(path),
            Engine::Postgres { .. } => None,
        }
    }

    /// Whether it is the embedded database.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        matches!(self.engine, Engine::Sqlite { .. })
    }
}

/// A database. Cheap to clone; all clones share connections.
#[derive(Clone)]
pub struct Db {
    shared: Arc<Shared>,
}

struct Shared {
    backend: Backend,
    room: Arc<Room>,
    bank: Arc<DataKey>,
    vault: Vault,
    statements: Arc<AtomicU64>,
    pressure: Pressure,
}

/// Where keys are held: data keys for a while, master keys until others are configured.
pub(crate) struct Room {
    crypt: Crypt,
    masters: RwLock<Arc<Masters>>,
    /// The newest key of the record, which each call would else ask for; those are never destroyed.
    of_the_day: RwLock<Option<(Date, Arc<DataKey>)>>,
}

impl Room {
    pub(crate) fn crypt(&self) -> &Crypt {
        &self.crypt
    }

    pub(crate) fn masters(&self) -> Arc<Masters> {
        self.masters.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The record's key of a day, if it is the one that is kept at hand.
    pub(crate) fn of_the_day(&self, day: Date) -> Option<Arc<DataKey>> {
        let kept = self.of_the_day.read().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(of, _)| *of == day).map(|(_, key)| key.clone())
    }

    pub(crate) fn keep_of_the_day(&self, day: Date, key: Arc<DataKey>) {
        *self.of_the_day.write().unwrap_or_else(PoisonError::into_inner) = Some((day, key));
    }
}

enum Backend {
    Postgres(Postgres),
    Sqlite(Sqlite),
}

impl Db {
    /// Opens a database whose schema is up to date, and the vault in it. The first master key wraps what is new in a new
    /// database; the others only unwrap.
    ///
    /// # Errors
    /// [`Error::Schema`] if migrations are missing, [`Error::WrongMasterKey`] if a master key in use is not given,
    /// [`Error::Keeper`] if a keeper refuses, [`Error::Outdated`] if an earlier version sealed the values.
    pub async fn open<M>(options: &Options, masters: &[M], random: fn() -> Box<dyn Random>) -> Result<Self>
    where
        M: Clone + Into<Master>,
    {
        let backend = Backend::open(options)?;
        let statements = Arc::new(AtomicU64::new(0));
        let masters: Vec<Master> = masters.iter().cloned().map(Into::into).collect();
        let mut tx = backend.begin("open", &statements).await?;
        migrate::check(&mut tx).await?;
        vault::check(&mut tx).await?;
        let masters = Arc::new(master::load(&mut tx, &masters, &*random()).await?);
        let room = Arc::new(Room {
            crypt: Crypt::new(random()),
            masters: RwLock::new(masters),
            of_the_day: RwLock::default(),
        });
        tx.room = Some(room.clone());
        let bank = data_key::bank(&mut tx).await?;
        room.crypt.keep(bank.clone());
        let vault = vault::open(&mut tx, &room.crypt, &bank, &*random()).await?;
        tx.commit().await?;
        let pressure = backend.pressure();
        Ok(Self { shared: Arc::new(Shared { backend, room, bank, vault, statements, pressure }) })
    }

    /// Uses these master keys from now on, in the place of those with which it was opened.
    ///
    /// # Errors
    /// As [`Db::open`]; then the former ones stay in use.
    pub async fn renew_masters<M>(&self, masters: &[M]) -> Result<()>
    where
        M: Clone + Into<Master>,
    {
        let masters: Vec<Master> = masters.iter().cloned().map(Into::into).collect();
        let mut tx = self.begin("renew_masters").await?;
        let masters = Arc::new(master::load(&mut tx, &masters, self.shared.room.crypt.random()).await?);
        tx.commit().await?;
        *self.shared.room.masters.write().unwrap_or_else(PoisonError::into_inner) = masters;
        Ok(())
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// [`Error::Busy`] if none is free in time.
    pub async fn read(&self) -> Result<Tx> {
        let waiting = self.shared.pressure.read();
        let inner = match &self.shared.backend {
            Backend::Postgres(postgres) => Inner::PostgresRead(postgres.read().await?),
            Backend::Sqlite(sqlite) => Inner::SqliteRead(sqlite.read().await?),
        };
        let (room, shared) = (Some(self.shared.room.clone()), Some(self.shared.clone()));
        let holding = Some(waiting.over("read"));
        let statements = self.shared.statements.clone();
        Ok(Tx { inner, name: "read", statements, room, shared, failed: false, makes_keys: false, holding })
    }

    /// All that is read from it was there at one moment, however long it takes. Nobody waits for it.
    ///
    /// # Errors
    /// [`Error::Busy`] if no connection is free in time.
    pub(crate) async fn snapshot(&self) -> Result<Tx> {
        let tx = match &self.shared.backend {
            Backend::Postgres(_) => self.begin("snapshot").await?,
            Backend::Sqlite(_) => self.read().await?,
        };
        match &tx.inner {
            Inner::Postgres(transaction) => transaction.connection()?.batch_execute(postgres::SNAPSHOT).await?,
            Inner::SqliteRead(reader) => reader.connection()?.execute_batch("BEGIN")?,
            Inner::PostgresRead(_) | Inner::Sqlite(_) => {}
        }
        Ok(tx)
    }

    /// Begins a transaction; it is rolled back when dropped. The name appears in logs.
    ///
    /// # Errors
    /// [`Error::Busy`] if it cannot begin in time.
    pub async fn begin(&self, name: &'static str) -> Result<Tx> {
        let waiting = self.shared.pressure.write();
        let mut tx = self.shared.backend.begin(name, &self.shared.statements).await?;
        tx.holding = Some(waiting.over(name));
        tx.room = Some(self.shared.room.clone());
        tx.shared = Some(self.shared.clone());
        Ok(tx)
    }

    /// How many bytes the log of an embedded database has; nothing of a server of its own.
    ///
    /// # Errors
    /// When the file system does not say.
    pub fn log_bytes(&self) -> Result<Option<u64>> {
        match &self.shared.backend {
            Backend::Postgres(_) => Ok(None),
            Backend::Sqlite(sqlite) => sqlite.log_bytes().map(Some),
        }
    }

    /// How many statements have been run, for tests and metrics.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.shared.statements.load(Ordering::Relaxed)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// What kept it from answering.
    pub async fn ping(&self) -> Result<()> {
        let mut tx = self.read().await?;
        migrate::check(&mut tx).await
    }

    /// Gives away everything that a PostgreSQL server stores, table by table, byte for byte; `false` for an embedded database, whose
    /// files can be read.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stored_bytes(&self, each: &mut (dyn FnMut(&str, &[u8]) + Send)) -> Result<bool> {
        match &self.shared.backend {
            Backend::Postgres(postgres) => postgres.dump(each).await.map(|()| true),
            Backend::Sqlite(_) => Ok(false),
        }
    }

    /// Folds the log of an embedded database into its file, so that nothing which was overwritten is left in it; whether nobody was in
    /// the way. A server of its own has its own ways.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fold_log(&self) -> Result<bool> {
        match &self.shared.backend {
            Backend::Postgres(_) => Ok(true),
            Backend::Sqlite(sqlite) => sqlite.fold_log().await,
        }
    }

    /// Digests and keys that belong to this database.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.shared.vault
    }
}

impl Backend {
    fn pressure(&self) -> Pressure {
        match self {
            Self::Postgres(postgres) => {
                let (readers, writers) = postgres.connections();
                Pressure::new("postgresql", readers, writers)
            }
            Self::Sqlite(sqlite) => Pressure::new("sqlite", sqlite.readers(), 1),
        }
    }

    pub(crate) fn open(options: &Options) -> Result<Self> {
        Ok(match &options.engine {
            Engine::Postgres { url, connections, ca_file } => {
                Self::Postgres(Postgres::open(url, *connections, ca_file.as_deref())?)
            }
            Engine::Sqlite { path, readers } => Self::Sqlite(Sqlite::open(path, *readers)?),
        })
    }

    pub(crate) async fn begin(&self, name: &'static str, statements: &Arc<AtomicU64>) -> Result<Tx> {
        let inner = match self {
            Self::Postgres(postgres) => Inner::Postgres(postgres.begin().await?),
            Self::Sqlite(sqlite) => Inner::Sqlite(sqlite.begin().await?),
        };
        let statements = statements.clone();
        Ok(Tx { inner, name, statements, room: None, shared: None, failed: false, makes_keys: false, holding: None })
    }
}

/// Opens a database for one transaction only: no vault, no keys.
pub(crate) async fn begin_alone(options: &Options, name: &'static str) -> Result<Tx> {
    Backend::open(options)?.begin(name, &Arc::default()).await
}

/// A transaction, or a connection for reading.
pub struct Tx {
    inner: Inner,
    name: &'static str,
    statements: Arc<AtomicU64>,
    room: Option<Arc<Room>>,
    shared: Option<Arc<Shared>>,
    failed: bool,
    /// It has made data keys, which are there only if it commits.
    makes_keys: bool,
    /// What is counted of it; nothing while the database is being opened.
    holding: Option<Holding>,
}

enum Inner {
    Postgres(postgres::Transaction),
    PostgresRead(deadpool_postgres::Object),
    Sqlite(sqlite::Writer),
    SqliteRead(sqlite::Reader),
}

impl Tx {
    /// Makes the changes last. Once this has returned, they survive a crash.
    ///
    /// # Errors
    /// [`Error::Aborted`] if a statement had failed: PostgreSQL would roll back in silence, so nobody may go on as if nothing had
    /// happened. [`Error::Busy`] or [`Error::Unavailable`]; the changes may then not have been made.
    pub async fn commit(self) -> Result<()> {
        if self.failed {
            return Err(Error::Aborted);
        }
        let name = self.name;
        let outcome = match self.inner {
            Inner::Postgres(transaction) => transaction.commit().await,
            Inner::Sqlite(writer) => writer.commit().await,
            Inner::PostgresRead(_) | Inner::SqliteRead(_) => Ok(()),
        };
        outcome.inspect_err(|error| tracing::warn!(transaction = name, %error, "a transaction was not committed"))
    }

    /// Runs a statement that gives no rows; how many rows it touched.
    pub(crate) async fn exec(&mut self, sql: &'static str, params: Params<'_>) -> Result<u64> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let began = tokio::time::Instant::now();
        let outcome = match &self.inner {
            Inner::Postgres(transaction) => postgres::exec(transaction.connection()?, sql, params).await,
            Inner::PostgresRead(connection) => postgres::exec(connection, sql, params).await,
            Inner::Sqlite(writer) => sqlite::exec(writer.connection()?, sql, params),
            Inner::SqliteRead(reader) => sqlite::exec(reader.connection()?, sql, params),
        };
        pressure::note_statement(sql, began);
        self.noting(outcome)
    }

    /// Runs one statement for many sets of parameters; how many rows each touched.
    pub(crate) async fn exec_many<const N: usize>(
        &mut self,
        sql: &'static str,
        sets: &[[Value<'_>; N]],
    ) -> Result<Vec<u64>> {
        self.statements.fetch_add(u64::try_from(sets.len()).unwrap_or(0), Ordering::Relaxed);
        let began = tokio::time::Instant::now();
        let outcome = match &self.inner {
            Inner::Postgres(transaction) => postgres::exec_many(transaction.connection()?, sql, sets).await,
            Inner::PostgresRead(connection) => postgres::exec_many(connection, sql, sets).await,
            Inner::Sqlite(writer) => {
                let connection = writer.connection()?;
                sets.iter().map(|params| sqlite::exec(connection, sql, params)).collect()
            }
            Inner::SqliteRead(_) => Err(Error::Busy(None)),
        };
        pressure::note_statement(sql, began);
        self.noting(outcome)
    }

    /// Runs a statement and maps its rows.
    ///
    /// A row may hold values whose data keys are not at hand. The keys that are missing for all rows are fetched together, and those
    /// rows are mapped again; so mapping a row must change nothing outside.
    pub(crate) async fn all<T>(
        &mut self,
        sql: &'static str,
        params: Params<'_>,
        mut map: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Vec<T>> {
        let mut slots = self.slots(sql, params, &mut map).await?;
        for _ in 0..KEYS_IN_A_ROW {
            let missing: BTreeSet<i64> = slots.iter().filter_map(Slot::missing).collect();
            if missing.is_empty() {
                break;
            }
            let fetched = data_key::fetch(self, &missing).await;
            self.noting(fetched)?;
            let again = slots.into_iter().map(|slot| slot.again(&mut map)).collect();
            slots = self.noting(again)?;
        }
        slots.into_iter().map(Slot::mapped).collect()
    }

    /// Runs a statement and maps its rows, in which nothing is sealed.
    pub(crate) async fn rows<T>(
        &mut self,
        sql: &'static str,
        params: Params<'_>,
        mut map: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Vec<T>> {
        let slots = self.slots(sql, params, &mut map).await?;
        slots.into_iter().map(Slot::mapped).collect()
    }

    async fn slots<T>(
        &mut self,
        sql: &'static str,
        params: Params<'_>,
        map: &mut (dyn FnMut(&Row<'_>) -> Result<T> + Send),
    ) -> Result<Vec<Slot<T>>> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let began = tokio::time::Instant::now();
        let outcome = match &self.inner {
            Inner::Postgres(transaction) => postgres::all(transaction.connection()?, sql, params, map).await,
            Inner::PostgresRead(connection) => postgres::all(connection, sql, params, map).await,
            Inner::Sqlite(writer) => sqlite::all(writer.connection()?, sql, params, map),
            Inner::SqliteRead(reader) => sqlite::all(reader.connection()?, sql, params, map),
        };
        pressure::note_statement(sql, began);
        self.noting(outcome)
    }

    /// Runs a statement that gives at most one row and maps it.
    pub(crate) async fn one<T>(
        &mut self,
        sql: &'static str,
        params: Params<'_>,
        map: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Option<T>> {
        let mut rows = self.all(sql, params, map).await?;
        debug_assert!(rows.len() <= 1, "at most one row");
        Ok(rows.pop())
    }

    /// Visits the rows of a statement that is made when it is needed, one after the other; the names of the columns come along.
    pub(crate) async fn each<E: From<Error>>(
        &mut self,
        sql: &str,
        mut visit: impl FnMut(&[String], &Row<'_>) -> std::result::Result<(), E> + Send,
    ) -> std::result::Result<(), E> {
        match &self.inner {
            Inner::Postgres(transaction) => postgres::each(transaction.connection()?, sql, &mut visit).await,
            Inner::PostgresRead(connection) => postgres::each(connection, sql, &mut visit).await,
            Inner::Sqlite(writer) => sqlite::each(writer.connection()?, sql, &mut visit),
            Inner::SqliteRead(reader) => sqlite::each(reader.connection()?, sql, &mut visit),
        }
    }

    /// The names of the columns that a statement gives.
    pub(crate) async fn columns(&mut self, sql: &str) -> Result<Vec<String>> {
        match &self.inner {
            Inner::Postgres(transaction) => postgres::columns(transaction.connection()?, sql).await,
            Inner::PostgresRead(connection) => postgres::columns(connection, sql).await,
            Inner::Sqlite(writer) => sqlite::columns(writer.connection()?, sql),
            Inner::SqliteRead(reader) => sqlite::columns(reader.connection()?, sql),
        }
    }

    /// Runs a statement that is made when it is needed, once for each row.
    pub(crate) async fn fill(&mut self, sql: &str, rows: &[Vec<Cell>]) -> Result<()> {
        let outcome = match &self.inner {
            Inner::Postgres(transaction) => postgres::fill(transaction.connection()?, sql, rows).await,
            Inner::Sqlite(writer) => sqlite::fill(writer.connection()?, sql, rows),
            Inner::PostgresRead(_) | Inner::SqliteRead(_) => Err(Error::Busy(None)),
        };
        self.noting(outcome)
    }

    /// Runs a script of several statements without parameters.
    pub(crate) async fn script(&mut self, sql: &str) -> Result<()> {
        match &self.inner {
            Inner::Postgres(transaction) => Ok(transaction.connection()?.batch_execute(sql).await?),
            Inner::Sqlite(writer) => Ok(writer.connection()?.execute_batch(sql)?),
            Inner::PostgresRead(_) | Inner::SqliteRead(_) => Err(Error::Busy(None)),
        }
    }

    fn noting<T>(&mut self, outcome: Result<T>) -> Result<T> {
        self.failed |= outcome.is_err();
        outcome
    }

    /// Data keys are made in it.
    pub(crate) fn make_keys(&mut self) {
        self.makes_keys = true;
    }

    pub(crate) fn makes_keys(&self) -> bool {
        self.makes_keys
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self.inner, Inner::Sqlite(_) | Inner::SqliteRead(_))
    }

    /// The column sealer and the vault.
    pub(crate) fn keys(&self) -> Result<Keys> {
        self.shared.clone().map(Keys).ok_or(Error::WrongMasterKey)
    }

    /// Where keys are held.
    pub(crate) fn room(&self) -> Result<Arc<Room>> {
        self.room.clone().ok_or(Error::WrongMasterKey)
    }
}

/// The column sealer and the vault of an open database, apart from the transaction so that both can be used at once.
pub(crate) struct Keys(Arc<Shared>);

impl Keys {
    pub(crate) fn crypt(&self) -> &Crypt {
        &self.0.room.crypt
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.0.vault
    }

    /// Seals what is nobody's.
    pub(crate) fn seal_for_bank(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>> {
        self.crypt().seal(&self.0.bank, place, plain)
    }
}

/// Under how many keys the values of one row may be sealed; each round fetches the next one of each row.
const KEYS_IN_A_ROW: usize = 4;
/// Readers of an embedded database.
const READERS: usize = 4;
/// Connections to PostgreSQL.
const CONNECTIONS: usize = 16;
