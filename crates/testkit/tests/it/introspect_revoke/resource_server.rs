//! What a resource server is told: of any app's access token, everything that it must check, and of nothing else anything.

use lombard_auth::jose::Alg;
use lombard_auth::keys::KeyRing;
use lombard_domain::id::TokenId;
use lombard_domain::oauth::{AccessToken, AccountInformation, Action, Binding, ClientStatus, Details, Thumbprint};
use lombard_domain::time::{Clock as _, Span};
use lombard_store::token;
use lombard_testkit::{App, Engine, TestBank, Tokens};
use serde_json::{Value, json};

use super::{SCOPE, resource_server};

fn inactive() -> Value {
    json!({"active": false})
}

/// An access token like another, but bound or asked for in detail, with everything in its row and nothing of it in its text.
async fn like(bank: &TestBank, text: &str, change: impl FnOnce(&mut AccessToken)) -> String {
    let mut claims = Tokens::claims(text);
    let id = claims["jti"].as_str().unwrap().parse().unwrap();
    let mut tx = bank.db.begin("test").await.unwrap();
    let mut token = token::standing(&mut tx, id, None).await.unwrap().unwrap().token.unwrap();
    token.id = TokenId::random(&TestBank::seeded(bank.db.statements()));
    change(&mut token);
    token::insert_access(&mut tx, &token).await.unwrap();
    tx.commit().await.unwrap();
    claims["jti"] = token.id.to_string().into();
    let now = bank.clock.now();
    KeyRing::load(&bank.db, now).await.unwrap().sign(Alg::Es256, "at+jwt", &claims, now).unwrap()
}

#[tokio::test]
async fn is_told_of_any_apps_access_token_what_the_app_itself_is_told() {
    let bank = TestBank::new().await;
    let api = resource_server(&bank, "ES256").await;
    let mut subjects = Vec::new();
    for uri in ["https://app.example/callback", "https://other.example/callback"] {
        let app = App::register_as(&bank, &json!({"redirect_uris": [uri]})).await;
        let tokens = app.connect(&bank, "amelia", SCOPE).await;
        let told = api.introspect(&tokens.access).await;
        assert_eq!(told, app.introspect(&tokens.access).await);
        assert_eq!((&told["active"], &told["client_id"]), (&json!(true), &json!(app.id)));
        assert_eq!(told["sub"], Tokens::claims(&tokens.access)["sub"], "the name by which the app knows the customer");
        assert!(told.get("username").is_none());
        subjects.push(told["sub"].clone());

        assert_eq!(api.introspect(&app.own_token().await).await["sub"], app.id);
    }
    assert_ne!(subjects[0], subjects[1]);
}

#[tokio::test]
async fn an_app_is_told_of_its_own_tokens_only() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let tokens = app.connect(&bank, "amelia", SCOPE).await;
    // Nobody can make themselves a resource server.
    let body = json!({"redirect_uris": ["https://curious.example/cb"], "resource_server": true});
    let refused = bank.http().post(bank.url("/register")).json(&body).send().await.unwrap();
    assert_eq!(lombard_testkit::refusal(refused).await, "400 invalid_client_metadata");
    let other = App::register_as(&bank, &json!({"redirect_uris": ["https://curious.example/cb"]})).await;
    for token in [&tokens.access, &tokens.refresh, &like(&bank, &tokens.access, |_| {}).await] {
        assert_eq!(app.introspect(token).await["active"], true);
        assert_eq!(other.introspect(token).await, inactive());
    }
}

