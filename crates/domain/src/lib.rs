//! The vocabulary and the rules: what things are, and what may become of them.
//!
//! Pure: no input or output, no clock, no random numbers, no HTTP, no dialect of any API. Everything here can be read, and
//! tested, without a database. Other crates parse into these types at their edge and never go back to strings.

pub mod account;
pub mod audit;
pub mod browser;
pub mod consent;
pub mod currency;
pub mod id;
pub mod json;
pub mod limit;
pub mod look_alike;
pub mod money;
pub mod notification;
pub mod oauth;
pub mod party;
pub mod permission;
pub mod random;
pub mod receipt;
pub mod secret;
pub mod service_level;
pub mod text;
pub mod throttle;
pub mod time;
pub mod watch;
