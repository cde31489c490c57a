//! The server through its front door: HTTPS in, HTTPS out, real tokens, real databases.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod authorize;
mod berka;
mod discovery;
mod fapi;
mod hostile;
mod introspect_revoke;
mod keys;
mod matrix;
mod oauth2_client;
mod paging;
mod par;
mod races;
mod record;
mod refused;
mod registration;
mod sign_in;
mod story;
mod token;
mod uk_schema;

/// An id in the form of another one that nobody has.
fn nobody_like(id: &str) -> String {
    let (start, end) = id.split_at(id.len() - 1);
    format!("{start}{}", if end == "0" { "1" } else { "0" })
}
