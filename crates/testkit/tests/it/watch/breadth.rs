//! Many customers, many accounts, many consents: more than ever before, or as always.

use lombard_auth::watch::{Measure, Rule};
use lombard_domain::time::Span;
use lombard_testkit::{App, Engine, TestBank, Wanted};

use super::{crowd, set, with};

/// Customers of a bank of these tests.
const MANY: usize = 10;

async fn crowded(thresholds: &[(Rule, u32)]) -> TestBank {
    with(Engine::Sqlite, crowd(MANY).path(), |policy| set(policy, thresholds)).await
}

#[tokio::test]
async fn sudden_breadth_and_a_reader_that_always_reads_all() {
    let bank = crowded(&[(Rule::SuddenCustomers, 8), (Rule::SuddenAccounts, 8)]).await;
    let (steady, sudden) = (App::register(&bank).await, App::register(&bank).await);
    let mut tokens = Vec::new();
    for n in 1..=MANY {
        let name = format!("customer{n}");
        let of_steady = steady.connect(&bank, &name, "accounts:read").await.refresh;
        tokens.push((of_steady, sudden.connect(&bank, &name, "accounts:read").await.refresh));
    }
    for day in 0..5 {
        for (at, (of_steady, of_sudden)) in tokens.iter().enumerate() {
            let token = steady.narrowed(of_steady, "accounts:read").await;
            let account = steady.accounts(&token).await.remove(0);
            steady.read(&format!("/accounts/{account}"), &token).await;
            if at < 2 || day == 4 {
                let token = sudden.narrowed(of_sudden, "accounts:read").await;
                let account = sudden.accounts(&token).await.remove(0);
                sudden.read(&format!("/accounts/{account}"), &token).await;
            }
        }
        let alarms: &[&str] = if day == 4 { &["sudden-accounts", "sudden-customers"] } else { &[] };
        // Which of the two is sure first depends on the identifiers, which are drawn by chance.
        let mut raised = bank.alarms().await;
        raised.sort_unstable();
        assert_eq!(raised, alarms, "day {day}");
        bank.clock.advance(Span::days(1));
    }
    let accused = bank.auth.alarms(9).await.unwrap();
    assert!(accused.iter().all(|stored| stored.alarm.accused.to_string() == sudden.id), "{accused:?}");
}

#[tokio::test]
async fn a_flood_of_consents_and_the_same_number_over_a_day() {
    for (every, alarms) in [(Span::minutes(2), &["consent-flood"][..]), (Span::hours(1), &[])] {
        let bank = crowded(&[(Rule::ConsentFlood, 6)]).await;
        let app = App::register(&bank).await;
        for n in 1..=8 {
            app.code(&bank, &format!("customer{n}"), &Wanted::scopes("accounts:read")).await;
            bank.clock.advance(every);
        }
        let watched = bank.watch().await;
        assert_eq!(watched.raised.iter().map(|rule| rule.name()).collect::<Vec<_>>(), alarms);
        assert_eq!(watched.taken.contains(&Measure::StepUp), !alarms.is_empty());
    }
}

#[tokio::test]
async fn an_app_that_nobody_wants_and_one_that_some_refuse() {
    for (no, yes, alarms) in [(5, 1, &["consent-refused"][..]), (5, 5, &[])] {
        let bank = crowded(&[(Rule::ConsentRefused, 5)]).await;
        let app = App::register(&bank).await;
        let wanted = Wanted::scopes("accounts:read");
        for n in 1..=no + yes {
            let (browser, page) = app.ask(&bank, &format!("customer{n}"), &wanted).await;
            let answer = if n <= yes { "consent-allow" } else { "consent-deny" };
            browser.submit(&page, &[], answer).await;
        }
        assert_eq!(bank.alarms().await, alarms);
    }
}
