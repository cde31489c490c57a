//! What follows from alarms takes effect where it is decided, ends by itself, and is undone by an operator with a reason.

use lombard_auth::limit::{Class, Kind};
use lombard_auth::watch::{Lift, Measure, Rule, StoredMeasure};
use lombard_auth::{Call, Policy};
use lombard_domain::oauth::ClientStatus;
use lombard_domain::time::Span;
use lombard_testkit::{App, Engine, Page, TestBank, Tokens, Wanted, example_folder};

use super::{login_page, set, try_password, with};

const SCOPE: &str = "openid accounts:read";

async fn bank_with(change: impl FnOnce(&mut Policy)) -> TestBank {
    with(Engine::Sqlite, &example_folder(), change).await
}

/// A thief shows another app's refresh token, which weighs 50; what the bank does about it.
async fn theft(bank: &TestBank, thief: &App, owners: &Tokens) -> Vec<Measure> {
    assert_eq!(thief.refresh(&owners.refresh).await.status(), 400);
    bank.watch().await.taken
}

async fn only(bank: &TestBank, measure: Measure) -> StoredMeasure {
    let found = bank.auth.measures(true, 9).await.unwrap();
    let mut found = found.into_iter().filter(|one| one.measure == measure);
    let one = found.next().unwrap_or_else(|| panic!("no {}", measure.name()));
    assert!(found.next().is_none());
    one
}

async fn lift(bank: &TestBank, measure: &StoredMeasure) -> Option<StoredMeasure> {
    let lift = Lift { by: "Ines".to_owned(), reason: "their own test".to_owned() };
    bank.auth.lift_measure(Call::local("operator"), measure.id, &lift).await.unwrap()
}

/// Whether the customer was asked to sign in once more, and then could allow.
async fn allows_at_the_second_attempt(bank: &TestBank, app: &App, username: &str) -> bool {
    let (browser, page) = app.ask(bank, username, &Wanted::scopes(SCOPE)).await;
    let answered = browser.submit(&page, &[], "consent-allow").await;
    if answered.parameter("code").is_some() {
        return false;
    }
    assert!(answered.url.ends_with("/login") && says(&answered, "please sign in once more"), "{}", answered.html);
    let page = browser.sign_in(&answered, username).await;
    assert!(page.url.ends_with("/consent"), "{}", page.url);
    let answered = browser.submit(&page, &[], "consent-allow").await;
    assert!(answered.parameter("code").is_some(), "{} {}", answered.url, answered.html);
    true
}

fn says(page: &Page, sentence: &str) -> bool {
    page.html.contains(sentence)
}

#[tokio::test]
async fn step_up_asks_the_customers_of_an_app_once_more_until_it_ends() {
    for engine in Engine::ALL {
        let bank = with(engine, &example_folder(), |_| {}).await;
        let (owner, thief) = (App::register(&bank).await, App::register(&bank).await);
        let tokens = owner.connect(&bank, "amelia", SCOPE).await;
        assert!(!allows_at_the_second_attempt(&bank, &thief, "amelia").await, "nothing speaks against it yet");
        assert_eq!(theft(&bank, &thief, &tokens).await, [Measure::StepUp, Measure::Throttle]);
        assert!(allows_at_the_second_attempt(&bank, &thief, "amelia").await, "{engine:?}");
        assert!(!allows_at_the_second_attempt(&bank, &owner, "amelia").await, "{engine:?}: for another app as always");
        bank.clock.advance(Span::hours(24));
        assert!(!allows_at_the_second_attempt(&bank, &thief, "amelia").await, "{engine:?}: it is over");
    }
}

