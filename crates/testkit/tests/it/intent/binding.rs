//! How a request names the consent: in `claims`, in a signed object, in rich authorization details; pushed or not.

use lombard_testkit::fapi::{FapiApp, FapiSetup};
use lombard_testkit::{App, Engine, Intent, IntentKind, TestBank, Tokens, intent_claims};
use serde_json::{Value, json};

use super::error_of;

fn details(consent: &str) -> String {
    json!([{"type": "account_access_consent", "identifier": consent}]).to_string()
}

/// A way to name a consent: what it is called, the scope that goes with it, and the parameters.
type Way = (&'static str, &'static str, fn(&str) -> Vec<(&'static str, String)>);

const WAYS: [Way; 6] = [
    ("claims", "openid accounts", |consent| vec![("claims", intent_claims(consent).to_string())]),
    ("claims for userinfo", "openid accounts", |consent| {
        let asked = json!({"openbanking_intent_id": {"value": consent, "essential": true}});
        vec![("claims", json!({"userinfo": asked}).to_string())]
    }),
    ("claims without openid", "accounts", |consent| vec![("claims", intent_claims(consent).to_string())]),
    ("details", "openid", |consent| vec![("authorization_details", details(consent))]),
    ("details with the scope", "openid accounts", |consent| vec![("authorization_details", details(consent))]),
    ("both", "openid accounts", |consent| {
        vec![("claims", intent_claims(consent).to_string()), ("authorization_details", details(consent))]
    }),
];

#[tokio::test]
async fn each_way_leads_to_the_same_consent() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        for (way, scope, named) in WAYS {
            let intent = app.lodge(&json!({})).await;
            let named = named(&intent.consent);
            let mut parameters = intent.wanted.changed(&app, &[("scope", Some(scope))]);
            parameters.extend(named.clone());
            let browser = bank.browser();
            let page = browser.open(&app.authorize_url_with(&parameters)).await;
            let page = browser.sign_in(&page, "amelia").await;
            assert!(page.url.ends_with("/consent"), "{way}: {} {}", page.url, page.html);
            let back = browser.submit(&page, &[], "consent-allow").await;
            let tokens = app.redeem_from(&back, &intent).await;
            assert_eq!(app.standing(&intent).await, "AUTH", "{engine:?} {way}");
            assert_eq!(app.accounts(&tokens.access).await.len(), 3, "{way}: all of amelia's");
            assert_eq!(app.answer("/beneficiaries", &tokens.access).await.status, 403, "{way}: not lodged");
            if scope.contains("openid") {
                assert_eq!(Tokens::claims(tokens.id_token())["openbanking_intent_id"], json!(intent.consent), "{way}");
            } else {
                assert_eq!(tokens.id_token(), "");
            }
            let told = tokens.answer.get("authorization_details").map(|told| told[0]["identifier"].clone());
            let by_details = named.iter().any(|(name, _)| *name == "authorization_details");
            assert_eq!(told, by_details.then(|| json!(intent.consent)), "{way}: RFC 9396 7");
            let refreshed: Value = app.refresh(&tokens.refresh).await.json().await.unwrap();
            assert_eq!(app.accounts(refreshed["access_token"].as_str().unwrap()).await.len(), 3, "{way}");
        }
    }
}

