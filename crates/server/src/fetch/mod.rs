//! Fetches small documents from addresses that somebody else named: an app's keys and its logo, a directory's keys. Posts tokens to such
//! addresses.
//!
//! Owns the rules of such a call: HTTPS with a verified certificate, no redirects, a bounded answer in a bounded time, and no
//! way into this bank's own network. It must never connect to an address that it has not checked, nor repeat to anybody, not
//! even in the log, what an answer's body said.

mod deliver;
mod reach;
mod target;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};
use http::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HOST, HeaderMap, USER_AGENT};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper_util::rt::TokioIo;
use lombard_auth::{Fetch, FetchError, Fetching};
use rustls::client::Resumption;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(crate) use reach::Reach;

use crate::listen::tls::{self, ChainAndKey};
use target::Target;

/// Fetches over HTTPS, one connection for each document.
pub(crate) struct HttpsFetch {
    reach: Reach,
    /// Shows no certificate: whose keys are asked for need not know who asks.
    anonymous: TlsConnector,
    /// Shows ours to who asks for one.
    known: TlsConnector,
    limits: Limits,
}

impl HttpsFetch {
    /// Trusts the authorities of the system and these besides, and shows a certificate of ours, if there is one, where events go.
    ///
    /// # Errors
    /// One of the certificates given cannot be an authority's, ours cannot be used, or the cryptographic library does not have
    /// what we ask of it.
    pub(crate) fn new(
        reach: Reach,
        extra_roots: Vec<CertificateDer<'static>>,
        own: Option<&ChainAndKey>,
    ) -> anyhow::Result<Self> {
        let roots = roots_beside_system(extra_roots)?;
        if roots.is_empty() {
            tracing::warn!("no certificate authority is trusted: keys that apps keep at an address cannot be fetched");
        }
        Self::trusting(roots, own, reach, Limits::default())
    }

    fn trusting(roots: RootCertStore, own: Option<&ChainAndKey>, reach: Reach, limits: Limits) -> anyhow::Result<Self> {
        let roots = Arc::new(roots);
        Ok(Self { reach, anonymous: connector(Arc::clone(&roots), None)?, known: connector(roots, own)?, limits })
    }

    async fn exchange(&self, url: &str, wanted: &Wanted) -> anyhow::Result<Vec<u8>> {
        let target = Target::parse(url)?;
        let stream = self.open(&target, &self.anonymous).await?;
        self.ask(stream, target, wanted).await
    }

    /// One document, within the time for it.
    async fn fetch(&self, url: &str, wanted: Wanted) -> Result<Vec<u8>, FetchError> {
        match timeout(self.limits.whole, self.exchange(url, &wanted)).await {
            Ok(Ok(body)) => Ok(body),
            Ok(Err(error)) => Err(FetchError(format!("{error:#}"))),
            Err(_) => Err(FetchError(format!("no complete answer within {:?}", self.limits.whole))),
        }
    }

    /// A connection to a host whose addresses and certificate were checked.
    async fn open(&self, target: &Target, tls: &TlsConnector) -> anyhow::Result<TlsStream<TcpStream>> {
        let addresses = self.resolve(target).await?;
        let stream = self.connect(&addresses).await?;
        tls.connect(target.server_name.clone(), stream).await.context("no TLS connection")
    }

    /// The addresses of a host, looked up this once and all of them checked.
    ///
    /// One address that is out of reach condemns the name: who has such a record is mistaken or tries something.
    async fn resolve(&self, target: &Target) -> anyhow::Result<Vec<SocketAddr>> {
        let addresses = target.addresses().await.context("the host name cannot be resolved")?;
        ensure!(!addresses.is_empty(), "the host name has no address");
        if let Some(refused) = addresses.iter().find(|address| !self.reach.includes(address.ip())) {
            bail!("the host has an address that is not public: {}", refused.ip());
        }
        Ok(addresses)
    }

    /// Connects to whichever address answers first; each later one is tried a moment after the one before (RFC 8305 5).
    async fn connect(&self, addresses: &[SocketAddr]) -> anyhow::Result<TcpStream> {
        let mut attempts = JoinSet::new();
        for (turn, &address) in (0_u32..).zip(addresses.iter().take(MAX_ATTEMPTS)) {
            let pause = ATTEMPT_PAUSE.saturating_mul(turn);
            attempts.spawn(async move {
                sleep(pause).await;
                TcpStream::connect(address).await
            });
        }
        let first = async {
            let mut reason = anyhow!("no attempt was made");
            while let Some(attempt) = attempts.join_next().await {
                match attempt {
                    Ok(Ok(stream)) => return Ok(stream),
                    Ok(Err(error)) => reason = error.into(),
                    Err(error) => reason = error.into(),
                }
            }
            Err(reason.context("cannot connect"))
        };
        timeout(self.limits.connect, first)
            .await
            .unwrap_or_else(|_| Err(anyhow!("no connection within {:?}", self.limits.connect)))
    }

    /// Sends the one request of a connection and reads the answer.
    async fn ask(&self, stream: TlsStream<TcpStream>, target: Target, wanted: &Wanted) -> anyhow::Result<Vec<u8>> {
        let request = Request::get(target.path)
            .header(HOST, target.authority)
            .header(ACCEPT, wanted.types.join(", "))
            .header(USER_AGENT, "lombard")
            .header(CONNECTION, "close")
            .body(Empty::<Bytes>::new())?;
        // The connection is driven by a task that ends with this call, however it ends.
        let (response, _driver) = send(stream, request).await?;
        Self::read(response, wanted).await
    }

