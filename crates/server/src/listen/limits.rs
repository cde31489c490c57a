//! The limits of a listener, each with its unit.
//!
//! Defaults are meant for the open internet. Nothing here may be "unlimited".

use std::time::Duration;

/// What one listener allows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Connections served at once, by all listeners that share their slots.
    pub(crate) max_connections: usize,
    /// Connections at once from one address, or from one network of 64 bits in IPv6.
    pub(crate) max_per_address: usize,
    /// Connections that one address may begin in a second; four times as many may come at once.
    pub(crate) handshakes_per_second: u32,
    /// From the accepted connection to the end of the TLS handshake.
    pub(crate) handshake: Duration,
    /// From the end of the handshake to the first whole request head.
    pub(crate) first_request: Duration,
    /// For one HTTP/1.1 request head, from the end of the answer before it: also how long such a connection may rest.
    pub(crate) header_read: Duration,
    /// How long a connection may rest between an answer and the next request.
    pub(crate) idle: Duration,
    /// From a request's head to the last byte of its answer, whoever is slow.
    pub(crate) exchange: Duration,
    /// Within which [`PROGRESS_BYTES`](super::activity::PROGRESS_BYTES) of bodies must come or go on a connection that waits for its
    /// client.
    pub(crate) progress: Duration,
    /// How long a connection that was asked to close may take when nothing is running on it.
    pub(crate) close: Duration,
    /// How long running requests may take once the program is stopping.
    pub(crate) drain: Duration,
    /// Header fields in one HTTP/1.1 request.
    pub(crate) max_header_fields: usize,
    /// Bytes of a request head: request line and fields, in HTTP/2 as counted by RFC 9113, 6.5.2.
    pub(crate) max_head_bytes: u32,
    /// Requests at once on one HTTP/2 connection.
    pub(crate) max_streams: u32,
    /// Streams that a client may open and reset before we have looked at them (CVE-2023-44487, "rapid reset").
    pub(crate) max_reset_streams: usize,
    /// Bytes of one request body that may arrive before a handler reads them (HTTP/2).
    pub(crate) stream_window_bytes: u32,
    /// The same for all requests of one connection together (HTTP/2).
    pub(crate) connection_window_bytes: u32,
    /// Bytes of one answer that may wait for a slow reader.
    pub(crate) max_send_buffer_bytes: usize,
    /// Between two pings on a quiet HTTP/2 connection.
    pub(crate) ping_every: Duration,
    /// How long the answer to a ping may take.
    pub(crate) ping_timeout: Duration,
}

/// Default of [`Limits::max_connections`].
pub(crate) const MAX_CONNECTIONS: u32 = 16_384;
/// Default of [`Limits::max_per_address`].
pub(crate) const MAX_PER_ADDRESS: u32 = 256;
/// Default of [`Limits::handshakes_per_second`].
pub(crate) const HANDSHAKES_PER_SECOND: u32 = 100;
/// Default of [`Limits::progress`], in seconds.
pub(crate) const PROGRESS_SECONDS: u32 = 10;
/// Connections to the operators' socket.
const MAX_OPS_CONNECTIONS: usize = 64;
/// Default of [`Limits::handshake`], in seconds.
pub(crate) const HANDSHAKE_SECONDS: u32 = 10;
/// Default of [`Limits::first_request`] and [`Limits::header_read`], in seconds.
pub(crate) const HEADER_READ_SECONDS: u32 = 10;
/// Default of [`Limits::idle`], in seconds.
pub(crate) const IDLE_SECONDS: u32 = 60;
/// Default of [`Limits::exchange`], in seconds.
pub(crate) const EXCHANGE_SECONDS: u32 = 60;
/// Default of [`Limits::drain`], in seconds.
pub(crate) const DRAIN_SECONDS: u32 = 30;
/// Default of [`Limits::close`], in seconds.
const CLOSE_SECONDS: u32 = 5;
/// Default of [`Limits::max_header_fields`].
const MAX_HEADER_FIELDS: usize = 64;
/// Default of [`Limits::max_head_bytes`]: room for a signed request object in the query.
const MAX_HEAD_BYTES: u32 = 32 * 1024;
/// Default of [`Limits::max_streams`].
const MAX_STREAMS: u32 = 100;
/// Default of [`Limits::max_reset_streams`].
const MAX_RESET_STREAMS: usize = 20;
/// Default of [`Limits::stream_window_bytes`].
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
/// Default of [`Limits::connection_window_bytes`].
const CONNECTION_WINDOW_BYTES: u32 = 256 * 1024;
/// Default of [`Limits::max_send_buffer_bytes`].
const MAX_SEND_BUFFER_BYTES: usize = 64 * 1024;
/// Default of [`Limits::ping_every`], in seconds.
const PING_EVERY_SECONDS: u32 = 20;
/// Default of [`Limits::ping_timeout`], in seconds.
const PING_TIMEOUT_SECONDS: u32 = 10;

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: usize::try_from(MAX_CONNECTIONS).unwrap_or(usize::MAX),
            max_per_address: usize::try_from(MAX_PER_ADDRESS).unwrap_or(usize::MAX),
            handshakes_per_second: HANDSHAKES_PER_SECOND,
            handshake: seconds(HANDSHAKE_SECONDS),
            first_request: seconds(HEADER_READ_SECONDS),
            header_read: seconds(HEADER_READ_SECONDS),
            idle: seconds(IDLE_SECONDS),
            exchange: seconds(EXCHANGE_SECONDS),
            progress: seconds(PROGRESS_SECONDS),
            close: seconds(CLOSE_SECONDS),
            drain: seconds(DRAIN_SECONDS),
            max_header_fields: MAX_HEADER_FIELDS,
            max_head_bytes: MAX_HEAD_BYTES,
            max_streams: MAX_STREAMS,
            max_reset_streams: MAX_RESET_STREAMS,
            stream_window_bytes: STREAM_WINDOW_BYTES,
            connection_window_bytes: CONNECTION_WINDOW_BYTES,
            max_send_buffer_bytes: MAX_SEND_BUFFER_BYTES,
            ping_every: seconds(PING_EVERY_SECONDS),
            ping_timeout: seconds(PING_TIMEOUT_SECONDS),
        }
    }
}

/// What the operators' socket allows: few connections, all of this machine.
pub(crate) fn of_ops() -> Limits {
    Limits { max_connections: MAX_OPS_CONNECTIONS, max_per_address: MAX_OPS_CONNECTIONS, ..Limits::default() }
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds))
}
