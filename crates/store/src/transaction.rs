//! What happened on accounts: pages of it, running balances, and sums.
//!
//! A page is one walk along the index by account, moment and number, from a place and for so many rows; it costs the same wherever
//! it starts and however long the account's history is.

mod write;

use lombard_domain::account::{BankCode, BookingStatus, Counterparty, Cursor, Identification, Transaction};
use lombard_domain::id::AccountId;
use lombard_domain::money::{Direction, Money};
use lombard_domain::permission::Window;
use lombard_domain::text::Text;
use lombard_domain::time::Instant;

use crate::account::currency;
use crate::crypt::Place;
use crate::db::{Keys, Tx};
use crate::driver::{Row, Value};
use crate::error::{Error, Result};

pub use crate::list::Towards;
pub use write::{add_missing, book, recompute_balances};

/// Which part of an account's transactions is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageQuery {
    /// The place from which to go on; without it, from the end that lies behind.
    pub after: Option<Cursor>,
    /// Which way to go from there.
    pub towards: Towards,
    /// Which way the money flows, or `None` for both.
    pub only: Option<Direction>,
    /// Booked when.
    pub window: Window,
    /// How many at most.
    pub limit: i64,
}

/// A transaction with its place on the account.
pub struct StoredTransaction {
    /// The transaction.
    pub transaction: Transaction,
    /// Its number on the account.
    pub sequence: i64,
    /// The booked balance after it; `None` while it is pending.
    pub balance: Option<Money>,
}

impl StoredTransaction {
    /// Its place in the account's list.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { booked_at: self.transaction.booked_at, sequence: self.sequence }
    }
}

/// The whole bank's transactions in accounts of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// How many there are.
    pub transactions: i64,
    /// The sum of what came in.
    pub money_in: Money,
    /// The sum of what went out; never positive.
    pub money_out: Money,
}

/// One page of an account's transactions, the newest first whichever way the page was reached.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn page(tx: &mut Tx, account: AccountId, query: &PageQuery) -> Result<Vec<StoredTransaction>> {
    let account = account.to_string();
    let (low, high) = bounds(query);
    let (least, most) = match query.only {
        None => (i64::MIN, i64::MAX),
        Some(Direction::Credit) => (0, i64::MAX),
        Some(Direction::Debit) => (i64::MIN, -1),
    };
    let (low_at, high_at) = (low.booked_at.micros(), high.booked_at.micros());
    let params: [Value<'_>; 8] =
        [&account, &low_at, &low.sequence, &high_at, &high.sequence, &least, &most, &query.limit];
    match query.towards {
        Towards::Older => older(tx, params).await,
        Towards::Newer => newer(tx, params).await,
    }
}

