//! What an app sends to the authorization server: parameters, credentials, registrations, redirect URIs, scopes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lombard_auth::access::Presented;
use lombard_auth::client::{Asked, Credentials};
use lombard_auth::oauth::Params;
use lombard_domain::oauth::{RedirectUri, ScopeSet};

fuzz_target!(|bytes: &[u8]| {
    let (header, body) = bytes.split_at(bytes.len() / 2);
    let _ = Presented::read(std::iter::once(header));
    if let Ok(params) = Params::read(body) {
        let _ = params.get("client_id");
        let _ = Credentials::read(std::iter::once(header), &params);
    }
    if let Ok(asked) = Asked::read(bytes)
        && let Ok(metadata) = asked.check("an app")
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
