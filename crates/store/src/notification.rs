//! What apps are told: rows written with the change that they tell of, and what became of each.
//!
//! A notification is open until the app has it (`settled_at`), and due to be sent while it has a `next_attempt_at`. Who sends to an
//! app is settled in [`crate::subscription`], so that rows of one app are changed by one sender at a time.

use lombard_domain::consent::Kind;
use lombard_domain::id::{AccountId, ClientId, ConsentId, NotificationId};
use lombard_domain::notification::{About, Notification, Reason, Topic};
use lombard_domain::text::Text;
use lombard_domain::time::Instant;

use crate::db::Tx;
use crate::driver::{Row, Value};
use crate::error::{Error, Result};

/// Something that happened to an account, and so to every consent of a kind that is for it.
#[derive(Clone, Debug)]
pub struct AccountNews {
    /// The identifier from which those of the notifications are made.
    pub id: NotificationId,
    /// Which account.
    pub account: AccountId,
    /// Consents of which kind are told of.
    pub kind: Kind,
    /// What happened.
    pub topic: Topic,
    /// Why.
    pub reason: Option<Reason>,
    /// When.
    pub at: Instant,
    /// The interaction id of the call that caused it.
    pub transaction: Text<128>,
}

/// A notification that is to be sent.
#[derive(Clone, Debug)]
pub struct Due {
    /// The notification.
    pub notification: Notification,
    /// How often it was sent in vain.
    pub attempts: i64,
}

/// Stores a notification if its app subscribes to the topic; whether it does.
///
/// # Errors
/// [`Error::Conflict`] if its id is taken.
pub async fn add(tx: &mut Tx, notification: &Notification) -> Result<bool> {
    let touched = tx
        .exec(
            "-- notification::add
            INSERT INTO notification (id, client_id, topic, about, consent_id, reason, at, txn, next_attempt_at)
            SELECT CAST($1 AS TEXT), s.client_id, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT),
                CAST($6 AS BIGINT), CAST($7 AS TEXT), CASE WHEN s.callback IS NULL THEN NULL ELSE CAST($6 AS BIGINT) END
            FROM subscription s
            WHERE s.client_id = $8 AND (s.topics = '' OR ' ' || s.topics || ' ' LIKE '% ' || CAST($2 AS TEXT) || ' %')",
            &[
                &notification.id.to_string(),
                &notification.topic.code(),
                &notification.about.kind().code(),
                &notification.about.consent_id().to_string(),
                &notification.reason.map(Reason::code),
                &notification.at.micros(),
                &notification.transaction.as_str(),
                &notification.client.to_string(),
            ],
        )
        .await?;
    Ok(touched == 1)
}

/// Stores a notification for each standing consent of a kind that is for an account, if its app subscribes to the topic; how many.
///
/// One statement, however many consents there are. The last 20 bits of the identifiers count them.
///
/// # Errors
/// [`Error::Conflict`] if an id is taken, as it is if there are more than a million.
pub async fn add_for_account(tx: &mut Tx, news: &AccountNews) -> Result<u64> {
    tx.exec(
        "-- notification::add_for_account
        INSERT INTO notification (id, client_id, topic, about, consent_id, reason, at, txn, next_attempt_at)
        SELECT SUBSTR(CAST($1 AS TEXT), 1, 26)
                || SUBSTR('0123456789abcdefghjkmnpqrstvwxyz', CAST(1 + w.place / 32768 % 32 AS INTEGER), 1)
                || SUBSTR('0123456789abcdefghjkmnpqrstvwxyz', CAST(1 + w.place / 1024 % 32 AS INTEGER), 1)
                || SUBSTR('0123456789abcdefghjkmnpqrstvwxyz', CAST(1 + w.place / 32 % 32 AS INTEGER), 1)
                || SUBSTR('0123456789abcdefghjkmnpqrstvwxyz', CAST(1 + w.place % 32 AS INTEGER), 1),
            w.client_id, CAST($2 AS TEXT), w.kind, w.id, CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS TEXT),
            CASE WHEN w.callback IS NULL THEN NULL ELSE CAST($4 AS BIGINT) END
        FROM (
            SELECT c.id, c.client_id, c.kind, s.callback, ROW_NUMBER() OVER (ORDER BY c.id) AS place
            FROM consent_account a
            JOIN consent c ON c.id = a.consent_id
            JOIN account_holder h ON h.account_id = a.account_id AND h.customer_id = c.customer_id
            JOIN subscription s ON s.client_id = c.client_id
            WHERE a.account_id = $6 AND c.kind = $7 AND c.status = 'authorised'
                AND (c.expires_at IS NULL OR c.expires_at > $4)
                AND (s.topics = '' OR ' ' || s.topics || ' ' LIKE '% ' || CAST($2 AS TEXT) || ' %')
        ) w",
        &[
            &news.id.to_string(),
            &news.topic.code(),
            &news.reason.map(Reason::code),
            &news.at.micros(),
            &news.transaction.as_str(),
            &news.account.to_string(),
            &news.kind.code(),
        ],
    )
    .await
}

