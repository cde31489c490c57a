//! Pages of transactions.

use lombard_domain::id::AccountId;
use lombard_domain::permission::TransactionShade;
use lombard_store::transaction::{self, PageQuery, StoredTransaction, Towards};

use super::EmbeddedBank;
use crate::error::Result;
use crate::page::PageKey;
use crate::port::{PAGE_SIZE_MAX, TransactionQuery};
use crate::view::{TransactionPage, TransactionView};

impl EmbeddedBank {
    /// A page of an account's transactions, within what the shade allows.
    pub(crate) async fn page(
        &self,
        account: AccountId,
        shade: TransactionShade,
        query: TransactionQuery,
    ) -> Result<TransactionPage> {
        let size = query.size.clamp(1, PAGE_SIZE_MAX);
        let towards = query.page.map_or(Towards::Older, |page| page.towards);
        let wanted = PageQuery {
            after: query.page.map(|page| page.after),
            towards,
            only: shade.only,
            window: shade.window.intersect(query.window),
            // One more than is shown tells whether there is a page behind this one.
            limit: i64::try_from(size).unwrap_or(i64::MAX).saturating_add(1),
        };
        let mut rows = transaction::page(&mut self.db.read().await?, account, &wanted).await?;
        let more = rows.len() > size;
        match towards {
            Towards::Older => rows.truncate(size),
            Towards::Newer => drop(rows.drain(..rows.len().saturating_sub(size))),
        }
        // The page from which this one was reached lies on the other side.
        let came_from = query.page.is_some();
        let (is_newer, is_older) = match towards {
            Towards::Older => (came_from, more),
            Towards::Newer => (more, came_from),
        };
        let key = |row: Option<&StoredTransaction>, make: fn(_) -> PageKey| row.map(|row| make(row.cursor()));
        Ok(TransactionPage {
            newer: key(rows.first(), PageKey::newer).filter(|_| is_newer),
            older: key(rows.last(), PageKey::older).filter(|_| is_older),
            items: rows.into_iter().map(|row| TransactionView::of(row, shade.seen)).collect(),
        })
    }
}
