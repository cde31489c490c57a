//! The listener from outside: real sockets, real TLS, short limits.

mod client;
mod http;
mod silence;
mod stopping;
mod tls;
