//! Real data: the customer with the most transactions of the Berka set reads all of them, on both engines.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lombard_testkit::{App, Engine, TestBank};
use serde_json::Value;

/// The account with the most transactions, and its holder.
const ACCOUNT: &str = "a485";
const CUSTOMER: &str = "client583";

#[tokio::test]
async fn a_customer_of_the_berka_set_reads_everything_once_and_in_order() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/berka");
    let Ok(text) = std::fs::read_to_string(folder.join("transactions.csv")) else {
        eprintln!("LEFT OUT: {} is not here, so nobody of the Berka set reads their account", folder.display());
        return;
    };
    let expected: Vec<_> = text.lines().filter(|line| line.split(',').nth(1) == Some(ACCOUNT)).collect();
    assert_eq!(expected.len(), 107);
    for engine in Engine::ALL {
        let bank = TestBank::with(engine, &folder, |_| {}).await;
        let app = App::register(&bank).await;
        let token = app.connect(&bank, CUSTOMER, "accounts:read balances:read transactions:read").await.access;
        let accounts = app.accounts(&token).await;
        assert_eq!(accounts.len(), 1);

        let mut rows: Vec<Value> = Vec::new();
        let mut next = Some(format!("/accounts/{}/transactions", accounts[0]));
        while let Some(path) = next {
            let page = app.read(&path, &token).await;
            rows.extend(page["Data"]["Transaction"].as_array().unwrap().iter().cloned());
            next = page["Links"]["Next"].as_str().map(str::to_owned);
        }
        assert_eq!(rows.len(), expected.len());
        let ids: BTreeMap<_, _> = rows.iter().map(|row| (row["TransactionId"].to_string(), row)).collect();
        assert_eq!(ids.len(), rows.len(), "{engine:?}: one came twice");
        let moments: Vec<_> = rows.iter().map(|row| row["BookingDateTime"].as_str().unwrap()).collect();
        assert!(moments.is_sorted_by(|newer, older| newer >= older), "{engine:?}: not the newest first");

        // Day, way, amount: what the API says is what the files say.
        let mut told: Vec<_> = rows.iter().map(said).collect();
        let mut written: Vec<_> = expected.iter().map(|line| file_said(line)).collect();
        told.sort();
        written.sort();
        assert_eq!(told, written, "{engine:?}");
        let sum: i64 = told.iter().map(|(_, pennies)| pennies).sum();
        let balances = app.read(&format!("/accounts/{}/balances", accounts[0]), &token).await;
        assert_eq!(pennies(&balances["Data"]["Balance"][0]), sum, "{engine:?}: the balance is the sum");
    }
}

fn said(row: &Value) -> (String, i64) {
    (row["BookingDateTime"].as_str().unwrap()[..10].to_owned(), pennies(row))
}

fn pennies(holder: &Value) -> i64 {
    signed(holder["Amount"]["Amount"].as_str().unwrap(), holder["CreditDebitIndicator"] == "Credit")
}

fn file_said(line: &str) -> (String, i64) {
    let fields: Vec<_> = line.split(',').collect();
    (fields[2].to_owned(), signed(fields[4], fields[3] == "Credit"))
}

fn signed(amount: &str, credit: bool) -> i64 {
    let pennies: i64 = amount.replace('.', "").parse().unwrap();
    if credit { pennies } else { -pennies }
}
