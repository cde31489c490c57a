//! What becomes of rows that are stored in bulk, and looking up many rows by their identifiers at once.

use std::collections::HashMap;

use crate::db::Tx;
use crate::driver::{Row, Value};
use crate::error::Result;

/// What became of a row that was to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is new.
    Added,
    /// Another row has what must be this row's alone, such as a user name; nothing was stored.
    Clashes,
    /// It was there, with other content; nothing was changed.
    Differs,
    /// It was there, with the same content.
    Present,
}

/// A row's identifier and the digest of its content.
pub(crate) type Fingerprint<'a> = (&'a str, &'a [u8]);

/// A row that may be new.
pub(crate) trait Fresh<const N: usize> {
    /// What it is compared by with what is there.
    fn fingerprint(&self) -> Fingerprint<'_>;

    /// What is stored.
    fn values(&self) -> [Value<'_>; N];
}

/// Stores rows that are not there yet; what became of each, in order.
///
/// `insert` takes one row's values and touches nothing if it is there; `compare` is as for [`settle`].
pub(crate) async fn add<const N: usize, R: Fresh<N>>(
    tx: &mut Tx,
    insert: &'static str,
    compare: &'static str,
    rows: &[R],
) -> Result<Vec<Stored>> {
    let sets: Vec<[Value<'_>; N]> = rows.iter().map(R::values).collect();
    let touched = tx.exec_many(insert, &sets).await?;
    let rows: Vec<_> = rows.iter().map(R::fingerprint).collect();
    settle(tx, compare, &rows, &touched).await
}

/// What became of rows, by how many rows each INSERT touched; those that were there are compared in bulk.
///
/// `compare` selects `id, content` of the rows whose identifier is among [`MANY`] parameters.
pub(crate) async fn settle(
    tx: &mut Tx,
    compare: &'static str,
    rows: &[Fingerprint<'_>],
    touched: &[u64],
) -> Result<Vec<Stored>> {
    let skipped = |touched: &u64| *touched == 0;
    let ids: Vec<&str> =
        rows.iter().zip(touched).filter(|(_, touched)| skipped(touched)).map(|((id, _), _)| *id).collect();
    let known = contents(tx, compare, &ids).await?;
    let outcome = |((id, content), touched): (&Fingerprint<'_>, &u64)| {
        if skipped(touched) { compared(known.get(*id), content) } else { Stored::Added }
    };
    Ok(rows.iter().zip(touched).map(outcome).collect())
}

/// What a row that was not inserted is, given what its identifier stands for.
fn compared(known: Option<&Vec<u8>>, content: &[u8]) -> Stored {
    match known {
        Some(known) if known == content => Stored::Present,
        Some(_) => Stored::Differs,
        None => Stored::Clashes,
    }
}

/// The digests of content of those rows that exist.
pub(crate) async fn contents(tx: &mut Tx, sql: &'static str, ids: &[&str]) -> Result<HashMap<String, Vec<u8>>> {
    let rows = by_ids(tx, sql, ids, |row| Ok((row.get(0)?, row.get(1)?))).await?;
    Ok(rows.into_iter().collect())
}

/// Runs a statement that takes [`MANY`] identifiers, as often as it takes; its rows.
///
/// A statement has a fixed text, so the last run repeats an identifier instead of having fewer.
pub(crate) async fn by_ids<T>(
    tx: &mut Tx,
    sql: &'static str,
    ids: &[&str],
    mut map: impl FnMut(&Row<'_>) -> Result<T> + Send,
) -> Result<Vec<T>> {
    let mut out = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(MANY) {
        let filler = chunk.last().into_iter().cycle();
        let params: Vec<Value<'_>> = chunk.iter().chain(filler).take(MANY).map(|id| -> Value<'_> { id }).collect();
        out.extend(tx.all(sql, &params, &mut map).await?);
    }
    Ok(out)
}

/// How many identifiers one statement takes.
pub(crate) const MANY: usize = 32;
