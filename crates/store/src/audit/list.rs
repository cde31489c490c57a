//! Looking entries up: the newest first, of one app, customer or consent, and what was done with a customer's data.
//!
//! Identifiers of entries sort by time, so a time is a place in every index. Entries of the inbox, which has no index but that and
//! holds what came within the last second or so, are read beside those of the chain.

use std::net::IpAddr;

use lombard_domain::audit::Line;
use lombard_domain::id::{AuditId, ClientId, ConsentId, CustomerId};
use lombard_domain::time::Instant;

use super::{open_address, read_line};
use crate::db::{Keys, Tx};
use crate::driver::{Params, Row};
use crate::error::Result;

/// Whose entries are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// All.
    Anybody,
    /// An app's.
    Client(ClientId),
    /// Those of what was done under a consent.
    Consent(ConsentId),
    /// A customer's.
    Customer(CustomerId),
}

/// A page of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListQuery {
    /// Whose.
    pub whose: Whose,
    /// Not those from before this moment.
    pub since: Option<Instant>,
    /// Not those from this moment on.
    pub until: Option<Instant>,
    /// Only those older than this one, which ended the page before.
    pub before: Option<AuditId>,
    /// How many at most.
    pub limit: i64,
}

/// An entry as it was recorded, in plain texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its identifier.
    pub id: String,
    /// When, in microseconds since the epoch.
    pub at: i64,
    /// What happened.
    pub event: String,
    /// How it ended: `done` or `refused`.
    pub outcome: String,
    /// The app.
    pub client: Option<String>,
    /// The customer.
    pub customer: Option<String>,
    /// The consent.
    pub consent: Option<String>,
    /// The account.
    pub account: Option<String>,
    /// Why or how.
    pub reason: Option<String>,
    /// The interaction id of the call.
    pub interaction: Option<String>,
    /// From where; `None` if it did not come over the network, or if nobody can open it any more.
    pub address: Option<IpAddr>,
}

/// What was done with a customer's data in one way: how often, and from when to when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// What happened.
    pub event: String,
    /// How it ended.
    pub outcome: String,
    /// The app.
    pub client: Option<String>,
    /// The consent.
    pub consent: Option<String>,
    /// The account; `None` if it was not about one account alone.
    pub account: Option<String>,
    /// What was read, or why not.
    pub reason: Option<String>,
    /// How often.
    pub count: i64,
    /// The first time, in microseconds since the epoch.
    pub first: i64,
    /// The last time.
    pub last: i64,
}

/// Entries, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(tx: &mut Tx, query: &ListQuery) -> Result<Vec<Recorded>> {
    let bounds = Bounds::of(query);
    // The inbox first: what is moved meanwhile is then found twice and not missed.
    let mut found = waiting(tx, query.whose, &bounds).await?;
    found.extend(match query.whose {
        Whose::Anybody => of_all(tx, &bounds).await?,
        Whose::Client(id) => of_client(tx, &id.to_string(), &bounds).await?,
        Whose::Consent(id) => of_consent(tx, &id.to_string(), &bounds).await?,
        Whose::Customer(id) => of_customer(tx, &id.to_string(), &bounds).await?,
    });
    found.sort_by(|a, b| b.id.cmp(&a.id));
    found.dedup_by(|a, b| a.id == b.id);
    found.truncate(usize::try_from(query.limit).unwrap_or(usize::MAX));
    Ok(found)
}

/// What was done with a customer's data from one moment to another, one row for each way, ordered by app and consent.
///
/// # Errors
/// When the database fails.
pub async fn accesses(tx: &mut Tx, query: &ListQuery, customer: CustomerId) -> Result<Vec<Access>> {
    let Bounds { low, high, limit } = Bounds::of(query);
    tx.all(
        "-- audit::accesses
        SELECT event, outcome, client_id, consent_id, account_id, reason, COUNT(*), MIN(at), MAX(at)
        FROM (
            SELECT event, outcome, client_id, consent_id, account_id, reason, at
            FROM audit WHERE customer_id = $1 AND id >= $2 AND id < $3
            UNION ALL
            SELECT event, outcome, client_id, consent_id, account_id, reason, at
            FROM audit_inbox WHERE customer_id = $1 AND id >= $2 AND id < $3
        ) AS entry
        GROUP BY event, outcome, client_id, consent_id, account_id, reason
        ORDER BY client_id, consent_id, event, account_id, reason LIMIT $4",
        &[&customer.to_string(), &low, &high, &limit],
        |row| {
            Ok(Access {
                event: row.get(0)?,
                outcome: row.get(1)?,
                client: row.get(2)?,
                consent: row.get(3)?,
                account: row.get(4)?,
                reason: row.get(5)?,
                count: row.get(6)?,
                first: row.get(7)?,
                last: row.get(8)?,
            })
        },
    )
    .await
}

