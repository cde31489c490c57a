//! The port through which customers are told something: by e-mail, or whatever channel somebody builds.
//!
//! The one who implements it finds the words and the way. A receipt may come twice, after a crash in between; its identifier goes along,
//! so that whoever receives it can tell.

use std::pin::Pin;

use lombard_domain::receipt::Receipt;

/// A receipt on its way.
pub type Posting<'a> = Pin<Box<dyn Future<Output = Result<(), PostError>> + Send + 'a>>;

/// Tells customers something.
pub trait Post: Send + Sync {
    /// Hands a receipt over; succeeds only when it will not be lost any more. It must end in a bounded time.
    fn send<'a>(&'a self, item: PostItem<'a>) -> Posting<'a>;
}

/// What is sent, and where to.
#[derive(Clone, Copy)]
pub struct PostItem<'a> {
    /// The customer's e-mail address, as the bank has it; nobody has checked it.
    pub to: &'a str,
    /// What they are told.
    pub receipt: &'a Receipt,
}

/// Why a receipt was not handed over; for the log, so without anything of the customer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// It may work later.
    #[error("{0}")]
    Later(String),
    /// It will never work.
    #[error("{0}")]
    Never(String),
    /// What the bank has is no address.
    #[error("the address is none")]
    NoAddress,
}
