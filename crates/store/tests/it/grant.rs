//! Grants and codes: both are used up once.

use lombard_domain::id::{ConsentId, GrantId};
use lombard_domain::oauth::{Code, Grant};
use lombard_store::{Error, grant};

use crate::world::{self, a_code, a_grant, at, consented};
use crate::{engines::Engine, raw};

fn id(n: u128) -> GrantId {
    GrantId::from_bits(n)
}

/// Both engines with the grants 1 and 2, of consents of the same numbers, and a code for grant 1.
async fn granted() -> Vec<Engine> {
    let engines = world::peopled().await;
    for engine in &engines {
        let mut tx = engine.db.begin("grants").await.unwrap();
        consented(&mut tx, 1).await;
        consented(&mut tx, 2).await;
        grant::insert_code(&mut tx, b"code", &a_code(1)).await.unwrap();
        tx.commit().await.unwrap();
    }
    engines
}

#[tokio::test]
async fn is_read_as_it_was_stored() {
    for engine in granted().await {
        let mut read = engine.db.read().await.unwrap();
        for n in 1..=2 {
            assert_eq!(grant::find_live(&mut read, id(n)).await.unwrap(), Some(a_grant(n, n)), "{engine}");
        }
        assert!(grant::find_live(&mut read, id(3)).await.unwrap().is_none());
        assert_eq!(grant::consent_of(&mut read, id(2)).await.unwrap(), Some(ConsentId::from_bits(2)), "{engine}");
        assert_eq!(grant::consent_of(&mut read, id(3)).await.unwrap(), None, "{engine}");
    }
}

#[tokio::test]
async fn an_id_is_given_once() {
    for engine in granted().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let again = grant::insert(&mut tx, &a_grant(1, 2)).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{engine}");
    }
}

#[tokio::test]
async fn is_revoked_once_and_alone() {
    for engine in granted().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        assert!(grant::revoke(&mut tx, id(1), at(9)).await.unwrap());
        assert!(!grant::revoke(&mut tx, id(1), at(10)).await.unwrap(), "{engine}: revoked already");
        assert!(!grant::revoke(&mut tx, id(3), at(10)).await.unwrap(), "{engine}: there is none");
        assert!(grant::find_live(&mut tx, id(1)).await.unwrap().is_none(), "{engine}");
        assert!(grant::find_live(&mut tx, id(2)).await.unwrap().is_some(), "{engine}");
    }
}

#[tokio::test]
async fn all_of_one_consent_are_revoked_and_none_of_another() {
    for engine in granted().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for n in [3, 4] {
            grant::insert(&mut tx, &a_grant(n, 1)).await.unwrap();
        }
        grant::revoke(&mut tx, id(3), at(8)).await.unwrap();
        let consent = ConsentId::from_bits(1);
        assert_eq!(grant::revoke_of_consent(&mut tx, consent, at(9)).await.unwrap(), 2, "{engine}: 1 and 4 were live");
        assert_eq!(grant::revoke_of_consent(&mut tx, consent, at(9)).await.unwrap(), 0, "{engine}");
        for (n, live) in [(1, false), (2, true), (3, false), (4, false)] {
            assert_eq!(grant::find_live(&mut tx, id(n)).await.unwrap().is_some(), live, "{n} on {engine}");
        }
    }
}

/// A new answer takes the place of those before it, and of nothing else.
#[tokio::test]
async fn all_that_are_no_younger_are_revoked_but_itself() {
    for engine in granted().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let made = |n, at| Grant { created_at: at, ..a_grant(n, 1) };
        let new = made(5, at(5));
        for grant in [made(3, at(4)), made(4, at(5)), new.clone(), made(6, at(6))] {
            grant::insert(&mut tx, &grant).await.unwrap();
        }
        assert_eq!(grant::revoke_earlier(&mut tx, &new, at(9)).await.unwrap(), 3, "{engine}: 1, 3 and 4 were live");
        assert_eq!(grant::revoke_earlier(&mut tx, &new, at(9)).await.unwrap(), 0, "{engine}");
        for (n, live) in [(1, false), (2, true), (3, false), (4, false), (5, true), (6, true)] {
            assert_eq!(grant::find_live(&mut tx, id(n)).await.unwrap().is_some(), live, "{n} on {engine}");
        }
    }
}

