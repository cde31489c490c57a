//! Consents, the accounts they are for, and every state they have been in.

use std::collections::HashMap;

use lombard_domain::account::Identification;
use lombard_domain::consent::{Authorisation, Consent, Debtor, Kind, Stamp, Status, Terms, Wording, Written};
use lombard_domain::id::{AccountId, ClientId, ConsentId, CustomerId};
use lombard_domain::oauth::Client;
use lombard_domain::permission::Window;
use lombard_domain::text::Text;
use lombard_domain::time::Instant;

use crate::client;
use crate::crypt::{Crypt, Place};
use crate::db::{Keys, Tx};
use crate::driver::{Row, Value};
use crate::error::{Error, Result};

/// A consent as a customer's list shows it.
pub struct Listed {
    /// The consent.
    pub consent: Consent,
    /// The app.
    pub client: Client,
    /// The digest of its logo, if there is one.
    pub logo: Option<String>,
}

/// Stores a new consent, whatever its state.
///
/// # Errors
/// [`Error::Conflict`] if its id is taken.
pub async fn insert(tx: &mut Tx, consent: &Consent) -> Result<()> {
    let (terms, wording) = (consent.terms(), consent.wording());
    let words = |own: &Option<Written>| own.as_ref().map(|own| own.as_str().to_owned());
    let micros = |at: Option<Instant>| at.map(Instant::micros);
    let id = consent.id().to_string();
    let sealed = terms.debtor.as_ref().map(|debtor| seal(&tx.keys()?, &id, debtor)).transpose()?;
    tx.exec(
        "-- consent::insert
        INSERT INTO consent (id, client_id, customer_id, kind, status, permissions, data_from, data_to, expires_at,
            created_at, changed_at, sealed, data_from_words, data_to_words, expires_words)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        &[
            &id,
            &consent.client().to_string(),
            &customer(consent),
            &consent.kind().code(),
            &consent.state().status().code(),
            &terms.permissions.to_string(),
            &micros(terms.window.from),
            &micros(terms.window.to),
            &micros(terms.expires_at),
            &consent.created_at().micros(),
            &consent.changed_at().micros(),
            &sealed,
            &words(&wording.from),
            &words(&wording.to),
            &words(&wording.expires_at),
        ],
    )
    .await?;
    add_accounts(tx, consent).await?;
    remember(tx, consent).await
}

/// Stores a consent's new state, if it is still in the one that the caller saw; whether it was.
///
/// The status alone would not do: a consent that was authorised anew stands where it stood.
///
/// # Errors
/// When the database fails.
pub async fn advance(tx: &mut Tx, seen: Stamp, consent: &Consent) -> Result<bool> {
    let touched = tx
        .exec(
            "-- consent::advance
            UPDATE consent SET status = $1, customer_id = $2, changed_at = $3
            WHERE id = $4 AND status = $5 AND changed_at = $6",
            &[
                &consent.state().status().code(),
                &customer(consent),
                &consent.changed_at().micros(),
                &consent.id().to_string(),
                &seen.status.code(),
                &seen.since.micros(),
            ],
        )
        .await?;
    if touched != 1 {
        return Ok(false);
    }
    if consent.state().status() == Status::Authorised {
        tx.exec(
            "-- consent::drop_accounts
            DELETE FROM consent_account WHERE consent_id = $1",
            &[&consent.id().to_string()],
        )
        .await?;
        add_accounts(tx, consent).await?;
    }
    remember(tx, consent).await?;
    Ok(true)
}

