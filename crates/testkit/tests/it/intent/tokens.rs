//! What the tokens of a lodged consent say, how long they last, and what ends them.

use lombard_domain::time::Span;
use lombard_testkit::{App, Engine, TestBank, Tokens};
use reqwest::Method;
use serde_json::{Value, json};

const REFRESH_ENDS: &str = "http://openbanking.org.uk/refresh_token_expires_at";

#[tokio::test]
async fn the_id_token_and_userinfo_name_the_consent() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let intent = app.lodge(&json!({})).await;
        let tokens = app.authorise(&bank, "amelia", &intent).await;
        let claims = Tokens::claims(tokens.id_token());
        assert_eq!(claims["openbanking_intent_id"], json!(intent.consent));
        let by_scope = app.connect(&bank, "amelia", "openid accounts:read").await;
        let plain = Tokens::claims(by_scope.id_token());
        assert_eq!(plain["sub"], claims["sub"], "{engine:?}: the same customer under the same name");
        assert!(plain.get("openbanking_intent_id").is_none(), "{plain}");
        for (token, expected) in [(&tokens, Some(json!(intent.consent))), (&by_scope, None)] {
            let request = app.http.get(bank.url("/userinfo")).bearer_auth(&token.access);
            let info: Value = request.send().await.unwrap().json().await.unwrap();
            assert_eq!(info.get("openbanking_intent_id"), expected.as_ref());
            assert_eq!(info["sub"], claims["sub"]);
        }
    }
}

#[tokio::test]
async fn a_refresh_token_lasts_as_long_as_its_consent() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let endless = app.lodge(&json!({})).await;
    let until = app.lodge(&json!({"ExpirationDateTime": "2026-06-01T00:00:00Z"})).await;
    let (endless, until) =
        (app.authorise(&bank, "amelia", &endless).await, app.authorise(&bank, "amelia", &until).await);
    assert!(Tokens::claims(endless.id_token()).get(REFRESH_ENDS).is_none());
    assert!(app.introspect(&endless.refresh).await.get("exp").is_none());
    let end = 1_780_272_000;
    assert_eq!(Tokens::claims(until.id_token())[REFRESH_ENDS], json!(end));
    assert_eq!(app.introspect(&until.refresh).await["exp"], json!(end));
    bank.clock.advance(Span::days(3650));
    assert_eq!(app.refresh(&endless.refresh).await.status(), 200, "after ten years");
    assert_eq!(app.refresh(&until.refresh).await.status(), 400);
    // An app that may not refresh has nothing that expires.
    let grants = json!({"redirect_uris": ["https://app.example/callback"], "grant_types": ["authorization_code", "client_credentials"]});
    let once = App::register_as(&bank, &grants).await;
    let intent = once.lodge(&json!({"ExpirationDateTime": "2046-06-01T00:00:00Z"})).await;
    let tokens = once.authorise(&bank, "amelia", &intent).await;
    assert!(Tokens::claims(tokens.id_token()).get(REFRESH_ENDS).is_none());
}

/// The permissions of the consent, whatever the scope could open at most.
#[tokio::test]
async fn the_scope_is_only_a_ceiling() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let intent = app.lodge(&json!({"Permissions": ["ReadAccountsBasic", "ReadBalances"]})).await;
    let tokens = app.authorise(&bank, "amelia", &intent).await;
    assert_eq!(tokens.answer["scope"], "openid accounts");
    for (path, status) in [("/accounts", 200), ("/balances", 200), ("/transactions", 403), ("/statements", 403)] {
        assert_eq!(app.answer(path, &tokens.access).await.status, status, "{path}");
    }
    let accounts = app.read("/accounts", &tokens.access).await;
    assert!(accounts["Data"]["Account"][0].get("Account").is_none(), "basic: {accounts}");
    let less = app.narrowed(&tokens.refresh, "openid").await;
    assert_eq!(app.answer("/accounts", &less).await.status, 403, "RFC 6749 6");
}

/// RFC 7009, Grant Management 6.4: the grant ends; the consent stays until the app deletes it, and can be authorised again.
#[tokio::test]
async fn giving_the_tokens_back_does_not_end_the_consent() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let intent = app.lodge(&json!({})).await;
        let tokens = app.authorise(&bank, "amelia", &intent).await;
        assert_eq!(app.post("/revoke", &[("token", &tokens.refresh)]).await.status(), 200);
        assert_eq!(app.answer("/accounts", &tokens.access).await.status, 401, "{engine:?}");
        assert_eq!(app.refresh(&tokens.refresh).await.status(), 400);
        assert_eq!(app.standing(&intent).await, "AUTH", "{engine:?}");

        let mut parameters = intent.parameters(&app);
        parameters.push(("grant_management_action", "create".to_owned()));
        let browser = bank.browser();
        let page = browser.open(&app.authorize_url_with(&parameters)).await;
        let page = browser.sign_in(&page, "amelia").await;
        let tokens = app.redeem_from(&browser.submit(&page, &[], "consent-allow").await, &intent).await;
        let grant = format!("{}/grants/{}", app.issuer, tokens.answer["grant_id"].as_str().unwrap());
        let own = app.own_token().await;
        let ended = app.http.request(Method::DELETE, &grant).bearer_auth(&own).send().await.unwrap();
        assert_eq!(ended.status(), 204);
        assert_eq!(app.answer("/accounts", &tokens.access).await.status, 401);
        assert_eq!(app.standing(&intent).await, "AUTH", "{engine:?}");
        let tokens = app.authorise(&bank, "amelia", &intent).await;
        assert_eq!(app.answer("/accounts", &tokens.access).await.status, 200);
    }
}

/// RFC 6749 4.1.2: what a code gave that comes twice is taken back; the customer's consent is not the thief's to end.
#[tokio::test]
async fn a_code_that_comes_twice_ends_its_grant_only() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let intent = app.lodge(&json!({})).await;
    let (browser, page) = app.ask_about(&bank, "amelia", &intent).await;
    let back = browser.submit(&page, &[], "consent-allow").await;
    let tokens = app.redeem_from(&back, &intent).await;
    assert_eq!(app.redeem(&back.parameter("code").unwrap(), &intent.wanted).await.status(), 400);
    assert_eq!(app.answer("/accounts", &tokens.access).await.status, 401);
    assert_eq!(app.standing(&intent).await, "AUTH");
    app.authorise(&bank, "amelia", &intent).await;
}
