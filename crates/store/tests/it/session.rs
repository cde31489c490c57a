//! Sessions and runs of failed sign-ins.

use lombard_store::Error;
use lombard_store::session::{self, Failures, Session};

use crate::engines;
use crate::world::{self, at, customer};

fn signed_in(n: u128) -> Session {
    Session { customer: customer(n), signed_in_at: at(1), seen_at: at(2) }
}

#[tokio::test]
async fn is_read_as_it_was_stored() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for n in 1..=2 {
            session::insert(&mut tx, &[0, 255, 7 * u8::try_from(n).unwrap()], &signed_in(n)).await.unwrap();
        }
        let found = session::find(&mut tx, &[0, 255, 14]).await.unwrap().unwrap();
        assert_eq!((found.customer, found.signed_in_at, found.seen_at), (customer(2), at(1), at(2)), "{engine}");
        assert!(session::find(&mut tx, &[0, 255]).await.unwrap().is_none(), "{engine}");
        let again = session::insert(&mut tx, &[0, 255, 7], &signed_in(2)).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{engine}");
    }
}

#[tokio::test]
async fn is_seen_later_and_never_earlier() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for digest in [&b"one"[..], b"two"] {
            session::insert(&mut tx, digest, &signed_in(1)).await.unwrap();
        }
        for (now, seen) in [(9, 9), (5, 9), (10, 10)] {
            session::touch(&mut tx, b"one", at(now)).await.unwrap();
            assert_eq!(session::find(&mut tx, b"one").await.unwrap().unwrap().seen_at, at(seen), "{engine}");
        }
        assert_eq!(session::find(&mut tx, b"two").await.unwrap().unwrap().seen_at, at(2), "{engine}");
        session::touch(&mut tx, b"nothing", at(9)).await.unwrap();
        assert!(session::find(&mut tx, b"nothing").await.unwrap().is_none(), "{engine}");
    }
}

#[tokio::test]
async fn ends_once_and_alone() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for digest in [&b"one"[..], b"two"] {
            session::insert(&mut tx, digest, &signed_in(1)).await.unwrap();
        }
        assert!(session::delete(&mut tx, b"one").await.unwrap());
        assert!(!session::delete(&mut tx, b"one").await.unwrap(), "{engine}: ended already");
        assert!(session::find(&mut tx, b"one").await.unwrap().is_none(), "{engine}");
        assert!(session::find(&mut tx, b"two").await.unwrap().is_some(), "{engine}");
    }
}

#[tokio::test]
async fn a_run_of_failures_is_kept_for_each_subject() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        assert_eq!(session::failures(&mut tx, b"ann").await.unwrap(), Failures::default(), "{engine}");
        let run = Failures { failures: 4, locks: 2, locked_until: i64::MAX };
        session::set_failures(&mut tx, b"ann", run, at(1)).await.unwrap();
        assert_eq!(session::failures(&mut tx, b"ann").await.unwrap(), run, "{engine}");
        assert_eq!(session::failures(&mut tx, b"bob").await.unwrap(), Failures::default(), "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_failure_is_lost_however_many_come_at_once() {
    for engine in engines::fresh().await {
        let seen = world::race(&engine.db, |db| async move {
            let mut tx = db.begin("race").await?;
            let run = session::failures(&mut tx, b"ann").await?;
            tokio::task::yield_now().await;
            session::set_failures(&mut tx, b"ann", Failures { failures: run.failures + 1, ..run }, at(1)).await?;
            tx.commit().await.map(|()| run.failures)
        });
        let mut seen = seen.await;
        seen.sort_unstable();
        assert_eq!(seen, (0..16).collect::<Vec<_>>(), "{engine}: each saw another number");
    }
}

#[tokio::test]
async fn forgets_who_is_gone_and_old_failures_in_small_steps() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for (digest, seen) in [(b"a", 5), (b"b", 6), (b"c", 7)] {
            session::insert(&mut tx, digest, &Session { seen_at: at(seen), ..signed_in(1) }).await.unwrap();
            session::failures(&mut tx, digest).await.unwrap();
            session::set_failures(&mut tx, digest, Failures { failures: 3, ..Failures::default() }, at(seen))
                .await
                .unwrap();
        }
        for (until, limit, gone) in [(4, 10, 0), (6, 1, 1), (6, 10, 1), (6, 10, 0)] {
            assert_eq!(session::forget(&mut tx, at(until), limit).await.unwrap(), gone, "{engine}: {until}");
            assert_eq!(session::forget_failures(&mut tx, at(until), limit).await.unwrap(), gone, "{engine}: {until}");
        }
        assert!(session::find(&mut tx, b"a").await.unwrap().is_none(), "{engine}");
        assert!(session::find(&mut tx, b"c").await.unwrap().is_some(), "{engine}");
        assert_eq!(session::failures(&mut tx, b"a").await.unwrap().failures, 0, "{engine}");
        assert_eq!(session::failures(&mut tx, b"c").await.unwrap().failures, 3, "{engine}");
    }
}

#[tokio::test]
async fn all_end_at_once() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for digest in [&b"one"[..], b"two"] {
            session::insert(&mut tx, digest, &signed_in(1)).await.unwrap();
        }
        assert_eq!(session::delete_all(&mut tx).await.unwrap(), 2, "{engine}");
        assert!(session::find(&mut tx, b"two").await.unwrap().is_none(), "{engine}");
    }
}
