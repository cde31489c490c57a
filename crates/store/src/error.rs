//! What can go wrong with the database, by what a caller can do about it.

/// The result of talking to the database.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure of the database.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A statement of this transaction had failed before, so it was not committed; nothing was changed.
    #[error("the transaction was given up after a statement in it had failed")]
    Aborted,
    /// Too much is going on, or another transaction was in the way; nothing was changed, and a repetition may succeed.
    #[error("the database is busy")]
    Busy(#[source] Option<Cause>),
    /// A row with this key, or one that must be unique, exists already.
    #[error("a row like this exists already")]
    Conflict(#[source] Cause),
    /// A row cannot be what it should be: a broken value, or one sealed for another place.
    #[error("the database holds an impossible value: {0}")]
    Corrupt(&'static str),
    /// The program that keeps a master key did not wrap or unwrap.
    #[error("the keeper of the master key refuses: {0}")]
    Keeper(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A sealed value was to be opened before its data key was fetched.
    #[error("a data key is not at hand")]
    KeyNotHeld(i64),
    /// An earlier version of this program sealed the values, in a way that this one cannot open.
    #[error("an earlier version sealed the values of this database")]
    Outdated,
    /// The schema is older or newer than this program.
    #[error("the database schema has version {found}, this program needs {needed}")]
    Schema {
        /// The newest migration in the database.
        found: i64,
        /// The newest migration in this program.
        needed: i64,
    },
    /// The connection or the engine failed.
    #[error("the database failed")]
    Unavailable(#[source] Cause),
    /// The database address is not one.
    #[error("not a database address: {0}")]
    Url(&'static str),
    /// The master key is not the one with which the database was made.
    #[error("the master key does not open this database")]
    WrongMasterKey,
}

/// The engine's own error.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// From the file system, preparing or reading a file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// From the connection pool of PostgreSQL.
    #[error(transparent)]
    Pool(#[from] deadpool_postgres::PoolError),
    /// From PostgreSQL.
    #[error(transparent)]
    Postgres(#[from] tokio_postgres::Error),
    /// From SQLite.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// A blocking task did not finish.
    #[error(transparent)]
    Task(#[from] tokio::task::JoinError),
}

impl Cause {
    /// Whether a row would have been left that refers to one which is not there.
    pub(crate) fn is_missing_reference(&self) -> bool {
        match self {
            Self::Postgres(error) => error.code() == Some(&tokio_postgres::error::SqlState::FOREIGN_KEY_VIOLATION),
            Self::Sqlite(error) => error.sqlite_error().is_some_and(|error| error.extended_code == FOREIGN_KEY),
            Self::Io(_) | Self::Pool(_) | Self::Task(_) => false,
        }
    }
}

impl Error {
    /// Whether a repetition may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Busy(_))
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{ConstraintViolation, DatabaseBusy, DatabaseLocked};
        let code = error.sqlite_error().map(|e| (e.code, e.extended_code));
        match code {
            Some((ConstraintViolation, UNIQUE | PRIMARY_KEY)) => Self::Conflict(error.into()),
            Some((DatabaseBusy | DatabaseLocked, _)) => Self::Busy(Some(error.into())),
            _ => Self::Unavailable(error.into()),
        }
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        use tokio_postgres::error::SqlState;
        match error.code() {
            Some(code) if *code == SqlState::UNIQUE_VIOLATION => Self::Conflict(error.into()),
            Some(code)
                if [
                    SqlState::T_R_SERIALIZATION_FAILURE,
                    SqlState::T_R_DEADLOCK_DETECTED,
                    SqlState::LOCK_NOT_AVAILABLE,
                ]
                .contains(code) =>
            {
                Self::Busy(Some(error.into()))
            }
            _ => Self::Unavailable(error.into()),
        }
    }
}

impl From<deadpool_postgres::PoolError> for Error {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        use deadpool_postgres::PoolError;
        match error {
            // A server that cannot be reached has changed nothing either, and may be back in a moment.
            PoolError::Timeout(_) | PoolError::Backend(_) => Self::Busy(Some(error.into())),
            other => Self::Unavailable(other.into()),
        }
    }
}

impl From<tokio::task::JoinError> for Error {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Unavailable(error.into())
    }
}

/// `SQLITE_CONSTRAINT_FOREIGNKEY`.
const FOREIGN_KEY: i32 = 787;
/// `SQLITE_CONSTRAINT_UNIQUE`.
const UNIQUE: i32 = 2067;
/// `SQLITE_CONSTRAINT_PRIMARYKEY`.
const PRIMARY_KEY: i32 = 1555;
