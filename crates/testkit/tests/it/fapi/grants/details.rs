//! `authorization_details` (RFC 9396): what is asked for exactly, is granted exactly, and opens exactly that.

use lombard_testkit::fapi::{FapiApp, FapiSetup, OpenId, changed};
use lombard_testkit::{Engine, TestBank, Tokens, refusal};
use reqwest::Response;
use serde_json::{Value, json};

use super::{code_with, details, status, tokens_with};

/// Details, and nothing by scope but who the customer is, if that is asked for.
async fn tokens_for(bank: &TestBank, app: &FapiApp, actions: &[&str]) -> Tokens {
    let text = details(actions).to_string();
    let scope = if app.setup.openid == OpenId::Yes { Some("openid") } else { None };
    tokens_with(bank, app, "", &[("scope", scope), ("authorization_details", Some(&text))]).await
}

/// Refreshes for these details.
async fn refresh_for(app: &FapiApp, refresh: &str, text: &str) -> Response {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("authorization_details", text)];
    app.token(&app.form(&fields)).await
}

/// What was granted, as an answer of the token endpoint tells it.
fn told(tokens: &Tokens) -> &Value {
    &tokens.answer["authorization_details"]
}

async fn an_account(app: &FapiApp, token: &str) -> String {
    let accounts = app.read("/accounts", token).await;
    accounts["Data"]["Account"][0]["AccountId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_opens_exactly_what_its_details_say() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let setups = [
            FapiSetup::default(),
            FapiSetup { openid: OpenId::No, ..FapiSetup::default() },
            FapiSetup::message_signing(),
        ];
        for setup in setups {
            let app = FapiApp::register(&bank, setup).await;
            let seen = app.connect(&bank, "amelia", "accounts:read").await;
            let account = an_account(&app, &seen.access).await;
            let resources = [
                ("list_accounts", "/accounts".to_owned()),
                ("list_accounts", format!("/accounts/{account}")),
                ("read_balances", format!("/accounts/{account}/balances")),
                ("read_standing_orders", format!("/accounts/{account}/standing-orders")),
                ("read_transactions", format!("/accounts/{account}/transactions")),
            ];
            for actions in [
                &["list_accounts"][..],
                &["read_balances"],
                &["read_transactions"],
                &["list_accounts", "read_standing_orders"],
                &["list_accounts", "read_balances", "read_standing_orders", "read_transactions"],
            ] {
                let tokens = tokens_for(&bank, &app, actions).await;
                for (action, path) in &resources {
                    let expected = if actions.contains(action) { 200 } else { 403 };
                    let found = app.get(path, &tokens.access).await.status();
                    assert_eq!(found, expected, "{engine:?} {setup:?} {actions:?} {path}");
                }
            }
        }
    }
}

/// RFC 9396 7: the answer says what was granted, and adds what the customer chose.
#[tokio::test]
async fn the_answer_says_what_was_granted_and_on_which_accounts() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup::default()).await;
    let wanted = app.wanted("");
    let text = details(&["read_balances", "list_accounts"]).to_string();
    let form = app.push_form_of(&changed(
        app.parameters(&wanted),
        &[("scope", Some("openid")), ("authorization_details", Some(&text))],
    ));
    let (browser, page) = app.ask_with(&bank, "amelia", &app.pushed_form(&form).await).await;
    let boxes: Vec<_> = page.form().boxes.into_iter().map(|(name, value, _)| (name, value)).collect();
    assert!(boxes.len() > 1, "there is something to choose from");
    let chosen = &boxes[..1];
    let code = app.code(&browser.submit_ticked(&page, &[], chosen, "consent-allow").await, &wanted).await;
    let tokens = app.granted(app.redeem(&code, &wanted).await).await;

    let detail = &told(&tokens)[0];
    assert_eq!(told(&tokens).as_array().unwrap().len(), 1);
    assert_eq!(detail["type"], "account_information");
    assert_eq!(detail["actions"], json!(["list_accounts", "read_balances"]));
    assert_eq!(detail["locations"], json!([bank.issuer]));
    assert_eq!(detail["accounts"], json!([chosen[0].1]));
    let seen = app.read("/accounts", &tokens.access).await;
    assert_eq!(seen["Data"]["Account"].as_array().unwrap().len(), 1);
    assert_eq!(seen["Data"]["Account"][0]["AccountId"], chosen[0].1);

    // RFC 9396 9.1 and 9.2: so do the token itself and what is said about it.
    assert_eq!(&Tokens::claims(&tokens.access)["authorization_details"], told(&tokens));
    assert_eq!(&app.introspect(&tokens.access).await["authorization_details"], told(&tokens));
    let refreshed = app.granted(app.refresh(&tokens.refresh).await).await;
    assert_eq!(told(&refreshed), told(&tokens));
}

