//! What apps are told.

use lombard_domain::consent::{Kind, State};
use lombard_domain::id::{ClientId, ConsentId, NotificationId, TokenId};
use lombard_domain::notification::{About, Notification, Reason, Subscription, Topic};
use lombard_store::notification::{self, AccountNews, Due};
use lombard_store::{Tx, account, client, consent, subscription, token};

use crate::engines;
use crate::statements::{plan, postgres, sqlite, statement};
use crate::subscription::{a_notification, a_subscription};
use crate::world::{
    account, an_access_token, an_app, app, at, consented, customer, lodged, one_wins, peopled, terms, text, yes,
};

async fn due(tx: &mut Tx, app: u128, seconds: i64) -> Vec<Due> {
    notification::due(tx, ClientId::from_bits(app), at(seconds), 10).await.unwrap()
}

async fn open(tx: &mut Tx, app: u128) -> Vec<u128> {
    let open = notification::open(tx, ClientId::from_bits(app), 10).await.unwrap();
    open.into_iter().map(|one| one.id.bits()).collect()
}

#[tokio::test]
async fn an_app_is_told_what_it_asked_for_and_nothing_else() {
    for engine in peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        consent::insert(&mut tx, &lodged(1)).await.unwrap();
        assert!(!notification::add(&mut tx, &a_notification(1, 1, 5)).await.unwrap(), "{engine}: it asked for nothing");
        subscription::insert(&mut tx, &a_subscription(1, &[Topic::ResourceUpdate, Topic::ConsentAccessRevoked]))
            .await
            .unwrap();
        subscription::insert(&mut tx, &Subscription { callback: None, ..a_subscription(2, &[]) }).await.unwrap();
        let mut expected = Vec::new();
        for (n, topic) in (1..).zip(Topic::ALL) {
            let told = Notification { topic: *topic, ..a_notification(n, 1, 5) };
            let wanted = matches!(topic, Topic::ResourceUpdate | Topic::ConsentAccessRevoked);
            assert_eq!(notification::add(&mut tx, &told).await.unwrap(), wanted, "{engine}: {topic:?}");
            expected.extend(wanted.then_some(told));
        }
        assert_eq!(notification::open(&mut tx, app(1), 10).await.unwrap(), expected, "{engine}: as it was stored");
        let sent: Vec<_> = due(&mut tx, 1, 5).await.into_iter().map(|due| (due.notification, due.attempts)).collect();
        assert_eq!(sent, expected.into_iter().map(|told| (told, 0)).collect::<Vec<_>>(), "{engine}");
        assert!(due(&mut tx, 1, 4).await.is_empty(), "{engine}: not yet");

        let told = Notification {
            about: About::FundsConfirmationConsent(ConsentId::from_bits(1)),
            reason: Some(Reason::Switched),
            ..a_notification(9, 2, 5)
        };
        assert!(notification::add(&mut tx, &told).await.unwrap(), "{engine}: everything, and only app 1's are app 1's");
        assert_eq!(notification::open(&mut tx, app(2), 10).await.unwrap(), [told], "{engine}");
        assert!(due(&mut tx, 2, 99).await.is_empty(), "{engine}: who fetches is sent nothing");
    }
}

#[tokio::test]
async fn a_notification_is_sent_until_it_is_taken_or_nobody_tries_any_more() {
    for engine in peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        consent::insert(&mut tx, &lodged(1)).await.unwrap();
        subscription::insert(&mut tx, &a_subscription(1, &[])).await.unwrap();
        for n in 1..=3 {
            notification::add(&mut tx, &a_notification(n, 1, 5)).await.unwrap();
        }
        assert_eq!(notification::waiting(&mut tx).await.unwrap(), 3, "{engine}");
        let first = due(&mut tx, 1, 5).await.remove(0);
        assert_eq!(notification::due(&mut tx, app(1), at(5), 2).await.unwrap().len(), 2, "{engine}");
        assert!(notification::postpone(&mut tx, &first, Some(at(20))).await.unwrap());
        assert!(!notification::postpone(&mut tx, &first, Some(at(90))).await.unwrap(), "{engine}: counted once");
        let ids = |due: Vec<Due>| due.into_iter().map(|due| due.notification.id.bits()).collect::<Vec<_>>();
        assert_eq!(ids(due(&mut tx, 1, 19).await), [2, 3], "{engine}");
        let again = due(&mut tx, 1, 20).await;
        assert_eq!(again.last().map(|due| (due.notification.id.bits(), due.attempts)), Some((1, 1)), "{engine}");
        assert!(notification::postpone(&mut tx, again.last().unwrap(), None).await.unwrap());
        assert_eq!(ids(due(&mut tx, 1, 9999).await), [2, 3], "{engine}: nobody tries any more");
        assert_eq!(notification::waiting(&mut tx).await.unwrap(), 2, "{engine}");
        assert_eq!(open(&mut tx, 1).await, [1, 2, 3], "{engine}: but it can be fetched");

        let second = NotificationId::from_bits(2);
        assert!(notification::settle(&mut tx, second, at(21)).await.unwrap());
        assert!(!notification::settle(&mut tx, second, at(22)).await.unwrap(), "{engine}: once");
        assert_eq!((open(&mut tx, 1).await, ids(due(&mut tx, 1, 99).await)), (vec![1, 3], vec![3]), "{engine}");
    }
}

