//! TLS as FAPI 2.0 Security Profile 5.2 and BCP 195 (RFC 9325) want it: version 1.2 with four suites, version 1.3 with three.
//!
//! Owns the certificate that is shown, which can be exchanged while the program runs, and the question for a client
//! certificate. It must never decide whether a client certificate is trusted: it proves possession of the key, and the handlers
//! compare (RFC 8705 allows self-signed ones).

use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context as _, bail};
use lombard_domain::time::Instant;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, CipherSuite, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
};

use crate::files;
use crate::x509::Facts;

/// Whether clients are asked for a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientCerts {
    /// Not asked: for browsers, which would trouble people with the question.
    None,
    /// Asked, not insisted on; any certificate whose key the client holds is taken.
    Asked,
}

/// The certificate that listeners show; all of them follow when it is exchanged.
pub(crate) struct ServedCertificate {
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
}

/// A certificate chain, leaf first, and the key of the leaf.
#[derive(Debug)]
pub(crate) struct ChainAndKey {
    /// The leaf, then what signed it, without the root.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// The private key of the leaf.
    pub(crate) key: PrivateKeyDer<'static>,
}

impl ChainAndKey {
    /// Reads a chain and a key from PEM files.
    ///
    /// # Errors
    /// A file cannot be read, is larger than [`MAX_PEM_BYTES`], or holds no certificate or no key.
    pub(crate) fn read(chain_file: &Path, key_file: &Path) -> anyhow::Result<Self> {
        let chain = read_chain(chain_file)?;
        let bytes = files::read_limited(key_file, MAX_PEM_BYTES)
            .with_context(|| format!("cannot read {}", key_file.display()))?;
        let key = PrivateKeyDer::from_pem_slice(&bytes)
            .with_context(|| format!("{} holds no private key in PEM", key_file.display()))?;
        Ok(Self { chain, key })
    }

    /// Checks that the key belongs to the first certificate.
    ///
    /// # Errors
    /// It does not, or one of them cannot be used.
    pub(crate) fn check(&self) -> Result<(), Error> {
        certified(self.chain.clone(), self.key.clone_key(), &provider()).map(|_| ())
    }
}

/// Reads the certificates of a PEM file.
///
/// # Errors
/// The file cannot be read, is larger than [`MAX_PEM_BYTES`], or holds no certificate.
pub(crate) fn read_chain(file: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let bytes = files::read_limited(file, MAX_PEM_BYTES).with_context(|| format!("cannot read {}", file.display()))?;
    let chain = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<Vec<_>, _>>()
        .with_context(|| format!("{} is not a PEM file", file.display()))?;
    if chain.is_empty() {
        bail!("{} holds no certificate in PEM", file.display());
    }
    Ok(chain)
}

impl ServedCertificate {
    /// Takes the first certificate to show.
    ///
    /// # Errors
    /// The key does not belong to the certificate, or one of them cannot be used.
    pub(crate) fn new(pair: ChainAndKey) -> Result<Arc<Self>, Error> {
        let provider = provider();
        let current = certified(pair.chain, pair.key, &provider)?;
        Ok(Arc::new(Self { provider, current: RwLock::new(Arc::new(current)) }))
    }

    /// The last moment at which the certificate is valid that is shown now.
    pub(crate) fn valid_until(&self) -> Option<Instant> {
        let current = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        Some(Facts::read(current.cert.first()?)?.not_after)
    }

    /// Shows another certificate from the next handshake on; connections that exist are not touched.
    ///
    /// # Errors
    /// As for [`ServedCertificate::new`]; the former certificate stays.
    pub(crate) fn replace(&self, pair: ChainAndKey) -> Result<(), Error> {
        let next = Arc::new(certified(pair.chain, pair.key, &self.provider)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }
}

impl ResolvesServerCert for ServedCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl fmt::Debug for ServedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServedCertificate")
    }
}

/// The TLS side of a listener.
///
/// # Errors
/// The cryptographic library does not have what we ask of it.
pub(crate) fn server_config(
    certificate: Arc<ServedCertificate>,
    clients: ClientCerts,
) -> Result<Arc<ServerConfig>, Error> {
    let provider = provider();
    let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&versions)?;
    let builder = match clients {
        ClientCerts::None => builder.with_no_client_auth(),
        ClientCerts::Asked => builder.with_client_cert_verifier(Arc::new(AnyHolder { provider })),
    };
    let mut config = builder.with_cert_resolver(certificate);
    config.alpn_protocols = vec![ALPN_H2.to_vec(), ALPN_HTTP_1_1.to_vec()];
    // A request in early data could be replayed by whoever recorded it (RFC 8446, 8).
    config.max_early_data_size = 0;
    Ok(Arc::new(config))
}

/// Takes every client certificate whose key the client proves to hold.
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
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if end_entity.len() > MAX_CLIENT_CERTIFICATE_BYTES || intermediates.len() > MAX_CLIENT_INTERMEDIATES {
            return Err(Error::InvalidCertificate(CertificateError::BadEncoding));
        }
        ParsedCertificate::try_from(end_entity)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The cryptographic provider, with the allowed cipher suites alone.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites.retain(|suite| SUITES.contains(&suite.suite()));
    Arc::new(provider)
}

fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, Error> {
    if chain.is_empty() {
        return Err(Error::NoCertificatesPresented);
    }
    let certified = CertifiedKey::from_der(chain, key, provider)?;
    certified.keys_match()?;
    Ok(certified)
}

/// HTTP/2 in the negotiation of the application protocol (RFC 7301).
pub(super) const ALPN_H2: &[u8] = b"h2";
const ALPN_HTTP_1_1: &[u8] = b"http/1.1";

/// The suites of TLS 1.3 and, for TLS 1.2, those that RFC 9325, 4.2 recommends.
const SUITES: [CipherSuite; 7] = [
    CipherSuite::TLS13_AES_256_GCM_SHA384,
    CipherSuite::TLS13_AES_128_GCM_SHA256,
    CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
];

/// Bytes of a PEM file that is read.
const MAX_PEM_BYTES: u64 = 256 * 1024;
/// Bytes of a client's certificate.
const MAX_CLIENT_CERTIFICATE_BYTES: usize = 16 * 1024;
/// Certificates that a client may send after its own.
const MAX_CLIENT_INTERMEDIATES: usize = 8;
