//! The little in which the two engines differ: how to connect, how a transaction begins and ends, how a statement is run.
//!
//! Values go in and rows come out the same way for both; no statement is known here.

mod cell;
pub(crate) mod postgres;
pub(crate) mod sqlite;

pub(crate) use cell::Cell;

use crate::error::{Error, Result};

/// A value that both engines take as a parameter: text, 64-bit integers, bytes, and options of these.
pub(crate) trait Param: rusqlite::ToSql + postgres_types::ToSql + Sync {}

impl<T: rusqlite::ToSql + postgres_types::ToSql + Sync> Param for T {}

/// One parameter.
pub(crate) type Value<'a> = &'a (dyn Param + Sync);

/// Parameters, in the order of their numbers.
pub(crate) type Params<'a> = &'a [Value<'a>];

/// A row of a result.
pub(crate) enum Row<'a> {
    Kept(&'a [rusqlite::types::Value]),
    Postgres(&'a tokio_postgres::Row),
    Sqlite(&'a rusqlite::Row<'a>),
}

/// What became of a row: it was mapped, or it waits for the data key with this number.
pub(crate) enum Slot<T> {
    Mapped(T),
    Waits(i64, Kept),
}

/// A row that outlives the statement that gave it.
pub(crate) enum Kept {
    Postgres(tokio_postgres::Row),
    Sqlite(Vec<rusqlite::types::Value>),
}

impl<T> Slot<T> {
    /// The key that is missing.
    pub(crate) fn missing(&self) -> Option<i64> {
        match self {
            Self::Mapped(_) => None,
            Self::Waits(id, _) => Some(*id),
        }
    }

    /// Maps the row again if it waits.
    pub(crate) fn again(self, map: &mut (dyn FnMut(&Row<'_>) -> Result<T> + Send)) -> Result<Self> {
        let Self::Waits(_, kept) = self else { return Ok(self) };
        let mapped = match &kept {
            Kept::Postgres(row) => map(&Row::Postgres(row)),
            Kept::Sqlite(values) => map(&Row::Kept(values)),
        };
        match mapped {
            Ok(mapped) => Ok(Self::Mapped(mapped)),
            Err(Error::KeyNotHeld(id)) => Ok(Self::Waits(id, kept)),
            Err(other) => Err(other),
        }
    }

    /// What the row was mapped to.
    pub(crate) fn mapped(self) -> Result<T> {
        match self {
            Self::Mapped(mapped) => Ok(mapped),
            Self::Waits(id, _) => Err(Error::KeyNotHeld(id)),
        }
    }
}

impl Row<'_> {
    /// The value in a column, counted from 0.
    pub(crate) fn get<T>(&self, column: usize) -> Result<T>
    where
        T: rusqlite::types::FromSql + for<'r> postgres_types::FromSql<'r>,
    {
        match self {
            Self::Kept(values) => {
                let value = values.get(column).ok_or(Error::Corrupt("a row"))?;
                T::column_result(value.into()).map_err(|_| Error::Corrupt("a column"))
            }
            Self::Postgres(row) => row.try_get(column).map_err(Error::from),
            Self::Sqlite(row) => row.get(column).map_err(Error::from),
        }
    }
}