/// The consent with this id.
///
/// # Errors
/// [`Error::Corrupt`] if the rows cannot be read.
pub async fn find(tx: &mut Tx, id: ConsentId) -> Result<Option<Consent>> {
    let keys = tx.keys()?;
    let row = tx
        .one(
            "-- consent::find
            SELECT id, client_id, customer_id, status, permissions, data_from, data_to, expires_at, created_at, changed_at,
                kind, sealed, data_from_words, data_to_words, expires_words
            FROM consent WHERE id = $1",
            &[&id.to_string()],
            |row| read(keys.crypt(), row),
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let accounts = tx
        .all(
            "-- consent::accounts
            SELECT account_id FROM consent_account WHERE consent_id = $1",
            &[&id.to_string()],
            |row| account(row, 0),
        )
        .await?;
    row.complete(accounts).map(Some)
}

/// A customer's newest consents, newest first, two statements however many there are.
///
/// # Errors
/// [`Error::Corrupt`] if the rows cannot be read.
pub async fn of_customer(tx: &mut Tx, customer: CustomerId, limit: i64) -> Result<Vec<Listed>> {
    let keys = tx.keys()?;
    let rows = tx
        .all(
            "-- consent::of_customer
            SELECT c.id, c.client_id, c.customer_id, c.status, c.permissions, c.data_from, c.data_to, c.expires_at,
                   c.created_at, c.changed_at, c.kind, c.sealed, c.data_from_words, c.data_to_words, c.expires_words,
                   k.id, k.status, k.metadata, k.sector, k.created_at, k.contacts_sealed, k.verified_at, k.verified_sealed, l.digest
            FROM consent c JOIN client k ON k.id = c.client_id LEFT JOIN client_logo l ON l.client_id = k.id
            WHERE c.customer_id = $1 ORDER BY c.created_at DESC, c.id DESC LIMIT $2",
            &[&customer.to_string(), &limit],
            |row| read_listed(&keys, row),
        )
        .await?;
    let accounts = tx
        .all(
            "-- consent::accounts_of_customer
            SELECT consent_id, account_id FROM consent_account WHERE consent_id IN (
                SELECT id FROM consent WHERE customer_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2)",
            &[&customer.to_string(), &limit],
            |row| Ok((row.get(0)?, account(row, 1)?)),
        )
        .await?;
    complete_all(rows, accounts)
}

/// The newest consents that a client has lodged or been given, newest first, two statements however many there are.
///
/// # Errors
/// [`Error::Corrupt`] if the rows cannot be read.
pub async fn of_client(tx: &mut Tx, client: ClientId, limit: i64) -> Result<Vec<Listed>> {
    let keys = tx.keys()?;
    let rows = tx
        .all(
            "-- consent::of_client
            SELECT c.id, c.client_id, c.customer_id, c.status, c.permissions, c.data_from, c.data_to, c.expires_at,
                   c.created_at, c.changed_at, c.kind, c.sealed, c.data_from_words, c.data_to_words, c.expires_words,
                   k.id, k.status, k.metadata, k.sector, k.created_at, k.contacts_sealed, k.verified_at, k.verified_sealed, l.digest
            FROM consent c JOIN client k ON k.id = c.client_id LEFT JOIN client_logo l ON l.client_id = k.id
            WHERE c.client_id = $1 ORDER BY c.created_at DESC, c.id DESC LIMIT $2",
            &[&client.to_string(), &limit],
            |row| read_listed(&keys, row),
        )
        .await?;
    let accounts = tx
        .all(
            "-- consent::accounts_of_client
            SELECT consent_id, account_id FROM consent_account WHERE consent_id IN (
                SELECT id FROM consent WHERE client_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2)",
            &[&client.to_string(), &limit],
            |row| Ok((row.get(0)?, account(row, 1)?)),
        )
        .await?;
    complete_all(rows, accounts)
}

/// Consents whose time was over at a moment although nobody has stored that it is, in id order, up to `limit`.
///
/// # Errors
/// [`Error::Corrupt`] if the rows cannot be read.
pub async fn over(tx: &mut Tx, at: Instant, limit: i64) -> Result<Vec<ConsentId>> {
    let mut found = tx
        .all(
            "-- consent::over
            SELECT id FROM consent
            WHERE status IN ('authentication-due', 'authorised', 'awaiting', 'revoked-by-bank', 'revoked-by-client',
                'revoked-by-customer', 'suspended-for-fraud') AND expires_at <= $1
            LIMIT $2",
            &[&at.micros(), &limit],
            consent_id,
        )
        .await?;
    // Two nodes that end the same ones must not wait for each other.
    found.sort_unstable();
    Ok(found)
}

/// Consents that were lodged at a moment or before and still wait for an answer, in id order, up to `limit`.
///
/// # Errors
/// [`Error::Corrupt`] if the rows cannot be read.
pub async fn waiting_since(tx: &mut Tx, at: Instant, limit: i64) -> Result<Vec<ConsentId>> {
    let mut found = tx
        .all(
            "-- consent::waiting_since
            SELECT id FROM consent WHERE status = 'awaiting' AND created_at <= $1 ORDER BY created_at LIMIT $2",
            &[&at.micros(), &limit],
            consent_id,
        )
        .await?;
    found.sort_unstable();
    Ok(found)
}

/// Consents that give account information whose customers signed in for them at a moment or before and not since, in id order, up to
/// `limit`.
///
/// A customer signs in and then answers, so the moment of the answer, which an index knows, narrows them down.
///
/// # Errors
/// [`Error::Corrupt`] if the rows cannot be read.
pub async fn signed_in_until(tx: &mut Tx, at: Instant, limit: i64) -> Result<Vec<ConsentId>> {
    let mut found = tx
        .all(
            "-- consent::signed_in_until
            SELECT c.id FROM consent c
            WHERE c.status = 'authorised' AND c.kind <> 'funds-confirmation' AND c.permissions <> '' AND c.changed_at <= $1
                AND (SELECT MAX(g.signed_in_at) FROM consent_grant g WHERE g.consent_id = c.id) <= $1
            ORDER BY c.changed_at LIMIT $2",
            &[&at.micros(), &limit],
            consent_id,
        )
        .await?;
    found.sort_unstable();
    Ok(found)
}

/// How many consents of a client wait for an answer; counted up to `limit`.
///
/// # Errors
/// When the database fails.
pub async fn waiting_of_client(tx: &mut Tx, client: ClientId, limit: i64) -> Result<i64> {
    let count = tx
        .one(
            "-- consent::waiting_of_client
            SELECT COUNT(*) FROM (SELECT 1 FROM consent WHERE client_id = $1 AND status = 'awaiting' LIMIT $2) waiting",
            &[&client.to_string(), &limit],
            |row| row.get(0),
        )
        .await?;
    Ok(count.unwrap_or(0))
}

/// Consents of a client that are authorised, up to `limit`.
///
/// # Errors
/// [`Error::Corrupt`] if the rows cannot be read.
pub async fn live_of_client(tx: &mut Tx, client: ClientId, limit: i64) -> Result<Vec<ConsentId>> {
    tx.all(
        "-- consent::live_of_client
        SELECT id FROM consent WHERE client_id = $1 AND status = 'authorised' ORDER BY id LIMIT $2",
        &[&client.to_string(), &limit],
        consent_id,
    )
    .await
}

/// Consents that are authorised, after this one in the order of their ids, up to `limit`.
///
/// # Errors
/// [`Error::Corrupt`] if the rows cannot be read.
pub async fn live_after(tx: &mut Tx, last: Option<ConsentId>, limit: i64) -> Result<Vec<ConsentId>> {
    let last = last.map(|id| id.to_string()).unwrap_or_default();
    tx.all(
        "-- consent::live_after
        SELECT id FROM consent WHERE status = 'authorised' AND id > $1 ORDER BY id LIMIT $2",
        &[&last, &limit],
        consent_id,
    )
    .await
}

/// Every state that a consent has been in, oldest first.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn history(tx: &mut Tx, id: ConsentId) -> Result<Vec<(Instant, Status)>> {
    tx.all(
        "-- consent::history
        SELECT at, status FROM consent_history WHERE consent_id = $1 ORDER BY position",
        &[&id.to_string()],
        |row| {
            let status: String = row.get(1)?;
            Ok((
                Instant::from_micros(row.get(0)?),
                status.parse().map_err(|_| Error::Corrupt("consent_history.status"))?,
            ))
        },
    )
    .await
}

