//! Turning the pages of lists that are in order of account and identifier.

use lombard_domain::permission::Right;
use lombard_store::list::{self, Cursor, Towards, Wanted};

use crate::page::ListKey;
use crate::port::{ListQuery, PAGE_SIZE_MAX, Reach};
use crate::view::Page;

/// A page that is to be read.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    page: Option<ListKey>,
    size: usize,
}

impl Turn {
    pub(super) fn to(query: ListQuery) -> Self {
        Self { page: query.page, size: query.size.clamp(1, PAGE_SIZE_MAX) }
    }

    /// What is asked of the store: one row more than is shown, which tells whether there is a page behind this one.
    pub(super) fn query(self, wanted: Wanted) -> list::ListQuery {
        list::ListQuery {
            wanted,
            after: self.page.and_then(|page| page.after),
            towards: self.towards(),
            limit: i64::try_from(self.size).unwrap_or(i64::MAX).saturating_add(1),
        }
    }

    /// The page made of the rows that came, which are in order.
    pub(super) fn page<T, V>(self, mut rows: Vec<T>, place: fn(&T) -> Cursor, view: impl FnMut(T) -> V) -> Page<V> {
        let more = rows.len() > self.size;
        // Where the page begins at a place, the page from which it was reached lies on the other side.
        let came_from = self.page.is_some_and(|page| page.after.is_some());
        let (has_prev, has_next) = match self.towards() {
            Towards::Newer => {
                rows.truncate(self.size);
                (came_from, more)
            }
            Towards::Older => {
                drop(rows.drain(..rows.len().saturating_sub(self.size)));
                (more, came_from)
            }
        };
        Page {
            prev: rows.first().filter(|_| has_prev).map(|row| ListKey::prev(place(row))),
            next: rows.last().filter(|_| has_next).map(|row| ListKey::next(place(row))),
            items: rows.into_iter().map(view).collect(),
        }
    }

    fn towards(self) -> Towards {
        self.page.map_or(Towards::Newer, |page| page.towards)
    }
}

/// Whose list a call may read.
pub(super) fn wanted<R: Right>(reach: &Reach<'_, R>) -> Wanted {
    Wanted { consent: reach.consent(), customer: reach.customer(), account: reach.account() }
}

#[cfg(test)]
mod tests;