/// Runs a statement that gives entries.
async fn recorded_by(tx: &mut Tx, sql: &'static str, params: Params<'_>) -> Result<Vec<Recorded>> {
    let keys = tx.keys()?;
    tx.all(sql, params, |row| recorded(&keys, row)).await
}

async fn of_all(tx: &mut Tx, bounds: &Bounds) -> Result<Vec<Recorded>> {
    recorded_by(
        tx,
        "-- audit::of_all
        SELECT id, at, event, outcome, client_id, customer_id, consent_id, account_id, reason, interaction, address
        FROM audit WHERE id >= $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        &[&bounds.low, &bounds.high, &bounds.limit],
    )
    .await
}

async fn of_client(tx: &mut Tx, client: &str, bounds: &Bounds) -> Result<Vec<Recorded>> {
    recorded_by(
        tx,
        "-- audit::of_client
        SELECT id, at, event, outcome, client_id, customer_id, consent_id, account_id, reason, interaction, address
        FROM audit WHERE client_id = $1 AND id >= $2 AND id < $3 ORDER BY id DESC LIMIT $4",
        &[&client, &bounds.low, &bounds.high, &bounds.limit],
    )
    .await
}

async fn of_consent(tx: &mut Tx, consent: &str, bounds: &Bounds) -> Result<Vec<Recorded>> {
    recorded_by(
        tx,
        "-- audit::of_consent
        SELECT id, at, event, outcome, client_id, customer_id, consent_id, account_id, reason, interaction, address
        FROM audit WHERE consent_id = $1 AND id >= $2 AND id < $3 ORDER BY id DESC LIMIT $4",
        &[&consent, &bounds.low, &bounds.high, &bounds.limit],
    )
    .await
}

async fn of_customer(tx: &mut Tx, customer: &str, bounds: &Bounds) -> Result<Vec<Recorded>> {
    recorded_by(
        tx,
        "-- audit::of_customer
        SELECT id, at, event, outcome, client_id, customer_id, consent_id, account_id, reason, interaction, address
        FROM audit WHERE customer_id = $1 AND id >= $2 AND id < $3 ORDER BY id DESC LIMIT $4",
        &[&customer, &bounds.low, &bounds.high, &bounds.limit],
    )
    .await
}

/// Entries that are not chained yet.
async fn waiting(tx: &mut Tx, whose: Whose, bounds: &Bounds) -> Result<Vec<Recorded>> {
    let (mut client, mut consent, mut customer) = (None, None, None);
    match whose {
        Whose::Anybody => {}
        Whose::Client(id) => client = Some(id.to_string()),
        Whose::Consent(id) => consent = Some(id.to_string()),
        Whose::Customer(id) => customer = Some(id.to_string()),
    }
    recorded_by(
        tx,
        "-- audit::waiting
        SELECT id, at, event, outcome, client_id, customer_id, consent_id, account_id, reason, interaction, address
        FROM audit_inbox
        WHERE id >= $1 AND id < $2
            AND (CAST($3 AS TEXT) IS NULL OR client_id = $3)
            AND (CAST($4 AS TEXT) IS NULL OR consent_id = $4)
            AND (CAST($5 AS TEXT) IS NULL OR customer_id = $5)
        ORDER BY id DESC LIMIT $6",
        &[&bounds.low, &bounds.high, &client, &consent, &customer, &bounds.limit],
    )
    .await
}

fn recorded(keys: &Keys, row: &Row<'_>) -> Result<Recorded> {
    let Line { id, at, event, outcome, client, customer, consent, account, reason, interaction, address } =
        read_line(row, 0)?;
    let address = open_address(keys, &id, address.as_deref())?;
    Ok(Recorded { id, at, event, outcome, client, customer, consent, account, reason, interaction, address })
}

/// The identifiers between which a page lies: from `low` on, and before `high`.
struct Bounds {
    low: String,
    high: String,
    limit: i64,
}

impl Bounds {
    fn of(query: &ListQuery) -> Self {
        let low = query.since.map_or_else(String::new, |at| AuditId::first_of(at).to_string());
        let until = query.until.map(|at| AuditId::first_of(at).to_string());
        let before = query.before.map(|id| id.to_string());
        let high = until.into_iter().chain(before).min().unwrap_or_else(|| HIGHEST.to_owned());
        Self { low, high, limit: query.limit }
    }
}

/// Comes after every identifier.
const HIGHEST: &str = "~";
