//! Receipts: read as they were stored, sealed, sent by one at a time, counted for each customer.

use lombard_domain::browser::{Browser, Family, System};
use lombard_domain::id::ReceiptId;
use lombard_domain::permission::{Permission, PermissionSet};
use lombard_domain::receipt::{Credential, Given, Origin, Receipt, RoughNetwork, What};
use lombard_store::receipt::{self, Due, End, Waiting};
use lombard_store::{Error, customer as people};

use crate::raw;
use crate::world::{self, at, customer, text};

fn id(n: u128) -> ReceiptId {
    ReceiptId::from_bits(n)
}

fn given() -> Given {
    Given {
        app: text("Pocket Ledger"),
        permissions: PermissionSet::of(&[Permission::AccountsBasic, Permission::Balances]),
        identity: true,
        until: Some(at(900)),
        renewed: false,
    }
}

fn origin() -> Origin {
    Origin {
        network: Some(RoughNetwork::of("192.0.2.77".parse().unwrap())),
        browser: Browser { family: Family::Firefox, system: System::Linux },
    }
}

fn a_receipt(n: u128) -> Receipt {
    Receipt { id: id(n), customer: customer(1), at: at(1), what: What::SignedIn(origin()), is_last: false }
}

#[tokio::test]
async fn is_read_as_it_was_stored() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let nowhere = Origin { network: None, browser: Browser::default() };
        let kinds = [
            What::SignedIn(origin()),
            What::SignedIn(nowhere),
            What::ConsentGiven(given()),
            What::ConsentGiven(Given { until: None, identity: false, renewed: true, ..given() }),
            What::CredentialChanged(Credential::Password),
            What::CredentialChanged(Credential::SecondFactor),
        ];
        for (n, what) in (1..).zip(kinds) {
            let receipt = Receipt { what, is_last: n % 2 == 0, ..a_receipt(n) };
            receipt::add(&mut tx, &receipt).await.unwrap();
            assert_eq!(receipt::find(&mut tx, id(n)).await.unwrap(), Some(receipt), "{engine}");
        }
        assert_eq!(receipt::find(&mut tx, id(99)).await.unwrap(), None, "{engine}");
        assert!(matches!(receipt::add(&mut tx, &a_receipt(1)).await, Err(Error::Conflict(_))), "{engine}");
    }
}

#[tokio::test]
async fn belongs_to_one_attempt_at_a_time_until_it_is_sent() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        receipt::add(&mut tx, &a_receipt(1)).await.unwrap();
        receipt::add(&mut tx, &Receipt { at: at(5), ..a_receipt(2) }).await.unwrap();
        assert!(receipt::due(&mut tx, at(0), 9).await.unwrap().is_empty(), "{engine}: not before it happened");
        let due = receipt::due(&mut tx, at(9), 9).await.unwrap();
        assert_eq!(due.iter().map(|due| due.id).collect::<Vec<_>>(), [id(1), id(2)], "{engine}");
        assert_eq!(receipt::due(&mut tx, at(9), 1).await.unwrap().len(), 1, "{engine}");
        let seen = due[0];
        assert_eq!(seen, Due { id: id(1), attempts: 0, next_at: at(1) });

        let claimed = receipt::claim(&mut tx, seen, at(60)).await.unwrap().unwrap();
        assert_eq!(claimed, Due { id: id(1), attempts: 1, next_at: at(60) }, "{engine}");
        assert_eq!(receipt::claim(&mut tx, seen, at(70)).await.unwrap(), None, "{engine}: somebody else has it");
        assert_eq!(receipt::due(&mut tx, at(9), 9).await.unwrap().len(), 1, "{engine}");
        assert_eq!(receipt::due(&mut tx, at(60), 1).await.unwrap()[0].id, id(2), "{engine}: then it is due again");
        assert!(receipt::postpone(&mut tx, claimed, at(100)).await.unwrap());
        assert!(!receipt::postpone(&mut tx, claimed, at(200)).await.unwrap(), "{engine}: not theirs any more");
        let later = receipt::due(&mut tx, at(100), 9).await.unwrap();
        assert_eq!(later.last(), Some(&Due { id: id(1), attempts: 1, next_at: at(100) }), "{engine}");

        let waiting = receipt::waiting(&mut tx).await.unwrap();
        assert_eq!(waiting, Waiting { count: 2, oldest: Some(at(1)) }, "{engine}");
        assert!(receipt::end(&mut tx, id(1), End::Sent).await.unwrap());
        assert!(!receipt::end(&mut tx, id(1), End::Failed).await.unwrap(), "{engine}: it ended once");
        assert!(receipt::end(&mut tx, id(2), End::Unaddressed).await.unwrap());
        assert_eq!(receipt::waiting(&mut tx).await.unwrap(), Waiting { count: 0, oldest: None }, "{engine}");
        assert!(receipt::due(&mut tx, at(1000), 9).await.unwrap().is_empty(), "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_claim_it_one_has_it() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        receipt::add(&mut tx, &a_receipt(1)).await.unwrap();
        tx.commit().await.unwrap();
        let seen = Due { id: id(1), attempts: 0, next_at: at(1) };
        let won = world::race(&engine.db, |db| async move {
            let mut tx = db.begin("race").await?;
            let claimed = receipt::claim(&mut tx, seen, at(60)).await?;
            tx.commit().await.map(|()| claimed.is_some())
        });
        assert_eq!(won.await.into_iter().filter(|won| *won).count(), 1, "{engine}");
    }
}