#[tokio::test]
async fn an_app_says_what_it_has_and_what_it_cannot_take_of_its_own_alone() {
    for engine in peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        consent::insert(&mut tx, &lodged(1)).await.unwrap();
        for n in 1..=2 {
            subscription::insert(&mut tx, &a_subscription(n, &[])).await.unwrap();
        }
        for (n, app) in [(1, 1), (2, 1), (3, 1), (4, 2)] {
            notification::add(&mut tx, &a_notification(n, app, 5)).await.unwrap();
        }
        let ids = [1, 4, 77].map(NotificationId::from_bits);
        assert_eq!(notification::acknowledge(&mut tx, app(1), &ids, at(6)).await.unwrap(), 1, "{engine}");
        assert_eq!(notification::acknowledge(&mut tx, app(1), &ids, at(7)).await.unwrap(), 0, "{engine}: once");
        let refusals = [2, 4, 1].map(|n| (NotificationId::from_bits(n), text("jwtAud")));
        assert_eq!(notification::refuse(&mut tx, app(1), &refusals, at(6)).await.unwrap(), 1, "{engine}");
        assert_eq!((open(&mut tx, 1).await, open(&mut tx, 2).await), (vec![3], vec![4]), "{engine}");
        assert_eq!(due(&mut tx, 1, 99).await.len(), 1, "{engine}: what the app has is not sent to it");
        assert_eq!(notification::acknowledge(&mut tx, app(1), &[], at(7)).await.unwrap(), 0);
        assert_eq!(notification::refuse(&mut tx, app(1), &[], at(7)).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn what_is_old_is_deleted_in_small_steps() {
    for engine in peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        consent::insert(&mut tx, &lodged(1)).await.unwrap();
        subscription::insert(&mut tx, &a_subscription(1, &[])).await.unwrap();
        for (n, seconds) in [(1, 1), (2, 2), (3, 3), (4, 4)] {
            notification::add(&mut tx, &a_notification(n, 1, seconds)).await.unwrap();
        }
        notification::settle(&mut tx, NotificationId::from_bits(2), at(9)).await.unwrap();
        assert_eq!(notification::purge(&mut tx, at(1), 10).await.unwrap(), 0, "{engine}");
        assert_eq!(notification::purge(&mut tx, at(4), 2).await.unwrap(), 2, "{engine}: the oldest first");
        assert_eq!(open(&mut tx, 1).await, [3, 4], "{engine}");
        assert_eq!(notification::purge(&mut tx, at(4), 2).await.unwrap(), 1, "{engine}");
        assert_eq!(open(&mut tx, 1).await, [4], "{engine}");
    }
}

/// Customer 1 gave consents of every kind for accounts 1 and 2, to app 1; customer 2 one for account 2, to app 2.
async fn consents(tx: &mut Tx) {
    let mut add = async |n: u128, to: u128, kind: Kind, state: State| {
        let lodged = lombard_domain::consent::Consent::lodge(ConsentId::from_bits(n), app(to), kind, terms(), at(0));
        let made = lombard_domain::consent::Consent::restore(lodged, state, at(1));
        consent::insert(tx, &made).await.unwrap();
    };
    let given = |by, accounts: &[u128]| State::Authorised(yes(by, accounts));
    add(1, 1, Kind::AccountAccess, given(1, &[1, 2])).await;
    add(2, 1, Kind::AccountAccess, given(1, &[1])).await;
    add(3, 1, Kind::FundsConfirmation, given(1, &[2])).await;
    add(4, 1, Kind::Request, given(1, &[1, 2])).await;
    add(5, 2, Kind::AccountAccess, given(2, &[2])).await;
    add(6, 1, Kind::AccountAccess, State::Revoked(yes(1, &[2]), lombard_domain::consent::Revoker::Customer)).await;
    // Customer 2 does not hold account 1 (any more).
    add(7, 1, Kind::AccountAccess, given(2, &[1, 2])).await;
    add(8, 3, Kind::AccountAccess, given(1, &[2])).await;
}

#[tokio::test]
async fn every_standing_consent_for_an_account_is_told_of() {
    for engine in peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        client::insert(&mut tx, &an_app(3)).await.unwrap();
        consents(&mut tx).await;
        subscription::insert(&mut tx, &a_subscription(1, &[Topic::LinkedAccountUpdate])).await.unwrap();
        subscription::insert(&mut tx, &Subscription { callback: None, ..a_subscription(2, &[]) }).await.unwrap();
        subscription::insert(&mut tx, &a_subscription(3, &[Topic::ResourceUpdate])).await.unwrap();
        let news = |id: u128, of: u128, kind: Kind, seconds: i64| AccountNews {
            id: NotificationId::from_bits(id << 20),
            account: account(of),
            kind,
            topic: Topic::LinkedAccountUpdate,
            reason: Some(Reason::AccountClosure),
            at: at(seconds),
            transaction: text("a transaction"),
        };
        let statements = engine.db.statements();
        let told = notification::add_for_account(&mut tx, &news(1, 2, Kind::AccountAccess, 5)).await.unwrap();
        assert_eq!((told, engine.db.statements() - statements), (3, 1), "{engine}");
        let of = |app: u128| ClientId::from_bits(app);
        let all = notification::open(&mut tx, of(1), 10).await.unwrap();
        let consents: Vec<_> = all.iter().map(|one| one.about.consent_id().bits()).collect();
        assert_eq!(consents, [1, 7], "{engine}: standing, of this kind, its holder's, and its app asked for it");
        let expected = Notification {
            id: NotificationId::from_bits((1 << 20) + 1),
            client: of(1),
            topic: Topic::LinkedAccountUpdate,
            about: About::AccountAccessConsent(ConsentId::from_bits(1)),
            reason: Some(Reason::AccountClosure),
            at: at(5),
            transaction: text("a transaction"),
        };
        assert_eq!(all[0], expected, "{engine}");
        assert_eq!(due(&mut tx, 1, 5).await.len(), 2, "{engine}");
        assert_eq!((open(&mut tx, 2).await.len(), due(&mut tx, 2, 99).await.len()), (1, 0), "{engine}: it fetches");
        assert!(open(&mut tx, 3).await.is_empty(), "{engine}: it asked for something else");

        let told = notification::add_for_account(&mut tx, &news(2, 1, Kind::AccountAccess, 5)).await.unwrap();
        assert_eq!(told, 2, "{engine}: 1 and 2, but not 7, whose customer does not hold it");
        let told = notification::add_for_account(&mut tx, &news(3, 2, Kind::FundsConfirmation, 5)).await.unwrap();
        assert_eq!(told, 1, "{engine}");
        let told = notification::add_for_account(&mut tx, &news(4, 2, Kind::AccountAccess, 9000)).await.unwrap();
        assert_eq!(told, 0, "{engine}: their time is over");
    }
}

