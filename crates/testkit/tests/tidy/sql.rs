//! SQL: only in the store, every statement with its name, every migration for both engines.

use std::collections::BTreeMap;

use crate::{
    finding::Finding,
    source::{Piece, Source, is_word},
};

/// How statements begin. Upper case, as the house style writes keywords.
const STATEMENTS: [&str; 4] = ["SELECT", "INSERT INTO", "UPDATE", "DELETE FROM"];

/// The folder that holds one folder of migrations per engine.
pub(crate) const MIGRATIONS: &str = "crates/store/migrations";
/// The engines.
pub(crate) const ENGINES: [&str; 2] = ["sqlite", "postgres"];

/// SQL outside the store, and statements of the store without a name. Tests may write what they like.
pub(crate) fn statements(source: &Source) -> Vec<Finding> {
    let in_store = source.crate_name() == "store";
    let finding = |piece: &Piece| {
        let why = if !in_store && mentions_sql(&piece.text) {
            "SQL outside crates/store: only the store knows the tables"
        } else if in_store && is_statement(&piece.text) && !is_named(&piece.text) {
            "this statement does not begin with a line `-- noun::function`: slow-query logs and reviews need its name"
        } else {
            return None;
        };
        Some(Finding::new(&source.path, piece.line, why))
    };
    source.strings.iter().filter(|piece| !source.is_test(piece.line)).filter_map(finding).collect()
}

fn mentions_sql(text: &str) -> bool {
    STATEMENTS.iter().any(|keyword| {
        text.match_indices(keyword).any(|(at, _)| {
            let (before, rest) = text.split_at(at);
            let after = rest.strip_prefix(keyword).unwrap_or_default();
            !before.ends_with(is_word) && separates(after)
        })
    })
}

/// White space, also as an escape in a literal that is not raw.
fn separates(after: &str) -> bool {
    after.starts_with(char::is_whitespace) || after.starts_with("\\n") || after.starts_with("\\t")
}

/// True when the literal, its leading comment lines left out, begins like a statement.
fn is_statement(text: &str) -> bool {
    let mut rest = unindented(text);
    while rest.starts_with("--") {
        let Some(end) = rest.find('\n').into_iter().chain(rest.find("\\n")).min() else {
            return false;
        };
        rest = unindented(rest.get(end..).unwrap_or_default());
    }
    let begins = |keyword: &str| rest.strip_prefix(keyword).is_some_and(separates);
    STATEMENTS.iter().any(|keyword| begins(keyword)) || begins("WITH")
}

/// What stands first, after line ends and indentation, written out or as escapes.
fn unindented(text: &str) -> &str {
    let mut rest = text.trim_start();
    while let Some(after) = rest.strip_prefix("\\n").or_else(|| rest.strip_prefix('\\')) {
        rest = after.trim_start();
    }
    rest
}

/// `-- noun::function`, both lower case with `_`, alone on the first line.
fn is_named(text: &str) -> bool {
    let Some(name) = unindented(text).strip_prefix("-- ") else {
        return false;
    };
    let line = name.split('\n').next().and_then(|line| line.split("\\n").next()).unwrap_or_default();
    let words: Vec<_> = line.trim_end().split("::").collect();
    let lower = |word: &&str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    words.len() >= 2 && words.iter().all(lower)
}

/// Each engine's migrations (file names): the same numbers and names, each number once.
pub(crate) fn migrations(files: &BTreeMap<&str, Vec<String>>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (engine, names) in files {
        let folder = format!("{MIGRATIONS}/{engine}");
        if names.is_empty() {
            findings.push(Finding::new(&folder, 1, "no migration here: every engine needs all of them"));
        }
        let mut numbers = BTreeMap::new();
        for name in names {
            let path = format!("{folder}/{name}");
            let Some(number) = migration_number(name) else {
                findings.push(Finding::new(
                    &path,
                    1,
                    "a migration is called NUMBER_name.sql, so that its order is plain",
                ));
                continue;
            };
            if let Some(other) = numbers.insert(number, name) {
                findings.push(Finding::new(&path, 1, format!("has the number of {other}: the order would be chance")));
            }
            for (other, theirs) in files.iter().filter(|(_, theirs)| !theirs.contains(name)) {
                let why = format!(
                    "is missing for {other} ({} are there): both engines have the same migrations",
                    theirs.len()
                );
                findings.push(Finding::new(&path, 1, why));
            }
        }
    }
    findings
}

