//! The sandbox's people in a database.

use lombard_bank::seed;
use lombard_domain::account::BookingStatus;
use lombard_domain::time::Date;
use lombard_store::{Db, account, customer};

use crate::engines;
use crate::import::{all_transactions, sums};

fn today() -> Date {
    Date::new(2026, 11, 21).unwrap()
}

/// Every account's balances and transactions: (source, booked, pending, [(source, status, balance)]).
async fn everything(db: &Db) -> Vec<(String, i64, i64, Vec<(String, BookingStatus, Option<i64>)>)> {
    let mut all = Vec::new();
    for person in seed::people() {
        let held = account::of_customer(&mut db.read().await.unwrap(), person.customer.id).await.unwrap();
        for account in held.into_iter().map(|held| held.account) {
            let amounts = account::balance(&mut db.read().await.unwrap(), account.id).await.unwrap().unwrap();
            let rows = all_transactions(db, account.id).await.into_iter().map(|row| {
                let balance = row.balance.map(|money| money.minor());
                (row.transaction.source.as_str().to_owned(), row.transaction.status, balance)
            });
            let source = account.source.as_str().to_owned();
            all.push((source, amounts.booked.minor(), amounts.pending.minor(), rows.collect()));
        }
    }
    all
}

#[tokio::test]
async fn the_people_are_there_and_can_be_found() {
    for engine in engines::fresh().await {
        seed::sow(&engine.db, today()).await.unwrap();
        for person in seed::people() {
            let mut tx = engine.db.read().await.unwrap();
            let found = customer::credentials(&mut tx, &person.customer.username).await.unwrap().unwrap();
            assert_eq!(found.customer, person.customer.id, "{engine}");
        }
        let (accounts, transactions, customers) = sums(&engine.db).await;
        assert_eq!(customers, 5);
        assert_eq!(accounts.iter().map(|totals| totals.accounts).sum::<i64>(), 16, "{engine}");
        assert!(transactions.iter().map(|totals| totals.transactions).sum::<i64>() > 4000);
    }
}

#[tokio::test]
async fn sowing_twice_changes_nothing() {
    for engine in engines::fresh().await {
        seed::sow(&engine.db, today()).await.unwrap();
        let before = everything(&engine.db).await;
        seed::sow(&engine.db, today()).await.unwrap();
        assert!(everything(&engine.db).await == before, "{engine}");
    }
}

#[tokio::test]
async fn a_sandbox_that_is_started_again_catches_up() {
    for engine in engines::fresh().await {
        seed::sow(&engine.db, today().plus_days(-9)).await.unwrap();
        seed::sow(&engine.db, today()).await.unwrap();
        sums(&engine.db).await;
        let caught_up = everything(&engine.db).await;
        let fresh = engines::fresh().await.remove(0);
        seed::sow(&fresh.db, today()).await.unwrap();
        for (one, other) in caught_up.iter().zip(everything(&fresh.db).await) {
            assert_eq!((&one.0, one.1, one.2), (&other.0, other.1, other.2), "{engine}");
            let last =
                |rows: &[(String, BookingStatus, Option<i64>)]| rows.iter().rev().take(40).cloned().collect::<Vec<_>>();
            assert_eq!(last(&one.3), last(&other.3), "{engine}: {}", one.0);
        }
    }
}
