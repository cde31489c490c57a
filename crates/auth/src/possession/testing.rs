//! Authorities and certificates for tests.

use lombard_domain::time::Date;
use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

/// A day within the validity of all that is made here.
pub(super) static DAY: std::sync::LazyLock<Date> = std::sync::LazyLock::new(|| "2026-03-01".parse().unwrap());

/// A certificate's wishes: a common name, no alternative names, years of validity.
pub(super) fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// Who signs certificates.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate.
    pub(super) der: Vec<u8>,
}

impl Authority {
    /// One that signs its own certificate.
    pub(super) fn root(name: &str) -> Self {
        Self::root_with(name, KeyPair::generate().unwrap())
    }

    /// The same with a key of the caller's choice.
    pub(super) fn root_with(name: &str, key: KeyPair) -> Self {
        let params = authority_params(name);
        let der = params.self_signed(&key).unwrap().der().to_vec();
        Self { issuer: Issuer::new(params, key), der }
    }

    /// One whose certificate this one signs.
    pub(super) fn intermediate(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let (mut params, key) = (authority_params(name), KeyPair::generate().unwrap());
        change(&mut params);
        let der = params.signed_by(&key, &self.issuer).unwrap().der().to_vec();
        // Whatever its certificate says: it signs.
        Self { issuer: Issuer::new(authority_params(name), key), der }
    }

    /// Signs a certificate for a new key.
    pub(super) fn sign(&self, params: &CertificateParams) -> Vec<u8> {
        params.signed_by(&KeyPair::generate().unwrap(), &self.issuer).unwrap().der().to_vec()
    }
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}
