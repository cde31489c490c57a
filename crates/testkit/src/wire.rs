//! A connection without an HTTP client: for requests that no client can be made to send.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::bank::TestBank;

/// What came back on a connection until the server closed it.
#[derive(Clone, Debug)]
pub struct Wire {
    /// Everything that came back.
    pub text: String,
    /// Whether the server closed the connection, rather than waiting for more.
    pub closed: bool,
}

impl Wire {
    /// The statuses of all answers, in order.
    #[must_use]
    pub fn statuses(&self) -> Vec<u16> {
        let heads = self.text.split("HTTP/1.1 ").skip(1);
        heads.filter_map(|head| head.get(..3)?.parse().ok()).collect()
    }

    /// A header of the first answer, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let head = self.text.split("\r\n\r\n").next().unwrap_or_default();
        let lines = head.lines().filter_map(|line| line.split_once(':'));
        let mut named = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.next().map_or("", |(_, value)| value.trim())
    }

    /// The body of the first answer.
    #[must_use]
    pub fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}

impl TestBank {
    /// Sends bytes over TLS and collects what comes back until the server closes or says nothing for a while.
    pub async fn wire(&self, bytes: &[u8]) -> Wire {
        self.wire_by_turns(&[bytes]).await
    }

    /// The same, with pieces that come one after the other.
    pub async fn wire_by_turns(&self, pieces: &[&[u8]]) -> Wire {
        let mut stream = self.tls_stream().await;
        for (at, piece) in pieces.iter().enumerate() {
            if at > 0 {
                sleep(BETWEEN).await;
            }
            // A server that has read enough may close before everything was sent.
            let _ = stream.write_all(piece).await;
            let _ = stream.flush().await;
        }
        let mut read = Vec::new();
        let mut chunk = [0; 8192];
        let closed = loop {
            match timeout(SILENCE, stream.read(&mut chunk)).await {
                Err(_) => break false,
                Ok(Ok(0) | Err(_)) => break true,
                Ok(Ok(count)) => read.extend(chunk.iter().take(count)),
            }
        };
        Wire { text: String::from_utf8_lossy(&read).into_owned(), closed }
    }

    /// A connection under TLS on which a test says what it likes.
    pub async fn tls_stream(&self) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_slice(self.certificate_pem().as_bytes()).expect("a certificate");
        roots.add(certificate).expect("a root");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(("127.0.0.1", self.port())).await.expect("a connection");
        let name = ServerName::try_from("localhost").expect("a name");
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("TLS")
    }
}

/// How long the server may say nothing before it is taken to be waiting for more.
const SILENCE: Duration = Duration::from_secs(10);
/// How long after a piece the next one comes.
const BETWEEN: Duration = Duration::from_millis(200);
