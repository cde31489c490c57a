//! What can go wrong between the API and the bank, by what a caller can do about it.

use lombard_domain::time::Instant;

/// The result of asking the bank.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure of the bank.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Too much is going on; a repetition may succeed.
    #[error("the bank is busy")]
    Busy(#[source] lombard_store::Error),
    /// Something of ours is broken.
    #[error("the bank failed")]
    Failed(#[source] lombard_store::Error),
    /// Something is asked for that is too old for how long ago the customer signed in.
    #[error("what is older needs a fresh sign-in of the customer")]
    HistoryClosed {
        /// Since when data is open.
        since: Instant,
    },
}

impl From<lombard_store::Error> for Error {
    fn from(error: lombard_store::Error) -> Self {
        if error.is_transient() { Self::Busy(error) } else { Self::Failed(error) }
    }
}
