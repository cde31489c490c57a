//! Answers that never come, and consents that end while somebody looks at the page.

use lombard_domain::consent::Revoker;
use lombard_domain::time::Span;
use lombard_testkit::{App, Engine, Intent, TestBank};
use reqwest::Method;
use serde_json::json;

use super::error_of;

async fn later(bank: &TestBank, span: Span) {
    bank.clock.advance(span);
    bank.auth.forget_what_is_over().await.unwrap();
}

#[tokio::test]
async fn an_answer_that_never_comes_is_a_no() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let life = bank.auth.policy().interaction_life;
        let (begun, untouched, given) =
            (app.lodge(&json!({})).await, app.lodge(&json!({})).await, app.lodge(&json!({})).await);
        app.authorise(&bank, "amelia", &given).await;
        let browser = bank.browser();
        browser.open(&app.authorize_url_with(&begun.parameters(&app))).await;
        app.ask_about(&bank, "amelia", &given).await;

        later(&bank, Span::seconds(life.whole_seconds() - 1)).await;
        assert_eq!(app.standing(&begun).await, "AWAU", "{engine:?}: there is a second left");
        later(&bank, Span::seconds(1)).await;
        for (intent, expected) in [(&begun, "RJCT"), (&untouched, "AWAU"), (&given, "AUTH")] {
            assert_eq!(app.standing(intent).await, expected, "{engine:?}");
        }
        let recorded = bank.record(50).await;
        let no: Vec<_> = recorded.iter().filter(|entry| entry.event == "consent.rejected").collect();
        assert_eq!(no.len(), 1);
        assert_eq!(no[0].reason.as_deref(), Some("abandoned"));
        assert_eq!(no[0].consent.clone(), Some(begun.consent.clone()));
        let page = browser.open(&app.authorize_url_with(&begun.parameters(&app))).await;
        assert_eq!(error_of(&app, &page).0, "invalid_request", "and it is final");
    }
}

/// Time goes on while the minute's work is done: nobody is forgotten whose consent was not looked at before.
#[tokio::test]
async fn nobody_is_forgotten_before_their_consent_is_rejected() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let life = bank.auth.policy().interaction_life;
        let mut intents = Vec::new();
        for _ in 0..20 {
            let intent = app.lodge(&json!({})).await;
            bank.browser().open(&app.authorize_url_with(&intent.parameters(&app))).await;
            intents.push(intent);
            bank.clock.advance(Span::seconds(1));
        }
        // From here on somebody's time is over every second.
        bank.clock.advance(Span::seconds(life.whole_seconds() - 21));
        bank.clock.goes_on(Span::seconds(1));
        bank.auth.forget_what_is_over().await.unwrap();
        bank.clock.goes_on(Span::seconds(0));
        let mut early = 0;
        for intent in &intents {
            early += usize::from(app.standing(intent).await == "RJCT");
        }
        assert!((1..20).contains(&early), "{engine:?}: {early} were rejected while time went on");
        later(&bank, life).await;
        for (place, intent) in intents.iter().enumerate() {
            assert_eq!(app.standing(intent).await, "RJCT", "{engine:?}: {place}, of which {early} were early");
        }
    }
}

/// Somebody who closed the page and came back is still answering.
#[tokio::test]
async fn who_comes_back_has_not_gone_away() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let life = bank.auth.policy().interaction_life;
        let intent = app.lodge(&json!({})).await;
        bank.browser().open(&app.authorize_url_with(&intent.parameters(&app))).await;
        later(&bank, Span::seconds(life.whole_seconds() - 60)).await;
        let (browser, page) = app.ask_about(&bank, "amelia", &intent).await;
        later(&bank, Span::seconds(61)).await;
        assert_eq!(app.standing(&intent).await, "AWAU", "{engine:?}: the second page is open");
        let back = browser.submit(&page, &[], "consent-allow").await;
        app.redeem_from(&back, &intent).await;
        assert_eq!(app.standing(&intent).await, "AUTH");
        later(&bank, life).await;
        assert_eq!(app.standing(&intent).await, "AUTH", "{engine:?}");
    }
}

/// A page is open; then something happens to the consent; then the customer says yes, or looks again, or says no.
async fn after(bank: &TestBank, app: &App, intent: &Intent, happens: impl AsyncFn()) {
    let mut pages = Vec::new();
    for _ in 0..3 {
        pages.push(app.ask_about(bank, "amelia", intent).await);
    }
    happens().await;
    let standing = app.standing(intent).await;
    let mut told = Vec::new();
    for (action, (browser, page)) in ["consent-allow", "look", "consent-deny"].into_iter().zip(&pages) {
        let back = match action {
            "look" => browser.open(&page.url).await,
            button => browser.submit(page, &[], button).await,
        };
        told.push(error_of(app, &back));
        assert_eq!(app.standing(intent).await, standing, "{action}");
        assert!(bank.record(10).await.iter().all(|entry| entry.event != "consent.authorised"), "{action}");
    }
    assert!(told.iter().all(|(code, _)| code == "invalid_request"), "{told:?}");
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
}

