//! Tokens that are bound to a certificate (RFC 8705 3): who can use them, and to what a refreshed one is bound.

use lombard_testkit::fapi::{BindingKind, ClientAuth, FapiApp, FapiSetup, OpenId, changed};
use lombard_testkit::{Answer, Engine, Purpose, TestBank, TestKey};
use reqwest::Method;
use serde_json::json;

use super::super::endpoint::Endpoint;
use super::{id, setup};

const WAYS: [ClientAuth; 3] = [ClientAuth::PrivateKeyJwt, ClientAuth::TlsClientAuth, ClientAuth::SelfSigned];

/// Calls something of the API with these headers; status and code.
async fn get(app: &FapiApp, url: &str, headers: &[(&str, String)]) -> (u16, String) {
    let answer = Answer::of(app.call_with(Method::GET, url, headers).await).await;
    if answer.status == 401 {
        assert!(!answer.header("www-authenticate").is_empty(), "RFC 9110 15.5.2");
        assert!(answer.json().get("Data").is_none());
    }
    (answer.status, answer.code())
}

/// RFC 8705 3: the very certificate, at a listener that asks for it, as a bearer token.
#[tokio::test]
async fn a_bound_token_opens_nothing_without_its_certificate() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        for auth in WAYS {
            let app = FapiApp::register(&bank, setup(auth)).await;
            let tokens = app.connect(&bank, "amelia", "accounts:read").await;
            assert_eq!(tokens.answer["token_type"], "Bearer");
            let own = app.own_token("grant_management_query").await;
            let renewed = bank.authority.issue(&app.subject, &app.possession);
            let stranger = bank.authority.issue(&app.subject, &TestKey::new(app.setup.alg, Purpose::Foreign));
            let plain = |url: &str| url.replace(&bank.mtls, &bank.issuer);
            let grant = format!("{}/gra_00000000000000000000000001", app.endpoint("grant_management_endpoint"));
            for (url, token, good, refusal) in [
                (app.api("/accounts"), &tokens.access, (200, ""), "TK01"),
                (app.endpoint("userinfo_endpoint"), &tokens.access, (200, ""), "invalid_token"),
                (grant, &own.access, (404, "invalid_grant_id"), "invalid_token"),
            ] {
                let bearer = vec![("authorization", format!("Bearer {token}"))];
                let good = (good.0, good.1.to_owned());
                assert_eq!(get(&app, &url, &bearer).await, good, "{auth:?} {url}");
                let proof = app.proof("GET", &url, Some(token), None);
                let dpop = vec![("authorization", format!("DPoP {token}")), ("dpop", proof.clone())];
                let header = app.certificate.as_ref().unwrap().x5c();
                let claimed = [bearer.clone(), vec![("x-client-cert", header)]].concat();
                for (case, caller, url, headers) in [
                    ("no certificate", app.without_certificate(), url.clone(), &bearer),
                    ("a certificate in a header", app.without_certificate(), url.clone(), &claimed),
                    ("another certificate for its key", app.with_certificate(&renewed), url.clone(), &bearer),
                    ("another key's certificate", app.with_certificate(&stranger), url.clone(), &bearer),
                    ("the listener that asks for none", app.clone(), plain(&url), &bearer),
                    ("a proof in the place of it", app.without_certificate(), url.clone(), &dpop),
                    ("a proof beside it", app.clone(), url.clone(), &dpop),
                ] {
                    let found = get(&caller, &url, headers).await;
                    assert_eq!(found, (401, refusal.to_owned()), "{engine:?} {auth:?} {url}, {case}");
                }
                assert_eq!(get(&app, &url, &bearer).await, good, "{auth:?} {url}: a refused call changed something");
                // A proof that nobody asked for changes nothing (RFC 9449 7.2).
                let both = [bearer.clone(), vec![("dpop", proof)]].concat();
                assert_eq!(get(&app, &url, &both).await, good, "{auth:?} {url}");
            }
        }
    }
}

/// A refresh token is bound to the client, not to its certificate, which changes: the new token is bound to the new one.
#[tokio::test]
async fn a_refreshed_token_is_bound_to_the_certificate_of_the_refresh() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        for auth in WAYS {
            let old = FapiApp::register(&bank, setup(auth)).await;
            let tokens = old.connect(&bank, "amelia", "accounts:read").await;
            let key = match auth {
                // This way the key is what makes it the client.
                ClientAuth::SelfSigned => old.possession.clone(),
                _ => TestKey::new(old.setup.alg, Purpose::Possession),
            };
            let new = old.with_certificate(&bank.authority.issue(&old.subject, &key));
            assert_ne!(old.confirmation(), new.confirmation());
            let refreshed = new.granted(new.refresh(&tokens.refresh).await).await;
            for (token, owner, stranger) in [(&tokens.access, &old, &new), (&refreshed.access, &new, &old)] {
                owner.read("/accounts", token).await;
                assert_eq!(stranger.get("/accounts", token).await.status(), 401, "{auth:?}");
                // Either may ask, for both are the client.
                for asking in [owner, stranger] {
                    let told = asking.introspect(token).await;
                    assert_eq!((&told["active"], told.get("cnf")), (&json!(true), owner.confirmation().as_ref()));
                }
            }
        }
    }
}

