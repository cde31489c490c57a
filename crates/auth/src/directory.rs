//! The one thing that authorization must ask the bank: which accounts a customer holds.

use std::future::Future;
use std::pin::Pin;

use lombard_domain::account::{AccountKind, Identification};
use lombard_domain::id::{AccountId, CustomerId};
use lombard_domain::party::HolderRole;

/// An account as a customer chooses it on the consent page.
#[derive(Clone)]
pub struct HeldAccount {
    /// Which account.
    pub id: AccountId,
    /// The name that its owner knows it by.
    pub nickname: Option<String>,
    /// What kind of account.
    pub kind: AccountKind,
    /// Its number with all but the end hidden.
    pub masked: String,
    /// Its number, to recognise an account that an app named; never to be shown.
    pub identification: Identification,
    /// In what role the customer holds it.
    pub role: HolderRole,
    /// How many owners it has; two and more make it a joint account.
    pub owners: usize,
}

/// Which accounts customers hold: a port that the bank implements.
pub trait AccountDirectory: Send + Sync {
    /// The accounts of a customer that can be used, in a stable order.
    fn accounts_of<'a>(
        &'a self,
        customer: CustomerId,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<HeldAccount>, DirectoryError>> + Send + 'a>>;
}

/// The bank did not answer.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// Too much is going on.
    #[error("the bank is busy")]
    Busy,
    /// It failed.
    #[error("the bank failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<DirectoryError> for crate::Error {
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::Busy => Self::Busy,
            DirectoryError::Failed(_) => Self::internal(error),
        }
    }
}
