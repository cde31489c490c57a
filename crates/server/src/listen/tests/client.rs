//! A server with short limits on a port of its own, and clients that can misbehave.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Extension;
use axum::routing::{get, post};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use lombard_http::Proxies;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::listen::tls::{ChainAndKey, ClientCerts, ServedCertificate, server_config};
use crate::listen::{Limits, Listener, PeerInfo, Slots, Transport};
use crate::stop::{self, Switch};

/// Long enough for a loaded machine, short enough to notice a connection that is never closed.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// A running listener.
pub(super) struct Server {
    pub(super) addr: SocketAddr,
    pub(super) roots: RootCertStore,
    pub(super) certificate: Arc<ServedCertificate>,
    pub(super) switch: Switch,
    pub(super) task: JoinHandle<()>,
    /// One permit for every `/slow` that has begun.
    pub(super) begun: Arc<Semaphore>,
}

/// Limits so short that a test can wait for them.
pub(super) fn short() -> Limits {
    Limits {
        handshake: Duration::from_millis(300),
        first_request: Duration::from_millis(300),
        header_read: Duration::from_millis(300),
        idle: Duration::from_millis(300),
        close: Duration::from_millis(300),
        ..Limits::default()
    }
}

/// A self-signed certificate for localhost.
pub(super) fn localhost() -> ChainAndKey {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().der().clone();
    ChainAndKey { chain: vec![certificate], key: PrivateKeyDer::try_from(key.serialize_der()).unwrap() }
}

/// What the server knows of who asks, and slow answers.
fn router(begun: Arc<Semaphore>) -> Router {
    let peer = |Extension(peer): Extension<PeerInfo>| async move {
        let certificate = peer.certificates.first().map_or(0, Vec::len);
        format!("{} {} certificate:{certificate} port:{}", peer.protocol, peer.suite, peer.addr.port())
    };
    let slow = async move || {
        begun.add_permits(1);
        tokio::time::sleep(Duration::from_millis(700)).await;
        "done"
    };
    Router::new()
        .route("/peer", get(peer))
        .route("/slow", get(slow))
        .route("/echo", post(|body: Bytes| async move { body }))
        .route("/endless", get(|| async { vec![b'x'; 64 * 1024 * 1024] }))
        .route("/panic", get(panics))
}

async fn panics() -> &'static str {
    unreachable!("a handler that panics")
}

impl Server {
    /// Serves TLS.
    pub(super) async fn tls(limits: Limits, clients: ClientCerts) -> Self {
        let pair = localhost();
        let mut roots = RootCertStore::empty();
        roots.add(pair.chain.first().unwrap().clone()).unwrap();
        let certificate = ServedCertificate::new(pair).unwrap();
        let config = server_config(Arc::clone(&certificate), clients).unwrap();
        Self::start(limits, Transport::Tls(config), roots, certificate).await
    }

    /// Serves plain HTTP.
    pub(super) async fn plain(limits: Limits) -> Self {
        let certificate = ServedCertificate::new(localhost()).unwrap();
        Self::start(limits, Transport::Plain, RootCertStore::empty(), certificate).await
    }

