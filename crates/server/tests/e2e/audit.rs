//! `lombard audit`: the record of a running server is checked, exported, and looked into.

use std::fs;

use rusqlite::Connection;
use serde_json::Value;

use crate::command::lombard;
use crate::story::{SCOPE, Sandbox, accounts, read_all};

#[tokio::test]
async fn an_auditor_checks_the_record_with_the_bank_and_without_it() {
    let sandbox = Sandbox::new();
    let data = sandbox.data();
    let server = sandbox.start().await;
    let bank = sandbox.bank();
    let add = ["client", "add", "--name", "Pocket Ledger", "--redirect-uri", "https://app.example/callback"];
    let app = bank.added(&lombard(&[&add[..], &["--data", &data]].concat()).good());
    let tokens = bank.connect(&app, &sandbox.customer("alice"), SCOPE).await;
    read_all(&app, &tokens.access).await;

    let file = |name: &str| sandbox.folder().join(name).to_str().unwrap().to_owned();
    let audit = |args: &[&str]| lombard(&[&["audit"], args, &["--data", &data]].concat());
    let (kept, key, bundle) = (file("kept.txt"), file("key.json"), file("bundle.jsonl"));
    fs::write(&kept, audit(&["checkpoint"]).good()).unwrap();
    fs::write(&key, audit(&["key"]).good()).unwrap();
    for args in [&["verify"][..], &["verify", "--checkpoint", &kept]] {
        let said = audit(args).good();
        assert!(said.contains("The record is as it was") && said.contains("Newest checkpoint: position"), "{said}");
    }
    let metrics = server.ops("/metrics").await;
    for name in ["lombard_audit_lag_seconds", "lombard_events_total{event=\"code.replayed\"} 0"] {
        assert!(metrics.contains(name), "{name}: {metrics}");
    }

    let said = audit(&["export", "--out", &bundle]).good();
    assert!(said.contains("positions 1 to"), "{said}");
    audit(&["export", "--out", &bundle]).refused();
    let offline = ["audit", "verify", "--bundle", &bundle, "--key", &key, "--checkpoint", &kept];
    let said = lombard(&offline).good();
    assert!(said.contains("as it was exported") && !said.contains("anybody could"), "{said}");
    assert!(lombard(&["key", "rotate-audit", "--data", &data]).good().contains("Give auditors the keys anew"));
    assert!(audit(&["verify"]).good().contains("The record is as it was"));
    let alone = lombard(&["audit", "verify", "--bundle", &bundle]).good();
    assert!(alone.contains("anybody could have made it"), "{alone}");
    let text = fs::read_to_string(&bundle).unwrap();
    assert!(!text.contains("alice") && !text.contains("127.0.0.1"));
    fs::write(&bundle, text.replacen("\"outcome\":\"done\"", "\"outcome\":\"refused\"", 1)).unwrap();
    let said = lombard(&offline).refused();
    assert!(said.contains("position 1, entry aud_") && said.contains("changed"), "{said}");
    server.stop().await;

    // Somebody with the database, but without the keys, cuts off the end and hides it.
    let raw = Connection::open(sandbox.folder().join("bank.db")).unwrap();
    let end: i64 = raw.query_row("SELECT MIN(last_position) FROM audit_span", [], |row| row.get(0)).unwrap();
    for name in ["", "checkpoint_", "span_", "subject_"] {
        raw.execute_batch(&format!("DROP TRIGGER audit_{name}undeleted")).unwrap();
    }
    raw.execute_batch(&format!(
        "DELETE FROM audit_inbox; DELETE FROM audit WHERE position > {end}; DELETE FROM audit_checkpoint WHERE position > {end};
        DELETE FROM audit_span WHERE last_position > {end}; DELETE FROM audit_subject WHERE last_position > {end};
        UPDATE audit_head SET position = {end}, hash = (SELECT hash FROM audit WHERE position = {end})"
    ))
    .unwrap();
    assert!(audit(&["verify"]).good().contains(&format!("{end} entries")));
    let said = audit(&["verify", "--checkpoint", &kept]).refused();
    assert!(said.contains(&format!("position {}: removed", end + 1)), "{said}");
}

#[tokio::test]
async fn an_operator_finds_who_had_access_to_what() {
    let sandbox = Sandbox::new();
    let data = sandbox.data();
    let server = sandbox.start().await;
    let bank = sandbox.bank();
    let add = ["client", "add", "--name", "Pocket Ledger", "--redirect-uri", "https://app.example/callback"];
    let app = bank.added(&lombard(&[&add[..], &["--data", &data]].concat()).good());
    let tokens = bank.connect(&app, &sandbox.customer("alice"), SCOPE).await;
    let ids = accounts(&app, &tokens.access).await;
    for _ in 0..3 {
        app.read(&format!("/accounts/{}/balances", ids[0]), &tokens.access).await;
    }
    let audit = |args: &[&str]| lombard(&[&["audit"], args, &["--data", &data]].concat());

    let all = audit(&["list", "--customer", "alice", "--json"]).good();
    let entries: Vec<Value> = all.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(entries.len() > 5 && entries.iter().all(|entry| entry["customer"] == entries[0]["customer"]), "{all}");
    assert!(entries[..3].iter().all(|one| one["event"] == "data.read" && one["account"] == ids[0].as_str()), "{all}");
    let (local, remote): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry["interaction"] == "operator");
    assert!(remote.iter().all(|entry| entry["address"] == "127.0.0.1" && entry["interaction"].is_string()), "{all}");
    assert!(!local.is_empty() && local.iter().all(|entry| entry["address"].is_null()), "{all}");
    let (mut walked, mut before) = (String::new(), None);
    while walked.len() < all.len() {
        let mut args = vec!["list", "--customer", "alice", "--json", "--limit", "2"];
        args.extend(before.iter().flat_map(|position: &String| ["--before", position]));
        let page = audit(&args).good();
        let last: Value = serde_json::from_str(page.lines().last().expect("a page is not empty")).unwrap();
        before = Some(last["position"].to_string());
        walked.push_str(&page);
    }
    assert_eq!(walked, all);
    let consent = entries[0]["consent"].as_str().unwrap();
    for (whose, id) in [("--client", app.id.as_str()), ("--consent", consent)] {
        let said = audit(&["list", whose, id]).good();
        assert!(said.lines().all(|line| line.contains(id)) && said.contains("data.read"), "{said}");
    }
    assert!(audit(&["list", "--customer", "alice", "--to", "2020-01-01"]).err.contains("There are none"));
    assert!(audit(&["list", "--customer", "nobody"]).refused().contains("no customer"));

    let told = audit(&["report", "--customer", "alice"]).good();
    let words = format!("of account {}: 3 times, from 2", ids[0]);
    assert!(told.contains("App Pocket Ledger (cli_") && told.contains(consent) && told.contains(&words), "{told}");
    let told: Value = serde_json::from_str(&audit(&["report", "--customer", "alice", "--json"]).good()).unwrap();
    let accesses = told["accesses"].as_array().unwrap();
    let of_account = accesses.iter().find(|one| one["account"] == ids[0].as_str()).unwrap();
    assert_eq!((&of_account["count"], &of_account["client_name"]), (&3.into(), &"Pocket Ledger".into()));
    let customer = told["customer"].as_str().unwrap();
    assert!(audit(&["report", "--customer", customer]).good().contains("Pocket Ledger"));
    server.stop().await;
}