/// The certificate is what tokens are bound to: without it there are none, but nothing is lost either.
#[tokio::test]
async fn tokens_that_must_be_bound_are_not_made_without_a_certificate() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = FapiApp::register(&bank, setup(ClientAuth::PrivateKeyJwt)).await;
        let tokens = app.connect(&bank, "amelia", "accounts:read").await;
        let wanted = app.wanted("accounts:read");
        let code = app.consent(&bank, "amelia", &wanted).await;
        let forms: [&dyn Fn() -> lombard_testkit::fapi::Fields; 3] = [
            &|| app.redeem_form(&code, &wanted),
            &|| app.form(&[("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh)]),
            &|| app.form(&[("grant_type", "client_credentials")]),
        ];
        let (alias, plain) = (app.endpoint("token_endpoint"), app.plain_endpoint("token_endpoint"));
        let bare = app.without_certificate();
        for form in forms {
            for (caller, url) in [(&bare, &alias), (&app, &plain)] {
                for proof in [None, Some(app.proof("POST", url, None, None))] {
                    let headers: Vec<_> = proof.iter().map(|proof| ("dpop", proof.as_str())).collect();
                    let answer = Answer::of(caller.send(url, &form(), &headers).await).await;
                    let found = (answer.status, answer.code());
                    assert_eq!(found, (400, "invalid_request".to_owned()), "{engine:?} {url}: {}", answer.text);
                }
            }
            app.granted(app.send(&alias, &form(), &[]).await).await;
        }
        // Where no token is made, none is needed.
        for endpoint in [Endpoint::Par, Endpoint::Introspect, Endpoint::Revoke] {
            let answer = endpoint.call_at(&bare, &app.plain_endpoint(endpoint.name()), app.credentials(), &[]).await;
            assert!(answer.status < 300, "{endpoint:?}: {}", answer.text);
        }
    }
}

/// RFC 8705 3 and RFC 9449 at once: tokens of an app that proves itself by its certificate and binds by proofs are bound to the
/// key of the proofs, whatever certificate is there.
#[tokio::test]
async fn an_app_that_binds_by_proofs_is_free_to_change_its_certificate() {
    let bank = TestBank::new().await;
    let setup = FapiSetup { binding: BindingKind::Dpop, openid: OpenId::No, ..setup(ClientAuth::TlsClientAuth) };
    let app = FapiApp::register(&bank, setup).await;
    let tokens = app.connect(&bank, "amelia", "accounts:read").await;
    assert_eq!(app.introspect(&tokens.access).await["cnf"], json!({"jkt": app.possession.thumbprint()}));
    for caller in [&app, &app.without_certificate()] {
        caller.read("/accounts", &tokens.access).await;
        let bearer = [("authorization", format!("Bearer {}", tokens.access))];
        assert_eq!(get(caller, &app.api("/accounts"), &bearer).await, (401, "TK01".to_owned()));
    }
    let without = Answer::of(app.send(&app.endpoint("token_endpoint"), &token_form(&app), &[]).await).await;
    assert_eq!((without.status, without.code().as_str()), (400, "invalid_dpop_proof"), "its certificate is no proof");
}

fn token_form(app: &FapiApp) -> lombard_testkit::fapi::Fields {
    changed(id(&app.id), &[("grant_type", Some("client_credentials"))])
}

/// The links of an answer stay at the listener by which it was asked for: at the other one such a token opens nothing.
#[tokio::test]
async fn the_links_of_an_answer_can_be_followed() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, setup(ClientAuth::TlsClientAuth)).await;
    let tokens = app.connect(&bank, "amelia", "accounts:read transactions:read").await;
    let accounts = app.read("/accounts", &tokens.access).await;
    let account = accounts["Data"]["Account"][0]["AccountId"].as_str().unwrap().to_owned();
    let mut next = Some(app.api(&format!("/accounts/{account}/transactions")));
    let mut pages = 0;
    while let Some(url) = next {
        let page = app.call(Method::GET, &url, &tokens.access).await;
        assert_eq!(page.status(), 200, "{url}");
        let page: serde_json::Value = page.json().await.unwrap();
        assert!(page["Links"]["Self"].as_str().unwrap().starts_with(&bank.mtls), "{page}");
        next = page["Links"]["Next"].as_str().map(str::to_owned);
        pages += 1;
    }
    assert!(pages > 0);
    assert!(accounts["Links"]["Self"].as_str().unwrap().starts_with(&bank.mtls));
}
