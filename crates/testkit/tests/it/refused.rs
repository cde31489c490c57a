//! The guard: after one call that is allowed, every route is called by everybody who may not.
//!
//! It holds a table with a row for each route. Never leave a route out of it: what is not called here, nobody has seen refuse.

mod clients;
mod consents;
mod data;
mod events;
mod grants;
mod pages;

use std::collections::BTreeSet;

use lombard_store::logo::{self, Picture};
use lombard_testkit::{Answer, App, Presence, TestBank};
use reqwest::Method;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// An app that proves who it is, with this form; what it sends must be its own.
    Client(&'static str),
    /// Who holds a customer's token with this scope. An account in the path must be one of the consent's.
    Data(&'static str),
    /// An app's own token for any of the scopes that events are of; the subscription in the path must be its own.
    Event,
    /// A customer's token for funds; the consent in the body must be the one it was given for.
    Funds,
    /// An app's own token with this scope; the grant in the path must be its own.
    Grant(&'static str),
    /// An app's own token with this scope; the lodged consent in the path must be its own.
    Lodged(&'static str),
    /// Browsers: the forms among them only from a page of ours.
    Page,
    /// Anybody.
    Public,
    /// Anybody where the bank says so.
    Registration,
    /// Who holds the token of the registration in the path.
    Registered,
}

/// One row per route.
const ROUTES: &[(&str, &str, Kind)] = &[
    ("GET", "/", Kind::Public),
    ("GET", "/.well-known/oauth-authorization-server", Kind::Public),
    ("GET", "/.well-known/oauth-protected-resource", Kind::Public),
    ("GET", "/.well-known/openid-configuration", Kind::Public),
    ("GET", "/assets/lombard.css", Kind::Public),
    ("GET", "/authorize", Kind::Page),
    ("POST", "/authorize", Kind::Page),
    ("GET", "/grants/{grant}", Kind::Grant("grant_management_query")),
    ("DELETE", "/grants/{grant}", Kind::Grant("grant_management_revoke")),
    ("GET", "/interaction/{id}/consent", Kind::Page),
    ("POST", "/interaction/{id}/cancel", Kind::Page),
    ("POST", "/interaction/{id}/consent", Kind::Page),
    ("GET", "/interaction/{id}/login", Kind::Page),
    ("POST", "/interaction/{id}/login", Kind::Page),
    ("GET", "/interaction/{id}/sca", Kind::Page),
    ("POST", "/interaction/{id}/sca", Kind::Page),
    ("POST", "/introspect", Kind::Client("token=x")),
    ("GET", "/jwks", Kind::Public),
    ("GET", "/lombard/v1/accounts/{account}/transactions/sync", Kind::Data("transactions:read")),
    ("GET", "/logos/{picture}", Kind::Public),
    ("GET", "/my/consents", Kind::Page),
    ("POST", "/my/consents/{id}/revoke", Kind::Page),
    ("POST", "/my/sign-out", Kind::Page),
    ("POST", "/open-banking/v4.0/aisp/account-access-consents", Kind::Lodged("accounts")),
    ("DELETE", "/open-banking/v4.0/aisp/account-access-consents/{consent}", Kind::Lodged("accounts")),
    ("GET", "/open-banking/v4.0/aisp/account-access-consents/{consent}", Kind::Lodged("accounts")),
    ("POST", "/open-banking/v4.0/cbpii/funds-confirmation-consents", Kind::Lodged("fundsconfirmations")),
    ("DELETE", "/open-banking/v4.0/cbpii/funds-confirmation-consents/{consent}", Kind::Lodged("fundsconfirmations")),
    ("GET", "/open-banking/v4.0/cbpii/funds-confirmation-consents/{consent}", Kind::Lodged("fundsconfirmations")),
    ("POST", "/open-banking/v4.0/cbpii/funds-confirmations", Kind::Funds),
    ("GET", "/open-banking/v4.0/aisp/accounts", Kind::Data("accounts:read")),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}", Kind::Data("accounts:read")),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/balances", Kind::Data("balances:read")),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/beneficiaries", Kind::Data("beneficiaries:read")),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/direct-debits", Kind::Data("direct-debits:read")),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/offers", Kind::Data("offers:read")),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/parties", Kind::Data("parties:read")),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/party", Kind::Data("parties:read")),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/product", Kind::Data("products:read")),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/scheduled-payments", Kind::Data("scheduled-payments:read")),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/standing-orders", Kind::Data("standing-orders:read")),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/statements", Kind::Data("statements:read")),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/statements/{statement}", Kind::Data("statements:read")),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/statements/{statement}/file", Kind::Data("statements:read")),
    (
        "GET",
        "/open-banking/v4.0/aisp/accounts/{account}/statements/{statement}/transactions",
        Kind::Data("transactions:read"),
    ),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/transactions", Kind::Data("transactions:read")),
    ("GET", "/open-banking/v4.0/aisp/balances", Kind::Data("balances:read")),
    ("GET", "/open-banking/v4.0/aisp/beneficiaries", Kind::Data("beneficiaries:read")),
    ("GET", "/open-banking/v4.0/aisp/direct-debits", Kind::Data("direct-debits:read")),
    ("GET", "/open-banking/v4.0/aisp/offers", Kind::Data("offers:read")),
    ("GET", "/open-banking/v4.0/aisp/party", Kind::Data("parties:read")),
    ("GET", "/open-banking/v4.0/aisp/products", Kind::Data("products:read")),
    ("GET", "/open-banking/v4.0/aisp/scheduled-payments", Kind::Data("scheduled-payments:read")),
    ("GET", "/open-banking/v4.0/aisp/standing-orders", Kind::Data("standing-orders:read")),
    ("GET", "/open-banking/v4.0/aisp/statements", Kind::Data("statements:read")),
    ("GET", "/open-banking/v4.0/aisp/transactions", Kind::Data("transactions:read")),
    ("GET", "/open-banking/v4.0/event-subscriptions", Kind::Event),
    ("POST", "/open-banking/v4.0/event-subscriptions", Kind::Event),
    ("DELETE", "/open-banking/v4.0/event-subscriptions/{subscription}", Kind::Event),
    ("PUT", "/open-banking/v4.0/event-subscriptions/{subscription}", Kind::Event),
    ("POST", "/open-banking/v4.0/events", Kind::Event),
    ("GET", "/openapi.json", Kind::Public),
    ("POST", "/par", Kind::Client("response_type=code")),
    ("POST", "/register", Kind::Registration),
    ("DELETE", "/register/{client}", Kind::Registered),
    ("GET", "/register/{client}", Kind::Registered),
    ("PUT", "/register/{client}", Kind::Registered),
    ("POST", "/revoke", Kind::Client("token=x")),
    ("POST", "/token", Kind::Client("grant_type=client_credentials")),
    ("GET", "/userinfo", Kind::Data("openid")),
    ("POST", "/userinfo", Kind::Data("openid")),
];

