//! `lombard backup` and `lombard restore`: what was given is there again, and what was under way is worth nothing.

use std::fs;
use std::path::Path;

use reqwest::StatusCode;

use crate::command::lombard;
use crate::story::{SCOPE, Sandbox, read_all};

/// The database is gone; everything else of the sandbox is there.
fn lose_database(folder: &Path) {
    for name in ["bank.db", "bank.db-wal", "bank.db-shm"] {
        let _ = fs::remove_file(folder.join(name));
    }
}

#[tokio::test]
async fn a_bank_is_restored_from_a_backup_that_was_made_while_it_served() {
    let sandbox = Sandbox::new();
    let (data, file) = (sandbox.data(), sandbox.folder().join("bank.backup"));
    let out = file.display().to_string();
    let server = sandbox.start().await;
    let bank = sandbox.bank();
    let add = ["client", "add", "--name", "Pocket Ledger", "--redirect-uri", "https://app.example/callback"];
    let app = bank.added(&lombard(&[&add[..], &["--data", &data]].concat()).good());
    let customer = sandbox.customer("alice");
    let tokens = bank.connect(&app, &customer, SCOPE).await;
    let read = read_all(&app, &tokens.access).await;

    let said = lombard(&["backup", "--out", &out, "--data", &data]).good();
    assert!(said.contains("rows") && said.contains("master key"), "{said}");
    assert!(lombard(&["backup", "--out", &out, "--data", &data]).refused().contains("must not be there yet"));
    // Revoked after the backup, which knows nothing of it.
    let later = bank.connect(&app, &customer, SCOPE).await;
    assert_eq!(read_all(&app, &later.access).await, read);
    let text = fs::read_to_string(&file).unwrap();
    for secret in [app.secret.as_str(), "Alice", &tokens.refresh] {
        assert!(!text.contains(secret), "{secret} is in the backup");
    }
    server.stop().await;

    let restore = |consents: &'static str| {
        ["restore", "--from", &out, "--consents", consents, "--data", &data].map(str::to_owned)
    };
    let run = |args: [String; 7]| lombard(&args.each_ref().map(String::as_str));
    let said = run(restore("keep")).refused();
    assert!(said.contains("not empty"), "{said}");

    lose_database(&sandbox.folder());
    let said = run(restore("keep")).good();
    assert!(said.contains("worthless"), "{said}");
    let server = sandbox.start().await;
    assert_eq!(app.get("/accounts", &tokens.access).await.status(), StatusCode::UNAUTHORIZED, "of then");
    assert_eq!(app.refresh(&later.refresh).await.status(), StatusCode::BAD_REQUEST, "not in the backup");
    let again = app.refresh(&tokens.refresh).await;
    assert_eq!(again.status(), StatusCode::OK);
    let answer: serde_json::Value = again.json().await.unwrap();
    assert_eq!(read_all(&app, answer["access_token"].as_str().unwrap()).await, read);
    server.stop().await;

    lose_database(&sandbox.folder());
    let said = run(restore("end")).good();
    assert!(said.contains("taken back: 1."), "{said}");
    let server = sandbox.start().await;
    assert_eq!(app.refresh(&tokens.refresh).await.status(), StatusCode::BAD_REQUEST);
    let anew = bank.connect(&app, &customer, SCOPE).await;
    assert_eq!(read_all(&app, &anew.access).await, read);
    server.stop().await;
}

#[test]
fn a_damaged_backup_is_refused_whole() {
    let sandbox = Sandbox::new();
    let data = sandbox.data();
    let file = sandbox.folder().join("bank.backup");
    let out = file.display().to_string();
    lombard(&["client", "list", "--data", &data]).good();
    lombard(&["backup", "--out", &out, "--data", &data]).good();
    lose_database(&sandbox.folder());
    let whole = fs::read_to_string(&file).unwrap();
    fs::write(&file, &whole[..whole.len() - 20]).unwrap();
    let restore = ["restore", "--from", &out, "--consents", "keep", "--data", &data];
    let said = lombard(&restore).refused();
    assert!(said.contains("not a whole backup"), "{said}");
    fs::write(&file, &whole).unwrap();
    lombard(&restore).good();
}
