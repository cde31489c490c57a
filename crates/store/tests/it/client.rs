//! Clients: each is found as it was stored, changed alone, and gone for good once deleted.

use lombard_domain::consent::State;
use lombard_domain::id::ClientId;
use lombard_domain::look_alike::Look;
use lombard_domain::oauth::{Client, ClientStatus, Verification};
use lombard_domain::text::Text;
use lombard_store::{Error, Tx, client, consent};

use crate::world::{an_app, app, at};
use crate::{engines, raw, world};

#[tokio::test]
async fn is_read_as_it_was_stored() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let mut given = an_app(7);
        given.secret_digest = (0..=255).collect();
        client::insert(&mut tx, &given).await.unwrap();
        let found = client::find(&mut tx, app(7)).await.unwrap().unwrap();
        assert_eq!(found.client, given.client, "{engine}");
        assert_eq!(found.secret_digest, given.secret_digest);
        assert_eq!(found.registration_digest, given.registration_digest);
        assert!(client::find(&mut tx, app(8)).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn an_id_is_given_once() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let again = client::insert(&mut tx, &an_app(1)).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{engine}");
    }
}

#[tokio::test]
async fn lists_in_the_order_of_ids_a_page_at_a_time() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for n in [40, 3, 1, 38, 2] {
            client::insert(&mut tx, &an_app(n)).await.unwrap();
        }
        client::delete(&mut tx, app(2), at(1)).await.unwrap();
        let mut met = Vec::new();
        let mut after = None;
        loop {
            let page = client::list(&mut tx, after, 3).await.unwrap();
            after = page.last().map(|client| client.id);
            if page.is_empty() {
                break;
            }
            met.extend(page);
        }
        assert_eq!(met, [1, 3, 38, 40].map(|n| an_app(n).client), "{engine}");
    }
}

#[tokio::test]
async fn an_update_replaces_what_one_client_says() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let other = an_app(9).client;
        assert!(!client::update(&mut tx, &other).await.unwrap(), "nobody is made by an update");
        let now = Client { id: app(1), verification: Some(verification()), ..other };
        assert!(client::update(&mut tx, &now).await.unwrap());
        let found = client::find(&mut tx, app(1)).await.unwrap().unwrap();
        assert_eq!(found.client.metadata, now.metadata, "{engine}");
        assert_eq!(found.client.verification, now.verification, "{engine}");
        assert_eq!(found.client.sector, "app1.example", "fixed at registration");
        assert_eq!(client::find(&mut tx, app(2)).await.unwrap().unwrap().client, an_app(2).client);
    }
}

fn verification() -> Verification {
    Verification { organisation: Text::new("Örström Ltd").unwrap(), by: Text::new("Case 7").unwrap(), at: at(3) }
}

/// A client with a name, made at a moment.
fn named(n: u128, name: &str, made: i64) -> client::StoredClient {
    let mut stored = an_app(n);
    stored.client.metadata.client_name = Text::new(name).unwrap();
    stored.client.created_at = at(made);
    stored
}

#[tokio::test]
async fn a_verification_is_stored_sealed_and_taken_back() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let mut verified = Client { verification: Some(verification()), ..an_app(1).client };
        assert!(client::set_verification(&mut tx, &verified).await.unwrap());
        assert_eq!(client::find(&mut tx, app(1)).await.unwrap().unwrap().client, verified, "{engine}");
        assert_eq!(client::list(&mut tx, None, 1).await.unwrap(), [verified.clone()]);
        assert_eq!(client::find(&mut tx, app(2)).await.unwrap().unwrap().client, an_app(2).client);
        verified.verification = None;
        assert!(client::set_verification(&mut tx, &verified).await.unwrap());
        assert_eq!(client::find(&mut tx, app(1)).await.unwrap().unwrap().client, an_app(1).client, "{engine}");
        assert!(!client::set_verification(&mut tx, &an_app(9).client).await.unwrap(), "nobody is made by it");
    }
}

async fn twin(tx: &mut Tx, than: &Client) -> Option<ClientId> {
    let found = client::known_with_skeleton(tx, Look::of("ACME-PAY").skeleton(), than).await.unwrap();
    found.map(|known| known.id)
}

#[tokio::test]
async fn a_known_client_is_found_by_its_skeleton() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for (n, made) in [(21, 10), (22, 20), (23, 30)] {
            client::insert(&mut tx, &named(n, "Acme Pay", made)).await.unwrap();
        }
        let newcomer = named(24, "Acme Pay", 25).client;
        assert_eq!(twin(&mut tx, &newcomer).await, None, "{engine}: nobody vouches, and nobody allowed them anything");
        let state = State::Authorised(world::yes(1, &[1]));
        consent::insert(&mut tx, &world::a_consent(90, 23, state.clone())).await.unwrap();
        assert_eq!(twin(&mut tx, &newcomer).await, None, "{engine}: that one is younger");
        consent::insert(&mut tx, &world::a_consent(91, 22, state)).await.unwrap();
        assert_eq!(twin(&mut tx, &newcomer).await, Some(app(22)), "{engine}");
        let relative = Client { sector: "app22.example".to_owned(), ..newcomer.clone() };
        assert_eq!(twin(&mut tx, &relative).await, None, "{engine}: of the same sector");
        let verified = Client { verification: Some(verification()), ..named(23, "Acme Pay", 30).client };
        client::set_verification(&mut tx, &verified).await.unwrap();
        client::delete(&mut tx, app(22), at(99)).await.unwrap();
        assert_eq!(twin(&mut tx, &newcomer).await, Some(app(23)), "{engine}: vouched for, whenever it was made");
        assert_eq!(twin(&mut tx, &verified).await, None, "{engine}");
    }
}

