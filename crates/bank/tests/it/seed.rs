//! The sandbox's people in a database.

use lombard_bank::seed;
use lombard_domain::account::BookingStatus;
use lombard_domain::time::Date;
use lombard_store::{Db, account, contact, customer};

use crate::engines;
use crate::import::{all_transactions, sums};
use crate::reader::{Possessions, possessions};

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

/// What each of the people has beside balances and transactions.
async fn what_people_have(db: &Db) -> Vec<Possessions> {
    let mut all = Vec::new();
    for person in seed::people() {
        all.push(possessions(db, person.customer.id).await);
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
async fn everybody_has_something_of_everything_that_they_can_have() {
    for engine in engines::fresh().await {
        seed::sow(&engine.db, today()).await.unwrap();
        for (person, has) in seed::people().iter().zip(what_people_have(&engine.db).await) {
            let name = person.customer.username.as_str();
            let lists = [
                has.products.len(),
                has.standing_orders.len(),
                has.beneficiaries.len(),
                has.direct_debits.len(),
                has.scheduled_payments.len(),
                has.offers.len(),
            ];
            assert!(lists.iter().all(|length| *length > 0), "{engine}: {name} {lists:?}");
            let held =
                account::of_customer(&mut engine.db.read().await.unwrap(), person.customer.id).await.unwrap().len();
            assert_eq!((has.products.len(), has.statements.len()), (held, 23 * held), "{engine}: {name}");
            let mut tx = engine.db.read().await.unwrap();
            let contact = contact::person(&mut tx, person.customer.id).await.unwrap().unwrap().contact.unwrap();
            assert!(contact.mobile.is_some() && contact.address.is_some(), "{engine}: {name}");
        }
    }
}

#[tokio::test]
async fn statements_are_a_chain_that_ends_in_the_balance() {
    let engine = engines::fresh().await.remove(0);
    seed::sow(&engine.db, today()).await.unwrap();
    for person in seed::people() {
        let statements = possessions(&engine.db, person.customer.id).await.statements;
        for pair in statements.windows(2) {
            let [later, earlier] = pair else { continue };
            if later.statement.account == earlier.statement.account {
                assert_eq!(later.figures.opening, earlier.figures.closing, "{}", later.statement.source);
                assert_eq!(later.statement.from, earlier.statement.made_on);
            }
        }
        for told in &statements {
            let rows = all_transactions(&engine.db, told.statement.account).await;
            let mut until = rows.iter().filter(|row| row.transaction.booked_at <= told.statement.ends_at());
            assert_eq!(until.next_back().unwrap().balance, Some(told.figures.closing), "{}", told.statement.source);
        }
    }
}

#[tokio::test]
async fn sowing_twice_changes_nothing() {
    for engine in engines::fresh().await {
        seed::sow(&engine.db, today()).await.unwrap();
        let before = everything(&engine.db).await;
        let had = what_people_have(&engine.db).await;
        seed::sow(&engine.db, today()).await.unwrap();
        assert!(everything(&engine.db).await == before, "{engine}");
        assert!(what_people_have(&engine.db).await == had, "{engine}");
    }
}

/// Over days on which something is stated, comes due, or ends.
#[tokio::test]
async fn what_people_have_catches_up_too() {
    let days = ["2026-11-21", "2026-12-01", "2026-12-02", "2027-01-29", "2027-01-30", "2027-04-01"];
    let mut expected = Vec::new();
    for today in days.map(|day| day.parse::<Date>().unwrap()) {
        let fresh = engines::fresh().await.remove(0);
        seed::sow(&fresh.db, today).await.unwrap();
        expected.push((today, what_people_have(&fresh.db).await));
    }
    for engine in engines::fresh().await {
        for (today, fresh) in &expected {
            seed::sow(&engine.db, *today).await.unwrap();
            for (mut caught_up, fresh) in what_people_have(&engine.db).await.into_iter().zip(fresh) {
                // A sandbox keeps the statements of months that a new one does not know any more.
                caught_up.statements.retain(|told| told.statement.from > today.plus_days(-730));
                assert!(caught_up.statements == fresh.statements, "{engine} on {today}: statements");
                assert!(caught_up.direct_debits == fresh.direct_debits, "{engine} on {today}: direct debits");
                assert!(caught_up.scheduled_payments == fresh.scheduled_payments, "{engine} on {today}: payments");
                assert!(caught_up.offers == fresh.offers, "{engine} on {today}: offers");
                assert!(caught_up == *fresh, "{engine} on {today}");
            }
        }
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
