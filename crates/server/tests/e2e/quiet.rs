//! What must not be found afterwards: in the log, and in the files of the database.

use std::collections::BTreeSet;
use std::fs;

use lombard_testkit::{Page, Wanted, example_folder};
use reqwest::StatusCode;
use serde_json::Value;

use crate::command::lombard;
use crate::customer::{Bank, Customer};
use crate::story::{SCOPE, Sandbox, read_all, take_back};

#[tokio::test]
async fn neither_the_log_nor_the_database_tells_a_secret_a_name_or_a_number() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    lombard(&["import", example_folder().to_str().unwrap(), "--data", &sandbox.data()]).good();
    let bank = sandbox.bank();
    let mut secrets = Needles::default();
    let mut personal = people_of(&sandbox);
    let amelia = sandbox.customer("amelia");
    secrets.add(&amelia.password);

    tell(&bank, &amelia, &mut secrets, &mut personal).await;
    misbehave(&bank, &mut secrets).await;
    // What a crash leaves is what a thief finds: the log of the database is not folded into it.
    let log = server.stderr();
    server.kill();

    let mut timeless = String::new();
    for line in log.lines() {
        let mut line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        assert!(line["timestamp"].is_string() && line["level"].is_string() && line["message"].is_string(), "{line}");
        line["timestamp"].take();
        timeless.push_str(&line.to_string());
    }
    assert!(log.contains("/open-banking/v4.0/aisp/accounts/{account}/transactions"), "routes are templates: {log}");
    secrets.must_not_be_in("the log", log.as_bytes());
    personal.must_not_be_in("the log", log.as_bytes());
    // Parts of a second look like amounts.
    amounts().must_not_be_in("the log", timeless.as_bytes());
    let mut looked_at = 0;
    for name in ["bank.db", "bank.db-wal"] {
        let bytes = fs::read(sandbox.folder().join(name)).unwrap();
        looked_at += bytes.len();
        secrets.must_not_be_in(name, &bytes);
        personal.must_not_be_in(name, &bytes);
    }
    assert!(looked_at > 100_000, "{looked_at}");
}

/// The whole story; what apps and browsers were given goes to the secrets, what they read to the personal.
async fn tell(bank: &Bank, customer: &Customer, secrets: &mut Needles, personal: &mut Needles) {
    let app = bank.register().await;
    secrets.add(&app.secret);
    secrets.add(&app.registration_token);
    let wanted = Wanted::scopes(&format!("openid {SCOPE} {}", LISTS.map(|list| format!("{list}:read")).join(" ")));
    secrets.add(&wanted.verifier);
    let (browser, page) = bank.sign_in(&app, customer, &wanted).await;
    remember(&page, secrets);
    let back = browser.submit(&page, &[], "consent-allow").await;
    let code = back.parameter("code").unwrap();
    secrets.add(&code);
    let tokens = app.redeem(&code, &wanted).await;
    let tokens = lombard_testkit::Tokens::of(tokens.json().await.unwrap());
    for token in [&tokens.access, &tokens.refresh, tokens.id_token()] {
        secrets.add(token);
        // Neither whole nor in parts: the signature alone would do for comparing.
        secrets.add(token.rsplit('.').next().unwrap());
    }
    read_all(&app, &tokens.access).await;
    for list in LISTS {
        app.read(&format!("/{}", list.replace("parties", "party")), &tokens.access).await;
    }
    let accounts = app.read("/accounts", &tokens.access).await;
    for account in accounts["Data"]["Account"].as_array().unwrap() {
        for number in account["Account"].as_array().into_iter().flatten() {
            personal.add(number["Identification"].as_str().unwrap_or_default());
        }
    }
    app.introspect(&tokens.access).await;
    take_back(bank, customer, &app, &tokens).await;
}

/// Cookies and the hidden fields of forms.
fn remember(page: &Page, secrets: &mut Needles) {
    for cookie in &page.cookies {
        let value = cookie.split(';').next().and_then(|pair| pair.split_once('=')).map_or("", |(_, value)| value);
        secrets.add(value);
    }
    assert!(!page.cookies.is_empty());
    for (_, value) in page.form().hidden {
        secrets.add(&value);
    }
    let interaction = page.url.split('/').nth(4).unwrap();
    secrets.add(interaction);
}