#[tokio::test]
async fn a_customer_whose_code_is_guessed_is_signed_out_and_told_so() {
    let bank = bank_with(|policy| policy.watching.as_mut().unwrap().steps.customer_sign_out = 30).await;
    let (customer, other, thief) = (bank.browser(), bank.browser(), bank.browser_in(5));
    for (browser, name) in [(&customer, "amelia"), (&other, "jonah")] {
        let page = login_page(browser).await;
        assert!(browser.sign_in(&page, name).await.url.ends_with("/my/consents"));
    }
    let page = login_page(&thief).await;
    let sca = try_password(&thief, &page, "amelia", TestBank::PASSWORD).await;
    for _ in 0..5 {
        thief.submit(&sca, &[("code", "000000")], "sca-submit").await;
    }
    assert!(customer.open("/my/consents").await.url.ends_with("/my/consents"), "not before it was noticed");
    assert_eq!(bank.watch().await.taken, [Measure::StepUp, Measure::SignOut]);
    let page = customer.open("/my/consents").await;
    assert!(page.url.ends_with("/login") && says(&page, "For your safety we signed you out"), "{}", page.html);
    assert!(other.open("/my/consents").await.url.ends_with("/my/consents"), "nobody else is");
    bank.clock.advance(Span::minutes(30));
    let page = login_page(&customer).await;
    assert!(customer.sign_in(&page, "amelia").await.url.ends_with("/my/consents"));
    let stranger = login_page(&bank.browser()).await;
    assert!(!says(&stranger, "For your safety"), "who was not signed in is told nothing");
}

#[tokio::test]
async fn a_throttled_app_gets_a_part_of_its_rate_at_every_node_until_it_ends_or_is_lifted() {
    for lifted in [false, true] {
        let bank = bank_with(|policy| {
            policy.limits.set(Class::Token, Kind::Client, Some("10/h burst 20".parse().unwrap()));
        })
        .await;
        let (owner, thief) = (App::register(&bank).await, App::register(&bank).await);
        let tokens = owner.connect(&bank, "amelia", SCOPE).await;
        let node = bank.another_node().await;
        let there = App { issuer: node.url(""), ..thief.clone() };
        let form = [("grant_type", "client_credentials")];
        assert_eq!(thief.post("/token", &form).await.status(), 200);
        theft(&bank, &thief, &tokens).await;
        assert_eq!(thief.post("/token", &form).await.status(), 200);
        assert_eq!(thief.post("/token", &form).await.status(), 429, "a tenth of twenty is used up");
        assert_eq!(owner.refresh(&tokens.refresh).await.status(), 200, "others are not throttled");
        node.auth.watch().await.unwrap();
        assert_eq!(there.post("/token", &form).await.status(), 200);
        assert_eq!(there.post("/token", &form).await.status(), 200);
        assert_eq!(there.post("/token", &form).await.status(), 429, "nor is it less at another node");
        if lifted {
            assert!(lift(&bank, &only(&bank, Measure::Throttle).await).await.is_some());
            bank.auth.refresh_measures().await.unwrap();
            assert_eq!(thief.post("/token", &form).await.status(), 200);
        } else {
            bank.clock.advance(Span::minutes(60));
            for _ in 0..5 {
                assert_eq!(thief.post("/token", &form).await.status(), 200, "ended by itself");
            }
        }
    }
}

#[tokio::test]
async fn a_network_that_sprays_passwords_is_slowed_where_people_sign_in() {
    let bank = bank_with(|policy| {
        set(policy, &[(Rule::PasswordSpraying, 3)]);
        policy.limits.set(Class::SignIn, Kind::Address, Some("60/h burst 12".parse().unwrap()));
    })
    .await;
    let (sprayer, office) = (bank.browser_in(5), bank.browser_in(6));
    let page = login_page(&sprayer).await;
    for name in ["ann", "ben", "cleo", "dan", "eve", "fay"] {
        assert_eq!(try_password(&sprayer, &page, name, "Spring2026!").await.status, 400);
    }
    assert_eq!(bank.watch().await.taken, [Measure::Throttle]);
    assert_eq!(try_password(&sprayer, &page, "gus", "Spring2026!").await.status, 429);
    let page = login_page(&office).await;
    assert!(office.sign_in(&page, "jonah").await.url.ends_with("/my/consents"));
}

