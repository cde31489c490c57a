//! Accounts, who holds them, and how much is in them.

mod close;

use lombard_domain::account::{Account, Identification};
use lombard_domain::currency::Currency;
use lombard_domain::id::{AccountId, ConsentId, CustomerId};
use lombard_domain::money::Money;
use lombard_domain::party::{HolderRole, Holding};
use lombard_domain::text::Text;
use lombard_domain::time::Instant;

use crate::crypt::Place;
use crate::data_key::{self, Owner, Sealing};
use crate::db::{Keys, Tx};
use crate::driver::{Row, Value};
use crate::error::{Error, Result};
use crate::stored::{self, Fingerprint, Fresh, Stored};
use crate::vault::Index;

pub use close::{Closed, close};

/// An account in the eyes of one of its holders.
pub struct Held {
    /// The account.
    pub account: Account,
    /// In what role the customer holds it.
    pub role: HolderRole,
    /// How many owners it has; two and more make it a joint account.
    pub owners: usize,
}

/// The amounts from which an account's balances are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amounts {
    /// The sum of what is booked.
    pub booked: Money,
    /// The sum of what is pending and flows out; never positive.
    pub pending: Money,
    /// How much may be overdrawn or borrowed.
    pub credit_line: Option<Money>,
}

/// All accounts of one currency together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// How many there are.
    pub accounts: i64,
    /// The sum of their booked balances, which tells the currency.
    pub booked: Money,
}

/// The personal fields, as they are sealed.
#[derive(serde::Serialize, serde::Deserialize)]
struct Personal {
    nickname: Option<Text<70>>,
    scheme: String,
    number: String,
}

/// Stores accounts that are not there yet, without any transactions; what became of each, in order.
///
/// # Errors
/// When the database fails.
pub async fn add_missing(tx: &mut Tx, accounts: &[Account]) -> Result<Vec<Stored>> {
    let keys = tx.keys()?;
    let sealing = data_key::of(tx, accounts.iter().map(|account| Owner::Account(account.id))).await?;
    let rows = accounts.iter().map(|account| RowOut::of(&keys, &sealing, account)).collect::<Result<Vec<_>>>()?;
    stored::add(
        tx,
        "-- account::add_missing
        INSERT INTO account (id, source, currency, category, kind, status, opened_on, credit_line,
            booked_minor, pending_minor, next_sequence, sealed, content)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 1, $9, $10)
        ON CONFLICT DO NOTHING",
        "-- account::compare
        SELECT id, content FROM account
        WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)",
        &rows,
    )
    .await
}

