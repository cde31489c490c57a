//! Browsers of customers: each customer's own, so many at most.

use lombard_store::device::{self, MARKS_MAX};

use crate::world::{self, at, customer};

fn mark(n: u8) -> [u8; 32] {
    [n; 32]
}

#[tokio::test]
async fn is_known_to_the_customer_who_signed_in_with_it_and_to_nobody_else() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        device::learn(&mut tx, customer(1), &mark(1), at(1)).await.unwrap();
        for (who, marks, known) in [
            (1, &[mark(1)][..], true),
            (1, &[mark(9), mark(8), mark(7), mark(1)], true),
            (1, &[mark(2)], false),
            (1, &[], false),
            (2, &[mark(1)], false),
        ] {
            let found = device::recognise(&mut tx, customer(who), marks, at(2)).await.unwrap();
            assert_eq!(found, known, "{engine}: {who} {marks:?}");
        }
        assert_eq!(MARKS_MAX, 4, "as many as the statement has places for");
        let again = device::learn(&mut tx, customer(1), &mark(1), at(3)).await;
        assert!(matches!(again, Err(lombard_store::Error::Conflict(_))), "{engine}");
    }
}

#[tokio::test]
async fn those_that_were_used_last_stay() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for n in 1..=4 {
            device::learn(&mut tx, customer(1), &mark(n), at(i64::from(n))).await.unwrap();
            device::learn(&mut tx, customer(2), &mark(n), at(i64::from(n))).await.unwrap();
        }
        assert!(device::recognise(&mut tx, customer(1), &[mark(1)], at(9)).await.unwrap());
        assert_eq!(device::keep_newest(&mut tx, customer(1), 2).await.unwrap(), 2, "{engine}");
        for (n, known) in [(1, true), (2, false), (3, false), (4, true)] {
            let found = device::recognise(&mut tx, customer(1), &[mark(n)], at(9)).await.unwrap();
            assert_eq!(found, known, "{engine}: {n}");
        }
        assert!(device::recognise(&mut tx, customer(2), &[mark(2)], at(9)).await.unwrap(), "{engine}: another's");
        assert_eq!(device::keep_newest(&mut tx, customer(1), 2).await.unwrap(), 0, "{engine}");
    }
}

#[tokio::test]
async fn is_forgotten_when_it_was_not_used_for_long_in_small_steps() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for n in 1..=3 {
            device::learn(&mut tx, customer(1), &mark(n), at(i64::from(n))).await.unwrap();
        }
        for (before, limit, gone) in [(0, 9, 0), (2, 1, 1), (2, 9, 1), (2, 9, 0)] {
            assert_eq!(device::forget(&mut tx, at(before), limit).await.unwrap(), gone, "{engine}: {before}");
        }
        assert!(device::recognise(&mut tx, customer(1), &[mark(3)], at(9)).await.unwrap(), "{engine}");
    }
}
