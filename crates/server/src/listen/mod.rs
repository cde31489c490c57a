//! The way in: sockets, TLS, HTTP/1.1 and HTTP/2, and every limit on them.
//!
//! An accept loop of our own over hyper and rustls (`docs/adr`), because no ready-made server gives all of: HTTP/2, a client
//! certificate that handlers can see, caps on connections in all and per address, time-outs for every silent phase, and a stop that finishes what is
//! running. It must never look into a request: what is asked and by whom is the router's business.

mod accept;
mod activity;
mod connection;
mod doorstep;
mod inflow;
pub(crate) mod limits;
mod metered;
mod peer;
mod plain;
mod rate;
mod slots;
mod source;
#[cfg(test)]
mod tests;
pub(crate) mod tls;
mod turns;

pub(crate) use accept::{Listener, Transport};
pub(crate) use limits::Limits;
pub(crate) use peer::PeerInfo;
pub(crate) use plain::bind_loopback;
pub(crate) use slots::Slots;
