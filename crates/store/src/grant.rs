//! Grants, and the codes that bring them to clients.

use lombard_domain::id::{ConsentId, GrantId};
use lombard_domain::oauth::{Challenge, Code, Details, Grant, GrantManagement, Opaque, RedirectUri, Thumbprint};
use lombard_domain::time::Instant;

use crate::db::Tx;
use crate::error::{Error, Result};

/// Stores a new grant.
///
/// # Errors
/// [`Error::Conflict`] if its id is taken.
pub async fn insert(tx: &mut Tx, grant: &Grant) -> Result<()> {
    tx.exec(
        "-- grant::insert
        INSERT INTO consent_grant
            (id, consent_id, client_id, customer_id, scope, details, nonce, management, signed_in_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            &grant.id.to_string(),
            &grant.consent.to_string(),
            &grant.client.to_string(),
            &grant.customer.to_string(),
            &grant.scope.to_string(),
            &grant.details.as_ref().map(encode_details).transpose()?,
            &grant.nonce.as_ref().map(Opaque::as_str),
            &management_code(grant.management),
            &grant.signed_in_at.micros(),
            &grant.created_at.micros(),
        ],
    )
    .await?;
    Ok(())
}

/// The grant with this id, unless it was revoked.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn find_live(tx: &mut Tx, id: GrantId) -> Result<Option<Grant>> {
    let corrupt = || Error::Corrupt("consent_grant");
    tx.one(
        "-- grant::find_live
        SELECT consent_id, client_id, customer_id, scope, nonce, signed_in_at, created_at, details, management
        FROM consent_grant WHERE id = $1 AND revoked_at IS NULL",
        &[&id.to_string()],
        |row| {
            let text = |column| row.get::<String>(column);
            let nonce: Option<String> = row.get(4)?;
            let details: Option<String> = row.get(7)?;
            Ok(Grant {
                id,
                consent: text(0)?.parse().map_err(|_| corrupt())?,
                client: text(1)?.parse().map_err(|_| corrupt())?,
                customer: text(2)?.parse().map_err(|_| corrupt())?,
                scope: text(3)?.parse().map_err(|_| corrupt())?,
                details: details.as_deref().map(decode_details).transpose()?,
                nonce: nonce.map(Opaque::try_from).transpose().map_err(|_| corrupt())?,
                management: match text(8)?.as_str() {
                    "none" => GrantManagement::None,
                    "create" => GrantManagement::Create,
                    _ => return Err(corrupt()),
                },
                signed_in_at: Instant::from_micros(row.get(5)?),
                created_at: Instant::from_micros(row.get(6)?),
            })
        },
    )
    .await
}

/// The consent of a grant, also if it was revoked.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn consent_of(tx: &mut Tx, id: GrantId) -> Result<Option<ConsentId>> {
    tx.one(
        "-- grant::consent_of
        SELECT consent_id FROM consent_grant WHERE id = $1",
        &[&id.to_string()],
        |row| row.get::<String>(0)?.parse().map_err(|_| Error::Corrupt("consent_grant.consent_id")),
    )
    .await
}

/// When a customer last signed in to give a consent, also if the grant of that answer was revoked since; `None` if nobody ever did.
///
/// # Errors
/// When the database fails.
pub async fn signed_in_at(tx: &mut Tx, consent: ConsentId) -> Result<Option<Instant>> {
    let newest: Option<Option<i64>> = tx
        .one(
            "-- grant::signed_in_at
            SELECT MAX(signed_in_at) FROM consent_grant WHERE consent_id = $1",
            &[&consent.to_string()],
            |row| row.get(0),
        )
        .await?;
    Ok(newest.flatten().map(Instant::from_micros))
}

/// Revokes a grant, and with it every token made from it; whether it was live.
///
/// # Errors
/// When the database fails.
pub async fn revoke(tx: &mut Tx, id: GrantId, now: Instant) -> Result<bool> {
    let touched = tx
        .exec(
            "-- grant::revoke
            UPDATE consent_grant SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL",
            &[&now.micros(), &id.to_string()],
        )
        .await?;
    Ok(touched == 1)
}

/// Revokes every grant of a consent; how many were live.
///
/// # Errors
/// When the database fails.
pub async fn revoke_of_consent(tx: &mut Tx, consent: ConsentId, now: Instant) -> Result<u64> {
    tx.exec(
        "-- grant::revoke_of_consent
        UPDATE consent_grant SET revoked_at = $1 WHERE consent_id = $2 AND revoked_at IS NULL",
        &[&now.micros(), &consent.to_string()],
    )
    .await
}

