//! Versions, suites, and certificates on both sides.

use rustls::CipherSuite;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::client::{Client, Server, exchange, localhost};
use crate::listen::Limits;
use crate::listen::tls::{ClientCerts, ServedCertificate};

const ASK: &[u8] = b"GET /peer HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// A `ClientHello` of the given version that offers the given suites, with the groups and signatures that all servers know.
fn client_hello(version: u8, suites: &[u16]) -> Vec<u8> {
    let list = |items: &[u16]| -> Vec<u8> {
        let bytes: Vec<u8> = items.iter().flat_map(|item| item.to_be_bytes()).collect();
        [&u16::try_from(bytes.len()).unwrap_or(0).to_be_bytes()[..], &bytes].concat()
    };
    let extension = |number: u16, body: &[u8]| -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap_or(0);
        [&number.to_be_bytes()[..], &length.to_be_bytes(), body].concat()
    };
    let extensions = [
        extension(10, &list(&[0x001d, 0x0017])),
        extension(11, &[1, 0]),
        extension(13, &list(&[0x0403, 0x0804, 0x0401, 0x0201])),
    ]
    .concat();
    let extensions_length = u16::try_from(extensions.len()).unwrap_or(0).to_be_bytes();
    let body = [&[3, version][..], &[7; 32], &[0], &list(suites), &[1, 0], &extensions_length, &extensions].concat();
    let length = u16::try_from(body.len()).unwrap_or(0);
    let [high, low] = length.to_be_bytes();
    let [record_high, record_low] = (length + 4).to_be_bytes();
    [&[22, 3, 1, record_high, record_low, 1, 0, high, low][..], &body].concat()
}

/// The first record with which the server answers: its type and, for an alert, its number.
async fn first_answer(server: &Server, hello: &[u8]) -> (u8, u8) {
    let mut stream = server.tcp().await;
    stream.write_all(hello).await.unwrap();
    let mut record = [0; 7];
    stream.read_exact(&mut record).await.unwrap();
    (record[0], record[6])
}

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const HANDSHAKE_FAILURE: u8 = 40;
const PROTOCOL_VERSION: u8 = 70;

#[tokio::test]
async fn refuses_old_versions_and_weak_suites() {
    let server = Server::tls(Limits::default(), ClientCerts::None).await;
    let (ecdsa_gcm, ecdsa_cbc, rsa_gcm, dhe_gcm, ecdsa_chacha) = (0xc02b, 0xc009, 0x009c, 0x009e, 0xcca9);
    for (version, what) in [(1, "TLS 1.0"), (2, "TLS 1.1")] {
        let answer = first_answer(&server, &client_hello(version, &[ecdsa_gcm, ecdsa_cbc])).await;
        assert_eq!(answer, (ALERT, PROTOCOL_VERSION), "{what}");
    }
    for suite in [ecdsa_cbc, rsa_gcm, dhe_gcm, ecdsa_chacha, 0x000a, 0x0005] {
        let answer = first_answer(&server, &client_hello(3, &[suite])).await;
        assert_eq!(answer, (ALERT, HANDSHAKE_FAILURE), "TLS 1.2 with {suite:#06x}");
    }
    // The same hello with one suite that is allowed goes on: the refusals above are about the suite.
    assert_eq!(first_answer(&server, &client_hello(3, &[ecdsa_cbc, ecdsa_gcm])).await.0, HANDSHAKE);
}

#[tokio::test]
async fn takes_every_suite_that_is_allowed() {
    let server = Server::tls(Limits::default(), ClientCerts::None).await;
    for (suite, version, name) in [
        (CipherSuite::TLS13_AES_256_GCM_SHA384, &TLS13, "TLSv1.3 TLS13_AES_256_GCM_SHA384"),
        (CipherSuite::TLS13_AES_128_GCM_SHA256, &TLS13, "TLSv1.3 TLS13_AES_128_GCM_SHA256"),
        (CipherSuite::TLS13_CHACHA20_POLY1305_SHA256, &TLS13, "TLSv1.3 TLS13_CHACHA20_POLY1305_SHA256"),
        (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, &TLS12, "TLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_256_GCM"),
        (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, &TLS12, "TLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_128_GCM"),
    ] {
        let mut provider = aws_lc_rs::default_provider();
        provider.cipher_suites.retain(|known| known.suite() == suite);
        let client = Client { provider, versions: &[version], ..Client::new(&server) };
        let text = exchange(client.connect().await.unwrap(), ASK).await;
        assert!(text.contains(name), "{name}: {text}");
    }
}

