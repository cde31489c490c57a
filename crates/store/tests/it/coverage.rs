//! The suite is whole: every storage function is called by a test, and every statement says where it stands.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A source file of the store, and the noun that it is about.
struct Source {
    noun: String,
    text: String,
}

/// The sources of the store. `transaction/write.rs` is about transactions, as `transaction.rs` is.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let sources = files(&root).into_iter().map(|path| {
        let noun = path.strip_prefix(&root).unwrap().iter().next().unwrap().to_str().unwrap();
        Source { noun: noun.trim_end_matches(".rs").to_owned(), text: std::fs::read_to_string(path).unwrap() }
    });
    let sources: Vec<_> = sources.collect();
    assert!(sources.len() > 15, "only {} files were found", sources.len());
    sources
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found
}

/// The names that follow a phrase.
fn names<'a>(text: &'a str, phrase: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(phrase).skip(1).map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap())
}

#[test]
fn every_storage_function_is_called() {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let tests = files(&suite).into_iter().filter(|path| !path.ends_with("coverage.rs"));
    let tests: String = tests.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let mut count = 0;
    for Source { noun, text } in sources() {
        for name in names(&text, "\npub async fn ") {
            assert!(tests.contains(&format!("{noun}::{name}(")), "no test calls {noun}::{name}");
            count += 1;
        }
        for name in names(&text, "\n    pub async fn ") {
            assert!(
                tests.contains(&format!(".{name}(")) || tests.contains(&format!("::{name}(")),
                "no test calls the method {name} of {noun}"
            );
            count += 1;
        }
    }
    assert!(count > 60, "only {count} functions were found");
}

#[test]
fn every_statement_is_named_after_its_file_and_function() {
    let sources = sources();
    let functions: BTreeSet<_> = sources
        .iter()
        .flat_map(|source| names(&source.text, "fn ").map(|name| format!("{}::{name}", source.noun)))
        .collect();
    let mut parts = Vec::new();
    for Source { noun, text } in &sources {
        for statement in text.split("\"-- ").skip(1) {
            let end = statement.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap();
            let (name, rest) = statement.split_at(end);
            assert!(rest.starts_with('\n') || rest.starts_with("\\n"), "{name} has the first line for itself");
            assert_eq!(name.split_once("::").map(|(noun, _)| noun), Some(noun.as_str()), "{name} stands in {noun}");
            if !functions.contains(name) {
                parts.push(name);
            }
        }
    }
    parts.sort_unstable();
    assert_eq!(parts, PARTS, "a statement has the name of its function");
}

/// Statements of functions that need more than one, and so have names of their own.
const PARTS: &[&str] = &[
    "account::compare",
    "account::find_by_source",
    "account::holders",
    "at_rest::accounts",
    "at_rest::alarms",
    "at_rest::beneficiaries",
    "at_rest::clients",
    "at_rest::consents",
    "at_rest::contacts",
    "at_rest::customers",
    "at_rest::direct_debits",
    "at_rest::histories",
    "at_rest::lifts",
    "at_rest::measures",
    "at_rest::offers",
    "at_rest::receipts",
    "at_rest::scheduled_payments",
    "at_rest::second_factors",
    "at_rest::signing_keys",
    "at_rest::standing_orders",
    "at_rest::transactions",
    "at_rest::vault",
    "at_rest::verifications",
    "audit::add_span",
    "audit::add_subjects",
    "audit::spans_of_subject",
    "beneficiary::compare",
    "consent::accounts",
    "consent::accounts_of_client",
    "consent::accounts_of_customer",
    "consent::add_account",
    "consent::drop_accounts",
    "contact::compare",
    "customer::compare",
    "customer::end_grants",
    "customer::erase_account",
    "customer::erase_alarms",
    "customer::erase_beneficiaries",
    "customer::erase_contact",
    "customer::erase_devices",
    "customer::erase_direct_debits",
    "customer::erase_holdings",
    "customer::erase_interactions",
    "customer::erase_measures",
    "customer::erase_named_accounts",
    "customer::erase_offers",
    "customer::erase_past_transactions",
    "customer::erase_product",
    "customer::erase_receipts",
    "customer::erase_scheduled_payments",
    "customer::erase_sessions",
    "customer::erase_standing_orders",
    "customer::erase_statements",
    "customer::erase_transactions",
    "data_key::former",
    "direct_debit::compare",
    "logo::forget",
    "migrate::applied",
    "migrate::lock",
    "migrate::record",
    "offer::compare",
    "product::compare",
    "scheduled_payment::compare",
    "service_level::add_times",
    "service_level::forget_minutes",
    "service_level::forget_planned",
    "service_level::forget_times",
    "service_level::times_of_day",
    "standing_order::compare",
    "statement::compare",
    "transaction::compare",
    "unattended_access::old",
    "vault::make",
    "watch::begin",
];
