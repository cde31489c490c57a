//! Consents: every state is kept, and one moves on only from the status that the caller saw.

mod plans;

use lombard_domain::consent::{Consent, Kind, Rejection, Revoker, Stamp, State, Status, Wording, Written};
use lombard_domain::id::{ConsentId, GrantId};
use lombard_domain::oauth::Grant;
use lombard_domain::permission::{PermissionSet, Window};
use lombard_store::{Error, client, consent, grant};

use crate::world::{self, a_consent, a_grant, account, app, at, customer, lodged, states, terms, yes};
use crate::{raw, world::an_app};

fn id(n: u128) -> ConsentId {
    ConsentId::from_bits(n)
}

#[tokio::test]
async fn is_read_as_it_was_stored_in_every_state() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for (n, state) in (1..).zip(states(&yes(1, &[1, 2]))) {
            let given = a_consent(n, 1, state);
            consent::insert(&mut tx, &given).await.unwrap();
            assert_eq!(consent::find(&mut tx, id(n)).await.unwrap(), Some(given.clone()), "{engine}");
            let history = consent::history(&mut tx, id(n)).await.unwrap();
            assert_eq!(history, [(at(1), given.state().status())], "{engine}");
        }
        assert!(consent::find(&mut tx, id(99)).await.unwrap().is_none());
        assert!(consent::history(&mut tx, id(99)).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn terms_without_limits_are_kept() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let mut open = terms();
        open.permissions = PermissionSet::default();
        open.window = Window::default();
        open.expires_at = None;
        let given = Consent::lodge(id(1), app(1), Kind::Request, open, at(0));
        consent::insert(&mut tx, &given).await.unwrap();
        assert_eq!(consent::find(&mut tx, id(1)).await.unwrap(), Some(given), "{engine}");
    }
}

#[tokio::test]
async fn an_id_is_given_once() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        consent::insert(&mut tx, &lodged(1)).await.unwrap();
        let again = consent::insert(&mut tx, &a_consent(1, 2, State::Awaiting)).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{engine}");
    }
}

#[tokio::test]
async fn moves_on_through_its_life() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let lodged = lodged(1);
        consent::insert(&mut tx, &lodged).await.unwrap();
        let given = lodged.clone().authorise(customer(1), vec![account(1)], at(10)).unwrap();
        let taken = given.clone().revoke(Revoker::Client, at(20)).unwrap();
        let renewed = taken.clone().authorise(customer(1), vec![account(2)], at(30)).unwrap();
        let stopped = renewed.clone().revoke(Revoker::Customer, at(40)).unwrap();
        let suspected = stopped.clone().revoke(Revoker::BankForFraud, at(50)).unwrap();
        let over = suspected.clone().expire(at(9000)).unwrap();
        let mut seen = lodged.stamp();
        for next in [given, taken, renewed, stopped, suspected, over] {
            assert!(consent::advance(&mut tx, seen, &next).await.unwrap(), "{seen} on {engine}");
            assert_eq!(consent::find(&mut tx, id(1)).await.unwrap().as_ref(), Some(&next), "{engine}");
            seen = next.stamp();
        }
        let expected = [
            (at(0), Status::Awaiting),
            (at(10), Status::Authorised),
            (at(20), Status::RevokedByClient),
            (at(30), Status::Authorised),
            (at(40), Status::RevokedByCustomer),
            (at(50), Status::SuspendedForFraud),
            (at(9000), Status::Expired),
        ];
        assert_eq!(consent::history(&mut tx, id(1)).await.unwrap(), expected, "{engine}");
    }
}

#[tokio::test]
async fn a_stale_state_changes_nothing() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let lodged = lodged(1);
        let refused = lodged.clone().reject(Rejection::Declined, at(5)).unwrap();
        let given = lodged.clone().authorise(customer(1), vec![account(1)], at(6)).unwrap();
        consent::insert(&mut tx, &lodged).await.unwrap();
        assert!(consent::advance(&mut tx, lodged.stamp(), &refused).await.unwrap());
        for status in Status::ALL.iter().filter(|status| **status != Status::Declined) {
            for since in [at(0), at(5)] {
                let seen = Stamp { status: *status, since };
                assert!(!consent::advance(&mut tx, seen, &given).await.unwrap(), "{seen} on {engine}");
            }
        }
        assert_eq!(consent::find(&mut tx, id(1)).await.unwrap(), Some(refused), "{engine}");
        assert_eq!(consent::history(&mut tx, id(1)).await.unwrap().len(), 2, "{engine}");
        assert!(
            !consent::advance(&mut tx, lodged.stamp(), &self::lodged(2)).await.unwrap(),
            "there is no such consent"
        );
    }
}

