//! What each security profile makes of a registration, and how an app moves between secrets and keys.

use lombard_auth::client::{Asked, Registrar};
use lombard_auth::jose::{Alg, SigningKey};
use lombard_domain::oauth::Profile;
use lombard_testkit::{App, Engine, TestBank, example_folder, refusal};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{manage, register};

fn keys() -> Value {
    json!({"keys": [SigningKey::generate(Alg::Es256).unwrap().public().to_json()]})
}

/// A registration that every profile takes.
fn strong(profile: Profile) -> Value {
    json!({
        "security_profile": profile.name(), "client_name": "Pocket Ledger", "redirect_uris": ["https://app.example/callback"],
        "token_endpoint_auth_method": "private_key_jwt", "jwks": keys(), "dpop_bound_access_tokens": true,
    })
}

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

/// What of an answer is metadata, that is all but what names this registration.
fn metadata(mut answer: Value) -> Value {
    let members = answer.as_object_mut().unwrap();
    members.retain(|name, _| !name.starts_with("registration_") && !name.starts_with("client_secret"));
    answer
}

#[tokio::test]
async fn a_client_with_a_key_has_no_secret() {
    let bank = TestBank::new().await;
    for profile in Profile::ALL {
        let answer: Value = register(&bank, &strong(*profile)).await.json().await.unwrap();
        assert_eq!(answer["security_profile"], profile.name());
        for absent in ["client_secret", "client_secret_expires_at", "software", "software_statement", "org_id"] {
            assert!(answer.get(absent).is_none(), "{absent}");
        }
        let demanded = *profile != Profile::Baseline;
        assert_eq!(answer["require_pushed_authorization_requests"], demanded, "{answer}");
        assert_eq!(answer["require_signed_request_object"], *profile == Profile::Fapi2MessageSigning);
        assert_eq!(answer["response_types"], json!(["code"]));
        // Without a secret there is none to guess, not even the empty one.
        let id = answer["client_id"].as_str().unwrap();
        for secret in ["", "x"] {
            let request = bank.http().post(bank.url("/token")).basic_auth(id, Some(secret));
            let response = request.form(&[("grant_type", "client_credentials")]).send().await.unwrap();
            assert_eq!(refusal(response).await, "401 invalid_client", "{secret:?}");
        }
    }
}

#[tokio::test]
async fn what_is_registered_is_read_and_can_be_sent_back() {
    let bank = TestBank::new().await;
    for profile in Profile::ALL {
        let body = json!({
            "use_mtls_endpoint_aliases": true, "response_modes": ["jwt"], "authorization_details_types": ["account_information"],
            "request_object_signing_alg": "ES256", "token_endpoint_auth_signing_alg": "ES256", "scope": "openid accounts:read",
            "authorization_signed_response_alg": "PS256", "id_token_signed_response_alg": "EdDSA",
            "introspection_signed_response_alg": "ES256", "grant_types": ["authorization_code", "refresh_token"],
        });
        let mut all = strong(*profile);
        all.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        let app = App::register_as(&bank, &all).await;
        let token = app.registration_token.as_str();
        let first: Value = manage(&app, Method::GET, token, None).await.json().await.unwrap();
        for (name, value) in all.as_object().unwrap() {
            assert_eq!(first[name], *value, "{profile:?}: {name}");
        }
        let response = manage(&app, Method::PUT, token, Some(&first)).await;
        assert_eq!(response.status(), StatusCode::OK, "{profile:?}");
        assert_eq!(metadata(response.json().await.unwrap()), metadata(first.clone()), "{profile:?}");
        let changed = with(first.clone(), "client_name", json!("Renamed"));
        // RFC 7592 2.2 lets us keep what is left out: nobody falls to a weaker profile by forgetting.
        let changed = with(changed, "security_profile", Value::Null);
        assert_eq!(manage(&app, Method::PUT, token, Some(&changed)).await.status(), StatusCode::OK);
        let last: Value = manage(&app, Method::GET, token, None).await.json().await.unwrap();
        assert_eq!(last, with(first, "client_name", json!("Renamed")), "{profile:?}");
    }
}

