//! Looking chained entries up: the last first, of one app, customer or consent, and what was done with a customer's data.

use std::net::IpAddr;

use lombard_domain::audit::Line;
use lombard_domain::id::{ClientId, ConsentId, CustomerId};
use lombard_domain::time::{self, Instant};

use super::{open_address, read_line, span, span_at};
use crate::db::{Keys, Tx};
use crate::driver::Row;
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
    /// Only those before this position, which ended the page before.
    pub before: Option<i64>,
    /// How many at most.
    pub limit: i64,
}

/// An entry as it was recorded, in plain texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its place in the chain.
    pub position: i64,
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

/// Chained entries, the last first.
///
/// # Errors
/// When the database fails.
pub async fn list(tx: &mut Tx, query: &ListQuery) -> Result<Vec<Recorded>> {
    let mut bounds = Bounds::of(tx, query).await?;
    let Some(subject) = query.whose.subject() else { return of_all(tx, &bounds, query.limit).await };
    let mut found: Vec<Recorded> = Vec::new();
    loop {
        let spans = span::of_subject(tx, &subject, bounds.after, bounds.before, SPANS).await?;
        let Some(oldest) = spans.last() else { return Ok(found) };
        let missing = query.limit.saturating_sub(i64::try_from(found.len()).unwrap_or(i64::MAX));
        let some = Bounds { after: bounds.after.max(oldest.first.saturating_sub(1)), ..bounds };
        found.extend(of_subject(tx, &subject, oldest.last, &some, missing).await?);
        let full = i64::try_from(found.len()).is_ok_and(|len| len >= query.limit);
        if full || i64::try_from(spans.len()).is_ok_and(|len| len < SPANS) {
            return Ok(found);
        }
        bounds.before = oldest.first;
    }
}

/// What was done with a customer's data from one moment to another, one row for each way, ordered by app and consent.
///
/// # Errors
/// When the database fails.
pub async fn accesses(tx: &mut Tx, query: &ListQuery, customer: CustomerId) -> Result<Vec<Access>> {
    let Bounds { after, before, since, until } = Bounds::of(tx, query).await?;
    tx.all(
        "-- audit::accesses
        SELECT event, outcome, client_id, consent_id, account_id, reason, COUNT(*), MIN(at), MAX(at)
        FROM audit_subject AS span CROSS JOIN audit AS entry
        WHERE span.subject = $1 AND span.last_position > $2 AND span.first_position < $3
            AND entry.position >= span.first_position AND entry.position <= span.last_position
            AND entry.customer_id = $1 AND entry.at >= $4 AND entry.at < $5
        GROUP BY event, outcome, client_id, consent_id, account_id, reason
        ORDER BY client_id, consent_id, event, account_id, reason LIMIT $6",
        &[&customer.to_string(), &after, &before, &since, &until, &query.limit],
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

async fn of_all(tx: &mut Tx, bounds: &Bounds, limit: i64) -> Result<Vec<Recorded>> {
    let keys = tx.keys()?;
    tx.all(
        "-- audit::of_all
        SELECT position, id, at, event, outcome, client_id, customer_id, consent_id, account_id, reason, interaction, address
        FROM audit WHERE position > $1 AND position < $2 AND at >= $3 AND at < $4 ORDER BY position DESC LIMIT $5",
        &[&bounds.after, &bounds.before, &bounds.since, &bounds.until, &limit],
        |row| recorded(&keys, row),
    )
    .await
}

/// What there is of a subject in its spans from the one that ends at `oldest` on.
async fn of_subject(tx: &mut Tx, subject: &str, oldest: i64, bounds: &Bounds, limit: i64) -> Result<Vec<Recorded>> {
    let keys = tx.keys()?;
    tx.all(
        "-- audit::of_subject
        SELECT position, id, at, event, outcome, client_id, customer_id, consent_id, account_id, reason, interaction, address
        FROM audit_subject AS span CROSS JOIN audit AS entry
        WHERE span.subject = $1 AND span.last_position >= $2 AND span.first_position < $3
            AND entry.position >= span.first_position AND entry.position <= span.last_position
            AND (entry.client_id = $1 OR entry.customer_id = $1 OR entry.consent_id = $1)
            AND entry.position > $4 AND entry.position < $3 AND entry.at >= $5 AND entry.at < $6
        ORDER BY entry.position DESC LIMIT $7",
        &[&subject, &oldest, &bounds.before, &bounds.after, &bounds.since, &bounds.until, &limit],
        |row| recorded(&keys, row),
    )
    .await
}

fn recorded(keys: &Keys, row: &Row<'_>) -> Result<Recorded> {
    let Line { id, at, event, outcome, client, customer, consent, account, reason, interaction, address } =
        read_line(row, 1)?;
    let address = open_address(keys, &id, address.as_deref())?;
    let position = row.get(0)?;
    Ok(Recorded { position, id, at, event, outcome, client, customer, consent, account, reason, interaction, address })
}

/// Between what a page lies, the positions left out.
#[derive(Clone, Copy)]
struct Bounds {
    after: i64,
    before: i64,
    since: i64,
    until: i64,
}

impl Bounds {
    async fn of(tx: &mut Tx, query: &ListQuery) -> Result<Self> {
        let mut bounds = Self {
            after: 0,
            before: query.before.unwrap_or(i64::MAX),
            since: query.since.map_or(i64::MIN, Instant::micros),
            until: query.until.map_or(i64::MAX, Instant::micros),
        };
        if let Some(since) = query.since {
            let found = span_at(tx, since.minus(SLACK)).await?;
            bounds.after = found.map_or(i64::MAX, |span| span.first.saturating_sub(1));
        }
        if let Some(until) = query.until
            && let Some(beyond) = span_at(tx, until.plus(SLACK)).await?
        {
            bounds.before = bounds.before.min(beyond.last.saturating_add(1));
        }
        Ok(bounds)
    }
}

impl Whose {
    /// The identifier under which the spans are found; `None`: all are wanted.
    fn subject(self) -> Option<String> {
        match self {
            Self::Anybody => None,
            Self::Client(id) => Some(id.to_string()),
            Self::Consent(id) => Some(id.to_string()),
            Self::Customer(id) => Some(id.to_string()),
        }
    }
}

/// Entries are chained in the order in which they became visible, which may differ from the order of their times by so much.
pub const SLACK: time::Span = time::Span::minutes(1);
/// Spans looked through at once.
const SPANS: i64 = 64;
