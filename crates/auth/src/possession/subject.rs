//! By what the certificate of a `tls_client_auth` client is known again (RFC 8705 2.1.2).
//!
//! Must never expand a pattern or fall back from one form to another: the client chose the one thing that counts.

use std::net::IpAddr;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;

use super::name::DistinguishedName;

/// What a client registered of its certificate: one of the five of RFC 8705 2.1.2.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// `tls_client_auth_subject_dn`
    Dn(&'a DistinguishedName),
    /// `tls_client_auth_san_dns`
    SanDns(&'a str),
    /// `tls_client_auth_san_uri`
    SanUri(&'a str),
    /// `tls_client_auth_san_ip`
    SanIp(IpAddr),
    /// `tls_client_auth_san_email`
    SanEmail(&'a str),
}

impl Subject<'_> {
    /// Whether a certificate has it; of several alternative names one is enough.
    pub(super) fn is_of(&self, certificate: &X509Certificate<'_>) -> bool {
        if let Self::Dn(name) = self {
            return name.is(certificate.subject());
        }
        // Twice the extension, or a broken one, says nothing (RFC 5280 4.2).
        let Ok(Some(names)) = certificate.subject_alternative_name() else { return false };
        names.value.general_names.iter().any(|name| self.is_named(name))
    }

    fn is_named(&self, name: &GeneralName<'_>) -> bool {
        match (self, name) {
            (Self::SanDns(ours), GeneralName::DNSName(theirs)) => !ours.is_empty() && ours.eq_ignore_ascii_case(theirs),
            (Self::SanUri(ours), GeneralName::URI(theirs)) => !ours.is_empty() && ours == theirs,
            (Self::SanIp(ours), GeneralName::IPAddress(theirs)) => address(theirs) == Some(*ours),
            (Self::SanEmail(ours), GeneralName::RFC822Name(theirs)) => same_mailbox(ours, theirs),
            _ => false,
        }
    }
}

/// Four or sixteen octets (RFC 5280 4.2.1.6).
fn address(octets: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok()
}

/// The host without difference of case, what stands before it exactly (RFC 5280 7.5).
fn same_mailbox(ours: &str, theirs: &str) -> bool {
    match (ours.rsplit_once('@'), theirs.rsplit_once('@')) {
        (Some((our_user, our_host)), Some((user, host))) => our_user == user && our_host.eq_ignore_ascii_case(host),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{DnType, SanType};

    use super::super::testing::{Authority, DAY, params};
    use super::super::{Authorities, Certificate};
    use super::*;

    /// A certificate with these names, which an authority has signed.
    fn certificate(names: Vec<SanType>) -> Vec<Vec<u8>> {
        let mut wanted = params("app");
        wanted.subject_alt_names = names;
        vec![Authority::root("Root").sign(&wanted)]
    }

    fn dns(name: &str) -> SanType {
        SanType::DnsName(name.try_into().unwrap())
    }

    #[test]
    fn knows_a_certificate_by_each_alternative_name() {
        let chain = certificate(vec![
            dns("App.Example"),
            dns("*.wild.example"),
            SanType::URI("https://app.example/A".try_into().unwrap()),
            SanType::IpAddress("192.0.2.1".parse().unwrap()),
            SanType::IpAddress("2001:db8::1".parse().unwrap()),
            SanType::Rfc822Name("Ops@App.Example".try_into().unwrap()),
        ]);
        let certificate = Certificate::parse(&chain).unwrap().unwrap();
        let ip = |text: &str| Subject::SanIp(text.parse().unwrap());
        for good in [
            Subject::SanDns("app.example"),
            Subject::SanDns("APP.EXAMPLE"),
            Subject::SanDns("*.wild.example"),
            Subject::SanUri("https://app.example/A"),
            ip("192.0.2.1"),
            ip("2001:DB8:0::1"),
            Subject::SanEmail("Ops@app.example"),
        ] {
            assert!(certificate.matches(&good), "{good:?}");
        }
        for bad in [
            Subject::SanDns(""),
            Subject::SanDns("app.example."),
            Subject::SanDns("x.wild.example"),
            Subject::SanDns("example"),
            Subject::SanDns("https://app.example/A"),
            Subject::SanDns("192.0.2.1"),
            Subject::SanUri(""),
            Subject::SanUri("https://app.example/a"),
            Subject::SanUri("HTTPS://app.example/A"),
            Subject::SanUri("https://app.example/A/"),
            Subject::SanUri("app.example"),
            ip("192.0.2.2"),
            ip("::ffff:192.0.2.1"),
            Subject::SanEmail("ops@app.example"),
            Subject::SanEmail("Ops@example"),
            Subject::SanEmail("App.Example"),
            Subject::SanEmail(""),
        ] {
            assert!(!certificate.matches(&bad), "{bad:?}");
        }
    }

    #[test]
    fn takes_no_alternative_name_from_the_subject() {
        let chain = [Authority::root("Root").sign(&params("app.example"))];
        let certificate = Certificate::parse(&chain).unwrap().unwrap();
        assert!(!certificate.matches(&Subject::SanDns("app.example")));
        let chain = certificate_named_twice();
        let certificate = Certificate::parse(&chain).unwrap().unwrap();
        assert!(!certificate.matches(&Subject::SanDns("app.example")));
    }

    /// With two extensions of alternative names, of which one would do.
    fn certificate_named_twice() -> Vec<Vec<u8>> {
        let mut wanted = params("app");
        wanted.subject_alt_names = vec![dns("app.example")];
        let other = [&[0x30, 13, 0x82, 11][..], b"app.example"].concat();
        wanted.custom_extensions = vec![rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 17], other)];
        vec![Authority::root("Root").sign(&wanted)]
    }

    #[test]
    fn knows_a_certificate_by_its_subject() {
        let root = Authority::root("Root");
        let mut wanted = params("app.example");
        wanted.distinguished_name.push(DnType::OrganizationName, "Widget, Inc.");
        wanted.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 97]), "PSDGB-FCA-123456");
        let chain = [root.sign(&wanted)];
        let certificate = Certificate::parse(&chain).unwrap().unwrap();
        assert!(certificate.is_trusted(&Authorities::new(&[root.der]).unwrap(), DAY.start()));
        let matches = |text: &str| certificate.matches(&Subject::Dn(&text.parse().unwrap()));
        assert!(matches(r"organizationIdentifier=PSDGB-FCA-123456,O=Widget\, Inc.,CN=app.example"));
        assert!(!matches(r"organizationIdentifier=PSDGB-FCA-123456,O=Widget\, Inc.,CN=app.example,C=GB"));
        assert!(!matches("CN=app.example"));
        assert!(!matches("CN=Root"), "the name of who signed it");
    }
}