/// Forgets up to `limit` consents that ended by then, with their grants, tokens, history and notifications; how many.
///
/// # Errors
/// When the database fails.
pub async fn forget_ended(tx: &mut Tx, before: Instant, limit: i64) -> Result<u64> {
    tx.exec(
        "-- consent::forget_ended
        DELETE FROM consent WHERE id IN (
            SELECT id FROM consent
            WHERE status NOT IN ('authorised', 'awaiting')
              AND CASE WHEN customer_id IS NULL THEN 0 ELSE 1 END = 1 AND changed_at <= $1
            ORDER BY changed_at LIMIT $2)",
        &[&before.micros(), &limit],
    )
    .await
}

/// Forgets up to `limit` consents that ended by then and that no customer ever gave; how many.
///
/// # Errors
/// When the database fails.
pub async fn forget_never_given(tx: &mut Tx, before: Instant, limit: i64) -> Result<u64> {
    tx.exec(
        "-- consent::forget_never_given
        DELETE FROM consent WHERE id IN (
            SELECT id FROM consent
            WHERE status NOT IN ('authorised', 'awaiting')
              AND CASE WHEN customer_id IS NULL THEN 0 ELSE 1 END = 0 AND changed_at <= $1
            ORDER BY changed_at LIMIT $2)",
        &[&before.micros(), &limit],
    )
    .await
}

