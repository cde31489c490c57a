//! What statements sum up is what the transactions of their days sum up to, whatever happened.

use lombard_domain::account::{BookingStatus, Figures, Statement, Transaction};
use lombard_domain::currency::Currency;
use lombard_domain::id::TransactionId;
use lombard_domain::money::Money;
use lombard_domain::time::{Date, Instant};
use lombard_store::{Tx, statement, transaction};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::{a_statement, day, id};
use crate::world;

/// When something was booked, how much, and whether it is final.
type Row = (Instant, i64, bool);

/// Rows within ten days, often at midnight or at the last moment of a day; and the first and last days of statements.
fn ledger() -> impl Strategy<Value = (Vec<Row>, Vec<(Date, Date)>)> {
    let moment = (0..10_i32, prop_oneof![Just(0), Just(86_399_999_999), 0..86_400_000_000_i64])
        .prop_map(|(days, micros)| Instant::from_micros(day(3, 1).plus_days(days).start().micros() + micros));
    let amount = prop_oneof![-500..500_i64, Just(0), Just(1 << 40), Just(-(1 << 40))];
    let rows = proptest::collection::vec((moment, amount, proptest::bool::weighted(0.8)), 0..40);
    let days = (-2..12_i32, 0..14_i32).prop_map(|(from, length)| {
        let from = day(3, 1).plus_days(from);
        (from, from.plus_days(length))
    });
    (rows, proptest::collection::vec(days, 1..12))
}

fn expected(rows: &[Row], statement: &Statement) -> Figures {
    let booked = || rows.iter().filter(|(_, _, is_final)| *is_final);
    let moments = statement.moments();
    let within = || booked().filter(|(at, _, _)| moments.contains(*at)).map(|(_, minor, _)| *minor);
    let opening: i64 = booked().filter(|(at, _, _)| *at < statement.starts_at()).map(|(_, minor, _)| minor).sum();
    let came: i64 = within().filter(|minor| *minor > 0).sum();
    let went: i64 = within().filter(|minor| *minor < 0).sum();
    let pounds = |minor| Money::new(minor, Currency::GBP);
    Figures {
        opening: pounds(opening),
        closing: pounds(opening + came + went),
        money_in: pounds(came),
        money_out: pounds(went),
    }
}

async fn add(tx: &mut Tx, first: u128, rows: &[Row]) {
    let transactions: Vec<_> = rows
        .iter()
        .zip(first..)
        .map(|((at, minor, is_final), n)| Transaction {
            id: TransactionId::from_bits(n),
            account: world::account(1),
            source: world::text(&format!("t{n}")),
            status: if *is_final { BookingStatus::Booked } else { BookingStatus::Pending },
            booked_at: *at,
            value_at: None,
            amount: Money::new(*minor, Currency::GBP),
            code: None,
            description: None,
            counterparty: None,
        })
        .collect();
    transaction::add_missing(tx, &transactions).await.unwrap();
    transaction::recompute_balances(tx, &[world::account(1)]).await.unwrap();
}

#[tokio::test]
async fn figures_are_the_sums_of_what_was_booked() {
    let mut runner = TestRunner::deterministic();
    let engines = world::peopled().await;
    for _ in 0..60 {
        let (rows, days) = ledger().new_tree(&mut runner).unwrap().current();
        let statements: Vec<_> = days.iter().zip(1..).map(|(days, n)| a_statement(n, 1, *days)).collect();
        for engine in &engines {
            // Never committed, so that the next ledger begins with nothing.
            let mut tx = engine.db.begin("test").await.unwrap();
            add(&mut tx, 1, &rows).await;
            statement::add_missing(&mut tx, &statements).await.unwrap();
            for one in &statements {
                let found = statement::find(&mut tx, one.account, one.id).await.unwrap().unwrap();
                assert_eq!(found.figures, expected(&rows, one), "{engine}: {} to {} of {rows:?}", one.from, one.to);
            }
        }
    }
}

#[tokio::test]
async fn figures_stay_as_they_were_when_something_comes_late() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let noon = |of: Date| Instant::from_micros(of.start().micros() + 43_200_000_000);
        let rows = [(noon(day(3, 1)), 100, true), (noon(day(3, 2)), -30, true)];
        add(&mut tx, 1, &rows).await;
        let one = a_statement(1, 1, (day(3, 2), day(3, 3)));
        statement::add_missing(&mut tx, std::slice::from_ref(&one)).await.unwrap();
        add(&mut tx, 10, &[(noon(day(2, 1)), 7, true), (noon(day(3, 3)), -5, true)]).await;
        statement::add_missing(&mut tx, std::slice::from_ref(&one)).await.unwrap();
        let found = statement::find(&mut tx, one.account, id(1)).await.unwrap().unwrap();
        assert_eq!(found.figures, expected(&rows, &one), "{engine}");
    }
}

/// Where the running balance is not known, no sum is made up.
#[tokio::test]
async fn no_statement_is_stored_while_running_balances_are_missing() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        add(&mut tx, 1, &[(day(3, 1).start(), 100, true)]).await;
        tx.commit().await.unwrap();
        let without = "UPDATE account_transaction SET balance_minor = NULL";
        crate::raw::execute(&engine.url, without).await;
        let mut tx = engine.db.begin("test").await.unwrap();
        let outcome = statement::add_missing(&mut tx, &[a_statement(1, 1, (day(3, 2), day(3, 3)))]).await;
        assert!(outcome.is_err(), "{engine}");
    }
}
