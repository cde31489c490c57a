//! Who is at the other end of a connection, as the listener saw it.
//!
//! Filled in by the binary's accept loop and found in the extensions of every request. It states facts of the connection and
//! must never say whether the other end is trusted: a certificate here has proved possession of its key and nothing more.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
pub use lombard_auth::Door;

/// The other end of the connection that a request came by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Network address of the client: that of the other end, or what a trusted proxy says of it (then without a port).
    pub addr: SocketAddr,
    /// The trusted proxy that the request came by, if the client's address is known from it.
    pub via: Option<SocketAddr>,
    /// By which listener it came.
    pub door: Door,
    /// The certificates in DER that the client showed, its own first; it has proved to hold the key of that one (RFC 8705).
    pub certificates: Arc<[Vec<u8>]>,
    /// Protocol that protects the connection, `TLSv1.2` or `TLSv1.3`; `none` on the operators' plain listener.
    pub protocol: &'static str,
    /// Cipher suite by its registered name, such as `TLS13_AES_256_GCM_SHA384`; `none` without TLS.
    pub suite: &'static str,
}

/// By which listener a call came.
pub(crate) struct At(pub(crate) Door);

impl At {
    /// That of a call; the one for everybody where nothing else is said.
    pub(crate) fn of(parts: &Parts) -> Self {
        Self(parts.extensions.get::<Peer>().map_or(Door::Public, |peer| peer.door))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for At {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}
