//! What happens on accounts: changes and their numbers, pages across accounts, and what both cost.

mod changes;
mod pages;
mod plans;

use lombard_domain::account::{BookingStatus, Transaction};
use lombard_domain::currency::Currency;
use lombard_domain::id::TransactionId;
use lombard_domain::money::Money;
use lombard_domain::time::{Instant, Span};
use lombard_store::{Db, transaction};

use crate::engines::Engine;
use crate::world::{account, at, peopled, text};
use crate::{raw, world};

fn id(n: u128) -> TransactionId {
    TransactionId::from_bits(n)
}

fn hour(hour: i64) -> Instant {
    at(0).plus(Span::hours(hour))
}

/// A booked transaction on an account.
fn booked(n: u128, on: u128, minor: i64) -> Transaction {
    Transaction {
        id: id(n),
        account: account(on),
        source: text(&format!("t{n}")),
        status: BookingStatus::Booked,
        booked_at: hour(i64::try_from(n / 2).unwrap()),
        value_at: None,
        amount: Money::new(minor, Currency::GBP),
        code: None,
        description: Some(text(&format!("Row {n}"))),
        counterparty: None,
    }
}

fn pending(n: u128, on: u128, minor: i64) -> Transaction {
    Transaction { status: BookingStatus::Pending, ..booked(n, on, minor) }
}

async fn add(db: &Db, transactions: &[Transaction]) {
    let mut tx = db.begin("test").await.unwrap();
    transaction::add_missing(&mut tx, transactions).await.unwrap();
    tx.commit().await.unwrap();
}

/// The numbers of changes as they are in the database: what is there, and what is past.
async fn numbers(engine: &Engine) -> (Vec<String>, Vec<String>) {
    let there = "SELECT source, status, added_change, last_change FROM account_transaction ORDER BY last_change";
    let past = "SELECT source, status, since_change, until_change, removed FROM transaction_past ORDER BY until_change";
    (raw::rows(&engine.url, there).await, raw::rows(&engine.url, past).await)
}

#[tokio::test]
async fn every_change_takes_the_next_number_of_its_account() {
    for engine in peopled().await {
        let given = [booked(1, 1, 500), pending(2, 1, -300), pending(3, 1, 50), pending(4, 1, -7), booked(5, 2, 9)];
        add(&engine.db, &given).await;
        add(&engine.db, &given).await;
        let mut tx = engine.db.begin("test").await.unwrap();
        let later = Transaction { booked_at: hour(9), value_at: Some(hour(10)), ..booked(2, 1, -300) };
        let other_amount = booked(4, 1, -8);
        let other_account = Transaction { account: account(2), ..booked(4, 1, -7) };
        let asked = [later.clone(), later.clone(), booked(1, 1, 500), other_amount, other_account];
        assert_eq!(transaction::book(&mut tx, &asked).await.unwrap(), 1, "{engine}");
        assert_eq!(transaction::remove(&mut tx, &[pending(4, 1, -7), booked(1, 1, 500)]).await.unwrap(), 1, "{engine}");
        tx.commit().await.unwrap();
        let (there, past) = numbers(&engine).await;
        // What is asked for and not done costs a number too: 6, 7 (and 2 on the other account).
        let expected = ["t1 booked 1 1", "t5 booked 1 1", "t3 pending 3 3", "t2 booked 2 5"];
        let (mut sorted, mut expected) = (there, expected.map(str::to_owned));
        sorted.sort();
        expected.sort();
        assert_eq!(sorted, expected, "{engine}");
        assert_eq!(past, ["t2 pending 2 5 0", "t4 pending 4 8 1"], "{engine}");
        let mut read = engine.db.read().await.unwrap();
        assert_eq!(transaction::newest_change(&mut read, account(1)).await.unwrap(), Some(9), "{engine}");
        assert_eq!(transaction::newest_change(&mut read, account(3)).await.unwrap(), Some(0), "{engine}");
        assert_eq!(transaction::newest_change(&mut read, account(77)).await.unwrap(), None, "{engine}");
        let mut tx = engine.db.begin("test").await.unwrap();
        assert!(transaction::known(&mut tx, &[id(2), id(4)]).await.unwrap().contains(&id(2)));
        assert_eq!(
            transaction::add_missing(&mut tx, &[later]).await.unwrap(),
            [lombard_store::Stored::Present],
            "{engine}: the content is the new one, with the day that counts for interest"
        );
    }
}

#[tokio::test]
async fn what_vanished_gives_back_what_it_had_taken() {
    for engine in peopled().await {
        add(&engine.db, &[booked(1, 1, 1000), pending(2, 1, -300), pending(3, 1, 50), pending(4, 1, -7)]).await;
        let mut tx = engine.db.begin("test").await.unwrap();
        let gone = [pending(2, 1, -300), pending(3, 1, 50), booked(1, 1, 1000), pending(4, 1, -8), pending(9, 1, -1)];
        assert_eq!(transaction::remove(&mut tx, &gone).await.unwrap(), 2, "{engine}");
        assert_eq!(transaction::remove(&mut tx, &gone).await.unwrap(), 0, "{engine}: once");
        let amounts = lombard_store::account::balance(&mut tx, account(1)).await.unwrap().unwrap();
        assert_eq!((amounts.booked.minor(), amounts.pending.minor()), (1000, -7), "{engine}");
        assert_eq!(lombard_store::account::unbalanced(&mut tx).await.unwrap(), 0, "{engine}");
        // What comes back is new.
        let again = transaction::add_missing(&mut tx, &[pending(2, 1, -300)]).await.unwrap();
        assert_eq!(again, [lombard_store::Stored::Added], "{engine}");
        assert_eq!(transaction::remove(&mut tx, &gone).await.unwrap(), 1, "{engine}");
        assert_eq!(lombard_store::account::unbalanced(&mut tx).await.unwrap(), 0, "{engine}");
        let nowhere = transaction::remove(&mut tx, &[pending(2, 77, -300)]).await;
        assert!(matches!(nowhere, Err(lombard_store::Error::Corrupt(_))), "{engine}");
    }
}
