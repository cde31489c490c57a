//! A sandbox that a test owns, and the story that it must be able to tell: register, consent, read, take back.

use std::fs;
use std::path::{Path, PathBuf};

use lombard_testkit::{App, Form, Tokens};
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;

use crate::command::{Ran, lombard};
use crate::customer::{Bank, Customer};
use crate::process::{Ports, Server};

/// A folder with a sandbox in it, running or not.
pub(crate) struct Sandbox {
    home: TempDir,
    pub(crate) ports: Ports,
    database: Option<String>,
    more: &'static [&'static str],
}

impl Sandbox {
    /// A place for a sandbox whose database is in its folder.
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), ports: Ports::free(), database: None, more: &[] }
    }

    /// A place for a sandbox with a database elsewhere.
    pub(crate) fn on(database: &str) -> Self {
        Self { database: Some(database.to_owned()), ..Self::new() }
    }

    /// The same without limits, for a test that asks more often than an honest app.
    pub(crate) fn without_limits(self) -> Self {
        Self { more: &["--no-limits"], ..self }
    }

    /// The same for a test that asks for more at once than there are places.
    pub(crate) fn without_rates(self) -> Self {
        Self { more: &["--no-limits", "--throttled"], ..self }
    }

    /// Its data folder, which the first start makes.
    pub(crate) fn folder(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// The same as an argument.
    pub(crate) fn data(&self) -> String {
        self.folder().to_str().unwrap().to_owned()
    }

    /// The arguments that start it.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let Ports { public, mtls, ops } = self.ports;
        let mut arguments = vec!["sandbox".to_owned()];
        let mut add = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
        add("--data", self.data());
        add("--listen", format!("127.0.0.1:{public}"));
        add("--mtls-listen", format!("127.0.0.1:{mtls}"));
        add("--ops-listen", format!("127.0.0.1:{ops}"));
        if let Some(database) = &self.database {
            add("--database", database.clone());
        }
        arguments.extend(self.more.iter().map(|argument| (*argument).to_owned()));
        arguments
    }

    /// Starts it.
    pub(crate) async fn start(&self) -> Server {
        self.start_in(&[]).await
    }

    /// Starts it on a machine that believes the authority in this PEM and no other.
    pub(crate) async fn start_believing(&self, pem: &str) -> Server {
        let file = self.home.path().join("authorities.pem");
        fs::write(&file, pem).unwrap();
        self.start_in(&[("SSL_CERT_FILE", file.to_str().unwrap())]).await
    }

    pub(crate) async fn start_in(&self, environment: &[(&str, &str)]) -> Server {
        let arguments = self.arguments();
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        Server::start_in(environment, &arguments, self.ports, self.home.path()).await
    }

    /// Where its database is, if it is not in its folder.
    pub(crate) fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// Runs a command on its data.
    pub(crate) async fn command(&self, words: &[&str]) -> Ran {
        let mut line: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        line.extend(["--data".to_owned(), self.data()]);
        line.extend(self.database.iter().flat_map(|url| ["--database".to_owned(), url.clone()]));
        let run = move || lombard(&line.iter().map(String::as_str).collect::<Vec<_>>());
        tokio::task::spawn_blocking(run).await.unwrap()
    }

    /// What it left for programs.
    pub(crate) fn facts(&self) -> Value {
        serde_json::from_slice(&fs::read(self.folder().join("sandbox.json")).unwrap()).unwrap()
    }

    /// The bank in it, as the facts describe it.
    pub(crate) fn bank(&self) -> Bank {
        let facts = self.facts();
        let ca_file = facts["ca_file"].as_str().unwrap();
        assert!(Path::new(ca_file).is_absolute(), "{ca_file}");
        Bank { issuer: facts["issuer"].as_str().unwrap().to_owned(), ca_pem: fs::read_to_string(ca_file).unwrap() }
    }

    /// A customer, as the facts describe them.
    pub(crate) fn customer(&self, username: &str) -> Customer {
        let facts = self.facts();
        let customers = facts["customers"].as_array().unwrap();
        let customer = customers.iter().find(|customer| customer["username"] == username);
        let customer = customer.unwrap_or_else(|| panic!("no {username} in {facts}"));
        Customer {
            username: username.to_owned(),
            password: customer["password"].as_str().unwrap().to_owned(),
            code: facts["second_factor"].as_str().unwrap().to_owned(),
        }
    }
}

/// What apps usually ask for.
pub(crate) const SCOPE: &str = "accounts:read balances:read transactions:read";

/// The ids of the accounts that an app was allowed.
pub(crate) async fn accounts(app: &App, token: &str) -> Vec<String> {
    let answer = app.read("/accounts", token).await;
    let accounts = answer["Data"]["Account"].as_array().unwrap();
    accounts.iter().map(|account| account["AccountId"].as_str().unwrap().to_owned()).collect()
}

/// Reads everything that the token gives; how many accounts and how many transactions on their first pages.
pub(crate) async fn read_all(app: &App, token: &str) -> (usize, usize) {
    let ids = accounts(app, token).await;
    let mut transactions = 0;
    for id in &ids {
        let balances = app.read(&format!("/accounts/{id}/balances"), token).await;
        assert!(!balances["Data"]["Balance"].as_array().unwrap().is_empty());
        let page = app.read(&format!("/accounts/{id}/transactions"), token).await;
        transactions += page["Data"]["Transaction"].as_array().unwrap().len();
    }
    (ids.len(), transactions)
}

/// The customer stops sharing with everybody on their own page; the app's next call is refused, and so is a refresh.
pub(crate) async fn take_back(bank: &Bank, customer: &Customer, app: &App, tokens: &Tokens) {
    let browser = bank.browser();
    let page = browser.open("/my/consents").await;
    let mut page = browser.sign_in_with(&page, &customer.username, &customer.password, &customer.code).await;
    while let Some(form) = Form::all(&page.html).into_iter().find(|form| form.action.ends_with("/revoke")) {
        page = browser.post(&form.action, &form.hidden).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.html);
    }
    assert_eq!(app.get("/accounts", &tokens.access).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(app.refresh(&tokens.refresh).await.status(), StatusCode::BAD_REQUEST);
}
