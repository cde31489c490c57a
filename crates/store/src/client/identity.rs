//! Whose a client is: what an operator has checked, and which other clients have a name like its own.

use lombard_domain::id::ClientId;
use lombard_domain::oauth::{Client, Verification};
use lombard_domain::text::Text;
use lombard_domain::time::Instant;

use crate::crypt::Place;
use crate::db::{Keys, Tx};
use crate::error::{Error, Result};

/// A client that others can be taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its id.
    pub id: ClientId,
    /// What its name looks like.
    pub skeleton: String,
}

/// Stores or takes back what an operator has checked of a client; whether there is such a client.
///
/// # Errors
/// When the database fails.
pub async fn set_verification(tx: &mut Tx, client: &Client) -> Result<bool> {
    let (at, sealed) = encode(&tx.keys()?, client.id, client.verification.as_ref())?;
    let touched = tx
        .exec(
            "-- client::set_verification
            UPDATE client SET vouched = $1, verified_at = $2, verified_sealed = $3 WHERE id = $4 AND deleted_at IS NULL",
            &[&client.vouched().code(), &at, &sealed, &client.id.to_string()],
        )
        .await?;
    Ok(touched == 1)
}

/// Another client than this one, of another sector, whose name has this skeleton, and which is known: somebody vouches for it, or it is
/// older than this one and customers have allowed it something.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn known_with_skeleton(tx: &mut Tx, skeleton: &str, than: &Client) -> Result<Option<Known>> {
    tx.one(
        "-- client::known_with_skeleton
        SELECT k.id, k.skeleton FROM client k
        WHERE k.skeleton = $1 AND k.id <> $2 AND k.sector <> $3 AND k.deleted_at IS NULL
          AND (k.vouched <> 'nobody' OR (k.created_at < $4
              AND EXISTS (SELECT 1 FROM consent c WHERE c.client_id = k.id AND c.status = 'authorised')))
        ORDER BY k.created_at LIMIT 1",
        &[&skeleton, &than.id.to_string(), &than.sector, &than.created_at.micros()],
        known,
    )
    .await
}

/// Up to `limit` other clients than this one, of other sectors, that somebody vouches for, the oldest first, with names whose skeletons have
/// so many characters: from, to.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn vouched_skeletons(
    tx: &mut Tx,
    than: &Client,
    (from, to): (usize, usize),
    limit: i64,
) -> Result<Vec<Known>> {
    let length = |chars: usize| i64::try_from(chars).unwrap_or(i64::MAX);
    tx.all(
        "-- client::vouched_skeletons
        SELECT id, skeleton FROM client
        WHERE vouched <> 'nobody' AND deleted_at IS NULL AND id <> $1 AND sector <> $2 AND CAST(LENGTH(skeleton) AS BIGINT) BETWEEN $3 AND $4
        ORDER BY created_at LIMIT $5",
        &[&than.id.to_string(), &than.sector, &length(from), &length(to), &limit],
        known,
    )
    .await
}

fn known(row: &crate::driver::Row<'_>) -> Result<Known> {
    let id: String = row.get(0)?;
    Ok(Known { id: id.parse().map_err(|_| Error::Corrupt("client.id"))?, skeleton: row.get(1)? })
}

/// What is sealed of a verification, because it names people.
#[derive(serde::Serialize, serde::Deserialize)]
struct Sealed {
    organisation: Text<120>,
    by: Text<80>,
}

/// When an operator vouched, and the rest, sealed.
pub(super) fn encode(
    keys: &Keys,
    id: ClientId,
    verification: Option<&Verification>,
) -> Result<(Option<i64>, Option<Vec<u8>>)> {
    let Some(verification) = verification else { return Ok((None, None)) };
    let sealed = Sealed { organisation: verification.organisation.clone(), by: verification.by.clone() };
    let plain = serde_json::to_vec(&sealed).map_err(|_| Error::Corrupt(COLUMN))?;
    Ok((Some(verification.at.micros()), Some(keys.seal_for_bank(place(&id.to_string()), &plain)?)))
}

pub(super) fn decode(keys: &Keys, id: &str, at: Option<i64>, sealed: Option<Vec<u8>>) -> Result<Option<Verification>> {
    let (Some(at), Some(sealed)) = (at, sealed) else { return Ok(None) };
    let plain = keys.crypt().open(place(id), &sealed)?;
    let Sealed { organisation, by } = serde_json::from_slice(&plain).map_err(|_| Error::Corrupt(COLUMN))?;
    Ok(Some(Verification { organisation, by, at: Instant::from_micros(at) }))
}

fn place(row: &str) -> Place<'_> {
    Place { table: "client", column: "verified_sealed", row }
}

const COLUMN: &str = "client.verified_sealed";
