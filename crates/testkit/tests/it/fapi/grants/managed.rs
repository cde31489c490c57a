//! Grants under the app's own care (Grant Management): made, looked at, ended; never somebody else's, and never merged.

use lombard_testkit::fapi::{FapiApp, FapiSetup, OpenId, changed};
use lombard_testkit::{Engine, TestBank, Tokens, refusal};
use reqwest::Method;
use serde_json::{Value, json};

use super::{comparable, details, status, tokens_with};

const SCOPE: &str = "accounts:read balances:read";
const BOTH: &str = "grant_management_query grant_management_revoke";
const CREATE: (&str, Option<&str>) = ("grant_management_action", Some("create"));

fn grant_id(tokens: &Tokens) -> String {
    tokens.answer["grant_id"].as_str().expect("a grant_id").to_owned()
}

#[tokio::test]
async fn an_app_that_asks_for_it_is_told_the_name_of_its_grant() {
    let bank = TestBank::new().await;
    for setup in [FapiSetup::default(), FapiSetup::message_signing()] {
        let app = FapiApp::register(&bank, setup).await;
        let tokens = tokens_with(&bank, &app, SCOPE, &[CREATE]).await;
        let again = app.granted(app.refresh(&tokens.refresh).await).await;
        assert_eq!(grant_id(&again), grant_id(&tokens), "Grant Management 5.4: with every answer");
        let other = tokens_with(&bank, &app, SCOPE, &[CREATE]).await;
        assert_ne!(grant_id(&other), grant_id(&tokens), "each yes is a grant of its own");
        let silent = tokens_with(&bank, &app, SCOPE, &[]).await;
        assert!(silent.answer.get("grant_id").is_none(), "{setup:?}: {}", silent.answer);
    }
}

#[tokio::test]
async fn a_grant_is_shown_as_it_was_given() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = FapiApp::register(&bank, FapiSetup::default()).await;
        let own = app.own_token("grant_management_query").await;
        let text = details(&["read_transactions"]).to_string();
        let detailed = [CREATE, ("authorization_details", Some(text.as_str()))];
        let tokens = tokens_with(&bank, &app, SCOPE, &detailed).await;
        let shown = app.grant(Method::GET, &grant_id(&tokens), &own.access).await;
        assert_eq!((shown.status().as_u16(), &shown.headers()["cache-control"]), (200, &"no-store".parse().unwrap()));
        let shown: Value = shown.json().await.unwrap();
        let scopes = json!([{"scope": format!("openid {SCOPE}"), "resource": [bank.issuer]}]);
        assert_eq!(shown["scopes"], scopes, "{engine:?}");
        assert_eq!(shown["authorization_details"], tokens.answer["authorization_details"], "{engine:?}");
        assert_eq!(shown["claims"], json!([]), "{engine:?}");
    }
}

/// Grant Management 6.3: there is a member for each scope that was granted, and without any there is none.
#[tokio::test]
async fn a_grant_for_details_alone_has_no_scope() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup { openid: OpenId::No, ..FapiSetup::default() }).await;
    let own = app.own_token("grant_management_query").await;
    let text = details(&["list_accounts"]).to_string();
    let changes = [CREATE, ("scope", None), ("authorization_details", Some(text.as_str()))];
    let tokens = tokens_with(&bank, &app, "", &changes).await;
    assert!(tokens.answer.get("scope").is_none(), "{}", tokens.answer);
    let shown: Value = app.grant(Method::GET, &grant_id(&tokens), &own.access).await.json().await.unwrap();
    assert_eq!(shown["scopes"], json!([]));
    assert_eq!(shown["authorization_details"], tokens.answer["authorization_details"]);
}

#[tokio::test]
async fn ending_a_grant_ends_everything_that_came_of_it() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = FapiApp::register(&bank, FapiSetup::default()).await;
        let own = app.own_token(BOTH).await;
        let untouched = tokens_with(&bank, &app, SCOPE, &[CREATE]).await;
        let first = tokens_with(&bank, &app, SCOPE, &[CREATE]).await;
        let second = app.granted(app.refresh(&first.refresh).await).await;
        let ended = app.grant(Method::DELETE, &grant_id(&first), &own.access).await;
        assert_eq!((ended.status().as_u16(), ended.text().await.unwrap().as_str()), (204, ""), "{engine:?}");
        for token in [&first.access, &second.access] {
            assert_eq!(status(&app, token).await, 401, "{engine:?}");
            assert_eq!(app.introspect(token).await, json!({"active": false}), "{engine:?}");
        }
        assert_eq!(refusal(app.refresh(&first.refresh).await).await, "400 invalid_grant", "{engine:?}");
        assert_eq!(status(&app, &untouched.access).await, 200, "{engine:?}");
        assert_eq!(app.grant(Method::GET, &grant_id(&untouched), &own.access).await.status(), 200, "{engine:?}");
    }
}

