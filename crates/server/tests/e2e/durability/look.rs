//! A look into the database that a crash left, on either engine: one moment of it, whatever goes on meanwhile.

use lombard_domain::audit::Line;
use rusqlite::Connection;
use tokio_postgres::{Client, NoTls};

use crate::story::Sandbox;

/// The database as it was at a moment; `record` has the entries that are chained and those that are not yet.
pub(crate) struct Look {
    database: Database,
}

enum Database {
    Sqlite(Box<Connection>),
    Postgres(Client),
}

impl Look {
    /// Looks into the database of a sandbox, whether it runs or not.
    pub(crate) async fn into(sandbox: &Sandbox) -> Self {
        let database = match sandbox.database() {
            None => Database::Sqlite(Box::new(Connection::open(sandbox.folder().join("bank.db")).unwrap())),
            Some(url) => {
                let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
                tokio::spawn(connection);
                Database::Postgres(client)
            }
        };
        let begin = match &database {
            Database::Sqlite(_) => "BEGIN",
            Database::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ",
        };
        let look = Self { database };
        look.run(begin).await;
        look.run(&format!("CREATE TEMP TABLE record AS SELECT {COLUMNS} FROM audit")).await;
        for packed in look.waiting().await {
            let mut rest = &packed[..];
            while let Some((length, more)) = rest.split_first_chunk() {
                let (entry, more) = more.split_at(usize::try_from(u32::from_be_bytes(*length)).unwrap());
                look.add(&Line::decode(entry).unwrap()).await;
                rest = &more[KEYED_DIGEST..];
            }
        }
        look
    }

    /// The first column of each row.
    pub(crate) async fn texts(&self, query: &str) -> Vec<String> {
        match &self.database {
            Database::Sqlite(database) => texts(database, query),
            Database::Postgres(database) => {
                let rows = database.query(query, &[]).await.expect(query);
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// What the engine itself finds wrong; PostgreSQL looks after that without being asked.
    pub(crate) fn faults(&self) -> Vec<String> {
        let Database::Sqlite(database) = &self.database else { return Vec::new() };
        let mut faults = texts(database, "PRAGMA integrity_check");
        faults.retain(|found| found != "ok");
        faults.extend(texts(database, "SELECT \"table\" FROM pragma_foreign_key_check"));
        faults
    }

    async fn run(&self, statement: &str) {
        match &self.database {
            Database::Sqlite(database) => database.execute_batch(statement).expect(statement),
            Database::Postgres(database) => database.batch_execute(statement).await.expect(statement),
        }
    }

    /// The rows of the inbox.
    async fn waiting(&self) -> Vec<Vec<u8>> {
        let query = "SELECT packed FROM audit_inbox";
        match &self.database {
            Database::Sqlite(database) => {
                let mut statement = database.prepare(query).unwrap();
                let rows = statement.query_map([], |row| row.get(0)).unwrap();
                rows.map(Result::unwrap).collect()
            }
            Database::Postgres(database) => {
                let rows = database.query(query, &[]).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    async fn add(&self, line: &Line) {
        let insert = format!("INSERT INTO record ({COLUMNS}) VALUES ($1, $2, $3, $4)");
        let Line { event, client, consent, interaction, .. } = line;
        match &self.database {
            Database::Sqlite(database) => {
                database.execute(&insert, (event, client, consent, interaction)).map(drop).unwrap()
            }
            Database::Postgres(database) => {
                database.execute(&insert, &[event, client, consent, interaction]).await.map(drop).unwrap();
            }
        }
    }
}

fn texts(database: &Connection, query: &str) -> Vec<String> {
    let mut statement = database.prepare(query).expect(query);
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// What is looked at of an entry.
const COLUMNS: &str = "event, client_id, consent_id, interaction";
/// Bytes behind each entry of the inbox.
const KEYED_DIGEST: usize = 32;
