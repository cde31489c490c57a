//! Where customers can be reached, and who holds an account.

use lombard_domain::party::{Address, Contact, HolderRole, Holding, Phone};
use lombard_store::contact::{Holder, Person};
use lombard_store::{Stored, account, contact};

use crate::raw;
use crate::world::{self, a_customer, customer, text};

fn a_contact(of: u128) -> Contact {
    Contact {
        customer: customer(of),
        phone: of.is_multiple_of(2).then(|| Phone::new("+44-2079460000").unwrap()),
        mobile: Some(Phone::new("+44-7700900123").unwrap()),
        address: of.is_multiple_of(2).then(|| Address {
            lines: vec![text("Flat 2"), text("14 Örebro Street")],
            post_code: Some(text("SW1A 1AA")),
            town: Some(text("London")),
            country: Some(text("GB")),
        }),
    }
}

fn same(found: &Person, of: u128, contact: Option<&Contact>) -> bool {
    found.customer == a_customer(of) && found.contact.as_ref() == contact
}

#[tokio::test]
async fn contacts_are_read_as_they_were_stored_sealed_and_never_changed() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let given = [a_contact(1), a_contact(2)];
        let found = contact::person(&mut tx, customer(1)).await.unwrap().unwrap();
        assert!(same(&found, 1, None), "{engine}");
        assert_eq!(contact::add_missing(&mut tx, &given).await.unwrap(), [Stored::Added; 2]);
        let again = [given[0].clone(), Contact { address: None, ..given[1].clone() }];
        let outcome = contact::add_missing(&mut tx, &again).await.unwrap();
        assert_eq!(outcome, [Stored::Present, Stored::Differs], "{engine}");
        for (of, one) in (1..).zip(given) {
            let found = contact::person(&mut tx, customer(of)).await.unwrap().unwrap();
            assert!(same(&found, of, Some(&one)), "{engine}");
        }
        assert!(contact::person(&mut tx, customer(9)).await.unwrap().is_none());
        tx.commit().await.unwrap();
        let row = raw::rows(&engine.url, "SELECT * FROM contact").await.join("\n");
        for personal in ["7700900123", "London", "SW1A"] {
            let hex = raw::hex(personal.as_bytes());
            assert!(!row.contains(personal) && !row.contains(&hex), "{engine}: {personal} is not sealed");
        }
        let mut tx = engine.db.begin("test").await.unwrap();
        assert!(contact::add_missing(&mut tx, &[a_contact(9)]).await.is_err(), "{engine}: of no customer");
    }
}

#[tokio::test]
async fn an_account_has_its_owners_before_those_who_may_use_it() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        contact::add_missing(&mut tx, &[a_contact(2)]).await.unwrap();
        let may_use = Holding { account: world::account(3), customer: customer(1), role: HolderRole::Authorised };
        account::add_holders(&mut tx, &[may_use]).await.unwrap();
        let (owner, authorised) = (HolderRole::Owner, HolderRole::Authorised);
        for (of, expected) in [
            (1, vec![(1, owner, 1)]),
            (2, vec![(1, owner, 2), (2, owner, 2)]),
            (3, vec![(2, owner, 1), (1, authorised, 1)]),
            (9, vec![]),
        ] {
            let found = contact::holders(&mut tx, world::account(of)).await.unwrap();
            let seen: Vec<_> =
                found.iter().map(|holder| (holder.person.customer.id, holder.role, holder.owners)).collect();
            let expected: Vec<_> = expected.into_iter().map(|(n, role, owners)| (customer(n), role, owners)).collect();
            assert_eq!(seen, expected, "{engine}: account {of}");
            for Holder { person, .. } in found {
                let of = if person.customer.id == customer(2) { 2 } else { 1 };
                assert!(same(&person, of, (of == 2).then(|| a_contact(2)).as_ref()), "{engine}");
            }
        }
    }
}
