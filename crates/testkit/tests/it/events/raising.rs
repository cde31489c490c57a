//! What is told, and what is not.

use lombard_auth::access::OldData;
use lombard_domain::consent::Revoker;
use lombard_domain::time::Span;
use lombard_testkit::{App, Engine, TestBank, example_folder};
use reqwest::Method;
use serde_json::{Value, json};

use super::{ACCESS, FUNDS, Watcher, event, revoked_by};

#[tokio::test]
async fn a_customers_change_of_mind_is_told_once_with_the_call_that_caused_it() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let watcher = Watcher::fetching(&bank).await;
        let consent = watcher.connected(&bank).await;
        assert_eq!(watcher.heard().await, [], "{engine:?}: what the app takes part in is no news");
        revoked_by(&bank, "amelia", &consent).await;
        assert_eq!(watcher.heard().await, [event("consent-authorization-revoked", &consent)], "{engine:?}");
        let told = watcher.told().await;
        let record = bank.record(100).await;
        let entry = record.iter().find(|entry| entry.event == "consent.revoked").unwrap();
        assert_eq!(
            told[0]["txn"],
            json!(entry.interaction),
            "{engine:?}: by the interaction id the two are found together"
        );
    }
}

#[tokio::test]
async fn the_end_of_a_consents_time_is_told() {
    let bank = TestBank::new().await;
    let watcher = Watcher::fetching(&bank).await;
    let ends = "2026-03-02T12:30:00Z";
    let consent = watcher.lodge_with(json!({"Permissions": ["ReadAccountsBasic"], "ExpirationDateTime": ends})).await;
    watcher.allowed(&bank, "amelia", "accounts", &consent).await;
    bank.clock.advance(Span::minutes(31));
    bank.auth.forget_what_is_over().await.unwrap();
    bank.auth.forget_what_is_over().await.unwrap();
    assert_eq!(watcher.heard().await, [event("resource-update", &consent)]);
    let told = watcher.told().await.remove(0);
    assert_eq!(told["txn"], told["jti"], "no call caused it");
}

/// In the Union nobody need call for the app to learn that its customer must sign in anew.
#[tokio::test]
async fn a_sign_in_that_is_due_is_told_without_a_call() {
    for engine in Engine::ALL {
        let bank = TestBank::with(engine, &example_folder(), |policy| policy.old_data = OldData::EU).await;
        let watcher = Watcher::fetching(&bank).await;
        let (access, funds) = (watcher.connected(&bank).await, watcher.lodge_funds().await);
        watcher.allowed(&bank, "amelia", "fundsconfirmations", &funds).await;
        let stands = async || {
            let data = watcher.call(Method::GET, &format!("{ACCESS}/{access}"), None).await.json()["Data"].clone();
            let codes = data["StatusReason"].as_array().cloned().unwrap_or_default();
            let codes: Vec<_> = codes.iter().map(|reason| reason["StatusReasonCode"].clone()).collect();
            (data["Status"].clone(), codes)
        };
        bank.clock.advance(Span::seconds(180 * 86_400 - 1));
        bank.auth.forget_what_is_over().await.unwrap();
        assert_eq!((stands().await, watcher.heard().await), ((json!("AUTH"), vec![]), vec![]), "{engine:?}");
        bank.clock.advance(Span::seconds(1));
        for _ in 0..2 {
            bank.auth.forget_what_is_over().await.unwrap();
        }
        assert_eq!(stands().await, (json!("CANC"), vec![json!("TKSP"), json!("U028")]), "{engine:?}");
        let told = [event("consent-authorization-revoked", &access)];
        assert_eq!(watcher.heard().await, told, "{engine:?}: once, and not of funds, which are no account information");
        let record = bank.record(100).await;
        let ended: Vec<_> = record.iter().filter(|entry| entry.event == "consent.revoked").collect();
        assert_eq!(ended.len(), 1, "{engine:?}");
        assert_eq!(ended[0].reason.as_deref(), Some("authentication-due"));
        assert_eq!(ended[0].interaction.as_deref(), Some("clock"), "{engine:?}: no call caused it");

        watcher.allowed(&bank, "amelia", "accounts", &access).await;
        bank.auth.forget_what_is_over().await.unwrap();
        assert_eq!(stands().await, (json!("AUTH"), vec![]), "{engine:?}: signed in anew");
    }
}

