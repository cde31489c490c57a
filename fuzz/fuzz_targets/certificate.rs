//! Certificates that clients show, and the names under which they register them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lombard_auth::possession::{Authorities, Certificate, DistinguishedName, Subject, thumbprint_of};
use lombard_domain::time::Instant;

fuzz_target!(|bytes: &[u8]| {
    // A line with what is registered, and after it the certificate.
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let registered = parts.next().and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default();
    let der = parts.next().unwrap_or_default().to_vec();
    let name = registered.parse::<DistinguishedName>();
    let authorities = Authorities::new(std::slice::from_ref(&der)).unwrap_or_default();
    let now = Instant::from_seconds(1_772_323_200);
    let chain = [der.clone(), der];
    if let Ok(Some(certificate)) = Certificate::parse(&chain) {
        if let Ok(name) = &name {
            let _ = certificate.matches(&Subject::Dn(name));
        }
        for subject in [Subject::SanDns(registered), Subject::SanUri(registered), Subject::SanEmail(registered)] {
            let _ = certificate.matches(&subject);
        }
        if let Ok(address) = registered.parse() {
            let _ = certificate.matches(&Subject::SanIp(address));
        }
        let _ = certificate.key_thumbprint();
        let _ = certificate.is_in_time(now);
        assert_eq!(certificate.thumbprint(), thumbprint_of(&chain[0]));
        assert!(!certificate.is_trusted(&Authorities::default(), now), "nobody answers for it");
        assert!(!certificate.is_trusted(&authorities, now), "an authority is not a client");
    }
});
