//! Base64url as RFC 7515 2 wants it: no padding, no white space, and one text only for each string of bytes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Writes bytes as text.
pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads text; `None` on padding, foreign characters, or bits left over in the last character.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_only_the_canonical_form() {
        assert_eq!(decode("AQ"), Some(vec![1]));
        assert_eq!(decode(""), Some(vec![]));
        // AR differs from AQ only in bits that carry nothing.
        for bad in ["AQ==", "AR", "A", "AQ\n", " AQ", "A+/A", "AQ.", "ÄQ"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
