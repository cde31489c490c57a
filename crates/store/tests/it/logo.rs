//! Logos: each is fetched by one node, kept until the app has another one, and found by its digest.

use lombard_store::logo::{self, Due, Picture};

use crate::world;
use crate::world::{app, at};

fn picture(name: &str) -> Picture {
    Picture { digest: name.repeat(64), png: name.repeat(9).into_bytes() }
}

#[tokio::test]
async fn is_due_from_its_moment_on_the_longest_wait_first() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        assert!(logo::due(&mut tx, at(99), 10).await.unwrap().is_empty(), "{engine}");
        logo::replace(&mut tx, app(1), Some(at(20))).await.unwrap();
        logo::replace(&mut tx, app(2), Some(at(10))).await.unwrap();
        assert!(logo::due(&mut tx, at(9), 10).await.unwrap().is_empty(), "{engine}");
        let [one, two] = [(1, 20), (2, 10)].map(|(n, moment)| Due { client: app(n), at: at(moment), attempts: 0 });
        assert_eq!(logo::due(&mut tx, at(10), 10).await.unwrap(), [two], "{engine}");
        assert_eq!(logo::due(&mut tx, at(20), 10).await.unwrap(), [two, one], "{engine}");
        assert_eq!(logo::due(&mut tx, at(20), 1).await.unwrap(), [two], "{engine}");
        logo::replace(&mut tx, app(2), None).await.unwrap();
        assert_eq!(logo::due(&mut tx, at(20), 10).await.unwrap(), [one], "{engine}: not wanted any more");
    }
}

#[tokio::test]
async fn is_claimed_once_and_due_again_if_nothing_was_stored() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        logo::replace(&mut tx, app(1), Some(at(1))).await.unwrap();
        let due = Due { client: app(1), at: at(1), attempts: 0 };
        assert!(logo::claim(&mut tx, due, Some(at(50))).await.unwrap());
        assert!(!logo::claim(&mut tx, due, Some(at(50))).await.unwrap(), "{engine}: taken");
        assert!(logo::due(&mut tx, at(49), 10).await.unwrap().is_empty(), "{engine}");
        let again = Due { at: at(50), attempts: 1, ..due };
        assert_eq!(logo::due(&mut tx, at(50), 10).await.unwrap(), [again], "{engine}");
        assert!(logo::claim(&mut tx, again, None).await.unwrap());
        assert!(logo::due(&mut tx, at(9999), 10).await.unwrap().is_empty(), "{engine}: the last attempt");
    }
}

#[tokio::test]
async fn is_found_by_its_digest_until_another_takes_its_place() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let [a, b] = ["a", "b"].map(picture);
        for n in [1, 2] {
            logo::replace(&mut tx, app(n), Some(at(1))).await.unwrap();
            logo::insert(&mut tx, app(n), &a, at(5)).await.unwrap();
        }
        assert!(logo::due(&mut tx, at(99), 10).await.unwrap().is_empty(), "{engine}: it is there");
        assert_eq!(logo::find(&mut tx, &a.digest).await.unwrap().as_ref(), Some(&a.png), "{engine}");
        assert_eq!(logo::digest(&mut tx, app(1)).await.unwrap().as_ref(), Some(&a.digest));
        logo::insert(&mut tx, app(1), &b, at(6)).await.unwrap();
        assert_eq!(logo::digest(&mut tx, app(1)).await.unwrap(), Some(b.digest));
        assert!(logo::find(&mut tx, &a.digest).await.unwrap().is_some(), "{engine}: the other app still has it");
        logo::replace(&mut tx, app(2), None).await.unwrap();
        assert_eq!(logo::find(&mut tx, &a.digest).await.unwrap(), None, "{engine}");
        assert_eq!(logo::digest(&mut tx, app(2)).await.unwrap(), None, "{engine}");
    }
}
