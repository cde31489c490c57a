//! What holds for every input.

use lombard_auth::jose::{Alg, Claims, Jwks, PublicJwk, SigningKey, peek_header};
use lombard_domain::secret::Secret;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{key, keys, read, token};

/// Texts that look like tokens: parts of base64url, dots, and noise.
fn almost_a_token() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[A-Za-z0-9_.=-]{0,200}",
        "eyJhbGciOiJFUzI1NiJ9\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{84,88}",
    ]
}

/// Texts that look like keys.
fn almost_a_key() -> impl Strategy<Value = String> {
    let member = prop_oneof![
        "\"(kty|crv|x|y|n|e|d|use|alg|kid|keys)\":\"(EC|RSA|OKP|P-256|Ed25519|[A-Za-z0-9_-]{0,60})\"",
        "\"(keys|key_ops|kid)\":(\\[\\]|\\{\\}|1|null|\\[\\{\\}\\])",
    ];
    proptest::collection::vec(member, 0..8).prop_map(|members| format!("{{{}}}", members.join(",")))
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_panic_or_pass(text in almost_a_token()) {
        prop_assert!(read(&text, &keys).is_err());
        let _ = peek_header(&text);
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = PublicJwk::parse(&bytes);
        let _ = Jwks::parse(&bytes);
        let _ = Claims::parse(&bytes);
        for alg in Alg::ALL {
            prop_assert!(SigningKey::from_pkcs8(alg, &Secret::new(bytes.clone())).is_err());
        }
    }

    #[test]
    fn no_key_text_makes_a_parser_panic(text in almost_a_key()) {
        let _ = PublicJwk::parse(text.as_bytes());
        let _ = Jwks::parse(format!(r#"{{"keys":[{text}]}}"#).as_bytes());
    }

    #[test]
    fn a_key_that_is_read_is_written_as_it_was(x in any::<[u8; 32]>()) {
        use base64::Engine as _;
        let x = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(x);
        let text = json!({ "kty": "OKP", "crv": "Ed25519", "x": x }).to_string();
        if let Ok(key) = PublicJwk::parse(text.as_bytes()) {
            let again = PublicJwk::parse(key.to_json().to_string().as_bytes());
            prop_assert_eq!(again.map(|key| key.thumbprint()), Ok(key.thumbprint()));
        }
    }

    #[test]
    fn any_claims_come_back(sub in "[^\\p{Cc}]{1,60}", exp in 0..253_402_128_000_i64, other in any::<String>()) {
        let claims = json!({ "sub": sub, "exp": exp, "other": other });
        for alg in [Alg::Es256, Alg::EdDsa] {
            let verified = read(&token(alg, &claims), &keys);
            let verified = verified.map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(&serde_json::from_slice::<Value>(verified.payload()).ok(), &Some(claims.clone()));
            let read = verified.claims().map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(read.subject(), Some(sub.as_str()));
            prop_assert_eq!(read.expires_at().map(|at| at.seconds()), Some(exp));
            prop_assert_eq!(read.value("other").and_then(Value::as_str), Some(other.as_str()));
        }
    }
}

#[test]
fn a_token_with_any_one_byte_changed_is_refused() {
    for alg in Alg::ALL {
        let good = token(alg, &json!({ "sub": "someone", "n": 1 }));
        assert!(read(&good, &keys).is_ok());
        for place in 0..good.len() {
            for change in [1, 2, 4, 8, 0x10, 0x20, 0x40] {
                let mut bytes = good.clone().into_bytes();
                bytes[place] ^= change;
                let changed = String::from_utf8(bytes).unwrap();
                assert!(read(&changed, &keys).is_err(), "{alg}: byte {place} ^ {change}: {changed}");
            }
        }
        assert_eq!(key(alg).alg(), alg);
    }
}
