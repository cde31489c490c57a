//! Entries that were chained together, and whom they are about: the way into the chain for whoever looks something up.
//!
//! Rows of a span are read together, so it is enough to know in which spans there is something of an app, a customer or a consent.

use std::collections::BTreeSet;

use lombard_domain::audit::Chained;
use lombard_domain::time::Instant;

use crate::db::Tx;
use crate::driver::{Row, Value};
use crate::error::Result;

/// Entries that were chained together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The position of the first.
    pub first: i64,
    /// The position of the last.
    pub last: i64,
}

/// Stores the span of entries that have just been chained.
pub(super) async fn add(tx: &mut Tx, entries: &[Chained]) -> Result<()> {
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(()) };
    let last_at = entries.iter().map(|entry| entry.line.at).max().unwrap_or_default();
    tx.exec(
        "-- audit::add_span
        INSERT INTO audit_span (last_position, first_position, last_at) VALUES ($1, $2, $3)",
        &[&last.position, &first.position, &last_at],
    )
    .await?;
    let subjects: BTreeSet<&String> = entries
        .iter()
        .flat_map(|entry| [&entry.line.client, &entry.line.customer, &entry.line.consent])
        .flatten()
        .collect();
    let sets: Vec<[Value<'_>; 3]> =
        subjects.into_iter().map(|subject| -> [Value<'_>; 3] { [subject, &last.position, &first.position] }).collect();
    tx.exec_many(
        "-- audit::add_subjects
        INSERT INTO audit_subject (subject, last_position, first_position) VALUES ($1, $2, $3)",
        &sets,
    )
    .await?;
    Ok(())
}

/// The first span that has an entry of this moment or a later one; `None` if there is none.
///
/// # Errors
/// When the database fails.
pub async fn span_at(tx: &mut Tx, at: Instant) -> Result<Option<Span>> {
    tx.one(
        "-- audit::span_at
        SELECT first_position, last_position FROM audit_span WHERE last_at >= $1 ORDER BY last_at, last_position LIMIT 1",
        &[&at.micros()],
        read,
    )
    .await
}

/// The spans that follow a position, in their order; with each the latest time in it.
///
/// # Errors
/// When the database fails.
pub async fn spans_after(tx: &mut Tx, position: i64, limit: i64) -> Result<Vec<(Span, i64)>> {
    tx.rows(
        "-- audit::spans_after
        SELECT first_position, last_position, last_at FROM audit_span
        WHERE last_position > $1 ORDER BY last_position LIMIT $2",
        &[&position, &limit],
        |row| Ok((read(row)?, row.get(2)?)),
    )
    .await
}

/// Whom spans are about, in the order of subjects and then of spans, from behind one of them on.
///
/// # Errors
/// When the database fails.
pub async fn subjects_after(tx: &mut Tx, subject: &str, last: i64, limit: i64) -> Result<Vec<(String, Span)>> {
    tx.rows(
        "-- audit::subjects_after
        SELECT first_position, last_position, subject FROM audit_subject
        WHERE (subject, last_position) > ($1, $2) ORDER BY subject, last_position LIMIT $3",
        &[&subject, &last, &limit],
        |row| Ok((row.get(2)?, read(row)?)),
    )
    .await
}

/// The last spans between two positions, both left out, that have something of a subject; the last first.
pub(super) async fn of_subject(tx: &mut Tx, subject: &str, after: i64, before: i64, limit: i64) -> Result<Vec<Span>> {
    tx.rows(
        "-- audit::spans_of_subject
        SELECT first_position, last_position FROM audit_subject
        WHERE subject = $1 AND last_position > $2 AND first_position < $3
        ORDER BY last_position DESC LIMIT $4",
        &[&subject, &after, &before, &limit],
        read,
    )
    .await
}

fn read(row: &Row<'_>) -> Result<Span> {
    Ok(Span { first: row.get(0)?, last: row.get(1)? })
}
