//! Standing orders, as far as the consent shows them.

use lombard_domain::account::StandingOrder;
use lombard_domain::permission::Seen;
use lombard_store::list::{Cursor, Wanted};
use lombard_store::standing_order;

use super::EmbeddedBank;
use super::list::Turn;
use crate::error::Result;
use crate::port::ListQuery;
use crate::view::{Page, StandingOrderView};

impl EmbeddedBank {
    /// A page of standing orders of accounts that are in use and that the customer still holds.
    pub(super) async fn standing_orders_in(
        &self,
        wanted: Wanted,
        seen: Seen,
        query: ListQuery,
    ) -> Result<Page<StandingOrderView>> {
        let turn = Turn::to(query);
        let rows = standing_order::page(&mut self.db.read().await?, &turn.query(wanted)).await?;
        let place = |row: &StandingOrder| Cursor { account: row.account, item: row.id.bits() };
        Ok(turn.page(rows, place, |row| StandingOrderView::of(row, seen)))
    }
}
