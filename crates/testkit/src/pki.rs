//! Certificates: the one that servers of a test show, authorities that sign for apps, and what those would never sign.
//!
//! All keys are made anew in each process. Nothing here says what a certificate is good for.

use std::net::IpAddr;
use std::sync::OnceLock;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lombard_domain::oauth::Alg;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::keys::TestKey;

/// An app's certificate and its key, as files that every client can read.
#[derive(Clone)]
pub struct ClientCertificate {
    /// The certificate, then the authorities between it and the root.
    pub chain_pem: String,
    /// Its private key (PKCS#8).
    pub key_pem: String,
    /// The certificate alone.
    pub der: Vec<u8>,
}

impl ClientCertificate {
    fn new(leaf: &Certificate, above: &str, key: &KeyPair) -> Self {
        Self { chain_pem: leaf.pem() + above, key_pem: key.serialize_pem(), der: leaf.der().to_vec() }
    }

    /// As the HTTPS client takes it.
    #[must_use]
    pub fn identity(&self) -> reqwest::Identity {
        let pem = format!("{}\n{}", self.chain_pem, self.key_pem);
        reqwest::Identity::from_pem(pem.as_bytes()).expect("a certificate and its key")
    }

    /// What tokens are bound to: `x5t#S256` (RFC 8705 3.1).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &self.der))
    }

    /// As it stands in a key's `x5c` (RFC 7517 4.7), by which a self-signed one is registered (RFC 8705 2.2.2).
    #[must_use]
    pub fn x5c(&self) -> String {
        STANDARD.encode(&self.der)
    }
}

/// When a certificate is good, seen from the days at which tests take place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It has ended.
    Ended,
    /// It has begun and not ended.
    Current,
    /// It has not begun.
    NotYet,
}

/// Another name for the holder of a certificate (RFC 5280 4.2.1.6).
#[derive(Clone, Debug)]
pub enum San {
    /// A host.
    Dns(String),
    /// An e-mail address.
    Email(String),
    /// A network address.
    Ip(IpAddr),
    /// A URI.
    Uri(String),
}

/// Whom a certificate is for.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The parts of the name, the widest first, as they stand in the certificate; each kind once.
    pub names: Vec<(DnType, String)>,
    /// Other names.
    pub sans: Vec<San>,
}

impl Subject {
    /// Somebody in an organisation in Great Britain.
    #[must_use]
    pub fn named(common_name: &str) -> Self {
        let names = [
            (DnType::CountryName, "GB"),
            (DnType::OrganizationName, "Pocket Ledger Ltd"),
            (DnType::CommonName, common_name),
        ];
        Self { names: names.map(|(kind, text)| (kind, text.to_owned())).to_vec(), sans: Vec::new() }
    }

    /// With another name.
    #[must_use]
    pub fn also(mut self, san: San) -> Self {
        self.sans.push(san);
        self
    }

    /// The name as text: the narrowest part first (RFC 4514 2.1), for `tls_client_auth_subject_dn`.
    ///
    /// # Panics
    /// If it has a part without a short name in RFC 4514.
    #[must_use]
    pub fn dn(&self) -> String {
        let part = |(kind, text): &(DnType, String)| {
            let short = match kind {
                DnType::CommonName => "CN",
                DnType::CountryName => "C",
                DnType::LocalityName => "L",
                DnType::OrganizationName => "O",
                DnType::OrganizationalUnitName => "OU",
                DnType::StateOrProvinceName => "ST",
                other => panic!("{other:?} has no short name"),
            };
            format!("{short}={}", escaped(text))
        };
        self.names.iter().rev().map(part).collect::<Vec<_>>().join(",")
    }

    fn params(&self, life: Life) -> CertificateParams {
        let ia5 = |text: &str| text.try_into().expect("ASCII");
        let san = |san: &San| match san {
            San::Dns(text) => SanType::DnsName(ia5(text)),
            San::Email(text) => SanType::Rfc822Name(ia5(text)),
            San::Ip(address) => SanType::IpAddress(*address),
            San::Uri(text) => SanType::URI(ia5(text)),
        };
        let mut params = named(&self.names);
        params.subject_alt_names = self.sans.iter().map(san).collect();
        (params.not_before, params.not_after) = match life {
            Life::Ended => (date_time_ymd(2020, 1, 1), date_time_ymd(2025, 1, 1)),
            Life::Current => (date_time_ymd(2020, 1, 1), date_time_ymd(2040, 1, 1)),
            Life::NotYet => (date_time_ymd(2039, 1, 1), date_time_ymd(2040, 1, 1)),
        };
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params
    }

    /// A certificate that its holder signed.
    #[must_use]
    pub fn self_signed(&self, key: &TestKey, life: Life) -> ClientCertificate {
        let key = key_pair(key);
        let certificate = self.params(life).self_signed(&key).expect("a certificate");
        ClientCertificate::new(&certificate, "", &key)
    }
}

