//! Adding transactions in bulk, and what follows from them on their accounts.

use std::collections::{BTreeMap, HashMap};

use lombard_domain::account::{BookingStatus, Transaction};
use lombard_domain::id::AccountId;
use lombard_domain::money::{Direction, Money};

use super::{Personal, PersonalCounterparty, place};
use crate::db::{Keys, Tx};
use crate::driver::Value;
use crate::error::{Error, Result};
use crate::stored::{self, Stored};
use crate::vault::Index;

/// Stores transactions that are not there yet, and changes the balances of their accounts; what became of each, in order.
///
/// New transactions are numbered in the order in which they are given. Running balances are left to [`recompute_balances`].
///
/// # Errors
/// [`Error::Corrupt`] if an account does not exist or has another currency, [`Error::Conflict`] if a source is another row's.
pub async fn add_missing(tx: &mut Tx, transactions: &[Transaction]) -> Result<Vec<Stored>> {
    let keys = tx.keys()?;
    let rows = transactions.iter().map(|transaction| RowOut::of(&keys, transaction)).collect::<Result<Vec<_>>>()?;
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let mut known = stored::contents(
        tx,
        "-- transaction::compare
        SELECT id, content FROM account_transaction
        WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)",
        &ids,
    )
    .await?;
    let mut outcome = Vec::with_capacity(rows.len());
    let mut fresh = Vec::new();
    for row in rows {
        outcome.push(match known.get(&row.id) {
            Some(content) if *content == row.content => Stored::Present,
            Some(_) => Stored::Differs,
            None => {
                known.insert(row.id.clone(), row.content.clone());
                fresh.push(row);
                Stored::Added
            }
        });
    }
    if !fresh.is_empty() {
        let mut numbers = reserve(tx, &movements(&fresh)?).await?;
        for row in &mut fresh {
            row.number(&mut numbers)?;
            row.seal(&keys)?;
        }
        insert(tx, &fresh).await?;
    }
    Ok(outcome)
}

/// Computes the running balances of accounts anew; how many rows had another one.
///
/// # Errors
/// When the database fails.
pub async fn recompute_balances(tx: &mut Tx, accounts: &[AccountId]) -> Result<u64> {
    let ids: Vec<String> = accounts.iter().map(AccountId::to_string).collect();
    let sets: Vec<[Value<'_>; 1]> = ids.iter().map(|id| -> [Value<'_>; 1] { [id] }).collect();
    let touched = tx
        .exec_many(
            "-- transaction::recompute_balances
            UPDATE account_transaction SET balance_minor = running.balance
            FROM (
                SELECT id, CAST(SUM(amount_minor) OVER (ORDER BY booked_at, sequence) AS BIGINT) AS balance
                FROM account_transaction WHERE account_id = $1 AND status = 'booked'
            ) AS running
            WHERE account_transaction.account_id = $1 AND account_transaction.id = running.id
                AND account_transaction.balance_minor IS DISTINCT FROM running.balance",
            &sets,
        )
        .await?;
    Ok(touched.iter().sum())
}

/// Makes transactions final that are pending, with the content that they have now; how many there were.
///
/// Those that are not pending, or have another account or amount, are left alone. Running balances are left to
/// [`recompute_balances`].
///
/// # Errors
/// When the database fails.
pub async fn book(tx: &mut Tx, transactions: &[Transaction]) -> Result<u64> {
    let keys = tx.keys()?;
    let mut rows = transactions.iter().map(|transaction| RowOut::of(&keys, transaction)).collect::<Result<Vec<_>>>()?;
    rows.iter_mut().try_for_each(|row| row.seal(&keys))?;
    let sets: Vec<[Value<'_>; 6]> = rows
        .iter()
        .map(|row| -> [Value<'_>; 6] {
            [&row.booked_at, &row.sealed, &row.content, &row.id, &row.account, &row.amount]
        })
        .collect();
    let touched = tx
        .exec_many(
            "-- transaction::book
            UPDATE account_transaction SET status = 'booked', booked_at = $1, sealed = $2, content = $3
            WHERE id = $4 AND account_id = $5 AND amount_minor = $6 AND status = 'pending'",
            &sets,
        )
        .await?;
    let mut movements: BTreeMap<AccountId, Movement> = BTreeMap::new();
    for (row, _) in rows.iter().zip(&touched).filter(|(_, touched)| **touched == 1) {
        let movement = movements.entry(row.transaction.account).or_default();
        let sum = movement.booked.checked_add(row.amount);
        movement.booked = sum.ok_or(Error::Corrupt("a sum of transactions"))?;
        movement.pending = movement.pending.saturating_sub(row.amount.min(0));
    }
    if !movements.is_empty() {
        reserve(tx, &movements).await?;
    }
    Ok(touched.iter().sum())
}

/// What new transactions do to one account.
#[derive(Default)]
struct Movement {
    count: i64,
    booked: i64,
    pending: i64,
}

/// What new transactions do to their accounts, in the order of the accounts' identifiers.
fn movements(rows: &[RowOut<'_>]) -> Result<BTreeMap<AccountId, Movement>> {
    let mut movements: BTreeMap<AccountId, Movement> = BTreeMap::new();
    for row in rows {
        let Transaction { account, status, amount, .. } = row.transaction;
        let movement = movements.entry(*account).or_default();
        movement.count += 1;
        let sum = match (status, amount.direction()) {
            (BookingStatus::Booked, _) => &mut movement.booked,
            (BookingStatus::Pending, Direction::Debit) => &mut movement.pending,
            (BookingStatus::Pending, Direction::Credit) => continue,
        };
        *sum = sum.checked_add(amount.minor()).ok_or(Error::Corrupt("a sum of transactions"))?;
    }
    Ok(movements)
}

/// The next free number and the currency of an account.
type Numbers = HashMap<String, (i64, String)>;

/// Changes balances and takes numbers for new transactions.
///
/// The accounts stay locked until the end of the transaction; taken in one order everywhere, they cannot lock each other out.
async fn reserve(tx: &mut Tx, movements: &BTreeMap<AccountId, Movement>) -> Result<Numbers> {
    let rows: Vec<(String, &Movement)> =
        movements.iter().map(|(account, movement)| (account.to_string(), movement)).collect();
    let sets: Vec<[Value<'_>; 4]> = rows
        .iter()
        .map(|(account, movement)| -> [Value<'_>; 4] {
            [&movement.count, &movement.booked, &movement.pending, account]
        })
        .collect();
    let touched = tx
        .exec_many(
            "-- transaction::reserve
            UPDATE account SET next_sequence = next_sequence + $1, booked_minor = booked_minor + $2,
                pending_minor = pending_minor + $3
            WHERE id = $4",
            &sets,
        )
        .await?;
    if touched.iter().any(|touched| *touched != 1) {
        return Err(Error::Corrupt("a transaction on no account"));
    }
    let ids: Vec<&str> = rows.iter().map(|(account, _)| account.as_str()).collect();
    let mut numbers: Numbers = stored::by_ids(
        tx,
        "-- transaction::reserved
        SELECT id, next_sequence, currency FROM account
        WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)",
        &ids,
        |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))),
    )
    .await?
    .into_iter()
    .collect();
    for (account, movement) in &rows {
        if let Some((next, _)) = numbers.get_mut(account) {
            *next -= movement.count;
        }
    }
    Ok(numbers)
}

