//! Where a customer may be sent back to: registered beforehand, compared character by character.

use url::{Host, Url};

/// A redirect URI that a client registered, kept exactly as it was written (RFC 9700 2.1: exact string matching).
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(String);

impl RedirectUri {
    /// Checks a URI: absolute, `https` or `http` on a loopback host, no fragment, no user name.
    ///
    /// # Errors
    /// [`BadRedirectUri`] says which rule it breaks.
    pub fn new(text: &str) -> Result<Self, BadRedirectUri> {
        if text.len() > LENGTH_MAX {
            return Err(BadRedirectUri::TooLong);
        }
        // The parser would drop or rewrite these; a URI that changes when parsed cannot be compared as text.
        if text.bytes().any(|b| {
            b <= 0x20 || b >= 0x7f || matches!(b, b'\\' | b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'|' | b'}' | b'*')
        }) {
            return Err(BadRedirectUri::Malformed);
        }
        let url = Url::parse(text).map_err(|_| BadRedirectUri::Malformed)?;
        if url.fragment().is_some() {
            return Err(BadRedirectUri::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() || url.host_str().is_none_or(str::is_empty) {
            return Err(BadRedirectUri::Malformed);
        }
        // The parser lets more into a host than names are made of; the origin goes into a Content-Security-Policy, where these
        // would end a directive or be a keyword.
        if url.host_str().is_some_and(|host| host.contains([';', ',', '\''])) {
            return Err(BadRedirectUri::Malformed);
        }
        match url.scheme() {
            "https" => Ok(Self(text.to_owned())),
            "http" if is_loopback(&url) => Ok(Self(text.to_owned())),
            _ => Err(BadRedirectUri::Insecure),
        }
    }

    /// The URI as it was registered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is plain HTTP, which only loopback hosts may be.
    #[must_use]
    pub fn is_plain_http(&self) -> bool {
        self.0.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:"))
    }

    /// Its host name, lower case.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        Url::parse(&self.0).ok()?.host_str().map(str::to_owned)
    }

    /// Its origin in the form that a Content-Security-Policy takes, such as `https://app.example:8443`.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        Some(Url::parse(&self.0).ok()?.origin().ascii_serialization())
    }

    /// Whether its host is this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| is_loopback(&url))
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = BadRedirectUri;

    fn try_from(text: String) -> Result<Self, BadRedirectUri> {
        Self::new(&text)
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.0
    }
}

/// Why a redirect URI is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRedirectUri {
    /// It has a fragment (RFC 6749 3.1.2).
    #[error("must not have a fragment")]
    Fragment,
    /// Neither `https` nor `http` on a loopback host (FAPI 2.0 Security Profile 5.3.2.2, RFC 8252 7.3).
    #[error("must be https, or http on a loopback host")]
    Insecure,
    /// Not an absolute URI with a host.
    #[error("is not an absolute URI with a host and without user information")]
    Malformed,
    /// Longer than 2,000 characters.
    #[error("is too long")]
    TooLong,
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

/// Characters of one redirect URI.
const LENGTH_MAX: usize = 2000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn takes_https_and_loopback() {
        for good in [
            "https://app.example/cb",
            "https://app.example:8443/cb?tenant=a%20b",
            "http://127.0.0.1:9000/cb",
            "http://localhost/cb",
            "http://[::1]:1/",
        ] {
            assert_eq!(RedirectUri::new(good).unwrap().as_str(), good);
        }
        let uri = RedirectUri::new("https://App.example:8443/cb?x=1").unwrap();
        assert_eq!(uri.origin().unwrap(), "https://app.example:8443");
        assert_eq!(uri.host().unwrap(), "app.example");
        assert!(RedirectUri::new("HTTP://localhost/").unwrap().is_plain_http());
    }

    #[test]
    fn refuses_everything_else() {
        use BadRedirectUri::{Fragment, Insecure, Malformed, TooLong};
        let long = format!("https://app.example/{}", "a".repeat(2000));
        for (bad, why) in [
            ("", Malformed),
            ("/cb", Malformed),
            ("https://app.example/cb#x", Fragment),
            ("https://app.example/cb#", Fragment),
            ("http://app.example/cb", Insecure),
            ("http://127.0.0.1.evil.example/cb", Insecure),
            ("http://localhost.evil.example/", Insecure),
            ("myapp://cb/x", Insecure),
            ("javascript:alert(1)", Malformed),
            ("data:text/html,x", Malformed),
            ("https://user:pw@app.example/cb", Malformed),
            ("https://app.example\\@evil.example/", Malformed),
            ("https://app.example/c b", Malformed),
            ("https://app.example/c\tb", Malformed),
            ("https://äpp.example/", Malformed),
            ("https://*.example/", Malformed),
            ("https://app.example;sandbox/", Malformed),
            ("https://app.example,x/", Malformed),
            ("https://'self'/", Malformed),
            (long.as_str(), TooLong),
        ] {
            assert_eq!(RedirectUri::new(bad).err(), Some(why), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn survives_any_text(text: String) {
            let _ = RedirectUri::new(&text);
        }
    }
}
