//! Digests of credentials, and their comparison in constant time.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lombard_domain::oauth::Alg;

/// SHA-256, under which credentials of 256 random bits are stored: no salt is needed for what cannot be guessed.
pub(crate) fn of(text: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, text.as_bytes()).as_ref().to_vec()
}

/// SHA-256 of what is public, as lower-case hexadecimal digits.
pub(crate) fn hex_of(bytes: &[u8]) -> String {
    digest::digest(&digest::SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether two digests are the same; takes the same time wherever they differ.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    verify_slices_are_equal(a, b).is_ok()
}

/// SHA-256 as base64url, the form of a PKCE challenge (RFC 7636 4.2).
pub(crate) fn base64url_of(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(of(text))
}

/// The left half of the hash that a signature's algorithm uses, as base64url: what binds a value to a token (OpenID Connect Core
/// 3.3.2.11, `c_hash`; FAPI 1.0 Advanced 5.2.2.1-5, `s_hash`).
pub(crate) fn left_half(alg: Alg, text: &str) -> String {
    let algorithm = match alg {
        Alg::Es256 | Alg::Ps256 => &digest::SHA256,
        // RFC 8032 5.1: Ed25519 hashes with SHA-512.
        Alg::EdDsa => &digest::SHA512,
    };
    let whole = digest::digest(algorithm, text.as_bytes());
    let (left, _) = whole.as_ref().split_at(whole.as_ref().len() / 2);
    URL_SAFE_NO_PAD.encode(left)
}

/// Bytes as base64url.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The digest under which something that may come once only is remembered: of what kind, whose, and its name.
pub(crate) fn of_parts(parts: &[&[u8]]) -> Vec<u8> {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        // Each part with its length before it: no two lists of parts make the same bytes.
        context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(part);
    }
    context.finish().as_ref().to_vec()
}
