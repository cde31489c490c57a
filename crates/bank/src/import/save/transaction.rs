//! Transactions: new ones are added, pending ones become final or vanish, and what is booked stays as it is.

use std::collections::BTreeSet;

use lombard_domain::account::{BookingStatus, Transaction};
use lombard_domain::id::AccountId;
use lombard_store::{Stored, Tx, transaction};

use super::super::Error;
use super::super::file::File;
use super::super::parse::Told;
use super::super::rows::Rows;
use super::AT_ONCE;
use super::tally::{Outcome, Tally};

/// Stores what the rows tell; the accounts whose running balances changed with it.
pub(super) async fn save(tx: &mut Tx, rows: Rows<Told>, tally: &mut Tally<'_>) -> Result<BTreeSet<AccountId>, Error> {
    let Rows { values, lines, .. } = rows;
    let (mut told, mut touched) = (values.into_iter(), BTreeSet::new());
    loop {
        let (mut order, mut standing, mut cancelled) = (Vec::new(), Vec::new(), Vec::new());
        for told in told.by_ref().take(AT_ONCE) {
            order.push(matches!(told, Told::Standing(_)));
            match told {
                Told::Cancelled(transaction) => cancelled.push(transaction),
                Told::Standing(transaction) => standing.push(transaction),
            }
        }
        if order.is_empty() {
            return Ok(touched);
        }
        let stood = keep(tx, &standing).await?;
        let changed = standing.iter().zip(&stood);
        let changed =
            changed.filter(|(_, outcome)| matches!(outcome, Outcome::Booked | Outcome::Stored(Stored::Added)));
        touched.extend(changed.map(|(transaction, _)| transaction.account));
        let (mut stood, mut withdrawn) = (stood.into_iter(), remove(tx, &cancelled).await?.into_iter());
        let in_order = order.into_iter().filter_map(|stands| if stands { stood.next() } else { withdrawn.next() });
        tally.settle(File::Transactions, &lines, &in_order.collect::<Vec<_>>());
    }
}

/// Adds transactions that are new, and makes those final that were pending and are no more.
async fn keep(tx: &mut Tx, part: &[Transaction]) -> Result<Vec<Outcome>, Error> {
    let stored = transaction::add_missing(tx, part).await?;
    let may_be_booked = |transaction: &Transaction, stored: Stored| {
        stored == Stored::Differs && transaction.status == BookingStatus::Booked
    };
    let differing = part.iter().zip(&stored).filter(|(transaction, stored)| may_be_booked(transaction, **stored));
    let differing: Vec<Transaction> = differing.map(|(transaction, _)| transaction.clone()).collect();
    let mut again = Vec::new().into_iter();
    if !differing.is_empty() {
        transaction::book(tx, &differing).await?;
        // What could be booked has the row's content now; what could not has its own still.
        again = transaction::add_missing(tx, &differing).await?.into_iter();
    }
    let outcome = |(transaction, stored): (&Transaction, Stored)| {
        if may_be_booked(transaction, stored) && again.next() == Some(Stored::Present) {
            Outcome::Booked
        } else {
            stored.into()
        }
    };
    Ok(part.iter().zip(stored).map(outcome).collect())
}

/// Removes transactions that were pending and came to nothing. One that is not there is as it should be already.
async fn remove(tx: &mut Tx, part: &[Transaction]) -> Result<Vec<Outcome>, Error> {
    if part.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = part.iter().map(|transaction| transaction.id).collect();
    let before = transaction::known(tx, &ids).await?;
    if before.is_empty() {
        return Ok(vec![Stored::Present.into(); part.len()]);
    }
    transaction::remove(tx, part).await?;
    let after = transaction::known(tx, &ids).await?;
    let outcome = |transaction: &Transaction| match (before.contains(&transaction.id), after.contains(&transaction.id))
    {
        (false, _) => Stored::Present.into(),
        (true, false) => Outcome::Removed,
        (true, true) => Stored::Differs.into(),
    };
    Ok(part.iter().map(outcome).collect())
}