async fn add_accounts(tx: &mut Tx, consent: &Consent) -> Result<()> {
    let Some(authorisation) = consent.state().authorisation() else { return Ok(()) };
    let id = consent.id().to_string();
    let accounts: Vec<String> = authorisation.accounts.iter().map(ToString::to_string).collect();
    let sets: Vec<[Value<'_>; 2]> = accounts.iter().map(|account| -> [Value<'_>; 2] { [&id, account] }).collect();
    tx.exec_many(
        "-- consent::add_account
        INSERT INTO consent_account (consent_id, account_id) VALUES ($1, $2)",
        &sets,
    )
    .await?;
    Ok(())
}

async fn remember(tx: &mut Tx, consent: &Consent) -> Result<()> {
    tx.exec(
        "-- consent::remember
        INSERT INTO consent_history (consent_id, position, at, status)
        VALUES ($1, (SELECT COUNT(*) FROM consent_history WHERE consent_id = $1), $2, $3)",
        &[&consent.id().to_string(), &consent.changed_at().micros(), &consent.state().status().code()],
    )
    .await?;
    Ok(())
}

fn customer(consent: &Consent) -> Option<String> {
    consent.state().authorisation().map(|yes| yes.customer.to_string())
}

struct ConsentRow {
    id: String,
    client: String,
    customer: Option<String>,
    kind: String,
    status: String,
    terms: Terms,
    wording: Wording,
    created_at: Instant,
    changed_at: Instant,
}

impl ConsentRow {
    fn complete(self, mut accounts: Vec<AccountId>) -> Result<Consent> {
        let corrupt = || Error::Corrupt("consent");
        // Sorted here and not in SQL: a PostgreSQL database may sort texts by the rules of a language.
        accounts.sort_unstable();
        let customer = self.customer.map(|id| id.parse()).transpose().map_err(|_| corrupt())?;
        let authorisation = customer.map(|customer| Authorisation { customer, accounts });
        let status: Status = self.status.parse().map_err(|_| corrupt())?;
        let state = status.with(authorisation).ok_or_else(corrupt)?;
        let id = self.id.parse().map_err(|_| corrupt())?;
        let client = self.client.parse().map_err(|_| corrupt())?;
        let kind: Kind = self.kind.parse().map_err(|_| corrupt())?;
        let lodged = Consent::lodge(id, client, kind, self.terms, self.created_at).worded(self.wording);
        Ok(Consent::restore(lodged, state, self.changed_at))
    }
}

