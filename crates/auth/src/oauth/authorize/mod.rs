//! The authorization endpoint: from a raw request to a customer's answer.
//!
//! What is known of a request is in its type, and each step consumes the one before:
//!
//! ```text
//! Params --client--> KnownClient --request_object--> Params --redirect_uri--> Returnable --rules--> AuthorizationRequest
//!    (push: kept under a request_uri)                                        |
//!                      Interaction: password, second factor, consent page <--+
//!          lodged consent? intent --> question
//!                                         |
//!                                      decide --> Consent, Grant, Code --> Return
//! ```
//!
//! An error before `Returnable` is shown on the endpoint itself: there is nowhere to send it that could be trusted. An error
//! after it goes back to the app.

mod answer;
mod authentication;
mod begin;
mod binding;
mod client;
mod intent;
mod question;
mod redirect_uri;
mod request_object;
mod rules;

pub use answer::{Choice, Decision};
pub(crate) use answer::{DENIED, Turning};
pub use begin::{Begin, Pushed};
pub(crate) use binding::CLAIM as INTENT_CLAIM;
pub use question::Question;
pub use redirect_uri::Return;
pub use request_object::ExpectedObject;
