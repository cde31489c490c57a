//! Every SQL statement in the source is prepared on both engines, and those that must be quick are explained by both.

use std::path::Path;

use crate::engines::{self, Engine};

/// A statement: its name, such as `customer::find`, and its text.
struct Statement {
    name: String,
    sql: String,
}

/// Every string literal in the source that begins with `-- noun::function`.
fn statements() -> Vec<Statement> {
    let mut found = Vec::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 20, "only {} statements were found", found.len());
    found
}

fn read(dir: &Path, found: &mut Vec<Statement>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            for rest in source.split("\"-- ").skip(1) {
                let sql = rest.split('"').next().unwrap();
                let name = sql.lines().next().unwrap().to_owned();
                found.push(Statement { name, sql: format!("-- {sql}") });
            }
        }
    }
}

fn statement(name: &str) -> String {
    let mut all = statements();
    let place = all.iter().position(|statement| statement.name == name);
    all.swap_remove(place.expect(name)).sql
}

async fn postgres(engine: &Engine) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(&engine.url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn sqlite(engine: &Engine) -> rusqlite::Connection {
    rusqlite::Connection::open(engine.url.strip_prefix("sqlite://").unwrap()).unwrap()
}

#[test]
fn every_statement_has_a_name_of_its_own() {
    let mut names: Vec<_> = statements().into_iter().map(|statement| statement.name).collect();
    names.sort_unstable();
    for pair in names.windows(2) {
        assert_ne!(pair[0], pair[1], "two statements have one name");
    }
    for name in names {
        assert!(name.split_once("::").is_some_and(|(noun, verb)| !noun.is_empty() && !verb.is_empty()), "{name}");
    }
}

#[tokio::test]
async fn both_engines_understand_every_statement() {
    let [file, server] = &engines::fresh().await[..] else { unreachable!() };
    let (file, server) = (sqlite(file), postgres(server).await);
    for Statement { name, sql } in statements() {
        let prepared = file.prepare(&sql).map_err(|error| format!("{name}: {error}")).unwrap();
        for number in 1..=prepared.parameter_count() {
            let expected = format!("${number}");
            assert_eq!(
                prepared.parameter_name(number),
                Some(expected.as_str()),
                "{name}: placeholders must be numbered in order of first appearance"
            );
        }
        let other = server.prepare(&sql).await.map_err(|error| format!("{name}: {error:?}")).unwrap();
        assert_eq!(other.params().len(), prepared.parameter_count(), "{name}");
        for kind in other.params() {
            let shared = ["text", "int8", "bytea"].contains(&kind.name());
            assert!(shared, "{name}: PostgreSQL takes a parameter for {kind}, which SQLite cannot give");
        }
    }
}

#[tokio::test]
async fn a_page_of_transactions_walks_its_index_and_sorts_nothing() {
    let [file, server] = &engines::fresh().await[..] else { unreachable!() };
    let (file, server) = (sqlite(file), postgres(server).await);
    server.batch_execute(FILL).await.unwrap();
    for name in ["transaction::older", "transaction::newer"] {
        let values = ["'acc_3'", "5", "0", "900000", "0", "-9000", "9000", "26"];
        let places = values.iter().enumerate().rev();
        let bare = places.fold(statement(name), |sql, (place, value)| sql.replace(&format!("${}", place + 1), value));
        let mut explained = file.prepare(&format!("EXPLAIN QUERY PLAN {bare}")).unwrap();
        let rows = explained.query_map([], |row| row.get(3)).unwrap();
        let plan = rows.map(Result::unwrap).collect::<Vec<String>>().join("\n");
        let condition = "(account_id=? AND (booked_at,sequence)>(?,?) AND (booked_at,sequence)<(?,?))";
        let expected = format!("account_transaction USING INDEX account_transaction_in_order {condition}");
        assert!(plan.contains(&expected), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");

        let rows = server.query(&format!("EXPLAIN {bare}"), &[]).await.unwrap();
        let plan = rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n");
        assert!(plan.contains("account_transaction_in_order on account_transaction"), "{plan}");
        let condition = "((account_id = 'acc_3'::text) AND (ROW(booked_at, sequence) > ROW(5, 0)) AND (ROW(booked_at, sequence) < ROW(900000, 0)))";
        assert!(plan.contains(&format!("Index Cond: {condition}")), "{plan}");
        assert!(!plan.contains("Sort"), "{plan}");
    }
}

/// Enough rows for PostgreSQL's planner to care.
const FILL: &str = "
    INSERT INTO account SELECT 'acc_' || n, 'a' || n, 'GBP', 'Personal', 'CurrentAccount', 'Enabled', '2020-01-01', NULL, 0, 0, 1, '', ''
        FROM generate_series(1, 5) AS n;
    INSERT INTO account_transaction SELECT 'txn_' || n, 't' || n, 'acc_' || (n % 5 + 1), n, 'booked', n, NULL, -n % 1000, NULL, NULL, 0, '', ''
        FROM generate_series(1, 20000) AS n;
    ANALYZE;
";
