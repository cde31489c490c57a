//! What came with a call as proof: by which listener, with which certificates, with which DPoP headers.

use http::HeaderValue;
use http::request::Parts;
use lombard_auth::possession::Evidence;

use super::peer::{At, Peer};

/// The evidence of a call.
pub(crate) fn of(parts: &Parts) -> Evidence<'_> {
    let peer = parts.extensions.get::<Peer>();
    Evidence {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        door: At::of(parts).0,
        proofs: parts.headers.get_all(DPOP).iter().map(HeaderValue::as_bytes).collect(),
        certificates: peer.map_or(&[], |peer| &peer.certificates),
    }
}

/// RFC 9449 4.1.
pub(crate) const DPOP: &str = "dpop";
/// RFC 9449 8.
pub(crate) const DPOP_NONCE: http::HeaderName = http::HeaderName::from_static("dpop-nonce");