#[tokio::test]
async fn is_counted_for_each_customer_and_anew_after_a_while() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for (who, now, before, expected) in
            [(1, 10, 0, 1), (1, 11, 1, 2), (2, 11, 1, 1), (1, 12, 2, 3), (1, 20, 10, 1), (1, 21, 11, 2), (1, 30, 19, 3)]
        {
            let counted = receipt::count(&mut tx, customer(who), at(now), at(before)).await.unwrap();
            assert_eq!(counted, Some(expected), "{engine}: {who} at {now}");
        }
        assert_eq!(receipt::count(&mut tx, customer(9), at(1), at(0)).await.unwrap(), None, "{engine}: nobody");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_two_have_the_same_number() {
    for engine in world::peopled().await {
        let numbers = world::race(&engine.db, |db| async move {
            let mut tx = db.begin("race").await?;
            let number = receipt::count(&mut tx, customer(1), at(10), at(0)).await?;
            tokio::task::yield_now().await;
            tx.commit().await.map(|()| number.unwrap())
        });
        let mut numbers = numbers.await;
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=16).collect::<Vec<_>>(), "{engine}");
    }
}

#[tokio::test]
async fn is_forgotten_whatever_became_of_it_and_with_its_customer() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for n in 1..=3 {
            let at = at(i64::try_from(n).unwrap());
            receipt::add(&mut tx, &Receipt { at, ..a_receipt(n) }).await.unwrap();
        }
        receipt::end(&mut tx, id(2), End::Failed).await.unwrap();
        for (before, limit, gone) in [(0, 9, 0), (2, 1, 1), (2, 9, 1), (2, 9, 0)] {
            assert_eq!(receipt::forget(&mut tx, at(before), limit).await.unwrap(), gone, "{engine}: {before}");
        }
        receipt::add(&mut tx, &Receipt { customer: customer(2), ..a_receipt(4) }).await.unwrap();
        lombard_store::device::learn(&mut tx, customer(1), &[1; 32], at(1)).await.unwrap();
        people::erase(&mut tx, customer(1), at(9)).await.unwrap().unwrap();
        assert_eq!(receipt::find(&mut tx, id(3)).await.unwrap(), None, "{engine}: gone with the customer");
        assert!(receipt::find(&mut tx, id(4)).await.unwrap().is_some(), "{engine}: another's stays");
        tx.commit().await.unwrap();
        assert_eq!(raw::rows(&engine.url, "SELECT COUNT(*) FROM device").await, ["0"], "{engine}");
    }
}
