//! The identifiers in the path of a call, by the names that its route gives them.
//!
//! An identifier that is no text spoils only itself: it is one that nothing has, and the others are read all the same.

use axum::extract::MatchedPath;
use http::request::Parts;

/// Every identifier, with its escapes undone.
pub(crate) fn of(parts: &Parts) -> Vec<(String, String)> {
    let template = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    in_path(template, parts.uri.path())
}

fn in_path(template: &str, path: &str) -> Vec<(String, String)> {
    let pairs = template.split('/').zip(path.split('/'));
    pairs.filter_map(|(segment, value)| Some((name(segment)?.to_owned(), unescaped(value)))).collect()
}

/// The name in a segment of a route that stands for an identifier.
pub(crate) fn name(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// A segment without its escapes (RFC 3986 2.1); what is no UTF-8 then becomes a character that no identifier has.
fn unescaped(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let escaped = behind.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = escaped.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_each_identifier_whatever_the_others_are() {
        let read = |path| in_path("/a/{account}/s/{statement}", path);
        let pair = |account: &str, statement: &str| {
            vec![("account".to_owned(), account.to_owned()), ("statement".to_owned(), statement.to_owned())]
        };
        assert_eq!(read("/a/acc_1/s/stm_2"), pair("acc_1", "stm_2"));
        assert_eq!(read("/a/%61cc_1/s/stm%5F2"), pair("acc_1", "stm_2"));
        assert_eq!(read("/a/acc_1/s/%ff"), pair("acc_1", "\u{fffd}"));
        assert_eq!(read("/a/%2F%2f/s/%"), pair("//", "%"));
        assert_eq!(read("/a/%4/s/%zz"), pair("%4", "%zz"));
        assert_eq!(read("/a/+1/s/%+1"), pair("+1", "%+1"));
        assert_eq!(in_path("", "/a/b"), Vec::new());
    }

    proptest! {
        #[test]
        fn survives_any_path(path: String) {
            let _ = in_path("/a/{account}/{statement}", &path);
            let escaped: String = path.bytes().map(|byte| format!("%{byte:02x}")).collect();
            prop_assert_eq!(unescaped(&escaped), path);
        }
    }
}
