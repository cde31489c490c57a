//! Offers, which a consent shows whole.

use lombard_domain::account::Offer;
use lombard_store::list::{Cursor, Wanted};
use lombard_store::offer;

use super::EmbeddedBank;
use super::list::Turn;
use crate::error::Result;
use crate::port::ListQuery;
use crate::view::{OfferView, Page};

impl EmbeddedBank {
    /// A page of offers of accounts that are in use and that the customer still holds.
    pub(super) async fn offers_in(&self, wanted: Wanted, query: ListQuery) -> Result<Page<OfferView>> {
        let turn = Turn::to(query);
        let rows = offer::page(&mut self.db.read().await?, &turn.query(wanted)).await?;
        let place = |row: &Offer| Cursor { account: row.account, item: row.id.bits() };
        Ok(turn.page(rows, place, |row| row))
    }
}