/// Two answers to one question: the second does not count, although the consent stands where both saw it.
#[tokio::test]
async fn who_saw_it_before_it_was_given_anew_changes_nothing() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let given = lodged(1).authorise(customer(1), vec![account(1)], at(10)).unwrap();
        consent::insert(&mut tx, &given).await.unwrap();
        let first = given.clone().authorise(customer(1), vec![account(1)], at(20)).unwrap();
        let second = given.clone().authorise(customer(1), vec![account(2)], at(21)).unwrap();
        assert!(consent::advance(&mut tx, given.stamp(), &first).await.unwrap(), "{engine}");
        assert!(!consent::advance(&mut tx, given.stamp(), &second).await.unwrap(), "{engine}");
        assert_eq!(consent::find(&mut tx, id(1)).await.unwrap().as_ref(), Some(&first), "{engine}");
        assert!(consent::advance(&mut tx, first.stamp(), &second).await.unwrap(), "{engine}: who saw it does");
    }
}

/// What an app wrote is kept to the letter, each word with its own time.
#[tokio::test]
async fn times_keep_the_words_of_the_app() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let written = ["2027-01-01T00:00:00.10+01:00", "2016-01-01t00:00:00Z", "2030-06-01T00:00:00.1234567Z"]
            .map(|text| Written::read(text).unwrap());
        let mut asked = terms();
        let [end, from, to] = &written;
        asked.expires_at = Some(end.at());
        asked.window = Window { from: Some(from.at()), to: Some(to.at()) };
        let [expires_at, from, to] = written.map(Some);
        for (n, wording) in (1..).zip([
            Wording { expires_at: expires_at.clone(), ..Wording::default() },
            Wording { from: from.clone(), ..Wording::default() },
            Wording { to: to.clone(), ..Wording::default() },
            Wording { expires_at, from, to },
        ]) {
            let lodged =
                Consent::lodge(id(n), app(1), Kind::AccountAccess, asked.clone(), at(0)).worded(wording.clone());
            assert_eq!(lodged.wording(), &wording);
            consent::insert(&mut tx, &lodged).await.unwrap();
            assert_eq!(consent::find(&mut tx, id(n)).await.unwrap().as_ref(), Some(&lodged), "{engine}");
            let given = lodged.clone().authorise(customer(1), vec![account(1)], at(1)).unwrap();
            assert!(consent::advance(&mut tx, lodged.stamp(), &given).await.unwrap());
            let listed = consent::of_customer(&mut tx, customer(1), 9).await.unwrap();
            assert!(listed.iter().any(|one| one.consent == given), "{engine}");
        }
    }
}

#[tokio::test]
async fn an_answer_changes_one_consent() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for n in 1..=2 {
            consent::insert(&mut tx, &lodged(n)).await.unwrap();
        }
        let given = lodged(1).authorise(customer(1), vec![account(1), account(2)], at(6)).unwrap();
        consent::advance(&mut tx, lodged(1).stamp(), &given).await.unwrap();
        assert_eq!(consent::find(&mut tx, id(2)).await.unwrap(), Some(lodged(2)), "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_one_of_many_answers_counts() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        consent::insert(&mut tx, &lodged(1)).await.unwrap();
        tx.commit().await.unwrap();
        let given = lodged(1).authorise(customer(1), vec![account(1), account(2)], at(6)).unwrap();
        world::one_wins(&engine, |db| {
            let given = given.clone();
            async move {
                let mut tx = db.begin("race").await?;
                let won = consent::advance(&mut tx, lodged(1).stamp(), &given).await?;
                tx.commit().await.map(|()| won)
            }
        })
        .await;
        let mut read = engine.db.read().await.unwrap();
        assert_eq!(consent::find(&mut read, id(1)).await.unwrap(), Some(given), "{engine}");
        assert_eq!(consent::history(&mut read, id(1)).await.unwrap().len(), 2, "{engine}");
    }
}