#[tokio::test]
async fn suspected_fraud_is_told_also_of_what_was_taken_back_before() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let watcher = Watcher::fetching(&bank).await;
        let consent = watcher.connected(&bank).await;
        revoked_by(&bank, "amelia", &consent).await;
        let id = consent.parse().unwrap();
        for expected in [true, false] {
            let done = bank.auth.revoke_by_operator(TestBank::OPERATOR, id, Revoker::BankForFraud).await.unwrap();
            assert_eq!(done, expected, "{engine:?}");
        }
        let told = event("consent-authorization-revoked", &consent);
        assert_eq!(watcher.heard().await, [told.clone(), told], "{engine:?}: each once");
    }
}

#[tokio::test]
async fn a_renewed_consent_is_told_of() {
    let bank = TestBank::new().await;
    let watcher = Watcher::fetching(&bank).await;
    let consent = watcher.connected(&bank).await;
    watcher.allowed(&bank, "amelia", "accounts", &consent).await;
    assert_eq!(watcher.heard().await, [event("resource-update", &consent)]);
}

/// An operator's call has no name of its own; what it caused is one occurrence all the same.
#[tokio::test]
async fn what_the_bank_takes_back_is_told_as_well() {
    let bank = TestBank::new().await;
    let watcher = Watcher::fetching(&bank).await;
    let (access, funds) = (watcher.connected(&bank).await, watcher.lodge_funds().await);
    watcher.allowed(&bank, "amelia", "fundsconfirmations", &funds).await;
    for (consent, by) in [(&access, Revoker::BankForFraud), (&funds, Revoker::Bank)] {
        let id = consent.parse().unwrap();
        assert!(bank.auth.revoke_by_operator(TestBank::OPERATOR, id, by).await.unwrap());
    }
    let mut expected = [
        event("consent-authorization-revoked", &access),
        event("consent-authorization-revoked", &funds),
        event("consent-access-revoked", &funds),
    ];
    expected.sort();
    assert_eq!(watcher.heard().await, expected);
    let told = watcher.told().await;
    let of = |consent: &str| told.iter().filter(|claims| super::heard(claims).1 == consent).collect::<Vec<_>>();
    assert_eq!(of(&funds)[0]["txn"], of(&funds)[1]["txn"]);
    assert_ne!(of(&access)[0]["txn"], of(&funds)[0]["txn"]);
}

/// The standard has two words for it; both are said, as one occurrence.
#[tokio::test]
async fn a_revoked_consent_to_confirm_funds_is_told_of_in_both_words() {
    let bank = TestBank::new().await;
    let watcher = Watcher::fetching(&bank).await;
    let consent = watcher.lodge_funds().await;
    watcher.allowed(&bank, "amelia", "fundsconfirmations", &consent).await;
    revoked_by(&bank, "amelia", &consent).await;
    let expected = [event("consent-access-revoked", &consent), event("consent-authorization-revoked", &consent)];
    assert_eq!(watcher.heard().await, expected);
    let told = watcher.told().await;
    assert_eq!(told[0]["txn"], told[1]["txn"]);
    assert_ne!(told[0]["jti"], told[1]["jti"]);
    for claims in told {
        let place = format!("{FUNDS}/{consent}");
        assert!(claims["sub"].as_str().unwrap().ends_with(&place), "{claims}");
        let event = claims["events"].as_object().unwrap().values().next().unwrap();
        assert_eq!(event["subject"]["http://openbanking.org.uk/rty"], "funds-confirmation-consents");
    }
}

