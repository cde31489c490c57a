//! `lombard key rotate-master`: the master key is replaced while apps and customers are at work, and nobody notices.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use lombard_testkit::{App, Tokens, example_folder, postgres};
use reqwest::StatusCode;
use tokio::time::{Instant, sleep};

use crate::command::lombard;
use crate::customer::{Bank, Customer};
use crate::process::Server;
use crate::production::Production;
use crate::story::{SCOPE, Sandbox, read_all};

#[tokio::test]
async fn the_master_key_is_replaced_under_load_without_an_error() {
    let database = postgres::fresh_database().await;
    for sandbox in [Sandbox::new(), Sandbox::on(database.url())] {
        let sandbox = sandbox.without_limits();
        let server = sandbox.start().await;
        let load = Load::on(&sandbox).await;
        let former = sandbox.folder().join("former.key");
        let key = sandbox.folder().join("master.key");
        load.went_on().await;

        fs::rename(&key, &former).unwrap();
        fs::write(&key, "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=\n").unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        server.signal("HUP");
        said(&server, 1).await;
        load.went_on().await;

        // New keys are made while the others are wrapped anew.
        let folder = example_folder();
        let (import, turn) = (["import", folder.to_str().unwrap()], ["key", "rotate-master"]);
        let (imported, turned) = tokio::join!(sandbox.command(&import), sandbox.command(&turn));
        imported.good();
        assert!(turned.good().contains("wraps every data key"));
        let again = sandbox.command(&["key", "rotate-master"]).await.good();
        load.went_on().await;

        fs::remove_file(&former).unwrap();
        server.signal("HUP");
        said(&server, 2).await;
        load.went_on().await;
        let third = sandbox.command(&["key", "rotate-master"]).await.good();
        assert!(third.contains("nothing was changed"), "{again} {third}");
        let (app, tokens) = load.end().await;
        server.stop().await;

        let server = sandbox.start().await;
        let (accounts, transactions) = read_all(&app, &tokens.access).await;
        assert!(accounts >= 2 && transactions >= 25, "{accounts} {transactions}");
        assert!(!server.stderr().contains("\"level\":\"ERROR\""), "{}", server.stderr());
        server.stop().await;
    }
}

/// Waits until a server has said so many times that it read its master keys.
async fn said(server: &Server, times: usize) {
    let began = Instant::now();
    while server.stderr().matches("the master keys were read anew").count() < times {
        assert!(began.elapsed() < Duration::from_secs(30), "{}", server.stderr());
        sleep(Duration::from_millis(10)).await;
    }
}

/// Apps that read, and one that is registered and allowed anew all the time. Any answer but the right one ends the test.
struct Load {
    over: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    app: Arc<App>,
    tokens: Arc<Tokens>,
}

impl Load {
    async fn on(sandbox: &Sandbox) -> Self {
        let (bank, alice) = (sandbox.bank(), sandbox.customer("alice"));
        let app = Arc::new(bank.register().await);
        let tokens = Arc::new(bank.connect(&app, &alice, SCOPE).await);
        let (over, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut tasks = Vec::new();
        for _ in 0..READERS {
            let (over, done, app, tokens) = (over.clone(), done.clone(), app.clone(), tokens.clone());
            tasks.push(tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    read_all(&app, &tokens.access).await;
                    done.fetch_add(1, Ordering::Relaxed);
                }
            }));
        }
        let bob = sandbox.customer("bob");
        tasks.push(tokio::spawn(write(bank, bob, over.clone(), done.clone())));
        Self { over, done, tasks, app, tokens }
    }

    /// Waits until much more was done.
    async fn went_on(&self) {
        let (before, began) = (self.done.load(Ordering::Relaxed), Instant::now());
        while self.done.load(Ordering::Relaxed) < before + ENOUGH {
            let failed = self.tasks.iter().any(tokio::task::JoinHandle::is_finished);
            assert!(!failed && began.elapsed() < Duration::from_secs(60), "the load has stopped");
            sleep(Duration::from_millis(5)).await;
        }
    }

    async fn end(self) -> (Arc<App>, Arc<Tokens>) {
        self.over.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
        (self.app, self.tokens)
    }
}

async fn write(bank: Bank, customer: Customer, over: Arc<AtomicBool>, done: Arc<AtomicUsize>) {
    while !over.load(Ordering::Relaxed) {
        let app = bank.register().await;
        let tokens = bank.connect(&app, &customer, SCOPE).await;
        assert_eq!(app.refresh(&tokens.refresh).await.status(), StatusCode::OK);
        done.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_program_can_keep_the_master_key_and_takes_over_from_a_file() {
    let production = Production::new(None);
    let keeper = production.path("keeper");
    // Not encryption, but enough to see that the key goes through it.
    production.write(
        "keeper",
        "#!/bin/sh\necho $1 >> \"$0.log\"\nexec tr '\\000-\\377' '\\200-\\377\\000-\\177'\n",
        0o700,
    );
    let config = production.config();
    let run = |words: &[&str]| lombard(&[words, &["--config", &config]].concat());
    run(&["migrate"]).good();
    lombard(&["import", example_folder().to_str().unwrap(), "--config", &config]).good();
    let line = format!("master_key_command = [\"{}\"]", keeper.display());
    production
        .change("master_key_file = \"master.key\"", &format!("{line}\nformer_master_key_files = [\"master.key\"]"));
    assert!(run(&["key", "rotate-master"]).good().contains("wraps every data key"));
    production.change("former_master_key_files = [\"master.key\"]", "");
    fs::remove_file(production.path("master.key")).unwrap();
    let asked = || {
        let log = fs::read_to_string(production.path("keeper.log")).unwrap();
        log.lines().filter(|verb| *verb == "unwrap").count()
    };
    let before = asked();
    let server = production.start().await;
    assert_eq!(server.readiness().await, Some(200));
    server.stop().await;
    assert_eq!(asked() - before, 1, "once for a start, not once for a customer");

    production.write("keeper", "#!/bin/sh\necho the HSM is locked >&2\nexit 3\n", 0o700);
    let said = run(&["client", "list"]).refused();
    assert!(said.contains("the HSM is locked"), "{said}");
}

/// Apps that read at once.
const READERS: usize = 3;
/// What is much: rounds of readers and writer.
const ENOUGH: usize = 12;