#[tokio::test]
async fn a_customer_sees_their_own_newest_first() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let given = |n: u128, by: u128, app: u128| {
            let made = at(i64::try_from(n).unwrap() / 2);
            let lodged = Consent::lodge(id(n), world::app(app), Kind::Request, terms(), made);
            Consent::restore(lodged, State::Authorised(yes(by, &[by, 2])), made)
        };
        for (n, by, app) in [(1, 1, 1), (2, 2, 1), (3, 1, 2), (4, 1, 1), (5, 2, 2)] {
            let mut given = given(n, by, app);
            if by == 2 {
                let both = State::Authorised(yes(2, &[2, 3]));
                given = Consent::restore(given.clone(), both, given.created_at());
            }
            consent::insert(&mut tx, &given).await.unwrap();
        }
        consent::insert(&mut tx, &lodged(6)).await.unwrap();
        client::delete(&mut tx, app(2), at(50)).await.unwrap();
        tx.commit().await.unwrap();

        let mut read = engine.db.read().await.unwrap();
        let before = engine.db.statements();
        let listed = consent::of_customer(&mut read, customer(1), 10).await.unwrap();
        assert_eq!(engine.db.statements() - before, 2, "however many there are");
        let consents: Vec<_> = listed.iter().map(|listed| listed.consent.clone()).collect();
        assert_eq!(consents, [given(4, 1, 1), given(3, 1, 2), given(1, 1, 1)], "{engine}");
        let names: Vec<_> = listed.iter().map(|listed| listed.client.metadata.client_name.as_str()).collect();
        assert_eq!(names, ["App 1", "App 2", "App 1"], "{engine}: a deleted app keeps its name");
        let newest = consent::of_customer(&mut read, customer(1), 1).await.unwrap();
        assert_eq!(newest.len(), 1);
        assert_eq!(newest[0].consent, given(4, 1, 1), "{engine}");
        let other = consent::of_customer(&mut read, customer(2), 10).await.unwrap();
        assert_eq!(other.iter().map(|listed| listed.consent.id()).collect::<Vec<_>>(), [id(5), id(2)], "{engine}");
        assert!(consent::of_customer(&mut read, customer(3), 10).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_apps_live_consents_are_its_own_authorised_ones() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for (n, state) in (1..).zip(states(&yes(1, &[1]))) {
            consent::insert(&mut tx, &a_consent(n, 1, state)).await.unwrap();
        }
        let live = |n, app| a_consent(n, app, State::Authorised(yes(1, &[1])));
        consent::insert(&mut tx, &live(20, 1)).await.unwrap();
        consent::insert(&mut tx, &live(21, 2)).await.unwrap();
        assert_eq!(consent::live_of_client(&mut tx, app(1), 10).await.unwrap(), [id(3), id(20)], "{engine}");
        assert_eq!(consent::live_of_client(&mut tx, app(1), 1).await.unwrap(), [id(3)], "{engine}");
        assert_eq!(consent::live_of_client(&mut tx, app(2), 10).await.unwrap(), [id(21)], "{engine}");
        assert!(consent::live_of_client(&mut tx, app(3), 10).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn needs_an_app_a_customer_and_accounts_that_exist() {
    for engine in world::peopled().await {
        let bad = [
            a_consent(1, 9, State::Awaiting),
            a_consent(1, 1, State::Authorised(yes(9, &[1]))),
            a_consent(1, 1, State::Authorised(yes(1, &[9]))),
        ];
        for given in bad {
            let mut tx = engine.db.begin("test").await.unwrap();
            let outcome = consent::insert(&mut tx, &given).await;
            assert!(matches!(outcome, Err(Error::Unavailable(_))), "{engine}: {given:?}");
        }
    }
}

#[tokio::test]
async fn a_broken_row_is_corrupt() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        consent::insert(&mut tx, &a_consent(1, 1, State::Authorised(yes(1, &[1])))).await.unwrap();
        tx.commit().await.unwrap();
        let names = raw::rows(&engine.url, "SELECT status, permissions, customer_id FROM consent").await;
        assert_eq!(names, [format!("authorised accounts.basic balances {}", customer(1))], "{engine}");
        for (broken, mended) in [
            ("status = 'asleep'", "status = 'authorised'"),
            ("status = 'awaiting'", "status = 'authorised'"),
            ("permissions = 'everything'", "permissions = 'balances'"),
            ("expires_words = 'for ever'", "expires_words = NULL"),
            ("customer_id = NULL", "customer_id = (SELECT MIN(id) FROM customer)"),
        ] {
            raw::execute(&engine.url, &format!("UPDATE consent SET {broken}")).await;
            let mut read = engine.db.read().await.unwrap();
            let outcome = consent::find(&mut read, id(1)).await;
            assert!(matches!(outcome, Err(Error::Corrupt(_))), "{broken} on {engine}");
            if !broken.starts_with("customer_id") {
                let outcome = consent::of_customer(&mut read, customer(1), 9).await.err();
                assert!(matches!(outcome, Some(Error::Corrupt(_))), "{broken} on {engine}");
            }
            raw::execute(&engine.url, &format!("UPDATE consent SET {mended}")).await;
        }
        raw::execute(&engine.url, "UPDATE consent_history SET status = 'asleep'").await;
        let mut read = engine.db.read().await.unwrap();
        assert!(matches!(consent::history(&mut read, id(1)).await, Err(Error::Corrupt(_))), "{engine}");
    }
}

