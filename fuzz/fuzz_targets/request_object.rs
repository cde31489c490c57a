//! Request objects: claims that an app signed, as they come, become parameters or an error, and nothing else.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use lombard_auth::jose::{Alg, Claims, Header, SigningKey, Typ, VerifyRules, sign, verify};
use lombard_auth::oauth::authorize::ExpectedObject;
use lombard_domain::id::ClientId;
use lombard_domain::time::Instant;
use serde_json::{Map, Value};

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Alg::EdDsa).expect("a key"));

fuzz_target!(|bytes: &[u8]| {
    let client: ClientId = "cli_00000000000000000000000001".parse().expect("an id");
    let expected = ExpectedObject { client, issuer: "https://bank.example", now: Instant::from_seconds(1_772_452_800) };
    // The claims as they come, without a signature: every reading of them must bear anything.
    if let Ok(claims) = Claims::parse(bytes) {
        let _ = expected.read(&claims);
    }
    // The same in a signed object that is good but for them.
    let Ok(Value::Object(members)) = serde_json::from_slice::<Value>(bytes) else { return };
    let mut claims: Map<String, Value> = Map::new();
    claims.insert("iss".into(), client.to_string().into());
    claims.insert("client_id".into(), client.to_string().into());
    claims.insert("aud".into(), "https://bank.example".into());
    claims.insert("nbf".into(), 1_772_452_800.into());
    claims.insert("exp".into(), 1_772_453_000.into());
    claims.extend(members);
    let Ok(token) = sign(&KEY, Header::with_kid("oauth-authz-req+jwt", KEY.kid()), &claims) else { return };
    let rules =
        VerifyRules { typ: Typ::AbsentOrOneOf(&["oauth-authz-req+jwt", "JWT"]), algs: &Alg::ALL, keys: KEY.public() };
    let Ok(claims) = verify(&token, rules).and_then(|verified| verified.claims()) else { return };
    if let Ok(params) = expected.read(&claims) {
        assert!(params.get("request").is_ok_and(|nested| nested.is_none()));
        assert_eq!(params.get("client_id").expect("one"), Some(client.to_string().as_str()));
        assert!(!params.has_repeats());
    }
});
