//! What was counted of answers, and in which minutes the bank served.

use lombard_domain::service_level::{Answer, Interface, Marks, Minute, Tally};
use lombard_domain::time::{Date, Instant, Span};
use lombard_store::Tx;
use lombard_store::service_level::{self, Planned};

use crate::engines;
use crate::world::{RACERS, at, race};

fn day(day: i8) -> Date {
    Date::new(2026, 3, day).unwrap()
}

fn tally(calls: &[(Answer, i64)]) -> Tally {
    let mut tally = Tally::default();
    for (answer, millis) in calls {
        tally.count(*answer, Span::milliseconds(*millis));
    }
    tally
}

async fn marks(tx: &mut Tx, from: i64, until: i64) -> Vec<(i64, Marks)> {
    let found = service_level::minutes(tx, Minute::new(from), Minute::new(until)).await.unwrap();
    found.into_iter().map(|(minute, marks)| (minute.number(), marks)).collect()
}

#[tokio::test]
async fn calls_of_many_nodes_add_up() {
    let one = tally(&[(Answer::Good, 4), (Answer::Good, 90), (Answer::Failed, 1), (Answer::Limited, 1)]);
    let other = tally(&[(Answer::Good, 4), (Answer::Unavailable, 1), (Answer::Refused, 2), (Answer::Good, 60_000)]);
    for engine in engines::fresh().await {
        let funds = Interface::ConfirmationOfFunds;
        let mut tx = engine.db.begin("test").await.unwrap();
        service_level::add(&mut tx, &[(day(1), Interface::Customer, one), (day(1), funds, one)]).await.unwrap();
        service_level::add(&mut tx, &[(day(1), funds, other), (day(2), funds, other)]).await.unwrap();
        service_level::add(&mut tx, &[]).await.unwrap();
        tx.commit().await.unwrap();
        let mut sum = one;
        sum.add(&other);
        let mut tx = engine.db.read().await.unwrap();
        let found = service_level::of_day(&mut tx, day(1)).await.unwrap();
        assert_eq!(found, [(funds, sum), (Interface::Customer, one)], "{engine}");
        assert_eq!(service_level::of_day(&mut tx, day(2)).await.unwrap(), [(funds, other)], "{engine}");
        assert!(service_level::of_day(&mut tx, day(3)).await.unwrap().is_empty(), "{engine}");
    }
}

#[tokio::test]
async fn nodes_that_add_at_once_lose_nothing() {
    let one = tally(&[(Answer::Good, 4)]);
    for engine in engines::fresh().await {
        race(&engine.db, |db| async move {
            let mut tx = db.begin("race").await?;
            let all = Interface::ALL.map(|interface| (day(1), interface, one));
            service_level::add(&mut tx, &all).await?;
            tx.commit().await
        })
        .await;
        let found = service_level::of_day(&mut engine.db.read().await.unwrap(), day(1)).await.unwrap();
        assert_eq!(found.len(), Interface::ALL.len(), "{engine}");
        for (interface, tally) in found {
            assert_eq!(tally.calls, u64::try_from(RACERS).unwrap(), "{engine}: {}", interface.code());
            assert_eq!(tally.times.iter().sum::<u64>(), tally.good, "{engine}");
        }
    }
}

#[tokio::test]
async fn what_is_known_of_a_minute_is_what_any_node_knows() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        assert_eq!(service_level::first_minute(&mut tx).await.unwrap(), None, "{engine}");
        let at = Minute::new;
        let first = [(at(7), Marks::restore(true, 0b1, 0)), (at(8), Marks::restore(false, 0, 0b10))];
        service_level::mark(&mut tx, &first).await.unwrap();
        service_level::mark(&mut tx, &[(at(8), Marks::restore(true, 0b100, 0b1))]).await.unwrap();
        service_level::mark(&mut tx, &[(at(8), Marks::default()), (at(9), Marks::default())]).await.unwrap();
        let eight = (8, Marks::restore(true, 0b100, 0b11));
        let all = [(7, Marks::restore(true, 0b1, 0)), eight, (9, Marks::default())];
        assert_eq!(marks(&mut tx, 7, 10).await, all, "{engine}");
        assert_eq!(marks(&mut tx, 8, 9).await, [eight], "{engine}: the end is not part of it");
        assert_eq!(service_level::first_minute(&mut tx).await.unwrap(), Some(at(7)), "{engine}");
    }
}

#[tokio::test]
async fn a_plan_is_kept_as_it_was_first_announced() {
    let plan = |from, until, announced| Planned { from: at(from), until: at(until), announced_at: at(announced) };
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for (planned, is_new) in [(plan(10, 20, 1), true), (plan(10, 20, 15), false), (plan(5, 12, 2), true)] {
            assert_eq!(service_level::plan(&mut tx, &planned).await.unwrap(), is_new, "{engine}");
        }
        for (from, until, found) in [
            (0, 100, vec![plan(5, 12, 2), plan(10, 20, 1)]),
            (12, 100, vec![plan(10, 20, 1)]),
            (0, 10, vec![plan(5, 12, 2)]),
            (20, 100, vec![]),
            (0, 5, vec![]),
        ] {
            assert_eq!(service_level::planned(&mut tx, at(from), at(until)).await.unwrap(), found, "{engine}: {from}");
        }
    }
}

#[tokio::test]
async fn what_is_old_is_forgotten_in_batches() {
    let one = tally(&[(Answer::Good, 4), (Answer::Good, 900)]);
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let last_of = |day: Date| Minute::new(Minute::first_of(day.plus_days(1)).number() - 1);
        for n in 1..=3 {
            service_level::add(&mut tx, &[(day(n), Interface::Public, one)]).await.unwrap();
            let minutes = [Minute::first_of(day(n)), last_of(day(n))];
            service_level::mark(&mut tx, &minutes.map(|minute| (minute, Marks::restore(true, 0, 0)))).await.unwrap();
            let (from, until) = (day(n).start(), day(n).start().plus(Span::hours(1)));
            let planned = Planned { from, until, announced_at: Instant::from_seconds(1) };
            service_level::plan(&mut tx, &planned).await.unwrap();
        }
        // Of two days: two days of counts, four of times, four minutes and two plans.
        let mut gone = Vec::new();
        for _ in 0..3 {
            gone.push(service_level::forget(&mut tx, day(3), 2).await.unwrap());
        }
        assert_eq!(gone, [8, 4, 0], "{engine}");
        assert_eq!(service_level::first_minute(&mut tx).await.unwrap(), Some(Minute::first_of(day(3))), "{engine}");
        assert_eq!(service_level::of_day(&mut tx, day(3)).await.unwrap(), [(Interface::Public, one)], "{engine}");
        assert!(service_level::of_day(&mut tx, day(2)).await.unwrap().is_empty(), "{engine}");
        let all = service_level::planned(&mut tx, at(-1_000_000_000), at(1_000_000_000)).await.unwrap();
        assert_eq!(all.len(), 1, "{engine}");
    }
}