/// What is refused is logged too, and its secrets are as good as others: a typing mistake away from the right ones.
async fn misbehave(bank: &Bank, secrets: &mut Needles) {
    let mut app = bank.register().await;
    let wanted = Wanted::scopes(SCOPE);
    for (username, password) in [("somebody-unknown", "a-wrong-password-1"), ("priya", "a-wrong-password-2")] {
        let customer =
            Customer { username: username.to_owned(), password: password.to_owned(), code: "990099".to_owned() };
        let (_, page) = bank.sign_in(&app, &customer, &wanted).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        secrets.add(password);
        secrets.add("somebody-unknown");
    }
    for forged in ["forged-access-token-1", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.Zm9yZ2Vk"] {
        secrets.add(forged);
        assert_eq!(app.get("/accounts", forged).await.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(app.get(&format!("/accounts/{forged}/balances"), forged).await.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(app.refresh(forged).await.status(), StatusCode::BAD_REQUEST);
        assert_eq!(app.redeem(forged, &wanted).await.status(), StatusCode::BAD_REQUEST);
        let url = format!("{}/{forged}?access_token={forged}", bank.issuer);
        assert_eq!(app.http.get(url).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    }
    app.secret = "a-wrong-client-secret".to_owned();
    secrets.add(&app.secret);
    assert_eq!(app.refresh("forged-refresh-token").await.status(), StatusCode::UNAUTHORIZED);
}

/// Names, addresses, account numbers and descriptions of all customers.
fn people_of(sandbox: &Sandbox) -> Needles {
    let mut needles = Needles::default();
    for customer in sandbox.facts()["customers"].as_array().unwrap() {
        needles.add(customer["name"].as_str().unwrap());
        needles.add(customer["password"].as_str().unwrap());
    }
    for (file, columns) in [
        ("customers.csv", &[1, 2][..]),
        ("accounts.csv", &[4, 6]),
        ("transactions.csv", &[8, 10]),
        ("standing_orders.csv", &[7]),
        ("parties.csv", &[1, 2, 3, 5]),
        ("beneficiaries.csv", &[3, 4, 6]),
        ("direct_debits.csv", &[3, 4]),
        ("scheduled_payments.csv", &[6, 7, 9]),
    ] {
        let text = fs::read_to_string(example_folder().join(file)).unwrap();
        for line in text
            .lines()
            .skip(1)
            .map(|line| line.replace("\"Nair, Priya\"", "Nair").replace("\"Studio 3, The Ropery\"", "The Ropery"))
        {
            let cells: Vec<_> = line.split(',').collect();
            columns.iter().for_each(|column| needles.add(cells[*column]));
        }
    }
    // Also the name of a kind of account, which is no secret.
    needles.0.remove("Savings");
    for word in ["Amelia Hart", "example.com", "Marsh", "Patel", "Evans"] {
        needles.add(word);
    }
    needles
}

/// The amounts of the example, as people write them.
fn amounts() -> Needles {
    let text = fs::read_to_string(example_folder().join("transactions.csv")).unwrap();
    let mut needles = Needles::default();
    text.lines().skip(1).for_each(|line| needles.add(line.split(',').nth(4).unwrap()));
    needles
}

/// Lists that name people, as scopes name them.
const LISTS: [&str; 5] = ["beneficiaries", "direct-debits", "parties", "scheduled-payments", "standing-orders"];

/// Texts that must not be found.
#[derive(Default)]
struct Needles(BTreeSet<String>);

impl Needles {
    /// One more; what is too short to be told from chance is left out.
    fn add(&mut self, text: &str) {
        if text.len() >= 5 {
            self.0.insert(text.to_owned());
        }
    }

    fn must_not_be_in(&self, place: &str, bytes: &[u8]) {
        assert!(self.0.len() > 5, "{:?}", self.0);
        let text = String::from_utf8_lossy(bytes);
        let found: Vec<_> = self.0.iter().filter(|needle| text.contains(needle.as_str())).collect();
        assert!(found.is_empty(), "{place} tells {found:?}");
    }
}
