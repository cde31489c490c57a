//! Every resource, for every customer of a bank: the sandbox's people, and everybody of the Berka set.

use std::path::PathBuf;

use lombard_bank::seed;
use lombard_domain::secret::Secret;
use lombard_domain::time::Clock as _;
use lombard_store::customer;
use lombard_testkit::{App, Engine, TestBank};
use serde_json::{Value, json};

use crate::uk_schema::{Published, templates};

/// All that a consent can allow.
const PERMISSIONS: [&str; 12] = [
    "ReadAccountsDetail",
    "ReadBalances",
    "ReadBeneficiariesDetail",
    "ReadDirectDebits",
    "ReadOffers",
    "ReadParty",
    "ReadPartyPSU",
    "ReadProducts",
    "ReadScheduledPaymentsDetail",
    "ReadStandingOrdersDetail",
    "ReadStatementsDetail",
    "ReadTransactionsDetail",
];
const WAYS: [&str; 2] = ["ReadTransactionsCredits", "ReadTransactionsDebits"];

#[tokio::test]
async fn every_resource_of_every_customer_of_the_sandbox_has_the_published_shape() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        seed::sow(&bank.db, bank.clock.now().date()).await.unwrap();
        bank.auth.set_missing_passwords(Secret::new(TestBank::PASSWORD.to_owned())).await.unwrap();
        let mut reader = Reader::new(&bank).await;
        for person in seed::people() {
            let (accounts, token) = reader.connect(&bank, person.customer.username.as_str()).await;
            assert!(!accounts.is_empty());
            for route in templates() {
                let whole = if route.contains("{AccountId}") { accounts.as_slice() } else { &accounts[..1] };
                for account in whole {
                    for path in reader.paths(&route, account, &token).await {
                        reader.walk(&route, &path, &token).await;
                    }
                }
            }
        }
        assert!(reader.rows > 5000, "{engine:?}: only {} rows", reader.rows);
    }
}

#[tokio::test]
async fn every_customer_of_the_berka_set_reads_what_is_theirs_in_the_published_shape() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/berka");
    let Ok(customers) = std::fs::read_to_string(folder.join("customers.csv")) else {
        eprintln!("LEFT OUT: {} is not here, so nobody of the Berka set reads their accounts", folder.display());
        return;
    };
    let bank = TestBank::with(Engine::Sqlite, &folder, |_| {}).await;
    quick_passwords(&bank).await;
    let mut reader = Reader::new(&bank).await;
    let mut people = 0;
    for line in customers.lines().skip(1) {
        let username = line.split(',').nth(1).unwrap();
        let (accounts, token) = reader.connect(&bank, username).await;
        // Some are in the files without an account of their own; most have one, so bulk is all of it.
        for route in templates().iter().filter(|route| !route.contains("{AccountId}") || accounts.len() > 1) {
            for account in &accounts {
                for path in reader.paths(route, account, &token).await {
                    reader.walk(route, &path, &token).await;
                }
            }
        }
        people += 1;
    }
    assert_eq!(people, 1385);
    assert!(reader.rows > 28_205, "every transaction is somebody's: {} rows", reader.rows);
}

/// The same password, with a hash that costs little to check, for a bank of which everybody signs in: a hash says itself how dear it is.
async fn quick_passwords(bank: &TestBank) {
    let mut tx = bank.db.begin("quick passwords").await.unwrap();
    for person in customer::list(&mut tx, None, 10_000).await.unwrap() {
        assert!(customer::set_password(&mut tx, person.id, QUICK).await.unwrap());
    }
    tx.commit().await.unwrap();
}

/// `TestBank::PASSWORD` with 8 KiB and one pass.
const QUICK: &str = "$argon2id$v=19$m=8,t=1,p=1$oan/CdyYYTtS9OyGA01Lwg$30ko11jRnS0I21Ur5DwthdDN/9/YNJPEPyWO9R7IcXs";

struct Reader {
    app: App,
    published: Option<Published>,
    rows: usize,
}

impl Reader {
    async fn new(bank: &TestBank) -> Self {
        Self { app: App::register(bank).await, published: Published::open(), rows: 0 }
    }

    /// A customer's accounts and a token for all of them.
    async fn connect(&self, bank: &TestBank, username: &str) -> (Vec<String>, String) {
        let permissions: Vec<_> = PERMISSIONS.iter().chain(&WAYS).collect();
        let intent = self.app.lodge(&json!({"Permissions": permissions})).await;
        let token = self.app.authorise(bank, username, &intent).await.access;
        (self.app.accounts(&token).await, token)
    }

    /// The addresses of a route for an account: one for each statement where one is named.
    async fn paths(&self, route: &str, account: &str, token: &str) -> Vec<String> {
        let path = route.replace("{AccountId}", account);
        if !path.contains("{StatementId}") {
            return vec![path];
        }
        let statements = self.app.read(&format!("/accounts/{account}/statements"), token).await;
        let all = statements["Data"]["Statement"].as_array().unwrap().iter().take(3);
        all.map(|one| path.replace("{StatementId}", one["StatementId"].as_str().unwrap())).collect()
    }

    /// Reads all pages.
    async fn walk(&mut self, route: &str, path: &str, token: &str) {
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let answer = self.app.answer(&path, token).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
            self.published.iter_mut().for_each(|published| published.check(route, &answer));
            let body = answer.json();
            let data = body["Data"].as_object().unwrap().values().next().unwrap();
            self.rows += data.as_array().map_or(1, Vec::len);
            next = body.pointer("/Links/Next").and_then(Value::as_str).map(str::to_owned);
        }
    }
}
