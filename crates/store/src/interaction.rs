//! Pushed requests, and customers on their way through sign-in and consent.

use std::fmt::Write as _;

use lombard_domain::id::{ClientId, ConsentId, CustomerId};
use lombard_domain::oauth::AuthorizationRequest;
use lombard_domain::time::Instant;

use crate::crypt::{Crypt, Place};
use crate::db::Tx;
use crate::error::{Error, Result};

/// A request that a client pushed.
pub struct Pushed {
    /// What it asks for.
    pub request: AuthorizationRequest,
    /// Until when a customer may be sent with it.
    pub expires_at: Instant,
    /// Whether a customer has answered it.
    pub used: bool,
}

/// A customer on the way.
pub struct Interaction {
    /// SHA-256 of the cookie of the browser that began it.
    pub browser_digest: Vec<u8>,
    /// What an app asks for; `None` on the customer's own pages.
    pub request: Option<AuthorizationRequest>,
    /// The pushed request that began it.
    pub pushed_digest: Option<Vec<u8>>,
    /// Whose password was right.
    pub customer: Option<CustomerId>,
    /// When the second factor was right as well.
    pub signed_in_at: Option<Instant>,
    /// Whether the customer was asked to sign in once more before they answer.
    pub stepped_up: bool,
    /// Until when it must be finished.
    pub expires_at: Instant,
}

/// Stores a pushed request under the digest of its reference.
///
/// # Errors
/// [`Error::Conflict`] if the digest is taken.
pub async fn push(tx: &mut Tx, digest: &[u8], request: &AuthorizationRequest, expires_at: Instant) -> Result<()> {
    let sealed = seal(tx, PUSHED, digest, request)?;
    tx.exec(
        "-- interaction::push
        INSERT INTO pushed_request (digest, client_id, sealed, expires_at) VALUES ($1, $2, $3, $4)",
        &[&digest, &request.client.to_string(), &sealed, &expires_at.micros()],
    )
    .await?;
    Ok(())
}

/// The pushed request of a client with this digest.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn find_pushed(tx: &mut Tx, digest: &[u8], client: ClientId) -> Result<Option<Pushed>> {
    let keys = tx.keys()?;
    tx.one(
        "-- interaction::find_pushed
        SELECT sealed, expires_at, used_at FROM pushed_request WHERE digest = $1 AND client_id = $2",
        &[&digest, &client.to_string()],
        |row| {
            let sealed: Vec<u8> = row.get(0)?;
            let used: Option<i64> = row.get(2)?;
            Ok(Pushed {
                request: open(keys.crypt(), PUSHED, digest, &sealed)?,
                expires_at: Instant::from_micros(row.get(1)?),
                used: used.is_some(),
            })
        },
    )
    .await
}

/// Uses up a pushed request; whether nobody had answered it before.
///
/// # Errors
/// When the database fails.
pub async fn use_pushed(tx: &mut Tx, digest: &[u8], now: Instant) -> Result<bool> {
    let touched = tx
        .exec(
            "-- interaction::use_pushed
            UPDATE pushed_request SET used_at = $1 WHERE digest = $2 AND used_at IS NULL",
            &[&now.micros(), &digest],
        )
        .await?;
    Ok(touched == 1)
}

/// Stores a new interaction under the digest of its id. Nobody is signed in yet, whatever it says.
///
/// # Errors
/// [`Error::Conflict`] if the digest is taken.
pub async fn insert(tx: &mut Tx, digest: &[u8], interaction: &Interaction) -> Result<()> {
    let sealed = interaction.request.as_ref().map(|request| seal(tx, STARTED, digest, request)).transpose()?;
    let consent = interaction.request.as_ref().and_then(|request| request.intent);
    tx.exec(
        "-- interaction::insert
        INSERT INTO interaction (digest, browser_digest, sealed, pushed_digest, expires_at, consent_id)
        VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            &digest,
            &interaction.browser_digest,
            &sealed,
            &interaction.pushed_digest,
            &interaction.expires_at.micros(),
            &consent.map(|id| id.to_string()),
        ],
    )
    .await?;
    Ok(())
}

/// The interaction with this digest, unless it has ended.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn find(tx: &mut Tx, digest: &[u8]) -> Result<Option<Interaction>> {
    let keys = tx.keys()?;
    tx.one(
        "-- interaction::find
        SELECT browser_digest, sealed, pushed_digest, customer_id, signed_in_at, expires_at, stepped_up_at
        FROM interaction WHERE digest = $1 AND ended_at IS NULL",
        &[&digest],
        |row| {
            let sealed: Option<Vec<u8>> = row.get(1)?;
            let customer: Option<String> = row.get(3)?;
            let signed_in: Option<i64> = row.get(4)?;
            let stepped_up: Option<i64> = row.get(6)?;
            Ok(Interaction {
                browser_digest: row.get(0)?,
                request: sealed.map(|sealed| open(keys.crypt(), STARTED, digest, &sealed)).transpose()?,
                pushed_digest: row.get(2)?,
                customer: customer
                    .map(|id| id.parse())
                    .transpose()
                    .map_err(|_| Error::Corrupt("interaction.customer_id"))?,
                signed_in_at: signed_in.map(Instant::from_micros),
                stepped_up: stepped_up.is_some(),
                expires_at: Instant::from_micros(row.get(5)?),
            })
        },
    )
    .await
}

