//! Payments planned for a later day, as far as the consent shows them.

use lombard_domain::account::ScheduledPayment;
use lombard_domain::permission::Seen;
use lombard_store::list::{Cursor, Wanted};
use lombard_store::scheduled_payment;

use super::EmbeddedBank;
use super::list::Turn;
use crate::error::Result;
use crate::port::ListQuery;
use crate::view::{Page, ScheduledPaymentView};

impl EmbeddedBank {
    /// A page of scheduled payments of accounts that are in use and that the customer still holds.
    pub(super) async fn scheduled_payments_in(
        &self,
        wanted: Wanted,
        seen: Seen,
        query: ListQuery,
    ) -> Result<Page<ScheduledPaymentView>> {
        let turn = Turn::to(query);
        let rows = scheduled_payment::page(&mut self.db.read().await?, &turn.query(wanted)).await?;
        let place = |row: &ScheduledPayment| Cursor { account: row.account, item: row.id.bits() };
        Ok(turn.page(rows, place, |row| ScheduledPaymentView::of(row, seen)))
    }
}
