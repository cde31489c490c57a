//! Bytes as lower-case hexadecimal, the form in which the record shows hashes.

/// Writes bytes.
pub(super) fn encode(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads bytes; `None` if the text is not two digits for each, in lower case.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    if !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) || !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes().chunks_exact(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_one_spelling_only() {
        assert_eq!(encode(&[0, 10, 255]), "000aff");
        assert_eq!(decode("000aff").unwrap(), [0, 10, 255]);
        for bad in ["0", "0A", "g0", "+1", "é"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
