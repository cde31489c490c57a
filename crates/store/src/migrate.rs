//! The schema, as a list of numbered steps that are part of the program.
//!
//! Each step exists once per engine, under the same number and name, because column types differ. A step that has been applied is
//! never changed: its text is compared with the digest that was recorded when it was applied.

use aws_lc_rs::digest;

use crate::db::{self, Options, Tx};
use crate::error::{Error, Result};

struct Step {
    number: i64,
    name: &'static str,
    postgres: &'static str,
    sqlite: &'static str,
}

macro_rules! step {
    ($number:literal, $name:literal) => {
        Step {
            number: $number,
            name: $name,
            postgres: include_str!(concat!("../migrations/postgres/", $name, ".sql")),
            sqlite: include_str!(concat!("../migrations/sqlite/", $name, ".sql")),
        }
    };
}

const STEPS: &[Step] = &[
    step!(1, "0001_foundation"),
    step!(2, "0002_bank"),
    step!(3, "0003_authorization"),
    step!(4, "0004_fapi"),
    step!(5, "0005_account_information"),
    step!(6, "0006_housekeeping"),
    step!(7, "0007_evidence"),
    step!(8, "0008_data_keys"),
    step!(9, "0009_watching"),
    step!(10, "0010_app_identity"),
    step!(11, "0011_receipts"),
    step!(12, "0012_service_level"),
];

/// Brings a database to the newest schema; the names of the steps that were applied.
///
/// All steps are applied in one transaction: after a crash the schema is the old one or the new one.
///
/// # Errors
/// [`Error::Schema`] if the database is newer than the program, [`Error::Corrupt`] if an applied step was another text.
pub async fn run(options: &Options) -> Result<Vec<&'static str>> {
    let mut tx = db::begin_alone(options, "migrate").await?;
    if !tx.is_sqlite() {
        // Two nodes that start at once must not migrate at once.
        tx.script("-- migrate::lock\nSELECT pg_advisory_xact_lock(7813046925)").await?;
    }
    tx.script(
        "CREATE TABLE IF NOT EXISTS migration (number BIGINT PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL)",
    )
    .await?;
    let applied: Vec<(i64, String)> = tx
        .all(
            "-- migrate::applied
            SELECT number, digest FROM migration ORDER BY number",
            &[],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .await?;
    let mut done = Vec::new();
    for step in STEPS {
        let text = if tx.is_sqlite() { step.sqlite } else { step.postgres };
        let digest = fingerprint(text);
        match applied.iter().find(|(number, _)| *number == step.number) {
            Some((_, recorded)) if *recorded == digest => continue,
            Some(_) => {
                return Err(Error::Corrupt("an applied migration differs from the program's"));
            }
            None => {}
        }
        tx.script(text).await?;
        tx.exec(
            "-- migrate::record
            INSERT INTO migration (number, name, digest) VALUES ($1, $2, $3)",
            &[&step.number, &step.name, &digest],
        )
        .await?;
        done.push(step.name);
    }
    let newest = applied.iter().map(|(number, _)| *number).max().unwrap_or(0);
    if newest > needed() {
        return Err(Error::Schema { found: newest, needed: needed() });
    }
    tx.commit().await?;
    Ok(done)
}

/// Checks that the schema is this program's.
pub(crate) async fn check(tx: &mut Tx) -> Result<()> {
    let newest = tx
        .one(
            "-- migrate::check
            SELECT COALESCE(MAX(number), 0) FROM migration",
            &[],
            |row| row.get(0),
        )
        .await;
    let found: i64 = match newest {
        Ok(found) => found.unwrap_or(0),
        Err(Error::Unavailable(cause)) if says_no_table(&cause) => 0,
        Err(other) => return Err(other),
    };
    if found == needed() { Ok(()) } else { Err(Error::Schema { found, needed: needed() }) }
}

fn says_no_table(cause: &crate::error::Cause) -> bool {
    match cause {
        crate::error::Cause::Postgres(error) => error.code() == Some(&tokio_postgres::error::SqlState::UNDEFINED_TABLE),
        crate::error::Cause::Sqlite(error) => error.to_string().contains("no such table"),
        _ => false,
    }
}

pub(crate) fn needed() -> i64 {
    STEPS.last().map_or(0, |step| step.number)
}

fn fingerprint(text: &str) -> String {
    digest::digest(&digest::SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
