//! Products of accounts.

use lombard_domain::account::{Product, ProductKind};
use lombard_domain::consent::State;
use lombard_domain::id::ConsentId;
use lombard_store::{Stored, consent, product};

use crate::raw;
use crate::world::{self, a_consent, account, customer, text, yes};

fn a_product(of: u128) -> Product {
    Product {
        account: account(of),
        code: text("CUR-1"),
        name: text("Everyday account"),
        kind: ProductKind::ALL[usize::try_from(of % 5).unwrap()],
        description: of.is_multiple_of(2).then(|| text("No monthly fee")),
    }
}

#[tokio::test]
async fn products_are_read_as_they_were_stored_and_never_changed() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let given = [a_product(1), a_product(2)];
        assert_eq!(product::add_missing(&mut tx, &given).await.unwrap(), [Stored::Added; 2]);
        let again = [
            given[0].clone(),
            Product { description: None, ..given[1].clone() },
            Product { name: text("Other"), ..given[1].clone() },
            Product { kind: ProductKind::SmeLoan, ..given[0].clone() },
        ];
        let expected = [Stored::Present, Stored::Differs, Stored::Differs, Stored::Differs];
        assert_eq!(product::add_missing(&mut tx, &again).await.unwrap(), expected, "{engine}");
        for one in given {
            assert_eq!(product::find(&mut tx, one.account).await.unwrap(), Some(one), "{engine}");
        }
        assert_eq!(product::find(&mut tx, account(3)).await.unwrap(), None);
        assert!(product::add_missing(&mut tx, &[a_product(99)]).await.is_err(), "{engine}: of no account");
    }
}

#[tokio::test]
async fn a_consent_has_the_products_of_its_accounts_that_are_in_use_and_still_held() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        product::add_missing(&mut tx, &[a_product(1), a_product(2), a_product(3)]).await.unwrap();
        consent::insert(&mut tx, &a_consent(1, 1, State::Authorised(yes(1, &[1, 2, 3])))).await.unwrap();
        consent::insert(&mut tx, &a_consent(2, 1, State::Authorised(yes(1, &[2])))).await.unwrap();
        for (given, by, accounts) in [(1, 1, &[1, 2][..]), (2, 1, &[2]), (1, 2, &[2, 3]), (9, 1, &[])] {
            let found = product::of_consent(&mut tx, ConsentId::from_bits(given), customer(by)).await.unwrap();
            assert_eq!(found, accounts.iter().map(|of| a_product(*of)).collect::<Vec<_>>(), "{engine}");
        }
        tx.commit().await.unwrap();
        let close = format!("UPDATE account SET status = 'Disabled' WHERE id = '{}'", account(1));
        raw::execute(&engine.url, &close).await;
        let mut tx = engine.db.read().await.unwrap();
        let found = product::of_consent(&mut tx, ConsentId::from_bits(1), customer(1)).await.unwrap();
        assert_eq!(found, [a_product(2)], "{engine}");
    }
}
