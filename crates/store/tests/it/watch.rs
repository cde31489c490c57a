//! What watching leaves behind, on both engines.

use std::net::IpAddr;

use lombard_domain::audit::{Entry, Event, Line, Subject};
use lombard_domain::id::{AlarmId, AuditId, MeasureId};
use lombard_domain::watch::{Accused, Alarm, Day, History, Measure, Network, Place, Rule};
use lombard_store::audit;
use lombard_store::customer;
use lombard_store::session::{self, Session};
use lombard_store::watch::{self, Lift, StoredMeasure};
use lombard_store::{interaction, watch as watching};

use crate::engines;
use crate::world::{self, RACERS, a_request, app, at, customer as person, race};

fn network() -> Accused {
    Accused::Network(Network::V4([192, 0, 2]))
}

fn found(rule: Rule, accused: Accused, second: i64) -> Alarm {
    Alarm { rule, accused, at: at(second), window: at(second - second % 60), score: 40, count: 15, first: 3, last: 17 }
}

fn done(n: u128, measure: Measure, accused: Accused, until: Option<i64>) -> StoredMeasure {
    StoredMeasure {
        id: MeasureId::from_bits(n),
        measure,
        accused,
        alarm: AlarmId::from_bits(1),
        score: 77,
        since: at(100),
        until: until.map(at),
        lifted: None,
    }
}

#[tokio::test]
async fn the_cursor_moves_for_one_only() {
    for engine in engines::fresh().await {
        assert_eq!(watch::cursor(&mut engine.db.read().await.unwrap()).await.unwrap(), 0, "{engine}");
        let won = race(&engine.db, |db| async move {
            let mut tx = db.begin("race").await?;
            let won = watch::move_cursor(&mut tx, 0, 7).await?;
            tx.commit().await.map(|()| won)
        })
        .await;
        assert_eq!((won.len(), won.iter().filter(|won| **won).count()), (RACERS, 1), "{engine}");
        assert_eq!(watch::cursor(&mut engine.db.read().await.unwrap()).await.unwrap(), 7, "{engine}");
        let mut tx = engine.db.begin("test").await.unwrap();
        assert!(!watch::move_cursor(&mut tx, 0, 9).await.unwrap(), "{engine}: it is further");
        assert!(watch::move_cursor(&mut tx, 7, 9).await.unwrap(), "{engine}");
    }
}

#[tokio::test]
async fn an_alarm_is_stored_once_and_read_as_it_was_stored() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let all = [network(), Accused::Bank, Accused::Client(app(1)), Accused::Customer(person(1))];
        for (n, accused) in (1..).zip(all) {
            let alarm = found(Rule::PasswordSpraying, accused, 130);
            assert!(watch::add_alarm(&mut tx, AlarmId::from_bits(n), &alarm).await.unwrap(), "{engine}");
            let again = found(Rule::PasswordSpraying, accused, 150);
            assert!(
                !watch::add_alarm(&mut tx, AlarmId::from_bits(n + 100), &again).await.unwrap(),
                "{engine}: same window"
            );
            let read = watch::alarm(&mut tx, AlarmId::from_bits(n)).await.unwrap().unwrap();
            assert_eq!((read.alarm, read.dismissed_at), (alarm, None), "{engine}");
        }
        let later = found(Rule::PasswordSpraying, network(), 190);
        assert!(watch::add_alarm(&mut tx, AlarmId::from_bits(9), &later).await.unwrap(), "{engine}: another window");
        let newest = watch::alarms(&mut tx, 2).await.unwrap();
        assert_eq!(newest.iter().map(|one| one.id.bits()).collect::<Vec<_>>(), [9, 4], "{engine}");
        assert!(watch::alarm(&mut tx, AlarmId::from_bits(77)).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn alarms_count_against_one_since_a_moment_until_they_are_dismissed() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for (n, (accused, second)) in
            (1..).zip([(network(), 100), (network(), 200), (Accused::Client(app(1)), 200), (network(), 300)])
        {
            watch::add_alarm(&mut tx, AlarmId::from_bits(n), &found(Rule::ErrorBurst, accused, second)).await.unwrap();
        }
        let ids = |found: Vec<watching::StoredAlarm>| found.iter().map(|one| one.id.bits()).collect::<Vec<_>>();
        let against = watch::alarms_against(&mut tx, network(), at(100), 10).await.unwrap();
        assert_eq!(ids(against), [2, 4], "{engine}: not one of that moment or before");
        assert_eq!(watch::dismiss(&mut tx, network(), at(400)).await.unwrap(), 3, "{engine}");
        assert!(watch::alarms_against(&mut tx, network(), at(0), 10).await.unwrap().is_empty(), "{engine}");
        let dismissed = watch::alarm(&mut tx, AlarmId::from_bits(2)).await.unwrap().unwrap();
        assert_eq!(dismissed.dismissed_at, Some(at(400)), "{engine}");
        let other = watch::alarms_against(&mut tx, Accused::Client(app(1)), at(0), 10).await.unwrap();
        assert_eq!(other.len(), 1, "{engine}: only theirs");
        assert_eq!(watch::forget_alarms(&mut tx, at(200), 2).await.unwrap(), 2, "{engine}");
        assert_eq!(watch::forget_alarms(&mut tx, at(200), 2).await.unwrap(), 1, "{engine}");
        assert_eq!(ids(watch::alarms(&mut tx, 9).await.unwrap()), [4], "{engine}");
    }
}

