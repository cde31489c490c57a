//! What a caller proves to hold, beside what it says: a key by a DPoP proof (RFC 9449), a certificate by its handshake (RFC 8705).
//!
//! Must never decide what the proof is good for; whoever asks compares it with what was registered or bound.

mod attribute;
mod authorities;
mod certificate;
mod dpop;
mod key;
mod name;
mod subject;
#[cfg(test)]
mod testing;
mod uri;

pub use authorities::Authorities;
pub use certificate::{BadCertificate, Certificate, thumbprint_of};
pub use dpop::{BadProof, Expected, Proof};
pub use name::{BadName, DistinguishedName};
pub use subject::Subject;

use crate::policy::Door;

/// What came with a call.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// The path of the request, as it was on the wire, without a query.
    pub path: &'a str,
    /// By which listener it came.
    pub door: Door,
    /// The values of all `DPoP` headers.
    pub proofs: Vec<&'a [u8]>,
    /// The certificates that the caller showed, its own first, in DER. It has proved to hold the key of the first.
    pub certificates: &'a [Vec<u8>],
}
