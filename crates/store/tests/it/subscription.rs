//! What apps want to be told, and who sends it to them.

use lombard_domain::id::{ClientId, ConsentId, NotificationId, SubscriptionId};
use lombard_domain::notification::{About, Notification, Subscription, Topic};
use lombard_domain::oauth::ClientStatus;
use lombard_store::subscription::{self, Rest};
use lombard_store::{Tx, client, consent, notification};

use crate::engines;
use crate::world::{an_app, app, at, lodged, one_wins, peopled, text};

pub(crate) fn a_subscription(n: u128, topics: &[Topic]) -> Subscription {
    Subscription {
        id: SubscriptionId::from_bits(n),
        client: app(n),
        callback: Some(
            format!("https://app{n}.example/open-banking/v4.0/event-notifications").try_into().expect("an address"),
        ),
        version: text("4.0"),
        topics: topics.to_vec(),
        created_at: at(7),
    }
}

/// A notification for an app of the consent with its own number.
pub(crate) fn a_notification(n: u128, app: u128, seconds: i64) -> Notification {
    Notification {
        id: NotificationId::from_bits(n),
        client: ClientId::from_bits(app),
        topic: Topic::ResourceUpdate,
        about: About::AccountAccessConsent(ConsentId::from_bits(1)),
        reason: None,
        at: at(seconds),
        transaction: text("93bac548-d2de-4546-b106-880a5018460d"),
    }
}

/// Notifies an app; the consent is always the same.
async fn notify(tx: &mut Tx, n: u128, app: u128, seconds: i64) {
    assert!(notification::add(tx, &a_notification(n, app, seconds)).await.unwrap());
}

async fn waiting(tx: &mut Tx, seconds: i64) -> Vec<u128> {
    let found = subscription::waiting(tx, at(seconds), 10).await.unwrap();
    found.into_iter().map(|one| one.subscription.id.bits()).collect()
}

#[tokio::test]
async fn an_app_has_one_subscription_and_changes_none_but_its_own() {
    for engine in peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let first = a_subscription(1, &[Topic::ResourceUpdate, Topic::LinkedAccountUpdate]);
        assert_eq!(subscription::of_client(&mut tx, app(1)).await.unwrap(), None);
        assert!(subscription::insert(&mut tx, &first).await.unwrap());
        let second = Subscription { id: SubscriptionId::from_bits(9), ..first.clone() };
        assert!(!subscription::insert(&mut tx, &second).await.unwrap(), "{engine}: one for each app");
        assert_eq!(subscription::of_client(&mut tx, app(1)).await.unwrap(), Some(first.clone()), "{engine}");

        let changed = Subscription { callback: None, version: text("4.1"), topics: vec![], ..first.clone() };
        let foreign = Subscription { client: app(2), ..changed.clone() };
        assert!(!subscription::update(&mut tx, &foreign).await.unwrap(), "{engine}: another app's");
        assert_eq!(subscription::of_client(&mut tx, app(1)).await.unwrap(), Some(first.clone()), "{engine}");
        assert!(subscription::update(&mut tx, &changed).await.unwrap());
        assert_eq!(subscription::of_client(&mut tx, app(1)).await.unwrap(), Some(changed), "{engine}");

        assert!(!subscription::delete(&mut tx, first.id, app(2)).await.unwrap(), "{engine}: another app's");
        assert!(subscription::delete(&mut tx, first.id, app(1)).await.unwrap());
        assert!(!subscription::delete(&mut tx, first.id, app(1)).await.unwrap(), "{engine}: gone");
        assert_eq!(subscription::of_client(&mut tx, app(1)).await.unwrap(), None, "{engine}");
    }
}