#[tokio::test]
async fn a_profile_refuses_what_would_weaken_it() {
    use Profile::{Baseline, Fapi2MessageSigning, Fapi2Security};
    let bank = TestBank::new().await;
    let (all, fapi, signing) = (Profile::ALL, &[Fapi2Security, Fapi2MessageSigning][..], &[Fapi2MessageSigning][..]);
    let metadata = "400 invalid_client_metadata";
    for (refused, name, value, expected) in [
        (fapi, "token_endpoint_auth_method", json!("client_secret_basic"), metadata),
        (fapi, "token_endpoint_auth_method", json!("client_secret_post"), metadata),
        (all, "token_endpoint_auth_method", json!("none"), metadata),
        (all, "token_endpoint_auth_method", json!("tls_client_auth"), metadata),
        (&[], "token_endpoint_auth_method", json!("self_signed_tls_client_auth"), metadata),
        (all, "tls_client_auth_san_dns", json!("app.example"), metadata),
        (all, "jwks", json!(null), metadata),
        (all, "jwks", json!({"keys": [{"kty": "EC", "crv": "P-256", "d": "AQ"}]}), metadata),
        (all, "jwks_uri", json!("https://app.example/jwks"), metadata),
        (all, "token_endpoint_auth_signing_alg", json!("RS256"), metadata),
        (all, "id_token_signed_response_alg", json!("none"), metadata),
        (all, "request_object_signing_alg", json!("HS256"), metadata),
        (all, "id_token_encrypted_response_alg", json!("RSA-OAEP"), metadata),
        (fapi, "dpop_bound_access_tokens", json!(false), metadata),
        (all, "tls_client_certificate_bound_access_tokens", json!(true), metadata),
        (fapi, "require_pushed_authorization_requests", json!(false), metadata),
        (signing, "require_signed_request_object", json!(false), metadata),
        (signing, "response_modes", json!(["query"]), metadata),
        (all, "response_modes", json!(["form_post"]), metadata),
        (all, "authorization_details_types", json!(["payment_initiation"]), metadata),
        (all, "security_profile", json!("fapi3"), metadata),
        (all, "resource_server", json!(true), metadata),
        (fapi, "redirect_uris", json!(["http://127.0.0.1/cb"]), "400 invalid_redirect_uri"),
    ] {
        for profile in [Baseline, Fapi2Security, Fapi2MessageSigning] {
            let response = register(&bank, &with(strong(profile), name, value.clone())).await;
            if refused.contains(&profile) {
                assert_eq!(refusal(response).await, expected, "{profile:?}: {name} {value}");
            } else {
                assert_eq!(response.status(), StatusCode::CREATED, "{profile:?}: {name} {value}");
            }
        }
    }
}

#[tokio::test]
async fn a_bank_sets_the_least_profile() {
    let least = |policy: &mut lombard_auth::Policy| policy.minimum_profile = Profile::Fapi2Security;
    let bank = TestBank::with(Engine::Sqlite, &example_folder(), least).await;
    let weak = register(&bank, &strong(Profile::Baseline)).await;
    assert_eq!(refusal(weak).await, "400 invalid_client_metadata");
    for profile in [Profile::Fapi2Security, Profile::Fapi2MessageSigning] {
        assert_eq!(register(&bank, &strong(profile)).await.status(), StatusCode::CREATED);
    }
    let silent = json!({"redirect_uris": ["https://app.example/cb"], "jwks": keys()});
    let silent: Value = register(&bank, &silent).await.json().await.unwrap();
    assert_eq!(silent["security_profile"], "fapi2-security");
    assert_eq!(silent["token_endpoint_auth_method"], "private_key_jwt");
    assert_eq!(silent["dpop_bound_access_tokens"], true, "what is filled in is said");
}

