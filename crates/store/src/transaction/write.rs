//! Adding transactions in bulk, what becomes of those that are pending, and what follows for their accounts.

use std::collections::BTreeSet;

use lombard_domain::account::{BookingStatus, Transaction};
use lombard_domain::id::AccountId;

use super::numbers::{Movements, reserve, shift};
use super::row::RowOut;
use crate::data_key;
use crate::db::Tx;
use crate::driver::Value;
use crate::error::Result;
use crate::stored::{self, Stored};

/// Stores transactions that are not there yet, and changes the balances of their accounts; what became of each, in order.
///
/// New transactions are numbered in the order in which they are given. Running balances are left to [`recompute_balances`].
///
/// # Errors
/// [`Error::Corrupt`](crate::Error::Corrupt) if an account does not exist or has another currency,
/// [`Error::Conflict`](crate::Error::Conflict) if a source is another row's.
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
        let mut numbers = reserve(tx, &arrivals(&fresh)?).await?;
        let sealing = data_key::of(tx, fresh.iter().map(RowOut::owner)).await?;
        for row in &mut fresh {
            row.number(&mut numbers)?;
            row.seal(&sealing)?;
        }
        insert(tx, &fresh).await?;
    }
    Ok(outcome)
}

/// Computes the running balances of accounts anew; how many rows had another one.
///
/// Rows are met by their identifier alone: told the account as well, PostgreSQL met every row of a new account with every other.
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
            WHERE account_transaction.id = running.id
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
/// [`Error::Corrupt`](crate::Error::Corrupt) if an account does not exist.
pub async fn book(tx: &mut Tx, transactions: &[Transaction]) -> Result<u64> {
    let mut rows = take_out(tx, transactions, STAYS).await?;
    let sealing = data_key::of(tx, rows.iter().map(RowOut::owner)).await?;
    rows.iter_mut().try_for_each(|row| row.seal(&sealing))?;
    let sets: Vec<[Value<'_>; 8]> = rows.iter().map(RowOut::final_part).collect();
    let touched = tx
        .exec_many(
            "-- transaction::book
            UPDATE account_transaction SET status = 'booked', booked_at = $1, value_at = $2, family = $3, sub_family = $4,
                sealed = $5, content = $6, last_change = $7
            WHERE id = $8",
            &sets,
        )
        .await?;
    let mut movements = Movements::default();
    for row in &rows {
        let movement = movements.entry(row.transaction.account).or_default();
        movement.book(row.amount)?;
        movement.settle(row.amount)?;
    }
    shift(tx, &movements).await?;
    Ok(touched.iter().sum())
}

/// Removes transactions that are pending and vanished; how many there were. What they had taken from the accounts is given back.
///
/// Those that are not pending, or have another account or amount, are left alone.
///
/// # Errors
/// [`Error::Corrupt`](crate::Error::Corrupt) if an account does not exist.
pub async fn remove(tx: &mut Tx, transactions: &[Transaction]) -> Result<u64> {
    let rows = take_out(tx, transactions, VANISHES).await?;
    let sets: Vec<[Value<'_>; 1]> = rows.iter().map(|row| -> [Value<'_>; 1] { [&row.id] }).collect();
    let touched = tx
        .exec_many(
            "-- transaction::remove
            DELETE FROM account_transaction WHERE id = $1",
            &sets,
        )
        .await?;
    let mut movements = Movements::default();
    for row in &rows {
        movements.entry(row.transaction.account).or_default().settle(row.amount)?;
    }
    shift(tx, &movements).await?;
    Ok(touched.iter().sum())
}

/// Those transactions that are pending, each with the number of its change; what they were is kept.
///
/// Their accounts are locked before anything is looked at, so nobody else can change them before this is done.
async fn take_out<'a>(tx: &mut Tx, transactions: &'a [Transaction], removed: i64) -> Result<Vec<RowOut<'a>>> {
    let keys = tx.keys()?;
    let mut once = BTreeSet::new();
    let distinct = transactions.iter().filter(|transaction| once.insert(transaction.id));
    let mut rows = distinct.map(|transaction| RowOut::of(&keys, transaction)).collect::<Result<Vec<_>>>()?;
    let mut movements = Movements::default();
    for row in &rows {
        movements.entry(row.transaction.account).or_default().changes += 1;
    }
    let mut numbers = reserve(tx, &movements).await?;
    for row in &mut rows {
        row.change = numbers.change(&row.account)?;
    }
    let sets: Vec<[Value<'_>; 5]> = rows
        .iter()
        .map(|row| -> [Value<'_>; 5] { [&row.change, &removed, &row.id, &row.account, &row.amount] })
        .collect();
    let touched = tx
        .exec_many(
            "-- transaction::take_out
            INSERT INTO transaction_past (account_id, since_change, until_change, removed, id, source, sequence, status,
                booked_at, value_at, amount_minor, family, sub_family, sealed, content)
            SELECT account_id, last_change, CAST($1 AS BIGINT), CAST($2 AS BIGINT), id, source, sequence, status,
                booked_at, value_at, amount_minor, family, sub_family, sealed, content
            FROM account_transaction
            WHERE id = $3 AND account_id = $4 AND amount_minor = $5 AND status = 'pending'",
            &sets,
        )
        .await?;
    Ok(rows.into_iter().zip(touched).filter(|(_, touched)| *touched == 1).map(|(row, _)| row).collect())
}

/// What new transactions do to their accounts.
fn arrivals(rows: &[RowOut<'_>]) -> Result<Movements> {
    let mut movements = Movements::default();
    for row in rows {
        let movement = movements.entry(row.transaction.account).or_default();
        movement.arriving += 1;
        movement.changes += 1;
        match row.transaction.status {
            BookingStatus::Booked => movement.book(row.amount)?,
            BookingStatus::Pending => movement.await_booking(row.amount)?,
        }
    }
    Ok(movements)
}

async fn insert(tx: &mut Tx, rows: &[RowOut<'_>]) -> Result<()> {
    let sets: Vec<[Value<'_>; 13]> = rows.iter().map(RowOut::whole).collect();
    tx.exec_many(
        "-- transaction::insert
        INSERT INTO account_transaction (id, source, account_id, sequence, status, booked_at, value_at, amount_minor,
            family, sub_family, sealed, content, added_change, last_change, way)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, CASE WHEN CAST($8 AS BIGINT) < 0 THEN -1 ELSE 1 END)",
        &sets,
    )
    .await?;
    Ok(())
}

/// `transaction_past.removed` of a transaction that goes on to be something else.
const STAYS: i64 = 0;
/// `transaction_past.removed` of one that vanished.
const VANISHES: i64 = 1;