#[tokio::test]
async fn a_measure_holds_until_it_ends_or_is_lifted() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let (client, throttle) = (Accused::Client(app(1)), Measure::Throttle);
        let all = [
            done(1, throttle, client, Some(200)),
            done(2, Measure::Suspend, client, None),
            done(3, throttle, network(), Some(300)),
        ];
        for measure in &all {
            watch::add_measure(&mut tx, measure).await.unwrap();
            assert_eq!(watch::measure(&mut tx, measure.id).await.unwrap().as_ref(), Some(measure), "{engine}");
        }
        assert!(watch::is_in_force(&mut tx, throttle, client, at(199)).await.unwrap(), "{engine}");
        assert!(!watch::is_in_force(&mut tx, throttle, client, at(200)).await.unwrap(), "{engine}: over");
        assert!(!watch::is_in_force(&mut tx, Measure::StepUp, client, at(199)).await.unwrap(), "{engine}: another");
        assert!(watch::is_in_force(&mut tx, Measure::Suspend, client, at(9_999)).await.unwrap(), "{engine}: no end");
        let ids = |found: Vec<StoredMeasure>| found.iter().map(|one| one.id.bits()).collect::<Vec<_>>();
        assert_eq!(ids(watch::in_force(&mut tx, at(250), 9).await.unwrap()), [3, 2], "{engine}");
        assert_eq!(ids(watch::against(&mut tx, throttle, client, 9).await.unwrap()), [1], "{engine}");
        let lift = Lift { by: "Ines".to_owned(), reason: "a test of the app's".to_owned() };
        assert!(watch::lift_measure(&mut tx, all[1].id, &lift, at(260)).await.unwrap(), "{engine}");
        assert!(!watch::lift_measure(&mut tx, all[1].id, &lift, at(270)).await.unwrap(), "{engine}: lifted already");
        let lifted = watch::measure(&mut tx, all[1].id).await.unwrap().unwrap();
        assert_eq!(lifted.lifted, Some((at(260), lift)), "{engine}");
        assert!(watch::against(&mut tx, Measure::Suspend, client, 9).await.unwrap().is_empty(), "{engine}");
        assert_eq!(ids(watch::measures(&mut tx, 9).await.unwrap()), [3, 2, 1], "{engine}");
        assert_eq!(watch::forget_measures(&mut tx, at(260), 9).await.unwrap(), 2, "{engine}");
        assert_eq!(ids(watch::measures(&mut tx, 9).await.unwrap()), [3], "{engine}");
    }
}

#[tokio::test]
async fn the_history_of_an_app_replaces_the_one_before() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let mut history = History { today: 20_000, ..History::default() };
        for (n, second) in [(1, 10), (2, 20), (1, 30)] {
            history.customers.add(n * 77);
            history.days.push(Day { day: 1, customers: 2, accounts: 3, allowed: 4 });
            history.places.push(Place { network: Network::V4([10, 0, 1]), since: 5 });
            watch::save_history(&mut tx, app(n), &history, at(second)).await.unwrap();
        }
        let read = watch::histories(&mut tx, 9).await.unwrap();
        assert_eq!(read.len(), 2, "{engine}");
        assert_eq!(read[0], (app(1), history), "{engine}: the newest first");
        assert_eq!(watch::forget_histories(&mut tx, at(20), 9).await.unwrap(), 1, "{engine}");
        assert_eq!(watch::histories(&mut tx, 9).await.unwrap()[0].0, app(1), "{engine}");
    }
}