#[tokio::test]
async fn an_app_that_changes_its_method_loses_or_gets_a_secret() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let token = app.registration_token.as_str();
        let body = json!({"client_id": app.id, "redirect_uris": [app.redirect_uri], "jwks": keys()});
        let put = |method: &'static str| {
            let body = with(body.clone(), "token_endpoint_auth_method", json!(method));
            let app = &app;
            async move {
                let response = manage(app, Method::PUT, token, Some(&body)).await;
                assert_eq!(response.status(), StatusCode::OK, "{method} on {engine:?}");
                response.json::<Value>().await.unwrap()
            }
        };
        let works = |secret: String, method: &'static str| {
            let http = bank.http();
            let (id, url) = (app.id.clone(), bank.url("/token"));
            async move {
                let mut form = vec![("grant_type", "client_credentials")];
                let request = http.post(url);
                let request = if method == "client_secret_post" {
                    form.extend([("client_id", id.as_str()), ("client_secret", secret.as_str())]);
                    request
                } else {
                    request.basic_auth(&id, Some(&secret))
                };
                request.form(&form).send().await.unwrap().status() == StatusCode::OK
            }
        };
        // From one place of the same secret to another.
        let post = put("client_secret_post").await;
        assert!(post.get("client_secret").is_none() && post["client_secret_expires_at"] == 0);
        assert!(works(app.secret.clone(), "client_secret_post").await);
        let key = put("private_key_jwt").await;
        assert!(key.get("client_secret").is_none() && key.get("client_secret_expires_at").is_none());
        assert!(!works(app.secret.clone(), "client_secret_post").await);
        let basic = put("client_secret_basic").await;
        let secret = basic["client_secret"].as_str().unwrap().to_owned();
        assert!(works(secret.clone(), "client_secret_basic").await);
        assert!(!works(app.secret.clone(), "client_secret_basic").await, "the old secret is gone for good");
        let read: Value = manage(&app, Method::GET, token, None).await.json().await.unwrap();
        assert!(read.get("client_secret").is_none(), "shown once");
        assert!(!bank.record(50).await.iter().any(|entry| format!("{entry:?}").contains(&secret)));
    }
}

#[tokio::test]
async fn a_resource_server_is_made_by_an_operator() {
    let bank = TestBank::new().await;
    let body = json!({
        "client_name": "Accounts API", "resource_server": true, "security_profile": "fapi2-message-signing",
        "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=api,O=Bank,C=GB",
    });
    assert_eq!(refusal(register(&bank, &body).await).await, "400 invalid_client_metadata");
    let asked = Asked::read(body.to_string().as_bytes()).unwrap();
    let new = bank.auth.register(TestBank::OPERATOR, Registrar::Operator, &asked).await.unwrap();
    assert!(new.secret.is_none());
    let app = App {
        id: new.client.id.to_string(),
        secret: String::new(),
        registration_token: new.registration_token.expose().clone(),
        redirect_uri: String::new(),
        http: bank.http(),
        issuer: bank.issuer.clone(),
        customer: lombard_testkit::Presence::There,
    };
    let token = app.registration_token.as_str();
    let read: Value = manage(&app, Method::GET, token, None).await.json().await.unwrap();
    assert_eq!(
        (&read["grant_types"], &read["redirect_uris"], &read["response_types"]),
        (&json!([]), &json!([]), &json!([]))
    );
    assert_eq!((&read["resource_server"], &read["scope"]), (&json!(true), &json!("")));
    let response = manage(&app, Method::PUT, token, Some(&read)).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(metadata(response.json().await.unwrap()), metadata(read.clone()));
    let app_at_once = with(read, "resource_server", json!(false));
    let response = manage(&app, Method::PUT, token, Some(&app_at_once)).await;
    assert_eq!(refusal(response).await, "400 invalid_client_metadata");
}

