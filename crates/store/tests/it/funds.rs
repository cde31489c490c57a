//! What an answer about funds is made from.

use lombard_domain::account::AccountStatus;
use lombard_domain::consent::State;
use lombard_domain::id::ConsentId;
use lombard_store::funds::Funds;
use lombard_store::{account, consent, funds};

use crate::raw;
use crate::world::{self, a_consent, customer, yes};

#[tokio::test]
async fn come_from_the_account_that_the_customer_still_holds() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        consent::insert(&mut tx, &a_consent(1, 1, State::Authorised(yes(1, &[1])))).await.unwrap();
        let id = ConsentId::from_bits(1);
        let amounts = account::balance(&mut tx, world::account(1)).await.unwrap().unwrap();
        let expected = Some(Funds { status: AccountStatus::Enabled, amounts });
        assert_eq!(funds::of_consent(&mut tx, id, customer(1)).await.unwrap(), expected, "{engine}");
        assert_eq!(funds::of_consent(&mut tx, id, customer(2)).await.unwrap(), None, "{engine}: another customer");
        let other = ConsentId::from_bits(2);
        assert_eq!(funds::of_consent(&mut tx, other, customer(1)).await.unwrap(), None, "{engine}: no such consent");
        tx.commit().await.unwrap();

        raw::execute(&engine.url, "UPDATE account SET status = 'Disabled'").await;
        let mut read = engine.db.read().await.unwrap();
        let found = funds::of_consent(&mut read, id, customer(1)).await.unwrap().unwrap();
        assert_eq!(found.status, AccountStatus::Disabled, "{engine}");
        drop(read);
        raw::execute(&engine.url, "DELETE FROM account_holder").await;
        let mut read = engine.db.read().await.unwrap();
        assert_eq!(funds::of_consent(&mut read, id, customer(1)).await.unwrap(), None, "{engine}");
    }
}