/// In Czech, `ch` is a letter after `h`: a database that sorts so must not mix up whose accounts are whose.
#[tokio::test]
async fn accounts_belong_to_their_consent_in_any_language() {
    for engine in world::peopled().await {
        if raw::path(&engine.url).is_none() {
            raw::execute(&engine.url, CZECH).await;
            assert_eq!(raw::rows(&engine.url, "SELECT 'ch' COLLATE \"cs-x-icu\" > 'd'").await, ["t"]);
        }
        let mut tx = engine.db.begin("test").await.unwrap();
        // The last two digits are "ch", "cj", "d0" and "h1".
        let ids = [12 * 32 + 17, 12 * 32 + 18, 13 * 32, 17 * 32 + 1];
        assert!(id(ids[0]).to_string().ends_with("ch") && id(ids[3]).to_string().ends_with("h1"));
        for n in ids {
            consent::insert(&mut tx, &a_consent(n, 1, State::Authorised(yes(1, &[1, 2])))).await.unwrap();
        }
        for listed in consent::of_customer(&mut tx, customer(1), 9).await.unwrap() {
            let accounts = &listed.consent.state().authorisation().unwrap().accounts;
            assert_eq!(*accounts, [account(1), account(2)], "{:?} on {engine}", listed.consent.id());
        }
        assert!(client::find(&mut tx, app(1)).await.unwrap().is_some_and(|found| found.client == an_app(1).client));
    }
}

/// Makes every text column sort as Czech does.
const CZECH: &str = r#"
    DO $$
    DECLARE text_column record;
    BEGIN
        FOR text_column IN
            SELECT table_name, column_name FROM information_schema.columns
            WHERE table_schema = 'public' AND data_type = 'text'
        LOOP
            EXECUTE format('ALTER TABLE %I ALTER COLUMN %I TYPE TEXT COLLATE "cs-x-icu"',
                text_column.table_name, text_column.column_name);
        END LOOP;
    END $$
"#;

/// What an app lodged, newest first; how many of them wait.
#[tokio::test]
async fn an_app_sees_what_it_lodged() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let lodged_at = |n: u128, by: u128| {
            Consent::lodge(id(n), app(by), Kind::AccountAccess, terms(), at(i64::try_from(n).unwrap()))
        };
        for (n, by) in [(1, 1), (2, 2), (3, 1), (4, 1)] {
            consent::insert(&mut tx, &lodged_at(n, by)).await.unwrap();
        }
        let given = lodged_at(3, 1).authorise(customer(1), vec![account(2), account(1)], at(6)).unwrap();
        assert!(consent::advance(&mut tx, lodged_at(3, 1).stamp(), &given).await.unwrap());
        tx.commit().await.unwrap();

        let mut read = engine.db.read().await.unwrap();
        let before = engine.db.statements();
        let listed = consent::of_client(&mut read, app(1), 10).await.unwrap();
        assert_eq!(engine.db.statements() - before, 2, "however many there are");
        let consents: Vec<_> = listed.iter().map(|listed| listed.consent.clone()).collect();
        assert_eq!(consents, [lodged_at(4, 1), given.clone(), lodged_at(1, 1)], "{engine}");
        assert_eq!(listed[0].client.metadata.client_name.as_str(), "App 1");
        assert_eq!(consent::of_client(&mut read, app(1), 2).await.unwrap()[1].consent, given, "{engine}");
        assert!(consent::of_client(&mut read, app(3), 9).await.unwrap().is_empty());
        for (by, limit, expected) in [(1, 10, 2), (1, 1, 1), (2, 10, 1), (3, 10, 0)] {
            assert_eq!(consent::waiting_of_client(&mut read, app(by), limit).await.unwrap(), expected, "{engine}");
        }
    }
}

