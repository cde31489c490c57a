//! What is over is taken away.

use lombard_domain::id::{OfferId, ScheduledPaymentId};
use lombard_store::{Stored, offer, scheduled_payment};

use super::{GIVEN, a_scheduled_payment, an_offer, more_people};
use crate::world;

/// What storing everything again says when the first and the fourth are gone.
fn two_were_gone() -> Vec<Stored> {
    let gone = |place| place == 0 || place == 3;
    (0..GIVEN.len()).map(|place| if gone(place) { Stored::Added } else { Stored::Present }).collect()
}

#[tokio::test]
async fn offers_and_scheduled_payments_are_taken_away_by_name_and_no_others() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        more_people(&mut tx).await;
        let offers = GIVEN.map(|(n, of)| an_offer(n, of));
        offer::add_missing(&mut tx, &offers).await.unwrap();
        let gone = [offers[0].id, OfferId::from_bits(77), offers[3].id, offers[3].id];
        assert_eq!(offer::remove(&mut tx, &gone).await.unwrap(), 2, "{engine}");
        assert_eq!(offer::remove(&mut tx, &gone).await.unwrap(), 0, "{engine}: gone already");
        assert_eq!(offer::remove(&mut tx, &[]).await.unwrap(), 0, "{engine}");
        assert_eq!(offer::add_missing(&mut tx, &offers).await.unwrap(), two_were_gone(), "{engine}");

        let payments = GIVEN.map(|(n, of)| a_scheduled_payment(n, of));
        scheduled_payment::add_missing(&mut tx, &payments).await.unwrap();
        let gone = [payments[0].id, ScheduledPaymentId::from_bits(77), payments[3].id];
        assert_eq!(scheduled_payment::remove(&mut tx, &gone).await.unwrap(), 2, "{engine}");
        assert_eq!(scheduled_payment::remove(&mut tx, &gone).await.unwrap(), 0, "{engine}: gone already");
        assert_eq!(scheduled_payment::add_missing(&mut tx, &payments).await.unwrap(), two_were_gone(), "{engine}");
    }
}
