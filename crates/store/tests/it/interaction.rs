//! Pushed requests, and customers on the way: each step is taken once, in order.

use lombard_domain::consent::{Consent, Kind, Rejection, Terms};
use lombard_domain::id::ConsentId;
use lombard_store::interaction::{self, Interaction};
use lombard_store::{Error, consent};

use crate::engines::Engine;
use crate::raw;
use crate::world::{self, a_request, app, at, customer};

fn begun() -> Interaction {
    Interaction {
        browser_digest: b"browser".to_vec(),
        request: Some(a_request(1)),
        pushed_digest: Some(b"pushed".to_vec()),
        customer: None,
        signed_in_at: None,
        stepped_up: false,
        expires_at: at(600),
    }
}

/// Both engines with the pushed request `pushed` of app 1 and the interactions `way` and `other`.
async fn on_the_way() -> Vec<Engine> {
    let engines = world::peopled().await;
    for engine in &engines {
        let mut tx = engine.db.begin("interactions").await.unwrap();
        interaction::push(&mut tx, b"pushed", &a_request(1), at(90)).await.unwrap();
        for digest in [&b"way"[..], b"other"] {
            interaction::insert(&mut tx, digest, &begun()).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
    engines
}

#[tokio::test]
async fn a_pushed_request_is_read_as_it_was_stored() {
    for engine in on_the_way().await {
        let mut read = engine.db.read().await.unwrap();
        let found = interaction::find_pushed(&mut read, b"pushed", app(1)).await.unwrap().unwrap();
        assert_eq!(found.request, a_request(1), "{engine}");
        assert_eq!((found.expires_at, found.used), (at(90), false), "{engine}");
    }
}

#[tokio::test]
async fn a_pushed_request_is_found_only_by_its_client() {
    for engine in on_the_way().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        assert!(interaction::find_pushed(&mut tx, b"pushed", app(2)).await.unwrap().is_none(), "{engine}");
        assert!(interaction::find_pushed(&mut tx, b"PUSHED", app(1)).await.unwrap().is_none(), "{engine}");
        let again = interaction::push(&mut tx, b"pushed", &a_request(2), at(90)).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{engine}: not even another client takes it over");
    }
}

#[tokio::test]
async fn a_pushed_request_is_used_once() {
    for engine in on_the_way().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        assert!(interaction::use_pushed(&mut tx, b"pushed", at(9)).await.unwrap());
        assert!(!interaction::use_pushed(&mut tx, b"pushed", at(9)).await.unwrap(), "{engine}: used already");
        assert!(!interaction::use_pushed(&mut tx, b"nothing", at(9)).await.unwrap(), "{engine}: there is none");
        assert!(interaction::find_pushed(&mut tx, b"pushed", app(1)).await.unwrap().unwrap().used, "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_one_of_many_uses_a_pushed_request() {
    for engine in on_the_way().await {
        world::one_wins(&engine, |db| async move {
            let mut tx = db.begin("race").await?;
            let won = interaction::use_pushed(&mut tx, b"pushed", at(9)).await?;
            tx.commit().await.map(|()| won)
        })
        .await;
    }
}

#[tokio::test]
async fn is_read_as_it_was_stored() {
    for engine in on_the_way().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let own_pages = Interaction { request: None, pushed_digest: None, ..begun() };
        interaction::insert(&mut tx, b"own", &own_pages).await.unwrap();
        for (digest, expected) in [(&b"way"[..], begun()), (b"own", own_pages)] {
            let found = interaction::find(&mut tx, digest).await.unwrap().unwrap();
            assert_eq!(found.browser_digest, expected.browser_digest, "{engine}");
            assert_eq!(found.request, expected.request, "{engine}");
            assert_eq!(found.pushed_digest, expected.pushed_digest, "{engine}");
            assert_eq!((found.customer, found.signed_in_at, found.expires_at), (None, None, at(600)), "{engine}");
        }
        assert!(interaction::find(&mut tx, b"nothing").await.unwrap().is_none());
        let again = interaction::insert(&mut tx, b"way", &begun()).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{engine}");
    }
}

#[tokio::test]
async fn begins_with_nobody_signed_in_whatever_is_said() {
    for engine in on_the_way().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let said = Interaction { customer: Some(customer(1)), signed_in_at: Some(at(1)), ..begun() };
        interaction::insert(&mut tx, b"said", &said).await.unwrap();
        let found = interaction::find(&mut tx, b"said").await.unwrap().unwrap();
        assert_eq!((found.customer, found.signed_in_at), (None, None), "{engine}");
    }
}