    async fn read(response: Response<Incoming>, wanted: &Wanted) -> anyhow::Result<Vec<u8>> {
        let status = response.status();
        ensure!(status == StatusCode::OK, "the answer has status {}", status.as_u16());
        ensure!(
            wanted.is(response.headers()),
            "the answer has another content type than {}",
            wanted.types.join(" or ")
        );
        let body = response.into_body();
        let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        ensure!(announced <= wanted.body_bytes, "the body is larger than {} bytes", wanted.body_bytes);
        let body = Limited::new(body, wanted.body_bytes).collect().await;
        let body = body.map_err(|error| anyhow!(error).context("the body is too large or breaks off"))?;
        Ok(body.to_bytes().to_vec())
    }
}

impl Fetch for HttpsFetch {
    fn get<'a>(&'a self, url: &'a str) -> Fetching<'a> {
        Box::pin(self.fetch(url, Wanted { types: &JSON_TYPES, unnamed: true, body_bytes: self.limits.body_bytes }))
    }

    fn picture<'a>(&'a self, url: &'a str) -> Fetching<'a> {
        Box::pin(
            self.fetch(url, Wanted { types: &PICTURE_TYPES, unnamed: false, body_bytes: self.limits.picture_bytes }),
        )
    }
}

/// These authorities.
///
/// # Errors
/// One of the certificates cannot be an authority's.
pub(crate) fn roots_of(certificates: Vec<CertificateDer<'static>>) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate).context("a certificate that is to be trusted as an authority's cannot be used")?;
    }
    Ok(roots)
}

/// These authorities, and those of the system.
///
/// # Errors
/// As [`roots_of`].
pub(crate) fn roots_beside_system(extra: Vec<CertificateDer<'static>>) -> anyhow::Result<RootCertStore> {
    let mut roots = roots_of(extra)?;
    let system = rustls_native_certs::load_native_certs();
    for error in system.errors {
        tracing::warn!(%error, "certificate authorities of the system cannot be read");
    }
    roots.add_parsable_certificates(system.certs);
    Ok(roots)
}

/// TLS that trusts these authorities, and shows a certificate to who asks for one.
pub(crate) fn connector(roots: Arc<RootCertStore>, own: Option<&ChainAndKey>) -> anyhow::Result<TlsConnector> {
    let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
    let builder = ClientConfig::builder_with_provider(tls::provider())
        .with_protocol_versions(&versions)?
        .with_root_certificates(roots);
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some(own) => builder.with_client_auth_cert(own.chain.clone(), own.key.clone_key())?,
    };
    config.alpn_protocols = vec![ALPN_HTTP_1_1.to_vec()];
    // Every connection verifies the certificate; a resumed one would go by what an earlier one verified.
    config.resumption = Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Sends the one request of a connection: the head of the answer, and the task that drives the connection while it is held.
async fn send<B>(
    stream: TlsStream<TcpStream>,
    request: Request<B>,
) -> anyhow::Result<(Response<Incoming>, JoinSet<Result<(), hyper::Error>>)>
where
    B: hyper::body::Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_buf_size(MAX_BUFFER_BYTES)
        .max_headers(MAX_HEADERS)
        .handshake(TokioIo::new(stream))
        .await?;
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let response = sender.send_request(request).await.context("no HTTP answer")?;
    Ok((response, driver))
}

/// What is asked for.
struct Wanted {
    /// The content types that it may have.
    types: &'static [&'static str],
    /// Whether it need not say its content type.
    unnamed: bool,
    /// Bytes that it may have.
    body_bytes: usize,
}

impl Wanted {
    /// Whether an answer calls itself what is asked for.
    fn is(&self, headers: &HeaderMap) -> bool {
        let mut types = headers.get_all(CONTENT_TYPE).iter();
        match (types.next(), types.next()) {
            (None, _) => self.unnamed,
            (Some(one), None) => one.to_str().is_ok_and(|text| {
                let essence = text.split(';').next().unwrap_or("").trim();
                self.types.iter().any(|wanted| essence.eq_ignore_ascii_case(wanted))
            }),
            _ => false,
        }
    }
}

/// How long a fetch may take and how much it may bring.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// From the lookup of the name to the end of the body.
    whole: Duration,
    /// Until one of the host's addresses has taken the connection.
    connect: Duration,
    /// Bytes of a document.
    body_bytes: usize,
    /// Bytes of a picture.
    picture_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            whole: Duration::from_secs(5),
            connect: Duration::from_secs(2),
            body_bytes: 64 * 1024,
            picture_bytes: 256 * 1024,
        }
    }
}

const ALPN_HTTP_1_1: &[u8] = b"http/1.1";
/// A key set calls itself one (RFC 7517 8.5.2), or JSON.
const JSON_TYPES: [&str; 2] = ["application/jwk-set+json", "application/json"];
/// Never `image/svg+xml`, which can hold script.
const PICTURE_TYPES: [&str; 3] = ["image/png", "image/jpeg", "image/webp"];

/// Addresses of a host that are tried; all of them are checked.
const MAX_ATTEMPTS: usize = 4;
/// Between one attempt to connect and the next (RFC 8305 8 recommends 250 ms).
const ATTEMPT_PAUSE: Duration = Duration::from_millis(250);
/// Bytes of an answer that are held at once, and so the most that its header may have.
const MAX_BUFFER_BYTES: usize = 16 * 1024;
/// Header fields of an answer.
const MAX_HEADERS: usize = 64;

#[cfg(test)]
mod tests;