#[tokio::test]
async fn is_told_to_whom_a_token_is_bound_and_how_it_is_presented() {
    let bank = TestBank::new().await;
    let api = resource_server(&bank, "ES256").await;
    let app = App::register(&bank).await;
    let tokens = app.connect(&bank, "amelia", SCOPE).await;
    let digest = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let thumbprint = Thumbprint::new(digest).unwrap();
    for (binding, token_type, cnf) in [
        (None, "Bearer", Value::Null),
        (Some(Binding::Certificate(thumbprint.clone())), "Bearer", json!({"x5t#S256": digest})),
        (Some(Binding::Key(thumbprint)), "DPoP", json!({"jkt": digest})),
    ] {
        let bound = like(&bank, &tokens.access, |token| token.binding = binding).await;
        for asker in [&api, &app] {
            let told = asker.introspect(&bound).await;
            assert_eq!((&told["active"], &told["token_type"]), (&json!(true), &json!(token_type)), "{told}");
            assert_eq!(told["cnf"], cnf);
            assert_eq!(told.get("cnf").is_some(), !cnf.is_null());
            assert!(told.get("authorization_details").is_none());
        }
    }
}

#[tokio::test]
async fn is_told_the_details_with_the_accounts_that_the_customer_chose() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let api = resource_server(&bank, "ES256").await;
        let app = App::register(&bank).await;
        let all = app.connect(&bank, "amelia", SCOPE).await;
        let all = app.accounts(&all.access).await;
        let (chosen, others) = all.split_at(1);
        assert!(!others.is_empty());
        let tokens = app.connect_to(&bank, "amelia", SCOPE, chosen).await;

        let actions = [Action::ReadBalances, Action::ListAccounts].into();
        let details = Details::AccountInformation(AccountInformation { actions });
        let detailed = like(&bank, &tokens.access, |token| token.details = Some(details)).await;
        let expected = json!([{
            "type": "account_information", "actions": ["list_accounts", "read_balances"], "locations": [bank.issuer],
            "accounts": chosen,
        }]);
        for asker in [&api, &app] {
            assert_eq!(asker.introspect(&detailed).await["authorization_details"], expected, "{engine:?}");
        }
    }
}

#[tokio::test]
async fn is_told_nothing_of_what_is_dead_unknown_or_no_access_token() {
    let bank = TestBank::new().await;
    let api = resource_server(&bank, "ES256").await;
    let app = App::register(&bank).await;
    let tokens = app.connect(&bank, "amelia", SCOPE).await;
    for token in ["nothing", "a.b.c", "\u{0}", tokens.id_token(), &tokens.refresh] {
        assert_eq!(api.introspect(token).await, inactive(), "{token:.40}");
    }
    assert_eq!(app.introspect(&tokens.refresh).await["active"], true, "a refresh token is the app's own business");

    bank.set_status(&app, ClientStatus::Suspended).await;
    assert_eq!(api.introspect(&tokens.access).await, inactive(), "its app is suspended");
    bank.set_status(&app, ClientStatus::Active).await;
    assert_eq!(api.introspect(&tokens.access).await["active"], true);

    let revoked = Tokens::of(app.refresh(&tokens.refresh).await.json().await.unwrap());
    super::revoke(&app, &revoked.access).await;
    assert_eq!(api.introspect(&revoked.access).await, inactive(), "revoked");
    super::revoke(&api, &tokens.access).await;
    assert_eq!(api.introspect(&tokens.access).await["active"], true, "who may ask may not revoke");

    let other = app.connect(&bank, "jonah", SCOPE).await;
    bank.revoke_consents("amelia").await;
    assert_eq!(api.introspect(&tokens.access).await, inactive(), "the consent is over");
    assert_eq!(api.introspect(&other.access).await["active"], true);
    bank.clock.advance(Span::minutes(10));
    assert_eq!(api.introspect(&other.access).await, inactive(), "expired");
}

#[tokio::test]
async fn must_prove_who_it_is_and_may_act() {
    let bank = TestBank::new().await;
    let api = resource_server(&bank, "ES256").await;
    let app = App::register(&bank).await;
    let tokens = app.connect(&bank, "amelia", SCOPE).await;
    let stranger = App { secret: "wrong".to_owned(), ..api.clone() };
    let form = [("token", tokens.access.as_str())];
    let refused = async |asker: &App| lombard_testkit::refusal(asker.post("/introspect", &form).await).await;
    assert_eq!(refused(&stranger).await, "401 invalid_client");
    bank.set_status(&api, ClientStatus::Suspended).await;
    assert_eq!(refused(&api).await, "401 invalid_client");
}
