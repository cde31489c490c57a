//! Digests of credentials, and their comparison in constant time.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// SHA-256, under which credentials of 256 random bits are stored: no salt is needed for what cannot be guessed.
pub(crate) fn of(text: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, text.as_bytes()).as_ref().to_vec()
}

/// Whether two digests are the same; takes the same time wherever they differ.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    verify_slices_are_equal(a, b).is_ok()
}

/// SHA-256 as base64url, the form of a PKCE challenge (RFC 7636 4.2).
pub(crate) fn base64url_of(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(of(text))
}

/// Bytes as base64url.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