async fn insert(tx: &mut Tx, rows: &[RowOut<'_>]) -> Result<()> {
    let sets: Vec<[Value<'_>; 12]> = rows.iter().map(RowOut::values).collect();
    tx.exec_many(
        "-- transaction::insert
        INSERT INTO account_transaction (id, source, account_id, sequence, status, booked_at, value_at, amount_minor,
            family, sub_family, sealed, content)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        &sets,
    )
    .await?;
    Ok(())
}

/// A transaction as it is written: everything that the parameters borrow from.
struct RowOut<'a> {
    transaction: &'a Transaction,
    id: String,
    account: String,
    source: &'a str,
    status: &'static str,
    booked_at: i64,
    value_at: Option<i64>,
    amount: i64,
    code: (Option<&'a str>, Option<&'a str>),
    personal: Vec<u8>,
    content: Vec<u8>,
    sequence: i64,
    sealed: Vec<u8>,
}

impl<'a> RowOut<'a> {
    fn of(keys: &Keys, transaction: &'a Transaction) -> Result<Self> {
        let personal = serde_json::to_vec(&Personal {
            description: transaction.description.clone(),
            counterparty: transaction.counterparty.as_ref().map(PersonalCounterparty::of),
        })
        .map_err(|_| Error::Corrupt("account_transaction.sealed"))?;
        let code = transaction.code.as_ref();
        let mut row = Self {
            transaction,
            id: transaction.id.to_string(),
            account: transaction.account.to_string(),
            source: transaction.source.as_str(),
            status: transaction.status.code(),
            booked_at: transaction.booked_at.micros(),
            value_at: transaction.value_at.map(|at| at.micros()),
            amount: transaction.amount.minor(),
            code: (code.map(|code| code.family.as_str()), code.map(|code| code.sub_family.as_str())),
            personal,
            content: Vec::new(),
            sequence: 0,
            sealed: Vec::new(),
        };
        row.content = row.fingerprint(keys);
        Ok(row)
    }

    fn fingerprint(&self, keys: &Keys) -> Vec<u8> {
        let value_at = self.value_at.map(i64::to_be_bytes);
        let value_at: &[u8] = value_at.as_ref().map_or(&[], |bytes| bytes);
        let currency = self.transaction.amount.currency();
        let parts: [&[u8]; 11] = [
            b"transaction",
            self.source.as_bytes(),
            self.account.as_bytes(),
            self.status.as_bytes(),
            &self.booked_at.to_be_bytes(),
            value_at,
            &self.amount.to_be_bytes(),
            currency.code().as_bytes(),
            self.code.0.unwrap_or_default().as_bytes(),
            self.code.1.unwrap_or_default().as_bytes(),
            &self.personal,
        ];
        keys.vault().digest(Index::Import, &parts).to_vec()
    }

    /// Takes the next number of the account, whose currency must be the transaction's.
    fn number(&mut self, numbers: &mut Numbers) -> Result<()> {
        let (next, currency) = numbers.get_mut(&self.account).ok_or(Error::Corrupt("a transaction on no account"))?;
        let money: Money = self.transaction.amount;
        if money.currency().code() != currency.as_str() {
            return Err(Error::Corrupt("a transaction in another currency"));
        }
        self.sequence = *next;
        *next += 1;
        Ok(())
    }

    fn seal(&mut self, keys: &Keys) -> Result<()> {
        self.sealed = keys.crypt().seal(place(&self.id), &self.personal)?;
        Ok(())
    }

    fn values(&self) -> [Value<'_>; 12] {
        [
            &self.id,
            &self.source,
            &self.account,
            &self.sequence,
            &self.status,
            &self.booked_at,
            &self.value_at,
            &self.amount,
            &self.code.0,
            &self.code.1,
            &self.sealed,
            &self.content,
        ]
    }
}
