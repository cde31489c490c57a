//! The table of conformance: every clause has a row, and the files and tests that a row names exist.

use std::collections::BTreeSet;
use std::path::Path;

use crate::finding::Finding;
use crate::source::Source;

/// The table, from the workspace root.
pub(crate) const TABLE: &str = "docs/conformance.md";

/// The clauses that must have a row: FAPI 2.0 Security Profile and Message Signing, as they are numbered in the table.
const CLAUSES: [(&str, std::ops::RangeInclusive<u8>); 6] =
    [("SP-N", 1..=10), ("SP-A", 1..=14), ("SP-E", 1..=13), ("SP-R", 1..=5), ("SP-C", 1..=7), ("MS-", 1..=8)];

/// What stands in the column of tests where there is none, with the reason behind it.
const NO_TEST: &str = "—";

/// Everything that is wrong with the table.
pub(crate) fn check(text: &str, root: &Path, sources: &[Source]) -> Vec<Finding> {
    let rows: Vec<Row<'_>> = text.lines().enumerate().filter_map(|(index, line)| Row::read(index + 1, line)).collect();
    let known: BTreeSet<&str> = rows.iter().map(|row| row.clause).collect();
    let missing = clauses().filter(|clause| !known.contains(clause.as_str()));
    let mut findings: Vec<Finding> =
        missing.map(|clause| Finding::new(TABLE, 1, format!("{clause} has no row"))).collect();
    for row in &rows {
        for file in row.files.split(", ").map(|name| name.trim_matches('`')) {
            if file.is_empty() || !root.join(file).exists() {
                findings.push(Finding::new(TABLE, row.line, format!("{}: there is no file {file}", row.clause)));
            }
        }
        findings.extend(row.tests_missing(sources));
    }
    findings
}

fn clauses() -> impl Iterator<Item = String> {
    CLAUSES.into_iter().flat_map(|(prefix, numbers)| numbers.map(move |number| format!("{prefix}{number}")))
}

/// One row: the clause, what it says, the files that keep it, the tests that would fail without it.
struct Row<'a> {
    line: usize,
    clause: &'a str,
    files: &'a str,
    tests: &'a str,
}

impl<'a> Row<'a> {
    fn read(line: usize, text: &'a str) -> Option<Self> {
        let mut cells = text.strip_prefix('|')?.strip_suffix('|')?.split(" | ").map(str::trim);
        let (clause, _, files, tests) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
        let numbered = clause.chars().any(|c| c.is_ascii_digit()) && clause.contains('-');
        numbered.then_some(Self { line, clause, files, tests })
    }

    /// A test is named by its file and its function: `par::a_pushed_request_expires` or, deeper, `fapi::story::…`.
    fn tests_missing(&self, sources: &[Source]) -> Vec<Finding> {
        if self.tests.starts_with(NO_TEST) {
            let why = format!("{}: say why there is no test", self.clause);
            return if self.tests.len() > NO_TEST.len() + 10 {
                Vec::new()
            } else {
                vec![Finding::new(TABLE, self.line, why)]
            };
        }
        let names = self.tests.split(", ").map(|name| name.trim_matches('`'));
        let absent = names.filter(|name| !exists(name, sources));
        absent.map(|name| Finding::new(TABLE, self.line, format!("{}: there is no test {name}", self.clause))).collect()
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
        assert!(check("", Path::new("."), &[]).len() > 50, "every clause must have a row");
        assert_eq!(found(&TEXT.replace("Cargo.toml", "Nothing.toml")).len(), 1);
        assert_eq!(found(&TEXT.replace("par::a_", "par::b_")).len(), 1);
        assert_eq!(found(&TEXT.replace("par::", "rap::")).len(), 1);
        assert_eq!(found(&TEXT.replace("`par::a_pushed_request_expires`", "—")).len(), 1);
        assert_eq!(found(&TEXT.replace("`par::a_pushed_request_expires`", "— the operating system's")).len(), 0);
    }
}
