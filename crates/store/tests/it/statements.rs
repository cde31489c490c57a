//! Every SQL statement in the source is prepared on both engines.

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
                // Of those that are made when they are needed, one.
                let made =
                    [("{table}", "migration"), ("{columns}", "number, name, digest"), ("{places}", "$1, $2, $3")];
                let sql = made.iter().fold(format!("-- {sql}"), |sql, (place, text)| sql.replace(place, text));
                found.push(Statement { name, sql });
            }
        }
    }
}

pub(crate) fn statement(name: &str) -> String {
    let mut all = statements();
    let place = all.iter().position(|statement| statement.name == name);
    all.swap_remove(place.expect(name)).sql
}

/// How SQLite runs a statement: it does not know the values of its parameters, in the server neither.
pub(crate) fn plan(file: &rusqlite::Connection, name: &str) -> String {
    let mut explained = file.prepare(&format!("EXPLAIN QUERY PLAN {}", statement(name))).unwrap();
    let mut rows = explained.raw_query();
    let mut plan = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        plan.push(row.get::<_, String>(3).unwrap());
    }
    plan.join("\n")
}

pub(crate) async fn postgres(engine: &Engine) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(&engine.url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

pub(crate) fn sqlite(engine: &Engine) -> rusqlite::Connection {
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
