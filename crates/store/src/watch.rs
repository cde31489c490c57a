//! What watching leaves behind: how far the record was read, alarms, measures, and what is known of apps from the days before.
//!
//! A network is an address that people have: it is sealed, and found by a keyed digest.

mod alarm;
mod history;
mod measure;

use lombard_domain::audit::Line;
use lombard_domain::watch::{Accused, Network};
use std::net::IpAddr;

use crate::audit;
use crate::crypt::Place;
use crate::db::{Keys, Tx};
use crate::error::{Error, Result};
use crate::vault::Index;

pub use alarm::{StoredAlarm, add_alarm, alarm, alarms, alarms_against, dismiss, forget_alarms};
pub use history::{forget_histories, histories, save_history};
pub use measure::{
    Lift, StoredMeasure, add_measure, against, forget_measures, in_force, is_in_force, lift_measure, measure, measures,
};

/// How far the record was read; 0 if nobody ever did.
///
/// # Errors
/// When the database fails.
pub async fn cursor(tx: &mut Tx) -> Result<i64> {
    let position = tx
        .one(
            "-- watch::cursor
            SELECT position FROM watch_cursor WHERE name = 'record'",
            &[],
            |row| row.get(0),
        )
        .await?;
    Ok(position.unwrap_or(0))
}

/// Notes how far the record was read; whether nobody else has since it was read up to `from`.
///
/// # Errors
/// When the database fails.
pub async fn move_cursor(tx: &mut Tx, from: i64, to: i64) -> Result<bool> {
    // The first row is made at 0, whoever makes it; the update then takes its lock.
    tx.exec(
        "-- watch::begin
        INSERT INTO watch_cursor (name, position) VALUES ('record', 0) ON CONFLICT (name) DO NOTHING",
        &[],
    )
    .await?;
    let moved = tx
        .exec(
            "-- watch::move_cursor
            UPDATE watch_cursor SET position = $1 WHERE name = 'record' AND position = $2",
            &[&to, &from],
        )
        .await?;
    Ok(moved == 1)
}

/// The addresses of entries; `None` where there is none or nobody can open it any more.
///
/// # Errors
/// When the database fails.
pub async fn addresses(tx: &mut Tx, lines: &[&Line]) -> Result<Vec<Option<IpAddr>>> {
    audit::open_addresses(tx, lines).await
}

/// Under which text somebody is found.
fn name(keys: &Keys, accused: Accused) -> String {
    match accused {
        Accused::Bank => "bank".to_owned(),
        Accused::Client(id) => id.to_string(),
        Accused::Customer(id) => id.to_string(),
        Accused::Network(network) => {
            let digest = keys.vault().digest(Index::Network, &[network.to_string().as_bytes()]);
            digest.iter().map(|byte| format!("{byte:02x}")).collect()
        }
    }
}

/// What is sealed of somebody.
fn seal(keys: &Keys, place: Place<'_>, accused: Accused) -> Result<Option<Vec<u8>>> {
    let Accused::Network(network) = accused else { return Ok(None) };
    let plain = serde_json::to_vec(&network).map_err(|_| Error::Corrupt("a network"))?;
    Ok(Some(keys.seal_for_bank(place, &plain)?))
}

fn open(keys: &Keys, place: Place<'_>, kind: &str, name: &str, sealed: Option<&[u8]>) -> Result<Accused> {
    let corrupt = || Error::Corrupt("whom an alarm accuses");
    Ok(match (kind, sealed) {
        ("bank", _) => Accused::Bank,
        ("client", _) => Accused::Client(name.parse().map_err(|_| corrupt())?),
        ("customer", _) => Accused::Customer(name.parse().map_err(|_| corrupt())?),
        ("network", Some(sealed)) => {
            let plain = keys.crypt().open(place, sealed)?;
            let network: Network = serde_json::from_slice(&plain).map_err(|_| corrupt())?;
            Accused::Network(network)
        }
        _ => return Err(corrupt()),
    })
}
