//! Tokens, and the one statement on which the fate of every call depends.

use lombard_domain::consent::{Rejection, State};
use lombard_domain::id::{ConsentId, GrantId, TokenId};
use lombard_domain::oauth::{AccessToken, ClientStatus, Grant, RefreshToken};
use lombard_store::token::Standing;
use lombard_store::{Error, Tx, client, consent, grant, token};

use crate::world::{self, a_consent, a_grant, account, an_access_token, app, at, customer, states, terms, yes};
use crate::{engines::Engine, raw};

fn id(n: u128) -> TokenId {
    TokenId::from_bits(n)
}

/// What has happened to a token, apart from its consent.
#[derive(Clone, Copy, Debug)]
struct Fate {
    token_revoked: bool,
    grant_revoked: bool,
    /// `None`: deleted.
    client: Option<ClientStatus>,
}

impl Fate {
    fn all() -> Vec<Self> {
        let clients = [Some(ClientStatus::Active), Some(ClientStatus::Suspended), None];
        let bits = [(false, false), (false, true), (true, false), (true, true)];
        let fate = |client, (token_revoked, grant_revoked)| Self { token_revoked, grant_revoked, client };
        clients.iter().flat_map(|client| bits.map(|bits| fate(*client, bits))).collect()
    }

    async fn befall(self, tx: &mut Tx) {
        if self.token_revoked {
            assert!(token::revoke_access(tx, id(1), app(1), at(9)).await.unwrap());
        }
        if self.grant_revoked {
            assert!(grant::revoke(tx, GrantId::from_bits(1), at(9)).await.unwrap());
        }
        match self.client {
            Some(ClientStatus::Active) => {}
            Some(other) => assert!(client::set_status(tx, app(1), other).await.unwrap()),
            None => assert!(client::delete(tx, app(1), at(9)).await.unwrap()),
        }
    }

    fn check(self, found: &Standing, given: &AccessToken, what: &str) {
        let live = !self.token_revoked && !self.grant_revoked;
        assert_eq!(found.token.as_ref(), live.then_some(given), "{what}: {self:?}");
        assert_eq!(found.client, self.client, "{what}: {self:?}");
    }
}