/// A token by details alone has no scope, and still opens what its consent opens and no other's.
#[tokio::test]
async fn details_alone_need_no_scope() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let intent = app.lodge(&json!({"Permissions": ["ReadAccountsBasic"]})).await;
    let more = [("scope", None), ("authorization_details", Some(details(&intent.consent)))];
    let more: Vec<_> = more.iter().map(|(name, value)| (*name, value.as_deref())).collect();
    let browser = bank.browser();
    let page = browser.open(&app.authorize_url_with(&intent.wanted.changed(&app, &more))).await;
    let page = browser.sign_in(&page, "amelia").await;
    let tokens = app.redeem_from(&browser.submit(&page, &[], "consent-allow").await, &intent).await;
    assert!(tokens.answer.get("scope").is_none(), "{}", tokens.answer);
    assert_eq!(app.accounts(&tokens.access).await.len(), 3);
    assert_eq!(app.answer("/balances", &tokens.access).await.status, 403);
    let told = app.introspect(&tokens.access).await;
    assert_eq!(told["authorization_details"][0]["identifier"], json!(intent.consent));
    // RFC 9396 6: a part of a consent cannot be asked for, and another one even less.
    let other = app.lodge(&json!({})).await;
    for (asked, status) in [(details(&intent.consent), 200), (details(&other.consent), 400)] {
        let form =
            [("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh), ("authorization_details", &asked)];
        assert_eq!(app.post("/token", &form).await.status(), status, "{asked}");
    }
}

/// The UK way: a pushed or a signed request of a client of the strict profiles.
#[tokio::test]
async fn pushed_and_signed_requests_name_it_too() {
    let bank = TestBank::new().await;
    for setup in [FapiSetup::default(), FapiSetup::message_signing()] {
        let app = FapiApp::register_with(&bank, setup, |body| body["scope"] = json!("openid accounts")).await;
        let own = app.own_token("accounts").await;
        let consent = lodge(&app, &own.access).await;
        let wanted = app.wanted("accounts");
        let mut parameters = app.parameters(&wanted);
        parameters.push(("claims".to_owned(), intent_claims(&consent).to_string()));
        let pushed = app.pushed_form(&app.push_form_of(&parameters)).await;
        let (browser, page) = app.ask_with(&bank, "amelia", &pushed).await;
        let code = app.code(&browser.submit(&page, &[], "consent-allow").await, &wanted).await;
        let tokens = app.granted(app.redeem(&code, &wanted).await).await;
        let claims = app.id_token(&tokens, &wanted).await;
        assert_eq!(claims["openbanking_intent_id"], json!(consent), "{setup:?}");
        assert_eq!(claims["acr"], "urn:openbanking:psd2:sca");
        let accounts = app.read("/accounts", &tokens.access).await;
        assert_eq!(accounts["Data"]["Account"].as_array().unwrap().len(), 3, "{setup:?}");
    }
}

async fn lodge(app: &FapiApp, token: &str) -> String {
    let body = json!({"Data": {"Permissions": ["ReadAccountsDetail"]}, "Risk": {}});
    let url = format!("{}{}", app.issuer, IntentKind::Accounts.path());
    let proof = app.proof("POST", &url, Some(token), app.remembered_nonce(&url).as_deref());
    let request = app.http.post(&url).header("authorization", format!("DPoP {token}"));
    let response = request.header("dpop", proof).json(&body).send().await.unwrap();
    let lodged: Value = response.json().await.unwrap();
    lodged["Data"]["ConsentId"].as_str().unwrap_or_else(|| panic!("{lodged}")).to_owned()
}

#[tokio::test]
async fn scope_and_consent_need_each_other() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let narrow = json!({"redirect_uris": ["https://app.example/callback"], "scope": "openid accounts:read"});
    let narrow = App::register_as(&bank, &narrow).await;
    let intent = app.lodge(&json!({})).await;
    let funds = Intent { kind: IntentKind::Funds, ..intent.clone() };
    let claims = intent_claims(&intent.consent).to_string();
    let detail = details(&intent.consent);
    let twice = json!([
        {"type": "account_access_consent", "identifier": intent.consent},
        {"type": "account_information", "actions": ["list_accounts"]},
    ])
    .to_string();
    for (app, scope, claims, details, expected) in [
        (&app, "openid accounts", None, None, "invalid_request"),
        (&app, "fundsconfirmations", None, None, "invalid_request"),
        (&app, "openid", Some(&claims), None, "invalid_request"),
        (&app, "accounts:read", Some(&claims), None, "invalid_request"),
        (&app, "accounts balances:read", Some(&claims), None, "invalid_scope"),
        (&app, "accounts fundsconfirmations", Some(&claims), None, "invalid_scope"),
        (&app, "accounts grant_management_query", Some(&claims), None, "invalid_scope"),
        (&app, "openid", None, Some(&twice), "invalid_authorization_details"),
        (&app, funds.kind.scope(), None, Some(&detail), "invalid_authorization_details"),
        (&narrow, "openid accounts", Some(&claims), None, "invalid_scope"),
        (&narrow, "openid", None, Some(&detail), "invalid_authorization_details"),
    ] {
        let more = [
            ("scope", Some(scope)),
            ("claims", claims.map(String::as_str)),
            ("authorization_details", details.map(String::as_str)),
        ];
        let page = bank.browser().open(&app.authorize_url_with(&intent.wanted.changed(app, &more))).await;
        assert_eq!(error_of(app, &page).0, expected, "{scope} {claims:?} {details:?}");
    }
    assert_eq!(app.standing(&intent).await, "AWAU", "nobody was asked");
}
