//! Proofs of possession from anybody, and claims from somebody who has a key.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use lombard_auth::jose::{Alg, Header, SigningKey, sign};
use lombard_auth::possession::{Expected, Proof};
use lombard_domain::time::Instant;
use serde_json::{Map, Value, json};

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Alg::EdDsa).expect("a key"));

const URI: &str = "https://bank.example/accounts";
/// An access token, and its digest as a proof must name it.
const TOKEN: (&str, &str) = ("token", "PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A");

fuzz_target!(|bytes: &[u8]| {
    for access_token in [None, Some(TOKEN.0)] {
        let _ = Proof::verify(bytes, &Expected { access_token, ..expected(URI) });
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(claims) = serde_json::from_str::<Map<String, Value>>(text) {
        let names_the_token = claims.get("ath").is_some_and(|named| named == TOKEN.1);
        assert!(names_the_token || !accepts(&Value::Object(claims), URI));
    }
    if text.len() > MAX_PAIR_BYTES {
        return;
    }
    // Whether two addresses mean the same does not depend on which of them the app wrote.
    let (one, other) = text.split_once('\n').unwrap_or((text, URI));
    assert_eq!(accepts(&claims(one), other), accepts(&claims(other), one));
});

fn expected(uri: &str) -> Expected<'_> {
    Expected { method: "GET", uri, access_token: Some(TOKEN.0), now: Instant::from_seconds(1_800_000_000) }
}

fn claims(uri: &str) -> Value {
    json!({ "jti": "a", "htm": "GET", "htu": uri, "iat": 1_800_000_000, "ath": TOKEN.1 })
}

fn accepts(claims: &Value, uri: &str) -> bool {
    let proof = sign(&KEY, Header::with_jwk("dpop+jwt", KEY.public()), claims).expect("a token");
    Proof::verify(proof.as_bytes(), &expected(uri)).is_ok()
}

/// The longest pair of addresses, in bytes: short enough for a proof even if every character is escaped.
const MAX_PAIR_BYTES: usize = 512;
