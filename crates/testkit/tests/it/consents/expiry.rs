//! Consents whose time is over, and those that nobody answers.

use lombard_auth::access::OldData;
use lombard_domain::consent::{Consent, Kind};
use lombard_domain::id::{ConsentId, GrantId};
use lombard_domain::oauth::{Grant, GrantManagement, ScopeSet};
use lombard_domain::time::{Clock as _, Span};
use lombard_store::{consent, grant};
use lombard_testkit::{Engine, TestBank, example_folder};
use serde_json::json;

use super::{FOR_ACCOUNTS, Lodger, USUAL, asking_for, authorised, sent, stand};

#[tokio::test]
async fn rights_end_at_the_moment_and_the_job_only_writes_it_down() {
    for engine in Engine::ALL {
        let bank = TestBank::with(engine, &example_folder(), |policy| policy.access_token_life = Span::hours(2)).await;
        let lodger = Lodger::at(bank).await;
        let mut body = asking_for(USUAL);
        body["Data"]["ExpirationDateTime"] = json!("2026-03-02T12:30:00Z");
        let (given, waiting) = (lodger.lodged(&body).await, lodger.lodged(&body).await);
        let open = lodger.lodged(&asking_for(USUAL)).await;
        let tokens = authorised(&lodger, "amelia", FOR_ACCOUNTS, &given).await;
        let endless = authorised(&lodger, "amelia", FOR_ACCOUNTS, &open).await;

        lodger.bank.clock.advance(Span::seconds(1799));
        lodger.bank.auth.forget_what_is_over().await.unwrap();
        assert_eq!(lodger.app.answer("/accounts", &tokens.access).await.status, 200);
        assert_eq!(lodger.stands(&given).await, stand("AUTH", &[]));

        lodger.bank.clock.advance(Span::seconds(1));
        let mut before = Vec::new();
        for id in [&given, &waiting] {
            assert_eq!(lodger.stands(id).await, stand("EXPD", &["TKXP"]), "{engine:?}: before the job");
            let shown = lodger.shown(id).await;
            assert_eq!(shown.json()["Data"]["StatusUpdateDateTime"], "2026-03-02T12:30:00Z");
            before.push(shown.json());
        }
        let refused = lodger.app.answer("/accounts", &tokens.access).await;
        assert_eq!((refused.status, refused.code().as_str()), (401, "TKXP"));

        lodger.bank.clock.advance(Span::minutes(7));
        lodger.bank.auth.forget_what_is_over().await.unwrap();
        lodger.bank.auth.forget_what_is_over().await.unwrap();
        for (id, before) in [&given, &waiting].into_iter().zip(before) {
            assert_eq!(lodger.shown(id).await.json(), before, "{engine:?}: the job changes nothing that is seen");
            let (_, page, _) = sent(&lodger, "amelia", FOR_ACCOUNTS, id).await;
            assert!(!page.url.ends_with("/consent"), "expired is final");
        }
        let refused = lodger.app.answer("/accounts", &tokens.access).await;
        assert_eq!((refused.status, refused.code().as_str()), (401, "TKXP"));
        assert_eq!(lodger.app.refresh(&tokens.refresh).await.status(), 400);
        assert_eq!(lodger.app.introspect(&tokens.access).await["active"], false);
        assert_eq!(lodger.app.answer("/accounts", &endless.access).await.status, 200);
        let expired = lodger.bank.record(300).await;
        let expired: Vec<_> = expired.iter().filter(|entry| entry.event == "consent.expired").collect();
        assert_eq!(expired.len(), 2, "each once");
    }
}

