//! A third party's FAPI 2.0 client: registers, pushes, exchanges, reads, and checks what it is told.
//!
//! Written from the standards, not from the bank's code: it knows the bank's address and what its metadata says. Each step can
//! be taken alone and broken on the way; what comes back is the raw answer, or a value that has been verified.

mod app;
mod ask;
mod call;
mod checked;
mod proof;
mod setup;
mod story;

pub use app::FapiApp;
pub use ask::{Fields, changed};
pub use proof::token_hash;
pub use setup::{BindingKind, ClientAuth, FapiSetup, Nonces, OpenId, Requests, Responses};
