//! The authorities whose word about a client's certificate counts, and the search for a path to one of them.
//!
//! Owns the only call into the path building of `webpki`. It must never trust an authority of the system's or one that the
//! client itself shows, and never look at names: what a certificate is good for is for others to compare.

use std::time::Duration;

use lombard_domain::time::Instant;
use rustls_pki_types::{CertificateDer, Der, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::aws_lc_rs as algorithms;
use webpki::{EndEntityCert, KeyUsage, VerifiedPath, anchor_from_trusted_cert};
use x509_parser::certificate::{Validity, X509Certificate};

use super::certificate::{BadCertificate, is_in_time, read};

/// Authorities whose signature under a client's certificate is believed (RFC 8705 2.1).
#[derive(Clone, Debug, Default)]
pub struct Authorities(Vec<Authority>);

#[derive(Clone, Debug)]
struct Authority {
    anchor: TrustAnchor<'static>,
    validity: Validity,
}

impl Authorities {
    /// Reads the certificates of authorities, in DER.
    ///
    /// # Errors
    /// [`BadCertificate`] if there are too many, or one is broken, too long, or may not sign certificates.
    pub fn new(certificates: &[Vec<u8>]) -> Result<Self, BadCertificate> {
        if certificates.len() > MAX_AUTHORITIES {
            return Err(BadCertificate::TooMany);
        }
        certificates.iter().map(|der| Authority::read(der)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether there is none, so that no certificate can be trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a path leads from a certificate over those beside it to an authority, all of them in time (RFC 5280 6.1),
    /// and none of them says that it is not for this: extended key usage, if there, must name client authentication.
    pub(super) fn answer_for(&self, leaf: &[u8], beside: &[Vec<u8>], now: Instant) -> bool {
        let Ok(seconds) = u64::try_from(now.seconds()) else { return false };
        let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let in_time = self.0.iter().filter(|authority| is_in_time(&authority.validity, now));
        let anchors: Vec<TrustAnchor<'_>> = in_time.map(Authority::anchor).collect();
        let leaf = CertificateDer::from(leaf);
        let beside: Vec<CertificateDer<'_>> = beside.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
        EndEntityCert::try_from(&leaf).is_ok_and(|leaf| {
            let usage = KeyUsage::client_auth();
            leaf.verify_for_usage(ALGORITHMS, &anchors, &beside, time, usage, None, Some(&check_key_usage)).is_ok()
        })
    }
}

impl Authority {
    fn read(der: &[u8]) -> Result<Self, BadCertificate> {
        let certificate = read(der)?;
        if !may_sign_certificates(&certificate) {
            return Err(BadCertificate::NotAnAuthority);
        }
        let der = CertificateDer::from(der);
        let anchor = anchor_from_trusted_cert(&der).map_err(|_| BadCertificate::Malformed)?.to_owned();
        Ok(Self { anchor, validity: certificate.validity().clone() })
    }

    fn anchor(&self) -> TrustAnchor<'_> {
        TrustAnchor {
            subject: Der::from_slice(&self.anchor.subject),
            subject_public_key_info: Der::from_slice(&self.anchor.subject_public_key_info),
            name_constraints: self.anchor.name_constraints.as_ref().map(|der| Der::from_slice(der)),
        }
    }
}

/// What the path building leaves out: the key usage of those between (RFC 5280 6.1.4 n) and of the leaf (RFC 5246 7.4.6).
fn check_key_usage(path: &VerifiedPath<'_>) -> Result<(), webpki::Error> {
    for between in path.intermediate_certificates() {
        let sound = read(&between.der()).is_ok_and(|certificate| may_sign_certificates(&certificate));
        if !sound {
            return Err(webpki::Error::EndEntityUsedAsCa);
        }
    }
    let leaf = path.end_entity().der();
    let may_sign = |certificate: X509Certificate<'_>| match certificate.key_usage() {
        Ok(usage) => usage.is_none_or(|usage| usage.value.digital_signature()),
        Err(_) => false,
    };
    if read(&leaf).is_ok_and(may_sign) { Ok(()) } else { Err(webpki::Error::BadDer) }
}

/// Whether a certificate says that it is an authority's, and does not say that its key is for something else.
fn may_sign_certificates(certificate: &X509Certificate<'_>) -> bool {
    let usage = certificate.key_usage();
    certificate.is_ca() && usage.is_ok_and(|usage| usage.is_none_or(|usage| usage.value.key_cert_sign()))
}

/// The most authorities that are believed at once; the search looks at each.
const MAX_AUTHORITIES: usize = 1024;
/// What authorities may sign with; nothing with SHA-1.
static ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    algorithms::ECDSA_P256_SHA256,
    algorithms::ECDSA_P256_SHA384,
    algorithms::ECDSA_P256_SHA512,
    algorithms::ECDSA_P384_SHA256,
    algorithms::ECDSA_P384_SHA384,
    algorithms::ECDSA_P384_SHA512,
    algorithms::ECDSA_P521_SHA256,
    algorithms::ECDSA_P521_SHA384,
    algorithms::ECDSA_P521_SHA512,
    algorithms::ED25519,
    algorithms::RSA_PKCS1_2048_8192_SHA256,
    algorithms::RSA_PKCS1_2048_8192_SHA384,
    algorithms::RSA_PKCS1_2048_8192_SHA512,
    algorithms::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    algorithms::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    algorithms::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
];