/// Grant Management 6.5, and our own rule: what is not yours is not there.
#[tokio::test]
async fn nobody_can_tell_another_apps_grant_from_none() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = FapiApp::register(&bank, FapiSetup::default()).await;
        let foreign = FapiApp::register(&bank, FapiSetup::default()).await;
        let own = app.own_token(BOTH).await;
        let tokens = tokens_with(&bank, &app, SCOPE, &[CREATE]).await;
        let theirs = tokens_with(&bank, &foreign, SCOPE, &[CREATE]).await;
        let ended = tokens_with(&bank, &app, SCOPE, &[CREATE]).await;
        assert_eq!(app.revoke(&ended.refresh).await.status(), 200);
        for method in [Method::GET, Method::DELETE] {
            let ask = async |grant: &str| comparable(app.grant(method.clone(), grant, &own.access).await).await;
            let mine = grant_id(&tokens);
            // Of the same form, and never given to anybody.
            let never = format!("{}{}", &mine[..mine.len() - 4], "0000");
            let nothing = ask(&never).await;
            assert_eq!((nothing.status, nothing.code().as_str()), (404, "invalid_grant_id"), "{engine:?} {method}");
            for (case, grant) in [
                ("another app's", grant_id(&theirs)),
                ("ended", grant_id(&ended)),
                ("no name at all", "x".to_owned()),
                ("not text", "%FF".to_owned()),
                ("longer", format!("{mine}0")),
                ("a consent's", mine.replace("gra_", "con_")),
                ("very long", "a".repeat(2000)),
            ] {
                assert_ne!(grant, mine);
                assert_eq!(ask(&grant).await, nothing, "{engine:?} {method} {case}");
            }
        }
        assert_eq!(status(&foreign, &theirs.access).await, 200, "{engine:?}: it is as it was");
        bank.revoke_consents("amelia").await;
        let over = app.grant(Method::GET, &grant_id(&tokens), &own.access).await;
        assert_eq!(refusal(over).await, "404 invalid_grant_id", "{engine:?}: taken back by the customer");
    }
}

#[tokio::test]
async fn grants_are_for_the_apps_own_tokens_with_the_right_scope() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup::default()).await;
    let tokens = tokens_with(&bank, &app, SCOPE, &[CREATE]).await;
    let grant = grant_id(&tokens);
    let query = app.own_token("grant_management_query").await;
    let revoke = app.own_token("grant_management_revoke").await;
    let neither = app.own_token("accounts:read").await;
    for (method, token, expected) in [
        (Method::GET, &revoke.access, "403 insufficient_scope"),
        (Method::GET, &neither.access, "403 insufficient_scope"),
        (Method::GET, &tokens.access, "403 insufficient_scope"),
        (Method::DELETE, &query.access, "403 insufficient_scope"),
        (Method::DELETE, &neither.access, "403 insufficient_scope"),
        (Method::DELETE, &tokens.access, "403 insufficient_scope"),
        (Method::GET, &tokens.refresh, "401 invalid_token"),
        (Method::DELETE, &tokens.refresh, "401 invalid_token"),
    ] {
        let refused = app.grant(method.clone(), &grant, token).await;
        assert_eq!(refusal(refused).await, expected, "{method}");
    }
    assert_eq!(app.grant(Method::GET, &grant, &query.access).await.status(), 200);
    assert_eq!(app.grant(Method::DELETE, &grant, &revoke.access).await.status(), 204);
}

/// Grant Management 5.1: what is not supported is refused before a customer is asked, and so is what nobody could give.
#[tokio::test]
async fn a_grant_is_made_anew_or_not_at_all() {
    let bank = TestBank::new().await;
    for setup in [FapiSetup::default(), FapiSetup::message_signing()] {
        let app = FapiApp::register(&bank, setup).await;
        let known = grant_id(&tokens_with(&bank, &app, SCOPE, &[CREATE]).await);
        let known = ("grant_id", Some(known.as_str()));
        let action = |name| ("grant_management_action", Some(name));
        let scope = |names| ("scope", Some(names));
        for (changes, expected) in [
            (vec![action("merge"), known], "400 invalid_request"),
            (vec![action("replace"), known], "400 invalid_request"),
            (vec![action("update"), known], "400 invalid_request"),
            (vec![action("merge")], "400 invalid_request"),
            (vec![action("replace")], "400 invalid_request"),
            (vec![action("CREATE")], "400 invalid_request"),
            (vec![action("anything")], "400 invalid_request"),
            (vec![CREATE, known], "400 invalid_request"),
            (vec![CREATE, ("grant_id", Some("x"))], "400 invalid_request"),
            (vec![known], "400 invalid_request"),
            (vec![scope("grant_management_query")], "400 invalid_scope"),
            (vec![scope("grant_management_revoke")], "400 invalid_scope"),
            (vec![scope("openid accounts:read grant_management_query")], "400 invalid_scope"),
        ] {
            let parameters = changed(app.parameters(&app.wanted(SCOPE)), &changes);
            let refused = app.push(&app.push_form_of(&parameters), &[]).await;
            assert_eq!(refusal(refused).await, expected, "{setup:?} {changes:?}");
        }
    }
}