    async fn start(
        limits: Limits,
        transport: Transport,
        roots: RootCertStore,
        certificate: Arc<ServedCertificate>,
    ) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = socket.local_addr().unwrap();
        let (switch, stop) = stop::pair();
        let tag = |peer: &PeerInfo, request: &mut ::http::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(peer.clone());
        };
        let begun = Arc::new(Semaphore::new(0));
        let router = router(Arc::clone(&begun));
        let slots = Slots::new(&limits, Arc::new(Proxies::none()));
        let listener = Listener { name: "test", socket, transport, limits, slots, tag, router };
        let task = tokio::spawn(listener.run(stop));
        Self { addr, roots, certificate, switch, task, begun }
    }

    /// Opens a TCP connection.
    pub(super) async fn tcp(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    /// Opens a TCP connection from an address of this machine, `127.0.0.N`.
    pub(super) async fn tcp_from(&self, last: u8) -> std::io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from(([127, 0, 0, last], 0)))?;
        socket.connect(self.addr).await
    }

    /// Opens an HTTP/2 connection from such an address; an error if the server does not take it.
    pub(super) async fn http2_from(&self, last: u8) -> std::io::Result<Http2> {
        let tcp = self.tcp_from(last).await?;
        Http2::over(Client { alpn: &["h2"], ..Client::new(self) }.connect_over(tcp).await?).await
    }

    /// Tries until it is served from such an address.
    pub(super) async fn served_from(&self, last: u8) -> Http2 {
        loop {
            if let Ok(mut connection) = self.http2_from(last).await
                && connection.get("/peer").await.is_ok_and(|(status, _)| status == 200)
            {
                return connection;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Opens a TLS connection with these application protocols.
    pub(super) async fn connect(&self, alpn: &[&str]) -> std::io::Result<TlsStream<TcpStream>> {
        Client { alpn, ..Client::new(self) }.connect().await
    }

    /// Opens an HTTP/2 connection.
    pub(super) async fn http2(&self) -> Http2 {
        Http2::over(self.connect(&["h2"]).await.unwrap()).await.unwrap()
    }
}

/// A client's side of TLS.
pub(super) struct Client<'a> {
    pub(super) server: &'a Server,
    pub(super) alpn: &'a [&'a str],
    pub(super) provider: CryptoProvider,
    pub(super) versions: &'a [&'static SupportedProtocolVersion],
    pub(super) certificate: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>,
}

impl<'a> Client<'a> {
    pub(super) fn new(server: &'a Server) -> Self {
        let provider = aws_lc_rs::default_provider();
        Self { server, alpn: &[], provider, versions: rustls::ALL_VERSIONS, certificate: None }
    }

    pub(super) async fn connect(self) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = self.server.tcp().await;
        self.connect_over(stream).await
    }

    pub(super) async fn connect_over(self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        let builder = ClientConfig::builder_with_provider(Arc::new(self.provider))
            .with_protocol_versions(self.versions)
            .unwrap()
            .with_root_certificates(self.server.roots.clone());
        let mut config = match self.certificate {
            Some((certificate, key)) => builder.with_client_auth_cert(vec![certificate], key).unwrap(),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = self.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }
}

/// An HTTP/2 connection.
pub(super) struct Http2 {
    pub(super) sender: hyper::client::conn::http2::SendRequest<Empty<Bytes>>,
    pub(super) task: JoinHandle<hyper::Result<()>>,
}

impl Http2 {
    async fn over(stream: TlsStream<TcpStream>) -> std::io::Result<Self> {
        let (sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
            .handshake(TokioIo::new(stream))
            .await
            .map_err(std::io::Error::other)?;
        Ok(Self { sender, task: tokio::spawn(connection) })
    }

    /// Asks for a path; gives status and body.
    pub(super) async fn get(&mut self, path: &str) -> hyper::Result<(u16, String)> {
        let uri = format!("https://localhost{path}");
        let request = ::http::Request::get(uri).body(Empty::new()).unwrap();
        let response = self.sender.send_request(request).await?;
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await?.to_bytes();
        Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// Sends bytes and reads until the server closes, for HTTP/1.1 with `Connection: close`.
pub(super) async fn exchange<S>(mut stream: S, bytes: &[u8]) -> String
where
    S: AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    stream.write_all(bytes).await.unwrap();
    read_to_close(&mut stream).await.1
}

/// How long the server kept the connection open, and what it said.
pub(super) async fn read_to_close<S: AsyncRead + Unpin>(stream: &mut S) -> (Duration, String) {
    let start = Instant::now();
    let mut bytes = Vec::new();
    // A connection that is dropped may end in a reset, which is a close as well.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the server kept the connection");
    (start.elapsed(), String::from_utf8_lossy(&bytes).into_owned())
}
