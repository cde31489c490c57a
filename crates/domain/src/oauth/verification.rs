//! That an operator of the bank has checked whose an app is.

use crate::text::Text;
use crate::time::Instant;

/// What an operator of the bank has checked and put on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The organisation that answers for the app.
    pub organisation: Text<120>,
    /// Who checked it, or the number of the case; for the bank's own eyes.
    pub by: Text<80>,
    /// When.
    pub at: Instant,
}