#[tokio::test]
async fn one_that_nobody_answers_is_rejected_after_a_day() {
    for engine in Engine::ALL {
        let mut lodger = Lodger::at(TestBank::on(engine).await).await;
        let old = lodger.lodged(&asking_for(USUAL)).await;
        lodger.bank.clock.advance(Span::hours(23));
        lodger.renew().await;
        let young = lodger.lodged(&asking_for(USUAL)).await;
        lodger.bank.auth.forget_what_is_over().await.unwrap();
        assert_eq!(lodger.stands(&old).await, stand("AWAU", &["U036"]));
        lodger.bank.clock.advance(Span::hours(1));
        lodger.renew().await;
        lodger.bank.auth.forget_what_is_over().await.unwrap();
        assert_eq!(lodger.stands(&old).await, stand("RJCT", &["U036"]), "{engine:?}");
        assert_eq!(lodger.stands(&young).await, stand("AWAU", &["U036"]));
        let (_, page, _) = sent(&lodger, "amelia", FOR_ACCOUNTS, &old).await;
        assert!(!page.url.ends_with("/consent"), "rejected is final");
    }
}

/// More whose customers must sign in anew than fit into one transaction, by two servers at once: each ends once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_that_wait_for_a_sign_in_end_in_batches() {
    for engine in Engine::ALL {
        let bank = TestBank::with(engine, &example_folder(), |policy| policy.old_data = OldData::EU).await;
        let lodger = Lodger::at(bank).await;
        let first = lodger.lodged(&asking_for(USUAL)).await;
        authorised(&lodger, "amelia", FOR_ACCOUNTS, &first).await;
        given_like(&lodger, &first, 230).await;
        lodger.bank.clock.advance(Span::days(180));
        let job = || {
            let auth = lodger.bank.auth.clone();
            tokio::spawn(async move { auth.forget_what_is_over().await })
        };
        let (one, other) = (job(), job());
        for outcome in [one.await.unwrap(), other.await.unwrap()] {
            assert!(matches!(outcome, Ok(_) | Err(lombard_auth::Error::Busy)), "{engine:?}: {outcome:?}");
        }
        lodger.bank.auth.forget_what_is_over().await.unwrap();
        let ended = lodger.bank.record(1000).await;
        let ended = ended.iter().filter(|entry| entry.reason.as_deref() == Some("authentication-due"));
        assert_eq!(ended.count(), 231, "{engine:?}");
    }
}

/// Puts so many consents into the database that were given like another, at this moment.
async fn given_like(lodger: &Lodger, other: &str, count: u128) {
    let now = lodger.bank.clock.now();
    let mut tx = lodger.bank.db.begin("fill").await.unwrap();
    let first = consent::find(&mut tx, other.parse().unwrap()).await.unwrap().unwrap();
    let customer = first.state().authorisation().unwrap().customer;
    for n in 1..=count {
        let id = ConsentId::from_bits(n);
        let made = Consent::lodge(id, first.client(), Kind::AccountAccess, first.terms().clone(), now);
        consent::insert(&mut tx, &made.authorise(customer, vec![], now).unwrap()).await.unwrap();
        let given = Grant {
            id: GrantId::from_bits(n),
            consent: id,
            client: first.client(),
            customer,
            scope: ScopeSet::parse("accounts").unwrap(),
            details: None,
            nonce: None,
            management: GrantManagement::None,
            signed_in_at: now,
            created_at: now,
        };
        grant::insert(&mut tx, &given).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// More than fit into one transaction, by two servers at once: each ends once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_end_in_batches() {
    for engine in Engine::ALL {
        let lodger = Lodger::at(TestBank::on(engine).await).await;
        let mut body = asking_for(&["ReadAccountsBasic"]);
        body["Data"]["ExpirationDateTime"] = json!("2026-03-02T12:01:00Z");
        for _ in 0..230 {
            lodger.lodged(&body).await;
        }
        lodger.bank.clock.advance(Span::minutes(1));
        let job = || {
            let auth = lodger.bank.auth.clone();
            tokio::spawn(async move { auth.forget_what_is_over().await })
        };
        let (one, other) = (job(), job());
        for outcome in [one.await.unwrap(), other.await.unwrap()] {
            // PostgreSQL may refuse one of two that change the same rows; it tries again a minute later.
            assert!(matches!(outcome, Ok(_) | Err(lombard_auth::Error::Busy)), "{engine:?}: {outcome:?}");
        }
        lodger.bank.auth.forget_what_is_over().await.unwrap();
        let expired = lodger.bank.record(1000).await;
        assert_eq!(expired.iter().filter(|entry| entry.event == "consent.expired").count(), 230, "{engine:?}");
    }
}