#[tokio::test]
async fn skeletons_of_nearly_one_length_are_listed_of_those_whom_somebody_vouches_for() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for (n, name, made, vouched) in [
            (31, "Bolt", 3, true),
            (32, "Bolts", 2, true),
            (33, "Boltss", 1, true),
            (34, "Bolty", 0, false),
            (35, "Boltz", 9, true),
        ] {
            let mut stored = named(n, name, made);
            stored.client.verification = vouched.then(verification);
            client::insert(&mut tx, &stored).await.unwrap();
        }
        client::delete(&mut tx, app(35), at(99)).await.unwrap();
        let than = named(36, "Bold", 50).client;
        let mut list = async |lengths, limit| {
            let found = client::vouched_skeletons(&mut tx, &than, lengths, limit).await.unwrap();
            found.into_iter().map(|known| known.skeleton).collect::<Vec<_>>()
        };
        assert_eq!(list((4, 5), 10).await, ["bolts", "bolt"], "{engine}");
        assert_eq!(list((0, 99), 2).await, ["boltss", "bolts"], "{engine}: the oldest first");
        assert!(list((7, 99), 10).await.is_empty(), "{engine}");
    }
}

#[tokio::test]
async fn a_secret_is_replaced_and_taken_away() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for digest in [&[9; 32][..], &[]] {
            assert!(client::set_secret(&mut tx, app(1), digest).await.unwrap());
            let found = client::find(&mut tx, app(1)).await.unwrap().unwrap();
            assert_eq!(found.secret_digest, digest, "{engine}");
            assert_eq!(found.registration_digest, an_app(1).registration_digest);
            assert_eq!(found.client, an_app(1).client);
            let other = client::find(&mut tx, app(2)).await.unwrap().unwrap();
            assert_eq!(other.secret_digest, an_app(2).secret_digest, "{engine}");
        }
        assert!(!client::set_secret(&mut tx, app(9), &[1]).await.unwrap(), "nobody is made by it");
        client::delete(&mut tx, app(1), at(5)).await.unwrap();
        assert!(!client::set_secret(&mut tx, app(1), &[1]).await.unwrap(), "{engine}: deleted");
    }
}

#[tokio::test]
async fn is_suspended_once_and_resumed_once() {
    use ClientStatus::{Active, Suspended};
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for (to, changes) in [(Active, false), (Suspended, true), (Suspended, false), (Active, true)] {
            assert_eq!(client::set_status(&mut tx, app(1), to).await.unwrap(), changes, "{to:?} on {engine}");
            assert_eq!(client::find(&mut tx, app(1)).await.unwrap().unwrap().client.status, to);
            assert_eq!(client::find(&mut tx, app(2)).await.unwrap().unwrap().client.status, Active);
        }
        assert!(!client::set_status(&mut tx, app(9), Suspended).await.unwrap());
    }
}

#[tokio::test]
async fn a_deleted_client_is_not_there() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        assert!(client::delete(&mut tx, app(1), at(5)).await.unwrap());
        assert!(!client::delete(&mut tx, app(1), at(6)).await.unwrap(), "{engine}: deleted already");
        assert!(client::find(&mut tx, app(1)).await.unwrap().is_none());
        assert!(!client::update(&mut tx, &an_app(1).client).await.unwrap());
        assert!(!client::set_status(&mut tx, app(1), ClientStatus::Suspended).await.unwrap());
        assert_eq!(client::list(&mut tx, None, 10).await.unwrap(), [an_app(2).client], "{engine}");
        let again = client::insert(&mut tx, &an_app(1)).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "its id is never given again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_one_of_many_deletes_it() {
    for engine in world::peopled().await {
        world::one_wins(&engine, |db| async move {
            let mut tx = db.begin("race").await?;
            let won = client::delete(&mut tx, app(1), at(5)).await?;
            tx.commit().await.map(|()| won)
        })
        .await;
    }
}

#[tokio::test]
async fn a_broken_row_is_corrupt() {
    for engine in world::peopled().await {
        for broken in
            ["status = 'asleep'", "metadata = '{}'", "metadata = 'x'", "id = 'cus_00000000000000000000000001'"]
        {
            let sql = format!("UPDATE client SET {broken} WHERE id = '{}'", app(1));
            raw::execute(&engine.url, &sql).await;
            let mut read = engine.db.read().await.unwrap();
            let outcome = client::list(&mut read, None, 10).await;
            assert!(matches!(outcome, Err(Error::Corrupt(_))), "{broken} on {engine}");
            if !broken.starts_with("id") {
                let outcome = client::find(&mut read, app(1)).await;
                assert!(matches!(outcome, Err(Error::Corrupt(_))), "{broken} on {engine}");
            }
        }
    }
}
