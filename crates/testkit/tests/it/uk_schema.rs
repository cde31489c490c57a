//! Every answer of the account API has the shape that UK Open Banking publishes, and keeps what the standard's text adds to it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jsonschema::Validator;
use lombard_testkit::{Answer, App, TestBank};
use serde_json::{Value, json};

/// The published description, if it is beside this project.
pub(crate) struct Published {
    document: Value,
    compiled: BTreeMap<String, Validator>,
}

impl Published {
    pub(crate) fn open() -> Option<Self> {
        let file =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/openapi/account-info.json");
        let Ok(text) = std::fs::read_to_string(&file) else {
            eprintln!(
                "LEFT OUT: {} is not here, so answers are not held against UK Open Banking's schemas",
                file.display()
            );
            return None;
        };
        Some(Self { document: serde_json::from_str(&text).unwrap(), compiled: BTreeMap::new() })
    }

    /// Holds an answer against what is published for a path and a status.
    pub(crate) fn check(&mut self, template: &str, answer: &Answer) {
        let problems = self.problems(template, answer);
        assert!(problems.is_empty(), "{template} {}: {problems:#?}\n{}", answer.status, answer.text);
    }

    fn problems(&mut self, template: &str, answer: &Answer) -> Vec<String> {
        let responses = &self.document["paths"][template]["get"]["responses"];
        let mut response = &responses[answer.status.to_string()];
        if let Some(reference) = response["$ref"].as_str() {
            response = self.document.pointer(reference.trim_start_matches('#')).unwrap();
        }
        let schema = match response["content"]["application/json"]["schema"]["$ref"].as_str() {
            Some(reference) => reference.to_owned(),
            // Some statuses are published without a body; ours has the shape of the others.
            None if answer.status >= 400 => "#/components/schemas/OBErrorResponse1".to_owned(),
            None => panic!("nothing is published for {template}, {}", answer.status),
        };
        let validator = self.compiled.entry(schema.clone()).or_insert_with(|| {
            let root = json!({"allOf": [{"$ref": schema}], "components": self.document["components"]});
            // OpenAPI 3.0 builds on what became draft 4.
            jsonschema::options()
                .with_draft(jsonschema::Draft::Draft4)
                .should_validate_formats(true)
                .build(&root)
                .unwrap()
        });
        let instance = answer.json();
        validator.iter_errors(&instance).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }
}

#[tokio::test]
async fn every_answer_has_the_published_shape() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let mut published = Published::open();
    let mut rows = BTreeMap::new();
    for username in ["amelia", "jonah", "priya"] {
        let token = app.connect(&bank, username, SCOPE).await.access;
        for route in templates() {
            for account in app.accounts(&token).await {
                let statements = app.read(&format!("/accounts/{account}/statements"), &token).await;
                let path = path_of(&route, &account, &statements);
                let mut next = Some(bank.url(&format!("{BASE}{path}")));
                while let Some(url) = next {
                    let answer = app.answer(&url, &token).await;
                    assert_eq!(answer.status, 200, "{url}: {}", answer.text);
                    published.iter_mut().for_each(|published| published.check(&route, &answer));
                    *rows.entry(route.clone()).or_insert(0) += keeps_the_rules(&url, &answer);
                    next = answer.json().pointer("/Links/Next").and_then(Value::as_str).map(str::to_owned);
                }
            }
        }
    }
    assert_eq!(rows.len(), templates().len());
    assert!(rows.values().all(|rows| *rows > 0), "an answer was always empty: {rows:?}");
}

#[tokio::test]
async fn every_refusal_has_the_published_shape() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let mut published = Published::open();
    let token = app.connect(&bank, "amelia", "accounts:read transactions:read").await.access;
    let account = app.accounts(&token).await.remove(0);
    let own = app.own_token().await;
    for route in templates() {
        let path = path_of(&route, &account, &Value::Null);
        let url = bank.url(&format!("{BASE}{path}"));
        let mut answers = vec![app.answer(&path, "x").await, app.answer(&path, &own).await];
        answers.push(Answer::of(bank.http().get(&url).send().await.unwrap()).await);
        answers.push(Answer::of(bank.http().post(&url).bearer_auth(&token).send().await.unwrap()).await);
        let html = bank.http().get(&url).bearer_auth(&token).header("accept", "text/html");
        answers.push(Answer::of(html.send().await.unwrap()).await);
        answers.push(app.answer(&path_of(&route, "nothing", &Value::Null), &token).await);
        answers.push(app.answer(&format!("{path}?fromBookingDateTime=x"), &token).await);
        answers.push(app.answer(&format!("{path}/nothing"), &token).await);
        let refused: Vec<_> = answers.iter().filter(|answer| answer.status >= 400).collect();
        assert!(refused.len() >= 6, "{route}: {:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
        for answer in refused {
            let error = &answer.json()["Errors"][0];
            assert_eq!(error["ErrorCode"].as_str().unwrap().len(), 4);
            assert_eq!(answer.json()["Id"], answer.header("x-fapi-interaction-id"));
            assert_eq!(answer.header("content-type"), "application/json");
            published.iter_mut().for_each(|published| published.check(&route, answer));
        }
    }
}

