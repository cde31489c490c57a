//! Accesses without the customer, and their places.

use lombard_domain::id::ConsentId;
use lombard_store::Tx;
use lombard_store::unattended_access::{self, UnattendedAccess};

use crate::world::{self, at};

/// One consent has this resource, and two others that look like it.
const RESOURCE: &str = "/accounts/1/balances";

fn access(place: i64, used: i64) -> UnattendedAccess {
    UnattendedAccess { consent: ConsentId::from_bits(1), resource: RESOURCE.to_owned(), place, used_at: at(used) }
}

async fn places(tx: &mut Tx, after: i64) -> Vec<(i64, i64)> {
    let used = unattended_access::used(tx, ConsentId::from_bits(1), RESOURCE, at(after)).await.unwrap();
    used.into_iter().map(|one| (one.place, one.used_at.since(at(0)).whole_seconds())).collect()
}

async fn consents(tx: &mut Tx) {
    world::consented(tx, 1).await;
    let second = world::a_consent(2, 1, lombard_domain::consent::State::Awaiting);
    lombard_store::consent::insert(tx, &second).await.unwrap();
}

#[tokio::test]
async fn a_place_is_taken_once_until_it_is_old() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        consents(&mut tx).await;
        assert!(unattended_access::take(&mut tx, &access(0, 100), at(0)).await.unwrap(), "{engine}: missing");
        assert!(!unattended_access::take(&mut tx, &access(0, 150), at(50)).await.unwrap(), "{engine}: taken");
        assert!(!unattended_access::take(&mut tx, &access(0, 199), at(99)).await.unwrap(), "{engine}: not yet old");
        assert!(unattended_access::take(&mut tx, &access(1, 150), at(50)).await.unwrap());
        assert_eq!(places(&mut tx, 0).await, [(0, 100), (1, 150)], "{engine}");
        assert!(unattended_access::take(&mut tx, &access(0, 200), at(100)).await.unwrap(), "{engine}: old");
        assert_eq!(places(&mut tx, 100).await, [(0, 200), (1, 150)], "{engine}");
        assert_eq!(places(&mut tx, 150).await, [(0, 200)], "{engine}: only what is not old counts");
    }
}

#[tokio::test]
async fn a_place_is_that_of_one_consent_and_one_resource() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        consents(&mut tx).await;
        assert!(unattended_access::take(&mut tx, &access(0, 100), at(0)).await.unwrap());
        let other = UnattendedAccess { consent: ConsentId::from_bits(2), ..access(0, 101) };
        assert!(unattended_access::take(&mut tx, &other, at(0)).await.unwrap(), "{engine}");
        let other = UnattendedAccess { resource: format!("{RESOURCE}/"), ..access(0, 102) };
        assert!(unattended_access::take(&mut tx, &other, at(0)).await.unwrap(), "{engine}");
        assert_eq!(places(&mut tx, 0).await, [(0, 100)], "{engine}");
    }
}

#[tokio::test]
async fn a_place_is_given_back_by_whose_access_it_is() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        consents(&mut tx).await;
        assert!(unattended_access::take(&mut tx, &access(2, 100), at(0)).await.unwrap());
        assert!(!unattended_access::give_back(&mut tx, &access(2, 99)).await.unwrap(), "{engine}: another access");
        assert!(!unattended_access::give_back(&mut tx, &access(1, 100)).await.unwrap(), "{engine}: another place");
        assert!(unattended_access::give_back(&mut tx, &access(2, 100)).await.unwrap(), "{engine}");
        assert!(!unattended_access::give_back(&mut tx, &access(2, 100)).await.unwrap(), "{engine}: once");
        assert!(unattended_access::take(&mut tx, &access(2, 101), at(1)).await.unwrap(), "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_one_gets_the_place() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        consents(&mut tx).await;
        // An old access holds the place, as it mostly does.
        assert!(unattended_access::take(&mut tx, &access(0, 1), at(0)).await.unwrap());
        tx.commit().await.unwrap();
        world::one_wins(&engine, |db| async move {
            let mut tx = db.begin("race").await?;
            let won = unattended_access::take(&mut tx, &access(0, 100), at(50)).await?;
            tx.commit().await.map(|()| won)
        })
        .await;
    }
}

#[tokio::test]
async fn forgets_the_oldest_in_small_steps() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        consents(&mut tx).await;
        for (place, used) in [(0, 10), (1, 30), (2, 20)] {
            assert!(unattended_access::take(&mut tx, &access(place, used), at(0)).await.unwrap());
        }
        assert_eq!(unattended_access::forget(&mut tx, at(9), 10).await.unwrap(), 0, "{engine}");
        assert_eq!(unattended_access::forget(&mut tx, at(29), 1).await.unwrap(), 1, "{engine}");
        assert_eq!(places(&mut tx, 0).await, [(1, 30), (2, 20)], "{engine}: the oldest went first");
        assert_eq!(unattended_access::forget(&mut tx, at(29), 10).await.unwrap(), 1, "{engine}");
        assert_eq!(places(&mut tx, 0).await, [(1, 30)], "{engine}");
    }
}