#[cfg(test)]
mod tests {
    use rcgen::{ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, date_time_ymd};

    use super::super::Certificate;
    use super::super::testing::{Authority, DAY, params};
    use super::*;

    fn trusted(chain: &[&[u8]], roots: &[&Authority], now: Instant) -> bool {
        let roots: Vec<Vec<u8>> = roots.iter().map(|root| root.der.clone()).collect();
        let chain: Vec<Vec<u8>> = chain.iter().map(|der| der.to_vec()).collect();
        Certificate::parse(&chain).unwrap().unwrap().is_trusted(&Authorities::new(&roots).unwrap(), now)
    }

    #[test]
    fn believes_a_path_to_an_authority_and_no_other() {
        let now = DAY.start();
        let (root, foreign) = (Authority::root("Root"), Authority::root("Foreign"));
        // The same name with another key.
        let impostor = Authority::root("Root");
        let between = root.intermediate("Between", |_| ());
        let direct = root.sign(&params("app"));
        let leaf = between.sign(&params("app"));
        let other = foreign.sign(&params("app"));
        assert!(trusted(&[&direct], &[&root], now));
        assert!(trusted(&[&direct], &[&foreign, &impostor, &root], now));
        assert!(trusted(&[&leaf, &between.der], &[&root], now));
        assert!(trusted(&[&leaf, &between.der, &root.der], &[&root], now));
        assert!(
            trusted(&[&leaf, &other, &root.der, &between.der], &[&root], now),
            "beside the first, order means nothing"
        );
        assert!(trusted(&[&leaf], &[&between], now), "the one between is itself believed");

        assert!(!trusted(&[&direct], &[], now));
        assert!(!trusted(&[&direct], &[&foreign], now));
        assert!(!trusted(&[&direct], &[&impostor], now));
        assert!(!trusted(&[&impostor.sign(&params("app"))], &[&root], now));
        assert!(!trusted(&[&leaf], &[&root], now), "the one between is missing");
        assert!(!trusted(&[&between.der, &leaf], &[&root], now), "not its own certificate first");
        assert!(!trusted(&[&other, &foreign.der], &[&root], now), "an authority that it brought along");
        assert!(!trusted(&[&other, &direct], &[&root], now));
        assert!(!trusted(&[&root.der], &[&root], now), "an authority is not a client");
    }

    #[test]
    fn believes_signatures_of_each_kind() {
        for kind in [
            &rcgen::PKCS_ECDSA_P256_SHA256,
            &rcgen::PKCS_ECDSA_P384_SHA384,
            &rcgen::PKCS_ECDSA_P521_SHA512,
            &rcgen::PKCS_ED25519,
            &rcgen::PKCS_RSA_SHA256,
            &rcgen::PKCS_RSA_SHA512,
        ] {
            let root = Authority::root_with("Root", rcgen::KeyPair::generate_for(kind).unwrap());
            let leaf = root.sign(&params("app"));
            assert!(trusted(&[&leaf], &[&root], DAY.start()), "{kind:?}");
            let mut forged = leaf.clone();
            *forged.last_mut().unwrap() ^= 1;
            assert!(!trusted(&[&forged], &[&root], DAY.start()), "{kind:?}");
        }
    }

