//! What an app sends to the authorization server: parameters, credentials, registrations, redirect URIs, scopes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lombard_auth::Door;
use lombard_auth::access::Presented;
use lombard_auth::client::{Credentials, Fields, Standing, Terms};
use lombard_auth::oauth::Params;
use lombard_auth::possession::Evidence;
use lombard_domain::oauth::{Profile, RedirectUri, ScopeSet};

fuzz_target!(|bytes: &[u8]| {
    // A line that is a header, and after it the body.
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let (header, body) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let certificates = [header.to_vec()];
    let evidence = Evidence {
        method: "POST",
        path: "/token",
        door: Door::Mutual,
        proofs: vec![header],
        certificates: &certificates,
    };
    let _ = Presented::read(std::iter::once(header), evidence.clone());
    if let Ok(params) = Params::read(body) {
        let _ = params.get("client_id");
        let _ = Credentials::read(std::iter::once(header), &params, &evidence);
        let _ = Credentials::read(std::iter::empty(), &params, &evidence);
    }
    if let Ok(fields) = Fields::read(bytes) {
        for profile in Profile::ALL {
            check(&fields, *profile);
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(scopes) = ScopeSet::parse(text) {
            assert_eq!(ScopeSet::parse(&scopes.to_string()), Ok(scopes));
        }
        if let Ok(uri) = RedirectUri::new(text) {
            assert_eq!(uri.as_str(), text);
            assert!(uri.origin().is_some());
        }
    }
});

fn check(fields: &Fields, minimum_profile: Profile) {
    let terms = Terms {
        default_name: "an app",
        minimum_profile,
        default_profile: Profile::Baseline,
        standing: Standing::App,
        statement: None,
    };
    let Ok(metadata) = fields.check(&terms) else { return };
    assert!(metadata.security_profile >= minimum_profile);
    assert!(!metadata.resource_server);
    for uri in &metadata.redirect_uris {
        assert!(uri.is_loopback() || !uri.is_plain_http());
    }
}