/// Records whose password was right, if the interaction has not gone further; whether it had not.
///
/// # Errors
/// When the database fails.
pub async fn set_customer(tx: &mut Tx, digest: &[u8], customer: CustomerId) -> Result<bool> {
    let touched = tx
        .exec(
            "-- interaction::set_customer
            UPDATE interaction SET customer_id = $1 WHERE digest = $2 AND signed_in_at IS NULL AND ended_at IS NULL",
            &[&customer.to_string(), &digest],
        )
        .await?;
    Ok(touched == 1)
}

/// Records that the second factor of that customer was right, and moves the interaction to a new browser cookie; whether it was waiting for it.
///
/// # Errors
/// When the database fails.
pub async fn set_signed_in(
    tx: &mut Tx,
    digest: &[u8],
    customer: CustomerId,
    browser_digest: &[u8],
    now: Instant,
) -> Result<bool> {
    let touched = tx
        .exec(
            "-- interaction::set_signed_in
            UPDATE interaction SET signed_in_at = $1, browser_digest = $2
            WHERE digest = $3 AND customer_id = $4 AND signed_in_at IS NULL AND ended_at IS NULL",
            &[&now.micros(), &browser_digest, &digest, &customer.to_string()],
        )
        .await?;
    Ok(touched == 1)
}

/// Lets the customer of an interaction sign in once more before they answer; whether they had signed in and nobody asked them before.
///
/// # Errors
/// When the database fails.
pub async fn step_up(tx: &mut Tx, digest: &[u8], now: Instant) -> Result<bool> {
    let touched = tx
        .exec(
            "-- interaction::step_up
            UPDATE interaction SET stepped_up_at = $1, customer_id = NULL, signed_in_at = NULL
            WHERE digest = $2 AND signed_in_at IS NOT NULL AND stepped_up_at IS NULL AND ended_at IS NULL",
            &[&now.micros(), &digest],
        )
        .await?;
    Ok(touched == 1)
}

/// Ends an interaction; whether it had not ended before.
///
/// # Errors
/// When the database fails.
pub async fn end(tx: &mut Tx, digest: &[u8], now: Instant) -> Result<bool> {
    let touched = tx
        .exec(
            "-- interaction::end
            UPDATE interaction SET ended_at = $1 WHERE digest = $2 AND ended_at IS NULL",
            &[&now.micros(), &digest],
        )
        .await?;
    Ok(touched == 1)
}

/// Up to `limit` consents that still wait for an answer although the time of a customer who began to give one is over, and that nobody
/// else is still answering. A consent whose own time is over is not among them.
///
/// To be asked before the interactions themselves are forgotten.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn abandoned(tx: &mut Tx, now: Instant, limit: i64) -> Result<Vec<ConsentId>> {
    tx.all(
        "-- interaction::abandoned
        SELECT DISTINCT i.consent_id FROM interaction i JOIN consent c ON c.id = i.consent_id
        WHERE i.expires_at <= $1 AND c.status = 'awaiting' AND (c.expires_at IS NULL OR c.expires_at > $1)
          AND NOT EXISTS (SELECT 1 FROM interaction o
                          WHERE o.consent_id = i.consent_id AND o.expires_at > $1 AND o.ended_at IS NULL)
        LIMIT $2",
        &[&now.micros(), &limit],
        |row| {
            let id: String = row.get(0)?;
            id.parse().map_err(|_| Error::Corrupt("interaction.consent_id"))
        },
    )
    .await
}

/// Forgets up to `limit` interactions whose time is over; how many.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, now: Instant, limit: i64) -> Result<u64> {
    tx.exec(
        "-- interaction::forget
        DELETE FROM interaction WHERE digest IN (SELECT digest FROM interaction WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
        &[&now.micros(), &limit],
    )
    .await
}

/// Forgets up to `limit` pushed requests whose time was over by then; how many.
///
/// One that a customer is still answering must stay until the answer, so `before` lies an interaction's life back.
///
/// # Errors
/// When the database fails.
pub async fn forget_pushed(tx: &mut Tx, before: Instant, limit: i64) -> Result<u64> {
    tx.exec(
        "-- interaction::forget_pushed
        DELETE FROM pushed_request
        WHERE digest IN (SELECT digest FROM pushed_request WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
        &[&before.micros(), &limit],
    )
    .await
}

/// Requests can name people, so they are sealed like everything that does.
fn seal(tx: &Tx, table: &'static str, digest: &[u8], request: &AuthorizationRequest) -> Result<Vec<u8>> {
    let text = serde_json::to_vec(request).map_err(|_| Error::Corrupt("authorization request"))?;
    tx.keys()?.seal_for_bank(Place { table, column: "sealed", row: &row_name(digest) }, &text)
}

fn open(crypt: &Crypt, table: &'static str, digest: &[u8], sealed: &[u8]) -> Result<AuthorizationRequest> {
    let text = crypt.open(Place { table, column: "sealed", row: &row_name(digest) }, sealed)?;
    serde_json::from_slice(&text).map_err(|_| Error::Corrupt("authorization request"))
}

/// A row's key as text.
fn row_name(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(2 * digest.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

const PUSHED: &str = "pushed_request";
const STARTED: &str = "interaction";