#[tokio::test]
async fn two_rules_suspend_an_app_and_an_operator_lets_it_in_again() {
    for engine in Engine::ALL {
        let bank = with(engine, &example_folder(), |policy| {
            let response = policy.watching.as_mut().unwrap();
            response.steps.client_suspend = 70;
            set(policy, &[(Rule::ErrorBurst, 5), (Rule::ScopeProbing, 100)]);
        })
        .await;
        let (owner, thief) = (App::register(&bank).await, App::register(&bank).await);
        let tokens = owner.connect(&bank, "amelia", SCOPE).await;
        let own = thief.connect(&bank, "jonah", SCOPE).await;
        for _ in 0..2 {
            // An alarm an hour: both together weigh 95, but they are of one rule.
            assert!(!theft(&bank, &thief, &tokens).await.contains(&Measure::Suspend), "{engine:?}");
            bank.clock.advance(Span::hours(1));
        }
        let token = thief.narrowed(&own.refresh, "accounts:read").await;
        let account = thief.accounts(&token).await.remove(0);
        for _ in 0..8 {
            thief.get(&format!("/accounts/{account}/balances"), &token).await;
        }
        assert_eq!(thief.get("/accounts", &token).await.status(), 200, "not before it was noticed");
        assert!(bank.watch().await.taken.contains(&Measure::Suspend), "{engine:?}");
        assert_eq!(thief.get("/accounts", &token).await.status(), 401, "{engine:?}: with the next call");
        assert_eq!(thief.refresh(&own.refresh).await.status(), 401, "{engine:?}");

        let suspension = only(&bank, Measure::Suspend).await;
        assert!(suspension.until.is_none() && suspension.score >= 70, "{engine:?}: only a person ends it");
        let case = bank.auth.alarm(suspension.alarm).await.unwrap().unwrap();
        assert_eq!((case.stored.alarm.rule, case.entries.len()), (Rule::ErrorBurst, 2), "{engine:?}: it is known why");
        assert!(lift(&bank, &suspension).await.is_some());
        assert!(lift(&bank, &suspension).await.is_none(), "{engine:?}: once");
        assert_eq!(thief.get("/accounts", &token).await.status(), 200, "{engine:?}");
        let all = bank.auth.measures(false, 9).await.unwrap();
        let (_, said) = all.iter().find(|one| one.id == suspension.id).unwrap().lifted.clone().unwrap();
        assert_eq!((said.by.as_str(), said.reason.as_str()), ("Ines", "their own test"), "{engine:?}");

        // What was held against it counts no more: the next alarm begins at nothing.
        bank.clock.advance(Span::hours(2));
        assert!(!theft(&bank, &thief, &tokens).await.contains(&Measure::Suspend), "{engine:?}");
        for (event, reason) in [
            ("alarm.raised", "foreign-token"),
            ("alarm.raised", "error-burst"),
            ("measure.taken", "suspend"),
            ("client.suspended", "watching"),
            ("measure.lifted", "suspend"),
            ("client.resumed", "watching"),
        ] {
            let record = bank.record(200).await;
            let found = record.iter().find(|one| one.event == event && one.reason.as_deref() == Some(reason));
            assert_eq!(found.and_then(|one| one.client.clone()), Some(thief.id.clone()), "{engine:?} {event} {reason}");
        }
    }
}

#[tokio::test]
async fn an_operator_who_lets_an_app_in_again_lifts_its_suspension() {
    let bank = bank_with(|policy| {
        policy.watching.as_mut().unwrap().steps.client_suspend = 60;
        set(policy, &[(Rule::CodeReplay, 1)]);
    })
    .await;
    let (owner, thief) = (App::register(&bank).await, App::register(&bank).await);
    let tokens = owner.connect(&bank, "amelia", SCOPE).await;
    let wanted = Wanted::scopes(SCOPE);
    let code = thief.code(&bank, "jonah", &wanted).await;
    thief.redeem(&code, &wanted).await;
    thief.redeem(&code, &wanted).await;
    assert!(theft(&bank, &thief, &tokens).await.contains(&Measure::Suspend));
    bank.set_status(&thief, ClientStatus::Active).await;
    let measures = bank.auth.measures(false, 9).await.unwrap();
    let suspension = measures.iter().find(|one| one.measure == Measure::Suspend).unwrap();
    assert!(suspension.lifted.is_some());
    assert_eq!(thief.post("/token", &[("grant_type", "client_credentials")]).await.status(), 200);
}

#[tokio::test]
async fn nobody_watches_where_it_is_switched_off() {
    let bank = bank_with(|policy| policy.watching = None).await;
    let (owner, thief) = (App::register(&bank).await, App::register(&bank).await);
    let tokens = owner.connect(&bank, "amelia", SCOPE).await;
    assert!(theft(&bank, &thief, &tokens).await.is_empty());
    assert!(bank.auth.alarms(9).await.unwrap().is_empty());
}
