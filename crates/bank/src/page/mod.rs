//! Where a page of a list begins, and the text for it in a link.

mod list;
mod statement;
mod sync;
mod transaction;

pub use list::ListKey;
pub use statement::StatementKey;
pub(crate) use sync::{Feed, SyncCursor};
pub use transaction::PageKey;

/// The text is not one that was given out as the place of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the place of a page")]
pub struct BadPageKey;