#[tokio::test]
async fn what_is_over_is_found_until_it_is_stored() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let all = states(&yes(1, &[1]));
        for (n, state) in (1..).zip(all.clone()) {
            consent::insert(&mut tx, &a_consent(n, 1, state)).await.unwrap();
        }
        let mut open = terms();
        open.expires_at = None;
        consent::insert(&mut tx, &Consent::lodge(id(90), app(1), Kind::Request, open, at(0))).await.unwrap();
        // Those that `expire` would move, and no others.
        let expected: Vec<_> = (1..)
            .zip(all)
            .filter(|(n, state)| a_consent(*n, 1, state.clone()).expire(at(9000)).is_ok())
            .map(|(n, _)| id(n))
            .collect();
        assert!(expected.len() > 4);
        assert_eq!(consent::over(&mut tx, at(9000), 50).await.unwrap(), expected, "{engine}");
        assert_eq!(consent::over(&mut tx, at(9000), 2).await.unwrap().len(), 2, "{engine}");
        assert!(consent::over(&mut tx, at(8999), 50).await.unwrap().is_empty(), "{engine}");
        for over in expected {
            let found = consent::find(&mut tx, over).await.unwrap().unwrap();
            let seen = found.stamp();
            assert!(consent::advance(&mut tx, seen, &found.expire(at(9000)).unwrap()).await.unwrap());
        }
        assert!(consent::over(&mut tx, at(9000), 50).await.unwrap().is_empty(), "{engine}");
    }
}

#[tokio::test]
async fn what_waits_too_long_is_found() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for (n, when) in [(1, 30), (2, 10), (3, 20)] {
            let lodged = Consent::lodge(id(n), app(1), Kind::AccountAccess, terms(), at(when));
            consent::insert(&mut tx, &lodged).await.unwrap();
        }
        consent::insert(&mut tx, &a_consent(4, 1, State::Authorised(yes(1, &[1])))).await.unwrap();
        assert_eq!(consent::waiting_since(&mut tx, at(20), 9).await.unwrap(), [id(2), id(3)], "{engine}");
        assert_eq!(consent::waiting_since(&mut tx, at(30), 1).await.unwrap(), [id(2)], "{engine}: the oldest first");
        assert!(consent::waiting_since(&mut tx, at(9), 9).await.unwrap().is_empty(), "{engine}");
    }
}

