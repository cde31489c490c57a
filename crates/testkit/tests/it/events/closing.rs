//! Accounts that are closed: from then on nobody reads them, and those who did are told.

use lombard_auth::notification::Closed;
use lombard_domain::notification::Reason;
use lombard_domain::text::Text;
use lombard_testkit::{Engine, TestBank};
use serde_json::json;

use super::{Watcher, event};

/// Closes an account by its identifier in the core-banking system.
async fn close(bank: &TestBank, source: &str, why: Reason) -> Option<Closed> {
    bank.auth.close_account(TestBank::OPERATOR, &Text::new(source).unwrap(), why).await.unwrap()
}

#[tokio::test]
async fn a_closed_account_drops_out_of_every_consent_and_their_apps_are_told() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let (watcher, stranger) = (Watcher::fetching(&bank).await, Watcher::fetching(&bank).await);
        let consent = watcher.lodge().await;
        let token = watcher.allowed(&bank, "amelia", "accounts", &consent).await.access;
        let funds = watcher.lodge_funds().await;
        watcher.allowed(&bank, "amelia", "fundsconfirmations", &funds).await;
        let waiting = watcher.lodge().await;
        let other = stranger.lodge().await;
        stranger.allowed(&bank, "priya", "accounts", &other).await;
        let app = &watcher.app;
        let mut reached = Vec::new();
        for account in app.accounts(&token).await {
            reached.push((app.answer(&format!("/accounts/{account}/balances"), &token).await.status, account));
        }
        assert!(reached.len() > 1 && reached.iter().all(|(status, _)| *status == 200), "{engine:?}: {reached:?}");

        assert_eq!(close(&bank, "no such account", Reason::AccountClosure).await, None);
        let Some(Closed::Now(closed)) = close(&bank, "a1", Reason::AccountClosure).await else { panic!("not closed") };
        assert_eq!(close(&bank, "a1", Reason::Switched).await, Some(Closed::Before(closed)), "{engine:?}: once");

        let gone = closed.to_string();
        assert!(!app.accounts(&token).await.contains(&gone), "{engine:?}");
        for (_, account) in &reached {
            let expected = if *account == gone { 403 } else { 200 };
            for path in [format!("/accounts/{account}"), format!("/accounts/{account}/balances")] {
                assert_eq!(app.answer(&path, &token).await.status, expected, "{engine:?}: {path}");
            }
        }
        let expected =
            [event("account-access-consent-linked-account-update", &consent), event("consent-access-revoked", &funds)];
        assert_eq!(watcher.heard().await, expected, "{engine:?}: not of {waiting}, which nobody gave");
        assert_eq!(stranger.heard().await, [], "{engine:?}");
        let told = watcher.told().await;
        assert_eq!(told[0]["txn"], told[1]["txn"], "{engine:?}: one change");
        for claims in told {
            let (name, event) = claims["events"].as_object().unwrap().iter().next().unwrap();
            let linked = name.ends_with("linked-account-update");
            let reason = if linked { json!("UK.OBIE.AccountClosure") } else { json!(null) };
            assert_eq!(event["reason"], reason, "{engine:?}");
            assert!(!claims.to_string().contains(&gone), "{engine:?}: which account is for the app to find out");
        }
        let record = bank.record(100).await;
        let entries: Vec<_> = record.iter().filter(|entry| entry.event == "account.changed").collect();
        assert_eq!(entries.len(), 1, "{engine:?}");
        assert_eq!(entries[0].reason.as_deref(), Some("closed"), "{engine:?}");
    }
}

#[tokio::test]
async fn a_switched_account_is_told_of_with_its_reason() {
    let bank = TestBank::new().await;
    let watcher = Watcher::fetching(&bank).await;
    watcher.connected(&bank).await;
    assert!(matches!(close(&bank, "a1", Reason::Switched).await, Some(Closed::Now(_))));
    let claims = watcher.told().await.remove(0);
    let event = &claims["events"]["urn:uk:org:openbanking:events:account-access-consent-linked-account-update"];
    assert_eq!(event["reason"], "UK.OBIE.CASS");
}
