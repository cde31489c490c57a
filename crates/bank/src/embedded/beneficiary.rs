//! Beneficiaries, as far as the consent shows them.

use lombard_domain::account::Beneficiary;
use lombard_domain::permission::Seen;
use lombard_store::beneficiary;
use lombard_store::list::{Cursor, Wanted};

use super::EmbeddedBank;
use super::list::Turn;
use crate::error::Result;
use crate::port::ListQuery;
use crate::view::{BeneficiaryView, Page};

impl EmbeddedBank {
    /// A page of beneficiaries of accounts that are in use and that the customer still holds.
    pub(super) async fn beneficiaries_in(
        &self,
        wanted: Wanted,
        seen: Seen,
        query: ListQuery,
    ) -> Result<Page<BeneficiaryView>> {
        let turn = Turn::to(query);
        let rows = beneficiary::page(&mut self.db.read().await?, &turn.query(wanted)).await?;
        let place = |row: &Beneficiary| Cursor { account: row.account, item: row.id.bits() };
        Ok(turn.page(rows, place, |row| BeneficiaryView::of(row, seen)))
    }
}
