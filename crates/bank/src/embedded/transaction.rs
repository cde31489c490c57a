//! Pages of transactions.

use lombard_auth::access::ConsentAccess;
use lombard_domain::id::AccountId;
use lombard_domain::permission::{ReadTransactions, TransactionShade, Window};
use lombard_store::list::{Towards, Wanted};
use lombard_store::transaction::{self, PageQuery, StoredTransaction};

use super::{EmbeddedBank, history};
use crate::error::Result;
use crate::page::PageKey;
use crate::port::{PAGE_SIZE_MAX, TransactionQuery};
use crate::view::{Available, TransactionPage, TransactionView};

impl EmbeddedBank {
    /// A page of the transactions that are wanted, within what is open; who asks for what is not is told so.
    pub(super) async fn transactions_under(
        &self,
        access: &ConsentAccess<ReadTransactions>,
        account: Option<AccountId>,
        query: TransactionQuery,
    ) -> Result<TransactionPage> {
        let window = history::open(access, query.window)?;
        if let Some(place) = query.page.and_then(PageKey::moment) {
            history::open_at(access, place)?;
        }
        let wanted = Wanted { consent: access.consent(), customer: access.customer(), account };
        self.transactions_in(wanted, access.shade(), TransactionQuery { window, ..query }).await
    }

    /// A page of the transactions of one account or of all accounts of a consent, within what the shade allows.
    pub(crate) async fn transactions_in(
        &self,
        wanted: Wanted,
        shade: TransactionShade,
        query: TransactionQuery,
    ) -> Result<TransactionPage> {
        let turn = Turn::to(shade, query);
        let mut tx = self.db.read().await?;
        let rows = match wanted.account {
            Some(account) => transaction::page(&mut tx, account, &turn.query()).await?,
            None => transaction::page_of_all(&mut tx, wanted.consent, wanted.customer, &turn.query()).await?,
        };
        // The statement that tells it looks at both ways: it would say when the other flowed.
        let range = match shade.only {
            None => transaction::range(&mut tx, wanted, shade.window).await?,
            Some(_) => None,
        };
        let available = range.map(|(first, last)| Available { first, last });
        Ok(TransactionPage { available, ..turn.page(rows) })
    }

    /// A page of an account's transactions, within what the shade allows.
    pub(crate) async fn page(
        &self,
        account: AccountId,
        shade: TransactionShade,
        query: TransactionQuery,
    ) -> Result<TransactionPage> {
        let turn = Turn::to(shade, query);
        let rows = transaction::page(&mut self.db.read().await?, account, &turn.query()).await?;
        Ok(turn.page(rows))
    }
}

/// A page that is to be read.
#[derive(Clone, Copy)]
struct Turn {
    page: Option<PageKey>,
    size: usize,
    shade: TransactionShade,
    window: Window,
}

impl Turn {
    fn to(shade: TransactionShade, query: TransactionQuery) -> Self {
        let window = shade.window.intersect(query.window);
        Self { page: query.page, size: query.size.clamp(1, PAGE_SIZE_MAX), shade, window }
    }

    fn towards(self) -> Towards {
        self.page.map_or(Towards::Older, |page| page.towards)
    }

    /// What is asked of the store: one row more than is shown, which tells whether there is a page behind this one.
    fn query(self) -> PageQuery {
        PageQuery {
            after: self.page.and_then(|page| page.after),
            towards: self.towards(),
            only: self.shade.only,
            window: self.window,
            limit: i64::try_from(self.size).unwrap_or(i64::MAX).saturating_add(1),
        }
    }

    /// The page made of the rows that came, which are in order.
    fn page(self, mut rows: Vec<StoredTransaction>) -> TransactionPage {
        let more = rows.len() > self.size;
        // Where the page begins at a place, the page from which it was reached lies on the other side.
        let came_from = self.page.is_some_and(|page| page.after.is_some());
        let (is_newer, is_older) = match self.towards() {
            Towards::Older => {
                rows.truncate(self.size);
                (came_from, more)
            }
            Towards::Newer => {
                drop(rows.drain(..rows.len().saturating_sub(self.size)));
                (more, came_from)
            }
        };
        TransactionPage {
            newer: rows.first().filter(|_| is_newer).map(|row| PageKey::newer(row.cursor())),
            older: rows.last().filter(|_| is_older).map(|row| PageKey::older(row.cursor())),
            items: rows.into_iter().map(|row| TransactionView::of(row, self.shade.seen, self.shade.only)).collect(),
            available: None,
        }
    }
}