/// Revokes the grants of a consent that are no younger than this one, but not this one itself; how many were live.
///
/// # Errors
/// When the database fails.
pub async fn revoke_earlier(tx: &mut Tx, grant: &Grant, now: Instant) -> Result<u64> {
    tx.exec(
        "-- grant::revoke_earlier
        UPDATE consent_grant SET revoked_at = $1
        WHERE consent_id = $2 AND id <> $3 AND created_at <= $4 AND revoked_at IS NULL",
        &[&now.micros(), &grant.consent.to_string(), &grant.id.to_string(), &grant.created_at.micros()],
    )
    .await
}

/// Forgets the grants of a consent that were revoked by then and for which the customer signed in no later than for this one, with all
/// that was made from them; how many. This one stays.
///
/// # Errors
/// When the database fails.
pub async fn forget_earlier(tx: &mut Tx, grant: &Grant, before: Instant) -> Result<u64> {
    tx.exec(
        "-- grant::forget_earlier
        DELETE FROM consent_grant WHERE consent_id = $1 AND id <> $2 AND signed_in_at <= $3 AND revoked_at <= $4",
        &[&grant.consent.to_string(), &grant.id.to_string(), &grant.signed_in_at.micros(), &before.micros()],
    )
    .await
}

/// Stores a new code under the digest of its text.
///
/// # Errors
/// [`Error::Conflict`] if the digest is taken.
pub async fn insert_code(tx: &mut Tx, digest: &[u8], code: &Code) -> Result<()> {
    tx.exec(
        "-- grant::insert_code
        INSERT INTO code (digest, grant_id, client_id, redirect_uri, code_challenge, dpop_jkt, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            &digest,
            &code.grant.to_string(),
            &code.client.to_string(),
            &code.redirect_uri.as_str(),
            &code.code_challenge.as_ref().map(Challenge::as_str),
            &code.dpop_jkt.as_ref().map(Thumbprint::as_str),
            &code.expires_at.micros(),
        ],
    )
    .await?;
    Ok(())
}

/// The code with this digest, used or not.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn find_code(tx: &mut Tx, digest: &[u8]) -> Result<Option<Code>> {
    let corrupt = || Error::Corrupt("code");
    tx.one(
        "-- grant::find_code
        SELECT grant_id, client_id, redirect_uri, code_challenge, expires_at, used_at, dpop_jkt
        FROM code WHERE digest = $1",
        &[&digest],
        |row| {
            let text = |column| row.get::<String>(column);
            let used: Option<i64> = row.get(5)?;
            let dpop_jkt: Option<String> = row.get(6)?;
            let challenge: Option<String> = row.get(3)?;
            Ok(Code {
                grant: text(0)?.parse().map_err(|_| corrupt())?,
                client: text(1)?.parse().map_err(|_| corrupt())?,
                redirect_uri: RedirectUri::new(&text(2)?).map_err(|_| corrupt())?,
                code_challenge: challenge.map(Challenge::try_from).transpose().map_err(|_| corrupt())?,
                dpop_jkt: dpop_jkt.map(Thumbprint::try_from).transpose().map_err(|_| corrupt())?,
                expires_at: Instant::from_micros(row.get(4)?),
                used: used.is_some(),
            })
        },
    )
    .await
}

/// Uses up a code; whether nobody had used it before.
///
/// # Errors
/// When the database fails.
pub async fn use_code(tx: &mut Tx, digest: &[u8], now: Instant) -> Result<bool> {
    let touched = tx
        .exec(
            "-- grant::use_code
            UPDATE code SET used_at = $1 WHERE digest = $2 AND used_at IS NULL",
            &[&now.micros(), &digest],
        )
        .await?;
    Ok(touched == 1)
}

/// Uses up all codes that nobody has used; how many.
///
/// # Errors
/// When the database fails.
pub async fn use_all_codes(tx: &mut Tx, now: Instant) -> Result<u64> {
    tx.exec(
        "-- grant::use_all_codes
        UPDATE code SET used_at = $1 WHERE used_at IS NULL",
        &[&now.micros()],
    )
    .await
}

/// Forgets up to `limit` codes whose life was over by then, used or not; how many.
///
/// # Errors
/// When the database fails.
pub async fn forget_codes(tx: &mut Tx, before: Instant, limit: i64) -> Result<u64> {
    tx.exec(
        "-- grant::forget_codes
        DELETE FROM code WHERE digest IN (SELECT digest FROM code WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
        &[&before.micros(), &limit],
    )
    .await
}

fn management_code(management: GrantManagement) -> &'static str {
    match management {
        GrantManagement::Create => "create",
        GrantManagement::None => "none",
    }
}

pub(crate) fn encode_details(details: &Details) -> Result<String> {
    serde_json::to_string(details).map_err(|_| Error::Corrupt("authorization details"))
}

pub(crate) fn decode_details(text: &str) -> Result<Details> {
    serde_json::from_str(text).map_err(|_| Error::Corrupt("authorization details"))
}