/// Customer 1 gave consents of every state and kind, and answered at 1; for when they signed in there are grants.
#[tokio::test]
async fn who_must_sign_in_anew_is_found_and_nobody_else() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let given = State::Authorised(yes(1, &[1]));
        let kinds = [Kind::AccountAccess, Kind::Request, Kind::FundsConfirmation].map(|kind| (kind, given.clone()));
        let states = states(&yes(1, &[1])).into_iter().filter(|state| state.status() != Status::Authorised);
        let all = kinds.into_iter().chain(states.map(|state| (Kind::AccountAccess, state)));
        let mut count = 0;
        for (n, (kind, state)) in (1..).zip(all) {
            let made = Consent::restore(Consent::lodge(id(n), app(1), kind, terms(), at(0)), state, at(30));
            consent::insert(&mut tx, &made).await.unwrap();
            grant::insert(&mut tx, &Grant { signed_in_at: at(20), ..a_grant(n, n) }).await.unwrap();
            count = n;
        }
        // Who they are is all that these apps want to know.
        let mut open = terms();
        open.permissions = PermissionSet::default();
        let known = Consent::lodge(id(count + 1), app(1), Kind::Request, open, at(0));
        let known = known.authorise(customer(1), vec![], at(30)).unwrap();
        consent::insert(&mut tx, &known).await.unwrap();
        grant::insert(&mut tx, &Grant { signed_in_at: at(20), ..a_grant(count + 1, count + 1) }).await.unwrap();

        assert_eq!(consent::signed_in_until(&mut tx, at(30), 50).await.unwrap(), [id(1), id(2)], "{engine}");
        assert_eq!(consent::signed_in_until(&mut tx, at(30), 1).await.unwrap().len(), 1, "{engine}");
        assert!(consent::signed_in_until(&mut tx, at(19), 50).await.unwrap().is_empty(), "{engine}");

        assert_eq!(grant::signed_in_at(&mut tx, id(1)).await.unwrap(), Some(at(20)), "{engine}");
        assert_eq!(grant::signed_in_at(&mut tx, id(99)).await.unwrap(), None, "{engine}");
        for (n, seconds) in [(101, 40), (102, 10)] {
            grant::insert(&mut tx, &Grant { signed_in_at: at(seconds), ..a_grant(n, 1) }).await.unwrap();
        }
        grant::revoke(&mut tx, GrantId::from_bits(101), at(50)).await.unwrap();
        assert_eq!(
            grant::signed_in_at(&mut tx, id(1)).await.unwrap(),
            Some(at(40)),
            "{engine}: also if it was revoked"
        );
        assert_eq!(
            consent::signed_in_until(&mut tx, at(39), 50).await.unwrap(),
            [id(2)],
            "{engine}: the newest counts"
        );
        assert_eq!(consent::signed_in_until(&mut tx, at(40), 50).await.unwrap(), [id(1), id(2)], "{engine}");
    }
}

#[tokio::test]
async fn forgets_what_has_ended_with_all_that_was_made_from_it_in_small_steps() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let mut given = 0;
        let all = states(&yes(1, &[1]));
        for (n, state) in (1..).zip(&all) {
            let made = a_consent(n, 1, state.clone());
            consent::insert(&mut tx, &made).await.unwrap();
            given += u64::from(state.authorisation().is_some());
            if state.authorisation().is_some() {
                grant::insert(&mut tx, &a_grant(n, n)).await.unwrap();
            }
        }
        let live = all.iter().filter(|state| matches!(state, State::Authorised(_))).count();
        let waiting = all.iter().filter(|state| matches!(state, State::Awaiting)).count();
        let ended = given - u64::try_from(live).unwrap();
        let never = u64::try_from(all.len() - waiting).unwrap() - given;
        assert!(ended > 2 && never > 2);
        // All changed at 1.
        for (until, limit, ended, never) in [(0, 99, 0, 0), (1, 1, 1, 1), (1, 99, ended - 1, never - 1), (1, 99, 0, 0)]
        {
            assert_eq!(consent::forget_ended(&mut tx, at(until), limit).await.unwrap(), ended, "{engine}: {until}");
            assert_eq!(
                consent::forget_never_given(&mut tx, at(until), limit).await.unwrap(),
                never,
                "{engine}: {until}"
            );
        }
        tx.commit().await.unwrap();
        let left = raw::rows(&engine.url, "SELECT COUNT(*) FROM consent").await;
        assert_eq!(left, [(live + waiting).to_string()], "{engine}");
        let left = raw::rows(&engine.url, "SELECT COUNT(*) FROM consent_grant").await;
        assert_eq!(left, [live.to_string()], "{engine}");
    }
}

#[tokio::test]
async fn those_that_are_authorised_are_found_page_by_page() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for n in 1..=3 {
            consent::insert(&mut tx, &a_consent(n, 1, State::Authorised(yes(1, &[1])))).await.unwrap();
        }
        consent::insert(&mut tx, &lodged(4)).await.unwrap();
        let page = consent::live_after(&mut tx, None, 2).await.unwrap();
        assert_eq!(page, [id(1), id(2)], "{engine}");
        assert_eq!(consent::live_after(&mut tx, page.last().copied(), 2).await.unwrap(), [id(3)], "{engine}");
        assert!(consent::live_after(&mut tx, Some(id(3)), 2).await.unwrap().is_empty(), "{engine}");
    }
}
