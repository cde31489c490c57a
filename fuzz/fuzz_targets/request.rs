//! What an app sends to the authorization server: parameters, credentials, registrations, redirect URIs, scopes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lombard_auth::access::Presented;
use lombard_auth::Door;
use lombard_auth::client::{Credentials, Fields, Standing, Terms};
use lombard_auth::oauth::Params;
use lombard_auth::possession::Evidence;
use lombard_domain::oauth::{Profile, RedirectUri, ScopeSet};

fuzz_target!(|bytes: &[u8]| {
    let (header, body) = bytes.split_at(bytes.len() / 2);
    let evidence = Evidence { method: "POST", path: "/token", door: Door::Public, proofs: vec![header], certificates: &[] };
    let _ = Presented::read(std::iter::once(header), evidence.clone());
    if let Ok(params) = Params::read(body) {
        let _ = params.get("client_id");
        let _ = Credentials::read(std::iter::once(header), &params, &evidence);
    }
    let terms = Terms {
        default_name: "an app",
        minimum_profile: Profile::Baseline,
        default_profile: Profile::Baseline,
        standing: Standing::App,
        statement: None,
    };
    if let Ok(fields) = Fields::read(bytes)
        && let Ok(metadata) = fields.check(&terms)
    {
        for uri in &metadata.redirect_uris {
            assert!(uri.is_loopback() || !uri.is_plain_http());
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