#[tokio::test]
async fn addresses_of_entries_are_opened_whoever_they_belong_to() {
    for engine in world::peopled().await {
        let address = IpAddr::from([203, 0, 113, 9]);
        let entry = |n: u128, event, address| Entry {
            id: AuditId::from_bits(n),
            at: at(1),
            event,
            subject: Subject { customer: Some(person(n)), ..Subject::default() },
            reason: None,
            interaction: None,
            address,
        };
        let entries = [
            entry(1, Event::SignedIn, Some(address)),
            entry(2, Event::DataRead, Some(address)),
            entry(3, Event::SignedOut, None),
        ];
        let mut tx = engine.db.begin("test").await.unwrap();
        audit::append(&mut tx, &entries).await.unwrap();
        let waiting = audit::waiting_after(&mut tx, "", 9).await.unwrap();
        let mut lines: Vec<&Line> = waiting.iter().flat_map(|(_, row)| row).map(|one| &one.entry).collect();
        let foreign = Line { address: Some(vec![1, 2, 3]), ..lines[1].clone() };
        lines.push(&foreign);
        let opened = watch::addresses(&mut tx, &lines).await.unwrap();
        assert_eq!(opened, [Some(address), Some(address), None, None], "{engine}");
    }
}

#[tokio::test]
async fn all_sessions_of_one_customer_end_and_their_browsers_can_be_told() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for (digest, n) in [(&b"one"[..], 1), (b"two", 1), (b"other", 2)] {
            let session = Session { customer: person(n), signed_in_at: at(1), seen_at: at(1) };
            session::insert(&mut tx, digest, &session).await.unwrap();
        }
        assert_eq!(session::end_all_of(&mut tx, person(1), at(5)).await.unwrap(), 2, "{engine}");
        assert_eq!(session::end_all_of(&mut tx, person(1), at(6)).await.unwrap(), 0, "{engine}");
        for (digest, ended) in [(&b"one"[..], true), (b"two", true), (b"other", false), (b"none", false)] {
            assert_eq!(session::was_ended(&mut tx, digest).await.unwrap(), ended, "{engine}");
        }
        assert!(session::find(&mut tx, b"one").await.unwrap().is_none(), "{engine}");
        assert!(session::find(&mut tx, b"other").await.unwrap().is_some(), "{engine}");
    }
}

#[tokio::test]
async fn a_customer_signs_in_once_more_and_only_once() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let begun = interaction::Interaction {
            browser_digest: b"browser".to_vec(),
            request: Some(a_request(1)),
            pushed_digest: None,
            customer: None,
            signed_in_at: None,
            stepped_up: false,
            expires_at: at(600),
        };
        interaction::insert(&mut tx, b"way", &begun).await.unwrap();
        assert!(!interaction::step_up(&mut tx, b"way", at(9)).await.unwrap(), "{engine}: nobody has signed in");
        for stepped_up in [true, false] {
            interaction::set_customer(&mut tx, b"way", person(1)).await.unwrap();
            interaction::set_signed_in(&mut tx, b"way", person(1), b"browser", at(8)).await.unwrap();
            assert_eq!(interaction::step_up(&mut tx, b"way", at(9)).await.unwrap(), stepped_up, "{engine}");
        }
        let found = interaction::find(&mut tx, b"way").await.unwrap().unwrap();
        assert_eq!((found.stepped_up, found.signed_in_at), (true, Some(at(8))), "{engine}");
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_customer_who_is_erased() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for n in 1..=2 {
            let accused = Accused::Customer(person(n));
            watch::add_alarm(&mut tx, AlarmId::from_bits(n), &found(Rule::CodeGuessing, accused, 100)).await.unwrap();
            watch::add_measure(&mut tx, &done(n, Measure::StepUp, accused, Some(900))).await.unwrap();
        }
        customer::erase(&mut tx, person(1), at(500)).await.unwrap().unwrap();
        assert!(watch::alarm(&mut tx, AlarmId::from_bits(1)).await.unwrap().is_none(), "{engine}");
        assert!(watch::measure(&mut tx, MeasureId::from_bits(1)).await.unwrap().is_none(), "{engine}");
        assert!(watch::alarm(&mut tx, AlarmId::from_bits(2)).await.unwrap().is_some(), "{engine}");
        assert!(watch::measure(&mut tx, MeasureId::from_bits(2)).await.unwrap().is_some(), "{engine}");
    }
}
