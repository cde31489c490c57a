//! Certificates for apps, by which they prove who they are on the listener that asks for one (RFC 8705).
//!
//! Owns what such a certificate says. Must never write a file: whoever asks for a certificate decides where it goes.

use std::path::Path;
use std::str::FromStr;

use anyhow::Context as _;
use lombard_domain::secret::Secret;
use lombard_domain::time::{Clock, Span};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SanType};

use super::{Authority, CA_CERTIFICATE, set_validity};

/// The name of an app in a certificate: small letters, digits and hyphens, so that it means the same in every form of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientName(String);

/// A certificate for an app, and its key.
pub(crate) struct ClientCertificate {
    /// The certificate and, after it, the authority's, in PEM.
    pub(crate) chain: String,
    /// Its private key, in PEM.
    pub(crate) key: Secret<String>,
    /// The certificate in DER.
    pub(crate) der: Vec<u8>,
    /// The coordinates of its public key on P-256.
    pub(crate) point: [[u8; 32]; 2],
    /// Its subject as RFC 4514 writes it, which is what `tls_client_auth_subject_dn` takes.
    pub(crate) subject: String,
    /// The host name in it, for `tls_client_auth_san_dns`.
    pub(crate) dns: String,
    /// The address in it, for `tls_client_auth_san_uri`.
    pub(crate) uri: String,
}

impl ClientName {
    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let letters = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let ends = !text.starts_with('-') && !text.ends_with('-');
        if letters && ends && (1..=NAME_MAX).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err("expected 1 to 40 small letters, digits and hyphens, such as my-app")
        }
    }
}

/// Makes a key and has the authority of the sandbox in a folder sign a certificate for it; the authority is made if it is not there.
///
/// # Errors
/// The folder cannot be used, or what lies there is damaged; the text says what to do.
pub(crate) fn issue_client(folder: &Path, name: &ClientName, clock: &dyn Clock) -> anyhow::Result<ClientCertificate> {
    let now = clock.now();
    let (authority, _lock) = Authority::locked(folder, now)?;
    let ca_file = folder.join(CA_CERTIFICATE);
    let ca = std::fs::read_to_string(&ca_file).with_context(|| format!("cannot read {}", ca_file.display()))?;
    let key = KeyPair::generate()?;
    let dns = format!("{}.{DOMAIN}", name.as_str());
    let uri = format!("https://{dns}/");
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, ORGANISATION);
    params.distinguished_name.push(DnType::CommonName, name.as_str());
    params.subject_alt_names = vec![SanType::DnsName(dns.as_str().try_into()?), SanType::URI(uri.as_str().try_into()?)];
    set_validity(&mut params, now, now.plus(Span::days(CLIENT_DAYS)).min(authority.not_after));
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = params.signed_by(&key, &authority.issuer)?;
    Ok(ClientCertificate {
        chain: format!("{}{ca}", certificate.pem()),
        key: Secret::new(key.serialize_pem()),
        der: certificate.der().to_vec(),
        point: coordinates(key.public_key_raw()).context("the key is not one on P-256")?,
        // RFC 4514 2.1 begins with the last; the name and the organisation have no letter that needs escaping.
        subject: format!("CN={},O={ORGANISATION}", name.as_str()),
        dns,
        uri,
    })
}

/// Of a point without compression (SEC 1, 2.3.3).
fn coordinates(point: &[u8]) -> Option<[[u8; 32]; 2]> {
    let (x, y) = point.strip_prefix(&[4])?.split_first_chunk()?;
    Some([*x, y.try_into().ok()?])
}

/// Letters of a name; with the domain it stays below the 63 of a label and the 64 of a common name.
const NAME_MAX: usize = 40;
/// Of every app with a certificate of a sandbox.
const ORGANISATION: &str = "Lombard sandbox app";
/// Below a name that nobody can own (RFC 6761 6.2).
const DOMAIN: &str = "lombard.test";
/// Life of an app's certificate, in days.
const CLIENT_DAYS: i64 = 395;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lombard_domain::time::Instant;
    use rustls::RootCertStore;
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, UnixTime};
    use rustls::server::WebPkiClientVerifier;
    use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

    use super::*;
    use crate::pki::find_authority;

    struct At(i64);

    impl Clock for At {
        fn now(&self) -> Instant {
            Instant::from_seconds(1_800_000_000).plus(Span::days(self.0))
        }
    }

    fn issued(folder: &Path) -> ClientCertificate {
        issue_client(folder, &"my-app".parse().unwrap(), &At(0)).unwrap()
    }

    fn verifies(made: &ClientCertificate, authority: CertificateDer<'static>, day: i64) -> bool {
        let mut roots = RootCertStore::empty();
        roots.add(authority).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build().unwrap();
        let time = At(day).now().seconds();
        let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(u64::try_from(time).unwrap()));
        let chain: Vec<_> = CertificateDer::pem_slice_iter(made.chain.as_bytes()).collect::<Result<_, _>>().unwrap();
        assert_eq!(chain.len(), 2);
        assert_eq!(*chain[0], *made.der);
        verifier.verify_client_cert(&chain[0], &chain[1..], time).is_ok()
    }

    #[test]
    fn the_sandbox_s_authority_vouches_for_it_and_no_other_does() {
        let [one, two] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let made = issued(one.path());
        issued(two.path());
        let authority = find_authority(one.path()).unwrap();
        for (day, good) in [(0, true), (394, true), (396, false), (-2, false)] {
            assert_eq!(verifies(&made, authority.clone(), day), good, "{day}");
        }
        assert!(!verifies(&made, find_authority(two.path()).unwrap(), 0));
    }

    #[test]
    fn says_the_names_that_it_is_registered_by() {
        let folder = tempfile::tempdir().unwrap();
        let made = issued(folder.path());
        let (_, certificate) = X509Certificate::from_der(&made.der).unwrap();
        let names: Vec<_> = certificate.subject().iter_rdn().flat_map(|rdn| rdn.iter()).collect();
        let names: Vec<_> = names.iter().rev().map(|name| name.as_str().unwrap()).collect();
        assert_eq!(names, ["my-app", ORGANISATION]);
        assert_eq!(made.subject, "CN=my-app,O=Lombard sandbox app");
        let alternative = certificate.subject_alternative_name().unwrap().unwrap();
        let expected = [GeneralName::DNSName(&made.dns), GeneralName::URI(&made.uri)];
        assert_eq!(alternative.value.general_names, expected);
        assert_eq!(certificate.public_key().subject_public_key.data[1..], made.point.concat());
        assert!(!certificate.is_ca());
    }

    #[test]
    fn takes_names_that_need_no_escaping() {
        for good in ["a", "my-app", "app2", &"a".repeat(40)] {
            assert!(good.parse::<ClientName>().is_ok(), "{good}");
        }
        for bad in ["", "My-app", "my app", "a,O=b", "a+b", "-a", "a-", "ä", "a.b", "a\n", &"a".repeat(41)] {
            assert!(bad.parse::<ClientName>().is_err(), "{bad}");
        }
    }
}