/// The account that an app named, as it is sealed.
#[derive(serde::Serialize, serde::Deserialize)]
struct Named {
    scheme: String,
    number: String,
    name: Option<Text<350>>,
    secondary: Option<Text<34>>,
}

fn seal(keys: &Keys, id: &str, debtor: &Debtor) -> Result<Vec<u8>> {
    let named = Named {
        scheme: debtor.account.scheme().code().to_owned(),
        number: debtor.account.number().to_owned(),
        name: debtor.name.clone(),
        secondary: debtor.secondary.clone(),
    };
    keys.seal_for_bank(place(id), &serde_json::to_vec(&named).map_err(|_| Error::Corrupt("consent.sealed"))?)
}

fn open(crypt: &Crypt, id: &str, sealed: &[u8]) -> Result<Debtor> {
    let corrupt = || Error::Corrupt("consent.sealed");
    let named: Named = serde_json::from_slice(&crypt.open(place(id), sealed)?).map_err(|_| corrupt())?;
    let scheme = named.scheme.parse().map_err(|_| corrupt())?;
    let account = Identification::new(scheme, &named.number).map_err(|_| corrupt())?;
    Ok(Debtor { account, name: named.name, secondary: named.secondary })
}

fn place(row: &str) -> Place<'_> {
    Place { table: "consent", column: "sealed", row }
}

fn read(crypt: &Crypt, row: &Row<'_>) -> Result<ConsentRow> {
    let sealed: Option<Vec<u8>> = row.get(11)?;
    let id: String = row.get(0)?;
    let permissions: String = row.get(4)?;
    let instant = |column| -> Result<Option<Instant>> {
        let micros: Option<i64> = row.get(column)?;
        Ok(micros.map(Instant::from_micros))
    };
    let written = |column| -> Result<Option<Written>> {
        let words: Option<String> = row.get(column)?;
        words.map(|words| Written::read(&words).ok_or(Error::Corrupt("consent.words"))).transpose()
    };
    Ok(ConsentRow {
        client: row.get(1)?,
        customer: row.get(2)?,
        kind: row.get(10)?,
        status: row.get(3)?,
        terms: Terms {
            permissions: permissions.parse().map_err(|_| Error::Corrupt("consent.permissions"))?,
            window: Window { from: instant(5)?, to: instant(6)? },
            expires_at: instant(7)?,
            debtor: sealed.map(|sealed| open(crypt, &id, &sealed)).transpose()?,
        },
        wording: Wording { from: written(12)?, to: written(13)?, expires_at: written(14)? },
        created_at: Instant::from_micros(row.get(8)?),
        changed_at: Instant::from_micros(row.get(9)?),
        id,
    })
}

/// A consent as it is listed, without its accounts.
type ListedRow = (ConsentRow, Client, Option<String>);

fn read_listed(keys: &Keys, row: &Row<'_>) -> Result<ListedRow> {
    Ok((read(keys.crypt(), row)?, client::decode(keys, row, 15)?, row.get(23)?))
}

fn complete_all(rows: Vec<ListedRow>, accounts: Vec<(String, AccountId)>) -> Result<Vec<Listed>> {
    let mut of_consent: HashMap<String, Vec<AccountId>> = HashMap::new();
    for (consent, account) in accounts {
        of_consent.entry(consent).or_default().push(account);
    }
    rows.into_iter()
        .map(|(row, client, logo)| {
            let own = of_consent.remove(&row.id).unwrap_or_default();
            Ok(Listed { consent: row.complete(own)?, client, logo })
        })
        .collect()
}

fn consent_id(row: &Row<'_>) -> Result<ConsentId> {
    let id: String = row.get(0)?;
    id.parse().map_err(|_| Error::Corrupt("consent.id"))
}

fn account(row: &Row<'_>, column: usize) -> Result<AccountId> {
    let id: String = row.get(column)?;
    id.parse().map_err(|_| Error::Corrupt("consent_account.account_id"))
}
