//! What happened on accounts: pages of it, what changed, running balances, and sums.

mod change;
mod known;
mod numbers;
mod page;
mod row;
mod write;

use lombard_domain::account::{BankCode, BookingStatus, Counterparty, Cursor, Identification, Transaction};
use lombard_domain::money::Money;
use lombard_domain::text::Text;
use lombard_domain::time::Instant;

use crate::account::currency;
use crate::crypt::Place;
use crate::db::{Keys, Tx};
use crate::driver::Row;
use crate::error::{Error, Result};

pub use crate::list::Towards;
pub use change::{Change, ChangesQuery, Difference, changes, newest_change};
pub use known::known;
pub use page::{PageQuery, page, page_of_all, range};
pub use write::{add_missing, book, recompute_balances, remove};

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
    /// Its place in the list.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { account: self.transaction.account, booked_at: self.transaction.booked_at, sequence: self.sequence }
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