#[tokio::test]
async fn asks_for_a_client_certificate_but_does_not_insist() {
    let server = Server::tls(Limits::default(), ClientCerts::Asked).await;
    for versions in [&[&TLS13], &[&TLS12]] {
        let without = Client { versions, ..Client::new(&server) };
        let text = exchange(without.connect().await.unwrap(), ASK).await;
        assert!(text.contains("certificate:0"), "{text}");

        // Signed by nobody we know; RFC 8705, 2.2 lets the handler compare it with what was registered.
        let pair = localhost();
        let leaf = pair.chain[0].clone();
        let length = leaf.len();
        let with = Client { versions, certificate: Some((leaf, pair.key)), ..Client::new(&server) };
        let text = exchange(with.connect().await.unwrap(), ASK).await;
        assert!(text.contains(&format!("certificate:{length} ")), "{text}");
    }
}

#[tokio::test]
async fn refuses_a_client_certificate_whose_key_the_client_does_not_hold() {
    let server = Server::tls(Limits::default(), ClientCerts::Asked).await;
    for versions in [&[&TLS13], &[&TLS12]] {
        let (stolen, own) = (localhost(), localhost());
        let resolver = WrongKey::new(stolen.chain[0].clone(), &own.key);
        assert!(talk_with(&server, versions, resolver).await.is_none(), "{versions:?}");
        let pair = localhost();
        let resolver = WrongKey::new(pair.chain[0].clone(), &pair.key);
        assert!(talk_with(&server, versions, resolver).await.is_some(), "{versions:?}");
        let own = localhost();
        let resolver = WrongKey::new(CertificateDer::from(vec![0x30, 0x03, 1, 1, 0xff]), &own.key);
        assert!(talk_with(&server, versions, resolver).await.is_none(), "{versions:?}");
    }
}

/// Shows a certificate with a key that need not belong to it.
#[derive(Debug)]
struct WrongKey(std::sync::Arc<rustls::sign::CertifiedKey>);

impl WrongKey {
    fn new(certificate: CertificateDer<'static>, key: &PrivateKeyDer<'static>) -> Self {
        let key = aws_lc_rs::sign::any_supported_type(key).unwrap();
        Self(rustls::sign::CertifiedKey::new(vec![certificate], key).into())
    }
}

impl rustls::client::ResolvesClientCert for WrongKey {
    fn resolve(
        &self,
        _: &[&[u8]],
        _: &[rustls::SignatureScheme],
    ) -> Option<std::sync::Arc<rustls::sign::CertifiedKey>> {
        Some(std::sync::Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// What the server answers to a client with such a certificate; in TLS 1.3 the refusal comes after the handshake.
async fn talk_with(
    server: &Server,
    versions: &[&'static rustls::SupportedProtocolVersion],
    resolver: WrongKey,
) -> Option<String> {
    let config = rustls::ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(server.roots.clone())
        .with_client_cert_resolver(std::sync::Arc::new(resolver));
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, server.tcp().await).await.ok()?;
    stream.write_all(ASK).await.ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await.ok()?;
    text.contains("200 OK").then_some(text)
}

#[tokio::test]
async fn shows_another_certificate_without_a_restart() {
    let server = Server::tls(Limits::default(), ClientCerts::None).await;
    let mut existing = server.http2().await;
    let mut wrong = localhost();
    wrong.key = localhost().key;
    assert!(server.certificate.replace(wrong).is_err());
    assert!(server.connect(&[]).await.is_ok(), "the former certificate is gone");

    server.certificate.replace(localhost()).unwrap();
    assert!(server.connect(&[]).await.is_err(), "a client that trusts only the former certificate was served");
    assert_eq!(existing.get("/peer").await.unwrap().0, 200);
}

#[test]
fn refuses_a_key_that_does_not_fit() {
    let mut pair = localhost();
    assert!(pair.check().is_ok());
    pair.key = localhost().key;
    assert!(pair.check().is_err());
    assert!(ServedCertificate::new(pair).is_err());
}
