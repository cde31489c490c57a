//! What changes of transactions do to their accounts: sums, and the numbers that are taken there.
//!
//! Whoever changes an account's transactions first takes numbers here. The account's row is locked from then on until the end of the
//! database transaction, so the numbers of an account become visible in their order: who has seen one has missed none before it.

use std::collections::{BTreeMap, HashMap};

use lombard_domain::id::AccountId;

use crate::db::Tx;
use crate::driver::Value;
use crate::error::{Error, Result};
use crate::stored;

/// What is done to one account.
#[derive(Default)]
pub(super) struct Movement {
    /// Transactions that arrive.
    pub(super) arriving: i64,
    /// Transactions that change: arrive, become final or vanish.
    pub(super) changes: i64,
    /// By how much the sum of what is booked grows.
    pub(super) booked: i64,
    /// By how much the sum of what is pending and flows out grows.
    pub(super) pending: i64,
}

impl Movement {
    /// Adds to the sum of what is booked.
    pub(super) fn book(&mut self, minor: i64) -> Result<()> {
        self.booked = self.booked.checked_add(minor).ok_or(SUM)?;
        Ok(())
    }

    /// Adds to the sum of what is pending, in which only money that flows out counts.
    pub(super) fn await_booking(&mut self, minor: i64) -> Result<()> {
        self.pending = self.pending.checked_add(minor.min(0)).ok_or(SUM)?;
        Ok(())
    }

    /// Takes back what [`Movement::await_booking`] added.
    pub(super) fn settle(&mut self, minor: i64) -> Result<()> {
        self.pending = self.pending.checked_sub(minor.min(0)).ok_or(SUM)?;
        Ok(())
    }
}

/// What is done to accounts, in the order of their identifiers.
pub(super) type Movements = BTreeMap<AccountId, Movement>;

/// The next free numbers of an account.
struct Next {
    sequence: i64,
    change: i64,
    currency: String,
}

/// Numbers that were taken, by account.
pub(super) struct Numbers(HashMap<String, Next>);

impl Numbers {
    /// The next number of a transaction that arrives on an account, whose currency must be this one.
    pub(super) fn sequence(&mut self, account: &str, currency: &str) -> Result<i64> {
        let next = self.of(account)?;
        if next.currency != currency {
            return Err(Error::Corrupt("a transaction in another currency"));
        }
        Ok(take(&mut next.sequence))
    }

    /// The next number of a change of an account.
    pub(super) fn change(&mut self, account: &str) -> Result<i64> {
        Ok(take(&mut self.of(account)?.change))
    }

    fn of(&mut self, account: &str) -> Result<&mut Next> {
        self.0.get_mut(account).ok_or(Error::Corrupt("a transaction on no account"))
    }
}

fn take(next: &mut i64) -> i64 {
    let taken = *next;
    *next += 1;
    taken
}

/// Changes sums and takes numbers.
///
/// The accounts stay locked until the end of the transaction; taken in one order everywhere, they cannot lock each other out.
pub(super) async fn reserve(tx: &mut Tx, movements: &Movements) -> Result<Numbers> {
    shift(tx, movements).await?;
    let rows: Vec<(String, &Movement)> =
        movements.iter().map(|(account, movement)| (account.to_string(), movement)).collect();
    let ids: Vec<&str> = rows.iter().map(|(account, _)| account.as_str()).collect();
    let mut numbers: HashMap<String, Next> = stored::by_ids(
        tx,
        "-- transaction::reserve
        SELECT id, next_sequence, next_change, currency FROM account
        WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)",
        &ids,
        |row| Ok((row.get(0)?, Next { sequence: row.get(1)?, change: row.get(2)?, currency: row.get(3)? })),
    )
    .await?
    .into_iter()
    .collect();
    for (account, movement) in &rows {
        if let Some(next) = numbers.get_mut(account) {
            next.sequence -= movement.arriving;
            next.change -= movement.changes;
        }
    }
    Ok(Numbers(numbers))
}

/// Changes sums, and moves the next numbers on; the accounts are locked as by [`reserve`].
pub(super) async fn shift(tx: &mut Tx, movements: &Movements) -> Result<()> {
    let ids: Vec<String> = movements.keys().map(AccountId::to_string).collect();
    let sets: Vec<[Value<'_>; 5]> = movements
        .values()
        .zip(&ids)
        .map(|(movement, id)| -> [Value<'_>; 5] {
            [&movement.arriving, &movement.changes, &movement.booked, &movement.pending, id]
        })
        .collect();
    let touched = tx
        .exec_many(
            "-- transaction::shift
            UPDATE account SET next_sequence = next_sequence + $1, next_change = next_change + $2,
                booked_minor = booked_minor + $3, pending_minor = pending_minor + $4
            WHERE id = $5",
            &sets,
        )
        .await?;
    if touched.iter().any(|touched| *touched != 1) {
        return Err(Error::Corrupt("a transaction on no account"));
    }
    Ok(())
}

const SUM: Error = Error::Corrupt("a sum of transactions");
