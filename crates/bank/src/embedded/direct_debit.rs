//! Direct debits, which a consent shows whole.

use lombard_domain::account::DirectDebit;
use lombard_store::direct_debit;
use lombard_store::list::{Cursor, Wanted};

use super::EmbeddedBank;
use super::list::Turn;
use crate::error::Result;
use crate::port::ListQuery;
use crate::view::{DirectDebitView, Page};

impl EmbeddedBank {
    /// A page of direct debits of accounts that are in use and that the customer still holds.
    pub(super) async fn direct_debits_in(&self, wanted: Wanted, query: ListQuery) -> Result<Page<DirectDebitView>> {
        let turn = Turn::to(query);
        let rows = direct_debit::page(&mut self.db.read().await?, &turn.query(wanted)).await?;
        let place = |row: &DirectDebit| Cursor { account: row.account, item: row.id.bits() };
        Ok(turn.page(rows, place, |row| row))
    }
}
