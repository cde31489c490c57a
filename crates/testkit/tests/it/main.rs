//! The server through its front door: HTTPS in, HTTPS out, real tokens, real databases.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod accept;
mod authorize;
mod berka;
mod consents;
mod described;
mod discovery;
mod events;
mod fapi;
mod history;
mod hostile;
mod housekeeping;
mod intent;
mod introspect_revoke;
mod keys;
mod limits;
mod lists;
mod matrix;
mod oauth2_client;
mod openapi;
mod paging;
mod par;
mod parties;
mod permissions;
mod phishing;
mod races;
mod receipts;
mod record;
mod refused;
mod registration;
mod service;
mod sign_in;
mod statements;
mod story;
mod sync;
mod token;
mod uk_schema;
mod unattended;
mod watch;
mod whole_bank;

/// An id in the form of another one that nobody has.
fn nobody_like(id: &str) -> String {
    let (start, end) = id.split_at(id.len() - 1);
    format!("{start}{}", if end == "0" { "1" } else { "0" })
}
