//! Transactions, the master key, and what can be read in the files of a database without it.

use lombard_domain::party::Customer;
use lombard_domain::random::Random;
use lombard_domain::secret::Secret;
use lombard_store::crypt::MasterKey;
use lombard_store::key::{self, StoredKey};
use lombard_store::{Db, Error, Index, Options, client, customer};

use crate::engines::{self, Engine};
use crate::raw;
use crate::world::{self, a_customer, an_app, app, at, customer as id, text};

pub(crate) struct Chance;

impl Random for Chance {
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).unwrap();
    }
}

/// Opens a database a second time. The first master key is that of [`engines::fresh`].
pub(crate) async fn open(url: &str, masters: &[u8]) -> lombard_store::Result<Db> {
    let masters: Vec<_> = masters.iter().map(|byte| MasterKey::new([*byte; 32])).collect();
    Db::open(&Options::parse(url)?, &masters, || Box::new(Chance)).await
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("dropped").await.unwrap();
        client::insert(&mut tx, &an_app(1)).await.unwrap();
        assert!(client::find(&mut tx, app(1)).await.unwrap().is_some(), "{engine}: it sees its own changes");
        let mut read = engine.db.read().await.unwrap();
        assert!(client::find(&mut read, app(1)).await.unwrap().is_none(), "{engine}: nobody else does");
        drop(tx);
        assert!(client::find(&mut read, app(1)).await.unwrap().is_none(), "{engine}");
        let mut next = engine.db.begin("next").await.unwrap();
        client::insert(&mut next, &an_app(1)).await.unwrap();
        next.commit().await.unwrap();
        assert!(client::find(&mut read, app(1)).await.unwrap().is_some(), "{engine}: the next one is not in its way");
    }
}

#[tokio::test]
async fn a_cancelled_task_leaves_nothing_and_its_connection_can_be_used() {
    for engine in engines::fresh().await {
        for _ in 0..10 {
            let db = engine.db.clone();
            let (begun, waiting) = tokio::sync::oneshot::channel();
            let task = tokio::spawn(async move {
                let mut tx = db.begin("cancelled").await.unwrap();
                client::insert(&mut tx, &an_app(1)).await.unwrap();
                begun.send(()).unwrap();
                std::future::pending::<()>().await;
            });
            waiting.await.unwrap();
            task.abort();
            assert!(task.await.is_err_and(|error| error.is_cancelled()));
        }
        let mut tx = engine.db.begin("after").await.unwrap();
        assert!(client::list(&mut tx, None, 9).await.unwrap().is_empty(), "{engine}");
    }
}

#[tokio::test]
async fn what_was_committed_is_there_when_the_database_is_opened_again() {
    for engine in world::peopled().await {
        let again = open(&engine.url, &[7]).await.unwrap();
        again.ping().await.unwrap();
        let mut read = again.read().await.unwrap();
        assert_eq!(client::find(&mut read, app(1)).await.unwrap().unwrap().client, an_app(1).client, "{engine}");
        assert!(customer::find(&mut read, id(1)).await.unwrap().unwrap() == a_customer(1), "{engine}");
        read.commit().await.unwrap();
        let digest = |db: &Db| db.vault().digest(Index::Pairwise, &[b"Ann"]);
        assert_eq!(digest(&again), digest(&engine.db), "{engine}: customers keep their names for each app");
    }
}

#[tokio::test]
async fn each_database_digests_differently() {
    let mut seen = Vec::new();
    for engine in engines::fresh().await.into_iter().chain(engines::fresh().await) {
        let digest = engine.db.vault().digest(Index::Pairwise, &[b"Ann"]);
        assert!(!seen.contains(&digest), "{engine}");
        seen.push(digest);
    }
}

#[tokio::test]
async fn another_master_key_opens_nothing() {
    for engine in world::peopled().await {
        for masters in [&[8][..], &[8, 9], &[]] {
            let outcome = open(&engine.url, masters).await.err();
            assert!(matches!(outcome, Some(Error::WrongMasterKey)), "{masters:?} on {engine}: {outcome:?}");
        }
        open(&engine.url, &[7]).await.unwrap();
    }
}