/// How many notifications are to be sent, now or later.
///
/// # Errors
/// When the database fails.
pub async fn waiting(tx: &mut Tx) -> Result<u64> {
    let counted = tx
        .one(
            "-- notification::waiting
            SELECT COUNT(*) FROM notification WHERE next_attempt_at IS NOT NULL",
            &[],
            |row| row.get::<i64>(0),
        )
        .await?;
    Ok(counted.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
}

/// Up to `limit` notifications that are to be sent to an app, longest due first.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn due(tx: &mut Tx, client: ClientId, now: Instant, limit: i64) -> Result<Vec<Due>> {
    tx.all(
        "-- notification::due
        SELECT id, client_id, topic, about, consent_id, reason, at, txn, attempts
        FROM notification WHERE client_id = $1 AND next_attempt_at <= $2
        ORDER BY next_attempt_at, id LIMIT $3",
        &[&client.to_string(), &now.micros(), &limit],
        |row| Ok(Due { notification: decode(row)?, attempts: row.get(8)? }),
    )
    .await
}

/// Notes that an app took what it was sent; whether it was still open.
///
/// # Errors
/// When the database fails.
pub async fn settle(tx: &mut Tx, id: NotificationId, now: Instant) -> Result<bool> {
    let touched = tx
        .exec(
            "-- notification::settle
            UPDATE notification SET settled_at = $1, next_attempt_at = NULL WHERE id = $2 AND settled_at IS NULL",
            &[&now.micros(), &id.to_string()],
        )
        .await?;
    Ok(touched == 1)
}

/// Notes that one more attempt failed, and when the next one is; without one nobody tries again, and the app can fetch it. Whether
/// it was still to be sent, after as many attempts as were seen.
///
/// # Errors
/// When the database fails.
pub async fn postpone(tx: &mut Tx, seen: &Due, next: Option<Instant>) -> Result<bool> {
    let touched = tx
        .exec(
            "-- notification::postpone
            UPDATE notification SET attempts = attempts + 1, next_attempt_at = $1
            WHERE id = $2 AND attempts = $3 AND next_attempt_at IS NOT NULL",
            &[&next.map(Instant::micros), &seen.notification.id.to_string(), &seen.attempts],
        )
        .await?;
    Ok(touched == 1)
}

/// Up to `limit` notifications that an app does not have, oldest first.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn open(tx: &mut Tx, client: ClientId, limit: i64) -> Result<Vec<Notification>> {
    tx.all(
        "-- notification::open
        SELECT id, client_id, topic, about, consent_id, reason, at, txn
        FROM notification WHERE client_id = $1 AND settled_at IS NULL
        ORDER BY id LIMIT $2",
        &[&client.to_string(), &limit],
        decode,
    )
    .await
}

/// Notes that an app has these; others, and those that are not its own, are left alone. How many were open.
///
/// # Errors
/// When the database fails.
pub async fn acknowledge(tx: &mut Tx, client: ClientId, ids: &[NotificationId], now: Instant) -> Result<u64> {
    let (client, now) = (client.to_string(), now.micros());
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let sets: Vec<[Value<'_>; 3]> = ids.iter().map(|id| -> [Value<'_>; 3] { [&now, id, &client] }).collect();
    let touched = tx
        .exec_many(
            "-- notification::acknowledge
            UPDATE notification SET settled_at = $1, next_attempt_at = NULL
            WHERE id = $2 AND client_id = $3 AND settled_at IS NULL",
            &sets,
        )
        .await?;
    Ok(touched.into_iter().sum())
}

/// Notes that an app cannot take these, with its word for why; others, and those that are not its own, are left alone. How many
/// were open.
///
/// # Errors
/// When the database fails.
pub async fn refuse(
    tx: &mut Tx,
    client: ClientId,
    refusals: &[(NotificationId, Text<40>)],
    now: Instant,
) -> Result<u64> {
    let (client, now) = (client.to_string(), now.micros());
    let rows: Vec<(String, &str)> = refusals.iter().map(|(id, why)| (id.to_string(), why.as_str())).collect();
    let sets: Vec<[Value<'_>; 4]> =
        rows.iter().map(|(id, why)| -> [Value<'_>; 4] { [&now, why, id, &client] }).collect();
    let touched = tx
        .exec_many(
            "-- notification::refuse
            UPDATE notification SET settled_at = $1, next_attempt_at = NULL, refusal = $2
            WHERE id = $3 AND client_id = $4 AND settled_at IS NULL",
            &sets,
        )
        .await?;
    Ok(touched.into_iter().sum())
}

/// Deletes up to `limit` notifications of what happened before a moment, whatever became of them; how many.
///
/// # Errors
/// When the database fails.
pub async fn purge(tx: &mut Tx, before: Instant, limit: i64) -> Result<u64> {
    tx.exec(
        "-- notification::purge
        DELETE FROM notification WHERE id IN (SELECT id FROM notification WHERE at < $1 ORDER BY at LIMIT $2)",
        &[&before.micros(), &limit],
    )
    .await
}

fn decode(row: &Row<'_>) -> Result<Notification> {
    let corrupt = || Error::Corrupt("notification");
    let text = |column| row.get::<String>(column);
    let kind: Kind = text(3)?.parse().map_err(|_| corrupt())?;
    let consent: ConsentId = text(4)?.parse().map_err(|_| corrupt())?;
    let reason: Option<String> = row.get(5)?;
    Ok(Notification {
        id: text(0)?.parse().map_err(|_| corrupt())?,
        client: text(1)?.parse().map_err(|_| corrupt())?,
        topic: text(2)?.parse().map_err(|_| corrupt())?,
        about: About::consent(kind, consent).ok_or_else(corrupt)?,
        reason: reason.map(|word| word.parse()).transpose().map_err(|_| corrupt())?,
        at: Instant::from_micros(row.get(6)?),
        transaction: Text::new(&text(7)?).map_err(|_| corrupt())?,
    })
}
