//! Customers: found by id and by user name, with one password and one second factor each.

use lombard_domain::party::{Customer, Username};
use lombard_domain::secret::Secret;
use lombard_store::{Error, Stored, customer};

use crate::world::{self, a_customer, customer as id};
use crate::{engines, raw};

fn secret(byte: u8) -> Secret<Vec<u8>> {
    Secret::new(vec![byte; 20])
}

fn name(text: &str) -> Username {
    Username::new(text).unwrap()
}

#[tokio::test]
async fn is_read_as_it_was_stored() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let given = [a_customer(1), a_customer(2)];
        assert_eq!(customer::add_missing(&mut tx, &given).await.unwrap(), [Stored::Added; 2]);
        for one in &given {
            assert!(customer::find(&mut tx, one.id).await.unwrap().as_ref() == Some(one), "{engine}");
        }
        assert!(customer::find(&mut tx, id(3)).await.unwrap().is_none());
        assert!(customer::add_missing(&mut tx, &[]).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_user_name_is_one_customers_alone_whatever_its_case() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let clashing = Customer { username: name("NAME-1"), ..a_customer(3) };
        assert_eq!(customer::add_missing(&mut tx, &[clashing]).await.unwrap(), [Stored::Clashes], "{engine}");
        assert!(customer::find(&mut tx, id(3)).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn lists_in_the_order_of_ids_a_page_at_a_time() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let given = [36, 1, 900, 2].map(a_customer);
        customer::add_missing(&mut tx, &given).await.unwrap();
        let first = customer::list(&mut tx, None, 3).await.unwrap();
        assert!(first == [1, 2, 36].map(a_customer), "{engine}");
        let second = customer::list(&mut tx, Some(first[2].id), 3).await.unwrap();
        assert!(second == [a_customer(900)], "{engine}");
        assert!(customer::list(&mut tx, Some(id(900)), 3).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_new_customer_cannot_sign_in() {
    for engine in world::peopled().await {
        let mut read = engine.db.read().await.unwrap();
        let found = customer::credentials(&mut read, &name("name-1")).await.unwrap().unwrap();
        assert_eq!(found.customer, id(1));
        assert!(found.password_hash.is_none() && found.totp_secret.is_none(), "{engine}");
        assert!(customer::credentials(&mut read, &name("nobody")).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn credentials_are_found_by_user_name_and_only_ones_own() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        assert!(customer::set_password(&mut tx, id(1), "$argon2id$1").await.unwrap());
        assert!(customer::set_totp(&mut tx, id(1), &secret(8)).await.unwrap());
        let found = customer::credentials(&mut tx, &name(" NAME-1 ")).await.unwrap().unwrap();
        assert_eq!((found.customer, found.password_hash.as_deref()), (id(1), Some("$argon2id$1")));
        assert_eq!(found.totp_secret.unwrap().expose(), secret(8).expose(), "{engine}");
        let other = customer::credentials(&mut tx, &name("name-2")).await.unwrap().unwrap();
        assert_eq!(other.customer, id(2));
        assert!(other.password_hash.is_none() && other.totp_secret.is_none(), "{engine}");
    }
}

#[tokio::test]
async fn nobodys_credentials_cannot_be_set() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        assert!(!customer::set_password(&mut tx, id(9), "x").await.unwrap());
        assert!(!customer::set_totp(&mut tx, id(9), &secret(1)).await.unwrap());
        assert!(!customer::use_totp_step(&mut tx, id(9), 1).await.unwrap(), "{engine}");
        assert!(customer::totp_secret(&mut tx, id(9)).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn missing_passwords_are_set_and_others_kept() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        customer::set_password(&mut tx, id(1), "own").await.unwrap();
        assert_eq!(customer::set_missing_passwords(&mut tx, "all").await.unwrap(), 1);
        assert_eq!(customer::set_missing_passwords(&mut tx, "again").await.unwrap(), 0);
        for (who, expected) in [("name-1", "own"), ("name-2", "all")] {
            let found = customer::credentials(&mut tx, &name(who)).await.unwrap().unwrap();
            assert_eq!(found.password_hash.as_deref(), Some(expected), "{engine}");
        }
    }
}

#[tokio::test]
async fn a_second_factor_is_kept_and_replaced() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        assert!(customer::totp_secret(&mut tx, id(1)).await.unwrap().is_none());
        for byte in [1, 2] {
            customer::set_totp(&mut tx, id(1), &secret(byte)).await.unwrap();
            let kept = customer::totp_secret(&mut tx, id(1)).await.unwrap().unwrap();
            assert_eq!(kept.expose(), secret(byte).expose(), "{engine}");
        }
        assert!(customer::totp_secret(&mut tx, id(2)).await.unwrap().is_none(), "{engine}");
    }
}

#[tokio::test]
async fn a_time_step_is_used_once_and_none_before_it() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for (step, fresh) in [(100, true), (100, false), (99, false), (101, true), (100, false)] {
            assert_eq!(customer::use_totp_step(&mut tx, id(1), step).await.unwrap(), fresh, "{step} on {engine}");
        }
        assert!(customer::use_totp_step(&mut tx, id(2), 50).await.unwrap(), "another customer has steps of their own");
    }
}

#[tokio::test]
async fn a_new_second_factor_begins_with_no_step_used() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        customer::set_totp(&mut tx, id(1), &secret(1)).await.unwrap();
        customer::use_totp_step(&mut tx, id(1), 100).await.unwrap();
        customer::set_totp(&mut tx, id(1), &secret(2)).await.unwrap();
        assert!(customer::use_totp_step(&mut tx, id(1), 100).await.unwrap(), "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_one_of_many_uses_a_time_step() {
    for engine in world::peopled().await {
        world::one_wins(&engine, |db| async move {
            let mut tx = db.begin("race").await?;
            let won = customer::use_totp_step(&mut tx, id(1), 100).await?;
            tx.commit().await.map(|()| won)
        })
        .await;
    }
}

#[tokio::test]
async fn sealed_fields_of_one_customer_do_not_open_for_another() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        customer::set_totp(&mut tx, id(1), &secret(1)).await.unwrap();
        customer::set_totp(&mut tx, id(2), &secret(2)).await.unwrap();
        tx.commit().await.unwrap();
        for column in ["sealed", "totp_sealed"] {
            let moved = format!(
                "UPDATE customer SET {column} = (SELECT {column} FROM customer WHERE id = '{}') WHERE id = '{}'",
                id(1),
                id(2)
            );
            raw::execute(&engine.url, &moved).await;
        }
        let mut read = engine.db.read().await.unwrap();
        let corrupt = |outcome: Option<Error>| assert!(matches!(outcome, Some(Error::Corrupt(_))), "{engine}");
        corrupt(customer::find(&mut read, id(2)).await.err());
        corrupt(customer::list(&mut read, None, 9).await.err());
        corrupt(customer::totp_secret(&mut read, id(2)).await.err());
        corrupt(customer::credentials(&mut read, &name("name-2")).await.err());
        assert!(customer::find(&mut read, id(1)).await.unwrap().is_some(), "the first is as it was");
    }
}

#[tokio::test]
async fn a_sealed_field_does_not_open_in_another_column() {
    for engine in world::peopled().await {
        raw::execute(&engine.url, "UPDATE customer SET totp_sealed = sealed").await;
        let mut read = engine.db.read().await.unwrap();
        let outcome = customer::totp_secret(&mut read, id(1)).await;
        assert!(matches!(outcome, Err(Error::Corrupt(_))), "{engine}");
    }
}
