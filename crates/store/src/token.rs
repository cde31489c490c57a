//! Access and refresh tokens, and where an access token stands at this moment.

use lombard_domain::consent::Status;
use lombard_domain::id::{AccountId, ClientId, ConsentId, CustomerId, GrantId, TokenId};
use lombard_domain::oauth::{AccessToken, ClientStatus, RefreshToken};
use lombard_domain::permission::{PermissionSet, Window};
use lombard_domain::time::Instant;

use crate::db::Tx;
use crate::driver::Row;
use crate::error::{Error, Result};
use crate::grant::{decode_details, encode_details};

/// Everything on which the fate of a call depends, read in one statement.
pub struct Standing {
    /// The token, unless it or the grant it was made from was revoked.
    pub token: Option<AccessToken>,
    /// Whether the client may act; `None` if it was deleted.
    pub client: Option<ClientStatus>,
    /// The consent that carries the rights; `None` for a client's own token.
    pub consent: Option<ConsentStanding>,
}

/// A consent, as far as a call depends on it.
#[derive(Clone, Copy)]
pub struct ConsentStanding {
    /// Which consent.
    pub id: ConsentId,
    /// Who gave it.
    pub customer: CustomerId,
    /// Where it stands.
    pub status: Status,
    /// Until when.
    pub expires_at: Option<Instant>,
    /// What it allows.
    pub permissions: PermissionSet,
    /// Of which time.
    pub window: Window,
    /// When the customer last signed in to give it: for the newest grant made from it, also if that was revoked.
    pub signed_in_at: Instant,
    /// The account that was asked for, if the consent is for it, the customer still holds it, and can use it or took it to another bank.
    pub account: Option<AccountId>,
    /// Whether that account is at another bank now.
    pub switched: bool,
}

/// Stores a new access token.
///
/// # Errors
/// [`Error::Conflict`] if its id is taken.
pub async fn insert_access(tx: &mut Tx, token: &AccessToken) -> Result<()> {
    tx.exec(
        "-- token::insert_access
        INSERT INTO access_token (id, client_id, grant_id, scope, details, binding, issued_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            &token.id.to_string(),
            &token.client.to_string(),
            &token.grant.map(|id| id.to_string()),
            &token.scope.to_string(),
            &token.details.as_ref().map(encode_details).transpose()?,
            &token.binding.as_ref().map(ToString::to_string),
            &token.issued_at.micros(),
            &token.expires_at.micros(),
        ],
    )
    .await?;
    Ok(())
}

/// Where an access token stands, and whether its consent is for an account.
///
/// # Errors
/// [`Error::Corrupt`] if the rows cannot be read.
pub async fn standing(tx: &mut Tx, id: TokenId, account: Option<AccountId>) -> Result<Option<Standing>> {
    let account_text = account.map(|id| id.to_string()).unwrap_or_default();
    tx.one(
        "-- token::standing
        SELECT t.client_id, t.grant_id, t.scope, t.issued_at, t.expires_at, COALESCE(t.revoked_at, g.revoked_at),
               k.status, k.deleted_at,
               c.id, c.customer_id, c.status, c.expires_at, c.permissions, c.data_from, c.data_to, o.id,
               t.details, t.binding,
               (SELECT MAX(s.signed_in_at) FROM consent_grant s WHERE s.consent_id = c.id), o.switched
        FROM access_token t
        JOIN client k ON k.id = t.client_id
        LEFT JOIN consent_grant g ON g.id = t.grant_id
        LEFT JOIN consent c ON c.id = g.consent_id
        LEFT JOIN consent_account a ON a.consent_id = c.id AND a.account_id = $1
        LEFT JOIN account_holder h ON h.account_id = a.account_id AND h.customer_id = c.customer_id
        LEFT JOIN account o ON o.id = h.account_id AND (o.status = 'Enabled' OR o.switched = 1)
        WHERE t.id = $2",
        &[&account_text, &id.to_string()],
        |row| read_standing(row, id, account),
    )
    .await
}

/// Revokes an access token of a client; whether it was live and the client's.
///
/// # Errors
/// When the database fails.
pub async fn revoke_access(tx: &mut Tx, id: TokenId, client: ClientId, now: Instant) -> Result<bool> {
    let touched = tx
        .exec(
            "-- token::revoke_access
            UPDATE access_token SET revoked_at = $1 WHERE id = $2 AND client_id = $3 AND revoked_at IS NULL",
            &[&now.micros(), &id.to_string(), &client.to_string()],
        )
        .await?;
    Ok(touched == 1)
}

/// Revokes all access tokens that live beyond a moment; how many.
///
/// # Errors
/// When the database fails.
pub async fn revoke_all_access(tx: &mut Tx, now: Instant) -> Result<u64> {
    tx.exec(
        "-- token::revoke_all_access
        UPDATE access_token SET revoked_at = $1 WHERE expires_at > $1 AND revoked_at IS NULL",
        &[&now.micros()],
    )
    .await
}