#[tokio::test]
async fn no_personal_field_and_no_secret_is_stored_in_plain() {
    let secrets = [
        ("user name", &b"quincunx-7"[..]),
        ("name", b"Wilhelmina Zebedee"),
        ("birth date", b"1931-07-19"),
        ("e-mail address", b"w.zebedee@mail.example"),
        ("second factor", b"totp-secret-in-plain"),
        ("private key", b"private-key-in-plain"),
    ];
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let someone = Customer {
            username: lombard_domain::party::Username::new("quincunx-7").unwrap(),
            full_name: text("Wilhelmina Zebedee"),
            birth_date: lombard_domain::time::Date::new(1931, 7, 19),
            email: Some(text("w.zebedee@mail.example")),
            source: text("core-id-in-plain"),
            ..a_customer(1)
        };
        customer::add_missing(&mut tx, &[someone]).await.unwrap();
        customer::set_totp(&mut tx, id(1), &Secret::new(b"totp-secret-in-plain".to_vec())).await.unwrap();
        let key = StoredKey {
            kid: "k".to_owned(),
            alg: "PS256".to_owned(),
            public_jwk: "{}".to_owned(),
            private: Secret::new(b"private-key-in-plain".repeat(40)),
            created_at: at(0),
            active_from: at(0),
        };
        key::insert(&mut tx, &key).await.unwrap();
        tx.commit().await.unwrap();
        let stored = everything(&engine).await;
        assert!(holds(&stored, b"core-id-in-plain"), "{engine}: what is not sealed can be found this way");
        for (what, secret) in secrets {
            assert!(!holds(&stored, secret), "{engine}: the {what} can be read");
        }
    }
}

/// Every byte of the files of an embedded database; every row of every table of the other, bytes in hexadecimal.
async fn everything(engine: &Engine) -> Vec<u8> {
    if let Some(path) = raw::path(&engine.url) {
        let files = ["", "-wal", "-shm"].map(|end| std::fs::read(format!("{path}{end}")).unwrap());
        return files.concat();
    }
    let tables =
        raw::rows(&engine.url, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'");
    let mut stored = String::new();
    for table in tables.await {
        for row in raw::rows(&engine.url, &format!("SELECT row_to_json(t)::text FROM {table} AS t")).await {
            stored.push_str(&row);
        }
    }
    stored.into_bytes()
}

fn holds(stored: &[u8], secret: &[u8]) -> bool {
    let hex = raw::hex(secret);
    let any = |needle: &[u8]| stored.windows(needle.len()).any(|window| window == needle);
    any(secret) || any(hex.as_bytes())
}

#[tokio::test]
async fn only_its_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let engines = world::peopled().await;
    let path = raw::path(&engines[0].url).unwrap();
    for end in ["", "-wal", "-shm"] {
        let mode = std::fs::metadata(format!("{path}{end}")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{end}");
    }
}

#[test]
fn an_address_says_which_engine() {
    assert!(Options::parse("sqlite:///var/lib/lombard.db").unwrap().is_embedded());
    for server in ["postgres://bank@db/lombard", "postgresql://db/lombard"] {
        assert!(!Options::parse(server).unwrap().is_embedded());
    }
    for bad in ["", "sqlite://", "sqlite:/x", "mysql://db", "/var/lib/lombard.db", "POSTGRES://db"] {
        assert!(matches!(Options::parse(bad), Err(Error::Url(_))), "{bad}");
    }
}

#[tokio::test]
async fn tls_that_cannot_be_verified_is_refused() {
    let outcome = open("postgres://127.0.0.1:1/x?sslmode=require", &[7]).await.err();
    assert!(matches!(outcome, Some(Error::Url(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_transaction_in_which_a_statement_failed_is_not_committed() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("failing").await.unwrap();
        client::insert(&mut tx, &an_app(1)).await.unwrap();
        assert!(matches!(client::insert(&mut tx, &an_app(1)).await, Err(Error::Conflict(_))), "{engine}");
        assert!(matches!(tx.commit().await, Err(Error::Aborted)), "{engine}: nobody may believe that it was");
        let mut read = engine.db.read().await.unwrap();
        assert!(client::find(&mut read, app(1)).await.unwrap().is_none(), "{engine}");
    }
}

#[tokio::test]
async fn a_connection_for_reading_cannot_write() {
    for engine in engines::fresh().await {
        let mut read = engine.db.read().await.unwrap();
        assert!(client::insert(&mut read, &an_app(1)).await.is_err(), "{engine}");
        let mut again = engine.db.read().await.unwrap();
        assert!(client::find(&mut again, app(1)).await.unwrap().is_none(), "{engine}");
    }
}