/// Stores holdings that are not there yet; what became of each, in order.
///
/// # Errors
/// When the database fails, also because an account or a customer does not exist.
pub async fn add_holders(tx: &mut Tx, holdings: &[Holding]) -> Result<Vec<Stored>> {
    let rows: Vec<(String, String, &str)> = holdings
        .iter()
        .map(|holding| {
            let account = holding.account.to_string();
            (account, holding.customer.to_string(), holding.role.code())
        })
        .collect();
    let sets: Vec<[Value<'_>; 3]> =
        rows.iter().map(|(account, customer, role)| -> [Value<'_>; 3] { [account, customer, role] }).collect();
    let touched = tx
        .exec_many(
            "-- account::add_holders
            INSERT INTO account_holder (account_id, customer_id, role) VALUES ($1, $2, $3)
            ON CONFLICT DO NOTHING",
            &sets,
        )
        .await?;
    let mut skipped: Vec<&str> = rows
        .iter()
        .zip(&touched)
        .filter(|(_, touched)| **touched == 0)
        .map(|((account, _, _), _)| account.as_str())
        .collect();
    skipped.dedup();
    let known: std::collections::HashSet<(String, String, String)> = stored::by_ids(
        tx,
        "-- account::holders
        SELECT account_id, customer_id, role FROM account_holder
        WHERE account_id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)",
        &skipped,
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
    .await?
    .into_iter()
    .collect();
    let outcome = |((account, customer, role), touched): (&(String, String, &str), &u64)| {
        let row = (account.clone(), customer.clone(), (*role).to_owned());
        match (*touched, known.contains(&row)) {
            (0, true) => Stored::Present,
            (0, false) => Stored::Differs,
            _ => Stored::Added,
        }
    };
    Ok(rows.iter().zip(&touched).map(outcome).collect())
}

/// The account with this identifier.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn find(tx: &mut Tx, id: AccountId) -> Result<Option<Account>> {
    let keys = tx.keys()?;
    tx.one(
        "-- account::find
        SELECT id, source, currency, category, kind, status, opened_on, credit_line, sealed,
            CASE WHEN switched = 1 THEN status_at END
        FROM account WHERE id = $1",
        &[&id.to_string()],
        |row| decode(&keys, row),
    )
    .await
}

/// The accounts that a customer holds, in the order in which they were opened.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn of_customer(tx: &mut Tx, customer: CustomerId) -> Result<Vec<Held>> {
    let keys = tx.keys()?;
    tx.all(
        "-- account::of_customer
        SELECT a.id, a.source, a.currency, a.category, a.kind, a.status, a.opened_on, a.credit_line, a.sealed,
            CASE WHEN a.switched = 1 THEN a.status_at END, h.role,
            (SELECT COUNT(*) FROM account_holder o WHERE o.account_id = a.id AND o.role = 'owner')
        FROM account_holder h JOIN account a ON a.id = h.account_id
        WHERE h.customer_id = $1
        ORDER BY a.opened_on, a.id",
        &[&customer.to_string()],
        |row| {
            let role: String = row.get(10)?;
            let owners: i64 = row.get(11)?;
            Ok(Held {
                account: decode(&keys, row)?,
                role: role.parse().map_err(|_| Error::Corrupt("account_holder.role"))?,
                owners: usize::try_from(owners).unwrap_or(0),
            })
        },
    )
    .await
}

/// The accounts of a consent that its customer still holds and can use, or took to another bank, in the order in which they were opened.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn of_consent(tx: &mut Tx, consent: ConsentId, customer: CustomerId) -> Result<Vec<Account>> {
    let keys = tx.keys()?;
    tx.all(
        "-- account::of_consent
        SELECT a.id, a.source, a.currency, a.category, a.kind, a.status, a.opened_on, a.credit_line, a.sealed,
            CASE WHEN a.switched = 1 THEN a.status_at END
        FROM consent_account c
        JOIN account_holder h ON h.account_id = c.account_id
        JOIN account a ON a.id = c.account_id
        WHERE c.consent_id = $1 AND h.customer_id = $2 AND (a.status = 'Enabled' OR a.switched = 1)
        ORDER BY a.opened_on, a.id",
        &[&consent.to_string(), &customer.to_string()],
        |row| decode(&keys, row),
    )
    .await
}

/// How much is in an account.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn balance(tx: &mut Tx, id: AccountId) -> Result<Option<Amounts>> {
    tx.one(
        "-- account::balance
        SELECT currency, booked_minor, pending_minor, credit_line FROM account WHERE id = $1",
        &[&id.to_string()],
        amounts,
    )
    .await
}

/// How much is in the accounts of a consent that its customer still holds and can use, in the order in which they were opened.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn balances_of_consent(
    tx: &mut Tx,
    consent: ConsentId,
    customer: CustomerId,
) -> Result<Vec<(AccountId, Amounts)>> {
    tx.all(
        "-- account::balances_of_consent
        SELECT a.currency, a.booked_minor, a.pending_minor, a.credit_line, a.id
        FROM consent_account c
        JOIN account_holder h ON h.account_id = c.account_id
        JOIN account a ON a.id = c.account_id
        WHERE c.consent_id = $1 AND h.customer_id = $2 AND a.status = 'Enabled'
        ORDER BY a.opened_on, a.id",
        &[&consent.to_string(), &customer.to_string()],
        |row| {
            let id: String = row.get(4)?;
            Ok((id.parse().map_err(|_| Error::Corrupt("account.id"))?, amounts(row)?))
        },
    )
    .await
}

/// The whole bank's accounts, by currency.
///
/// # Errors
/// When the database fails.
pub async fn totals(tx: &mut Tx) -> Result<Vec<Totals>> {
    tx.all(
        "-- account::totals
        SELECT currency, COUNT(*), CAST(SUM(booked_minor) AS BIGINT) FROM account GROUP BY currency ORDER BY currency",
        &[],
        |row| Ok(Totals { accounts: row.get(1)?, booked: Money::new(row.get(2)?, currency(&row.get::<String>(0)?)?) }),
    )
    .await
}

/// How many accounts have a balance that is not the sum of their transactions. It must be 0.
///
/// # Errors
/// When the database fails.
pub async fn unbalanced(tx: &mut Tx) -> Result<i64> {
    let count = tx
        .one(
            "-- account::unbalanced
            SELECT COUNT(*) FROM account a
            LEFT JOIN (
                SELECT account_id,
                    SUM(CASE WHEN status = 'booked' THEN amount_minor ELSE 0 END) AS booked,
                    SUM(CASE WHEN status = 'pending' AND amount_minor < 0 THEN amount_minor ELSE 0 END) AS pending
                FROM account_transaction GROUP BY account_id
            ) t ON t.account_id = a.id
            WHERE a.booked_minor <> COALESCE(t.booked, 0) OR a.pending_minor <> COALESCE(t.pending, 0)",
            &[],
            |row| row.get(0),
        )
        .await?;
    Ok(count.unwrap_or(0))
}

