//! How a customer signs in: password, second factor, session.
//!
//! A sign-in belongs to an interaction, which belongs to the browser that began it. An app's request is signed in for anew each time,
//! with both factors: that is the strong authentication that a consent needs, and no app can ride on a session that happens to be open.

mod credentials;
mod csrf;
mod device;
mod erase;
mod interaction;
pub mod password;
pub mod second_factor;
mod session;
mod sign_in;
mod throttle;

pub use device::{DEVICE_LIFE, Visitor};
pub use erase::Erased;
pub use interaction::{Interrupted, OnTheWay, SignedIn, Stage, Unasked};
pub use session::Customer;
pub use sign_in::{NewSession, SignInError};