#[tokio::test]
async fn a_consent_that_ends_while_it_is_looked_at_is_not_given() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let intent = app.lodge(&json!({})).await;
        after(&bank, &app, &intent, async || {
            assert_eq!(app.at_lodged(Method::DELETE, &intent).await.status(), 204);
        })
        .await;
        let intent = app.lodge(&json!({})).await;
        let denied = intent.clone();
        after(&bank, &app, &intent, async || {
            let (browser, page) = app.ask_about(&bank, "amelia", &denied).await;
            browser.submit(&page, &[], "consent-deny").await;
        })
        .await;
        let intent = app.lodge(&json!({"ExpirationDateTime": "2026-03-02T12:02:00Z"})).await;
        after(&bank, &app, &intent, async || bank.clock.advance(Span::minutes(2))).await;
        assert_eq!(app.standing(&intent).await, "EXPD");
    }
}

/// Two tabs of one customer: whoever comes second sees that something has changed, and is asked once more.
#[tokio::test]
async fn a_second_tab_does_not_answer_an_old_question() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let intent = app.lodge(&json!({})).await;
        let (first, first_page) = app.ask_about(&bank, "amelia", &intent).await;
        let (second, second_page) = app.ask_about(&bank, "amelia", &intent).await;
        let boxes = first_page.form().boxes;
        let one: Vec<_> = boxes.iter().take(1).map(|(name, value, _)| (name.clone(), value.clone())).collect();
        let back = first.submit_ticked(&first_page, &[], &one, "consent-allow").await;
        app.redeem_from(&back, &intent).await;

        let again = second.submit(&second_page, &[], "consent-allow").await;
        assert_eq!(again.status, 400, "{engine:?}: {}", again.url);
        assert!(again.html.contains("changed somewhere else") && again.html.contains("You already allow this"));
        let ticked: Vec<_> = again.form().boxes.into_iter().filter(|(.., ticked)| *ticked).collect();
        assert_eq!(ticked.len(), 1, "as it is now");
        let back = second.submit(&again, &[], "consent-allow").await;
        app.redeem_from(&back, &intent).await;
        assert_eq!(app.standing(&intent).await, "AUTH");
    }
}

/// Two tabs at the same instant: one yes, and no account of the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_answers_at_once_one_counts() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        for _ in 0..4 {
            let intent = app.lodge(&json!({})).await;
            let (first, first_page) = app.ask_about(&bank, "amelia", &intent).await;
            let (second, second_page) = app.ask_about(&bank, "amelia", &intent).await;
            let boxes = first_page.form().boxes;
            let tick = |n: usize| vec![(boxes[n].0.clone(), boxes[n].1.clone())];
            let (one, other) = (tick(0), tick(1));
            let (one_back, other_back) = tokio::join!(
                first.submit_ticked(&first_page, &[], &one, "consent-allow"),
                second.submit_ticked(&second_page, &[], &other, "consent-allow"),
            );
            let codes: Vec<_> = [(&one_back, &one), (&other_back, &other)]
                .into_iter()
                .filter(|(back, _)| back.parameter("code").is_some())
                .collect();
            assert_eq!(codes.len(), 1, "{engine:?}: {} {}", one_back.url, other_back.url);
            let tokens = app.redeem_from(codes[0].0, &intent).await;
            assert_eq!(app.accounts(&tokens.access).await, [codes[0].1[0].1.clone()], "{engine:?}");
        }
    }
}

/// The same when the consent holds already, and stands afterwards where it stood before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_renewals_at_once_one_counts() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let intent = app.lodge(&json!({})).await;
        app.authorise(&bank, "amelia", &intent).await;
        for _ in 0..4 {
            bank.clock.advance(Span::seconds(1));
            let (first, first_page) = app.ask_about(&bank, "amelia", &intent).await;
            let (second, second_page) = app.ask_about(&bank, "amelia", &intent).await;
            let boxes = first_page.form().boxes;
            let tick = |n: usize| vec![(boxes[n].0.clone(), boxes[n].1.clone())];
            let (one, other) = (tick(0), tick(1));
            let (one_back, other_back) = tokio::join!(
                first.submit_ticked(&first_page, &[], &one, "consent-allow"),
                second.submit_ticked(&second_page, &[], &other, "consent-allow"),
            );
            let counted = [(one_back, one), (other_back, other)];
            let codes: Vec<_> = counted.iter().filter(|(back, _)| back.parameter("code").is_some()).collect();
            assert_eq!(codes.len(), 1, "{engine:?}: {} {}", counted[0].0.url, counted[1].0.url);
            let tokens = app.redeem_from(&codes[0].0, &intent).await;
            assert_eq!(app.accounts(&tokens.access).await, [codes[0].1[0].1.clone()], "{engine:?}");
        }
    }
}

/// Whichever comes first: what is taken back while the customer says yes once more stays taken back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_is_not_lost_to_a_renewal_in_that_moment() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        for _ in 0..4 {
            let intent = app.lodge(&json!({})).await;
            let before = app.authorise(&bank, "amelia", &intent).await;
            bank.clock.advance(Span::seconds(1));
            let (browser, page) = app.ask_about(&bank, "amelia", &intent).await;
            let id = intent.consent.parse().unwrap();
            let (revoked, _) = tokio::join!(
                bank.auth.revoke_by_operator(TestBank::OPERATOR, id, Revoker::BankForFraud),
                browser.submit(&page, &[], "consent-allow"),
            );
            assert!(revoked.unwrap(), "{engine:?}");
            assert_eq!(app.standing(&intent).await, "CANC", "{engine:?}");
            assert_eq!(app.answer("/accounts", &before.access).await.status, 401, "{engine:?}");
        }
    }
}