#[tokio::test]
async fn a_customer_signs_in_with_password_and_then_second_factor() {
    for engine in on_the_way().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let (ann, bob) = (customer(1), customer(2));
        let second = async |tx: &mut _, who| interaction::set_signed_in(tx, b"way", who, b"new", at(7)).await.unwrap();
        assert!(!second(&mut tx, ann).await, "{engine}: no password yet");
        assert!(interaction::set_customer(&mut tx, b"way", bob).await.unwrap());
        assert!(
            interaction::set_customer(&mut tx, b"way", ann).await.unwrap(),
            "{engine}: another may try before that"
        );
        assert!(!second(&mut tx, bob).await, "{engine}: not the one whose password was right last");
        assert!(second(&mut tx, ann).await, "{engine}");
        assert!(!second(&mut tx, ann).await, "{engine}: signed in already");
        assert!(!interaction::set_customer(&mut tx, b"way", bob).await.unwrap(), "{engine}: signed in already");
        let found = interaction::find(&mut tx, b"way").await.unwrap().unwrap();
        assert_eq!((found.customer, found.signed_in_at), (Some(ann), Some(at(7))), "{engine}");
        assert_eq!(found.browser_digest, b"new", "{engine}: the cookie from before the sign-in is worthless");
        let other = interaction::find(&mut tx, b"other").await.unwrap().unwrap();
        assert_eq!((other.customer, other.signed_in_at), (None, None), "{engine}");
        assert_eq!(other.browser_digest, b"browser", "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_one_of_many_signs_in() {
    for engine in on_the_way().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        interaction::set_customer(&mut tx, b"way", customer(1)).await.unwrap();
        tx.commit().await.unwrap();
        world::one_wins(&engine, |db| async move {
            let mut tx = db.begin("race").await?;
            let won = interaction::set_signed_in(&mut tx, b"way", customer(1), b"new", at(7)).await?;
            tx.commit().await.map(|()| won)
        })
        .await;
    }
}

#[tokio::test]
async fn ends_once_and_is_then_not_there() {
    for engine in on_the_way().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        interaction::set_customer(&mut tx, b"way", customer(1)).await.unwrap();
        assert!(interaction::end(&mut tx, b"way", at(9)).await.unwrap());
        assert!(!interaction::end(&mut tx, b"way", at(9)).await.unwrap(), "{engine}: ended already");
        assert!(!interaction::end(&mut tx, b"nothing", at(9)).await.unwrap(), "{engine}: there is none");
        assert!(interaction::find(&mut tx, b"way").await.unwrap().is_none(), "{engine}");
        assert!(!interaction::set_customer(&mut tx, b"way", customer(2)).await.unwrap(), "{engine}");
        let late = interaction::set_signed_in(&mut tx, b"way", customer(1), b"new", at(9)).await.unwrap();
        assert!(!late, "{engine}");
        assert!(interaction::find(&mut tx, b"other").await.unwrap().is_some(), "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_one_of_many_ends_it() {
    for engine in on_the_way().await {
        world::one_wins(&engine, |db| async move {
            let mut tx = db.begin("race").await?;
            let won = interaction::end(&mut tx, b"way", at(9)).await?;
            tx.commit().await.map(|()| won)
        })
        .await;
    }
}

#[tokio::test]
async fn a_broken_row_is_corrupt() {
    for engine in on_the_way().await {
        raw::execute(&engine.url, "UPDATE pushed_request SET sealed = digest").await;
        raw::execute(&engine.url, "UPDATE interaction SET sealed = digest").await;
        let mut read = engine.db.read().await.unwrap();
        let pushed = interaction::find_pushed(&mut read, b"pushed", app(1)).await.err();
        assert!(matches!(pushed, Some(Error::Corrupt(_))), "{engine}");
        let way = interaction::find(&mut read, b"way").await.err();
        assert!(matches!(way, Some(Error::Corrupt(_))), "{engine}");
    }
}

#[tokio::test]
async fn what_is_over_is_forgotten_in_small_steps() {
    for engine in on_the_way().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        assert_eq!(interaction::forget(&mut tx, at(599), 10).await.unwrap(), 0, "{engine}");
        assert_eq!(interaction::forget(&mut tx, at(600), 1).await.unwrap(), 1, "{engine}");
        assert_eq!(interaction::forget(&mut tx, at(600), 10).await.unwrap(), 1, "{engine}");
        assert!(interaction::find(&mut tx, b"way").await.unwrap().is_none(), "{engine}");
        assert_eq!(interaction::forget_pushed(&mut tx, at(89), 10).await.unwrap(), 0, "{engine}");
        assert!(interaction::find_pushed(&mut tx, b"pushed", app(1)).await.unwrap().is_some(), "{engine}");
        assert_eq!(interaction::forget_pushed(&mut tx, at(90), 10).await.unwrap(), 1, "{engine}");
        assert!(interaction::find_pushed(&mut tx, b"pushed", app(1)).await.unwrap().is_none(), "{engine}");
    }
}

