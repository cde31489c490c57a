//! How an account's transactions have changed since a caller last asked.

use lombard_auth::access::AccountAccess;
use lombard_domain::permission::{ReadTransactions, Window};
use lombard_store::transaction::{self, Change, ChangesQuery, Difference};

use super::EmbeddedBank;
use crate::error::{Error, Result};
use crate::page::{Feed, SyncCursor};
use crate::port::{SYNC_SIZE_MAX, SyncQuery};
use crate::view::{SyncPage, TransactionView};

impl EmbeddedBank {
    /// The next changes of an account, within what is open; `None` if the cursor is not one of this feed.
    pub(super) async fn changes_under(
        &self,
        access: &AccountAccess<ReadTransactions>,
        query: SyncQuery,
    ) -> Result<Option<SyncPage>> {
        let shade = access.shade();
        let feed = Feed {
            consent: access.consent().consent(),
            account: access.account(),
            seen: shade.seen,
            only: shade.only,
            granted: access.consent().granted(),
            open_since: access.history(),
        };
        self.changes_of(feed, query).await
    }

    /// The next changes of a feed.
    pub(crate) async fn changes_of(&self, feed: Feed, query: SyncQuery) -> Result<Option<SyncPage>> {
        let cursor = match &query.cursor {
            None => SyncCursor::start(&feed),
            Some(text) => match SyncCursor::read(text, &self.db, &feed) {
                Some(cursor) => cursor,
                None => return Ok(None),
            },
        };
        let mut tx = self.db.read().await?;
        let Some(newest) = transaction::newest_change(&mut tx, feed.account).await? else {
            // Nothing is told of an account that is not in use, and nothing is passed over: it may come into use again.
            return Ok(Some(self.told(&feed, cursor, Vec::new())));
        };
        // The numbers of a database that was restored are given out a second time, for other changes.
        if cursor.head > newest {
            return Ok(None);
        }
        let size = query.size.clamp(1, SYNC_SIZE_MAX);
        let walk = cursor.walking(newest);
        let asked = asked(&feed, walk, size);
        let mut changes = match asked.after < asked.to {
            true => transaction::changes(&mut tx, feed.account, &asked).await?,
            false => Vec::new(),
        };
        let at = match changes.get(size) {
            Some(_) => changes.get(size - 1).map_or(asked.to, |last| last.number),
            None => asked.to,
        };
        changes.truncate(size);
        if let Some(since) = feed.open_since
            && changes.iter().any(|change| change.difference.is_before(since))
        {
            return Err(Error::HistoryClosed { since });
        }
        let page = self.told(&feed, walk.moved(at), changes);
        // What came while the walk was under way is for the next one, which can begin at once.
        Ok(Some(SyncPage { more: page.more || newest > walk.head, ..page }))
    }

    fn told(&self, feed: &Feed, next: SyncCursor, changes: Vec<Change>) -> SyncPage {
        let (mut added, mut changed, mut removed) = (Vec::new(), Vec::new(), Vec::new());
        for change in changes {
            match change.difference {
                Difference::Added(stored) => added.push(TransactionView::of(*stored, feed.seen, feed.only)),
                Difference::Changed(stored) => changed.push(TransactionView::of(*stored, feed.seen, feed.only)),
                Difference::Removed(id) => removed.push(id),
            }
        }
        let more = next.at < next.head;
        SyncPage { added, changed, removed, next: next.text(&self.db, feed), more, is_walking: more }
    }
}

/// What is asked of the store: one change more than is told, which tells whether there is another.
fn asked(feed: &Feed, walk: SyncCursor, size: usize) -> ChangesQuery {
    ChangesQuery {
        base: walk.base,
        head: walk.head,
        after: walk.at,
        to: walk.head.min(walk.at.saturating_add(LOOKED_AT_MAX)),
        only: feed.only,
        window: feed.granted.intersect(Window { from: walk.floor, to: None }),
        limit: i64::try_from(size).unwrap_or(i64::MAX).saturating_add(1),
    }
}

/// Changes that are looked at for one answer, also where few of them may be told.
const LOOKED_AT_MAX: i64 = 5000;
