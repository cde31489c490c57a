//! Accesses without the customer: each takes one of so many places of a consent and a resource for a while.
//!
//! Whoever takes several in one transaction does it in the order of consent, resource and place, and so does [`forget`]: two
//! servers then never wait for each other.

use lombard_domain::id::ConsentId;
use lombard_domain::time::Instant;

use crate::db::Tx;
use crate::driver::Value;
use crate::error::Result;

/// An access, and the place that it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnattendedAccess {
    /// The consent under which it happened.
    pub consent: ConsentId,
    /// What was read.
    pub resource: String,
    /// The place that it took, counted from zero.
    pub place: i64,
    /// When.
    pub used_at: Instant,
}

/// The places that were taken after a moment, and when each was.
///
/// # Errors
/// When the database fails.
pub async fn used(tx: &mut Tx, consent: ConsentId, resource: &str, after: Instant) -> Result<Vec<UnattendedAccess>> {
    tx.all(
        "-- unattended_access::used
        SELECT place, used_at FROM unattended_access
        WHERE consent_id = $1 AND resource = $2 AND used_at > $3 ORDER BY place",
        &[&consent.to_string(), &resource, &after.micros()],
        |row| {
            let used_at = Instant::from_micros(row.get(1)?);
            Ok(UnattendedAccess { consent, resource: resource.to_owned(), place: row.get(0)?, used_at })
        },
    )
    .await
}

/// Takes a place that nobody has taken after a moment; whether it was still free.
///
/// # Errors
/// When the database fails.
pub async fn take(tx: &mut Tx, access: &UnattendedAccess, after: Instant) -> Result<bool> {
    let touched = tx
        .exec(
            "-- unattended_access::take
            INSERT INTO unattended_access (consent_id, resource, place, used_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (consent_id, resource, place) DO UPDATE SET used_at = excluded.used_at
            WHERE unattended_access.used_at <= $5",
            &[&access.consent.to_string(), &access.resource, &access.place, &access.used_at.micros(), &after.micros()],
        )
        .await?;
    Ok(touched == 1)
}

/// Frees the place of an access that came to nothing; whether it still had it.
///
/// # Errors
/// When the database fails.
pub async fn give_back(tx: &mut Tx, access: &UnattendedAccess) -> Result<bool> {
    let touched = tx
        .exec(
            "-- unattended_access::give_back
            DELETE FROM unattended_access WHERE consent_id = $1 AND resource = $2 AND place = $3 AND used_at = $4",
            &[&access.consent.to_string(), &access.resource, &access.place, &access.used_at.micros()],
        )
        .await?;
    Ok(touched == 1)
}

/// Forgets up to `limit` accesses until a moment; how many.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, until: Instant, limit: i64) -> Result<u64> {
    let mut old: Vec<(String, String, i64)> = tx
        .all(
            "-- unattended_access::old
            SELECT consent_id, resource, place FROM unattended_access WHERE used_at <= $1 ORDER BY used_at LIMIT $2",
            &[&until.micros(), &limit],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .await?;
    old.sort_unstable();
    let until = until.micros();
    let rows: Vec<[Value<'_>; 4]> =
        old.iter().map(|(consent, resource, place)| -> [Value<'_>; 4] { [consent, resource, place, &until] }).collect();
    let touched = tx
        .exec_many(
            "-- unattended_access::forget
            DELETE FROM unattended_access WHERE consent_id = $1 AND resource = $2 AND place = $3 AND used_at <= $4",
            &rows,
        )
        .await?;
    Ok(touched.into_iter().sum())
}