/// The consent 1, which nobody has answered, and what is abandoned at a moment.
async fn waiting(engine: &Engine, expires_at: Option<i64>) {
    let mut tx = engine.db.begin("waiting").await.unwrap();
    let terms = Terms { expires_at: expires_at.map(at), ..world::terms() };
    let lodged = Consent::lodge(ConsentId::from_bits(1), app(1), Kind::AccountAccess, terms, at(0));
    consent::insert(&mut tx, &lodged).await.unwrap();
    tx.commit().await.unwrap();
}

async fn abandoned(engine: &Engine, seconds: i64) -> Vec<ConsentId> {
    let mut read = engine.db.read().await.unwrap();
    interaction::abandoned(&mut read, at(seconds), 10).await.unwrap()
}

#[tokio::test]
async fn a_consent_is_abandoned_when_nobody_is_answering_it_any_more() {
    for engine in on_the_way().await {
        waiting(&engine, None).await;
        assert_eq!(abandoned(&engine, 599).await, [], "{engine}: two are still at it");
        assert_eq!(abandoned(&engine, 600).await, [ConsentId::from_bits(1)], "{engine}: named once, not twice");

        let mut tx = engine.db.begin("test").await.unwrap();
        let late = Interaction { expires_at: at(700), ..begun() };
        interaction::insert(&mut tx, b"late", &late).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(abandoned(&engine, 600).await, [], "{engine}: somebody came later");
        let mut tx = engine.db.begin("test").await.unwrap();
        interaction::end(&mut tx, b"late", at(601)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(abandoned(&engine, 602).await, [ConsentId::from_bits(1)], "{engine}: and ended it");

        let mut tx = engine.db.begin("test").await.unwrap();
        interaction::forget(&mut tx, at(700), 10).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(abandoned(&engine, 701).await, [], "{engine}: nobody knows any more that anybody began");
    }
}

#[tokio::test]
async fn what_was_answered_or_is_over_is_not_abandoned() {
    for engine in on_the_way().await {
        waiting(&engine, Some(650)).await;
        assert_eq!(abandoned(&engine, 649).await, [ConsentId::from_bits(1)], "{engine}");
        assert_eq!(abandoned(&engine, 650).await, [], "{engine}: its own time is over");
        let mut tx = engine.db.begin("test").await.unwrap();
        let found = consent::find(&mut tx, ConsentId::from_bits(1)).await.unwrap().unwrap();
        let seen = found.stamp();
        let rejected = found.reject(Rejection::Declined, at(3)).unwrap();
        assert!(consent::advance(&mut tx, seen, &rejected).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(abandoned(&engine, 649).await, [], "{engine}: somebody said no");
    }
}

/// What an app asks for can name a customer, and it cannot be moved to another row.
#[tokio::test]
async fn requests_are_sealed_where_they_lie() {
    for engine in on_the_way().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        interaction::push(&mut tx, b"another", &a_request(1), at(90)).await.unwrap();
        tx.commit().await.unwrap();
        raw::execute(&engine.url, "UPDATE pushed_request SET sealed = (SELECT sealed FROM interaction LIMIT 1)").await;
        let mut read = engine.db.read().await.unwrap();
        assert!(
            matches!(interaction::find_pushed(&mut read, b"pushed", app(1)).await, Err(Error::Corrupt(_))),
            "{engine}"
        );
    }
}
