//! The tables of conformance and of threats: every clause has a row, and the files and tests that a row names exist.

use std::collections::BTreeSet;
use std::path::Path;

use crate::finding::Finding;
use crate::source::Source;

/// The table of FAPI, from the workspace root.
const TABLE: &str = "docs/conformance.md";

/// The table of UK Open Banking.
const UK_TABLE: &str = "docs/conformance-uk.md";

/// The table of threats.
const THREATS: &str = "docs/threat-model.md";

/// All documents that are checked.
pub(crate) const TABLES: [&str; 3] = [TABLE, UK_TABLE, THREATS];

/// The clauses that must have a row, as they are numbered in the tables: how many there are of each kind.
const CLAUSES: [(&str, &str, u8); 25] = [
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
    (THREATS, "TM-A", 13),
    (THREATS, "TM-C", 12),
    (THREATS, "TM-D", 10),
    (THREATS, "TM-I", 11),
    (THREATS, "TM-S", 13),
    (THREATS, "TM-N", 16),
    (THREATS, "TM-X", 9),
    (THREATS, "TM-P", 16),
    (THREATS, "TM-E", 15),
    (THREATS, "TM-L", 11),
];

/// Lists of others that are answered by threats: how their lines begin and how many there are.
const LISTS: [(&str, &str, u8); 2] = [("| API", ":2023 ", 10), ("| V", " ", 17)];

/// How a threat is named, also where others are answered by it.
const THREAT: &str = "TM-";

/// What stands in the column of tests where there is none, with the reason behind it.
const NO_TEST: &str = "—";

/// Everything that is wrong with the tables, each given by its name and its text.
pub(crate) fn check(tables: &[(&'static str, String)], root: &Path, sources: &[Source]) -> Vec<Finding> {
    let rows: Vec<Row<'_>> = tables.iter().flat_map(|(table, text)| Row::all(table, text)).collect();
    let known: BTreeSet<_> = rows.iter().map(|row| (row.table, row.clause)).collect();
    let missing = clauses().filter(|(table, clause)| !known.contains(&(*table, clause.as_str())));
    let mut findings: Vec<Finding> =
        missing.map(|(table, clause)| Finding::new(table, 1, format!("{clause} has no row"))).collect();
    let counted: BTreeSet<_> = clauses().collect();
    let mut seen = BTreeSet::new();
    for row in &rows {
        if !seen.insert((row.table, row.clause)) {
            findings.push(row.finding("there is another row of this number"));
        }
        if row.table == THREATS && !counted.contains(&(row.table, row.clause.to_owned())) {
            findings.push(row.finding("it is not counted here, so nobody would miss it"));
        }
        for file in row.files.split(", ").map(|name| name.trim_matches('`')) {
            if file.is_empty() || !root.join(file).exists() {
                findings.push(row.finding(&format!("there is no file {file}")));
            }
        }
        findings.extend(row.tests_missing(sources));
    }
    let threats: BTreeSet<_> = rows.iter().map(|row| row.clause).collect();
    for (_, text) in tables.iter().filter(|(table, _)| *table == THREATS) {
        findings.extend(answers_missing(text, &threats));
    }
    findings
}

/// Every item of the lists of others has a line, and every threat that is named anywhere has a row.
fn answers_missing(text: &str, threats: &BTreeSet<&str>) -> Vec<Finding> {
    let items = LISTS.into_iter().flat_map(|(begin, end, count)| (1..=count).map(move |n| format!("{begin}{n}{end}")));
    let unanswered = items.filter(|item| !text.lines().any(|line| line.starts_with(item.as_str())));
    let mut findings: Vec<_> =
        unanswered.map(|item| Finding::new(THREATS, 1, format!("nothing answers {item}"))).collect();
    for (index, line) in text.lines().enumerate() {
        let words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let named = words.filter(|word| word.starts_with(THREAT) && word.ends_with(|c: char| c.is_ascii_digit()));
        let unknown = named.filter(|word| !threats.contains(word));
        findings.extend(unknown.map(|word| Finding::new(THREATS, index + 1, format!("there is no {word}"))));
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
        found_in(TABLE, text)
    }

    fn found_in(table: &'static str, text: &str) -> Vec<String> {
        let source = Source::new("crates/testkit/tests/it/par.rs", "//! x\nasync fn a_pushed_request_expires() {}");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let all = check(&[(table, text.to_owned())], root, &[source]);
        all.iter().map(ToString::to_string).filter(|line| !line.contains("has no row")).collect()
    }

    #[test]
    fn sees_missing_clauses_files_and_tests() {
        assert_eq!(found(TEXT), [""; 0]);
        assert_eq!(check(&[], Path::new("."), &[]).len(), clauses().count(), "every clause must have a row");
        assert!(clauses().count() > 200);
        assert_eq!(found(&TEXT.replace("Cargo.toml", "Nothing.toml")).len(), 1);
        assert_eq!(found(&TEXT.replace("par::a_", "par::b_")).len(), 1);
        assert_eq!(found(&TEXT.replace("par::", "rap::")).len(), 1);
        assert_eq!(found(&TEXT.replace("`par::a_pushed_request_expires`", "—")).len(), 1);
        assert_eq!(found(&TEXT.replace("`par::a_pushed_request_expires`", "— the operating system's")).len(), 0);
    }

    #[test]
    fn sees_threats_that_are_named_only_and_items_that_nothing_answers() {
        let row = TEXT.replace("SP-N1", "TM-A1");
        let api = (1..=10).map(|n| format!("| API{n}:2023 | x | TM-A1 |\n"));
        let chapters = (1..=17).map(|n| format!("| V{n} | x | TM-A1 |\n"));
        let whole = format!("{row}\n{}", api.chain(chapters).collect::<String>());
        assert_eq!(found_in(THREATS, &whole), [""; 0]);
        for (good, bad) in [("| API10:", "| API11:"), ("| V17 ", "| V18 "), ("| V3 | x | TM-A1", "| V3 | x | TM-A2")] {
            assert_eq!(found_in(THREATS, &whole.replace(good, bad)).len(), 1, "{bad}");
        }
    }
}
