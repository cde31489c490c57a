//! What customers are told: rows written with the change that they tell of, and what became of each.
//!
//! A receipt waits while it has a `next_at`. Whoever tries to send it moves that moment on first, by compare-and-set: until then it is
//! theirs, and who crashes loses it then.

use lombard_domain::browser::{Browser, Family, System};
use lombard_domain::id::{CustomerId, ReceiptId};
use lombard_domain::permission::PermissionSet;
use lombard_domain::receipt::{Credential, Given, Origin, Receipt, RoughNetwork, What};
use lombard_domain::text::Text;
use lombard_domain::time::Instant;

use crate::crypt::Place;
use crate::data_key::{self, Owner};
use crate::db::{Keys, Tx};
use crate::driver::Row;
use crate::error::{Error, Result};

/// A receipt that is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub id: ReceiptId,
    /// How often somebody began to send it.
    pub attempts: i64,
    /// Since when it is due; until when it is somebody's, once it is claimed.
    pub next_at: Instant,
}

/// How the sending of a receipt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nobody tries any more.
    Failed,
    /// It was handed over.
    Sent,
    /// The bank does not know where to.
    Unaddressed,
}

impl End {
    /// The name under which it is stored and counted.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Sent => "sent",
            Self::Unaddressed => "unaddressed",
        }
    }
}

/// Those that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub count: i64,
    /// When that happened which the oldest tells of.
    pub oldest: Option<Instant>,
}

/// Counts one more receipt of a customer, from one on if the last count began before a moment; the count, or `None` if there is no such
/// customer. Others who count for the same customer wait until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn count(tx: &mut Tx, customer: CustomerId, now: Instant, before: Instant) -> Result<Option<i64>> {
    tx.one(
        "-- receipt::count
        UPDATE customer SET
            receipts = CASE WHEN receipts_since <= $1 THEN 1 ELSE receipts + 1 END,
            receipts_since = CASE WHEN receipts_since <= $1 THEN $2 ELSE receipts_since END
        WHERE id = $3 AND erased_at IS NULL
        RETURNING receipts",
        &[&before.micros(), &now.micros(), &customer.to_string()],
        |row| row.get(0),
    )
    .await
}

/// Stores a receipt that is to be sent at once.
///
/// # Errors
/// [`Error::Conflict`] if its id is taken.
pub async fn add(tx: &mut Tx, receipt: &Receipt) -> Result<()> {
    let row = receipt.id.to_string();
    let sealing = data_key::of(tx, [Owner::Customer(receipt.customer)]).await?;
    let sealed = sealing.seal(Owner::Customer(receipt.customer), place(&row), &encode(receipt)?)?;
    tx.exec(
        "-- receipt::add
        INSERT INTO receipt (id, customer_id, kind, at, sealed, status, attempts, next_at)
        VALUES ($1, $2, $3, $4, $5, 'waiting', 0, $4)",
        &[&row, &receipt.customer.to_string(), &receipt.what.code(), &receipt.at.micros(), &sealed],
    )
    .await?;
    Ok(())
}

/// Up to `limit` receipts that are to be sent, longest due first.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn due(tx: &mut Tx, now: Instant, limit: i64) -> Result<Vec<Due>> {
    tx.all(
        "-- receipt::due
        SELECT id, attempts, next_at FROM receipt WHERE next_at <= $1 ORDER BY next_at, id LIMIT $2",
        &[&now.micros(), &limit],
        |row| {
            let id: String = row.get(0)?;
            Ok(Due {
                id: id.parse().map_err(|_| Error::Corrupt("receipt.id"))?,
                attempts: row.get(1)?,
                next_at: Instant::from_micros(row.get(2)?),
            })
        },
    )
    .await
}

/// Takes a receipt until a moment, and counts the attempt; the receipt as it is then, or `None` if somebody else was faster.
///
/// # Errors
/// When the database fails.
pub async fn claim(tx: &mut Tx, seen: Due, until: Instant) -> Result<Option<Due>> {
    let touched = tx
        .exec(
            "-- receipt::claim
            UPDATE receipt SET next_at = $1, attempts = attempts + 1 WHERE id = $2 AND next_at = $3",
            &[&until.micros(), &seen.id.to_string(), &seen.next_at.micros()],
        )
        .await?;
    Ok((touched == 1).then(|| Due { attempts: seen.attempts.saturating_add(1), next_at: until, ..seen }))
}

/// The receipt with this identifier.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn find(tx: &mut Tx, id: ReceiptId) -> Result<Option<Receipt>> {
    let keys = tx.keys()?;
    tx.one(
        "-- receipt::find
        SELECT id, customer_id, kind, at, sealed FROM receipt WHERE id = $1",
        &[&id.to_string()],
        |row| decode(&keys, row),
    )
    .await
}

