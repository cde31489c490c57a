//! A database as one file, and back, also on the other engine.

use std::collections::BTreeSet;
use std::io::BufReader;

use lombard_store::backup::{self, Error};
use lombard_store::session::{self, Failures};
use lombard_store::{Options, Tx, grant, token};

use crate::engines::{self, Engine};
use crate::raw;
use crate::world::{self, a_code, an_access_token, at};

/// Something in most tables.
async fn fill(tx: &mut Tx) {
    world::consented(tx, 1).await;
    grant::insert_code(tx, &[0, 255, 1], &a_code(1)).await.unwrap();
    for n in 1..=3 {
        token::insert_access(tx, &an_access_token(n, (n < 3).then_some(1))).await.unwrap();
    }
    session::failures(tx, b"ann").await.unwrap();
    let run = Failures { failures: i64::MIN, locks: i64::MAX, locked_until: 0 };
    session::set_failures(tx, b"ann", run, at(1)).await.unwrap();
}

/// Both engines with something in them.
async fn filled() -> Vec<Engine> {
    let engines = world::peopled().await;
    for engine in &engines {
        let mut tx = engine.db.begin("test").await.unwrap();
        fill(&mut tx).await;
        tx.commit().await.unwrap();
    }
    engines
}

async fn written(engine: &Engine) -> Vec<u8> {
    let mut file = Vec::new();
    backup::write(&engine.db, &mut file).await.unwrap();
    file
}

/// The lines without the last, in an order of their own: engines give rows and columns in theirs.
fn content(file: &[u8]) -> BTreeSet<String> {
    let lines = std::str::from_utf8(file).unwrap().lines();
    lines.filter(|line| !line.starts_with("{\"end\"")).map(str::to_owned).collect()
}

/// An empty database of each engine: its schema, and not even a vault.
async fn empty() -> Vec<Engine> {
    let engines = engines::fresh().await;
    for engine in &engines {
        raw::execute(&engine.url, "DELETE FROM vault; DELETE FROM data_key; DELETE FROM master_key").await;
    }
    engines
}

async fn read(engine: &Engine, file: &[u8]) -> backup::Result<u64> {
    backup::read(&Options::parse(&engine.url).unwrap(), &mut BufReader::new(file)).await
}

#[tokio::test]
async fn what_is_written_by_either_engine_is_read_by_both() {
    for from in filled().await {
        let file = written(&from).await;
        for to in empty().await {
            let rows = read(&to, &file).await.unwrap();
            assert!(rows > 20, "{rows}");
            let counted: i64 = backup::rows(&to.db).await.unwrap().iter().map(|(_, rows)| rows).sum();
            assert_eq!(counted, i64::try_from(rows).unwrap(), "{to}");
            let again = written(&to).await;
            assert_eq!(content(&again), content(&file), "{from} to {to}");
        }
    }
}

#[tokio::test]
async fn a_database_that_is_not_empty_is_left_alone() {
    for engine in filled().await {
        let file = written(&engine).await;
        assert!(matches!(read(&engine, &file).await, Err(Error::NotEmpty("master_key"))), "{engine}");
        assert_eq!(written(&engine).await, file, "{engine}");
    }
}

#[tokio::test]
async fn a_file_that_was_cut_off_or_changed_is_not_taken() {
    let [source, _] = &filled().await[..] else { unreachable!() };
    let file = written(source).await;
    let text = String::from_utf8(file.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.last().unwrap();
    let without = |place: usize| [&lines[..place], &lines[place + 1..]].concat().join("\n") + "\n";
    let mut swapped = lines.clone();
    swapped.swap(2, 3);
    let bad = [
        String::new(),
        "\n".to_owned(),
        text[..text.len() - 1].to_owned(),
        text.replace(last, ""),
        without(2),
        without(lines.len() - 2),
        text.replacen("\"lombard_backup\":1", "\"lombard_backup\":2", 1),
        text.replacen("Ann", "Bob", 1) + "{}\n",
        format!("{text}{last}\n"),
        swapped.join("\n") + "\n",
        text.replacen("\"name\":\"customer\"", "\"name\":\"sqlite_schema\"", 1),
        text.replacen("\"username_index\"", "\"username_index) VALUES (1); --\"", 1),
        text.replacen("{\"x\":\"", "{\"x\":\"0", 1),
    ];
    for to in empty().await {
        for (place, bad) in bad.iter().enumerate() {
            let outcome = read(&to, bad.as_bytes()).await;
            assert!(matches!(outcome, Err(Error::Damaged(_))), "{to}: {place}: {outcome:?}");
        }
        let older = text.replacen("\"migrations\":", "\"migrations\":1", 1);
        assert!(matches!(read(&to, older.as_bytes()).await, Err(Error::Version { .. })), "{to}");
        assert!(read(&to, &file).await.is_ok(), "{to}: nothing of what was refused stayed");
    }
}

#[tokio::test]
async fn it_shows_one_moment_while_others_write() {
    for engine in filled().await {
        let before = written(&engine).await;
        let mut file = Slow { engine: &engine, bytes: Vec::new(), changed: false };
        backup::write(&engine.db, &mut file).await.unwrap();
        assert!(file.changed, "{engine}");
        assert_eq!(content(&file.bytes), content(&before), "{engine}");
        assert_ne!(content(&written(&engine).await), content(&before), "{engine}");
    }
}

/// A file on whose first line somebody else writes into the database.
struct Slow<'a> {
    engine: &'a Engine,
    bytes: Vec<u8>,
    changed: bool,
}

impl std::io::Write for Slow<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if !std::mem::replace(&mut self.changed, self.bytes.len() > 100) && self.changed {
            let url = self.engine.url.clone();
            let change = async move {
                raw::execute(&url, "UPDATE access_token SET revoked_at = 1").await;
                raw::execute(&url, "UPDATE client SET status = 'suspended'").await;
            };
            let changing = std::thread::spawn(|| tokio::runtime::Runtime::new().unwrap().block_on(change));
            changing.join().unwrap();
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn every_table_is_in_it() {
    let listed: BTreeSet<&str> = backup::TABLES.iter().copied().chain(["migration"]).collect();
    assert_eq!(listed.len(), backup::TABLES.len() + 1, "each once");
    let tables = [
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()",
    ];
    for (engine, tables) in engines::fresh().await.iter().zip(tables) {
        let there = raw::rows(&engine.url, tables).await;
        assert_eq!(there.iter().map(String::as_str).collect::<BTreeSet<_>>(), listed, "{engine}");
    }
}
