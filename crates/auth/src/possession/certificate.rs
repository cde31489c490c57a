//! Client certificates.

/// stub
#[derive(Clone, Debug, Default)]
pub struct Authorities;
/// stub
pub struct Certificate;
/// stub
pub struct BadCertificate;