#[tokio::test]
async fn who_waits_is_served_in_turn_by_one_sender_at_a_time() {
    for engine in peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        client::insert(&mut tx, &an_app(3)).await.unwrap();
        consent::insert(&mut tx, &lodged(1)).await.unwrap();
        for n in 1..=3 {
            subscription::insert(&mut tx, &a_subscription(n, &[])).await.unwrap();
        }
        assert!(waiting(&mut tx, 99).await.is_empty(), "{engine}: nothing to tell");
        for (n, app) in [(1, 1), (2, 1), (3, 2), (4, 3)] {
            notify(&mut tx, n, app, 10).await;
        }
        assert!(waiting(&mut tx, 9).await.is_empty(), "{engine}: not yet");
        assert_eq!(waiting(&mut tx, 10).await, [1, 2, 3], "{engine}: each app once");
        assert_eq!(subscription::waiting(&mut tx, at(10), 2).await.unwrap().len(), 2, "{engine}");

        let [one, two] = [1, 2].map(SubscriptionId::from_bits);
        assert!(subscription::lease(&mut tx, one, at(10), at(70)).await.unwrap());
        assert!(!subscription::lease(&mut tx, one, at(69), at(130)).await.unwrap(), "{engine}: somebody has it");
        assert_eq!(waiting(&mut tx, 69).await, [2, 3], "{engine}");
        assert_eq!(waiting(&mut tx, 70).await, [2, 3, 1], "{engine}: lost by who crashed, behind those not served");
        assert!(subscription::lease(&mut tx, one, at(70), at(130)).await.unwrap());
        let done = Rest { failures: 0, until: None };
        assert!(
            !subscription::release(&mut tx, one, at(70), at(71), done).await.unwrap(),
            "{engine}: no more its lease"
        );
        assert!(subscription::release(&mut tx, one, at(130), at(71), done).await.unwrap());
        assert_eq!(waiting(&mut tx, 71).await, [2, 3, 1], "{engine}");

        assert!(subscription::lease(&mut tx, two, at(71), at(131)).await.unwrap());
        let tired = Rest { failures: 4, until: Some(at(200)) };
        assert!(subscription::release(&mut tx, two, at(131), at(72), tired).await.unwrap());
        assert_eq!(waiting(&mut tx, 199).await, [3, 1], "{engine}: it rests");
        assert!(!subscription::lease(&mut tx, two, at(199), at(260)).await.unwrap(), "{engine}: it rests");
        let rested = subscription::waiting(&mut tx, at(200), 10).await.unwrap();
        let rested = rested.iter().find(|one| one.subscription.id == two).unwrap();
        assert_eq!((rested.failures, &rested.subscription), (4, &a_subscription(2, &[])), "{engine}");
        subscription::update(&mut tx, &a_subscription(2, &[])).await.unwrap();
        let renewed = subscription::waiting(&mut tx, at(72), 10).await.unwrap();
        let renewed = renewed.iter().find(|one| one.subscription.id == two).unwrap();
        assert_eq!(renewed.failures, 0, "{engine}: who says anew where it is, is tried anew");
    }
}

#[tokio::test]
async fn nothing_is_sent_to_who_fetches_is_suspended_or_gone() {
    for engine in peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        consent::insert(&mut tx, &lodged(1)).await.unwrap();
        for n in 1..=2 {
            subscription::insert(&mut tx, &a_subscription(n, &[])).await.unwrap();
            notify(&mut tx, n, n, 1).await;
        }
        client::set_status(&mut tx, app(1), ClientStatus::Suspended).await.unwrap();
        assert_eq!(waiting(&mut tx, 1).await, [2], "{engine}: suspended");
        let fetching = Subscription { callback: None, ..a_subscription(2, &[]) };
        subscription::update(&mut tx, &fetching).await.unwrap();
        assert!(waiting(&mut tx, 1).await.is_empty(), "{engine}: it fetches now");
        assert!(!subscription::lease(&mut tx, fetching.id, at(1), at(2)).await.unwrap(), "{engine}");
        client::set_status(&mut tx, app(1), ClientStatus::Active).await.unwrap();
        assert_eq!(waiting(&mut tx, 1).await, [1], "{engine}");
        assert!(subscription::delete(&mut tx, SubscriptionId::from_bits(1), app(1)).await.unwrap());
        assert!(waiting(&mut tx, 1).await.is_empty(), "{engine}");
    }
}

#[tokio::test]
async fn of_many_senders_one_gets_the_lease() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        client::insert(&mut tx, &an_app(1)).await.unwrap();
        subscription::insert(&mut tx, &a_subscription(1, &[])).await.unwrap();
        tx.commit().await.unwrap();
        one_wins(&engine, |db| async move {
            let mut tx = db.begin("test").await?;
            let won = subscription::lease(&mut tx, SubscriptionId::from_bits(1), at(5), at(65)).await?;
            tx.commit().await?;
            Ok(won)
        })
        .await;
    }
}
