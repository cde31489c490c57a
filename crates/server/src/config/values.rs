//! Settings that are more than a number or a path: the public address and the database's.
//!
//! Each is checked when it is read. A database's address can carry a password and is never printed.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;

use http::Uri;
use lombard_domain::secret::Secret;
use serde::Deserialize;

/// Scheme, host and port by which the world reaches the server, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(try_from = "String")]
pub(crate) struct PublicUrl {
    text: String,
    #[serde(skip)]
    host: String,
}

impl PublicUrl {
    /// The address as text, such as `https://bank.example`.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Its host: a name, or an address without brackets.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The same host under HTTPS on another port.
    pub(crate) fn with_port(&self, port: u16) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if port == 443 { format!("https://{host}") } else { format!("https://{host}:{port}") }
    }

    /// Whether it is protected by TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.text.starts_with("https://")
    }

    /// Whether it can be reached from this machine only.
    pub(crate) fn is_local(&self) -> bool {
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let uri: Uri = text.parse().map_err(|_| NOT_A_URL)?;
        let scheme = uri.scheme_str().ok_or(NOT_A_URL)?;
        let authority = uri.authority().ok_or(NOT_A_URL)?;
        let host = authority.host();
        // The issuer is compared letter by letter (RFC 8414, 3.3), so only one way of writing it is taken.
        let plain = format!("{scheme}://{authority}") == text && text == text.to_ascii_lowercase();
        let default_port = matches!((scheme, authority.port_u16()), ("https", Some(443)) | ("http", Some(80)));
        if !matches!(scheme, "https" | "http") || host.is_empty() || authority.as_str().contains('@') {
            return Err(NOT_A_URL);
        }
        if !plain || default_port || authority.as_str().ends_with(':') {
            return Err(
                "write only scheme, host and port, in small letters, without a slash at the end and without the \
                        port that the scheme implies",
            );
        }
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { text, host })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

const NOT_A_URL: &str = "expected an address such as https://bank.example or https://bank.example:8443";

/// `sqlite:///full/path/of.db` or `postgres://user:password@host:port/name`.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct DatabaseUrl(Secret<String>);

impl DatabaseUrl {
    /// The whole address; it may carry a password and must not be logged.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The file of an SQLite database.
    pub(crate) fn sqlite_file(&self) -> Option<&Path> {
        self.expose().strip_prefix(SQLITE).map(Path::new)
    }

    /// Whether a password is part of the address.
    pub(crate) fn has_password(&self) -> bool {
        let after_scheme = self.expose().split_once("://").map_or("", |(_, rest)| rest);
        let authority = after_scheme.split(['/', '?']).next().unwrap_or("");
        // A password may hold an unescaped slash; then the last `@` is further on, and caution is cheap.
        let user = after_scheme.rsplit_once('@').map_or("", |(user, _)| user);
        self.sqlite_file().is_none()
            && (user.contains(':') || authority.contains("password=") || after_scheme.contains("password="))
    }
}

impl TryFrom<String> for DatabaseUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let good = if let Some(path) = text.strip_prefix(SQLITE) {
            Path::new(path).is_absolute() && !path.ends_with('/')
        } else {
            POSTGRES.iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
        };
        let secret = Secret::new(text);
        good.then_some(Self(secret)).ok_or(
            "expected sqlite:// with the full path of a file (sqlite:///var/lib/lombard/bank.db) or \
             postgres://user:password@host/name",
        )
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.expose().split("://").next().unwrap_or("");
        write!(f, "{scheme}://…")
    }
}

#[cfg(test)]
impl serde::Serialize for DatabaseUrl {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

const SQLITE: &str = "sqlite://";
const POSTGRES: [&str; 2] = ["postgres://", "postgresql://"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_one_way_of_writing_a_public_address() {
        for (good, host, local) in [
            ("https://bank.example", "bank.example", false),
            ("https://bank.example:8443", "bank.example", false),
            ("http://localhost:8080", "localhost", true),
            ("https://bank.localhost", "bank.localhost", true),
            ("https://[::1]:8443", "::1", true),
            ("https://127.0.0.1:8443", "127.0.0.1", true),
            ("https://192.0.2.1", "192.0.2.1", false),
        ] {
            let url = PublicUrl::try_from(good.to_owned()).unwrap();
            assert_eq!((url.as_str(), url.host(), url.is_local()), (good, host, local));
            assert_eq!(url.is_https(), good.starts_with("https"));
        }
        for bad in [
            "",
            "bank.example",
            "/path",
            "ftp://bank.example",
            "https://",
            "https://bank.example/",
            "https://bank.example/api",
            "https://bank.example?x",
            "https://user@bank.example",
            "HTTPS://bank.example",
            "https://Bank.example",
            "https://bank.example:443",
            "http://bank.example:80",
            "https://bank.example:",
            "https://bank.example#x",
            " https://bank.example",
            "https://bänk.example",
        ] {
            assert!(PublicUrl::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_the_same_host_on_another_port() {
        for (url, port, expected) in [
            ("https://localhost:8443", 8444, "https://localhost:8444"),
            ("https://bank.example", 443, "https://bank.example"),
            ("https://[::1]:8443", 8444, "https://[::1]:8444"),
        ] {
            let url = PublicUrl::try_from(url.to_owned()).unwrap();
            assert_eq!(url.with_port(port), expected);
            assert!(PublicUrl::try_from(expected.to_owned()).is_ok());
        }
    }

    #[test]
    fn takes_two_kinds_of_database() {
        let sqlite = DatabaseUrl::try_from("sqlite:///var/lib/bank.db".to_owned()).unwrap();
        assert_eq!(sqlite.sqlite_file(), Some(Path::new("/var/lib/bank.db")));
        assert!(!sqlite.has_password());
        for (url, password) in [
            ("postgres://bank:secret@db/bank", true),
            ("postgresql://bank:se/cr@et@db/bank", true),
            ("postgres://bank@db:5432/bank", false),
            ("postgres:///bank?host=/run/postgresql", false),
            ("postgres:///bank?password=secret", true),
        ] {
            let parsed = DatabaseUrl::try_from(url.to_owned()).unwrap();
            assert_eq!(parsed.has_password(), password, "{url}");
            assert!(parsed.sqlite_file().is_none());
            assert!(!format!("{parsed:?}").contains("bank"), "{parsed:?}");
        }
        for bad in ["", "sqlite://bank.db", "sqlite:///", "sqlite:bank.db", "mysql://h/d", "postgres://", "/a/file"] {
            assert!(DatabaseUrl::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
