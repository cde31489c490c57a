//! Cookies: `__Host-` only, so that no other host and no plain connection can set or see them (RFC 6265bis 4.1.3.2).

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use lombard_domain::secret::Secret;
use lombard_domain::time::Span;

/// Knows a browser that somebody has signed in with before. Only our own pages need it, so no other site makes a browser send it.
pub(crate) const DEVICE: &str = "__Host-lombard-device";
/// Knows a browser before anybody has signed in.
pub(crate) const BROWSER: &str = "__Host-lombard-browser";
/// Knows who is signed in.
pub(crate) const SESSION: &str = "__Host-lombard-session";

/// The value of a cookie, if it came once.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'));
    let mut values = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(known, _)| *known == name);
    let (Some((_, value)), None) = (values.next(), values.next()) else { return None };
    Some(value)
}

/// A header that sets a cookie until the browser closes.
pub(crate) fn set(name: &str, value: &Secret<String>) -> Option<HeaderValue> {
    let text = format!("{name}={}; Path=/; Secure; HttpOnly; SameSite=Lax", value.expose());
    let mut header = HeaderValue::from_str(&text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// A header that sets a cookie for a while, which no request that another site causes brings along.
pub(crate) fn set_for(name: &str, value: &Secret<String>, life: Span) -> Option<HeaderValue> {
    let seconds = life.whole_seconds();
    let text = format!("{name}={}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={seconds}", value.expose());
    let mut header = HeaderValue::from_str(&text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// A header that removes a cookie.
pub(crate) fn clear(name: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_cookie_that_came_once() {
        let read = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(COOKIE, value.parse().unwrap());
            }
            read(&headers, SESSION).map(str::to_owned)
        };
        assert_eq!(read(&["a=1; __Host-lombard-session=x; b=2"]).as_deref(), Some("x"));
        assert_eq!(read(&["a=1", "__Host-lombard-session=x"]).as_deref(), Some("x"));
        assert_eq!(read(&["__Host-lombard-session=x; __Host-lombard-session=y"]), None);
        assert_eq!(read(&["lombard-session=x"]), None);
    }
}
