//! The guard of the house style: reads the sources of the workspace and reports every place that breaks a rule.
//!
//! Rules that the compiler, Clippy or cargo-deny can check are left to them. Each rule has tests of its own beside it, so
//! that a guard that sees nothing is noticed.

#[path = "tidy/arrows.rs"]
mod arrows;
#[path = "tidy/conformance.rs"]
mod conformance;
#[path = "tidy/finding.rs"]
mod finding;
#[path = "tidy/metrics.rs"]
mod metrics;
#[path = "tidy/size.rs"]
mod size;
#[path = "tidy/source.rs"]
mod source;
#[path = "tidy/sql.rs"]
mod sql;
#[path = "tidy/words.rs"]
mod words;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use finding::Finding;
use source::Source;

/// The list of exceptions, from the workspace root.
const EXCEPTIONS: &str = "crates/testkit/tests/tidy/exceptions.txt";

#[test]
fn files_and_functions_are_short() {
    let text = fs::read_to_string(root().join(EXCEPTIONS)).expect("the list of exceptions is there");
    let (exceptions, mut findings) = size::parse_exceptions(EXCEPTIONS, &text);
    let measured: Vec<_> = production().iter().flat_map(size::measure).collect();
    findings.extend(size::check(&measured, &exceptions, EXCEPTIONS));
    assert_none(&findings);
}

#[test]
fn crates_depend_only_on_crates_to_their_left() {
    let mut findings = Vec::new();
    for folder in crate_folders() {
        let path = folder.join("Cargo.toml");
        let text = fs::read_to_string(&path).expect("every crate has a manifest");
        findings.extend(arrows::manifest(&from_root(&path), &text));
    }
    assert_none(&findings);
}

#[test]
fn surfaces_do_not_name_each_other() {
    assert_none(&production().iter().flat_map(arrows::surfaces).collect::<Vec<_>>());
}

#[test]
fn sql_lives_in_the_store_and_every_statement_has_a_name() {
    assert_none(&production().iter().flat_map(sql::statements).collect::<Vec<_>>());
}

#[test]
fn every_migration_exists_for_both_engines() {
    let mut files = BTreeMap::new();
    for engine in sql::ENGINES {
        let entries = entries(&root().join(sql::MIGRATIONS).join(engine)).unwrap_or_default();
        files.insert(engine, entries.iter().map(|path| file_name(path)).collect());
    }
    assert_none(&sql::migrations(&files));
}

#[test]
fn nothing_is_left_open_and_every_file_says_what_it_owns() {
    let everything = sources(&["src", "tests", "benches", "examples"]);
    assert_none(&everything.iter().flat_map(words::check).collect::<Vec<_>>());
}

#[test]
fn every_clause_names_its_file_and_its_tests() {
    let read = |table| (table, fs::read_to_string(root().join(table)).expect("the table is there"));
    assert_none(&conformance::check(&conformance::TABLES.map(read), &root(), &sources(&["src", "tests"])));
}

#[test]
fn every_metric_is_described_and_drawn_and_alerts_name_no_others() {
    let names = crate_folders().iter().map(|folder| format!("lombard_{}", file_name(folder))).collect();
    let read = |file: &str| fs::read_to_string(root().join(file)).expect("the file is there");
    let files = [metrics::DESCRIPTION, metrics::DASHBOARD, metrics::ALERTS];
    let [description, dashboard, alerts] = files.map(read);
    let texts = [(files[0], description.as_str()), (files[1], dashboard.as_str()), (files[2], alerts.as_str())];
    assert_none(&metrics::check(&production(), &names, texts));
}

/// A wrong root or a moved folder must not make every rule pass.
#[test]
fn the_guard_sees_the_sources() {
    let sources = production();
    for name in arrows::crates() {
        let seen = sources.iter().filter(|source| source.crate_name() == name).count();
        assert!(
            seen > 0,
            "crates/{name}/src has no source: is it gone from the workspace, but not from the table of arrows?"
        );
    }
    assert_eq!(arrows::crates().count(), crate_folders().len(), "a crate has no row in the table of arrows");
}

#[track_caller]
fn assert_none(findings: &[Finding]) {
    let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{} to mend:\n\n{}\n", lines.len(), lines.join("\n"));
}

/// The workspace's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What the product is made of, with the tests inside.
fn production() -> Vec<Source> {
    sources(&["src"])
}

/// All Rust files in these folders of every crate.
fn sources(folders: &[&str]) -> Vec<Source> {
    let mut files = Vec::new();
    for folder in crate_folders() {
        for inside in folders {
            rust_files(&folder.join(inside), &mut files);
        }
    }
    files.iter().map(|path| read(path)).collect()
}

#[expect(clippy::expect_used, reason = "a source that cannot be read must fail the test")]
fn read(path: &Path) -> Source {
    Source::new(&from_root(path), &fs::read_to_string(path).expect("a source can be read"))
}

#[expect(clippy::expect_used, reason = "without the crates there is nothing to guard")]
fn crate_folders() -> Vec<PathBuf> {
    let mut folders = entries(&root().join("crates")).expect("the crates are there");
    folders.retain(|path| path.join("Cargo.toml").is_file());
    folders
}

/// Adds the Rust files below a folder, in order; a folder that is not there has none.
fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in entries(folder).unwrap_or_default() {
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}

fn from_root(path: &Path) -> String {
    let relative = path.strip_prefix(root()).unwrap_or(path);
    relative.to_string_lossy().replace('\\', "/")
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
