//! Statements, as far as the consent shows them: those that lie wholly in its window.

use lombard_auth::access::{AccountAccess, ConsentAccess};
use lombard_domain::id::StatementId;
use lombard_domain::permission::{ReadStatements, ReadTransactions, Right, StatementShade, Window};
use lombard_store::list::{Towards, Wanted};
use lombard_store::statement::{self, PageQuery, StoredStatement};

use super::{EmbeddedBank, history};
use crate::error::Result;
use crate::page::StatementKey;
use crate::port::{PAGE_SIZE_MAX, StatementQuery, TransactionQuery};
use crate::view::{Page, StatementView, TransactionPage};

impl EmbeddedBank {
    /// A page of statements of accounts that are in use and that the customer still holds.
    pub(super) async fn statements_under(
        &self,
        access: &ConsentAccess<ReadStatements>,
        wanted: Wanted,
        query: StatementQuery,
    ) -> Result<Page<StatementView, StatementKey>> {
        let window = history::open(access, query.window)?;
        if let Some(place) = query.page.and_then(|page| page.after) {
            history::open_at(access, place.to.start())?;
        }
        let StatementShade { level, window: shown } = access.shade();
        let turn = Turn { page: query.page, size: query.size.clamp(1, PAGE_SIZE_MAX) };
        let rows = statement::page(&mut self.db.read().await?, &turn.query(wanted, shown.intersect(window))).await?;
        Ok(turn.page(rows, |row| StatementView::of(row, level)))
    }

    /// A statement of the account that lies wholly in what the consent gives; who asks for one that is not open is told so.
    pub(super) async fn statement_under<R: Right>(
        &self,
        access: &AccountAccess<R>,
        id: StatementId,
    ) -> Result<Option<StoredStatement>> {
        let found = statement::find(&mut self.db.read().await?, access.account(), id).await?;
        let Some(found) = found else { return Ok(None) };
        let (first, last) = (found.statement.starts_at(), found.statement.ends_at());
        Ok(history::open_whole(access.consent(), first, last)?.then_some(found))
    }

    /// One statement, as far as the consent shows it.
    pub(super) async fn one_statement(
        &self,
        access: &AccountAccess<ReadStatements>,
        id: StatementId,
    ) -> Result<Option<StatementView>> {
        let found = self.statement_under(access, id).await?;
        Ok(found.map(|found| StatementView::of(found, access.shade().level)))
    }

    /// A page of what happened on the days of a statement.
    pub(super) async fn transactions_of_statement(
        &self,
        access: &AccountAccess<ReadTransactions>,
        id: StatementId,
        query: TransactionQuery,
    ) -> Result<Option<TransactionPage>> {
        let Some(found) = self.statement_under(access, id).await? else { return Ok(None) };
        let query = TransactionQuery { window: query.window.intersect(found.statement.moments()), ..query };
        self.page(access.account(), access.shade(), query).await.map(Some)
    }
}

/// A page that is to be read.
#[derive(Clone, Copy)]
struct Turn {
    page: Option<StatementKey>,
    size: usize,
}

impl Turn {
    /// What is asked of the store: one row more than is shown, which tells whether there is a page behind this one.
    fn query(self, wanted: Wanted, window: Window) -> PageQuery {
        PageQuery {
            wanted,
            window,
            after: self.page.and_then(|page| page.after),
            towards: self.towards(),
            limit: i64::try_from(self.size).unwrap_or(i64::MAX).saturating_add(1),
        }
    }

    /// The page made of the rows that came, which are in order.
    fn page<V>(self, mut rows: Vec<StoredStatement>, view: impl FnMut(StoredStatement) -> V) -> Page<V, StatementKey> {
        let more = rows.len() > self.size;
        // Where the page begins at a place, the page from which it was reached lies on the other side.
        let came_from = self.page.is_some_and(|page| page.after.is_some());
        let (has_prev, has_next) = match self.towards() {
            Towards::Older => {
                rows.truncate(self.size);
                (came_from, more)
            }
            Towards::Newer => {
                drop(rows.drain(..rows.len().saturating_sub(self.size)));
                (more, came_from)
            }
        };
        Page {
            prev: rows.first().filter(|_| has_prev).map(|row| StatementKey::prev(row.cursor())),
            next: rows.last().filter(|_| has_next).map(|row| StatementKey::next(row.cursor())),
            items: rows.into_iter().map(view).collect(),
        }
    }

    fn towards(self) -> Towards {
        self.page.map_or(Towards::Older, |page| page.towards)
    }
}
