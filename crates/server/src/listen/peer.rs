//! What the listener knows of the other end of a connection.
//!
//! Facts only; whether a certificate is trusted is decided by the handlers that ask for one.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::{ProtocolVersion, ServerConnection};

/// The other end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PeerInfo {
    /// Network address of the other end.
    pub(crate) addr: SocketAddr,
    /// The certificates in DER that the client showed, its own first; it has proved to hold the key of that one.
    pub(crate) certificates: Arc<[Vec<u8>]>,
    /// `TLSv1.2`, `TLSv1.3`, or `none` on a plain listener.
    pub(crate) protocol: &'static str,
    /// Registered name of the cipher suite, or `none` on a plain listener.
    pub(crate) suite: &'static str,
}

impl PeerInfo {
    /// The other end of a connection without TLS.
    pub(crate) fn plain(addr: SocketAddr) -> Self {
        Self { addr, certificates: Arc::default(), protocol: NONE, suite: NONE }
    }

    /// The other end of a connection whose handshake is complete.
    pub(crate) fn secured(addr: SocketAddr, connection: &ServerConnection) -> Self {
        let shown = connection.peer_certificates().unwrap_or_default();
        let suite = connection.negotiated_cipher_suite();
        Self {
            addr,
            certificates: shown.iter().map(|one| one.as_ref().to_vec()).collect(),
            protocol: match connection.protocol_version() {
                Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
                Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
                _ => NONE,
            },
            suite: suite.and_then(|suite| suite.suite().as_str()).unwrap_or(NONE),
        }
    }
}

const NONE: &str = "none";
