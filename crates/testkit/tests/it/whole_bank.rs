//! Every resource, for every customer of a bank: the sandbox's people, and everybody of the Berka set.

use std::path::PathBuf;

use lombard_bank::seed;
use lombard_domain::consent::{Consent, Kind, Terms};
use lombard_domain::id::{ConsentId, GrantId};
use lombard_domain::oauth::{Grant, GrantManagement, RefreshToken, ScopeSet};
use lombard_domain::permission::{Permission, PermissionSet, Window};
use lombard_domain::secret::Secret;
use lombard_domain::time::Clock as _;
use lombard_store::{account, consent, customer, grant, token};
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_customer_of_the_berka_set_reads_what_is_theirs_in_the_published_shape() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/berka");
    if !folder.exists() {
        eprintln!("LEFT OUT: {} is not here, so nobody of the Berka set reads their accounts", folder.display());
        return;
    }
    let bank = TestBank::with(Engine::Sqlite, &folder, |_| {}).await;
    let app = App::register(&bank).await;
    let connected = everybody(&bank, &app).await;
    assert_eq!(connected.len(), 1385);
    let bulk: Vec<String> = templates().into_iter().filter(|route| !route.contains('{')).collect();
    let mut readers = tokio::task::JoinSet::new();
    // Each reads with what is known of some customers; a read waits for the disk half of its time.
    for share in connected.chunks(connected.len().div_ceil(READERS)) {
        let (share, bulk) = (share.to_vec(), bulk.clone());
        let mut reader = Reader { app: app.clone(), published: Published::open(), rows: 0 };
        readers.spawn(async move {
            for refresh in share {
                let answer: Value = reader.app.refresh(&refresh).await.json().await.unwrap();
                let token = answer["access_token"].as_str().unwrap().to_owned();
                for route in &bulk {
                    reader.walk(route, route, &token).await;
                }
            }
            reader.rows
        });
    }
    let rows: usize = readers.join_all().await.into_iter().sum();
    assert!(rows > 28_205, "every transaction is somebody's: {rows} rows");
}

/// Everybody has allowed everything; the refresh tokens that the app got for it.
async fn everybody(bank: &TestBank, app: &App) -> Vec<String> {
    let now = bank.clock.now();
    let mut tx = bank.db.begin("everybody").await.unwrap();
    let mut tokens = Vec::new();
    for (number, person) in (1_u128..).zip(customer::list(&mut tx, None, 10_000).await.unwrap()) {
        let held = account::of_customer(&mut tx, person.id).await.unwrap();
        let permissions = PermissionSet::of(Permission::ACCOUNT_INFORMATION);
        let terms = Terms { permissions, window: Window::default(), expires_at: None, debtor: None };
        let client = app.id.parse().unwrap();
        let lodged = Consent::lodge(ConsentId::from_bits(number), client, Kind::AccountAccess, terms, now);
        let accounts = held.iter().map(|held| held.account.id).collect();
        consent::insert(&mut tx, &lodged.authorise(person.id, accounts, now).unwrap()).await.unwrap();
        let given = Grant {
            id: GrantId::from_bits(number),
            consent: ConsentId::from_bits(number),
            client,
            customer: person.id,
            scope: ScopeSet::parse("accounts").unwrap(),
            details: None,
            nonce: None,
            management: GrantManagement::None,
            signed_in_at: now,
            created_at: now,
        };
        grant::insert(&mut tx, &given).await.unwrap();
        let text = format!("{number:043}");
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        let refresh = RefreshToken { client, grant: given.id, issued_at: now, expires_at: None };
        token::insert_refresh(&mut tx, digest.as_ref(), &refresh).await.unwrap();
        tokens.push(text);
    }
    tx.commit().await.unwrap();
    tokens
}

/// Readers at the same time.
const READERS: usize = 8;

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
