//! `lombard import`: into a sandbox and into any database, twice, with mistakes, and with a whole bank.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use lombard_testkit::{example_folder, postgres};
use tokio::time::Instant;

use crate::command::{Ran, lombard};
use crate::story::{SCOPE, Sandbox, read_all};

#[tokio::test]
async fn imported_customers_sign_in_to_a_sandbox_that_runs_and_to_one_that_starts_later() {
    let database = postgres::fresh_database().await;
    for (sandbox, running) in [(Sandbox::new(), true), (Sandbox::new(), false), (Sandbox::on(database.url()), false)] {
        let early = if running { Some(sandbox.start().await) } else { None };
        let data = sandbox.data();
        let arguments = sandbox.arguments();
        let elsewhere = arguments.iter().position(|argument| argument == "--database");
        let place = match elsewhere {
            Some(at) => vec!["--data", &data, "--database", &arguments[at + 1]],
            None => vec!["--data", &data],
        };
        reports_the_example(&import(&example_folder(), &place).good());
        let again = import(&example_folder(), &place).good();
        assert!(again.contains("Nothing was new"), "{again}");
        let server = match early {
            Some(server) => server,
            None => sandbox.start().await,
        };
        let bank = sandbox.bank();
        let app = bank.register().await;
        for (name, accounts) in [("amelia", 3), ("priya", 1), ("alice", 3)] {
            let tokens = bank.connect(&app, &sandbox.customer(name), SCOPE).await;
            let (seen, transactions) = read_all(&app, &tokens.access).await;
            assert!(seen >= accounts && transactions > 0, "{name} {seen} {transactions}");
        }
        server.stop().await;
    }
}

/// The report says what came in, and nothing but the report is on standard output.
fn reports_the_example(said: &str) {
    let lines: Vec<Vec<&str>> = said.lines().map(|line| line.split_whitespace().collect()).collect();
    for file in FILES {
        let rows = fs::read_to_string(example_folder().join(format!("{file}.csv"))).unwrap().lines().count() - 1;
        let rows = rows.to_string();
        assert!(lines.contains(&vec![&format!("{file}.csv"), &rows, &rows, "0", "0"]), "{file} in {said}");
    }
    let mut flows: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    for line in fs::read_to_string(example_folder().join("transactions.csv")).unwrap().lines().skip(1) {
        let columns: Vec<_> = line.split(',').collect();
        let (whole, pence) = columns[4].split_once('.').unwrap_or((columns[4], ""));
        let amount: u64 = format!("{whole}{pence:0<2}").parse().unwrap();
        flows.entry(columns[5].to_owned()).or_default()[usize::from(columns[3] == "Debit")] += amount;
    }
    for (currency, [money_in, money_out]) in flows {
        let row = [currency, grouped(money_in), grouped(money_out)];
        assert!(lines.contains(&row.iter().map(String::as_str).collect()), "{row:?} in {said}");
        // A sandbox's own people have money too; where there is none, what is left is what flowed.
        let held = lines.iter().filter(|line| line.len() == 4 && line[0] == row[0]);
        assert_eq!(held.count(), 1, "accounts, transactions and balances in {said}");
    }
    assert!(!said.contains(['\r', '\u{1b}', '█', '%']), "a progress bar on standard output: {said:?}");
}

/// The files of the example.
const FILES: [&str; 12] = [
    "customers",
    "parties",
    "accounts",
    "account_holders",
    "products",
    "standing_orders",
    "beneficiaries",
    "direct_debits",
    "scheduled_payments",
    "offers",
    "transactions",
    "statements",
];

/// Pence as the report writes them.
fn grouped(pence: u64) -> String {
    let (pounds, pence) = (pence / 100, pence % 100);
    match (pounds / 1000, pounds % 1000) {
        (0, pounds) => format!("{pounds}.{pence:02}"),
        (thousands, pounds) => format!("{thousands},{pounds:03}.{pence:02}"),
    }
}

fn import(folder: &Path, place: &[&str]) -> Ran {
    let begin = ["import", folder.to_str().unwrap()];
    lombard(&[&begin[..], place].concat())
}

/// A copy of the example with other content in one file.
fn spoiled(file: &str, change: impl FnOnce(String) -> String) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(example_folder()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let path = folder.path().join(file);
    let text = change(fs::read_to_string(&path).unwrap());
    fs::write(path, text).unwrap();
    folder
}

