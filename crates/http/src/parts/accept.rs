//! Which kinds of answer a caller takes (RFC 9110 12.5.1).

use http::HeaderMap;
use http::header::ACCEPT;

/// Whether a caller takes an answer of this kind, such as `application/json`. Without `Accept` everything is taken.
pub(crate) fn takes(headers: &HeaderMap, kind: &str) -> bool {
    let mut ranges =
        headers.get_all(ACCEPT).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).peekable();
    ranges.peek().is_none() || ranges.any(|range| covers(std::str::from_utf8(range).unwrap_or_default(), kind))
}

/// Whether one range of media types covers a kind in UTF-8, and does not refuse it.
fn covers(range: &str, kind: &str) -> bool {
    let mut pieces = range.split(';').map(str::trim);
    let named = pieces.next().unwrap_or_default();
    let refused =
        pieces.any(|piece| matches!(piece, "q=0" | "q=0.0" | "q=0.00" | "q=0.000") || is_in_other_letters(piece));
    let family = kind.split('/').next().unwrap_or_default();
    let whole_family = named.strip_suffix("/*").is_some_and(|named| named.eq_ignore_ascii_case(family));
    !refused && (named == "*/*" || whole_family || named.eq_ignore_ascii_case(kind))
}

/// Whether a parameter asks for another character set than the one that there is (UK Open Banking: 406). Its name and its value are
/// the same in any case, and the value may be quoted (RFC 9110 8.3.2).
fn is_in_other_letters(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let plain = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    name.eq_ignore_ascii_case("charset") && !plain.eq_ignore_ascii_case("utf-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_json_to_who_accepts_it() {
        let accepts = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, value.parse().unwrap());
            takes(&headers, "application/json")
        };
        assert!(takes(&HeaderMap::new(), "application/json"));
        for good in [
            "application/json",
            "*/*",
            "text/html, application/json;q=0.5",
            "application/json; charset=utf-8",
            "application/json;Charset=\"UTF-8\"; q=0.9",
            "*/*; charset=Utf-8",
            "application/json; charset=iso-8859-1, application/json;q=0.1",
            "Application/*",
        ] {
            assert!(accepts(good), "{good}");
        }
        for bad in [
            "text/html",
            "application/xml",
            "application/json;q=0",
            "json",
            "text/*",
            "*",
            "/*",
            "application/json; charset=iso-8859-1",
            "application/json;q=1; CHARSET=\"utf-16\"",
            "*/*; charset=us-ascii",
            "application/json; charset=",
            "application/json; charset=\"utf-8",
        ] {
            assert!(!accepts(bad), "{bad}");
        }
    }

    #[test]
    fn gives_a_document_to_who_accepts_it() {
        for (value, taken) in [("application/pdf", true), ("application/*", true), ("application/json", false)] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, value.parse().unwrap());
            assert_eq!(takes(&headers, "application/pdf"), taken, "{value}");
        }
    }
}
