//! FAPI 2.0 through the front door: a third party's client against the whole bank.

mod answer;
mod assertion;
mod certificate;
mod client;
mod cost;
mod dpop;
mod endpoint;
mod grants;
mod nonce;
mod request;
mod request_object;
mod story;