/// Notes how the sending of a receipt ended; whether it still waited. It does not matter whose it was meanwhile: what was sent was sent.
///
/// # Errors
/// When the database fails.
pub async fn end(tx: &mut Tx, id: ReceiptId, end: End) -> Result<bool> {
    let touched = tx
        .exec(
            "-- receipt::end
            UPDATE receipt SET status = $1, next_at = NULL WHERE id = $2 AND next_at IS NOT NULL",
            &[&end.code(), &id.to_string()],
        )
        .await?;
    Ok(touched == 1)
}

/// Notes when the next attempt is; whether the receipt was still theirs who claimed it.
///
/// # Errors
/// When the database fails.
pub async fn postpone(tx: &mut Tx, claimed: Due, next: Instant) -> Result<bool> {
    let touched = tx
        .exec(
            "-- receipt::postpone
            UPDATE receipt SET next_at = $1 WHERE id = $2 AND next_at = $3",
            &[&next.micros(), &claimed.id.to_string(), &claimed.next_at.micros()],
        )
        .await?;
    Ok(touched == 1)
}

/// How many receipts wait.
///
/// # Errors
/// When the database fails.
pub async fn waiting(tx: &mut Tx) -> Result<Waiting> {
    let found = tx
        .one(
            "-- receipt::waiting
            SELECT COUNT(*), MIN(at) FROM receipt WHERE next_at IS NOT NULL",
            &[],
            |row| {
                let oldest: Option<i64> = row.get(1)?;
                Ok(Waiting { count: row.get(0)?, oldest: oldest.map(Instant::from_micros) })
            },
        )
        .await?;
    found.ok_or(Error::Corrupt("receipt"))
}

/// Deletes up to `limit` receipts of what happened before a moment, whatever became of them; how many.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, before: Instant, limit: i64) -> Result<u64> {
    tx.exec(
        "-- receipt::forget
        DELETE FROM receipt WHERE id IN (SELECT id FROM receipt WHERE at <= $1 ORDER BY at LIMIT $2)",
        &[&before.micros(), &limit],
    )
    .await
}

/// What happened, as it is sealed; which fields there are depends on the kind.
#[derive(Default, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Sealed {
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<Text<80>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    renewed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    second_factor: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<std::net::IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    browser: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<String>,
    is_last: bool,
}

fn encode(receipt: &Receipt) -> Result<Vec<u8>> {
    let is_last = receipt.is_last;
    let sealed = match &receipt.what {
        What::ConsentGiven(given) => Sealed {
            app: Some(given.app.clone()),
            permissions: Some(given.permissions.to_string()),
            identity: Some(given.identity),
            until: given.until.map(Instant::micros),
            renewed: Some(given.renewed),
            is_last,
            ..Sealed::default()
        },
        What::CredentialChanged(credential) => {
            Sealed { second_factor: Some(*credential == Credential::SecondFactor), is_last, ..Sealed::default() }
        }
        What::SignedIn(origin) => Sealed {
            network: origin.network.map(RoughNetwork::first),
            browser: Some(origin.browser.family.code().to_owned()),
            system: Some(origin.browser.system.code().to_owned()),
            is_last,
            ..Sealed::default()
        },
    };
    serde_json::to_vec(&sealed).map_err(|_| Error::Corrupt("receipt.sealed"))
}

fn decode(keys: &Keys, row: &Row<'_>) -> Result<Receipt> {
    let corrupt = || Error::Corrupt("receipt");
    let text = |column| row.get::<String>(column);
    let id = text(0)?;
    let sealed: Vec<u8> = row.get(4)?;
    let sealed: Sealed = serde_json::from_slice(&keys.crypt().open(place(&id), &sealed)?).map_err(|_| corrupt())?;
    let is_last = sealed.is_last;
    let what = what(&text(2)?, sealed).ok_or_else(corrupt)?;
    Ok(Receipt {
        id: id.parse().map_err(|_| corrupt())?,
        customer: text(1)?.parse().map_err(|_| corrupt())?,
        at: Instant::from_micros(row.get(3)?),
        what,
        is_last,
    })
}

/// What happened, if there is all that its kind must have.
fn what(kind: &str, sealed: Sealed) -> Option<What> {
    Some(match kind {
        "consent" => What::ConsentGiven(Given {
            app: sealed.app?,
            permissions: sealed.permissions?.parse::<PermissionSet>().ok()?,
            identity: sealed.identity?,
            until: sealed.until.map(Instant::from_micros),
            renewed: sealed.renewed?,
        }),
        "credential" => What::CredentialChanged(match sealed.second_factor? {
            true => Credential::SecondFactor,
            false => Credential::Password,
        }),
        "sign-in" => What::SignedIn(Origin {
            network: sealed.network.map(RoughNetwork::of),
            browser: Browser {
                family: Family::from_code(&sealed.browser?)?,
                system: System::from_code(&sealed.system?)?,
            },
        }),
        _ => return None,
    })
}

fn place(row: &str) -> Place<'_> {
    Place { table: "receipt", column: "sealed", row }
}
