//! Where spans are sent: the operator's collector, over HTTP, in JSON.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use http::header::{CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::RootCertStore;
use rustls::pki_types::ServerName;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::{Host, Position, Url};

use crate::fetch;

/// The address of a collector, such as `http://localhost:4318`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Endpoint(Url);

/// A text that is not the address of a collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadEndpoint;

impl fmt::Display for BadEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "must be an http or https address without a user, a query or a fragment, such as http://localhost:4318",
        )
    }
}

impl std::error::Error for BadEndpoint {}

impl TryFrom<String> for Endpoint {
    type Error = BadEndpoint;

    fn try_from(text: String) -> Result<Self, BadEndpoint> {
        let url = Url::parse(&text).map_err(|_| BadEndpoint)?;
        let is_one = text.len() <= URL_BYTES_MAX
            && matches!(url.scheme(), "http" | "https")
            && url.host().is_some()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if is_one { Ok(Self(url)) } else { Err(BadEndpoint) }
    }
}

#[cfg(test)]
impl serde::Serialize for Endpoint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl Endpoint {
    /// Whether what is sent there can be read on its way by others.
    pub(crate) fn is_in_the_clear(&self) -> bool {
        let stays_here = match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        self.0.scheme() == "http" && !stays_here
    }
}

/// A collector.
pub(crate) struct Collector {
    endpoint: Endpoint,
    tls: TlsConnector,
}

impl Collector {
    /// The one at an address, whose certificate one of these authorities signed.
    ///
    /// # Errors
    /// The cryptographic library does not have what we ask of it.
    pub(crate) fn new(endpoint: Endpoint, roots: RootCertStore) -> anyhow::Result<Self> {
        Ok(Self { endpoint, tls: fetch::connector(roots.into(), None)? })
    }

    /// Sends a batch.
    ///
    /// # Errors
    /// The collector does not answer in time, or does not take it.
    pub(super) async fn send(&self, body: Vec<u8>) -> anyhow::Result<()> {
        timeout(SEND_MAX, self.exchange(body)).await.context("no answer in time")?
    }

    async fn exchange(&self, body: Vec<u8>) -> anyhow::Result<()> {
        let url = &self.endpoint.0;
        let host = url.host().context("no host")?.to_owned();
        let port = url.port_or_known_default().context("no port")?;
        let path = format!("{}/v1/traces", url[Position::BeforePath..Position::AfterPath].trim_end_matches('/'));
        let request = Request::post(path)
            .header(HOST, &url[Position::BeforeHost..Position::AfterPort])
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("lombard/", env!("CARGO_PKG_VERSION")))
            .header(CONNECTION, "close")
            .body(Full::new(Bytes::from(body)))?;
        let (stream, name) = match host {
            Host::Domain(name) => (TcpStream::connect((name.as_str(), port)).await, ServerName::try_from(name)?),
            Host::Ipv4(address) => (TcpStream::connect((address, port)).await, IpAddr::from(address).into()),
            Host::Ipv6(address) => (TcpStream::connect((address, port)).await, IpAddr::from(address).into()),
        };
        let stream = stream.context("cannot connect")?;
        if url.scheme() == "https" {
            post(self.tls.connect(name, stream).await.context("no TLS connection")?, request).await
        } else {
            post(stream, request).await
        }
    }
}

/// Sends the one request of a connection.
async fn post<S>(stream: S, request: Request<Full<Bytes>>) -> anyhow::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // Driven by a task that ends with this call, however it ends.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let response = sender.send_request(request).await.context("no HTTP answer")?;
    let status = response.status();
    // What it says of single spans is not acted upon, but the answer is taken.
    Limited::new(response.into_body(), ANSWER_BYTES_MAX)
        .collect()
        .await
        .map_err(|_| anyhow::anyhow!("the answer breaks off"))?;
    ensure!(status == StatusCode::OK, "the answer has status {}", status.as_u16());
    Ok(())
}

/// How long a batch may take.
const SEND_MAX: Duration = Duration::from_secs(5);
/// Bytes of an answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Bytes of an address.
const URL_BYTES_MAX: usize = 2_048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_addresses_of_collectors_and_nothing_else() {
        for (good, in_the_clear) in [
            ("http://localhost:4318", false),
            ("http://127.0.0.1:4318/", false),
            ("http://[::1]:4318", false),
            ("https://collector.example/otlp", false),
            ("http://collector.example:4318", true),
            ("http://10.0.0.7:4318", true),
        ] {
            let endpoint = Endpoint::try_from(good.to_owned()).unwrap();
            assert_eq!(endpoint.is_in_the_clear(), in_the_clear, "{good}");
        }
        let long = format!("http://localhost/{}", "a".repeat(URL_BYTES_MAX));
        for bad in [
            "",
            "localhost:4318",
            "ftp://localhost",
            "http://",
            "http://me:secret@localhost",
            "http://localhost?key=1",
            &long,
        ] {
            assert_eq!(Endpoint::try_from(bad.to_owned()), Err(BadEndpoint), "{bad}");
        }
    }
}
