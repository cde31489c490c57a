//! Signed request objects (RFC 9101, FAPI 2.0 Message Signing 5.3): where requests are pushed, and in the browser's redirect for clients that need not push.

mod content;

use std::collections::BTreeSet;

use lombard_domain::oauth::Alg;
use lombard_testkit::fapi::{BindingKind, ClientAuth, FapiApp, FapiSetup, changed};
use lombard_testkit::{Defect, Draft, Purpose, Signer, TestBank, TestKey, forge};
use serde_json::{Value, json};

use super::request::outcome;

const SCOPE: &str = "accounts:read";
const TAKEN: &str = "201";
const INVALID: &str = "400 invalid_request_object";

async fn strict(bank: &TestBank) -> FapiApp {
    FapiApp::register(bank, FapiSetup::message_signing()).await
}

/// A client that may, but need not, sign or push its requests, with keys and a secret.
async fn lenient(bank: &TestBank, change: impl FnOnce(&mut Value)) -> FapiApp {
    let (auth, binding) = (ClientAuth::Secret, BindingKind::None);
    let setup = FapiSetup { auth, binding, profile: "baseline", ..FapiSetup::default() };
    let app = FapiApp::register_with(bank, setup, |body| {
        body["require_pushed_authorization_requests"] = false.into();
        body["response_modes"] = json!(["query", "jwt"]);
        change(body);
    });
    app.await
}

/// A good object that is still to be signed.
fn draft(app: &FapiApp) -> Draft<'_> {
    app.request_draft(&app.parameters(&app.wanted(SCOPE)))
}

/// A good object with other claims: a value replaces or adds, `None` leaves out.
fn object(app: &FapiApp, changes: &[(&str, Option<Value>)]) -> String {
    let changed = draft(app).changed(|_, claims| {
        let claims = claims.as_object_mut().unwrap();
        for (name, value) in changes {
            claims.remove(*name);
            claims.extend(value.clone().map(|value| ((*name).to_owned(), value)));
        }
    });
    changed.sign()
}

/// What becomes of an object that an app pushes.
async fn verdict(app: &FapiApp, object: &str) -> String {
    outcome(app.push(&app.push_form_with_object(object), &[]).await).await
}

