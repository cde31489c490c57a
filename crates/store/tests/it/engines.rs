//! Fresh databases for a test: one in a file, one in PostgreSQL. Both vanish when they are dropped.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use lombard_domain::random::Random;
use lombard_store::crypt::MasterKey;
use lombard_store::{Db, Options, migrate};

/// An open database with the newest schema and nothing in it.
pub(crate) struct Engine {
    /// The database.
    pub(crate) db: Db,
    /// `sqlite` or `postgres`, for messages.
    pub(crate) name: &'static str,
    /// How to reach the database.
    pub(crate) url: String,
    _home: Home,
}

enum Home {
    File { _dir: tempfile::TempDir },
    Server { _database: Database },
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.name, self.url)
    }
}

/// A fresh database of each engine.
pub(crate) async fn fresh() -> Vec<Engine> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = format!("sqlite://{}", dir.path().join("lombard.db").display());
    let (url, database) = Database::create().await;
    vec![
        Engine { db: open(&file).await, name: "sqlite", url: file, _home: Home::File { _dir: dir } },
        Engine { db: open(&url).await, name: "postgres", url, _home: Home::Server { _database: database } },
    ]
}

async fn open(url: &str) -> Db {
    let options = Options::parse(url).expect("an address").connections(4);
    migrate::run(&options).await.expect("migrations");
    Db::open(&options, &[MasterKey::new([7; 32])], || Box::new(Counted)).await.expect("the database")
}

/// Numbers that look random and never repeat within this process.
struct Counted;

impl Random for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        for chunk in bytes.chunks_mut(8) {
            let mut mixed = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            chunk.copy_from_slice(&mixed.to_be_bytes()[..chunk.len()]);
        }
    }
}

/// A database of its own on the PostgreSQL server that `LOMBARD_TEST_POSTGRES` names.
struct Database {
    server: String,
    name: String,
}

impl Database {
    async fn create() -> (String, Self) {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let server = std::env::var("LOMBARD_TEST_POSTGRES").expect(
            "set LOMBARD_TEST_POSTGRES to the address of a PostgreSQL server that may be filled with rubbish; `./test` starts one",
        );
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let program = std::env::current_exe().unwrap_or_default();
        let program = program.file_stem().and_then(|stem| stem.to_str()).unwrap_or("test").replace('-', "_");
        let name = format!("lombard_{program}_{}_{number}", std::process::id());
        run(&server, &format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        let (authority, _) = server.rsplit_once('/').expect("a database in LOMBARD_TEST_POSTGRES");
        (format!("{authority}/{name}"), Self { server, name })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (std::mem::take(&mut self.server), std::mem::take(&mut self.name));
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(run(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")));
        });
        drop(dropping.join());
    }
}

async fn run(server: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls)
        .await
        .expect("the PostgreSQL server of LOMBARD_TEST_POSTGRES answers");
    let connection = tokio::spawn(connection);
    client.batch_execute(sql).await.expect(sql);
    drop(client);
    drop(connection.await);
}
