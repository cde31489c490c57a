//! The schema: applied once, checked afterwards, the same on both engines.

use std::collections::BTreeSet;

use lombard_store::{Error, Options, migrate};

use crate::database::open;
use crate::engines::{self, Engine};
use crate::{raw, world};

/// The address of a database that is as empty as a new one, beside or in place of an engine's own.
async fn blank(engine: &Engine) -> String {
    if raw::path(&engine.url).is_some() {
        return format!("{}.blank", engine.url);
    }
    raw::execute(&engine.url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public").await;
    engine.url.clone()
}

async fn run(url: &str) -> lombard_store::Result<Vec<&'static str>> {
    migrate::run(&Options::parse(url).unwrap()).await
}

#[tokio::test]
async fn every_step_is_applied_once() {
    for engine in engines::fresh().await {
        let url = blank(&engine).await;
        let steps = run(&url).await.unwrap();
        assert!(steps.len() >= 3 && steps.is_sorted(), "{steps:?}");
        assert!(run(&url).await.unwrap().is_empty(), "{engine}: nothing is left to do");
        let recorded = raw::rows(&url, "SELECT name FROM migration ORDER BY number").await;
        assert_eq!(recorded, steps, "{engine}");
        open(&url, &[7]).await.unwrap();
    }
}

#[tokio::test]
async fn running_again_keeps_what_is_there() {
    for engine in world::peopled().await {
        let count = "SELECT COUNT(*) FROM client";
        let before = raw::rows(&engine.url, count).await;
        run(&engine.url).await.unwrap();
        assert_eq!(raw::rows(&engine.url, count).await, before, "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_one_of_many_nodes_migrates() {
    for engine in engines::fresh().await {
        let url = blank(&engine).await;
        let nodes = world::race(&engine.db, |_| {
            let url = url.clone();
            async move { run(&url).await.map(|steps| steps.len()) }
        });
        let nodes = nodes.await;
        assert_eq!(nodes.iter().filter(|steps| **steps > 0).count(), 1, "{engine}: {nodes:?}");
        open(&url, &[7]).await.unwrap();
    }
}

#[tokio::test]
async fn a_step_that_was_another_text_is_refused() {
    for engine in engines::fresh().await {
        raw::execute(&engine.url, "UPDATE migration SET digest = 'ab' WHERE number = 2").await;
        assert!(matches!(run(&engine.url).await, Err(Error::Corrupt(_))), "{engine}");
    }
}

#[tokio::test]
async fn a_database_without_a_schema_is_not_opened() {
    for engine in engines::fresh().await {
        let url = blank(&engine).await;
        let outcome = open(&url, &[7]).await.err();
        assert!(matches!(outcome, Some(Error::Schema { found: 0, needed: 3.. })), "{engine}: {outcome:?}");
        run(&url).await.unwrap();
        open(&url, &[7]).await.unwrap();
    }
}

#[tokio::test]
async fn an_older_schema_is_not_opened() {
    for engine in engines::fresh().await {
        raw::execute(&engine.url, "DELETE FROM migration WHERE number = (SELECT MAX(number) FROM migration)").await;
        let outcome = open(&engine.url, &[7]).await.err();
        assert!(matches!(outcome, Some(Error::Schema { found, needed }) if found < needed), "{engine}: {outcome:?}");
        assert!(matches!(engine.db.ping().await, Err(Error::Schema { .. })), "{engine}: a running node notices");
    }
}

#[tokio::test]
async fn a_newer_schema_is_neither_opened_nor_touched() {
    for engine in engines::fresh().await {
        raw::execute(&engine.url, "INSERT INTO migration (number, name, digest) VALUES (900, 'later', 'ab')").await;
        for outcome in [run(&engine.url).await.err(), open(&engine.url, &[7]).await.err()] {
            assert!(matches!(outcome, Some(Error::Schema { found: 900, .. })), "{engine}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn a_step_that_fails_leaves_nothing() {
    for engine in engines::fresh().await {
        let url = blank(&engine).await;
        // The last steps need a name that is taken.
        raw::execute(&url, "CREATE TABLE audit (id TEXT)").await;
        assert!(run(&url).await.is_err(), "{engine}");
        assert_eq!(tables(&url).await, BTreeSet::from(["audit".to_owned()]), "{engine}");
    }
}

async fn tables(url: &str) -> BTreeSet<String> {
    let sql = if raw::path(url).is_some() {
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    } else {
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    };
    raw::rows(url, sql).await.into_iter().collect()
}

/// Both engines answer one question about the schema alike.
async fn alike(sqlite: &str, postgres: &str, at_least: usize) {
    let [file, server] = &engines::fresh().await[..] else { unreachable!() };
    let file: BTreeSet<_> = raw::rows(&file.url, sqlite).await.into_iter().collect();
    let server: BTreeSet<_> = raw::rows(&server.url, postgres).await.into_iter().collect();
    assert_eq!(file, server);
    assert!(file.len() >= at_least, "{file:?}");
}

#[tokio::test]
async fn both_engines_have_the_same_tables() {
    let [file, server] = &engines::fresh().await[..] else { unreachable!() };
    let tables = tables(&file.url).await;
    assert!(tables.len() > 10, "{tables:?}");
    assert_eq!(tables, self::tables(&server.url).await);
}

#[tokio::test]
async fn both_engines_have_the_same_columns_in_the_same_order() {
    alike(
        "SELECT m.name, c.cid + 1, c.name, CASE c.type WHEN 'BIGINT' THEN 'INTEGER' ELSE c.type END,
            CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN 'NO' ELSE 'YES' END
        FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_stat%'",
        "SELECT table_name, ordinal_position, column_name,
            CASE data_type WHEN 'bigint' THEN 'INTEGER' WHEN 'bytea' THEN 'BLOB' ELSE upper(data_type) END, is_nullable
        FROM information_schema.columns WHERE table_schema = 'public'",
        80,
    )
    .await;
}

#[tokio::test]
async fn both_engines_have_the_same_keys_and_indexes() {
    alike(
        "SELECT m.name, l.\"unique\",
            (SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno))
        FROM sqlite_schema m, pragma_index_list(m.name) l WHERE m.type = 'table'
        UNION SELECT m.name, 1, t.name FROM sqlite_schema m, pragma_table_info(m.name) t
        WHERE m.type = 'table' AND t.type = 'INTEGER' AND t.pk = 1
            AND (SELECT MAX(pk) FROM pragma_table_info(m.name)) = 1",
        "SELECT i.indrelid::regclass, i.indisunique::int,
            (SELECT string_agg(a.attname, ',' ORDER BY k.place)
            FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (number, place)
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number)
        FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid WHERE t.relnamespace = 'public'::regnamespace",
        20,
    )
    .await;
}

#[tokio::test]
async fn both_engines_have_the_same_references() {
    alike(
        "SELECT m.name, f.\"from\", f.\"table\", f.\"to\" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f
        WHERE m.type = 'table'",
        "SELECT c.conrelid::regclass, a.attname, c.confrelid::regclass, b.attname
        FROM pg_constraint c
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]
        WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace",
        10,
    )
    .await;
}