#[tokio::test]
async fn only_a_sound_token_of_the_clients_own_key_is_opened() {
    let bank = TestBank::new().await;
    for alg in Alg::ALL {
        let app = FapiApp::register(&bank, FapiSetup { alg, ..FapiSetup::message_signing() }).await;
        assert_eq!(verdict(&app, &draft(&app).sign()).await, TAKEN, "{alg}");
        for defect in Defect::ALL {
            assert_eq!(verdict(&app, &draft(&app).spoilt(defect)).await, INVALID, "{alg} {defect:?}");
        }
    }
    let app = strict(&bank).await;
    let header = draft(&app).header.to_string();
    let claims = draft(&app).claims.to_string();
    let twice = claims.replacen('{', r#"{"scope":"openid","#, 1);
    let long = claims.replacen('{', &format!(r#"{{"more":"{}","#, "x".repeat(16 * 1024)), 1);
    let many: String = (0..200).map(|i| format!(r#""more{i}":1,"#)).collect();
    let many = claims.replacen('{', &format!("{{{many}"), 1);
    assert_eq!(verdict(&app, &forge(&header, &claims, &Signer::Key(&app.key))).await, TAKEN);
    for claims in ["", "[]", "1", "null", "{", &twice, &long, &many] {
        let object = forge(&header, claims, &Signer::Key(&app.key));
        assert_eq!(verdict(&app, &object).await, INVALID, "{claims:.40}");
    }
    for text in ["x", "e30", "..", "e30.e30.", "\u{e9}", &"x".repeat(20_000)] {
        assert_eq!(verdict(&app, text).await, INVALID, "{text:.40}");
    }
}

/// RFC 9101 10.5: a client that says it always signs is not heard without; also not with an object that is empty.
#[tokio::test]
async fn a_client_that_must_sign_is_not_heard_without_an_object() {
    let bank = TestBank::new().await;
    let by_its_own_choice = FapiSetup { profile: "fapi2-security", ..FapiSetup::message_signing() };
    for setup in [FapiSetup::message_signing(), by_its_own_choice] {
        let app = FapiApp::register(&bank, setup).await;
        let plain = app.parameters(&app.wanted(SCOPE));
        let answer = app.push(&app.with_credentials(plain.clone()), &[]).await;
        assert_eq!(outcome(answer).await, "400 invalid_request", "{setup:?}");
        let empty = changed(plain, &[("request", Some(""))]);
        assert_eq!(outcome(app.push(&app.with_credentials(empty), &[]).await).await, "400 invalid_request");
    }
    // A client of the middle profile may do both.
    let app = FapiApp::register(&bank, FapiSetup::default()).await;
    assert_eq!(outcome(app.push(&app.push_form(&app.wanted(SCOPE)), &[]).await).await, TAKEN);
    assert_eq!(verdict(&app, &draft(&app).sign()).await, TAKEN);
}

#[tokio::test]
async fn says_who_asks_and_whom() {
    let bank = TestBank::new().await;
    let app = strict(&bank).await;
    let other = strict(&bank).await.id;
    let issuer = &bank.issuer;
    for (claim, value, expected) in [
        ("iss", None, INVALID),
        ("iss", Some(json!(other)), INVALID),
        ("iss", Some(json!([app.id])), INVALID),
        ("iss", Some(json!("")), INVALID),
        ("client_id", None, INVALID),
        ("client_id", Some(json!(other)), INVALID),
        ("client_id", Some(json!([app.id])), INVALID),
        ("aud", None, INVALID),
        ("aud", Some(json!([issuer])), TAKEN),
        ("aud", Some(json!(["https://other.example", issuer])), TAKEN),
        ("aud", Some(json!("https://other.example")), INVALID),
        ("aud", Some(json!(["https://other.example"])), INVALID),
        ("aud", Some(json!([])), INVALID),
        ("aud", Some(json!([[issuer]])), INVALID),
        ("aud", Some(json!({"0": issuer})), INVALID),
        ("aud", Some(json!(format!("{issuer}/"))), INVALID),
        ("aud", Some(json!(format!("{issuer}/par"))), INVALID),
        ("aud", Some(json!(bank.mtls)), INVALID),
        ("aud", Some(json!(app.id)), INVALID),
        ("jti", None, TAKEN),
        ("iat", None, TAKEN),
        // RFC 9101 4: neither can be inside.
        ("request", Some(json!(draft(&app).sign())), INVALID),
        ("request_uri", Some(json!("urn:ietf:params:oauth:request_uri:x")), INVALID),
        ("request_uri", Some(json!(null)), INVALID),
    ] {
        let object = object(&app, &[(claim, value.clone())]);
        assert_eq!(verdict(&app, &object).await, expected, "{claim} {value:?}");
    }
}

/// FAPI 2.0 Message Signing 5.3.1-3 and 5.3.1-4; FAPI 2.0 Security Profile 5.3.2.1-13 for clocks that are ahead.
#[tokio::test]
async fn holds_for_an_hour_at_most() {
    let bank = TestBank::new().await;
    let app = strict(&bank).await;
    let now = app.now();
    for (begins, ends, expected) in [
        (Some(0), Some(300), TAKEN),
        (Some(10), Some(300), TAKEN),
        (Some(61), Some(300), INVALID),
        (Some(3000), Some(3300), INVALID),
        (None, Some(300), INVALID),
        (Some(0), None, INVALID),
        (None, None, INVALID),
        // The client's clock may be behind by ten seconds.
        (Some(-60), Some(-9), TAKEN),
        (Some(-60), Some(-10), INVALID),
        (Some(-3000), Some(-300), INVALID),
        (Some(-3590), Some(10), TAKEN),
        (Some(-3600), Some(0), TAKEN),
        (Some(-3601), Some(-1), INVALID),
        (Some(-3700), Some(300), INVALID),
        (Some(0), Some(3600), TAKEN),
        (Some(0), Some(3601), INVALID),
        (Some(-1800), Some(1801), INVALID),
    ] {
        let at = |offset: Option<i64>| offset.map(|offset| json!(now + offset));
        let object = object(&app, &[("nbf", at(begins)), ("exp", at(ends))]);
        assert_eq!(verdict(&app, &object).await, expected, "nbf {begins:?} exp {ends:?}");
    }
    for (claim, value) in [
        ("iat", json!(now + 61)),
        ("nbf", json!(now.to_string())),
        ("nbf", json!(null)),
        ("nbf", json!(-1)),
        ("exp", json!((now + 300).to_string())),
        ("exp", json!(1e300)),
        ("exp", json!([now + 300])),
    ] {
        assert_eq!(verdict(&app, &object(&app, &[(claim, Some(value.clone()))])).await, INVALID, "{claim} {value}");
    }
}

/// FAPI 2.0 Message Signing 5.3.1-5; RFC 9101 10.8: a token made for something else is no request, and clients from before may name no type.
#[tokio::test]
async fn is_of_no_other_type() {
    let bank = TestBank::new().await;
    let app = strict(&bank).await;
    for (typ, expected) in [
        (Some("oauth-authz-req+jwt"), TAKEN),
        (Some("application/oauth-authz-req+jwt"), TAKEN),
        (Some("JWT"), TAKEN),
        (None, TAKEN),
        (Some("at+jwt"), INVALID),
        (Some("dpop+jwt"), INVALID),
        (Some("client-authentication+jwt"), INVALID),
        (Some("oauth-authz-req"), INVALID),
        (Some("jose"), INVALID),
        (Some(""), INVALID),
    ] {
        let object = draft(&app).changed(|header, _| {
            let header = header.as_object_mut().unwrap();
            header.remove("typ");
            header.extend(typ.map(|typ| ("typ".to_owned(), typ.into())));
        });
        assert_eq!(verdict(&app, &object.sign()).await, expected, "{typ:?}");
    }
    // What says nothing of the key is tried with the only one there is.
    let nameless = draft(&app).changed(|header, _| drop(header.as_object_mut().unwrap().remove("kid")));
    assert_eq!(verdict(&app, &nameless.sign()).await, TAKEN);
    let foreign = TestKey::new(app.setup.alg, Purpose::Foreign);
    let nameless = Draft { key: &foreign, ..nameless };
    assert_eq!(verdict(&app, &nameless.sign()).await, INVALID);
    let carried = Draft { key: &foreign, ..draft(&app) };
    let carried = carried.changed(|header, _| {
        header["jwk"] = foreign.bare_jwk();
        header["jku"] = json!("https://evil.example/jwks");
    });
    assert_eq!(verdict(&app, &carried.sign()).await, INVALID, "a key in the header is nobody's");
}

/// RFC 9101 10.8, RFC 8725 2.8: whatever else is signed, by the client, by another one or by the bank, asks for nothing.
#[tokio::test]
async fn no_other_token_passes_for_one() {
    let bank = TestBank::new().await;
    let app = strict(&bank).await;
    let other = strict(&bank).await;
    let wanted = app.wanted(SCOPE);
    let (browser, page) = app.ask(&bank, "amelia", &wanted).await;
    let back = browser.submit(&page, &[], "consent-allow").await;
    let answer = back.parameter("response").unwrap();
    let tokens = app.granted(app.redeem(&app.code(&back, &wanted).await, &wanted).await).await;

    let in_the_name_of = |author: &FapiApp, client: &FapiApp| {
        let claims = draft(client).claims;
        draft(author).changed(|_, own| *own = claims).sign()
    };
    for (what, token) in [
        ("the client's assertion", app.assertion()),
        ("the client's proof", app.proof("POST", &app.endpoint("pushed_authorization_request_endpoint"), None, None)),
        ("the bank's ID token", tokens.id_token().to_owned()),
        ("the bank's access token", tokens.access.clone()),
        ("the bank's signed answer", answer),
        ("another client's request", draft(&other).sign()),
        ("another client's request in this one's name", in_the_name_of(&other, &app)),
        ("this client's request in another one's name", in_the_name_of(&app, &other)),
    ] {
        assert_eq!(verdict(&app, &token).await, INVALID, "{what}");
    }
    // And a request is no assertion: by its type, and without one because it is about nobody.
    for typ in [json!("oauth-authz-req+jwt"), json!("JWT")] {
        let request = draft(&app).changed(|header, _| header["typ"] = typ.clone()).sign();
        let mut form = app.credentials_by(&request);
        form.push(("request".to_owned(), draft(&app).sign()));
        assert_eq!(outcome(app.push(&form, &[]).await).await, "401 invalid_client", "{typ}");
    }
}

/// Neither RFC 9101 nor FAPI 2.0 Message Signing makes an object single-use: it says what is asked, and each push makes a request of its own.
#[tokio::test]
async fn may_be_pushed_again_for_another_request() {
    let bank = TestBank::new().await;
    let app = strict(&bank).await;
    let wanted = app.wanted(SCOPE);
    let object = app.request_draft(&app.parameters(&wanted)).sign();
    let mut seen = BTreeSet::new();
    for _ in 0..2 {
        let pushed = app.pushed_form(&app.push_form_with_object(&object)).await;
        let (browser, page) = app.ask_with(&bank, "amelia", &pushed).await;
        app.code(&browser.submit(&page, &[], "consent-allow").await, &wanted).await;
        seen.insert(pushed);
    }
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn is_signed_with_the_algorithm_that_was_registered_if_any_was() {
    let bank = TestBank::new().await;
    let keys = Alg::ALL.map(|alg| TestKey::new(alg, Purpose::Foreign));
    let register = async |only: Option<Alg>| {
        let app = FapiApp::register_with(&bank, FapiSetup::message_signing(), |body| {
            body["jwks"]["keys"].as_array_mut().unwrap().extend(keys.iter().map(|key| key.jwk()));
            let body = body.as_object_mut().unwrap();
            body.remove("request_object_signing_alg");
            body.extend(only.map(|alg| ("request_object_signing_alg".to_owned(), alg.name().into())));
        });
        app.await
    };
    for only in [None, Some(Alg::Es256), Some(Alg::Ps256), Some(Alg::EdDsa)] {
        let app = register(only).await;
        for key in &keys {
            let header = json!({"alg": key.alg().name(), "kid": key.kid(), "typ": "oauth-authz-req+jwt"});
            let object = Draft { header, key, ..draft(&app) }.sign();
            let expected = if only.is_none_or(|only| only == key.alg()) { TAKEN } else { INVALID };
            assert_eq!(verdict(&app, &object).await, expected, "{} where {only:?} was registered", key.alg());
        }
    }
}

#[tokio::test]
async fn of_a_client_without_keys_is_nobodys() {
    let bank = TestBank::new().await;
    let app = lenient(&bank, |body| drop(body.as_object_mut().unwrap().remove("jwks"))).await;
    assert_eq!(outcome(app.push(&app.push_form(&app.wanted(SCOPE)), &[]).await).await, TAKEN);
    assert_eq!(verdict(&app, &draft(&app).sign()).await, INVALID);
    assert_eq!(verdict(&app, &draft(&app).spoilt(Defect::AlgNone)).await, INVALID);
}