async fn older(tx: &mut Tx, params: [Value<'_>; 8]) -> Result<Vec<StoredTransaction>> {
    let keys = tx.keys()?;
    tx.all(
        "-- transaction::older
        SELECT id, source, sequence, status, booked_at, value_at, amount_minor, family, sub_family, balance_minor, sealed,
            account_id, (SELECT currency FROM account WHERE id = $1)
        FROM account_transaction
        WHERE account_id = $1 AND (booked_at, sequence) > ($2, $3) AND (booked_at, sequence) < ($4, $5)
            AND amount_minor BETWEEN $6 AND $7
        ORDER BY booked_at DESC, sequence DESC LIMIT $8",
        &params,
        |row| decode(&keys, row),
    )
    .await
}

async fn newer(tx: &mut Tx, params: [Value<'_>; 8]) -> Result<Vec<StoredTransaction>> {
    let keys = tx.keys()?;
    let mut rows = tx
        .all(
            "-- transaction::newer
            SELECT id, source, sequence, status, booked_at, value_at, amount_minor, family, sub_family, balance_minor, sealed,
                account_id, (SELECT currency FROM account WHERE id = $1)
            FROM account_transaction
            WHERE account_id = $1 AND (booked_at, sequence) > ($2, $3) AND (booked_at, sequence) < ($4, $5)
                AND amount_minor BETWEEN $6 AND $7
            ORDER BY booked_at, sequence LIMIT $8",
            &params,
            |row| decode(&keys, row),
        )
        .await?;
    rows.reverse();
    Ok(rows)
}

/// The whole bank's transactions, by currency.
///
/// # Errors
/// When the database fails.
pub async fn totals(tx: &mut Tx) -> Result<Vec<Totals>> {
    tx.all(
        "-- transaction::totals
        SELECT a.currency, COUNT(*),
            CAST(SUM(CASE WHEN t.amount_minor >= 0 THEN t.amount_minor ELSE 0 END) AS BIGINT),
            CAST(SUM(CASE WHEN t.amount_minor < 0 THEN t.amount_minor ELSE 0 END) AS BIGINT)
        FROM account_transaction t JOIN account a ON a.id = t.account_id
        GROUP BY a.currency ORDER BY a.currency",
        &[],
        |row| {
            let currency = currency(&row.get::<String>(0)?)?;
            Ok(Totals {
                transactions: row.get(1)?,
                money_in: Money::new(row.get(2)?, currency),
                money_out: Money::new(row.get(3)?, currency),
            })
        },
    )
    .await
}

/// The places between which a page lies; neither belongs to it.
///
/// Both ends of the window belong to it. Numbers start at 1, so no row is at the places that are made here.
fn bounds(query: &PageQuery) -> (Cursor, Cursor) {
    let mut low =
        Cursor { booked_at: query.window.from.unwrap_or_else(|| Instant::from_micros(i64::MIN)), sequence: 0 };
    let mut high =
        Cursor { booked_at: query.window.to.unwrap_or_else(|| Instant::from_micros(i64::MAX)), sequence: i64::MAX };
    match (query.after, query.towards) {
        (Some(after), Towards::Older) => high = high.min(after),
        (Some(after), Towards::Newer) => low = low.max(after),
        (None, _) => {}
    }
    (low, high)
}

/// The personal fields, as they are sealed.
#[derive(serde::Serialize, serde::Deserialize)]
struct Personal {
    description: Option<Text<500>>,
    counterparty: Option<PersonalCounterparty>,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct PersonalCounterparty {
    name: Option<Text<140>>,
    account: Option<(String, String)>,
}

impl PersonalCounterparty {
    fn of(counterparty: &Counterparty) -> Self {
        let account = counterparty.account.as_ref();
        Self {
            name: counterparty.name.clone(),
            account: account.map(|id| (id.scheme().code().to_owned(), id.number().to_owned())),
        }
    }

    fn open(self) -> Option<Counterparty> {
        let account = match self.account {
            None => None,
            Some((scheme, number)) => Some(Identification::new(scheme.parse().ok()?, &number).ok()?),
        };
        Some(Counterparty { name: self.name, account })
    }
}

fn decode(keys: &Keys, row: &Row<'_>) -> Result<StoredTransaction> {
    let corrupt = || Error::Corrupt("account_transaction");
    let text = |column| row.get::<String>(column);
    let id = text(0)?;
    let currency = currency(&text(12)?)?;
    let value_at: Option<i64> = row.get(5)?;
    let code: (Option<String>, Option<String>) = (row.get(7)?, row.get(8)?);
    let balance: Option<i64> = row.get(9)?;
    let sealed: Vec<u8> = row.get(10)?;
    let personal: Personal = serde_json::from_slice(&keys.crypt().open(place(&id), &sealed)?).map_err(|_| corrupt())?;
    let counterparty = match personal.counterparty {
        None => None,
        Some(sealed) => Some(sealed.open().ok_or_else(corrupt)?),
    };
    let code = match code {
        (Some(family), Some(sub)) => Some(BankCode::new(&family, &sub).ok_or_else(corrupt)?),
        _ => None,
    };
    let transaction = Transaction {
        id: id.parse().map_err(|_| corrupt())?,
        account: text(11)?.parse().map_err(|_| corrupt())?,
        source: Text::new(&text(1)?).map_err(|_| corrupt())?,
        status: match text(3)?.as_str() {
            "booked" => BookingStatus::Booked,
            "pending" => BookingStatus::Pending,
            _ => return Err(corrupt()),
        },
        booked_at: Instant::from_micros(row.get(4)?),
        value_at: value_at.map(Instant::from_micros),
        amount: Money::new(row.get(6)?, currency),
        code,
        description: personal.description,
        counterparty,
    };
    Ok(StoredTransaction {
        transaction,
        sequence: row.get(2)?,
        balance: balance.map(|minor| Money::new(minor, currency)),
    })
}

fn place(row: &str) -> Place<'_> {
    Place { table: "account_transaction", column: "sealed", row }
}
