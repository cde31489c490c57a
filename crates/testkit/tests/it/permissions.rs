//! Permission set × resource × field, as one table that a reviewer reads: `golden/permissions.txt`.
//!
//! The table is made from real answers to an app with a lodged consent. `UPDATE_GOLDEN=1` writes it anew; what then changes in it is what
//! changes for apps and for customers' privacy.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use lombard_bank::seed;
use lombard_domain::secret::Secret;
use lombard_domain::time::Clock as _;
use lombard_testkit::{App, TestBank};
use serde_json::{Value, json};

/// Each set is asked for beside what a consent cannot be without.
const SETS: [&str; 24] = [
    "ReadAccountsBasic",
    "ReadAccountsDetail",
    "ReadAccountsDetail ReadPAN",
    "ReadBalances",
    "ReadBeneficiariesBasic",
    "ReadBeneficiariesDetail",
    "ReadDirectDebits",
    "ReadOffers",
    "ReadParty",
    "ReadPartyPSU",
    "ReadProducts",
    "ReadScheduledPaymentsBasic",
    "ReadScheduledPaymentsDetail",
    "ReadStandingOrdersBasic",
    "ReadStandingOrdersDetail",
    "ReadStatementsBasic",
    "ReadStatementsDetail",
    "ReadTransactionsBasic ReadTransactionsCredits",
    "ReadTransactionsBasic ReadTransactionsDebits",
    "ReadTransactionsBasic ReadTransactionsCredits ReadTransactionsDebits",
    "ReadTransactionsDetail ReadTransactionsCredits",
    "ReadTransactionsDetail ReadTransactionsDebits",
    "ReadTransactionsDetail ReadTransactionsCredits ReadTransactionsDebits",
    "ReadTransactionsDetail ReadTransactionsCredits ReadTransactionsDebits ReadPAN",
];

#[tokio::test]
async fn the_table_of_permissions_is_as_reviewed() {
    let text = table().await;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden/permissions.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let known = std::fs::read_to_string(&file).unwrap_or_default();
    for (number, (new, old)) in text.lines().zip(known.lines()).enumerate() {
        let line = number + 1;
        assert_eq!(new, old, "{}:{line}: what an app may see has changed; UPDATE_GOLDEN=1 writes it", file.display());
    }
    assert_eq!(text.lines().count(), known.lines().count(), "{}: lines have come or gone", file.display());
}

async fn table() -> String {
    let bank = TestBank::new().await;
    seed::sow(&bank.db, bank.clock.now().date()).await.unwrap();
    bank.auth.set_missing_passwords(Secret::new(TestBank::PASSWORD.to_owned())).await.unwrap();
    let app = App::register(&bank).await;
    let scout = app.connect(&bank, "alice", "accounts:read statements:read").await.access;
    let accounts = app.read("/accounts", &scout).await;
    let of_kind = |code: &str| {
        let all = accounts["Data"]["Account"].as_array().unwrap();
        let found = all.iter().find(|account| account["AccountTypeCode"] == code).unwrap();
        found["AccountId"].as_str().unwrap().to_owned()
    };
    let (current, card) = (of_kind("CACC"), of_kind("CARD"));
    let statements = app.read(&format!("/accounts/{current}/statements"), &scout).await;
    let statement = statements["Data"]["Statement"][0]["StatementId"].as_str().unwrap().to_owned();
    let mut text = HEAD.to_owned();
    for set in SETS {
        let permissions: BTreeSet<&str> = set.split(' ').chain(["ReadAccountsBasic"]).collect();
        let intent = app.lodge(&json!({"Permissions": permissions})).await;
        let token = app.authorise(&bank, "alice", &intent).await.access;
        let _ = writeln!(text, "\n{set}");
        for route in routes() {
            let path = route.replace("{account}", &current).replace("{statement}", &statement);
            let _ = writeln!(text, "  {route:<52} {}", seen(&app, &path, &token).await);
        }
        let _ =
            writeln!(text, "  {:<52} {}", "/accounts/{card}", seen(&app, &format!("/accounts/{card}"), &token).await);
    }
    text
}

fn routes() -> impl Iterator<Item = &'static str> {
    let routes =
        lombard_http::routes().into_iter().filter_map(|(_, path)| path.strip_prefix("/open-banking/v4.0/aisp"));
    routes.filter(|path| !path.contains("consents"))
}

/// The error, or the names of all fields that an answer has.
async fn seen(app: &App, path: &str, token: &str) -> String {
    let answer = app.answer(path, token).await;
    if answer.status != 200 {
        return format!("{} {}", answer.status, answer.code());
    }
    if answer.header("content-type") == "application/pdf" {
        return "a document".to_owned();
    }
    let body = answer.json();
    let data = body["Data"].as_object().unwrap().values().next().unwrap();
    let mut fields = BTreeSet::new();
    collect(data, "", &mut fields);
    fields.into_iter().collect::<Vec<_>>().join(" ")
}

fn collect(value: &Value, name: &str, fields: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, name, fields)),
        Value::Object(members) => {
            if members.get("SchemeName").is_some_and(|scheme| scheme == "UK.OBIE.PAN") {
                let number = members["Identification"].as_str().unwrap();
                let how = if number.bytes().all(|b| b.is_ascii_digit()) { "whole" } else { "masked" };
                fields.insert(format!("{name}.Identification({how} card)"));
            }
            for (member, value) in members {
                let name = if name.is_empty() { member.clone() } else { format!("{name}.{member}") };
                collect(value, &name, fields);
            }
        }
        Value::String(text) if name == "CreditDebitIndicator" => {
            fields.insert(format!("{name}={text}"));
        }
        _ => {
            fields.insert(name.to_owned());
        }
    }
}

const HEAD: &str = "\
# What an app may see with which permissions: made from real answers by tests/it/permissions.rs; UPDATE_GOLDEN=1 writes it anew.
# Each set stands beside ReadAccountsBasic. A line is a resource and all fields that came, or the status and the code of its error.
";