/// RFC 9396 6: for less, for one token; and RFC 9396 6.1: never for more.
#[tokio::test]
async fn a_token_can_be_for_less_than_was_granted_and_never_for_more() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = FapiApp::register(&bank, FapiSetup::default()).await;
        let wanted = app.wanted("");
        let text = details(&["list_accounts", "read_balances"]).to_string();
        let changes = [("scope", Some("openid")), ("authorization_details", Some(text.as_str()))];
        let code = code_with(&bank, &app, &wanted, &changes).await;
        let asking = |actions: &[&str]| {
            let text = details(actions).to_string();
            changed(app.redeem_form(&code, &wanted), &[("authorization_details", Some(&text))])
        };
        for more in [&["read_transactions"][..], &["list_accounts", "read_transactions"], &["close_account"], &[]] {
            let refused = app.token(&asking(more)).await;
            assert_eq!(refusal(refused).await, "400 invalid_authorization_details", "{engine:?} {more:?}");
        }
        // The code has not been used up by any of them.
        let tokens = app.granted(app.token(&asking(&["list_accounts"])).await).await;
        assert_eq!(told(&tokens)[0]["actions"], json!(["list_accounts"]));
        let account = an_account(&app, &tokens.access).await;
        let balances = format!("/accounts/{account}/balances");
        assert_eq!(app.get(&balances, &tokens.access).await.status(), 403, "{engine:?}");

        let whole = app.granted(app.refresh(&tokens.refresh).await).await;
        assert_eq!(told(&whole)[0]["actions"], json!(["list_accounts", "read_balances"]), "the grant is as it was");
        app.read(&balances, &whole.access).await;
        let less = refresh_for(&app, &tokens.refresh, &details(&["read_balances"]).to_string()).await;
        let less = app.granted(less).await;
        app.read(&balances, &less.access).await;
        assert_eq!(status(&app, &less.access).await, 403, "{engine:?}");
        for bad in [details(&["read_transactions"]).to_string(), "[]".to_owned(), "{".to_owned(), "[1]".to_owned()] {
            let refused = refresh_for(&app, &tokens.refresh, &bad).await;
            assert_eq!(refusal(refused).await, "400 invalid_authorization_details", "{engine:?} {bad}");
        }
    }
}

/// What was given by scope alone was not given in detail, so there is nothing to ask for.
#[tokio::test]
async fn scopes_are_no_details() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup::default()).await;
    let tokens = app.connect(&bank, "amelia", "accounts:read").await;
    assert!(tokens.answer.get("authorization_details").is_none());
    let refused = refresh_for(&app, &tokens.refresh, &details(&["list_accounts"]).to_string()).await;
    assert_eq!(refusal(refused).await, "400 invalid_authorization_details");
}

/// RFC 9396 5: what is not understood to the last field is refused, at once and not on the customer's page.
#[tokio::test]
async fn details_that_are_not_understood_are_refused_when_they_are_pushed() {
    let bank = TestBank::new().await;
    let good = json!({"type": "account_information", "actions": ["list_accounts"]});
    let with = |name: &str, value: Value| {
        let mut detail = good.clone();
        detail[name] = value;
        json!([detail])
    };
    for setup in [FapiSetup::default(), FapiSetup::message_signing()] {
        let app = FapiApp::register(&bank, setup).await;
        let push = async |text: &str| {
            let wanted = app.wanted("accounts:read");
            let parameters = changed(app.parameters(&wanted), &[("authorization_details", Some(text))]);
            let response = app.push(&app.push_form_of(&parameters), &[]).await;
            if response.status() == 201 { "201".to_owned() } else { refusal(response).await }
        };
        for (case, bad) in [
            ("unknown type", with("type", json!("payment_initiation"))),
            ("type a list", with("type", json!(["account_information"]))),
            ("unknown field", with("privileges", json!(["admin"]))),
            ("unknown action", with("actions", json!(["list_accounts", "close_account"]))),
            ("an action in capitals", with("actions", json!(["LIST_ACCOUNTS"]))),
            ("no action", with("actions", json!([]))),
            ("actions a text", with("actions", json!("list_accounts"))),
            ("too many actions", with("actions", json!(vec!["list_accounts"; 17]))),
            ("another place", with("locations", json!(["https://evil.example"]))),
            ("another place beside ours", with("locations", json!([bank.issuer, "https://evil.example"]))),
            ("no place", with("locations", json!([]))),
            ("accounts of its own choice", with("accounts", json!(["acc_00000000000000000000000000"]))),
            ("one that is good and one that is not", json!([good, {"type": "payment_initiation"}])),
            ("no type", json!([{"actions": ["list_accounts"]}])),
            ("no actions", json!([{"type": "account_information"}])),
            ("nothing", json!([])),
            ("an object", good.clone()),
            ("a text in it", json!(["account_information"])),
            ("too many", Value::Array(vec![good.clone(); 17])),
        ] {
            assert_eq!(push(&bad.to_string()).await, "400 invalid_authorization_details", "{setup:?}: {case}");
        }
        for good in [
            json!([good]),
            with("locations", json!([bank.issuer])),
            json!([good, {"type": "account_information", "actions": ["read_balances"]}]),
        ] {
            assert_eq!(push(&good.to_string()).await, "201", "{setup:?}: {good}");
        }
        for bad in ["{", "account_information", "[{]", "\u{0}"] {
            assert_eq!(push(bad).await, "400 invalid_authorization_details", "{setup:?}: {bad}");
        }
    }
}

/// What an app may not ask for by scope it may not ask for in detail either.
#[tokio::test]
async fn details_open_nothing_that_the_app_is_not_registered_for() {
    let bank = TestBank::new().await;
    let app = FapiApp::register_with(&bank, FapiSetup::default(), |body| {
        body["scope"] = "openid accounts:read".into();
    });
    let app = app.await;
    let push = async |actions: &[&str]| {
        let text = details(actions).to_string();
        let changes = [("scope", Some("openid")), ("authorization_details", Some(text.as_str()))];
        app.push(&app.push_form_of(&changed(app.parameters(&app.wanted("")), &changes)), &[]).await
    };
    assert_eq!(push(&["list_accounts"]).await.status(), 201);
    let refused = push(&["list_accounts", "read_balances"]).await;
    assert_eq!(refusal(refused).await, "400 invalid_authorization_details");
}