#[tokio::test]
async fn a_folder_with_mistakes_is_refused_whole_and_every_mistake_is_named() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data").to_str().unwrap().to_owned();
    let file = format!("sqlite://{}", home.path().join("other.db").display());
    let server = postgres::fresh_database().await;
    let bad = spoiled("transactions.csv", |text| {
        text + "x1,a9,2026-02-01,Credit,1.00,GBP,RCDT,OTHR,Nobody's,,\n\
                x2,a1,2026-02-30,Credit,1.00,GBP,RCDT,OTHR,No such day,,\n\
                x3,a1,2026-02-01,Credit,1.005,GBP,RCDT,OTHR,Half a penny,,\n"
    });
    let lines = fs::read_to_string(example_folder().join("transactions.csv")).unwrap().lines().count();
    for url in [None, Some(file.as_str()), Some(server.url())] {
        let mut place = vec!["--data", data.as_str()];
        place.extend(url.iter().flat_map(|url| ["--database", url]));
        let refused = import(bad.path(), &place);
        assert_eq!(refused.out, "");
        let said = refused.refused();
        assert!(said.contains("nothing was imported") && said.contains("3 problems"), "{said}");
        for (line, column) in [(1, "account_id"), (2, "booked_on"), (3, "amount")] {
            let place = format!("transactions.csv line {}, {column}: ", lines + line);
            assert!(said.contains(&place), "{place} in {said}");
        }
        // Every row of the good folder is new, so none of the bad one's was stored.
        reports_the_example(&import(&example_folder(), &place).good());
        let again = spoiled("customers.csv", |text| text.replace("Amelia Hart", "Amelia Hearst"));
        let said = import(again.path(), &place).refused();
        assert!(said.contains("customers.csv line 2") && !said.contains("Hearst"), "{said}");
        let other = spoiled("accounts.csv", |text| text.replace("a2,GBP", "a2,EUR"));
        for file in ["transactions.csv", "standing_orders.csv"] {
            let text = fs::read_to_string(other.path().join(file)).unwrap();
            let lines =
                text.lines().map(|line| if line.contains(",a2,") { line.replace("GBP", "EUR") } else { line.into() });
            fs::write(other.path().join(file), lines.collect::<Vec<_>>().join("\n")).unwrap();
        }
        let said = import(other.path(), &place).refused();
        assert!(said.contains("accounts.csv line 3, account_id: the database has other content"), "{said}");
        assert!(import(&example_folder(), &place).good().contains("Nothing was new"));
    }
}

#[test]
fn says_what_is_missing() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data").to_str().unwrap().to_owned();
    let said = import(Path::new("/no/such/folder"), &["--data", &data]).refused();
    assert!(said.contains("/no/such/folder"), "{said}");
    assert!(!Path::new(&data).exists(), "a folder was made for nothing");
    let folder = spoiled("accounts.csv", |text| text.replace("currency", "money"));
    let said = import(folder.path(), &["--data", &data]).refused();
    assert!(said.contains("accounts.csv") && said.contains("currency"), "{said}");
    fs::remove_file(folder.path().join("accounts.csv")).unwrap();
    let said = import(folder.path(), &["--data", &data]).refused();
    assert!(said.contains("accounts.csv"), "{said}");
}

#[tokio::test]
async fn a_whole_bank_is_imported_within_seconds_on_both_engines() {
    let Some(berka) = berka() else { return };
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data").to_str().unwrap().to_owned();
    let file = format!("sqlite://{}", home.path().join("other.db").display());
    let server = postgres::fresh_database().await;
    for url in [file.as_str(), server.url()] {
        let began = Instant::now();
        let said = import(&berka, &["--data", &data, "--database", url]).good();
        let took = began.elapsed();
        let words: Vec<Vec<&str>> = said.lines().map(|line| line.split_whitespace().collect()).collect();
        for row in [["accounts.csv", "1,139", "1,139", "0", "0"], ["transactions.csv", "28,205", "28,205", "0", "0"]] {
            assert!(words.contains(&row.to_vec()), "{row:?} in {said}");
        }
        assert!(words.iter().any(|row| row.len() == 4 && row[..3] == ["CZK", "1,139", "28,205"]), "{said}");
        assert!(took.as_secs() < 60, "{took:?}");
    }
}

/// The data, which is not part of the project.
fn berka() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/berka");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: {} is not there", folder.display());
    None
}
