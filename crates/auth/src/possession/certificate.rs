//! A client's certificate: read once, asked what a registration or a binding wants to know of it (RFC 8705).
//!
//! Must never take part in the handshake: that its holder has the key was proved before. Reading it says nothing about who
//! answers for it either; that is asked with [`Certificate::is_trusted`].

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use lombard_domain::oauth::Thumbprint;
use lombard_domain::time::Instant;
use x509_parser::certificate::{Validity, X509Certificate};
use x509_parser::prelude::FromDer as _;

use super::authorities::Authorities;
use super::key;
use super::subject::Subject;

/// A client's certificate with those that it showed beside it.
pub struct Certificate<'a> {
    der: &'a [u8],
    beside: &'a [Vec<u8>],
    leaf: X509Certificate<'a>,
}

impl<'a> Certificate<'a> {
    /// Reads the first certificate of a chain, in DER; `None` if none was shown.
    ///
    /// # Errors
    /// [`BadCertificate`] if there are too many, or one is too long, or the first is not a certificate.
    pub fn parse(chain: &'a [Vec<u8>]) -> Result<Option<Self>, BadCertificate> {
        let Some((der, beside)) = chain.split_first() else { return Ok(None) };
        if chain.len() > MAX_CHAIN {
            return Err(BadCertificate::TooMany);
        }
        if beside.iter().any(|der| der.len() > MAX_CERTIFICATE_BYTES) {
            return Err(BadCertificate::TooLong);
        }
        Ok(Some(Self { der, beside, leaf: read(der)? }))
    }

    /// By what tokens are bound to it: `x5t#S256` (RFC 8705 3.1).
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        thumbprint_of(self.der)
    }

    /// Whether an authority answers for it (RFC 8705 2.1), and it and the path to that authority are in time.
    #[must_use]
    pub fn is_trusted(&self, authorities: &Authorities, now: Instant) -> bool {
        authorities.answer_for(self.der, self.beside, now)
    }

    /// Whether its own time has begun and not ended (RFC 5280 4.1.2.5), for one that nobody else answers for.
    #[must_use]
    pub fn is_in_time(&self, now: Instant) -> bool {
        is_in_time(self.leaf.validity(), now)
    }

    /// Whether it is the certificate that a `tls_client_auth` client registered (RFC 8705 2.1.2); it must be trusted besides.
    #[must_use]
    pub fn matches(&self, expected: &Subject<'_>) -> bool {
        expected.is_of(&self.leaf)
    }

    /// The RFC 7638 thumbprint of its public key, to be looked for among the keys that a `self_signed_tls_client_auth` client
    /// registered (RFC 8705 2.2); `None` if the key is of none of our kinds.
    #[must_use]
    pub fn key_thumbprint(&self) -> Option<String> {
        key::read(self.leaf.public_key()).map(|key| key.thumbprint())
    }
}

impl fmt::Debug for Certificate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("thumbprint", &self.thumbprint().as_str()).finish_non_exhaustive()
    }
}

/// What cannot be used as a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCertificate {
    /// Too long.
    #[error("a certificate is longer than 16 KiB")]
    TooLong,
    /// Too many at once.
    #[error("more certificates than are read at once")]
    TooMany,
    /// Not a certificate.
    #[error("not an x.509 certificate in der")]
    Malformed,
    /// Meant as an authority's, but not one's.
    #[error("not the certificate of an authority that may sign others")]
    NotAnAuthority,
}

/// The `x5t#S256` thumbprint of a certificate in DER (RFC 8705 3.1), without a look into it.
///
/// Every call to the API that a bound token makes comes through here, so it costs one digest and no more.
#[must_use]
pub fn thumbprint_of(der: &[u8]) -> Thumbprint {
    let text = crate::digest::base64url(digest(&SHA256, der).as_ref());
    #[expect(
        clippy::expect_used,
        reason = "Cannot fail: SHA-256 has 32 bytes, and this is the form that is asked for."
    )]
    Thumbprint::new(&text).expect("a digest")
}

/// Reads one certificate in DER, with nothing behind it.
pub(super) fn read(der: &[u8]) -> Result<X509Certificate<'_>, BadCertificate> {
    if der.len() > MAX_CERTIFICATE_BYTES {
        return Err(BadCertificate::TooLong);
    }
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        _ => Err(BadCertificate::Malformed),
    }
}

/// Whether a moment lies within a validity; both ends are part of it (RFC 5280 4.1.2.5).
pub(super) fn is_in_time(validity: &Validity, now: Instant) -> bool {
    (validity.not_before.timestamp()..=validity.not_after.timestamp()).contains(&now.seconds())
}

