//! How well the bank served: exact numbers from calls that were made.

use lombard_auth::service_level::{Level, Report, Stretch};
use lombard_domain::service_level::Interface;
use lombard_domain::time::{Clock as _, Date, Span};
use lombard_testkit::{App, Engine, TestBank};

const SCOPE: &str = "openid accounts:read balances:read";

fn day(day: i8) -> Date {
    Date::new(2026, 3, day).unwrap()
}

async fn report(bank: &TestBank) -> Report {
    bank.auth.service_report(day(1), day(31)).await.unwrap()
}

fn level(report: &Report, stretch: Stretch, interface: Interface) -> Level {
    let found = report.levels.iter().find(|level| (level.stretch, level.interface) == (stretch, interface));
    *found.unwrap_or_else(|| panic!("{stretch} {interface:?} in {report:?}"))
}

/// Calls, good answers, and calls that failed or found no place.
fn numbers(level: &Level) -> (u64, u64, u64) {
    (level.tally.calls, level.tally.good, level.tally.errors())
}

/// Minutes in all, and those of planned and of unplanned downtime.
fn minutes(level: &Level) -> (u64, u64, u64) {
    (level.availability.minutes, level.availability.planned, level.availability.unplanned)
}

#[tokio::test]
async fn calls_are_told_by_interface_and_day_and_add_up_over_nodes_and_restarts() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let tokens = app.connect(&bank, "amelia", SCOPE).await;
        bank.auth.note_service().await.unwrap();
        let before = report(&bank).await;
        for _ in 0..3 {
            assert_eq!(app.get("/accounts", &tokens.access).await.status(), 200);
        }
        assert_eq!(app.get("/accounts/nobody/balances", &tokens.access).await.status(), 403);
        assert_eq!(app.get("/accounts", "made up").await.status(), 401);
        bank.http().get(bank.url("/jwks")).send().await.unwrap();
        bank.http().get(bank.url("/nothing/here")).send().await.unwrap();
        bank.auth.note_service().await.unwrap();
        bank.auth.note_service().await.unwrap();

        let node = bank.another_node().await;
        for _ in 0..2 {
            let answer = bank.http().get(node.url("/open-banking/v4.0/aisp/accounts")).bearer_auth(&tokens.access);
            assert_eq!(answer.send().await.unwrap().status(), 200);
        }
        node.auth.note_service().await.unwrap();

        let bank = bank.restarted().await;
        bank.http().get(bank.url("/jwks")).send().await.unwrap();
        bank.auth.note_service().await.unwrap();

        let after = report(&bank).await;
        let today = Stretch::Day(day(2));
        for (interface, more) in [
            (Interface::AccountInformation, (7, 5, 0)),
            (Interface::Public, (2, 2, 0)),
            (Interface::Authorization, (0, 0, 0)),
            (Interface::Customer, (0, 0, 0)),
            (Interface::ConfirmationOfFunds, (0, 0, 0)),
        ] {
            let (was, is) = (level(&before, today, interface), level(&after, today, interface));
            let (calls, good, errors) = numbers(&was);
            assert_eq!(numbers(&is), (calls + more.0, good + more.1, errors + more.2), "{engine:?} {interface:?}");
            assert_eq!(is.tally.times.iter().sum::<u64>(), is.tally.good, "{engine:?}");
            let quarter = Stretch::Quarter { year: 2026, quarter: 1 };
            assert_eq!(level(&after, quarter, interface).tally, is.tally, "{engine:?}: one day is all there is");
        }
        for interface in [Interface::Customer, Interface::Authorization] {
            assert!(level(&before, today, interface).tally.good > 0, "{engine:?}: {interface:?} of the sign-in");
        }
    }
}

#[tokio::test]
async fn minutes_in_which_no_node_served_are_downtime_planned_or_not() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let node = bank.another_node().await;
        assert_eq!(report(&bank).await.levels, [], "{engine:?}: nothing is known yet");
        let now = bank.clock.now();
        // Noon and a minute until noon and seven; announced twice, of which only the first counts; and once too late.
        let (from, until) = (now.plus(Span::minutes(4)), now.plus(Span::minutes(7)));
        assert!(bank.auth.plan_downtime(from, until).await.unwrap());
        // One node serves in the minutes 0 to 2, the other in the minutes 1 and 8; then it is minute 10.
        for minute in 0..10 {
            if minute <= 2 {
                bank.auth.note_service().await.unwrap();
            }
            if [1, 8].contains(&minute) {
                node.auth.note_service().await.unwrap();
            }
            bank.clock.advance(Span::minutes(1));
        }
        assert!(!bank.auth.plan_downtime(from, until).await.unwrap(), "{engine:?}: it is known");
        bank.auth.plan_downtime(until, now.plus(Span::minutes(20))).await.unwrap();
        let found = report(&bank).await;
        // Ten are over; served in four; of the six others three as planned.
        let expected = (10, 3, 3);
        for interface in Interface::ALL {
            assert_eq!(minutes(&level(&found, Stretch::Day(day(2)), interface)), expected, "{engine:?} {interface:?}");
        }
        bank.clock.advance(Span::days(1));
        bank.auth.note_service().await.unwrap();
        bank.clock.advance(Span::minutes(1));
        let found = report(&bank).await;
        let funds = Interface::ConfirmationOfFunds;
        // Until midnight 720 minutes in all: 710 more, of which eleven were announced too late; the next day until noon and ten.
        assert_eq!(minutes(&level(&found, Stretch::Day(day(2)), funds)), (720, 3, 713), "{engine:?}");
        assert_eq!(minutes(&level(&found, Stretch::Day(day(3)), funds)), (731, 0, 730), "{engine:?}");
        let quarter = Stretch::Quarter { year: 2026, quarter: 1 };
        assert_eq!(minutes(&level(&found, quarter, funds)), (1_451, 3, 1_443), "{engine:?}");
    }
}

#[tokio::test]
async fn a_quarter_ends_where_the_next_begins() {
    let bank = TestBank::new().await;
    bank.clock.advance(Span::days(29));
    for _ in 0..2 {
        bank.http().get(bank.url("/jwks")).send().await.unwrap();
        bank.auth.note_service().await.unwrap();
        bank.clock.advance(Span::days(1));
    }
    let found = bank.auth.service_report(day(1), Date::new(2026, 4, 30).unwrap()).await.unwrap();
    for quarter in [1, 2] {
        let level = level(&found, Stretch::Quarter { year: 2026, quarter }, Interface::Public);
        assert_eq!(level.tally.calls, 1, "quarter {quarter}");
    }
    assert_eq!(bank.auth.service_report(day(1), day(30)).await.unwrap().levels, [], "before anything was known");
}