/// Somebody who signs certificates for apps.
pub struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
    /// What must be sent along with its certificates: itself and those above it, without the root.
    above: String,
}

impl Authority {
    /// A new one that signed itself.
    #[must_use]
    pub fn new(common_name: &str) -> Self {
        let (params, key) = (authority_params(common_name), KeyPair::generate().expect("a key"));
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { certificate, issuer: Issuer::new(params, key), above: String::new() }
    }

    /// A new one that this one signed.
    #[must_use]
    pub fn subordinate(&self, common_name: &str) -> Self {
        let (mut params, key) = (authority_params(common_name), KeyPair::generate().expect("a key"));
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let above = certificate.pem() + &self.above;
        Self { certificate, issuer: Issuer::new(params, key), above }
    }

    /// Its certificate.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        self.certificate.der()
    }

    /// Its certificate, in PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A good certificate.
    #[must_use]
    pub fn issue(&self, subject: &Subject, key: &TestKey) -> ClientCertificate {
        self.issue_for(subject, key, Life::Current)
    }

    /// A certificate with this life.
    #[must_use]
    pub fn issue_for(&self, subject: &Subject, key: &TestKey, life: Life) -> ClientCertificate {
        let key = key_pair(key);
        let mut params = subject.params(life);
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        ClientCertificate::new(&certificate, &self.above, &key)
    }
}

/// What every server of a test shows: a certificate for `localhost`, one for the whole process.
pub(crate) struct ServerCertificate {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
    pub(crate) pem: String,
}

impl ServerCertificate {
    pub(crate) fn of_this_process() -> &'static Self {
        static MADE: OnceLock<ServerCertificate> = OnceLock::new();
        MADE.get_or_init(|| {
            let key = KeyPair::generate().expect("a key");
            let params = CertificateParams::new(vec!["localhost".to_owned()]);
            let certificate = params.and_then(|params| params.self_signed(&key)).expect("a certificate");
            Self {
                chain: vec![certificate.der().clone()],
                key: PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
                pem: certificate.pem(),
            }
        })
    }
}

fn authority_params(common_name: &str) -> CertificateParams {
    let mut params = named(&[(DnType::CommonName, common_name.to_owned())]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn named(names: &[(DnType, String)]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    for (kind, text) in names {
        params.distinguished_name.push(kind.clone(), text.as_str());
    }
    params
}

fn key_pair(key: &TestKey) -> KeyPair {
    let algorithm = match key.alg() {
        Alg::EdDsa => &rcgen::PKCS_ED25519,
        Alg::Es256 => &rcgen::PKCS_ECDSA_P256_SHA256,
        Alg::Ps256 => &rcgen::PKCS_RSA_SHA256,
    };
    let document = PrivatePkcs8KeyDer::from(key.pkcs8());
    KeyPair::from_pkcs8_der_and_sign_algo(&document, algorithm).expect("a usable key")
}

/// RFC 4514 2.4.
fn escaped(text: &str) -> String {
    let last = text.chars().count().saturating_sub(1);
    let escape = |(at, character): (usize, char)| {
        let special = matches!(character, '"' | '+' | ',' | ';' | '<' | '>' | '\\')
            || (character == '#' && at == 0)
            || (character == ' ' && (at == 0 || at == last));
        let backslash = special.then_some('\\');
        backslash.into_iter().chain([character])
    };
    text.chars().enumerate().flat_map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Purpose;

    #[test]
    fn writes_a_name_as_the_standard_does() {
        assert_eq!(Subject::named("ledger").dn(), "CN=ledger,O=Pocket Ledger Ltd,C=GB");
        assert_eq!(Subject::named(r#" #a, "b" "#).dn(), r#"CN=\ #a\, \"b\"\ ,O=Pocket Ledger Ltd,C=GB"#);
        assert_eq!(Subject::named("#a").dn(), r"CN=\#a,O=Pocket Ledger Ltd,C=GB");
    }

    #[test]
    fn makes_certificates_for_every_kind_of_key_that_the_client_can_use() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let root = Authority::new("root");
        let below = root.subordinate("below");
        for alg in Alg::ALL {
            let key = TestKey::new(alg, Purpose::Possession);
            let subject = Subject::named("ledger").also(San::Uri("https://app.example/".to_owned()));
            for (certificate, certificates) in [
                (root.issue(&subject, &key), 1),
                (below.issue(&subject, &key), 2),
                (root.issue_for(&subject, &key, Life::Ended), 1),
                (subject.self_signed(&key, Life::NotYet), 1),
            ] {
                assert_eq!(certificate.chain_pem.matches("BEGIN CERTIFICATE").count(), certificates);
                let client = reqwest::Client::builder().identity(certificate.identity());
                client.tls_certs_only([]).build().unwrap();
            }
        }
    }
}
