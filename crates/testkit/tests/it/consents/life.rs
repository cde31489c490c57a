//! The life of a consent to account information: each step, each step that cannot be, and what the next call is answered.

use lombard_auth::Call;
use lombard_domain::consent::{Revoker, Status};
use lombard_domain::id::ConsentId;
use lombard_domain::time::Span;
use lombard_testkit::{Answer, Engine, TestBank, Tokens, example_folder};
use serde_json::json;

use super::{ACCESS, FOR_ACCOUNTS, Lodger, USUAL, asking_for, authorised, delete, sent, stand};

const OPERATOR: Call<'static> = Call::local("operator");

async fn lodger(engine: Engine) -> Lodger {
    let bank = TestBank::with(engine, &example_folder(), |policy| policy.access_token_life = Span::hours(2)).await;
    Lodger::at(bank).await
}

/// What the next call with a token is answered.
async fn reads(lodger: &Lodger, tokens: &Tokens) -> (u16, String) {
    let answer: Answer = lodger.app.answer("/accounts", &tokens.access).await;
    (answer.status, answer.code())
}

fn read(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// No customer can be asked about it: the app is told so, or they are.
async fn cannot_be_authorised(lodger: &Lodger, id: &str) {
    let (_, page, _) = sent(lodger, "amelia", FOR_ACCOUNTS, id).await;
    assert!(!page.url.ends_with("/consent"), "{id} is asked for: {}", page.url);
    assert_eq!(page.parameter("code"), None);
}

async fn operator_revokes(lodger: &Lodger, id: &str, why: Revoker) -> bool {
    lodger.bank.auth.revoke_by_operator(OPERATOR, id.parse::<ConsentId>().unwrap(), why).await.unwrap()
}

#[tokio::test]
async fn given_taken_back_and_given_again() {
    for engine in Engine::ALL {
        let lodger = lodger(engine).await;
        let id = lodger.lodged(&asking_for(USUAL)).await;
        assert_eq!(lodger.stands(&id).await, stand("AWAU", &["U036"]), "{engine:?}");
        assert!(!operator_revokes(&lodger, &id, Revoker::BankForFraud).await, "nobody has given it yet");

        lodger.bank.clock.advance(Span::minutes(1));
        let first = authorised(&lodger, "amelia", FOR_ACCOUNTS, &id).await;
        assert_eq!(lodger.stands(&id).await, stand("AUTH", &[]));
        assert_eq!(reads(&lodger, &first).await, read(200, ""));
        let data = lodger.shown(&id).await.json()["Data"].clone();
        assert_eq!(data["CreationDateTime"], "2026-03-02T12:00:00Z");
        assert_eq!(data["StatusUpdateDateTime"], "2026-03-02T12:01:00Z");

        // The customer takes it back at the bank, and gives it again.
        lodger.bank.revoke_consents("amelia").await;
        assert_eq!(lodger.stands(&id).await, stand("CANC", &["CUST"]));
        assert_eq!(reads(&lodger, &first).await, read(401, "TKSP"));
        assert_eq!(lodger.app.refresh(&first.refresh).await.status(), 400);
        assert!(!operator_revokes(&lodger, &id, Revoker::Bank).await, "it is taken back already");
        let second = authorised(&lodger, "amelia", FOR_ACCOUNTS, &id).await;
        assert_eq!(lodger.stands(&id).await, stand("AUTH", &[]));
        assert_eq!(reads(&lodger, &second).await, read(200, ""));
        assert_eq!(reads(&lodger, &first).await, read(401, "TK01"), "the earlier token stays dead");

        let mut last = second;
        for (why, reasons, refused) in [
            (Revoker::BankForAuthentication, &["TKSP", "U028"][..], read(403, "U028")),
            (Revoker::Bank, &["MS03"], read(401, "TKSP")),
        ] {
            assert!(operator_revokes(&lodger, &id, why).await, "{why:?}");
            assert_eq!(lodger.stands(&id).await, stand("CANC", reasons));
            assert_eq!(reads(&lodger, &last).await, refused, "{why:?}");
            assert_eq!(lodger.app.refresh(&last.refresh).await.status(), 400);
            last = authorised(&lodger, "amelia", FOR_ACCOUNTS, &id).await;
            assert_eq!(reads(&lodger, &last).await, read(200, ""));
        }
        assert!(operator_revokes(&lodger, &id, Revoker::BankForFraud).await);
        assert_eq!(lodger.stands(&id).await, stand("CANC", &["TKSP"]));
        assert_eq!(reads(&lodger, &last).await, read(401, "TKSP"));
        cannot_be_authorised(&lodger, &id).await;
    }
}

/// The customer sees something odd and stops it, then calls the bank: who holds their credentials must not give it again.
#[tokio::test]
async fn what_was_taken_back_before_can_still_be_suspended_for_fraud() {
    for engine in Engine::ALL {
        for before in [Revoker::Customer, Revoker::BankForAuthentication, Revoker::Bank] {
            let lodger = lodger(engine).await;
            let id = lodger.lodged(&asking_for(USUAL)).await;
            let tokens = authorised(&lodger, "amelia", FOR_ACCOUNTS, &id).await;
            if before == Revoker::Customer {
                lodger.bank.revoke_consents("amelia").await;
            } else {
                assert!(operator_revokes(&lodger, &id, before).await);
            }
            let (browser, page, _) = sent(&lodger, "amelia", FOR_ACCOUNTS, &id).await;
            assert!(page.url.ends_with("/consent"), "{before:?}: the thief is about to give it again");
            lodger.bank.clock.advance(Span::seconds(1));
            assert!(operator_revokes(&lodger, &id, Revoker::BankForFraud).await, "{engine:?} {before:?}");
            assert_eq!(lodger.stands(&id).await, stand("CANC", &["TKSP"]), "{engine:?} {before:?}");
            let data = lodger.shown(&id).await.json()["Data"].clone();
            assert_eq!(data["StatusUpdateDateTime"], "2026-03-02T12:00:01Z");
            let back = browser.submit(&page, &[], "consent-allow").await;
            assert_eq!(back.parameter("code"), None, "{engine:?} {before:?}");
            cannot_be_authorised(&lodger, &id).await;
            assert_eq!(reads(&lodger, &tokens).await, read(401, "TKSP"));
            for again in [Revoker::BankForFraud, Revoker::Bank, Revoker::BankForAuthentication] {
                assert!(!operator_revokes(&lodger, &id, again).await, "{before:?}, then {again:?}");
            }
            let shown = lodger.bank.auth.show_consent(id.parse().unwrap()).await.unwrap().unwrap();
            let steps: Vec<_> = shown.history.iter().map(|(_, status)| *status).collect();
            assert_eq!((steps.len(), steps[3]), (4, Status::SuspendedForFraud), "{engine:?} {before:?}: {steps:?}");
            let record = lodger.bank.record(100).await;
            let reasons = record.iter().filter(|entry| entry.event == "consent.revoked");
            let fraud = reasons.filter(|entry| entry.reason.as_deref() == Some("fraud")).count();
            assert_eq!(fraud, 1, "{engine:?} {before:?}");
        }
    }
}

#[tokio::test]
async fn refused_is_final() {
    for engine in Engine::ALL {
        let lodger = lodger(engine).await;
        let id = lodger.lodged(&asking_for(USUAL)).await;
        let (browser, page, _) = sent(&lodger, "amelia", FOR_ACCOUNTS, &id).await;
        let back = browser.submit(&page, &[], "consent-deny").await;
        assert_eq!(back.parameter("error").as_deref(), Some("access_denied"));
        assert_eq!(lodger.stands(&id).await, stand("RJCT", &["U037"]), "{engine:?}");
        cannot_be_authorised(&lodger, &id).await;
        assert!(!operator_revokes(&lodger, &id, Revoker::Bank).await);
        assert_eq!(lodger.stands(&id).await, stand("RJCT", &["U037"]));
    }
}

#[tokio::test]
async fn deleted_is_gone_from_wherever_it_stood() {
    for engine in Engine::ALL {
        let mut lodger = lodger(engine).await;
        let mut end = asking_for(USUAL);
        end["Data"]["ExpirationDateTime"] = json!("2026-03-02T12:30:00Z");
        let (waiting, given) = (lodger.lodged(&asking_for(USUAL)).await, lodger.lodged(&asking_for(USUAL)).await);
        let (taken, over) = (lodger.lodged(&asking_for(USUAL)).await, lodger.lodged(&end).await);
        let denied = lodger.lodged(&asking_for(USUAL)).await;
        let tokens = authorised(&lodger, "amelia", FOR_ACCOUNTS, &given).await;
        let other = authorised(&lodger, "jonah", FOR_ACCOUNTS, &taken).await;
        assert!(operator_revokes(&lodger, &taken, Revoker::Bank).await);
        let (browser, page, _) = sent(&lodger, "amelia", FOR_ACCOUNTS, &denied).await;
        browser.submit(&page, &[], "consent-deny").await;
        lodger.bank.clock.advance(Span::minutes(30));
        lodger.renew().await;
        for (id, status) in [(&waiting, "AWAU"), (&given, "AUTH"), (&taken, "CANC"), (&over, "EXPD"), (&denied, "RJCT")]
        {
            assert_eq!(lodger.stands(id).await.0, status, "{engine:?}");
            let path = format!("{ACCESS}/{id}");
            let gone = delete(&lodger.app, &path, &lodger.accounts).await;
            assert_eq!((gone.status, gone.text.as_str()), (204, ""), "{status}");
            let shown = lodger.shown(id).await;
            assert_eq!((shown.status, shown.code().as_str()), (400, "U011"), "{status}");
            let again = delete(&lodger.app, &path, &lodger.accounts).await;
            assert_eq!((again.status, again.code().as_str()), (400, "U011"), "{status}");
            cannot_be_authorised(&lodger, id).await;
        }
        assert_eq!(reads(&lodger, &tokens).await, read(401, "TKSP"));
        assert_eq!(reads(&lodger, &other).await, read(401, "TKSP"));
        assert_eq!(lodger.app.refresh(&tokens.refresh).await.status(), 400);
        let on_record = lodger.bank.record(200).await;
        let deleted = on_record.iter().filter(|entry| entry.event == "consent.deleted").count();
        let made = on_record.iter().filter(|entry| entry.event == "consent.lodged").count();
        assert_eq!((deleted, made), (5, 5));
    }
}

/// One consent's end is no other's.
#[tokio::test]
async fn an_end_touches_one_consent_only() {
    for engine in Engine::ALL {
        let lodger = lodger(engine).await;
        let (one, other) = (lodger.lodged(&asking_for(USUAL)).await, lodger.lodged(&asking_for(USUAL)).await);
        let kept = authorised(&lodger, "amelia", FOR_ACCOUNTS, &one).await;
        let lost = authorised(&lodger, "amelia", FOR_ACCOUNTS, &other).await;
        assert_eq!(delete(&lodger.app, &format!("{ACCESS}/{other}"), &lodger.accounts).await.status, 204);
        assert_eq!(reads(&lodger, &lost).await, read(401, "TKSP"));
        assert_eq!(reads(&lodger, &kept).await, read(200, ""));
        assert_eq!(lodger.stands(&one).await, stand("AUTH", &[]));
    }
}