#[tokio::test]
async fn an_account_is_closed_once() {
    for engine in peopled().await {
        let source = text("account-1");
        let mut tx = engine.db.begin("test").await.unwrap();
        assert_eq!(account::close(&mut tx, &text("account-9"), Reason::AccountClosure, at(5)).await.unwrap(), None);
        let closed = account::close(&mut tx, &source, Reason::Switched, at(5)).await.unwrap();
        assert_eq!(closed, Some(account::Closed::Now(account(1))), "{engine}");
        let again = account::close(&mut tx, &source, Reason::AccountClosure, at(6)).await.unwrap();
        assert_eq!(again, Some(account::Closed::Before(account(1))), "{engine}");
        let found = account::find(&mut tx, account(1)).await.unwrap().unwrap();
        assert_eq!(found.status, lombard_domain::account::AccountStatus::Deleted, "{engine}");
        drop(tx);
        let found = account::find(&mut engine.db.read().await.unwrap(), account(1)).await.unwrap().unwrap();
        assert_eq!(found.status, lombard_domain::account::AccountStatus::Enabled, "{engine}: rolled back");
        one_wins(&engine, |db| async move {
            let mut tx = db.begin("test").await?;
            let closed = account::close(&mut tx, &text("account-1"), Reason::AccountClosure, at(5)).await?;
            tx.commit().await?;
            Ok(matches!(closed, Some(account::Closed::Now(_))))
        })
        .await;
    }
}