/// An account as it is written: everything that the parameters borrow from.
struct RowOut<'a> {
    id: String,
    source: &'a str,
    currency: String,
    words: [&'static str; 3],
    opened_on: String,
    credit_line: Option<i64>,
    sealed: Vec<u8>,
    content: Vec<u8>,
}

impl<'a> RowOut<'a> {
    fn of(keys: &Keys, sealing: &Sealing, account: &'a Account) -> Result<Self> {
        let id = account.id.to_string();
        let personal = serde_json::to_vec(&Personal {
            nickname: account.nickname.clone(),
            scheme: account.identification.scheme().code().to_owned(),
            number: account.identification.number().to_owned(),
        })
        .map_err(|_| Error::Corrupt("account.sealed"))?;
        let words = [account.category.code(), account.kind.code(), account.status.code()];
        let currency = account.currency.to_string();
        let opened_on = account.opened_on.to_string();
        let credit_line = account.credit_line.map(Money::minor);
        let line_bytes = credit_line.map(i64::to_be_bytes);
        let mut parts: Vec<&[u8]> = vec![b"account", account.source.as_str().as_bytes()];
        parts.extend([currency.as_bytes(), opened_on.as_bytes()]);
        parts.extend(words.iter().map(|word| word.as_bytes()));
        parts.push(line_bytes.as_ref().map_or(&[], |bytes| bytes.as_slice()));
        parts.push(&personal);
        Ok(Self {
            source: account.source.as_str(),
            words,
            credit_line,
            sealed: sealing.seal(Owner::Account(account.id), place(&id), &personal)?,
            content: keys.vault().digest(Index::Import, &parts).to_vec(),
            id,
            currency,
            opened_on,
        })
    }
}

impl Fresh<10> for RowOut<'_> {
    fn fingerprint(&self) -> Fingerprint<'_> {
        (&self.id, &self.content)
    }

    fn values(&self) -> [Value<'_>; 10] {
        let [category, kind, status] = &self.words;
        [
            &self.id,
            &self.source,
            &self.currency,
            category,
            kind,
            status,
            &self.opened_on,
            &self.credit_line,
            &self.sealed,
            &self.content,
        ]
    }
}

fn decode(keys: &Keys, row: &Row<'_>) -> Result<Account> {
    let corrupt = || Error::Corrupt("account");
    let text = |column| row.get::<String>(column);
    let id = text(0)?;
    let currency = currency(&text(2)?)?;
    let credit_line: Option<i64> = row.get(7)?;
    let sealed: Vec<u8> = row.get(8)?;
    let switched_at: Option<i64> = row.get(9)?;
    let personal: Personal = serde_json::from_slice(&keys.crypt().open(place(&id), &sealed)?).map_err(|_| corrupt())?;
    let scheme = personal.scheme.parse().map_err(|_| corrupt())?;
    Ok(Account {
        id: id.parse().map_err(|_| corrupt())?,
        source: Text::new(&text(1)?).map_err(|_| corrupt())?,
        currency,
        category: text(3)?.parse().map_err(|_| corrupt())?,
        kind: text(4)?.parse().map_err(|_| corrupt())?,
        status: text(5)?.parse().map_err(|_| corrupt())?,
        nickname: personal.nickname,
        identification: Identification::new(scheme, &personal.number).map_err(|_| corrupt())?,
        opened_on: text(6)?.parse().map_err(|_| corrupt())?,
        credit_line: credit_line.map(|minor| Money::new(minor, currency)),
        switched_at: switched_at.map(Instant::from_micros),
    })
}

/// Reads currency, booked and pending amount and credit line from the first columns of a row.
pub(crate) fn amounts(row: &Row<'_>) -> Result<Amounts> {
    let currency = currency(&row.get::<String>(0)?)?;
    let credit_line: Option<i64> = row.get(3)?;
    Ok(Amounts {
        booked: Money::new(row.get(1)?, currency),
        pending: Money::new(row.get(2)?, currency),
        credit_line: credit_line.map(|minor| Money::new(minor, currency)),
    })
}

/// Reads a stored currency.
pub(crate) fn currency(text: &str) -> Result<Currency> {
    text.parse().map_err(|_| Error::Corrupt("account.currency"))
}

fn place(row: &str) -> Place<'_> {
    Place { table: "account", column: "sealed", row }
}
