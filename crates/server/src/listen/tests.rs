//! The listener from outside: real sockets, real TLS, short limits.

mod client;
mod crowd;
mod frames;
mod http;
mod http1;
mod http2;
mod silence;
mod stopping;
mod tls;
