//! The port through which documents are fetched that somebody else named: an app's keys and logo, a directory's keys.
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

    /// The picture at an address, of at most 256 KiB; whoever implements only the other fetches none.
    fn picture<'a>(&'a self, _url: &'a str) -> Fetching<'a> {
        Box::pin(std::future::ready(Err(FetchError("no pictures are fetched here".to_owned()))))
    }
}

/// Why a document could not be fetched; for the log, never for whoever named the address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FetchError(pub String);