#[tokio::test]
async fn what_an_app_does_itself_is_not_told_to_it() {
    let bank = TestBank::new().await;
    let watcher = Watcher::fetching(&bank).await;
    let (lodged, given) = (watcher.lodge().await, watcher.connected(&bank).await);
    for consent in [lodged, given] {
        assert_eq!(watcher.call(Method::DELETE, &format!("{ACCESS}/{consent}"), None).await.status, 204);
    }
    assert_eq!(watcher.heard().await, []);
}

#[tokio::test]
async fn only_lodged_consents_are_told_of_and_only_to_their_app() {
    let bank = TestBank::new().await;
    let (watcher, other) = (Watcher::fetching(&bank).await, Watcher::fetching(&bank).await);
    // A consent that was never lodged has no resource that an app could look at.
    watcher.app.connect(&bank, "amelia", "accounts:read").await;
    let page = bank.browser();
    let page = page.sign_in(&page.open("/my/consents").await, "amelia").await;
    let plain = page.html.split("/my/consents/").nth(1).and_then(|rest| rest.split('/').next()).unwrap().to_owned();
    revoked_by(&bank, "amelia", &plain).await;
    let consent = watcher.connected(&bank).await;
    revoked_by(&bank, "amelia", &consent).await;
    assert_eq!(watcher.heard().await, [event("consent-authorization-revoked", &consent)]);
    assert_eq!(other.heard().await, []);
}

#[tokio::test]
async fn an_app_is_told_what_it_asked_for_from_when_it_asked() {
    let bank = TestBank::new().await;
    let watcher = Watcher::register(&bank).await;
    let consents = [watcher.connected(&bank).await, watcher.connected(&bank).await, watcher.connected(&bank).await];
    revoked_by(&bank, "amelia", &consents[0]).await;
    let wish = json!({"Version": "4.0", "EventTypes": ["UK.OBIE.Resource-Update"]});
    let id = watcher.subscribe(&wish).await;
    revoked_by(&bank, "amelia", &consents[1]).await;
    assert_eq!(watcher.heard().await, [], "before it asked, and of what it did not ask for");
    let path = format!("{}/{id}", super::SUBSCRIPTIONS);
    let wish = json!({"Data": {"Version": "4.0", "EventTypes": ["UK.OBIE.Consent-Authorization-Revoked"]}});
    assert_eq!(watcher.call(Method::PUT, &path, Some(&wish)).await.status, 200);
    revoked_by(&bank, "amelia", &consents[2]).await;
    let expected = [event("consent-authorization-revoked", &consents[2])];
    assert_eq!(watcher.heard().await, expected);
    assert_eq!(watcher.call(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(watcher.heard().await, expected, "what happened while it asked can be fetched still");
}

/// The token names a consent, and says nothing of who gave it, or for what.
#[tokio::test]
async fn a_token_holds_nothing_personal() {
    let bank = TestBank::new().await;
    let watcher = Watcher::fetching(&bank).await;
    let consent = watcher.connected(&bank).await;
    revoked_by(&bank, "amelia", &consent).await;
    let claims = watcher.told().await.remove(0);
    let uri = bank.url(&format!("{ACCESS}/{consent}"));
    let now = 1_772_452_800_i64;
    let App { id, issuer, .. } = &watcher.app;
    let subject = json!({
        "subject_type": "http://openbanking.org.uk/rid_http://openbanking.org.uk/rty",
        "http://openbanking.org.uk/rid": consent,
        "http://openbanking.org.uk/rty": "account-access-consent",
        "http://openbanking.org.uk/rlk": [{"version": "v4.0", "link": uri}],
    });
    let expected = json!({
        "iss": issuer, "aud": id, "sub": uri, "iat": now, "toe": now, "jti": claims["jti"], "txn": claims["txn"],
        "events": {"urn:uk:org:openbanking:events:consent-authorization-revoked": {"subject": subject}},
    });
    assert_eq!(claims, expected);
    let read = watcher.call(Method::GET, &format!("{ACCESS}/{consent}"), None).await;
    assert_eq!(read.json()["Links"]["Self"], Value::String(uri), "what the token leads to is there");
}
