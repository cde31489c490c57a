//! The description of the API is what is served, and is kept in the repository so that a change of it is seen.

use std::collections::BTreeSet;
use std::path::PathBuf;

use lombard_auth::jose::{Alg, SigningKey};
use lombard_testkit::TestBank;
use serde_json::{Value, json};

/// Pages for people, which no app calls.
const PAGES: [&str; 7] = ["/", "/assets/", "/authorize", "/interaction/", "/logos/", "/my/", "/openapi.json"];

fn described() -> Value {
    serde_json::from_str(&lombard_http::openapi::document().to_json().unwrap()).unwrap()
}

fn operations(document: &Value) -> impl Iterator<Item = (String, &String, &Value)> {
    document["paths"].as_object().unwrap().iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().iter().map(move |(method, operation)| (method.to_uppercase(), path, operation))
    })
}

#[test]
fn describes_every_endpoint_that_apps_call_and_no_other() {
    let document = described();
    let described: BTreeSet<_> = operations(&document).map(|(method, path, _)| (method, path.clone())).collect();
    let is_page = |path: &str| PAGES.iter().any(|page| path == *page || (page.len() > 1 && path.starts_with(page)));
    let served: BTreeSet<_> = lombard_http::routes()
        .into_iter()
        .filter(|(_, path)| !is_page(path))
        .map(|(method, path)| (method.to_owned(), path.to_owned()))
        .collect();
    let missing: Vec<_> = served.difference(&described).collect();
    assert!(missing.is_empty(), "not described in the OpenAPI document: {missing:?}");
    let invented: Vec<_> = described.difference(&served).collect();
    assert!(invented.is_empty(), "described, but not served: {invented:?}");
}

#[test]
fn says_of_every_operation_what_it_needs_and_what_it_answers() {
    let document = described();
    let mut names = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let what = format!("{method} {path}");
        assert!(names.insert(operation["operationId"].as_str().unwrap().to_owned()), "{what}: its name is another's");
        assert!(!operation["summary"].as_str().unwrap_or_default().is_empty(), "{what} has no summary");
        assert!(operation["security"].is_array(), "{what} does not say who may call it; nobody special is `[]`");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{what} never succeeds");
        assert!(responses.keys().any(|status| status.starts_with('4')), "{what} never refuses");
        for (status, response) in responses {
            assert!(!response["description"].as_str().unwrap_or_default().is_empty(), "{what} {status}");
            // RFC 7009 2.2: the status says it all.
            let needs_body = status != "204" && operation["operationId"] != "revoke" || !status.starts_with('2');
            assert_eq!(response.get("content").is_some(), needs_body, "{what} {status}: its content");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(!parameter["description"].as_str().unwrap_or_default().is_empty(), "{what}: {parameter}");
        }
        let in_path = path.matches('{').count();
        let told = operation["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == "path").count();
        assert_eq!(in_path, told, "{what}: parameters of its path");
    }
    assert_eq!(document["openapi"], "3.1.0");
}

/// Without a customer `openid` says nothing.
#[test]
fn an_apps_own_token_is_described_without_openid() {
    let document = described();
    let flows = |scheme: &str| document["components"]["securitySchemes"][scheme]["flows"].clone();
    let own = flows("app")["clientCredentials"]["scopes"].clone();
    assert!(own.get("openid").is_none() && own.get("accounts").is_some(), "{own}");
    assert!(flows("customer")["authorizationCode"]["scopes"].get("openid").is_some());
}

fn members<'a>(document: &'a Value, schema: &str) -> BTreeSet<&'a str> {
    let schema = &document["components"]["schemas"][schema];
    let parts = schema["allOf"].as_array().map_or_else(|| vec![schema], |all| all.iter().collect());
    let own = parts.into_iter().filter_map(|part| part["properties"].as_object());
    own.flat_map(|members| members.keys().map(String::as_str)).collect()
}

#[tokio::test]
async fn every_member_of_a_registration_is_described_and_every_described_one_is_read() {
    let bank = TestBank::new().await;
    let document = described();
    let (asked, told) = (members(&document, "ClientMetadata"), members(&document, "ClientRegistration"));
    let keys = json!({"keys": [SigningKey::generate(Alg::Ps256).unwrap().public().to_json()]});
    let body = json!({
        "redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_san_dns": "app.example", "token_endpoint_auth_signing_alg": "PS256", "jwks": keys,
        "request_object_signing_alg": "PS256", "response_modes": ["jwt"], "client_uri": "https://app.example",
        "authorization_details_types": ["account_information"], "logo_uri": "https://app.example/l",
        "policy_uri": "https://app.example/p", "tos_uri": "https://app.example/t", "contacts": ["a@app.example"],
        "software_id": "pocket", "software_version": "1",
    });
    let secret = json!({"redirect_uris": ["https://app.example/cb"]});
    for body in [&body, &secret] {
        let answer = bank.http().post(bank.url("/register")).json(body).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        let answer: Value = answer.json().await.unwrap();
        let unknown = answer.as_object().unwrap().keys().find(|name| {
            let name = name.as_str();
            !asked.contains(name) && !told.contains(name)
        });
        assert_eq!(unknown, None, "answered, but not described");
    }
    for name in asked {
        // No member is a number, so whoever reads it refuses it by its name.
        let mut wrong = body.clone();
        wrong[name] = json!(7);
        let refused = bank.http().post(bank.url("/register")).json(&wrong).send().await.unwrap();
        assert_eq!(refused.status(), 400, "{name} is not read");
        let refused: Value = refused.json().await.unwrap();
        assert!(refused["error_description"].as_str().unwrap().contains(name), "{name}: {refused}");
    }
}

/// Run with `UPDATE_GOLDEN=1` to write it anew, and read the difference.
#[test]
fn is_kept_in_the_repository() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../openapi/lombard.json");
    let now = format!("{}\n", lombard_http::openapi::document().to_pretty_json().unwrap());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &now).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == now, "openapi/lombard.json is not what the code describes: run this test with UPDATE_GOLDEN=1");
}

#[tokio::test]
async fn is_served() {
    let bank = TestBank::new().await;
    let answer = bank.http().get(bank.url("/openapi.json")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(answer.json::<Value>().await.unwrap(), described());
    // The page to try it is a sandbox's only.
    assert_eq!(bank.http().get(bank.url("/explorer")).send().await.unwrap().status(), 404);
}
