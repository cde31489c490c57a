//! What the program must know of an X.509 certificate: who signed it, for whom, from when to when.
//!
//! Reads only; whether a certificate is trusted is decided elsewhere.

use std::collections::BTreeSet;
use std::net::IpAddr;

use lombard_domain::time::Instant;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The facts of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Common name of the authority that signed it.
    pub(crate) issuer: Option<String>,
    /// Host names (lower case) and addresses in its subject alternative name (RFC 5280, 4.2.1.6).
    pub(crate) names: BTreeSet<String>,
    /// First moment at which it is valid.
    pub(crate) not_before: Instant,
    /// Last moment at which it is valid.
    pub(crate) not_after: Instant,
}

impl Facts {
    /// Reads a certificate in DER; `None` if it is not one.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let (rest, certificate) = X509Certificate::from_der(der).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let issuer =
            certificate.issuer().iter_common_name().next().and_then(|name| name.as_str().ok()).map(str::to_owned);
        let names = match certificate.subject_alternative_name().ok()? {
            Some(extension) => extension.value.general_names.iter().filter_map(name).collect(),
            None => BTreeSet::new(),
        };
        let validity = certificate.validity();
        Some(Self {
            issuer,
            names,
            not_before: Instant::from_seconds(validity.not_before.timestamp()),
            not_after: Instant::from_seconds(validity.not_after.timestamp()),
        })
    }

    /// Whether the certificate speaks for this host, given as a name or as an address without brackets.
    ///
    /// A wildcard stands for exactly one label, the first (RFC 9525, 6.3).
    pub(crate) fn speaks_for(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.names.contains(&host)
            || host.split_once('.').is_some_and(|(_, parent)| self.names.contains(&format!("*.{parent}")))
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(host) => Some(host.to_ascii_lowercase()),
        GeneralName::IPAddress(bytes) => {
            let address = match bytes.len() {
                4 => <[u8; 4]>::try_from(*bytes).ok().map(IpAddr::from),
                16 => <[u8; 16]>::try_from(*bytes).ok().map(IpAddr::from),
                _ => None,
            };
            address.map(|address| address.to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_addresses_and_dates() {
        let key = rcgen::KeyPair::generate().unwrap();
        let names = ["Bank.Example", "*.api.example", "127.0.0.1", "::1"];
        let mut params = rcgen::CertificateParams::new(names.map(str::to_owned)).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 1, 2);
        params.not_after = rcgen::date_time_ymd(2027, 1, 2);
        params.distinguished_name.push(rcgen::DnType::CommonName, "a bank");
        let facts = Facts::read(params.self_signed(&key).unwrap().der()).unwrap();
        assert_eq!(facts.issuer.as_deref(), Some("a bank"));
        assert_eq!(facts.not_before.rfc3339(), "2026-01-02T00:00:00Z");
        assert_eq!(facts.not_after.rfc3339(), "2027-01-02T00:00:00Z");
        for good in ["bank.example", "BANK.example", "x.api.example", "127.0.0.1", "::1"] {
            assert!(facts.speaks_for(good), "{good}");
        }
        for bad in ["api.example", "x.y.api.example", "other.example", "127.0.0.2", ""] {
            assert!(!facts.speaks_for(bad), "{bad}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_certificate() {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["a".to_owned()]).unwrap();
        let der = params.self_signed(&key).unwrap().der().to_vec();
        assert!(Facts::read(b"").is_none());
        assert!(Facts::read(&der[..der.len() - 1]).is_none());
        assert!(Facts::read(&[&der[..], &[0]].concat()).is_none());
    }
}
