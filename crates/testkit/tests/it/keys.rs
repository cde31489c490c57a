//! The first keys of a database: one for each algorithm, however many nodes start, and none at any later start.

use std::path::PathBuf;

use lombard_auth::jose::{Alg, SigningKey};
use lombard_auth::keys::KeyRing;
use lombard_domain::random::Random;
use lombard_domain::time::Instant;
use lombard_store::crypt::MasterKey;
use lombard_store::key::{self, StoredKey};
use lombard_store::{Db, Options, migrate};
use lombard_testkit::{Engine, SeededRandom, postgres};

/// An empty database with the newest schema.
struct Empty {
    options: Options,
    _file: tempfile::TempDir,
    _server: Option<postgres::TestDatabase>,
}

impl Empty {
    async fn on(engine: Engine) -> Self {
        let file = tempfile::tempdir().unwrap();
        let path: PathBuf = file.path().join("bank.db");
        let (options, server) = match engine {
            Engine::Sqlite => (Options::file(path), None),
            Engine::Postgres => {
                let server = postgres::fresh_database().await;
                (Options::parse(server.url()).unwrap().connections(4), Some(server))
            }
        };
        migrate::run(&options).await.unwrap();
        Self { options, _file: file, _server: server }
    }

    /// The database as one node holds it.
    async fn node(&self) -> Db {
        let random: fn() -> Box<dyn Random> = || Box::new(SeededRandom::new(1));
        Db::open(&self.options, &[MasterKey::new([7; 32])], random).await.unwrap()
    }
}

fn at(seconds: i64) -> Instant {
    Instant::from_seconds(seconds)
}

async fn add(db: &Db, alg: Alg, from: i64) {
    let key = tokio::task::spawn_blocking(move || SigningKey::generate(alg)).await.unwrap().unwrap();
    let stored = StoredKey {
        kid: key.kid().to_owned(),
        alg: alg.name().to_owned(),
        public_jwk: key.public().to_json().to_string(),
        private: key.to_pkcs8().unwrap(),
        created_at: at(from),
        active_from: at(from),
    };
    let mut tx = db.begin("test").await.unwrap();
    key::insert(&mut tx, &stored).await.unwrap();
    tx.commit().await.unwrap();
}

/// What is stored: algorithm, and since when it is published and signs.
async fn stored(db: &Db) -> Vec<(String, Instant, Instant)> {
    let keys = key::list(&mut db.read().await.unwrap()).await.unwrap();
    let mut found: Vec<_> = keys.into_iter().map(|key| (key.alg, key.created_at, key.active_from)).collect();
    found.sort_unstable_by_key(|(alg, _, from)| (alg.clone(), *from));
    found
}

/// The names of the published keys; no two are the same.
fn kids(ring: &KeyRing, now: i64) -> Vec<String> {
    let mut kids: Vec<_> = ring.published(at(now)).keys().iter().map(|key| key.kid().unwrap().to_owned()).collect();
    kids.sort_unstable();
    let all = kids.len();
    kids.dedup();
    assert_eq!(kids.len(), all, "two published keys share a name");
    kids
}

#[tokio::test]
async fn the_first_start_makes_one_key_for_each_algorithm_and_the_next_none() {
    for engine in Engine::ALL {
        let home = Empty::on(engine).await;
        let db = home.node().await;
        let ring = KeyRing::load(&db, at(100)).await.unwrap();
        let first = stored(&db).await;
        let expected = ["ES256", "EdDSA", "PS256"].map(|alg| (alg.to_owned(), at(100), at(100)));
        assert_eq!(first, expected, "{engine:?}");
        for alg in Alg::ALL {
            assert!(ring.sign(alg, "t", &(), at(100)).is_ok(), "{engine:?} {alg}");
        }
        let kids_before = kids(&ring, 100);
        assert_eq!(kids_before.len(), 3);

        let statements = db.statements();
        let again = KeyRing::load(&db, at(200)).await.unwrap();
        assert_eq!(db.statements() - statements, 2, "only read");
        assert_eq!((stored(&db).await, kids(&again, 200)), (first, kids_before), "{engine:?}");
    }
}

#[tokio::test]
async fn a_database_with_keys_for_es256_only_gets_the_others_which_sign_at_once() {
    for engine in Engine::ALL {
        let home = Empty::on(engine).await;
        let db = home.node().await;
        for from in [100, 900] {
            add(&db, Alg::Es256, from).await;
        }
        let ring = KeyRing::load(&db, at(1_000)).await.unwrap();
        let expected = [("ES256", 100), ("ES256", 900), ("EdDSA", 1_000), ("PS256", 1_000)];
        let expected = expected.map(|(alg, from)| (alg.to_owned(), at(from), at(from)));
        assert_eq!(stored(&db).await, expected, "{engine:?}");
        assert_eq!(kids(&ring, 1_000).len(), 4);
        for alg in Alg::ALL {
            assert!(ring.sign(alg, "t", &(), at(1_000)).is_ok(), "{engine:?} {alg}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_at_once_make_one_key_for_each_algorithm_between_them() {
    for engine in Engine::ALL {
        // With an RSA key that is there already all nodes come to the same point at the same time; without it one comes first.
        for ready in [&[Alg::Ps256][..], &[]] {
            let home = Empty::on(engine).await;
            for alg in ready {
                add(&home.node().await, *alg, 0).await;
            }
            let mut nodes = Vec::new();
            for _ in 0..if ready.is_empty() { 2 } else { 8 } {
                nodes.push(home.node().await);
            }
            let starts: Vec<_> = nodes
                .iter()
                .cloned()
                .map(|db| tokio::spawn(async move { kids(&KeyRing::load(&db, at(100)).await.unwrap(), 100) }))
                .collect();
            let mut published = Vec::new();
            for start in starts {
                published.push(start.await.unwrap());
            }
            assert_eq!(published[0].len(), 3, "{engine:?}");
            assert!(published.iter().all(|kids| *kids == published[0]), "{engine:?}: all nodes have the same keys");
            assert_eq!(stored(&nodes[0]).await.len(), 3, "{engine:?}");
        }
    }
}