/// Stores a new refresh token under the digest of its text.
///
/// # Errors
/// [`Error::Conflict`] if the digest is taken.
pub async fn insert_refresh(tx: &mut Tx, digest: &[u8], token: &RefreshToken) -> Result<()> {
    tx.exec(
        "-- token::insert_refresh
        INSERT INTO refresh_token (digest, grant_id, client_id, issued_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        &[
            &digest,
            &token.grant.to_string(),
            &token.client.to_string(),
            &token.issued_at.micros(),
            &token.expires_at.map(Instant::micros),
        ],
    )
    .await?;
    Ok(())
}

/// The refresh token with this digest. Whether its grant lives is for [`crate::grant::find_live`] to say.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn find_refresh(tx: &mut Tx, digest: &[u8]) -> Result<Option<RefreshToken>> {
    tx.one(
        "-- token::find_refresh
        SELECT grant_id, client_id, issued_at, expires_at FROM refresh_token WHERE digest = $1",
        &[&digest],
        |row| {
            let grant: String = row.get(0)?;
            let client: String = row.get(1)?;
            let expires_at: Option<i64> = row.get(3)?;
            Ok(RefreshToken {
                grant: grant.parse().map_err(|_| Error::Corrupt("refresh_token.grant_id"))?,
                client: client.parse().map_err(|_| Error::Corrupt("refresh_token.client_id"))?,
                issued_at: Instant::from_micros(row.get(2)?),
                expires_at: expires_at.map(Instant::from_micros),
            })
        },
    )
    .await
}

/// Forgets up to `limit` access tokens whose life was over by then; how many.
///
/// # Errors
/// When the database fails.
pub async fn forget_access(tx: &mut Tx, before: Instant, limit: i64) -> Result<u64> {
    tx.exec(
        "-- token::forget_access
        DELETE FROM access_token
        WHERE id IN (SELECT id FROM access_token WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
        &[&before.micros(), &limit],
    )
    .await
}

/// Forgets up to `limit` refresh tokens whose life was over by then; how many. One without an end goes with its grant.
///
/// # Errors
/// When the database fails.
pub async fn forget_refresh(tx: &mut Tx, before: Instant, limit: i64) -> Result<u64> {
    tx.exec(
        "-- token::forget_refresh
        DELETE FROM refresh_token
        WHERE digest IN (SELECT digest FROM refresh_token WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
        &[&before.micros(), &limit],
    )
    .await
}

fn read_standing(row: &Row<'_>, id: TokenId, account: Option<AccountId>) -> Result<Standing> {
    let corrupt = || Error::Corrupt("access_token");
    let client: String = row.get(0)?;
    let grant: Option<String> = row.get(1)?;
    let scope: String = row.get(2)?;
    let revoked: Option<i64> = row.get(5)?;
    let status: String = row.get(6)?;
    let deleted: Option<i64> = row.get(7)?;
    let details: Option<String> = row.get(16)?;
    let binding: Option<String> = row.get(17)?;
    let grant: Option<GrantId> = grant.map(|id| id.parse()).transpose().map_err(|_| corrupt())?;
    let token = AccessToken {
        id,
        client: client.parse().map_err(|_| corrupt())?,
        grant,
        scope: scope.parse().map_err(|_| corrupt())?,
        details: details.as_deref().map(decode_details).transpose()?,
        binding: binding.map(|text| text.parse()).transpose().map_err(|_| corrupt())?,
        issued_at: Instant::from_micros(row.get(3)?),
        expires_at: Instant::from_micros(row.get(4)?),
    };
    let status = status.parse().map_err(|_| corrupt())?;
    let consent = if grant.is_some() { Some(read_consent(row, account)?) } else { None };
    Ok(Standing { token: revoked.is_none().then_some(token), client: deleted.is_none().then_some(status), consent })
}

fn read_consent(row: &Row<'_>, account: Option<AccountId>) -> Result<ConsentStanding> {
    let corrupt = || Error::Corrupt("consent");
    let instant = |column| -> Result<Option<Instant>> {
        let micros: Option<i64> = row.get(column)?;
        Ok(micros.map(Instant::from_micros))
    };
    let text = |column| row.get::<String>(column);
    // A consent that nobody gave has no grants, and so no tokens.
    let customer: Option<String> = row.get(9)?;
    let held: Option<String> = row.get(15)?;
    Ok(ConsentStanding {
        id: text(8)?.parse().map_err(|_| corrupt())?,
        customer: customer.ok_or_else(corrupt)?.parse().map_err(|_| corrupt())?,
        status: text(10)?.parse().map_err(|_| corrupt())?,
        expires_at: instant(11)?,
        permissions: text(12)?.parse().map_err(|_| corrupt())?,
        window: Window { from: instant(13)?, to: instant(14)? },
        signed_in_at: instant(18)?.ok_or_else(corrupt)?,
        account: held.and(account),
        switched: row.get::<Option<i64>>(19)? == Some(1),
    })
}