#[tokio::test]
async fn a_standing_says_everything_that_happened_to_a_token_with_a_consent() {
    // The consent is for the accounts 1 and 3; customer 1 holds 1 and 2.
    let answer = yes(1, &[1, 3]);
    for engine in world::peopled().await {
        for state in states(&answer).into_iter().filter(|state| state.authorisation().is_some()) {
            for fate in Fate::all() {
                let mut tx = engine.db.begin("test").await.unwrap();
                consent::insert(&mut tx, &a_consent(1, 1, state.clone())).await.unwrap();
                grant::insert(&mut tx, &a_grant(1, 1)).await.unwrap();
                token::insert_access(&mut tx, &an_access_token(1, Some(1))).await.unwrap();
                fate.befall(&mut tx).await;
                for (asked, seen) in
                    [(None, false), (Some(1), true), (Some(2), false), (Some(3), false), (Some(4), false)]
                {
                    let what = format!("account {asked:?} of {} on {engine}", state.status());
                    let asked = asked.map(account);
                    let found = token::standing(&mut tx, id(1), asked).await.unwrap().unwrap();
                    fate.check(&found, &an_access_token(1, Some(1)), &what);
                    let carried = found.consent.unwrap();
                    assert_eq!((carried.id, carried.customer), (ConsentId::from_bits(1), customer(1)), "{what}");
                    assert_eq!(carried.status, state.status(), "{what}");
                    let held = (carried.permissions, carried.window, carried.expires_at);
                    assert_eq!(held, (terms().permissions, terms().window, terms().expires_at), "{what}");
                    assert_eq!(carried.signed_in_at, at(2), "{what}");
                    assert_eq!(carried.account, asked.filter(|_| seen), "{what}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_standing_says_everything_that_happened_to_a_clients_own_token() {
    for engine in world::peopled().await {
        for fate in Fate::all().into_iter().filter(|fate| !fate.grant_revoked) {
            let mut tx = engine.db.begin("test").await.unwrap();
            token::insert_access(&mut tx, &an_access_token(1, None)).await.unwrap();
            fate.befall(&mut tx).await;
            for asked in [None, Some(account(1))] {
                let found = token::standing(&mut tx, id(1), asked).await.unwrap().unwrap();
                fate.check(&found, &an_access_token(1, None), engine.name);
                assert!(found.consent.is_none(), "{engine}");
            }
        }
    }
}

#[tokio::test]
async fn a_grant_from_a_consent_that_nobody_gave_is_corrupt() {
    for engine in world::peopled().await {
        for state in [State::Awaiting, State::Rejected(Rejection::Declined), State::Expired(None)] {
            let mut tx = engine.db.begin("test").await.unwrap();
            consent::insert(&mut tx, &a_consent(1, 1, state.clone())).await.unwrap();
            grant::insert(&mut tx, &a_grant(1, 1)).await.unwrap();
            token::insert_access(&mut tx, &an_access_token(1, Some(1))).await.unwrap();
            let outcome = token::standing(&mut tx, id(1), Some(account(1))).await.err();
            assert!(matches!(outcome, Some(Error::Corrupt(_))), "{} on {engine}: {outcome:?}", state.status());
        }
    }
}

#[tokio::test]
async fn an_account_that_is_held_no_more_is_not_seen() {
    for engine in world::peopled().await {
        tokens(&engine).await;
        let seen = async || {
            let mut read = engine.db.read().await.unwrap();
            let found = token::standing(&mut read, id(1), Some(account(1))).await.unwrap().unwrap();
            found.consent.unwrap().account
        };
        assert_eq!(seen().await, Some(account(1)), "{engine}");
        let gone = format!("DELETE FROM account_holder WHERE account_id = '{}'", account(1));
        raw::execute(&engine.url, &gone).await;
        assert_eq!(seen().await, None, "{engine}");
    }
}

#[tokio::test]
async fn a_standing_knows_the_newest_sign_in_for_the_consent_and_no_other() {
    for engine in world::peopled().await {
        tokens(&engine).await;
        let seen = async || {
            let mut read = engine.db.read().await.unwrap();
            token::standing(&mut read, id(1), None).await.unwrap().unwrap().consent.unwrap().signed_in_at
        };
        assert_eq!(seen().await, at(2), "{engine}");
        let mut tx = engine.db.begin("test").await.unwrap();
        consent::insert(&mut tx, &a_consent(2, 1, State::Authorised(yes(1, &[1])))).await.unwrap();
        for (number, consent, signed_in) in [(11, 1, 50), (12, 1, 40), (13, 2, 60)] {
            let grant = Grant { signed_in_at: at(signed_in), ..a_grant(number, consent) };
            grant::insert(&mut tx, &grant).await.unwrap();
        }
        // That it was revoked does not undo that the customer signed in.
        assert!(grant::revoke(&mut tx, GrantId::from_bits(11), at(70)).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(seen().await, at(50), "{engine}");
    }
}

#[tokio::test]
async fn a_standing_is_one_statement() {
    for engine in world::peopled().await {
        tokens(&engine).await;
        let mut read = engine.db.read().await.unwrap();
        let before = engine.db.statements();
        assert!(token::standing(&mut read, id(1), Some(account(1))).await.unwrap().is_some());
        assert!(token::standing(&mut read, id(9), None).await.unwrap().is_none(), "{engine}: nobody made this token");
        assert_eq!(engine.db.statements() - before, 2, "{engine}");
    }
}

/// Adds the access token 1 and the refresh token `refresh`, from grant 1.
async fn tokens(engine: &Engine) {
    let mut tx = engine.db.begin("tokens").await.unwrap();
    world::consented(&mut tx, 1).await;
    token::insert_access(&mut tx, &an_access_token(1, Some(1))).await.unwrap();
    token::insert_refresh(&mut tx, b"refresh", &a_refresh_token(Some(7))).await.unwrap();
    tx.commit().await.unwrap();
}

fn a_refresh_token(expires: Option<i64>) -> RefreshToken {
    RefreshToken { client: app(1), grant: GrantId::from_bits(1), issued_at: at(5), expires_at: expires.map(at) }
}

#[tokio::test]
async fn an_id_is_given_once() {
    for engine in world::peopled().await {
        tokens(&engine).await;
        let mut tx = engine.db.begin("test").await.unwrap();
        let again = token::insert_access(&mut tx, &an_access_token(1, None)).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{engine}");
    }
}

#[tokio::test]
async fn is_revoked_once_and_only_by_its_client() {
    for engine in world::peopled().await {
        tokens(&engine).await;
        let mut tx = engine.db.begin("test").await.unwrap();
        token::insert_access(&mut tx, &an_access_token(2, Some(1))).await.unwrap();
        assert!(!token::revoke_access(&mut tx, id(1), app(2), at(9)).await.unwrap(), "{engine}: another app's");
        assert!(token::standing(&mut tx, id(1), None).await.unwrap().unwrap().token.is_some(), "{engine}");
        assert!(token::revoke_access(&mut tx, id(1), app(1), at(9)).await.unwrap());
        assert!(!token::revoke_access(&mut tx, id(1), app(1), at(9)).await.unwrap(), "{engine}: revoked already");
        assert!(!token::revoke_access(&mut tx, id(9), app(1), at(9)).await.unwrap(), "{engine}: there is none");
        assert!(token::standing(&mut tx, id(1), None).await.unwrap().unwrap().token.is_none(), "{engine}");
        assert!(token::standing(&mut tx, id(2), None).await.unwrap().unwrap().token.is_some(), "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_one_of_many_revokes_it() {
    for engine in world::peopled().await {
        tokens(&engine).await;
        world::one_wins(&engine, |db| async move {
            let mut tx = db.begin("race").await?;
            let won = token::revoke_access(&mut tx, id(1), app(1), at(9)).await?;
            tx.commit().await.map(|()| won)
        })
        .await;
    }
}

#[tokio::test]
async fn a_refresh_token_is_read_as_it_was_stored() {
    for engine in world::peopled().await {
        tokens(&engine).await;
        let mut tx = engine.db.begin("test").await.unwrap();
        token::insert_refresh(&mut tx, b"endless", &a_refresh_token(None)).await.unwrap();
        for (digest, expires) in [(&b"refresh"[..], Some(7)), (b"endless", None)] {
            let found = token::find_refresh(&mut tx, digest).await.unwrap();
            assert_eq!(found, Some(a_refresh_token(expires)), "{engine}");
        }
        assert!(token::find_refresh(&mut tx, b"REFRESH").await.unwrap().is_none());
        let again = token::insert_refresh(&mut tx, b"refresh", &a_refresh_token(None)).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{engine}");
    }
}

#[tokio::test]
async fn a_broken_row_is_corrupt() {
    for engine in world::peopled().await {
        tokens(&engine).await;
        raw::execute(&engine.url, "UPDATE access_token SET scope = 'everything'").await;
        raw::execute(&engine.url, "UPDATE refresh_token SET client_id = 'nobody'").await;
        let mut read = engine.db.read().await.unwrap();
        let outcome = token::standing(&mut read, id(1), None).await.err();
        assert!(matches!(outcome, Some(Error::Corrupt(_))), "{engine}");
        assert!(matches!(token::find_refresh(&mut read, b"refresh").await, Err(Error::Corrupt(_))), "{engine}");
    }
}

#[tokio::test]
async fn forgets_what_ended_first_in_small_steps() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        world::consented(&mut tx, 1).await;
        for n in 1..=3_u8 {
            let end = at(i64::from(n));
            let given = AccessToken { expires_at: end, ..an_access_token(n.into(), Some(1)) };
            token::insert_access(&mut tx, &given).await.unwrap();
            let refresh = RefreshToken {
                grant: GrantId::from_bits(1),
                client: app(1),
                issued_at: at(0),
                expires_at: (n < 3).then_some(end),
            };
            token::insert_refresh(&mut tx, &[n], &refresh).await.unwrap();
        }
        for (until, limit, gone) in [(0, 10, 0), (2, 1, 1), (2, 10, 1), (2, 10, 0)] {
            assert_eq!(token::forget_access(&mut tx, at(until), limit).await.unwrap(), gone, "{engine}: {until}");
            assert_eq!(token::forget_refresh(&mut tx, at(until), limit).await.unwrap(), gone, "{engine}: {until}");
        }
        assert!(token::standing(&mut tx, id(2), None).await.unwrap().is_none(), "{engine}");
        assert!(token::standing(&mut tx, id(3), None).await.unwrap().is_some(), "{engine}");
        assert!(token::find_refresh(&mut tx, &[2]).await.unwrap().is_none(), "{engine}");
        assert_eq!(token::forget_refresh(&mut tx, at(i64::from(i32::MAX)), 10).await.unwrap(), 0, "{engine}: no end");
        assert!(token::find_refresh(&mut tx, &[3]).await.unwrap().is_some(), "{engine}");
    }
}

#[tokio::test]
async fn all_that_live_are_revoked_at_once() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for n in 1..=3 {
            let given = AccessToken { expires_at: at(n), ..an_access_token(u128::try_from(n).unwrap(), None) };
            token::insert_access(&mut tx, &given).await.unwrap();
        }
        assert!(token::revoke_access(&mut tx, id(3), app(1), at(1)).await.unwrap());
        assert_eq!(token::revoke_all_access(&mut tx, at(1)).await.unwrap(), 1, "{engine}: neither dead nor revoked");
        let standing = token::standing(&mut tx, id(2), None).await.unwrap().unwrap();
        assert!(standing.token.is_none(), "{engine}");
    }
}
