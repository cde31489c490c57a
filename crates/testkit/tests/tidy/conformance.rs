//! The tables of conformance: every clause has a row, and the files and tests that a row names exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::finding::Finding;
use crate::source::Source;

/// The table of FAPI, from the workspace root.
pub(crate) const TABLE: &str = "docs/conformance.md";

/// The table of UK Open Banking, to which that one leads.
const UK_TABLE: &str = "docs/conformance-uk.md";

/// The clauses that must have a row, as they are numbered in the tables: how many there are of each kind.
const CLAUSES: [(&str, &str, u8); 15] = [
    (TABLE, "SP-N", 10),
    (TABLE, "SP-A", 14),
    (TABLE, "SP-E", 13),
    (TABLE, "SP-R", 5),
    (TABLE, "SP-C", 7),
    (TABLE, "MS-", 8),
    (UK_TABLE, "UK-C", 21),
    (UK_TABLE, "UK-P", 9),
    (UK_TABLE, "UK-R", 12),
    (UK_TABLE, "UK-S", 7),
    (UK_TABLE, "UK-L", 5),
    (UK_TABLE, "UK-H", 5),
    (UK_TABLE, "UK-E", 5),
    (UK_TABLE, "UK-F", 10),
    (UK_TABLE, "UK-N", 14),
];

/// What stands in the column of tests where there is none, with the reason behind it.
const NO_TEST: &str = "—";

/// Everything that is wrong with the tables; the text is that of the first.
pub(crate) fn check(text: &str, root: &Path, sources: &[Source]) -> Vec<Finding> {
    // Without the second, all of its clauses are missing.
    let uk = fs::read_to_string(root.join(UK_TABLE)).unwrap_or_default();
    let rows: Vec<Row<'_>> = Row::all(TABLE, text).chain(Row::all(UK_TABLE, &uk)).collect();
    let known: BTreeSet<_> = rows.iter().map(|row| (row.table, row.clause)).collect();
    let missing = clauses().filter(|(table, clause)| !known.contains(&(*table, clause.as_str())));
    let mut findings: Vec<Finding> =
        missing.map(|(table, clause)| Finding::new(table, 1, format!("{clause} has no row"))).collect();
    for row in &rows {
        for file in row.files.split(", ").map(|name| name.trim_matches('`')) {
            if file.is_empty() || !root.join(file).exists() {
                findings.push(row.finding(&format!("there is no file {file}")));
            }
        }
        findings.extend(row.tests_missing(sources));
    }
    findings
}

fn clauses() -> impl Iterator<Item = (&'static str, String)> {
    let numbered = |(table, kind, count)| (1..=count).map(move |number| (table, format!("{kind}{number}")));
    CLAUSES.into_iter().flat_map(numbered)
}

/// One row: the clause, what it says, the files that keep it, the tests that would fail without it.
struct Row<'a> {
    table: &'static str,
    line: usize,
    clause: &'a str,
    files: &'a str,
    tests: &'a str,
}

impl<'a> Row<'a> {
    fn all(table: &'static str, text: &'a str) -> impl Iterator<Item = Self> {
        text.lines().enumerate().filter_map(move |(index, line)| Self::read(table, index + 1, line))
    }

    fn read(table: &'static str, line: usize, text: &'a str) -> Option<Self> {
        let mut cells = text.strip_prefix('|')?.strip_suffix('|')?.split(" | ").map(str::trim);
        let (clause, _, files, tests) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
        let numbered = clause.chars().any(|c| c.is_ascii_digit()) && clause.contains('-');
        numbered.then_some(Self { table, line, clause, files, tests })
    }

    fn finding(&self, why: &str) -> Finding {
        Finding::new(self.table, self.line, format!("{}: {why}", self.clause))
    }

    /// A test is named by its file and its function: `par::a_pushed_request_expires` or, deeper, `fapi::story::…`.
    fn tests_missing(&self, sources: &[Source]) -> Vec<Finding> {
        if self.tests.starts_with(NO_TEST) {
            return if self.tests.len() > NO_TEST.len() + 10 {
                Vec::new()
            } else {
                vec![self.finding("say why there is no test")]
            };
        }
        let names = self.tests.split(", ").map(|name| name.trim_matches('`'));
        let absent = names.filter(|name| !exists(name, sources));
        absent.map(|name| self.finding(&format!("there is no test {name}"))).collect()
    }
}

fn exists(name: &str, sources: &[Source]) -> bool {
    let Some((path, function)) = name.rsplit_once("::") else { return false };
    let module = path.replace("::", "/");
    let declared = format!("fn {function}(");
    sources.iter().any(|source| {
        let stem = source.path.trim_end_matches(".rs").trim_end_matches("/mod").trim_end_matches("/tests");
        stem.ends_with(&format!("/{module}")) && source.code.contains(&declared)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "| SP-N1 | TLS only | `Cargo.toml` | `par::a_pushed_request_expires` |";

    fn found(text: &str) -> Vec<String> {
        let source = Source::new("crates/testkit/tests/it/par.rs", "//! x\nasync fn a_pushed_request_expires() {}");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let all = check(text, root, &[source]).iter().map(ToString::to_string).collect::<Vec<_>>();
        all.into_iter().filter(|line| !line.contains("has no row")).collect()
    }

    #[test]
    fn sees_missing_clauses_files_and_tests() {
        assert_eq!(found(TEXT), [""; 0]);
        assert_eq!(check("", Path::new("."), &[]).len(), clauses().count(), "every clause must have a row");
        assert!(clauses().count() > 120);
        assert_eq!(found(&TEXT.replace("Cargo.toml", "Nothing.toml")).len(), 1);
        assert_eq!(found(&TEXT.replace("par::a_", "par::b_")).len(), 1);
        assert_eq!(found(&TEXT.replace("par::", "rap::")).len(), 1);
        assert_eq!(found(&TEXT.replace("`par::a_pushed_request_expires`", "—")).len(), 1);
        assert_eq!(found(&TEXT.replace("`par::a_pushed_request_expires`", "— the operating system's")).len(), 0);
    }
}
