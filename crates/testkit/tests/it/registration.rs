//! Registration of apps (RFC 7591) and its management (RFC 7592).

mod profiles;
mod statements;

use lombard_auth::Registration;
use lombard_auth::jose::{Alg, SigningKey};
use lombard_testkit::{App, Engine, TestBank, Wanted, example_folder, refusal};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

const SCOPE: &str = "openid accounts:read";

async fn register(bank: &TestBank, body: &Value) -> Response {
    bank.http().post(bank.url("/register")).json(body).send().await.unwrap()
}

/// Calls the address at which an app's registration is managed.
async fn manage(app: &App, method: Method, token: &str, body: Option<&Value>) -> Response {
    let request = app.http.request(method, format!("{}/register/{}", app.issuer, app.id)).bearer_auth(token);
    let request = body.into_iter().fold(request, |request, body| request.json(body));
    request.send().await.unwrap()
}

#[tokio::test]
async fn a_registration_says_everything_that_holds() {
    let bank = TestBank::new().await;
    let body = json!({
        "client_name": "Pocket Ledger", "redirect_uris": ["https://app.example/a", "http://127.0.0.1:7000/b"],
        "grant_types": ["refresh_token", "authorization_code"], "scope": "accounts:read openid",
        "token_endpoint_auth_method": "client_secret_post", "client_uri": "https://app.example", "logo_uri": "https://app.example/l.png",
        "policy_uri": "https://app.example/p", "tos_uri": "https://app.example/t", "contacts": ["dev@app.example"],
        "software_id": "pocket", "software_version": "1.2", "response_types": ["code"], "something_else": {"ignored": true},
    });
    let response = register(&bank, &body).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let answer: Value = response.json().await.unwrap();
    for name in [
        "client_name",
        "redirect_uris",
        "token_endpoint_auth_method",
        "client_uri",
        "logo_uri",
        "policy_uri",
        "tos_uri",
        "contacts",
        "software_id",
        "software_version",
        "response_types",
    ] {
        assert_eq!(answer[name], body[name], "{name}");
    }
    assert_eq!(answer["scope"], "openid accounts:read", "in our order");
    assert_eq!(answer["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(answer["client_secret_expires_at"], 0, "RFC 7591 3.2.1: required with a secret");
    assert_eq!(answer["client_id_issued_at"], json!(1_772_452_800));
    assert_eq!(
        (&answer["subject_type"], &answer["id_token_signed_response_alg"]),
        (&json!("pairwise"), &json!("ES256"))
    );
    assert!(answer.get("something_else").is_none());
    let id = answer["client_id"].as_str().unwrap();
    assert_eq!(answer["registration_client_uri"], bank.url(&format!("/register/{id}")));
    for secret in ["client_secret", "registration_access_token"] {
        assert!(answer[secret].as_str().unwrap().len() >= 22, "{secret}: at least 128 bits");
    }
    // What is left out becomes what is said in the answer (RFC 7591 3.2.1).
    let least: Value =
        register(&bank, &json!({"redirect_uris": ["https://app.example/cb"]})).await.json().await.unwrap();
    assert_eq!(least["client_name"], least["client_id"]);
    assert_eq!(least["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(least["grant_types"], json!(["authorization_code", "client_credentials", "refresh_token"]));
}

#[tokio::test]
async fn bad_metadata_is_refused_by_its_name() {
    let bank = TestBank::new().await;
    let good = json!({"client_name": "App", "redirect_uris": ["https://app.example/cb"]});
    for (name, value, expected) in [
        ("redirect_uris", json!([]), "invalid_redirect_uri"),
        ("redirect_uris", json!(null), "invalid_redirect_uri"),
        ("redirect_uris", json!("https://app.example/cb"), "invalid_redirect_uri"),
        ("redirect_uris", json!([1]), "invalid_redirect_uri"),
        ("redirect_uris", json!(["/cb"]), "invalid_redirect_uri"),
        ("redirect_uris", json!(["http://app.example/cb"]), "invalid_redirect_uri"),
        ("redirect_uris", json!(["https://app.example/cb#part"]), "invalid_redirect_uri"),
        ("redirect_uris", json!(["https://app.example/cb", "https://*.example/"]), "invalid_redirect_uri"),
        ("redirect_uris", json!(["https://user@app.example/cb"]), "invalid_redirect_uri"),
        ("redirect_uris", json!(["javascript:alert(1)"]), "invalid_redirect_uri"),
        ("redirect_uris", json!(["custom:/cb"]), "invalid_redirect_uri"),
        // The origin goes into a Content-Security-Policy, where these would begin something else.
        ("redirect_uris", json!(["https://app.example;sandbox/cb"]), "invalid_redirect_uri"),
        ("redirect_uris", json!(["https://app.example,x/cb"]), "invalid_redirect_uri"),
        ("redirect_uris", json!(["https://'self'/cb"]), "invalid_redirect_uri"),
        ("redirect_uris", json!(vec!["https://app.example/cb"; 21]), "invalid_redirect_uri"),
        ("client_name", json!(7), "invalid_client_metadata"),
        ("client_name", json!(""), "invalid_client_metadata"),
        ("client_name", json!("x".repeat(81)), "invalid_client_metadata"),
        ("client_name", json!("a\u{202e}b"), "invalid_client_metadata"),
        ("client_name", json!("a\u{0}b"), "invalid_client_metadata"),
        ("scope", json!("admin"), "invalid_client_metadata"),
        ("scope", json!(["openid"]), "invalid_client_metadata"),
        ("grant_types", json!(["password"]), "invalid_client_metadata"),
        ("grant_types", json!([]), "invalid_client_metadata"),
        ("grant_types", json!("authorization_code"), "invalid_client_metadata"),
        ("response_types", json!(["token"]), "invalid_client_metadata"),
        ("token_endpoint_auth_method", json!("none"), "invalid_client_metadata"),
        ("token_endpoint_auth_method", json!("private_key_jwt"), "invalid_client_metadata"),
        ("id_token_signed_response_alg", json!("none"), "invalid_client_metadata"),
        ("subject_type", json!("public"), "invalid_client_metadata"),
        ("logo_uri", json!("javascript:alert(1)"), "invalid_client_metadata"),
        ("client_uri", json!("http://app.example"), "invalid_client_metadata"),
        ("contacts", json!("dev@app.example"), "invalid_client_metadata"),
        ("contacts", json!(vec!["a"; 11]), "invalid_client_metadata"),
        ("software_statement", json!("e30.e30.e30"), "invalid_software_statement"),
    ] {
        let mut body = good.clone();
        body[name] = value.clone();
        assert_eq!(refusal(register(&bank, &body).await).await, format!("400 {expected}"), "{name} {value:.60}");
    }
    let http = bank.http();
    for (kind, body, expected) in [
        ("application/json", "", "400 invalid_client_metadata"),
        ("application/json", "[]", "400 invalid_client_metadata"),
        ("application/json", "{", "400 invalid_client_metadata"),
        ("application/json", "\"text\"", "400 invalid_client_metadata"),
        ("application/x-www-form-urlencoded", "client_name=App", "415 invalid_request"),
    ] {
        let response = http.post(bank.url("/register")).header("content-type", kind).body(body).send().await.unwrap();
        assert_eq!(refusal(response).await, expected, "{body}");
    }
    let get = http.get(bank.url("/register")).send().await.unwrap();
    assert_eq!(refusal(get).await, "405 invalid_request");
}

/// OpenID Connect Registration 2 has it named beside the code; there is none here, and the answer says so.
#[tokio::test]
async fn the_implicit_grant_is_left_out_beside_a_code_with_an_id_token_and_refused_elsewhere() {
    let bank = TestBank::new().await;
    let keys = json!({"keys": [SigningKey::generate(Alg::Ps256).unwrap().public().to_json()]});
    let body = json!({
        "redirect_uris": ["https://app.example/cb"], "response_types": ["code id_token"], "jwks": keys,
        "grant_types": ["authorization_code", "implicit", "refresh_token"], "scope": "openid accounts",
    });
    let app = App::register_as(&bank, &body).await;
    let read: Value = manage(&app, Method::GET, &app.registration_token, None).await.json().await.unwrap();
    assert_eq!(read["grant_types"], json!(["authorization_code", "refresh_token"]));
    let mut again = body.clone();
    again["client_id"] = json!(app.id);
    assert_eq!(manage(&app, Method::PUT, &app.registration_token, Some(&again)).await.status(), StatusCode::OK);
    let form = [("grant_type", "implicit")];
    assert_eq!(refusal(app.post("/token", &form).await).await, "400 unsupported_grant_type");
    for (name, value) in [
        ("response_types", json!(["code"])),
        ("response_types", json!(null)),
        ("grant_types", json!(["implicit"])),
        ("grant_types", json!(["client_credentials", "implicit"])),
    ] {
        let mut body = body.clone();
        body[name] = value.clone();
        assert_eq!(refusal(register(&bank, &body).await).await, "400 invalid_client_metadata", "{name} {value}");
    }
}

#[tokio::test]
async fn a_scope_that_the_bank_does_not_offer_is_left_out_and_an_unknown_one_is_named() {
    let bank = TestBank::new().await;
    let body = |scope: &str| json!({"redirect_uris": ["https://app.example/cb"], "scope": scope});
    for (asked, registered) in
        [("openid accounts payments", "openid accounts"), ("payments fundsconfirmations", "fundsconfirmations")]
    {
        let answer: Value = register(&bank, &body(asked)).await.json().await.unwrap();
        assert_eq!(answer["scope"], registered, "{asked}");
    }
    let (long, longer) = ("x".repeat(64), "x".repeat(65));
    let general = "scope must be names that exist here, with one space between them";
    for (asked, told) in [
        ("openid admin", "scope: admin does not exist here"),
        ("openid payments admin", "scope: admin does not exist here"),
        (&long, &format!("scope: {long} does not exist here")),
        (&longer, general),
        ("<script>\"", general),
        ("a\\b", general),
        ("konto\u{fc}bersicht", general),
        ("openid  accounts", general),
        ("payments", "scope: payments is not offered here, and nothing else is asked for"),
    ] {
        let refused = register(&bank, &body(asked)).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{asked}");
        let answer: Value = refused.json().await.unwrap();
        assert_eq!(answer["error"], "invalid_client_metadata", "{asked}");
        assert_eq!(answer["error_description"], told, "{asked}");
    }
}

#[tokio::test]
async fn an_app_reads_and_replaces_what_it_said() {
    let bank = TestBank::new().await;
    let body =
        json!({"client_name": "First", "redirect_uris": ["https://app.example/callback"], "software_id": "pocket"});
    let app = App::register_as(&bank, &body).await;
    let token = app.registration_token.as_str();
    let read: Value = manage(&app, Method::GET, token, None).await.json().await.unwrap();
    assert_eq!((&read["client_name"], &read["software_id"]), (&json!("First"), &json!("pocket")));
    assert!(read.get("client_secret").is_none(), "shown once");
    for required in ["client_id", "registration_access_token", "registration_client_uri"] {
        assert!(read[required].is_string(), "RFC 7592 3: {required}");
    }
    assert_eq!(read["registration_access_token"], token);

    let next = json!({"client_id": app.id, "client_secret": app.secret, "client_name": "Second", "redirect_uris": ["https://app.example/new"]});
    let response = manage(&app, Method::PUT, token, Some(&next)).await;
    assert_eq!(response.status(), StatusCode::OK);
    let changed: Value = response.json().await.unwrap();
    assert_eq!(changed["client_name"], "Second");
    assert!(changed.get("software_id").is_none(), "RFC 7592 2.2: what is left out is deleted");
    let read: Value = manage(&app, Method::GET, token, None).await.json().await.unwrap();
    assert_eq!(read["redirect_uris"], json!(["https://app.example/new"]));
    let old = bank.browser().open(&app.authorize_url(&Wanted::scopes(SCOPE))).await;
    assert_eq!(old.status, StatusCode::BAD_REQUEST, "the old redirect URI is no longer one");

    let uri = "https://app.example/new";
    for (body, expected) in [
        (json!({"redirect_uris": [uri]}), "400 invalid_client_metadata"),
        (json!({"client_id": "another", "redirect_uris": [uri]}), "400 invalid_client_metadata"),
        (
            json!({"client_id": app.id, "client_secret": "chosen by me", "redirect_uris": [uri]}),
            "400 invalid_client_metadata",
        ),
        (json!({"client_id": app.id, "redirect_uris": []}), "400 invalid_redirect_uri"),
        // Customers have one name per host: an app that could move would compare its customers with another host's apps.
        (json!({"client_id": app.id, "redirect_uris": ["https://other.example/cb"]}), "400 invalid_redirect_uri"),
    ] {
        assert_eq!(refusal(manage(&app, Method::PUT, token, Some(&body)).await).await, expected, "{body}");
    }
}

#[tokio::test]
async fn a_deleted_app_is_gone_with_its_tokens() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let tokens = app.connect(&bank, "amelia", SCOPE).await;
        let code = app.code(&bank, "amelia", &Wanted::scopes(SCOPE)).await;
        let response = manage(&app, Method::DELETE, &app.registration_token, None).await;
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert_eq!(app.get("/accounts", &tokens.access).await.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(refusal(app.refresh(&tokens.refresh).await).await, "401 invalid_client");
        assert_eq!(refusal(app.redeem(&code, &Wanted::scopes(SCOPE)).await).await, "401 invalid_client");
        let page = bank.browser().open(&app.authorize_url(&Wanted::scopes(SCOPE))).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        for method in [Method::GET, Method::DELETE] {
            assert_eq!(refusal(manage(&app, method, &app.registration_token, None).await).await, "401 invalid_token");
        }
        // The customer still sees to whom they had given what.
        let browser = bank.browser();
        let list = browser.sign_in(&browser.open("/my/consents").await, "amelia").await;
        assert!(list.html.contains("Pocket Ledger") && list.html.contains("No longer sharing"));
        assert!(!list.html.contains("/revoke\""));
    }
}

#[tokio::test]
async fn a_wrong_token_and_an_unknown_app_look_the_same() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let other = App::register(&bank).await;
    let unknown = App { id: crate::nobody_like(&app.id), ..app.clone() };
    let garbage = App { id: "%00%2e%2e".to_owned(), ..app.clone() };
    let body = json!({"client_id": app.id, "redirect_uris": ["https://app.example/cb"]});
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let body = Some(&body).filter(|_| method == Method::PUT);
        let mut seen = Vec::new();
        for (app, token) in [
            (&app, "wrong"),
            (&app, other.registration_token.as_str()),
            (&app, app.secret.as_str()),
            (&unknown, app.registration_token.as_str()),
            (&garbage, app.registration_token.as_str()),
        ] {
            let response = manage(app, method.clone(), token, body).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
            assert!(response.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer "));
            seen.push(response.text().await.unwrap());
        }
        assert!(seen.iter().all(|text| *text == seen[0]), "{method}: {seen:?}");
        let bare = app.http.request(method.clone(), bank.url(&format!("/register/{}", app.id)));
        let bare = body.into_iter().fold(bare, |bare, body| bare.json(body));
        assert_eq!(refusal(bare.send().await.unwrap()).await, "401 invalid_token", "{method}");
    }
    assert_eq!(manage(&app, Method::GET, &app.registration_token, None).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_bank_decides_who_may_register() {
    let body = json!({"redirect_uris": ["https://app.example/cb"]});
    let closed =
        TestBank::with(Engine::Sqlite, &example_folder(), |policy| policy.registration = Registration::Closed).await;
    assert_eq!(refusal(register(&closed, &body).await).await, "403 access_denied");

    let token = "an initial access token from the bank";
    let guarded = TestBank::with(Engine::Sqlite, &example_folder(), |policy| {
        policy.registration = Registration::with_token(token)
    })
    .await;
    assert_eq!(refusal(register(&guarded, &body).await).await, "401 invalid_token");
    let http = guarded.http();
    for (presented, status) in [("wrong", 401), (&token[1..], 401), (token, 201)] {
        let response = http.post(guarded.url("/register")).bearer_auth(presented).json(&body).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{presented}");
    }
}