fn migration_number(name: &str) -> Option<u32> {
    let (number, words) = name.strip_suffix(".sql")?.split_once('_')?;
    if words.is_empty() {
        return None;
    }
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        statements(&Source::new(path, text)).iter().map(ToString::to_string).collect()
    }

    fn migrations_of(sqlite: &[&str], postgres: &[&str]) -> Vec<Finding> {
        let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect();
        migrations(&BTreeMap::from([("sqlite", names(sqlite)), ("postgres", names(postgres))]))
    }

    #[test]
    fn refuses_sql_outside_the_store() {
        for sql in ["SELECT 1", "INSERT INTO a", "x; UPDATE a SET", "DELETE FROM a", "-- a::b\nSELECT\n 1"] {
            let text = format!("\nlet q = r#\"{sql}\"#;");
            let list = found("crates/bank/src/a.rs", &text);
            assert_eq!(list.len(), 1, "{sql}");
            assert!(list[0].starts_with("crates/bank/src/a.rs:2: SQL outside"), "{list:?}");
        }
    }

    #[test]
    fn does_not_take_words_for_sql() {
        for text in ["please select one", "SELECTED", "RESELECT it", "an UPDATE", "DELETE /accounts"] {
            assert!(found("crates/bank/src/a.rs", &format!("x(\"{text}\")")).is_empty(), "{text}");
        }
        assert!(found("crates/bank/src/a.rs", "// SELECT a\n#[cfg(test)]\nmod tests { x(\"SELECT 1\"); }").is_empty());
    }

    #[test]
    fn lets_a_named_statement_pass() {
        for sql in [
            "-- consent::find\nSELECT 1",
            "\n        -- oauth::client::find\n        -- why\n        WITH a AS (SELECT 1) SELECT 2",
            "-- a::b\\nUPDATE a SET b = 1",
            "\\\n   -- a::b_2\n   DELETE FROM a",
            "PRAGMA user_version",
            "id, name",
        ] {
            assert!(found("crates/store/src/a.rs", &format!("x(\"{sql}\")")).is_empty(), "{sql}");
        }
    }

    #[test]
    fn refuses_a_statement_without_its_name() {
        for sql in [
            "SELECT 1",
            "\\\n   SELECT 1",
            "-- consent find\nSELECT 1",
            "-- consent::Find\nSELECT 1",
            "-- why\n-- a::b\nINSERT INTO a",
            "-- a::\\nDELETE FROM a",
            "WITH a AS (SELECT 1) SELECT 2",
            "UPDATE a SET b = 1",
        ] {
            let list = found("crates/store/src/a.rs", &format!("\nx(\"{sql}\")"));
            assert_eq!(list.len(), 1, "{sql}");
            assert!(list[0].starts_with("crates/store/src/a.rs:2: this statement"), "{list:?}");
        }
    }

    #[test]
    fn lets_equal_migrations_pass() {
        let names = ["0001_start.sql", "0002_consent.sql"];
        assert!(migrations_of(&names, &names).is_empty());
    }

    #[test]
    fn refuses_migrations_that_differ() {
        let missing = migrations_of(&["0001_a.sql", "0002_b.sql"], &["0001_a.sql"]);
        assert_eq!(missing.len(), 1);
        assert!(
            missing[0].to_string().starts_with("crates/store/migrations/sqlite/0002_b.sql:1: is missing for postgres")
        );
        assert_eq!(migrations_of(&["0001_a.sql"], &["0001_b.sql"]).len(), 2);
        assert_eq!(migrations_of(&["0001_a.sql"], &["0002_a.sql"]).len(), 2);
    }

    #[test]
    fn refuses_migrations_that_are_unordered_or_not_there() {
        assert_eq!(migrations_of(&[], &[]).len(), 2);
        let twice = ["0001_a.sql", "0001_b.sql"];
        assert_eq!(migrations_of(&twice, &twice).len(), 2);
        assert_eq!(migrations_of(&["start.sql"], &["start.sql"]).len(), 2);
    }
}