#[tokio::test]
async fn a_code_without_a_challenge_and_details_of_a_lodged_consent_are_read_as_stored() {
    for engine in granted().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        consented(&mut tx, 3).await;
        assert_eq!(grant::find_live(&mut tx, id(3)).await.unwrap(), Some(a_grant(3, 3)), "{engine}");
        assert!(a_grant(3, 3).details.and_then(|details| details.lodged()).is_some());
        grant::insert_code(&mut tx, b"hybrid", &a_code(3)).await.unwrap();
        assert_eq!(grant::find_code(&mut tx, b"hybrid").await.unwrap(), Some(a_code(3)), "{engine}");
        assert_eq!(a_code(3).code_challenge, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_one_of_many_revokes_it() {
    for engine in granted().await {
        world::one_wins(&engine, |db| async move {
            let mut tx = db.begin("race").await?;
            let won = grant::revoke(&mut tx, id(1), at(9)).await?;
            tx.commit().await.map(|()| won)
        })
        .await;
    }
}

#[tokio::test]
async fn a_code_is_used_once_and_stays_known() {
    for engine in granted().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        assert_eq!(grant::find_code(&mut tx, b"code").await.unwrap(), Some(a_code(1)), "{engine}");
        assert!(grant::use_code(&mut tx, b"code", at(9)).await.unwrap());
        assert!(!grant::use_code(&mut tx, b"code", at(10)).await.unwrap(), "{engine}: used already");
        let used = Code { used: true, ..a_code(1) };
        assert_eq!(grant::find_code(&mut tx, b"code").await.unwrap(), Some(used), "{engine}");
    }
}

#[tokio::test]
async fn a_code_is_found_by_its_whole_digest() {
    for engine in granted().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for other in [&b"cod"[..], b"code\0", b"CODE", b""] {
            assert!(grant::find_code(&mut tx, other).await.unwrap().is_none(), "{engine}");
            assert!(!grant::use_code(&mut tx, other, at(9)).await.unwrap(), "{engine}");
        }
        let again = grant::insert_code(&mut tx, b"code", &a_code(2)).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_one_of_many_uses_a_code() {
    for engine in granted().await {
        world::one_wins(&engine, |db| async move {
            let mut tx = db.begin("race").await?;
            let won = grant::use_code(&mut tx, b"code", at(9)).await?;
            tx.commit().await.map(|()| won)
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_code_whose_use_was_rolled_back_can_be_used() {
    for engine in granted().await {
        let won = world::race(&engine.db, |db| async move {
            let mut tx = db.begin("race").await?;
            grant::use_code(&mut tx, b"code", at(9)).await
        })
        .await;
        assert_eq!(won, [true; world::RACERS], "{engine}: nobody committed, so each was the first");
        let mut tx = engine.db.begin("test").await.unwrap();
        assert!(grant::use_code(&mut tx, b"code", at(9)).await.unwrap(), "{engine}");
    }
}

#[tokio::test]
async fn a_broken_row_is_corrupt() {
    for engine in granted().await {
        raw::execute(&engine.url, "UPDATE consent_grant SET scope = 'everything'").await;
        raw::execute(&engine.url, "UPDATE code SET code_challenge = 'plain'").await;
        let mut read = engine.db.read().await.unwrap();
        assert!(matches!(grant::find_live(&mut read, id(1)).await, Err(Error::Corrupt(_))), "{engine}");
        assert!(matches!(grant::find_code(&mut read, b"code").await, Err(Error::Corrupt(_))), "{engine}");
    }
}

#[tokio::test]
async fn forgets_codes_in_small_steps() {
    for engine in granted().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        grant::insert_code(&mut tx, b"later", &Code { expires_at: at(61), ..a_code(1) }).await.unwrap();
        grant::insert_code(&mut tx, b"same", &a_code(1)).await.unwrap();
        for (until, limit, gone) in [(59, 10, 0), (60, 1, 1), (60, 10, 1), (60, 10, 0)] {
            assert_eq!(grant::forget_codes(&mut tx, at(until), limit).await.unwrap(), gone, "{engine}: {until}");
        }
        assert!(grant::find_code(&mut tx, b"code").await.unwrap().is_none(), "{engine}");
        assert!(grant::find_code(&mut tx, b"later").await.unwrap().is_some(), "{engine}");
    }
}

#[tokio::test]
async fn forgets_what_was_replaced_and_what_was_made_from_it() {
    for engine in granted().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let newest = Grant { signed_in_at: at(5), ..a_grant(8, 1) };
        let later = Grant { signed_in_at: at(6), ..a_grant(9, 1) };
        for other in [&newest, &later] {
            grant::insert(&mut tx, other).await.unwrap();
        }
        assert_eq!(grant::forget_earlier(&mut tx, &newest, at(100)).await.unwrap(), 0, "{engine}: none was revoked");
        for n in [1, 8, 9] {
            assert!(grant::revoke(&mut tx, id(n), at(50)).await.unwrap());
        }
        assert_eq!(grant::forget_earlier(&mut tx, &newest, at(49)).await.unwrap(), 0, "{engine}: not revoked by then");
        assert_eq!(
            grant::forget_earlier(&mut tx, &newest, at(50)).await.unwrap(),
            1,
            "{engine}: neither it nor later ones"
        );
        assert!(grant::find_code(&mut tx, b"code").await.unwrap().is_none(), "{engine}: went with its grant");
        let seen = grant::signed_in_at(&mut tx, newest.consent).await.unwrap();
        assert_eq!(seen, Some(at(6)), "{engine}: when a customer last signed in is still known");
    }
}

#[tokio::test]
async fn all_codes_are_used_up_at_once() {
    for engine in granted().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        grant::insert_code(&mut tx, b"other", &a_code(1)).await.unwrap();
        assert!(grant::use_code(&mut tx, b"code", at(9)).await.unwrap());
        assert_eq!(grant::use_all_codes(&mut tx, at(9)).await.unwrap(), 1, "{engine}");
        assert!(!grant::use_code(&mut tx, b"other", at(9)).await.unwrap(), "{engine}");
    }
}
