//! Clients: the apps of third parties.

mod identity;

use lombard_domain::id::ClientId;
use lombard_domain::look_alike::Look;
use lombard_domain::oauth::{Client, ClientStatus, Metadata};
use lombard_domain::time::Instant;

pub use identity::{Known, known_with_skeleton, set_verification, vouched_skeletons};

use crate::crypt::Place;
use crate::db::{Keys, Tx};
use crate::driver::Row;
use crate::error::{Error, Result};

/// A client and the digests of what it proves itself with.
#[derive(Clone)]
pub struct StoredClient {
    /// The client.
    pub client: Client,
    /// SHA-256 of its secret; empty, which nothing has for a digest, if it proves itself with a key.
    pub secret_digest: Vec<u8>,
    /// SHA-256 of its registration access token.
    pub registration_digest: Vec<u8>,
}

/// Stores a new client.
///
/// # Errors
/// [`Error::Conflict`] if its id is taken.
pub async fn insert(tx: &mut Tx, new: &StoredClient) -> Result<()> {
    let client = &new.client;
    let keys = tx.keys()?;
    let (metadata, contacts) = encode(&keys, client)?;
    let (verified_at, verified) = identity::encode(&keys, client.id, client.verification.as_ref())?;
    tx.exec(
        "-- client::insert
        INSERT INTO client (id, status, metadata, sector, secret_digest, registration_digest, created_at, contacts_sealed, skeleton,
            vouched, verified_at, verified_sealed)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        &[
            &client.id.to_string(),
            &client.status.code(),
            &metadata,
            &client.sector,
            &new.secret_digest,
            &new.registration_digest,
            &client.created_at.micros(),
            &contacts,
            &Look::of(client.metadata.client_name.as_str()).skeleton(),
            &client.vouched().code(),
            &verified_at,
            &verified,
        ],
    )
    .await?;
    Ok(())
}

/// The client with this id, unless it was deleted.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn find(tx: &mut Tx, id: ClientId) -> Result<Option<StoredClient>> {
    let keys = tx.keys()?;
    tx.one(
        "-- client::find
        SELECT id, status, metadata, sector, created_at, contacts_sealed, verified_at, verified_sealed, secret_digest, registration_digest
        FROM client WHERE id = $1 AND deleted_at IS NULL",
        &[&id.to_string()],
        |row| {
            let client = decode(&keys, row, 0)?;
            Ok(StoredClient { client, secret_digest: row.get(8)?, registration_digest: row.get(9)? })
        },
    )
    .await
}

/// Up to `limit` clients in the order of their ids, after one of them.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn list(tx: &mut Tx, after: Option<ClientId>, limit: i64) -> Result<Vec<Client>> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let keys = tx.keys()?;
    tx.all(
        "-- client::list
        SELECT id, status, metadata, sector, created_at, contacts_sealed, verified_at, verified_sealed
        FROM client WHERE id > $1 AND deleted_at IS NULL ORDER BY id LIMIT $2",
        &[&after, &limit],
        |row| decode(&keys, row, 0),
    )
    .await
}

/// Replaces what a client says of itself, and with it what the bank says of it; whether there is such a client.
///
/// # Errors
/// When the database fails.
pub async fn update(tx: &mut Tx, client: &Client) -> Result<bool> {
    let keys = tx.keys()?;
    let (metadata, contacts) = encode(&keys, client)?;
    let (verified_at, verified) = identity::encode(&keys, client.id, client.verification.as_ref())?;
    let touched = tx
        .exec(
            "-- client::update
            UPDATE client SET metadata = $1, contacts_sealed = $2, skeleton = $3, vouched = $4, verified_at = $5, verified_sealed = $6
            WHERE id = $7 AND deleted_at IS NULL",
            &[
                &metadata,
                &contacts,
                &Look::of(client.metadata.client_name.as_str()).skeleton(),
                &client.vouched().code(),
                &verified_at,
                &verified,
                &client.id.to_string(),
            ],
        )
        .await?;
    Ok(touched == 1)
}

/// Replaces the digest of a client's secret; an empty one takes the secret away. Whether there is such a client.
///
/// # Errors
/// When the database fails.
pub async fn set_secret(tx: &mut Tx, id: ClientId, digest: &[u8]) -> Result<bool> {
    let touched = tx
        .exec(
            "-- client::set_secret
            UPDATE client SET secret_digest = $1 WHERE id = $2 AND deleted_at IS NULL",
            &[&digest, &id.to_string()],
        )
        .await?;
    Ok(touched == 1)
}

/// Suspends a client or lets it act again; whether there is such a client whose status was another.
///
/// # Errors
/// When the database fails.
pub async fn set_status(tx: &mut Tx, id: ClientId, status: ClientStatus) -> Result<bool> {
    let touched = tx
        .exec(
            "-- client::set_status
            UPDATE client SET status = $1 WHERE id = $2 AND status <> $1 AND deleted_at IS NULL",
            &[&status.code(), &id.to_string()],
        )
        .await?;
    Ok(touched == 1)
}

/// Deletes a client, which leaves its name for the lists of its former customers; whether there was one.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, id: ClientId, now: Instant) -> Result<bool> {
    let touched = tx
        .exec(
            "-- client::delete
            UPDATE client SET deleted_at = $1, contacts_sealed = NULL WHERE id = $2 AND deleted_at IS NULL",
            &[&now.micros(), &id.to_string()],
        )
        .await?;
    Ok(touched == 1)
}

/// What an app says of itself; the addresses of people in it are sealed apart.
fn encode(keys: &Keys, client: &Client) -> Result<(String, Option<Vec<u8>>)> {
    let corrupt = |_| Error::Corrupt("client.metadata");
    let mut public = client.metadata.clone();
    let contacts = std::mem::take(&mut public.contacts);
    let public = serde_json::to_string(&public).map_err(corrupt)?;
    if contacts.is_empty() {
        return Ok((public, None));
    }
    let contacts = serde_json::to_vec(&contacts).map_err(corrupt)?;
    Ok((public, Some(keys.seal_for_bank(place(&client.id.to_string()), &contacts)?)))
}

/// A client from eight columns, of which this one is the first.
pub(crate) fn decode(keys: &Keys, row: &Row<'_>, first: usize) -> Result<Client> {
    let column = |number: usize| first.saturating_add(number);
    let id: String = row.get(column(0))?;
    let status: String = row.get(column(1))?;
    let metadata: String = row.get(column(2))?;
    let contacts: Option<Vec<u8>> = row.get(column(5))?;
    let mut metadata: Metadata = serde_json::from_str(&metadata).map_err(|_| Error::Corrupt("client.metadata"))?;
    if let Some(sealed) = contacts {
        let contacts = keys.crypt().open(place(&id), &sealed)?;
        metadata.contacts = serde_json::from_slice(&contacts).map_err(|_| Error::Corrupt("client.contacts_sealed"))?;
    }
    let verification = identity::decode(keys, &id, row.get(column(6))?, row.get(column(7))?)?;
    Ok(Client {
        id: id.parse().map_err(|_| Error::Corrupt("client.id"))?,
        status: status.parse().map_err(|_| Error::Corrupt("client.status"))?,
        metadata,
        sector: row.get(column(3))?,
        created_at: Instant::from_micros(row.get(column(4))?),
        verification,
    })
}

fn place(row: &str) -> Place<'_> {
    Place { table: "client", column: "contacts_sealed", row }
}