#[test]
fn every_route_has_a_row() {
    let known: BTreeSet<_> = ROUTES.iter().map(|(method, path, _)| (*method, *path)).collect();
    assert_eq!(known.len(), ROUTES.len(), "a route has two rows in refused.rs");
    let served: BTreeSet<_> = lombard_http::routes().into_iter().collect();
    for (method, path) in &served {
        assert!(
            known.contains(&(*method, *path)),
            "DO NOT SKIP THIS: {method} {path} has no row in crates/testkit/tests/it/refused.rs. Add one that says who may \
             call it; if none of the kinds fits, write a new kind and the test that calls it as everybody who may not."
        );
    }
    for (method, path) in &known {
        assert!(
            served.contains(&(*method, *path)),
            "{method} {path} is not served any more: take its row out of refused.rs"
        );
    }
}

/// The list of routes is written beside the router; this keeps the two from drifting apart.
#[tokio::test]
async fn the_list_of_routes_is_what_is_served() {
    let bank = TestBank::new().await;
    let http = bank.http();
    let paths: BTreeSet<_> = ROUTES.iter().map(|(_, path, _)| *path).collect();
    let picture = a_picture(&bank).await;
    for path in &paths {
        let url = bank.url(&path.replace("{picture}", &picture).replace(['{', '}'], ""));
        for method in ["DELETE", "GET", "PATCH", "POST", "PUT"] {
            let listed = ROUTES.iter().any(|(known, at, _)| (*known, at) == (method, path));
            let answer = http.request(method.parse().unwrap(), &url).send().await.unwrap();
            let served = answer.status() != 404 && answer.status() != 405;
            assert_eq!(served, listed, "{method} {path} answered {}", answer.status());
        }
    }
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../http/src");
    let mut calls = 0;
    for surface in ["feed/mod.rs", "oauth/mod.rs", "openapi/mod.rs", "uk/mod.rs", "web/mod.rs", "lib.rs"] {
        let text = std::fs::read_to_string(source.join(surface)).unwrap();
        calls += text.matches(".route(").count();
        for other in [".nest(", ".route_service(", ".nest_service(", ".fallback_service("] {
            assert!(!text.contains(other), "{surface} uses {other}: teach this test what it serves");
        }
    }
    assert_eq!(calls, paths.len(), "a router serves a path that its list of routes does not name");
}

#[tokio::test]
async fn public_routes_answer_anybody() {
    let bank = TestBank::new().await;
    let picture = a_picture(&bank).await;
    for (method, path, _) in ROUTES.iter().filter(|(_, _, kind)| *kind == Kind::Public) {
        let answer = call(&bank, method, &path.replace("{picture}", &picture), &[], None).await;
        assert_eq!(answer.status, 200, "{method} {path}");
    }
}

/// The name of a picture that is there.
async fn a_picture(bank: &TestBank) -> String {
    let app = App::register(bank).await;
    let picture = Picture { digest: "a".repeat(64), png: vec![1] };
    let mut tx = bank.db.begin("picture").await.unwrap();
    logo::insert(&mut tx, app.id.parse().unwrap(), &picture, bank.auth.now()).await.unwrap();
    tx.commit().await.unwrap();
    format!("{}.png", picture.digest)
}

/// Calls a path with these headers and this form.
async fn call(bank: &TestBank, method: &str, path: &str, headers: &[(&str, &str)], form: Option<&str>) -> Answer {
    let method: Method = method.parse().unwrap();
    // With the customer there: without them, so many calls of one route would soon be too many.
    let mut request = bank.http().request(method, bank.url(path)).header(Presence::HEADER, "192.0.2.7");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(form) = form {
        request = request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
    }
    Answer::of(request.send().await.unwrap()).await
}