/// Whoever holds the token of a registration can change it, but not weaken what the bank agreed to.
#[tokio::test]
async fn a_change_never_lowers_the_profile() {
    let bank = TestBank::new().await;
    let body = strong(Profile::Fapi2MessageSigning);
    let app = App::register_as(&bank, &body).await;
    let token = app.registration_token.as_str();
    for (profile, method) in [("baseline", "client_secret_post"), ("fapi2-security", "private_key_jwt")] {
        let weaker = with(with(body.clone(), "client_id", json!(app.id)), "security_profile", json!(profile));
        let weaker = with(weaker, "token_endpoint_auth_method", json!(method));
        let refused = manage(&app, Method::PUT, token, Some(&weaker)).await;
        assert_eq!(refusal(refused).await, "400 invalid_client_metadata", "{profile}");
    }
    let same = with(body, "client_id", json!(app.id));
    assert_eq!(manage(&app, Method::PUT, token, Some(&same)).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn where_the_bank_decides_who_registers_an_app_gives_itself_no_more() {
    let closed = |policy: &mut lombard_auth::Policy| policy.registration = lombard_auth::Registration::Closed;
    let bank = TestBank::with(Engine::Sqlite, &example_folder(), closed).await;
    let body = json!({"client_name": "Ledger", "redirect_uris": ["https://app.example/cb"],
                      "scope": "accounts:read balances:read", "grant_types": ["authorization_code", "refresh_token"]});
    let asked = Asked::read(body.to_string().as_bytes()).unwrap();
    let new = bank.auth.register(TestBank::OPERATOR, Registrar::Operator, &asked).await.unwrap();
    let app = App {
        id: new.client.id.to_string(),
        secret: new.secret.map(|secret| secret.expose().clone()).unwrap_or_default(),
        registration_token: new.registration_token.expose().clone(),
        redirect_uri: "https://app.example/cb".to_owned(),
        http: bank.http(),
        issuer: bank.issuer.clone(),
        customer: lombard_testkit::Presence::There,
    };
    let mut body = with(body, "client_id", json!(app.id));
    let put = async |body: &Value| {
        let response = manage(&app, Method::PUT, &app.registration_token, Some(body)).await;
        if response.status() == StatusCode::OK { "200".to_owned() } else { refusal(response).await }
    };
    for (name, more, less) in [
        ("scope", json!("accounts:read transactions:read"), json!("accounts:read")),
        ("grant_types", json!(["authorization_code", "client_credentials"]), json!(["authorization_code"])),
    ] {
        assert_eq!(put(&with(body.clone(), name, more)).await, "400 invalid_client_metadata", "{name}");
        let fewer = with(body.clone(), name, less);
        assert_eq!(put(&fewer).await, "200", "{name}");
        assert_eq!(put(&body).await, "400 invalid_client_metadata", "{name}: what was given back is gone");
        body = fewer;
    }
}

/// A bank that raises its least profile does not go on with weaker clients.
#[tokio::test]
async fn a_client_below_the_least_profile_is_refused() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let form = [("grant_type", "client_credentials")];
    assert_eq!(app.post("/token", &form).await.status(), StatusCode::OK);
    let node = bank.another_node_with(|policy| policy.minimum_profile = Profile::Fapi2Security).await;
    let request = bank.http().post(node.url("/token")).basic_auth(&app.id, Some(&app.secret)).form(&form);
    assert_eq!(refusal(request.send().await.unwrap()).await, "401 invalid_client");
    let front = app.authorize_url(&lombard_testkit::Wanted::scopes("openid")).replace(&bank.issuer, &node.url(""));
    assert_eq!(bank.http().get(front).send().await.unwrap().status(), StatusCode::BAD_REQUEST);
}

/// RFC 7591 3.2.1: what holds is said, so that it can be sent back.
#[tokio::test]
async fn a_native_app_is_told_that_it_is_one() {
    let bank = TestBank::new().await;
    let body = with(strong(Profile::Fapi2Security), "redirect_uris", json!(["http://127.0.0.1:3000/cb"]));
    assert_eq!(refusal(register(&bank, &body).await).await, "400 invalid_redirect_uri");
    let native = with(body, "application_type", json!("native"));
    let answer: Value = register(&bank, &native).await.json().await.unwrap();
    assert_eq!(answer["application_type"], "native");
    let web: Value = register(&bank, &strong(Profile::Fapi2Security)).await.json().await.unwrap();
    assert_eq!(web["application_type"], "web");
}
