//! What may come once only.

use lombard_store::used_once::{self, UsedOnce};

use crate::engines;
use crate::world::at;

fn name(n: u8, ends: i64) -> UsedOnce {
    UsedOnce { digest: vec![n; 32], expires_at: at(ends) }
}

#[tokio::test]
async fn a_name_counts_once_even_within_one_group_and_across_connections() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let group = [name(1, 10), name(2, 10), name(1, 99)];
        assert_eq!(used_once::insert(&mut tx, &group).await.unwrap(), [true, true, false], "{engine}");
        tx.commit().await.unwrap();
        let mut tx = engine.db.begin("test").await.unwrap();
        assert_eq!(used_once::insert(&mut tx, &[name(2, 10), name(3, 10)]).await.unwrap(), [false, true], "{engine}");
        assert!(used_once::insert(&mut tx, &[]).await.unwrap().is_empty());
        drop(tx);
        let mut tx = engine.db.begin("test").await.unwrap();
        assert_eq!(
            used_once::insert(&mut tx, &[name(3, 10)]).await.unwrap(),
            [true],
            "{engine}: what was rolled back never came"
        );
    }
}

#[tokio::test]
async fn of_two_at_once_one_is_first() {
    for engine in engines::fresh().await {
        let tries = (0..8).map(|_| {
            let db = engine.db.clone();
            tokio::spawn(async move {
                let mut tx = db.begin("test").await.unwrap();
                let first = used_once::insert(&mut tx, &[name(7, 10)]).await.unwrap();
                tx.commit().await.unwrap();
                first == [true]
            })
        });
        let mut winners = 0;
        for one in tries.collect::<Vec<_>>() {
            winners += usize::from(one.await.unwrap());
        }
        assert_eq!(winners, 1, "{engine}");
    }
}

#[tokio::test]
async fn forgets_what_nobody_would_take_any_more_in_small_steps() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        used_once::insert(&mut tx, &[name(1, 10), name(2, 20), name(3, 21)]).await.unwrap();
        assert_eq!(used_once::forget(&mut tx, at(9), 10).await.unwrap(), 0);
        assert_eq!(used_once::forget(&mut tx, at(20), 1).await.unwrap(), 1, "{engine}");
        assert_eq!(used_once::forget(&mut tx, at(20), 10).await.unwrap(), 1, "{engine}");
        assert_eq!(used_once::insert(&mut tx, &[name(2, 30), name(3, 30)]).await.unwrap(), [true, false], "{engine}");
    }
}
