//! What apps want to be told, and which node sends it to them at this moment.

use lombard_domain::id::{ClientId, SubscriptionId};
use lombard_domain::notification::{Subscription, Topic};
use lombard_domain::text::Text;
use lombard_domain::time::Instant;

use crate::db::Tx;
use crate::driver::Row;
use crate::error::{Error, Result};

/// A subscription for which something is to be sent.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The subscription.
    pub subscription: Subscription,
    /// How many attempts in a row the app has not answered.
    pub failures: i64,
}

/// How the sending to an app ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// How many attempts in a row the app has not answered.
    pub failures: i64,
    /// Until when nobody tries again; `None` if it may go on at once.
    pub until: Option<Instant>,
}

/// Stores what an app wants to be told; whether it had said nothing before.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, subscription: &Subscription) -> Result<bool> {
    let touched = tx
        .exec(
            "-- subscription::insert
            INSERT INTO subscription (id, client_id, callback, version, topics, created_at)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (client_id) DO NOTHING",
            &[
                &subscription.id.to_string(),
                &subscription.client.to_string(),
                &subscription.callback.as_ref().map(lombard_domain::oauth::WebUri::as_str),
                &subscription.version.as_str(),
                &encode(&subscription.topics),
                &subscription.created_at.micros(),
            ],
        )
        .await?;
    Ok(touched == 1)
}

/// What an app wants to be told.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn of_client(tx: &mut Tx, client: ClientId) -> Result<Option<Subscription>> {
    tx.one(
        "-- subscription::of_client
        SELECT id, client_id, callback, version, topics, created_at FROM subscription WHERE client_id = $1",
        &[&client.to_string()],
        decode,
    )
    .await
}

/// Stores what an app wants to be told from now on, and forgets that it did not answer; whether it had said anything under this identifier.
///
/// # Errors
/// When the database fails.
pub async fn update(tx: &mut Tx, subscription: &Subscription) -> Result<bool> {
    let touched = tx
        .exec(
            "-- subscription::update
            UPDATE subscription SET callback = $1, version = $2, topics = $3, resting_until = NULL, failures = 0
            WHERE id = $4 AND client_id = $5",
            &[
                &subscription.callback.as_ref().map(lombard_domain::oauth::WebUri::as_str),
                &subscription.version.as_str(),
                &encode(&subscription.topics),
                &subscription.id.to_string(),
                &subscription.client.to_string(),
            ],
        )
        .await?;
    Ok(touched == 1)
}

/// Forgets that an app wants to be told anything; whether it had said so under this identifier.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, id: SubscriptionId, client: ClientId) -> Result<bool> {
    let touched = tx
        .exec(
            "-- subscription::delete
            DELETE FROM subscription WHERE id = $1 AND client_id = $2",
            &[&id.to_string(), &client.to_string()],
        )
        .await?;
    Ok(touched == 1)
}

/// Up to `limit` subscriptions of active apps to which something is to be sent, and nobody sends and nobody rests; those first to
/// which nobody has sent for the longest time.
///
/// One probe of an index for each app that is sent notifications, however many of these there are.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn waiting(tx: &mut Tx, now: Instant, limit: i64) -> Result<Vec<Waiting>> {
    tx.all(
        "-- subscription::waiting
        SELECT s.id, s.client_id, s.callback, s.version, s.topics, s.created_at, s.failures
        FROM subscription s JOIN client k ON k.id = s.client_id
        WHERE s.callback IS NOT NULL AND (s.sending_until IS NULL OR s.sending_until <= $1)
            AND (s.resting_until IS NULL OR s.resting_until <= $1)
            AND k.status = 'active' AND k.deleted_at IS NULL
            AND EXISTS (SELECT 1 FROM notification n WHERE n.client_id = s.client_id AND n.next_attempt_at <= $1)
        ORDER BY COALESCE(s.sending_until, 0), s.id LIMIT $2",
        &[&now.micros(), &limit],
        |row| Ok(Waiting { subscription: decode(row)?, failures: row.get(6)? }),
    )
    .await
}

/// Takes the sending to an app until a moment; whether nobody else has it. Who crashes loses it at that moment.
///
/// # Errors
/// When the database fails.
pub async fn lease(tx: &mut Tx, id: SubscriptionId, now: Instant, until: Instant) -> Result<bool> {
    let touched = tx
        .exec(
            "-- subscription::lease
            UPDATE subscription SET sending_until = $1
            WHERE id = $2 AND callback IS NOT NULL AND (sending_until IS NULL OR sending_until <= $3)
                AND (resting_until IS NULL OR resting_until <= $3)",
            &[&until.micros(), &id.to_string(), &now.micros()],
        )
        .await?;
    Ok(touched == 1)
}

/// Gives the sending to an app back, if it is still the one that was taken until `taken`; whether it was.
///
/// # Errors
/// When the database fails.
pub async fn release(tx: &mut Tx, id: SubscriptionId, taken: Instant, now: Instant, rest: Rest) -> Result<bool> {
    let touched = tx
        .exec(
            "-- subscription::release
            UPDATE subscription SET sending_until = $1, resting_until = $2, failures = $3
            WHERE id = $4 AND sending_until = $5",
            &[&now.micros(), &rest.until.map(Instant::micros), &rest.failures, &id.to_string(), &taken.micros()],
        )
        .await?;
    Ok(touched == 1)
}

fn encode(topics: &[Topic]) -> String {
    topics.iter().map(|topic| topic.code()).collect::<Vec<_>>().join(" ")
}

fn decode(row: &Row<'_>) -> Result<Subscription> {
    let corrupt = || Error::Corrupt("subscription");
    let text = |column| row.get::<String>(column);
    let callback: Option<String> = row.get(2)?;
    Ok(Subscription {
        id: text(0)?.parse().map_err(|_| corrupt())?,
        client: text(1)?.parse().map_err(|_| corrupt())?,
        callback: callback.map(TryInto::try_into).transpose().map_err(|_| corrupt())?,
        version: Text::new(&text(3)?).map_err(|_| corrupt())?,
        topics: text(4)?
            .split_ascii_whitespace()
            .map(|word| word.parse::<Topic>().map_err(|_| corrupt()))
            .collect::<Result<_>>()?,
        created_at: Instant::from_micros(row.get(5)?),
    })
}
