//! Which resource an address names: the normal form under which `htu` and the address of a request are compared (RFC 9449 4.3).
//!
//! Owns the grammar of RFC 3986 for `http` and `https` and its syntax-based and scheme-based normalisation (6.2.2, 6.2.3). It must
//! never take two resources for one: what the grammar does not allow is refused instead of repaired, and what a server may tell
//! apart stays apart (`%2F` and `/`, `a//b` and `a/b`, `a/` and `a`, `host.` and `host`). This is why the readers that browsers
//! use do not do here: they turn `\` into `/`, drop tabs and line ends, and translate hosts.

use std::net::Ipv6Addr;

/// A resource of HTTP; two are equal if their addresses are equivalent, with query and fragment left out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resource {
    scheme: Scheme,
    host: String,
    port: u16,
    path: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl Resource {
    /// Reads an absolute address; `None` unless it is one of HTTP, without userinfo and within limits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_URI_BYTES {
            return None;
        }
        let (scheme, rest) = text.split_once("://")?;
        let scheme = Scheme::parse(scheme)?;
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = split_authority(authority)?;
        let port = match port {
            "" => scheme.default_port(),
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
            _ => return None,
        };
        let path = without_dot_segments(&written_once(path, PATH_CHARACTERS)?);
        Some(Self { scheme, host, port, path })
    }
}

impl Scheme {
    fn parse(text: &str) -> Option<Self> {
        let schemes = [("http", Self::Http), ("https", Self::Https)];
        schemes.into_iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, scheme)| scheme)
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// The host in normal form and the text of the port, empty if there is none.
///
/// A userinfo has no place in an address of HTTP (RFC 9110 4.2.4); its `@` is in no host and no port, so it is refused.
fn split_authority(authority: &str) -> Option<(String, &str)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        let port = if port.is_empty() { port } else { port.strip_prefix(':')? };
        return Some((format!("[{address}]"), port));
    }
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    // No name and no IPv4 address has a character that would stay escaped; a name in another script comes as its `xn--` form.
    let host = written_once(host, "").filter(|host| !host.is_empty() && !host.contains('%'))?;
    Some((host.to_ascii_lowercase(), port))
}

/// Writes each character in the one normal way: unreserved ones as they are, escapes of others with capital digits (RFC 3986
/// 6.2.2.1, 6.2.2.2). `None` if there is a character that is neither unreserved nor among `others`, or half an escape.
///
/// Escapes are read once: `%2561` stays as it is, for it means `%61` and not `a`.
fn written_once(text: &str, others: &str) -> Option<String> {
    let mut written = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        if char != '%' {
            if !is_unreserved(char) && !others.contains(char) {
                return None;
            }
            written.push(char);
            continue;
        }
        let (high, low) = (rest.next()?, rest.next()?);
        let code = high.to_digit(16)? * 16 + low.to_digit(16)?;
        match char::from_u32(code).filter(|char| is_unreserved(*char)) {
            Some(plain) => written.push(plain),
            None => written.extend(['%', high.to_ascii_uppercase(), low.to_ascii_uppercase()]),
        }
    }
    Some(written)
}

/// RFC 3986 2.3.
fn is_unreserved(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '-' | '.' | '_' | '~')
}

/// Follows `.` and `..` (RFC 3986 5.2.4); an empty path becomes `/`. An escaped slash is not a slash: `..%2F` is a name.
fn without_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut ends_in_dots = true;
    for segment in path.split('/').skip(1) {
        ends_in_dots = matches!(segment, "." | "..");
        if !ends_in_dots {
            kept.push(segment);
        } else if segment == ".." {
            kept.pop();
        }
    }
    // What ends in dots means a directory, whose address ends in a slash.
    if ends_in_dots {
        kept.push("");
    }
    kept.iter().flat_map(|segment| ["/", segment]).collect()
}

