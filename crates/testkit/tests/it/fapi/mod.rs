//! FAPI 2.0 through the front door: a third party's client against the whole bank.

mod client;
mod story;
