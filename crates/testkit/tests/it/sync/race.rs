//! A follower who asks, and a reader who turns pages, while the bank writes.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;

/// Brings, books and removes as fast as it can.
async fn write(db: Db, account: AccountId, first: u128) {
    for turn in 0..TURNS {
        let n = first + 4 * turn;
        let pending = |n| arriving(n, account, BookingStatus::Pending);
        let new = vec![pending(n), pending(n + 1), pending(n + 2), arriving(n + 3, account, BookingStatus::Booked)];
        Happening { arriving: new, ..Happening::default() }.happen(&db).await;
        Happening { booked: vec![booked(&pending(n))], vanished: vec![pending(n + 1)], ..Happening::default() }
            .happen(&db)
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_loses_nothing_while_others_write() {
    for engine in Engine::ALL {
        let world = World::on(engine).await;
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| tokio::spawn(write(world.bank.db.clone(), world.account(), 10_000 * (writer + 1))))
            .collect();
        let mut followers = [Follower::default(), Follower::default()];
        let mut answers = 0;
        loop {
            let over = writers.iter().all(tokio::task::JoinHandle::is_finished);
            for (follower, limit) in followers.iter_mut().zip([2, 50]) {
                follower.ask(&world, limit).await;
                answers += 1;
            }
            if over {
                break;
            }
        }
        for writer in writers {
            writer.await.unwrap();
        }
        let truth = world.truth().await;
        assert_eq!(truth.len(), paging::FEW + usize::try_from(3 * TURNS * WRITERS).unwrap(), "{engine:?}");
        for mut follower in followers {
            follower.catch_up(&world, 7).await;
            assert_eq!(follower.picture, truth, "{engine:?}");
        }
        assert!(answers > 10, "{engine:?}: the followers asked {answers} times only");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_old_transaction_is_on_one_page_while_others_write() {
    for engine in Engine::ALL {
        let world = World::on(engine).await;
        let world = Arc::new(world);
        let own = format!("/accounts/{}/transactions", world.account);
        for (place, list) in [own, "/transactions".to_owned()].into_iter().enumerate() {
            let first = walk(&world, &list).await;
            let old: BTreeSet<_> = first.iter().cloned().collect();
            assert_eq!(old.len(), first.len(), "{engine:?}: {list}");
            let writer = tokio::spawn(write(
                world.bank.db.clone(),
                world.account(),
                100_000 * (u128::try_from(place).unwrap() + 1),
            ));
            let mut walks = 0;
            while !writer.is_finished() || walks == 0 {
                let seen = walk(&world, &list).await;
                let once = seen.iter().filter(|id| old.contains(*id));
                assert_eq!(once.clone().count(), old.len(), "{engine:?}: {list} lost one or showed one twice");
                assert_eq!(once.collect::<BTreeSet<_>>().len(), old.len(), "{engine:?}: {list}");
                walks += 1;
            }
            writer.await.unwrap();
        }
    }
}

/// The identifiers on all pages of a list, but for what is pending: that may move when it is booked.
async fn walk(world: &World, list: &str) -> Vec<String> {
    let (mut seen, mut next) = (Vec::new(), Some(list.to_owned()));
    while let Some(path) = next {
        let page = world.app.read(&path, &world.token).await;
        let rows = page["Data"]["Transaction"].as_array().unwrap();
        let booked = rows.iter().filter(|row| row["Status"] == "BOOK");
        seen.extend(booked.map(|row| row["TransactionId"].as_str().unwrap().to_owned()));
        next = page["Links"]["Next"].as_str().map(str::to_owned);
    }
    seen
}

const WRITERS: u128 = 3;
const TURNS: u128 = 12;
