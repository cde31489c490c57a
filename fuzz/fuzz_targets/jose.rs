//! Tokens and keys from anybody: JWS, JWK, JWKS, claims.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lombard_auth::jose::{Alg, Claims, Jwks, PublicJwk, Typ, VerifyRules, peek_header, verify};

fuzz_target!(|bytes: &[u8]| {
    let _ = PublicJwk::parse(bytes);
    let _ = Claims::parse(bytes);
    let keys = Jwks::parse(bytes).unwrap_or_else(|_| Jwks::new(Vec::new()));
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = peek_header(text);
        let rules = VerifyRules { typ: Typ::OneOf(&["at+jwt"]), algs: &Alg::ALL, keys: &keys };
        assert!(verify(text, rules).is_err(), "nobody has signed this");
    }
});