/// The longest certificate, in bytes; real ones have two or three thousand.
const MAX_CERTIFICATE_BYTES: usize = 16 * 1024;
/// The most certificates of a chain, the client's own among them.
const MAX_CHAIN: usize = 9;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{Authority, DAY, params};
    use super::*;
    use crate::jose::PublicJwk;

    #[test]
    fn the_thumbprint_is_the_digest_of_the_der() {
        // The certificate and its thumbprint are those of RFC 8705 A.
        let body = "MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwIDSQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=";
        use base64::Engine as _;
        let chain = [base64::engine::general_purpose::STANDARD.decode(body).unwrap()];
        let certificate = Certificate::parse(&chain).unwrap().unwrap();
        assert_eq!(certificate.thumbprint().as_str(), "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0");
        assert_eq!(thumbprint_of(&chain[0]), certificate.thumbprint());
        let jwk = br#"{"kty":"EC","x":"1yfLHCpXqFjxCeHHHMVDTcLscpb07KUxudBmOMn8C7Q","y":"8_coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8","crv":"P-256"}"#;
        assert_eq!(certificate.key_thumbprint(), Some(PublicJwk::parse(jwk).unwrap().thumbprint()));
        assert!(certificate.matches(&Subject::Dn(&"cn=MTLS".parse().unwrap())));
        assert!(!certificate.is_trusted(&Authorities::default(), DAY.start()));
    }

    #[test]
    fn knows_its_own_time() {
        let mut wanted = params("app");
        wanted.not_before = rcgen::date_time_ymd(2026, 3, 1);
        wanted.not_after = rcgen::date_time_ymd(2026, 3, 2);
        let chain = [wanted.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().der().to_vec()];
        let certificate = Certificate::parse(&chain).unwrap().unwrap();
        let first = DAY.start().seconds();
        for (seconds, in_time) in [(-1, false), (0, true), (86_400, true), (86_401, false)] {
            assert_eq!(certificate.is_in_time(Instant::from_seconds(first + seconds)), in_time, "{seconds}");
        }
        assert!(!certificate.is_in_time(Instant::from_seconds(i64::MIN)));
    }

    #[test]
    fn nobody_answers_for_a_self_signed_certificate() {
        let chain = [params("app").self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().der().to_vec()];
        let certificate = Certificate::parse(&chain).unwrap().unwrap();
        assert!(certificate.is_in_time(DAY.start()));
        let root = Authority::root("app");
        assert!(!certificate.is_trusted(&Authorities::new(&[root.der]).unwrap(), DAY.start()));
        assert_eq!(Authorities::new(&chain).unwrap_err(), BadCertificate::NotAnAuthority);
    }

    #[test]
    fn bounds_what_it_reads() {
        let der = Authority::root("Root").sign(&params("app"));
        assert!(Certificate::parse(&[]).unwrap().is_none());
        assert!(Certificate::parse(&vec![der.clone(); MAX_CHAIN]).is_ok());
        let refused = |chain: &[Vec<u8>]| Certificate::parse(chain).map(|_| ()).unwrap_err();
        assert_eq!(refused(&vec![der.clone(); MAX_CHAIN + 1]), BadCertificate::TooMany);
        assert_eq!(refused(&[vec![0; MAX_CERTIFICATE_BYTES + 1]]), BadCertificate::TooLong);
        assert_eq!(refused(&[der.clone(), vec![0; MAX_CERTIFICATE_BYTES + 1]]), BadCertificate::TooLong);
        assert_eq!(refused(&[vec![]]), BadCertificate::Malformed);
        assert_eq!(refused(&[[&der[..], &[0]].concat()]), BadCertificate::Malformed);
        assert_eq!(refused(&[der[..der.len() - 1].to_vec()]), BadCertificate::Malformed);
    }

    /// Asks a chain everything that can be asked; whether it was trusted.
    fn ask(chain: &[Vec<u8>], authorities: &Authorities) -> bool {
        let Ok(Some(certificate)) = Certificate::parse(chain) else { return false };
        let name = "CN=app".parse().unwrap();
        for subject in [Subject::Dn(&name), Subject::SanDns("a"), Subject::SanEmail("a@b"), Subject::SanUri("a:b")] {
            let _ = certificate.matches(&subject);
        }
        let _ = (certificate.key_thumbprint(), certificate.is_in_time(DAY.start()), format!("{certificate:?}"));
        certificate.is_trusted(authorities, DAY.start())
    }

    proptest! {
        #[test]
        fn survives_any_bytes(bytes: Vec<u8>, beside: Vec<u8>) {
            prop_assert!(!ask(&[bytes.clone(), beside], &Authorities::default()));
            prop_assert!(Authorities::new(&[bytes]).is_err());
        }
    }

    #[test]
    fn no_byte_of_a_certificate_can_be_changed() {
        let root = Authority::root("Root");
        let between = root.intermediate("Between", |_| ());
        let mut wanted = params("app");
        wanted.subject_alt_names = vec![rcgen::SanType::DnsName("app.example".try_into().unwrap())];
        let chain = vec![between.sign(&wanted), between.der];
        let authorities = Authorities::new(&[root.der]).unwrap();
        assert!(ask(&chain, &authorities));
        for (which, certificate) in chain.iter().enumerate() {
            for place in 0..certificate.len() {
                for flip in [0x01, 0x80, 0xff] {
                    let mut changed = chain.clone();
                    changed[which][place] ^= flip;
                    assert!(!ask(&changed, &authorities), "{which} {place} {flip:x}");
                    let _ = Authorities::new(&changed[which..]);
                }
            }
        }
    }
}
