//! The address of a document, taken apart once, so that what is looked up, verified and asked for is one and the same host.

use std::io;
use std::net::{IpAddr, SocketAddr};

use anyhow::{Context as _, ensure};
use http::uri::PathAndQuery;
use rustls::pki_types::ServerName;
use url::{Host, Position, Url};

/// Where a document lies.
#[derive(Debug)]
pub(super) struct Target {
    host: Host<String>,
    port: u16,
    /// Whom the server's certificate must name.
    pub(super) server_name: ServerName<'static>,
    /// Host and, unless it is 443, port, for the request.
    pub(super) authority: String,
    /// Path and query, for the request.
    pub(super) path: PathAndQuery,
}

impl Target {
    /// Takes an address apart.
    ///
    /// # Errors
    /// It is not an `https` address, carries a name or password of a user, or names a host that no certificate can name.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        ensure!(text.len() <= MAX_URL_BYTES, "the address is longer than {MAX_URL_BYTES} bytes");
        let url = Url::parse(text).context("not an address")?;
        ensure!(url.scheme() == "https", "not an https address");
        ensure!(url.username().is_empty() && url.password().is_none(), "the address names a user");
        let host = url.host().context("the address has no host")?.to_owned();
        let server_name = match &host {
            Host::Domain(name) => ServerName::try_from(name.clone()).context("not a host name")?,
            Host::Ipv4(address) => ServerName::from(IpAddr::from(*address)),
            Host::Ipv6(address) => ServerName::from(IpAddr::from(*address)),
        };
        Ok(Self {
            host,
            port: url.port_or_known_default().context("the address has no port")?,
            server_name,
            authority: url[Position::BeforeHost..Position::AfterPort].to_owned(),
            path: url[Position::BeforePath..Position::AfterQuery].parse().context("not a path")?,
        })
    }

    /// The host's addresses: itself, or what its name stands for now.
    pub(super) async fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        let own = |address: IpAddr| vec![SocketAddr::new(address, self.port)];
        match &self.host {
            Host::Domain(name) => Ok(tokio::net::lookup_host((name.as_str(), self.port)).await?.collect()),
            Host::Ipv4(address) => Ok(own((*address).into())),
            Host::Ipv6(address) => Ok(own((*address).into())),
        }
    }
}

/// Bytes of an address.
const MAX_URL_BYTES: usize = 2_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_addresses_apart() {
        for (text, host, port, authority, path) in [
            ("https://app.example/jwks", "app.example", 443, "app.example", "/jwks"),
            ("https://app.example:443/", "app.example", 443, "app.example", "/"),
            ("HTTPS://APP.example:8443?a=b#c", "app.example", 8443, "app.example:8443", "/?a=b"),
            ("https://bücher.example/ä", "xn--bcher-kva.example", 443, "xn--bcher-kva.example", "/%C3%A4"),
            ("https://app.example//a/../b", "app.example", 443, "app.example", "//b"),
            ("https://192.0.2.1:1/x", "192.0.2.1", 1, "192.0.2.1:1", "/x"),
            ("https://2130706433/x", "127.0.0.1", 443, "127.0.0.1", "/x"),
            ("https://0x7f.1/x", "127.0.0.1", 443, "127.0.0.1", "/x"),
            ("https://①②⑦.⓪.0.1/x", "127.0.0.1", 443, "127.0.0.1", "/x"),
            ("https://[::FFFF:7f00:1]:8443/", "[::ffff:7f00:1]", 8443, "[::ffff:7f00:1]:8443", "/"),
        ] {
            let target = Target::parse(text).unwrap();
            assert_eq!(target.host.to_string(), host, "{text}");
            assert_eq!(
                (target.port, target.authority.as_str(), target.path.as_str()),
                (port, authority, path),
                "{text}"
            );
            let named = target.server_name.to_str();
            assert_eq!(named, if host.starts_with('[') { "::ffff:127.0.0.1" } else { host }, "{text}");
        }
    }

    #[test]
    fn refuses_other_addresses() {
        let long = format!("https://app.example/{}", "x".repeat(MAX_URL_BYTES));
        for (text, reason) in [
            ("http://app.example/jwks", "not an https address"),
            ("ftp://app.example/jwks", "not an https address"),
            ("file:///etc/passwd", "not an https address"),
            ("data:application/json,{}", "not an https address"),
            ("https://user@app.example/", "the address names a user"),
            ("https://:word@app.example/", "the address names a user"),
            ("https://a b/", "not an address"),
            ("https://1.2.3.4.5/", "not an address"),
            ("https://app.example:70000/", "not an address"),
            ("https:///", "not an address"),
            ("/jwks", "not an address"),
            ("", "not an address"),
            ("https://a..b/", "not a host name"),
            (&long, "the address is longer than 2000 bytes"),
        ] {
            assert_eq!(Target::parse(text).unwrap_err().to_string(), reason, "{text}");
        }
    }
}