#[tokio::test]
async fn a_closed_account_is_in_no_consent() {
    for engine in peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        consented(&mut tx, 1).await;
        token::insert_access(&mut tx, &an_access_token(1, Some(1))).await.unwrap();
        let id = TokenId::from_bits(1);
        let standing = token::standing(&mut tx, id, Some(account(1))).await.unwrap().unwrap();
        assert_eq!(standing.consent.unwrap().account, Some(account(1)), "{engine}");
        let by = customer(1);
        assert_eq!(account::of_consent(&mut tx, ConsentId::from_bits(1), by).await.unwrap().len(), 1);
        assert_eq!(account::balances_of_consent(&mut tx, ConsentId::from_bits(1), by).await.unwrap().len(), 1);
        account::close(&mut tx, &text("account-1"), Reason::AccountClosure, at(5)).await.unwrap();
        let standing = token::standing(&mut tx, id, Some(account(1))).await.unwrap().unwrap();
        assert_eq!(standing.consent.unwrap().account, None, "{engine}: the consent stands, without the account");
        assert!(account::of_consent(&mut tx, ConsentId::from_bits(1), by).await.unwrap().is_empty(), "{engine}");
        assert!(
            account::balances_of_consent(&mut tx, ConsentId::from_bits(1), by).await.unwrap().is_empty(),
            "{engine}"
        );
    }
}

#[tokio::test]
async fn what_is_asked_often_walks_an_index_however_much_there_is() {
    let [file, server] = &engines::fresh().await[..] else { unreachable!() };
    let (file, server) = (sqlite(file), postgres(server).await);
    server.batch_execute(FILL).await.unwrap();
    for (name, values, indices) in [
        ("notification::due", &["'cli_3'", "5", "16"][..], &["notification_due"][..]),
        ("notification::open", &["'cli_3'", "16"], &["notification_open"]),
        ("notification::purge", &["5", "1000"], &["notification_by_time"]),
        ("subscription::waiting", &["5", "16"], &["notification_due"]),
    ] {
        let places = values.iter().enumerate().rev();
        let bare = places.fold(statement(name), |sql, (place, value)| sql.replace(&format!("${}", place + 1), value));
        let plan = plan(&file, name);
        let rows = server.query(&format!("EXPLAIN {bare}"), &[]).await.unwrap();
        let other = rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n");
        for index in indices {
            assert!(plan.contains(index), "{name}: {plan}");
            assert!(other.contains(index), "{name}: {other}");
        }
        assert!(!other.contains("Seq Scan on notification"), "{name}: {other}");
    }
}

/// A hundred thousand notifications of five apps, of which some are still to be sent: enough for PostgreSQL's planner to care.
const FILL: &str = "
    INSERT INTO client (id, metadata, status, sector, secret_digest, registration_digest, created_at)
        SELECT 'cli_' || n, '{}', 'active', '', '', '', 0 FROM generate_series(1, 5) AS n;
    INSERT INTO consent (id, client_id, kind, status, permissions, created_at, changed_at)
        VALUES ('con_1', 'cli_1', 'account-access', 'authorised', '', 0, 0);
    INSERT INTO subscription (id, client_id, callback, version, topics, created_at)
        SELECT 'sub_' || n, 'cli_' || n, 'https://app.example/', '4.0', '', 0 FROM generate_series(1, 5) AS n;
    INSERT INTO notification (id, client_id, topic, about, consent_id, at, txn, next_attempt_at, settled_at)
        SELECT 'evt_' || n, 'cli_' || (n % 5 + 1), 'x', 'account-access', 'con_1', n, 'x',
            CASE WHEN n % 10 = 0 THEN n END, CASE WHEN n % 10 > 0 THEN n END
        FROM generate_series(1, 100000) AS n;
    ANALYZE;
";
