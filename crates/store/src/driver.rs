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
    Postgres(&'a tokio_postgres::Row),
    Sqlite(&'a rusqlite::Row<'a>),
}

impl Row<'_> {
    /// The value in a column, counted from 0.
    pub(crate) fn get<T>(&self, column: usize) -> Result<T>
    where
        T: rusqlite::types::FromSql + for<'r> postgres_types::FromSql<'r>,
    {
        match self {
            Self::Postgres(row) => row.try_get(column).map_err(Error::from),
            Self::Sqlite(row) => row.get(column).map_err(Error::from),
        }
    }
}
