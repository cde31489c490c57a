//! The port through which documents are fetched that somebody else named: an app's keys, a directory's.
//!
//! The one who implements it keeps the rules of the network: HTTPS only, no redirects, a bounded answer in a bounded time, and
//! no private addresses unless the operator allows them.

use std::pin::Pin;

/// A document on its way.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, FetchError>> + Send + 'a>>;

/// Fetches documents.
pub trait Fetch: Send + Sync {
    /// The body at an address, of at most 64 KiB.
    fn get<'a>(&'a self, url: &'a str) -> Fetching<'a>;
}

/// Why a document could not be fetched; for the log, never for whoever named the address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FetchError(pub String);
