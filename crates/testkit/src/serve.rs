//! Real TLS in front of a router, HTTP/1.1 and HTTP/2, by two kinds of doors: one asks callers for a certificate.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::{TowerToHyperService, TowerToHyperServiceFuture};
use lombard_auth::Door;
use lombard_http::Peer;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, ProtocolVersion, ServerConfig, ServerConnection, SignatureScheme,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::pki::ServerCertificate;

/// A listener that stops when it is dropped.
pub(crate) struct Served {
    pub(crate) port: u16,
    task: JoinHandle<()>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A socket that will be served once the router, which must know its port, is there.
pub(crate) async fn bind() -> (TcpListener, u16) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let port = listener.local_addr().expect("a bound socket").port();
    (listener, port)
}

/// A socket at a port that somebody has just left, or is about to.
pub(crate) async fn bind_to(port: u16) -> TcpListener {
    let trying = async {
        loop {
            match TcpListener::bind(("127.0.0.1", port)).await {
                Ok(listener) => return listener,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    tokio::time::timeout(PORT_FREE_MAX, trying).await.expect("the port of the server that stopped")
}

/// Serves a router under TLS for `localhost`.
pub(crate) fn serve(listener: TcpListener, door: Door, router: Router) -> Served {
    let port = listener.local_addr().expect("a bound socket").port();
    let acceptor = TlsAcceptor::from(Arc::new(config(door)));
    let task = tokio::spawn(async move {
        while let Ok((stream, addr)) = listener.accept().await {
            tokio::spawn(connection(acceptor.clone(), stream, addr, door, router.clone()));
        }
    });
    Served { port, task }
}

fn config(door: Door) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("protocol versions");
    let builder = match door {
        Door::Mutual => builder.with_client_cert_verifier(Arc::new(AnyHolder { provider })),
        Door::Public => builder.with_no_client_auth(),
    };
    let certificate = ServerCertificate::of_this_process();
    let mut config =
        builder.with_single_cert(certificate.chain.clone(), certificate.key.clone_key()).expect("a usable certificate");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

async fn connection(acceptor: TlsAcceptor, stream: TcpStream, addr: SocketAddr, door: Door, router: Router) {
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let service = Tagged { peer: peer(addr, door, stream.get_ref().1), inner: TowerToHyperService::new(router) };
    let io = TokioIo::new(stream);
    // A client that goes away is no failure of the test.
    if http2 {
        let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new()).serve_connection(io, service).await;
    } else {
        let _ = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
    }
}

/// What the real listener notes of a connection.
fn peer(addr: SocketAddr, door: Door, connection: &ServerConnection) -> Peer {
    let shown = connection.peer_certificates().unwrap_or_default();
    let suite = connection.negotiated_cipher_suite();
    Peer {
        addr,
        via: None,
        door,
        certificates: shown.iter().map(|one| one.as_ref().to_vec()).collect(),
        protocol: match connection.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
            _ => "none",
        },
        suite: suite.and_then(|suite| suite.suite().as_str()).unwrap_or("none"),
    }
}

/// Says in each request who sent it.
struct Tagged {
    peer: Peer,
    inner: TowerToHyperService<Router>,
}

impl Service<hyper::Request<Incoming>> for Tagged {
    type Response = Response;
    type Error = Infallible;
    type Future = TowerToHyperServiceFuture<Router, hyper::Request<Incoming>>;

    fn call(&self, mut request: hyper::Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.peer.clone());
        self.inner.call(request)
    }
}

/// Takes every client certificate whose key the client proves to hold, as the real listener does.
#[derive(Debug)]
struct AnyHolder {
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for AnyHolder {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// How long a server that was told to stop keeps its port.
const PORT_FREE_MAX: Duration = Duration::from_secs(10);