/// What a path may have apart from unreserved characters and escapes: the slash, `sub-delims`, `:` and `@` (RFC 3986 3.3).
const PATH_CHARACTERS: &str = "/!$&'()*+,;=:@";
/// The longest address, in bytes, query and fragment included.
const MAX_URI_BYTES: usize = 4096;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The normal form as text.
    fn normal(text: &str) -> Option<String> {
        let Resource { scheme, host, port, path } = Resource::parse(text)?;
        let (scheme, default) = match scheme {
            Scheme::Http => ("http", 80),
            Scheme::Https => ("https", 443),
        };
        let port = if port == default { String::new() } else { format!(":{port}") };
        Some(format!("{scheme}://{host}{port}{path}"))
    }

    #[test]
    fn writes_equivalent_addresses_in_one_way() {
        for (text, expected) in [
            ("https://api.bank.example/accounts", "https://api.bank.example/accounts"),
            ("HTTPS://API.Bank.example/accounts", "https://api.bank.example/accounts"),
            ("https://api.bank.example:443/a", "https://api.bank.example/a"),
            ("https://api.bank.example:/a", "https://api.bank.example/a"),
            ("https://api.bank.example:0443/a", "https://api.bank.example/a"),
            ("http://api.bank.example:80/a", "http://api.bank.example/a"),
            ("http://api.bank.example/a", "http://api.bank.example/a"),
            ("https://api.bank.example", "https://api.bank.example/"),
            ("https://api.bank.example?q", "https://api.bank.example/"),
            ("https://api.bank.example#f", "https://api.bank.example/"),
            ("https://api.bank.example/a?b=/../c", "https://api.bank.example/a"),
            ("https://api.bank.example/a#b?c", "https://api.bank.example/a"),
            ("https://api.bank.example/a?\u{e4} \\", "https://api.bank.example/a"),
            ("https://%61pi%2Ebank.example/%7euser/%41%2d", "https://api.bank.example/~user/A-"),
            ("https://h/a%2fb%c3%a4", "https://h/a%2Fb%C3%A4"),
            ("https://h/%2561", "https://h/%2561"),
            ("https://h/a/./b/../c", "https://h/a/c"),
            ("https://h/a/%2e/b/%2E./c", "https://h/a/c"),
            ("https://h/a/b/..", "https://h/a/"),
            ("https://h/a/.", "https://h/a/"),
            ("https://h/..", "https://h/"),
            ("https://h/../../a", "https://h/a"),
            ("https://h/a//../b", "https://h/a/b"),
            ("https://h/.//a", "https://h//a"),
            ("https://[2001:DB8:0::1]:8443/a", "https://[2001:db8::1]:8443/a"),
            ("https://[::FFFF:192.0.2.1]/", "https://[::ffff:192.0.2.1]/"),
            ("https://192.0.2.1:8443/", "https://192.0.2.1:8443/"),
            ("https://xn--bcher-KVA.example/", "https://xn--bcher-kva.example/"),
            ("https://h/!$&'()*+,;=:@", "https://h/!$&'()*+,;=:@"),
        ] {
            assert_eq!(normal(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn keeps_different_resources_apart() {
        for (one, other) in [
            ("https://h/a", "http://h/a"),
            ("https://h/a", "https://h:8443/a"),
            ("https://h:80/", "http://h/"),
            ("https://h/a", "https://h/A"),
            ("https://h/a", "https://h/a/"),
            ("https://h/a/b", "https://h/a//b"),
            ("https://h/a/b", "https://h/a%2Fb"),
            ("https://h/a/../b", "https://h/a/..%2Fb"),
            ("https://h/a/../b", "https://h/a%2F../b"),
            ("https://h/b", "https://h/a/%252e%252e/b"),
            ("https://h/a", "https://h/a/..."),
            ("https://h/a;b", "https://h/a%3Bb"),
            ("https://h/a:b", "https://h/a%3Ab"),
            ("https://h/a", "https://h/a%3F"),
            ("https://h/a", "https://h/a%23"),
            ("https://h/a", "https://h/a%00"),
            ("https://h/a", "https://h/a%20"),
            ("https://h/a+b", "https://h/a%20b"),
            ("https://h/", "https://h./"),
            ("https://bank.example/", "https://bank.example.evil/"),
            ("https://127.0.0.1/", "https://127.1/"),
            ("https://127.0.0.1/", "https://0x7f.0.0.1/"),
            ("https://[::1]/", "https://[::ffff:127.0.0.1]/"),
            ("https://strasse.example/", "https://xn--strae-oqa.example/"),
        ] {
            let [one, other] = [one, other].map(|text| Resource::parse(text).expect(text));
            assert_ne!(one, other);
        }
    }

    #[test]
    fn refuses_what_is_not_an_address_of_http() {
        let long = format!("https://h/{}", "a".repeat(MAX_URI_BYTES));
        for bad in [
            "",
            "/a",
            "h/a",
            "//h/a",
            "https:",
            "https:/h/a",
            "https://",
            "https:///a",
            "https://:443/a",
            "ftp://h/a",
            " https://h/a",
            "https ://h/a",
            "https://h/a ",
            "https://h/a b",
            "https://h/a\n",
            "https://h/\ta",
            "https://h\\a",
            "https://h/a\\b",
            "https://h/\u{e4}",
            "https://b\u{fc}cher.example/",
            "https://\u{ff42}ank.example/",
            "https://bank\u{3002}example/",
            "https://b%C3%BCcher.example/",
            "https://h%2Fa/",
            "https://h%00/",
            "https://user@h/a",
            "https://user:password@h/a",
            "https://@h/a",
            "https://bank.example%40evil/",
            "https://h:+443/",
            "https://h:-1/",
            "https://h:65536/",
            "https://h:4 43/",
            "https://h:443:443/",
            "https://::1/",
            "https://[::1/",
            "https://[::1]443/",
            "https://[::1%25eth0]/",
            "https://[fe80::1%eth0]/",
            "https://[v1.a]/",
            "https://[192.0.2.1]/",
            "https://h/%",
            "https://h/%4",
            "https://h/%zz",
            "https://h/%+1",
            "https://h/%\u{e4}1",
            "https://h/<a>",
            "https://h/[a]",
            "https://h/a|b",
            &long,
        ] {
            assert_eq!(normal(bad), None, "{bad}");
        }
    }

    #[test]
    fn is_stricter_than_the_reader_of_a_browser() {
        let to_browsers = |text: &str| url::Url::parse(text).unwrap();
        for (text, same) in [
            ("https://h\\a", "https://h/a"),
            ("https://h/a\t", "https://h/a"),
            ("https:h/a", "https://h/a"),
            ("https://0x7f.1/", "https://127.0.0.1/"),
            ("https://\u{ff42}ank.example/", "https://bank.example/"),
        ] {
            assert_eq!(to_browsers(text), to_browsers(same));
            assert_ne!(normal(text), normal(same));
        }
    }

    /// Texts that come near: few letters, many dots, slashes and escapes, so that every rule is met often.
    fn almost_a_uri() -> impl Strategy<Value = String> {
        let near =
            "[hH]ttp[sS]?://([a-cA-C.~-]|%4[1-3]){1,5}(:[0-9]{0,5})?(/([a-c.;:]|%2[eEfF]|%[0-9a-fA-F]{2}){0,4}){0,5}";
        prop_oneof![any::<String>(), "https://[!-~]{0,30}", near]
    }

    /// The parts of an address in normal form, from a small world, so that two of them are sometimes the same.
    fn in_normal_form() -> impl Strategy<Value = (String, String)> {
        let segment = "([abA~.]|%2F|%25|%C3|;|:){0,2}".prop_filter("is dots", |text| text != "." && text != "..");
        let path = proptest::collection::vec(segment, 1..4).prop_map(|segments| format!("/{}", segments.join("/")));
        (prop_oneof![Just("a"), Just("b.a"), Just("a."), Just("[2001:db8::1]")].prop_map(str::to_owned), path)
    }

    /// The same address, written in another way at every place where the coin says so.
    fn disguised(host: &str, path: &str, mut coin: impl FnMut() -> bool) -> String {
        let mut text = if coin() { "https://" } else { "HttpS://" }.to_owned();
        for char in host.chars() {
            match char {
                'a'..='z' if !host.starts_with('[') && coin() => text.push_str(&format!("%{:02x}", u32::from(char))),
                _ if coin() => text.push(char.to_ascii_uppercase()),
                _ => text.push(char),
            }
        }
        text.push_str(if coin() { "" } else { [":", ":443"][usize::from(coin())] });
        let mut left_of_escape = 0_u8;
        for char in path.chars() {
            left_of_escape = if char == '%' { 3 } else { left_of_escape.saturating_sub(1) };
            match char {
                _ if left_of_escape > 0 && coin() => text.push(char.to_ascii_lowercase()),
                _ if left_of_escape == 0 && is_unreserved(char) && coin() => {
                    text.push_str(&format!("%{:02X}", u32::from(char)));
                }
                _ => text.push(char),
            }
            if char == '/' {
                text.push_str(["", "./", "x/../", "%2e/y/%2E./"][usize::from(coin()) + 2 * usize::from(coin())]);
            }
        }
        text.push_str(["", "?", "#/..", "?a=/../b#c"][usize::from(coin()) + 2 * usize::from(coin())]);
        text
    }

    proptest! {
        #[test]
        fn survives_any_text_and_is_idempotent(text in almost_a_uri()) {
            if let Some(once) = normal(&text) {
                prop_assert_eq!(normal(&once), Some(once));
            }
        }

        #[test]
        fn means_the_same_to_another_reader(text in almost_a_uri()) {
            let segments = |url: &url::Url| -> Vec<Vec<u8>> {
                url.path().split('/').map(|segment| percent_encoding::percent_decode_str(segment).collect()).collect()
            };
            if let Some(normal) = normal(&text)
                && let (Ok(before), Ok(after)) = (url::Url::parse(&text), url::Url::parse(&normal))
            {
                prop_assert_eq!(before.origin(), after.origin());
                prop_assert_eq!(segments(&before), segments(&after), "{} {}", text, normal);
            }
        }

        #[test]
        fn knows_an_address_in_any_disguise((host, path) in in_normal_form(), coins in any::<[u64; 4]>()) {
            let mut bits = coins.into_iter().cycle().flat_map(|word| (0..64).map(move |bit| word >> bit & 1 == 1));
            let text = disguised(&host, &path, || bits.next().unwrap());
            prop_assert_eq!(normal(&text), Some(format!("https://{host}{path}")), "{}", text);
        }

        #[test]
        fn never_takes_two_for_one(one in in_normal_form(), other in in_normal_form()) {
            let read = |(host, path): &(String, String)| Resource::parse(&format!("https://{host}{path}")).unwrap();
            prop_assert_eq!(read(&one) == read(&other), one == other);
        }
    }
}
