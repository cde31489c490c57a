//! A statement, as a caller sees it.

use lombard_domain::account::{Figures, Statement};
use lombard_domain::permission::Level;
use lombard_store::statement::StoredStatement;

use super::detail;

/// A statement of an account.
#[derive(Clone, PartialEq, Eq)]
pub struct StatementView {
    /// What it is, and of which days.
    pub statement: Statement,
    /// Detail: what it sums up.
    pub figures: Option<Figures>,
}

/// A statement as a document.
pub struct StatementFile {
    /// A name for the file.
    pub name: String,
    /// PDF.
    pub content: Vec<u8>,
}

impl StatementView {
    pub(crate) fn of(stored: StoredStatement, level: Level) -> Self {
        Self { figures: detail(level, || stored.figures), statement: stored.statement }
    }
}