    #[test]
    fn believes_nobody_out_of_time() {
        let now = DAY.start();
        let root = Authority::root("Root");
        let mut late = params("app");
        late.not_before = date_time_ymd(2026, 3, 2);
        let mut early = params("app");
        early.not_after = date_time_ymd(2026, 3, 1);
        let (late, early) = (root.sign(&late), root.sign(&early));
        assert!(!trusted(&[&late], &[&root], now));
        assert!(trusted(&[&late], &[&root], Instant::from_seconds(now.seconds() + 86_400)));
        assert!(trusted(&[&early], &[&root], now), "the last second counts");
        assert!(!trusted(&[&early], &[&root], Instant::from_seconds(now.seconds() + 1)));
        assert!(!trusted(&[&early], &[&root], Instant::from_seconds(-1)));

        let between = root.intermediate("Between", |params| params.not_after = date_time_ymd(2026, 2, 28));
        let leaf = between.sign(&params("app"));
        assert!(!trusted(&[&leaf, &between.der], &[&root], now));
        assert!(!trusted(&[&leaf], &[&between], now), "an authority that has run out");
    }

    #[test]
    fn believes_nobody_whose_certificate_is_for_something_else() {
        let now = DAY.start();
        let root = Authority::root("Root");
        let with_purposes = |purposes: &[ExtendedKeyUsagePurpose]| {
            let mut wanted = params("app");
            wanted.extended_key_usages = purposes.to_vec();
            trusted(&[&root.sign(&wanted)], &[&root], now)
        };
        assert!(with_purposes(&[ExtendedKeyUsagePurpose::ClientAuth]));
        assert!(with_purposes(&[ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth]));
        assert!(!with_purposes(&[ExtendedKeyUsagePurpose::ServerAuth]));
        assert!(!with_purposes(&[ExtendedKeyUsagePurpose::CodeSigning]));

        let with_usages = |usages: &[KeyUsagePurpose]| {
            let mut wanted = params("app");
            wanted.key_usages = usages.to_vec();
            trusted(&[&root.sign(&wanted)], &[&root], now)
        };
        assert!(with_usages(&[KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment]));
        assert!(!with_usages(&[KeyUsagePurpose::KeyEncipherment]));
    }

    #[test]
    fn believes_nobody_in_between_who_may_not_sign() {
        let now = DAY.start();
        let root = Authority::root("Root");
        let through = |change: fn(&mut rcgen::CertificateParams)| {
            let between = root.intermediate("Between", change);
            trusted(&[&between.sign(&params("app")), &between.der], &[&root], now)
        };
        assert!(through(|_| ()));
        assert!(through(|params| params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign]));
        assert!(!through(|params| params.is_ca = IsCa::ExplicitNoCa));
        assert!(!through(|params| params.is_ca = IsCa::NoCa));
        assert!(!through(|params| params.key_usages = vec![KeyUsagePurpose::CrlSign]));
        assert!(!through(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]));

        let last = root.intermediate("Last", |params| {
            params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
        });
        let beyond = last.intermediate("Beyond", |_| ());
        let leaf = beyond.sign(&params("app"));
        assert!(!trusted(&[&leaf, &beyond.der, &last.der], &[&root], now), "a path longer than allowed");
    }

    #[test]
    fn a_client_is_no_authority() {
        let root = Authority::root("Root");
        assert_eq!(Authorities::new(&[root.sign(&params("app"))]).unwrap_err(), BadCertificate::NotAnAuthority);
        let crl_only = root.intermediate("Lists", |params| params.key_usages = vec![KeyUsagePurpose::CrlSign]);
        assert_eq!(Authorities::new(&[crl_only.der]).unwrap_err(), BadCertificate::NotAnAuthority);
        assert_eq!(Authorities::new(&[vec![]]).unwrap_err(), BadCertificate::Malformed);
        let many = vec![root.der.clone(); MAX_AUTHORITIES + 1];
        assert_eq!(Authorities::new(&many).unwrap_err(), BadCertificate::TooMany);
        assert!(Authorities::default().is_empty());
        assert!(!Authorities::new(&[root.der]).unwrap().is_empty());
    }
}
