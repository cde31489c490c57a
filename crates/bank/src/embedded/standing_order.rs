//! Standing orders.

use lombard_domain::id::AccountId;
use lombard_domain::permission::Seen;
use lombard_store::standing_order;

use super::EmbeddedBank;
use crate::error::Result;
use crate::view::StandingOrderView;

impl EmbeddedBank {
    /// The standing orders of an account.
    pub(crate) async fn orders_of(&self, account: AccountId, seen: Seen) -> Result<Vec<StandingOrderView>> {
        let orders = standing_order::of_account(&mut self.db.read().await?, account).await?;
        Ok(orders.into_iter().map(|order| StandingOrderView::of(order, seen)).collect())
    }
}
