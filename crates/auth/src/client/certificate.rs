//! `tls_client_auth` and `self_signed_tls_client_auth`: an app proves who it is by its certificate (RFC 8705 2).

use lombard_domain::oauth::{Client, Metadata};

use super::assertion::Reason;
use crate::Auth;
use crate::possession::{Certificate, DistinguishedName, Subject};

impl Auth {
    /// RFC 8705 2.1: a certificate under an authority that the operator trusts, with the registered name.
    pub(super) fn check_certificate(&self, client: &Client, chain: &[Vec<u8>]) -> Result<(), Reason> {
        let certificate = read(chain)?;
        if !certificate.is_trusted(&self.parts.client_authorities, self.now()) {
            return Err("certificate-untrusted");
        }
        if is_named(&certificate, &client.metadata) { Ok(()) } else { Err("certificate-name") }
    }

    /// As much work for an app that does not exist as for one that does.
    pub(super) fn check_certificate_in_vain(&self, chain: &[Vec<u8>]) {
        let _ = read(chain).map(|certificate| certificate.is_trusted(&self.parts.client_authorities, self.now()));
    }

    /// RFC 8705 2.2: a certificate with one of the registered keys; who signed it does not matter.
    pub(super) async fn check_own_certificate(&self, client: &Client, chain: &[Vec<u8>]) -> Result<(), Reason> {
        let certificate = read(chain)?;
        if !certificate.is_in_time(self.now()) {
            return Err("certificate-expired");
        }
        let key = certificate.key_thumbprint().ok_or("certificate-key")?;
        let has_key = |keys: &crate::jose::Jwks| keys.keys().iter().any(|known| known.thumbprint() == key);
        if has_key(&*self.keys_of(client).await) {
            return Ok(());
        }
        let newer = self.newer_keys_of(client).await;
        if newer.is_some_and(|keys| has_key(&keys)) { Ok(()) } else { Err("certificate-key") }
    }
}

fn read(chain: &[Vec<u8>]) -> Result<Certificate<'_>, Reason> {
    Certificate::parse(chain).map_err(|_| "certificate-malformed")?.ok_or("certificate-missing")
}

/// RFC 8705 2.1.2: registration sees to it that exactly one of the five is there.
fn is_named(certificate: &Certificate<'_>, metadata: &Metadata) -> bool {
    if let Some(text) = &metadata.tls_client_auth_subject_dn {
        return text.as_str().parse::<DistinguishedName>().is_ok_and(|name| certificate.matches(&Subject::Dn(&name)));
    }
    if let Some(text) = &metadata.tls_client_auth_san_dns {
        return certificate.matches(&Subject::SanDns(text.as_str()));
    }
    if let Some(text) = &metadata.tls_client_auth_san_uri {
        return certificate.matches(&Subject::SanUri(text.as_str()));
    }
    if let Some(text) = &metadata.tls_client_auth_san_ip {
        return text.as_str().parse().is_ok_and(|address| certificate.matches(&Subject::SanIp(address)));
    }
    metadata
        .tls_client_auth_san_email
        .as_ref()
        .is_some_and(|text| certificate.matches(&Subject::SanEmail(text.as_str())))
}
