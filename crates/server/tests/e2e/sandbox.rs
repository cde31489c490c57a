//! `lombard sandbox`: what the first start makes, what the second finds, and when it refuses to start.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use lombard_testkit::{App, Tokens, postgres};
use reqwest::StatusCode;

use crate::command::lombard;
use crate::process::{Ports, Server};
use crate::story::{SCOPE, Sandbox, read_all, take_back};

#[tokio::test]
async fn a_first_start_makes_everything_and_a_second_finds_it_again() {
    let database = postgres::fresh_database().await;
    for sandbox in [Sandbox::new(), Sandbox::on(database.url())] {
        let server = sandbox.start().await;
        introduces_itself(&sandbox, &server);
        is_private(&sandbox.folder());
        let bank = sandbox.bank();
        let app = bank.register().await;
        let bob = sandbox.customer("bob");
        let tokens = bank.connect(&app, &bob, &format!("openid {SCOPE}")).await;
        let (accounts, transactions) = read_all(&app, &tokens.access).await;
        assert!(accounts >= 2 && transactions >= 25, "{accounts} {transactions}");
        let facts = sandbox.facts();
        server.stop().await;

        let server = sandbox.start().await;
        assert_eq!(sandbox.facts(), facts);
        assert_eq!(sandbox.bank().ca_pem, bank.ca_pem);
        assert_eq!(read_all(&app, &tokens.access).await, (accounts, transactions));
        let refreshed = app.refresh(&tokens.refresh).await;
        assert_eq!(refreshed.status(), StatusCode::OK);
        let refreshed = Tokens::of(refreshed.json().await.unwrap());
        take_back(&bank, &bob, &app, &Tokens { refresh: tokens.refresh, ..refreshed }).await;
        server.stop().await;
    }
}

/// What is printed names everything that `sandbox.json` tells programs, and its `curl` lines can be pasted.
fn introduces_itself(sandbox: &Sandbox, server: &Server) {
    let facts = sandbox.facts();
    let said = server.stdout();
    let mut expected = vec![facts["issuer"].as_str().unwrap(), facts["second_factor"].as_str().unwrap()];
    expected.extend(["sandbox.json", "/my/consents", "/readyz", "not for real data", "ctrl-c"]);
    let people = facts["customers"].as_array().unwrap();
    assert!(people.len() >= 3, "a handful of people");
    for person in people {
        assert_eq!(person.as_object().unwrap().len(), 3, "username, password, name: {person}");
        expected.extend(["username", "password", "name"].map(|field| person[field].as_str().unwrap()));
    }
    let lower = said.to_lowercase();
    for text in expected {
        assert!(lower.contains(&text.to_lowercase()), "{text} is missing in {said}");
    }
    let ca = format!("curl --cacert {}", facts["ca_file"].as_str().unwrap());
    assert_eq!(said.matches(&ca).count(), 3, "{said}");
    assert_eq!(facts["issuer"], sandbox.ports.issuer().as_str());
}

/// The folder is its owner's alone, and so is every file in it that holds a secret.
fn is_private(folder: &Path) {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder), 0o700);
    let public = ["ca.pem", "server.pem", "lock"];
    let mut private = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if !public.contains(&name.as_str()) {
            let expected = if entry.path().is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode(&entry.path()), expected, "{name}");
            private.push(name);
        }
    }
    for name in ["master.key", "ca.key", "server.key", "sandbox.json", "receipts"] {
        assert!(private.iter().any(|known| known == name), "no {name}");
    }
}

#[test]
fn refuses_what_cannot_be_with_one_clear_line_each() {
    let sandbox = Sandbox::new();
    let taken = TcpListener::bind(("127.0.0.1", sandbox.ports.mtls)).unwrap();
    let arguments = sandbox.arguments();
    let changed = |changes: &[(&str, &str)]| {
        let mut arguments = arguments.clone();
        for (name, value) in changes {
            match arguments.iter().position(|known| known == name) {
                Some(at) => arguments[at + 1] = (*value).to_owned(),
                None => arguments.extend([(*name).to_owned(), (*value).to_owned()]),
            }
        }
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        lombard(&arguments)
    };
    let file = sandbox.folder().with_file_name("file");
    fs::write(&file, "").unwrap();
    let free = format!("127.0.0.1:{}", Ports::free().mtls);
    let cases = [
        (vec![], vec!["cannot listen on", "another program", "another port"]),
        (vec![("--public-url", "http://localhost:8443")], vec!["--public-url", "https://"]),
        (vec![("--public-url", "localhost")], vec!["--public-url"]),
        (vec![("--data", file.to_str().unwrap())], vec!["cannot make the folder"]),
        (
            vec![("--ops-listen", "0.0.0.0:0"), ("--mtls-listen", &free)],
            vec!["cannot listen on 0.0.0.0:0", "choose 127.0.0.1"],
        ),
        (vec![("--database", "mysql://localhost/bank")], vec!["database address", "postgres://"]),
        (vec![("--database", "postgres://nobody:s3cr3t@127.0.0.1:9/bank")], vec!["database", "does it run"]),
    ];
    for (changes, words) in cases {
        let said = changed(&changes).refused();
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
        assert!(said.starts_with("lombard: "), "{said}");
        assert!(!said.contains("s3cr3t"), "{said}");
        for word in words {
            assert!(said.contains(word), "{word} is missing in {said}");
        }
    }
    drop(taken);
}

/// `lombard sandbox | head -1` must not end the bank.
#[tokio::test]
async fn goes_on_serving_when_nobody_reads_what_it_prints() {
    let sandbox = Sandbox::new();
    let arguments = sandbox.arguments();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let server = Server::start_unread(&arguments, sandbox.ports, sandbox.folder().parent().unwrap()).await;
    assert!(!sandbox.bank().register().await.id.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn a_sandbox_that_runs_already_is_not_started_twice() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    let before = fs::read(sandbox.folder().join("sandbox.json")).unwrap();
    let arguments = sandbox.arguments();
    let said = lombard(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).refused();
    assert!(said.contains("cannot listen on") && said.contains("another program"), "{said}");
    assert_eq!(fs::read(sandbox.folder().join("sandbox.json")).unwrap(), before);
    let app: App = sandbox.bank().register().await;
    assert!(!app.id.is_empty());
    server.stop().await;
}
