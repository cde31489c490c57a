//! How many rows the tables of a bank have: what a test of growth looks at.

use std::collections::BTreeMap;

use rusqlite::Connection;
use tokio_postgres::{Client, NoTls};

use crate::TestBank;
use crate::bank::Home;

impl TestBank {
    /// How many rows each table has.
    pub async fn rows(&self) -> BTreeMap<String, i64> {
        match &self.home {
            Home::Sqlite { folder } => {
                let file = Connection::open(folder.path().join("bank.db")).expect("the bank's file");
                in_file(&file).expect("the tables")
            }
            Home::Postgres { database } => {
                let (client, connection) = tokio_postgres::connect(database.url(), NoTls).await.expect("the server");
                tokio::spawn(connection);
                on_server(&client).await.expect("the tables")
            }
        }
    }
}

fn in_file(file: &Connection) -> rusqlite::Result<BTreeMap<String, i64>> {
    let mut tables =
        file.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")?;
    let tables: Vec<String> = tables.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let count = |table: String| {
        let rows = file.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0))?;
        Ok((table, rows))
    };
    tables.into_iter().map(count).collect()
}

async fn on_server(client: &Client) -> Result<BTreeMap<String, i64>, tokio_postgres::Error> {
    let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()";
    let mut counts = BTreeMap::new();
    for row in client.query(tables, &[]).await? {
        let table: String = row.get(0);
        let rows = client.query_one(&format!("SELECT COUNT(*) FROM {table}"), &[]).await?.get(0);
        counts.insert(table, rows);
    }
    Ok(counts)
}
