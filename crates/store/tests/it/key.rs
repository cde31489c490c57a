//! Signing keys.

use std::time::Duration;

use lombard_domain::secret::Secret;
use lombard_store::Error;
use lombard_store::key::{self, StoredKey};

use crate::world::at;
use crate::{engines, raw};

fn a_key(kid: &str, active_from: i64) -> StoredKey {
    StoredKey {
        kid: kid.to_owned(),
        alg: "PS256".to_owned(),
        public_jwk: format!(r#"{{"kid":"{kid}"}}"#),
        private: Secret::new(kid.bytes().cycle().take(1200).collect()),
        created_at: at(0),
        active_from: at(active_from),
    }
}

#[tokio::test]
async fn all_are_listed_oldest_first_as_they_were_stored() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        assert!(key::list(&mut tx).await.unwrap().is_empty(), "{engine}");
        for (kid, active_from) in [("b", 20), ("c", 10), ("a", 20)] {
            key::insert(&mut tx, &a_key(kid, active_from)).await.unwrap();
        }
        let found = key::list(&mut tx).await.unwrap();
        assert_eq!(found.len(), 3);
        for (found, given) in found.iter().zip([a_key("c", 10), a_key("a", 20), a_key("b", 20)]) {
            assert_eq!((&found.kid, &found.alg, &found.public_jwk), (&given.kid, &given.alg, &given.public_jwk));
            assert_eq!((found.created_at, found.active_from), (given.created_at, given.active_from), "{engine}");
            assert_eq!(found.private.expose(), given.private.expose(), "{engine}");
        }
    }
}

#[tokio::test]
async fn former_ones_are_forgotten_and_those_that_sign_are_not() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for (kid, active_from) in [("a", 10), ("b", 20), ("c", 30), ("d", 99)] {
            key::insert(&mut tx, &a_key(kid, active_from)).await.unwrap();
        }
        key::insert(&mut tx, &StoredKey { alg: "ES256".to_owned(), ..a_key("e", 1) }).await.unwrap();
        assert_eq!(key::forget(&mut tx, at(19), 9).await.unwrap(), 0, "{engine}: the next one does not sign yet");
        assert_eq!(key::forget(&mut tx, at(30), 1).await.unwrap(), 1, "{engine}: a batch");
        assert_eq!(key::forget(&mut tx, at(30), 9).await.unwrap(), 1, "{engine}");
        assert_eq!(key::forget(&mut tx, at(30), 9).await.unwrap(), 0, "{engine}");
        let left: Vec<_> = key::list(&mut tx).await.unwrap().into_iter().map(|key| key.kid).collect();
        assert_eq!(left, ["e", "c", "d"], "{engine}: the only one of its algorithm, the last that signs, and the next");
    }
}

#[tokio::test]
async fn a_name_is_given_once() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        key::insert(&mut tx, &a_key("a", 1)).await.unwrap();
        let again = key::insert(&mut tx, &a_key("a", 2)).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{engine}");
    }
}

#[tokio::test]
async fn a_private_part_does_not_open_under_another_name() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        key::insert(&mut tx, &a_key("a", 1)).await.unwrap();
        tx.commit().await.unwrap();
        raw::execute(&engine.url, "UPDATE signing_key SET kid = 'b'").await;
        let mut read = engine.db.read().await.unwrap();
        assert!(matches!(key::list(&mut read).await.err(), Some(Error::Corrupt(_))), "{engine}");
    }
}

#[tokio::test]
async fn who_waits_for_the_lock_sees_what_its_holder_made() {
    for engine in engines::fresh().await {
        let mut first = engine.db.begin("first").await.unwrap();
        key::lock(&mut first).await.unwrap();
        let db = engine.db.clone();
        let second = tokio::spawn(async move {
            let mut second = db.begin("second").await.unwrap();
            key::lock(&mut second).await.unwrap();
            key::list(&mut second).await.unwrap().len()
        });
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!second.is_finished(), "{engine}");
        key::insert(&mut first, &a_key("a", 1)).await.unwrap();
        first.commit().await.unwrap();
        assert_eq!(second.await.unwrap(), 1, "{engine}");
    }
}