/// A test that never fails proves nothing.
#[tokio::test]
async fn a_wrong_shape_is_noticed() {
    let Some(mut published) = Published::open() else { return };
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let token = app.connect(&bank, "amelia", "accounts:read transactions:read").await.access;
    let account = app.accounts(&token).await.remove(0);
    let right = app.answer(&format!("/accounts/{account}/transactions"), &token).await;
    let template = "/accounts/{AccountId}/transactions";
    assert_eq!(published.problems(template, &right), Vec::<String>::new());
    for (at, wrong) in [
        ("/Data", json!([])),
        ("/Data/Transaction/0/Amount/Amount", json!("-1.00")),
        ("/Data/Transaction/0/Amount/Amount", json!(1.00)),
        ("/Data/Transaction/0/BookingDateTime", json!("yesterday")),
        ("/Data/Transaction/0/Status", json!("Booked")),
        ("/Data/Transaction/0", json!({})),
        ("/Links", json!({"Self": 1})),
        ("/Links/Self", json!("")),
    ] {
        let mut body = right.json();
        *body.pointer_mut(at).unwrap() = wrong.clone();
        let answer = Answer { text: body.to_string(), ..right.clone() };
        assert!(!published.problems(template, &answer).is_empty(), "{at} can be {wrong}");
    }
}

/// What holds for every answer, with or without the published description; how many rows it has.
fn keeps_the_rules(url: &str, answer: &Answer) -> usize {
    let body = answer.json();
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["Data", "Links", "Meta"], "{url}");
    assert_eq!(body["Links"]["Self"], url, "Self is the address that was called, absolute");
    assert!(body["Meta"].is_object());
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("x-fapi-interaction-id").len(), 36);
    let data = body["Data"].as_object().unwrap();
    let rows = data.values().next().unwrap();
    assert_eq!(data.len(), 1, "{url}");
    walk(&body, &mut |name, value| {
        assert!(!value.is_null() && value != "", "{name} should be left out");
        match (name, value) {
            ("Amount", Value::String(text)) => assert!(is_amount(text), "{name} {text}"),
            ("Amount", value) => assert!(value.is_object(), "{name} {value}"),
            ("Currency", value) => {
                let text = value.as_str().unwrap();
                assert!(text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()), "{text}");
            }
            ("CreditDebitIndicator", value) => assert!(value == "Credit" || value == "Debit"),
            (name, value) if name.ends_with("DateTime") || name == "OpeningDate" => {
                let text = value.as_str().unwrap();
                let shaped = text.get(4..5) == Some("-") && text.get(10..11) == Some("T") && text.ends_with('Z');
                assert!(shaped, "{name} {text} has no time zone");
            }
            (name, value) => assert!(!value.is_number() || name == "TotalPages", "{name} is a JSON number"),
        }
    });
    // One person stands alone, everything else in a list.
    rows.as_array().map_or(1, Vec::len)
}

/// The path of a route for an account, and for the first of its statements.
fn path_of(route: &str, account: &str, statements: &Value) -> String {
    let statement = statements.pointer("/Data/Statement/0/StatementId").and_then(Value::as_str).unwrap_or("nothing");
    route.replace("{AccountId}", account).replace("{StatementId}", statement)
}

/// `^\d{1,13}$|^\d{1,13}\.\d{1,5}$`
fn is_amount(text: &str) -> bool {
    let digits = |part: &str, most| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    match text.split_once('.') {
        None => digits(text, 13),
        Some((whole, fraction)) => digits(whole, 13) && digits(fraction, 5),
    }
}

fn walk(value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            visit(name, value);
            walk(value, visit);
        }),
        Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        _ => {}
    }
}

/// The API's routes as they are published.
pub(crate) fn templates() -> Vec<String> {
    let routes = lombard_http::routes().into_iter().filter_map(|(_, path)| path.strip_prefix(BASE));
    // Consents are no data; `consents/schema.rs` holds them against what is published.
    // Documents are no JSON; `statements/document.rs` reads them.
    let routes = routes.filter(|path| !path.contains("consents") && !path.ends_with("/file"));
    routes.map(|path| path.replace("{account}", "{AccountId}").replace("{statement}", "{StatementId}")).collect()
}

const BASE: &str = "/open-banking/v4.0/aisp";
const SCOPE: &str = "accounts:read balances:read beneficiaries:read direct-debits:read offers:read parties:read products:read \
    scheduled-payments:read standing-orders:read statements:read transactions:read";
