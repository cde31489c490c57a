//! The port through which apps are sent what they asked to be told.
//!
//! The one who implements it keeps the rules of the network: HTTPS only, no redirects, a bounded time, nothing of the answer but
//! its status, and no private addresses unless the operator allows them.

use std::pin::Pin;

/// A delivery on its way.
pub type Delivering<'a> = Pin<Box<dyn Future<Output = Result<(), DeliverError>> + Send + 'a>>;

/// Delivers security event tokens (RFC 8417).
pub trait Deliver: Send + Sync {
    /// Posts a token; succeeds only when the app has answered that it took it.
    fn post<'a>(&'a self, parcel: Parcel<'a>) -> Delivering<'a>;
}

/// What is posted, and where to.
#[derive(Clone, Copy)]
pub struct Parcel<'a> {
    /// The app's address.
    pub url: &'a str,
    /// The interaction id of the call.
    pub interaction: &'a str,
    /// The signed token.
    pub token: &'a str,
}

/// Why a token was not delivered; for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DeliverError(pub String);
