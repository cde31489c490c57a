//! Data keys and the master keys that wrap them: made once, fetched together, wrapped anew while everybody works, destroyed.

use std::sync::Arc;

use lombard_domain::secret::Secret;
use lombard_store::crypt::{Keeper, Master, MasterKey};
use lombard_store::master::Answer;
use lombard_store::{Db, Error, Options, account, at_rest, client, consent, customer, data_key, grant, master};

use crate::database::{Chance, open};
use crate::raw;
use crate::world::{self, RACERS, a_customer, app, at, customer as id};

fn totp(n: usize) -> Secret<Vec<u8>> {
    Secret::new(format!("second factor {n}").into_bytes())
}

/// Puts the first key of the database to use and wraps everything anew, one key at a time; how many there were.
async fn rotate(db: &Db) -> usize {
    let mut tx = db.begin("advance").await.unwrap();
    master::advance(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    let mut all = 0;
    loop {
        let mut tx = db.begin("rewrap").await.unwrap();
        let found = data_key::rewrap(&mut tx, 1).await.unwrap();
        tx.commit().await.unwrap();
        all += found;
        if found == 0 {
            return all;
        }
    }
}

async fn retire(db: &Db) -> u64 {
    let mut tx = db.begin("retire").await.unwrap();
    let retired = master::retire(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    retired
}

#[tokio::test]
async fn nodes_that_need_a_key_at_once_make_one() {
    for engine in world::peopled().await {
        raw::execute(&engine.url, "DELETE FROM data_key WHERE owner <> 'bank'").await;
        let other = open(&engine.url, &[7]).await.unwrap();
        let set = |db: Db| async move {
            let mut tx = db.begin("test").await?;
            customer::set_totp(&mut tx, id(1), &totp(1)).await?;
            tx.commit().await
        };
        let racers: Vec<_> = (0..RACERS)
            .map(|n| tokio::spawn(set(if n % 2 == 0 { engine.db.clone() } else { other.clone() })))
            .collect();
        for racer in racers {
            racer.await.unwrap().unwrap();
        }
        let keys = raw::rows(&engine.url, "SELECT owner FROM data_key WHERE owner <> 'bank'").await;
        assert_eq!(keys, [id(1).to_string()], "{engine}");
        for db in [&engine.db, &other, &open(&engine.url, &[7]).await.unwrap()] {
            let mut read = db.read().await.unwrap();
            let found = customer::totp_secret(&mut read, id(1)).await.unwrap().unwrap();
            assert_eq!(found.expose(), totp(1).expose(), "{engine}");
        }
    }
}

#[tokio::test]
async fn all_keys_that_rows_need_are_fetched_by_one_statement_and_then_held() {
    for engine in world::peopled().await {
        let cold = open(&engine.url, &[7]).await.unwrap();
        for (expected, what) in [(2, "the rows, and the keys of both accounts"), (1, "the rows alone")] {
            let mut read = cold.read().await.unwrap();
            let before = cold.statements();
            assert_eq!(account::of_customer(&mut read, id(1)).await.unwrap().len(), 2, "{engine}");
            assert_eq!(cold.statements() - before, expected, "{engine}: {what}");
        }
        let mut tx = cold.begin("test").await.unwrap();
        assert_eq!(account::of_customer(&mut tx, id(2)).await.unwrap().len(), 2, "{engine}: one was held, one not");
    }
}

#[tokio::test]
async fn values_of_each_customer_and_account_have_a_key_of_their_own() {
    for engine in world::peopled().await {
        let mut owners = raw::rows(&engine.url, "SELECT owner FROM data_key").await;
        owners.sort_unstable();
        let mut expected = vec!["bank".to_owned(), id(1).to_string(), id(2).to_string()];
        expected.extend((1..=3).map(|n| world::account(n).to_string()));
        expected.sort_unstable();
        assert_eq!(owners, expected, "{engine}");
        let named = raw::rows(
            &engine.url,
            if engine.name == "sqlite" {
                "SELECT c.id FROM customer c JOIN data_key k ON k.owner = c.id
                 WHERE hex(substr(c.sealed, 2, 8)) = printf('%016X', k.id)"
            } else {
                "SELECT c.id FROM customer c JOIN data_key k ON k.owner = c.id
                 WHERE encode(substr(c.sealed, 2, 8), 'hex') = lpad(to_hex(k.id), 16, '0')"
            },
        );
        assert_eq!(named.await.len(), 2, "{engine}: each value names its owner's key");
    }
}

#[tokio::test]
async fn a_destroyed_key_opens_nothing_and_a_key_given_to_another_owner_neither() {
    for engine in world::peopled().await {
        let swap = format!("UPDATE data_key SET owner = 'x' WHERE owner = '{}'", id(2));
        raw::execute(&engine.url, &format!("DELETE FROM data_key WHERE owner = '{}'; {swap}", id(1))).await;
        let db = open(&engine.url, &[7]).await.unwrap();
        for n in [1, 2] {
            let mut read = db.read().await.unwrap();
            let outcome = customer::find(&mut read, id(n)).await.err();
            assert!(matches!(outcome, Some(Error::Corrupt(_))), "{engine}: {n}: {outcome:?}");
        }
        let mut read = db.read().await.unwrap();
        assert_eq!(account::of_customer(&mut read, id(1)).await.unwrap().len(), 2, "{engine}: the others are whole");
    }
}

#[tokio::test]
async fn a_new_master_key_takes_over_while_nodes_work() {
    for engine in world::peopled().await {
        let node = engine.db.clone();
        node.renew_masters(&[8, 7].map(|byte| MasterKey::new([byte; 32]))).await.unwrap();
        let operator = open(&engine.url, &[8, 7]).await.unwrap();
        // Nodes that know the new key go on with the old one until they are told.
        let mut tx = operator.begin("test").await.unwrap();
        customer::add_missing(&mut tx, &[a_customer(3)]).await.unwrap();
        assert_eq!(data_key::count(&mut tx).await.unwrap(), (7, 0), "{engine}");
        tx.commit().await.unwrap();
        assert!(open(&engine.url, &[7]).await.is_ok(), "{engine}");

        let before = raw::rows(&engine.url, "SELECT id, sealed FROM customer ORDER BY id").await;
        assert_eq!(rotate(&operator).await, 7, "{engine}");
        assert_eq!(retire(&operator).await, 1, "{engine}");
        assert_eq!(rotate(&operator).await, 0, "{engine}: nothing is left");
        assert_eq!(raw::rows(&engine.url, "SELECT id, sealed FROM customer ORDER BY id").await, before);
        let mut tx = node.begin("test").await.unwrap();
        customer::add_missing(&mut tx, &[a_customer(4)]).await.unwrap();
        assert!(customer::find(&mut tx, id(1)).await.unwrap().is_some(), "{engine}");
        assert_eq!(data_key::count(&mut tx).await.unwrap(), (8, 0), "{engine}");
        tx.commit().await.unwrap();
        let alone = open(&engine.url, &[8]).await.unwrap();
        for n in 1..=4 {
            let mut read = alone.read().await.unwrap();
            assert!(customer::find(&mut read, id(n)).await.unwrap().is_some(), "{engine}: {n}");
        }
        let outcome = open(&engine.url, &[7]).await.err();
        assert!(matches!(outcome, Some(Error::WrongMasterKey)), "{engine}: the former key is of no use: {outcome:?}");
    }
}

#[tokio::test]
async fn a_former_key_that_still_wraps_something_must_be_given() {
    for engine in world::peopled().await {
        let operator = open(&engine.url, &[8, 7]).await.unwrap();
        let mut tx = operator.begin("test").await.unwrap();
        assert!(master::advance(&mut tx).await.unwrap(), "{engine}");
        assert!(!master::advance(&mut tx).await.unwrap(), "{engine}: done before");
        assert_eq!(data_key::rewrap(&mut tx, 2).await.unwrap(), 2, "{engine}");
        assert_eq!(data_key::count(&mut tx).await.unwrap(), (6, 4), "{engine}");
        assert_eq!(master::retire(&mut tx).await.unwrap(), 0, "{engine}");
        tx.commit().await.unwrap();
        for missing in [7, 8] {
            let outcome = open(&engine.url, &[missing]).await.err();
            assert!(matches!(outcome, Some(Error::WrongMasterKey)), "{engine}: {outcome:?}");
        }
        assert!(open(&engine.url, &[7, 8]).await.is_ok(), "{engine}: in any order");
    }
}

#[tokio::test]
async fn a_master_key_is_as_old_as_it_was_first_noted_to_be_in_use() {
    for engine in world::peopled().await {
        let operator = open(&engine.url, &[8, 7]).await.unwrap();
        let mut tx = operator.begin("test").await.unwrap();
        assert_eq!(master::in_use_since(&mut tx).await.unwrap(), None, "{engine}");
        for seconds in [5, 6] {
            master::note_use(&mut tx, at(seconds)).await.unwrap();
            assert_eq!(master::in_use_since(&mut tx).await.unwrap(), Some(at(5)), "{engine}: once");
        }
        assert!(master::advance(&mut tx).await.unwrap(), "{engine}");
        assert_eq!(master::in_use_since(&mut tx).await.unwrap(), None, "{engine}: another key");
        master::note_use(&mut tx, at(9)).await.unwrap();
        assert_eq!(master::in_use_since(&mut tx).await.unwrap(), Some(at(9)), "{engine}");
    }
}

#[tokio::test]
async fn two_rotations_and_writers_do_not_harm_each_other() {
    for engine in world::peopled().await {
        let nodes = [open(&engine.url, &[8, 7]).await.unwrap(), open(&engine.url, &[8, 7]).await.unwrap()];
        let rotations: Vec<_> =
            nodes.iter().cloned().map(|node| tokio::spawn(async move { rotate(&node).await })).collect();
        let writers: Vec<_> = (0..20)
            .map(|n| {
                let node = nodes[n % 2].clone();
                tokio::spawn(async move {
                    let mut tx = node.begin("write").await.unwrap();
                    customer::add_missing(&mut tx, &[a_customer(10 + u128::try_from(n).unwrap())]).await.unwrap();
                    tx.commit().await.unwrap();
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        for rotation in rotations {
            rotation.await.unwrap();
        }
        rotate(&nodes[0]).await;
        assert_eq!(retire(&nodes[1]).await, 1, "{engine}");
        let alone = open(&engine.url, &[8]).await.unwrap();
        let mut read = alone.read().await.unwrap();
        assert_eq!(customer::list(&mut read, None, 99).await.unwrap().len(), 22, "{engine}");
        assert_eq!(client::list(&mut read, None, 9).await.unwrap().len(), 2, "{engine}");
    }
}

#[tokio::test]
async fn a_key_made_by_a_transaction_that_takes_long_keeps_its_master_key_there() {
    for engine in world::peopled().await {
        if engine.name == "sqlite" {
            continue; // It has one writer, so nothing can be made meanwhile.
        }
        let node = open(&engine.url, &[8, 7]).await.unwrap();
        let mut slow = node.begin("slow").await.unwrap();
        customer::add_missing(&mut slow, &[a_customer(3)]).await.unwrap();
        rotate(&node).await;
        let retiring = {
            let node = node.clone();
            tokio::spawn(async move {
                let mut tx = node.begin("retire").await.unwrap();
                master::retire(&mut tx).await
            })
        };
        let waits = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        while raw::rows(&engine.url, waits).await.is_empty() {
            assert!(!retiring.is_finished(), "it must wait for who is at work");
            tokio::task::yield_now().await;
        }
        slow.commit().await.unwrap();
        let outcome = retiring.await.unwrap();
        assert!(matches!(outcome, Err(Error::Busy(_))), "{engine}: {outcome:?}");
        assert_eq!(rotate(&node).await, 1, "{engine}");
        assert_eq!(retire(&node).await, 1, "{engine}");
    }
}

#[tokio::test]
async fn what_an_earlier_version_sealed_is_refused_by_its_name() {
    for engine in world::peopled().await {
        let blob = if engine.name == "sqlite" { "x'0102'" } else { "'\\x0102'" };
        raw::execute(&engine.url, &format!("UPDATE vault SET sealed = {blob}")).await;
        let outcome = open(&engine.url, &[7]).await.err();
        assert!(matches!(outcome, Some(Error::Outdated)), "{engine}: {outcome:?}");
    }
}

/// Keeps a key by adding a number to each byte; refuses what it did not wrap.
struct Adding(u8);

impl Keeper for Adding {
    fn wrap<'a>(&'a self, key: &'a Secret<[u8; 32]>) -> Answer<'a, Vec<u8>> {
        Box::pin(async { Ok([&[self.0][..], &key.expose().map(|byte| byte.wrapping_add(self.0))].concat()) })
    }

    fn unwrap<'a>(&'a self, wrapped: &'a [u8]) -> Answer<'a, Secret<[u8; 32]>> {
        Box::pin(async {
            let (by, key) = wrapped.split_first().ok_or("nothing")?;
            if *by != self.0 {
                return Err("not mine".into());
            }
            let key: [u8; 32] = key.try_into()?;
            Ok(Secret::new(key.map(|byte| byte.wrapping_sub(self.0))))
        })
    }
}

fn kept(by: u8) -> Master {
    Master::Kept(Arc::new(Adding(by)))
}

async fn open_with(url: &str, masters: &[Master]) -> lombard_store::Result<Db> {
    Db::open(&Options::parse(url)?, masters, || Box::new(Chance)).await
}

#[tokio::test]
async fn a_key_that_somebody_else_keeps_takes_over_and_is_replaced_like_any_other() {
    for engine in world::peopled().await {
        let both = [kept(3), Master::Key(MasterKey::new([7; 32]))];
        let (one, two) = tokio::join!(open_with(&engine.url, &both), open_with(&engine.url, &both));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!(
            raw::rows(&engine.url, "SELECT 1 FROM master_key").await.len(),
            2,
            "{engine}: both nodes have one key"
        );
        assert_eq!(rotate(&one).await, 6, "{engine}");
        let mut tx = two.begin("test").await.unwrap();
        customer::add_missing(&mut tx, &[a_customer(3)]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(retire(&two).await, 1, "{engine}");
        let outcome = open_with(&engine.url, &[kept(4)]).await.err();
        assert!(matches!(outcome, Some(Error::Keeper(_))), "{engine}: {outcome:?}");
        let third = open_with(&engine.url, &[kept(4), kept(3)]).await.unwrap();
        assert_eq!(rotate(&third).await, 7, "{engine}");
        assert_eq!(retire(&third).await, 1, "{engine}");
        let alone = open_with(&engine.url, &[kept(4)]).await.unwrap();
        let mut read = alone.read().await.unwrap();
        assert_eq!(customer::list(&mut read, None, 9).await.unwrap().len(), 3, "{engine}");
        assert!(client::find(&mut read, app(1)).await.unwrap().is_some(), "{engine}");
        read.commit().await.unwrap();
        let stored = raw::rows(&engine.url, "SELECT * FROM master_key").await;
        assert_eq!(stored.len(), 1, "{engine}: {stored:?}");
    }
}

#[tokio::test]
async fn erasing_a_customer_destroys_their_keys_and_what_nobody_else_holds() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        customer::set_totp(&mut tx, id(1), &totp(1)).await.unwrap();
        world::consented(&mut tx, 1).await;
        tx.commit().await.unwrap();
        let wrapped = format!("SELECT wrapped FROM data_key WHERE owner IN ('{}', '{}')", id(1), world::account(1));
        let wrapped = raw::rows(&engine.url, &wrapped).await;
        assert_eq!(wrapped.len(), 2, "{engine}");

        let mut tx = engine.db.begin("test").await.unwrap();
        let erased = customer::erase(&mut tx, id(1), at(10)).await.unwrap().unwrap();
        assert_eq!((erased.accounts, erased.keys), (vec![world::account(1)], 2), "{engine}");
        assert!(customer::erase(&mut tx, id(1), at(11)).await.unwrap().is_none(), "{engine}: once");
        assert!(customer::erase(&mut tx, id(9), at(11)).await.unwrap().is_none(), "{engine}: nobody");
        tx.commit().await.unwrap();
        assert!(engine.db.fold_log().await.unwrap(), "{engine}");

        let mut tx = engine.db.begin("test").await.unwrap();
        assert!(customer::find(&mut tx, id(1)).await.unwrap().is_none(), "{engine}");
        assert!(customer::totp_secret(&mut tx, id(1)).await.unwrap().is_none(), "{engine}");
        assert!(!customer::set_totp(&mut tx, id(1), &totp(2)).await.unwrap(), "{engine}");
        assert!(!customer::set_password(&mut tx, id(1), "$argon2id$").await.unwrap(), "{engine}");
        assert!(account::of_customer(&mut tx, id(1)).await.unwrap().is_empty(), "{engine}");
        assert_eq!(customer::list(&mut tx, None, 9).await.unwrap().len(), 1, "{engine}");
        assert_eq!(
            account::of_customer(&mut tx, id(2)).await.unwrap().len(),
            2,
            "{engine}: the one they shared is whole"
        );
        let given = consent::of_customer(&mut tx, id(1), 9).await.unwrap();
        assert_eq!(given.len(), 1, "{engine}: what the audit trail names is there");
        assert!(grant::find_live(&mut tx, world::a_grant(1, 1).id).await.unwrap().is_none(), "{engine}");
        drop(tx);
        let mut stored = Vec::new();
        match raw::path(&engine.url) {
            Some(path) => {
                ["", "-wal"].iter().for_each(|end| stored.extend(std::fs::read(format!("{path}{end}")).unwrap()))
            }
            None => assert!(engine.db.stored_bytes(&mut |_, bytes| stored.extend_from_slice(bytes)).await.unwrap()),
        }
        let stored = raw::hex(&stored);
        for key in wrapped {
            assert!(!stored.contains(&key), "{engine}: a destroyed key is still in the file");
        }
    }
}

#[tokio::test]
async fn all_that_is_sealed_can_be_opened_for_a_search() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        customer::set_totp(&mut tx, id(1), &totp(1)).await.unwrap();
        let known = at_rest::known(&mut tx, 99).await.unwrap();
        let count = |part: &str| known.iter().filter(|known| known.kind.contains(part)).count();
        let counts =
            ["customer's name", "second factor", "account's number", "about an app", "blind indexes"].map(count);
        assert_eq!(counts, [2, 1, 3, 2, 1], "{engine}");
        let holds = |text: &str| known.iter().any(|known| String::from_utf8_lossy(known.plain.expose()).contains(text));
        assert!(holds("Ann \u{d6}rstr\u{f6}m 1") && holds("20000012345678") && holds("ops@app.example"), "{engine}");
        assert_eq!(at_rest::known(&mut tx, 1).await.unwrap().len(), 5, "{engine}: one of each");
        let public = at_rest::public(&mut tx).await.unwrap();
        assert!(public.iter().any(|text| text.contains("App 1")), "{engine}");
        tx.commit().await.unwrap();
        let mut stored = Vec::new();
        let server = engine.db.stored_bytes(&mut |_, bytes| stored.extend_from_slice(bytes)).await.unwrap();
        assert_eq!(server, engine.name == "postgres", "{engine}: an embedded one has files");
        let found = stored.windows(6).any(|window| window == b"core-1");
        assert_eq!(found, server, "{engine}: what is not sealed would be found");
    }
}
