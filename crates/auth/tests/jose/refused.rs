//! Tokens that must not pass, each made from a good one by one fault, and signed again where the fault is in what is signed.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lombard_auth::jose::{Alg, Header, JoseError, Jwks, SigningKey, Typ, VerifyRules, peek_header, sign, verify};
use serde_json::json;

use super::{key, keys, read, token};

/// Signs any header and payload, well formed or not.
#[expect(clippy::unwrap_used, reason = "tests")]
fn signed(key: &SigningKey, header: &str, payload: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).unwrap());
    format!("{signed}.{signature}")
}

#[test]
fn headers_that_are_validly_signed_but_not_acceptable() {
    let key = key(Alg::Es256);
    let kid = key.kid();
    let good = format!(r#""typ":"test+jwt","kid":"{kid}""#);
    let jwk = key.public().to_json();
    let table = [
        (format!(r#"{{"alg":"none",{good}}}"#), Err(JoseError::Algorithm)),
        (format!(r#"{{"alg":"HS256",{good}}}"#), Err(JoseError::Algorithm)),
        (format!(r#"{{"alg":"RS256",{good}}}"#), Err(JoseError::Algorithm)),
        (format!(r#"{{"alg":"es256",{good}}}"#), Err(JoseError::Algorithm)),
        (format!(r#"{{"alg":"EdDSA",{good}}}"#), Err(JoseError::UnknownKey)),
        (format!(r#"{{"alg":"ES256","crit":["x"],"x":1,{good}}}"#), Err(JoseError::Critical)),
        (format!(r#"{{"alg":"ES256","crit":["b64"],"b64":false,{good}}}"#), Err(JoseError::Critical)),
        (format!(r#"{{"alg":"ES256","alg":"ES256",{good}}}"#), Err(JoseError::Header)),
        (format!(r#"{{"alg":"ES256","kid":"{kid}","typ":"at+jwt"}}"#), Err(JoseError::Type)),
        (format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#), Err(JoseError::Type)),
        (r#"{"alg":"ES256","typ":"test+jwt"}"#.to_owned(), Err(JoseError::UnknownKey)),
        (r#"{"alg":"ES256","typ":"test+jwt","kid":"x"}"#.to_owned(), Err(JoseError::UnknownKey)),
        // A key in the header is not a reason to believe the token.
        (format!(r#"{{"alg":"ES256","typ":"test+jwt","jwk":{jwk}}}"#), Err(JoseError::UnknownKey)),
        (format!(r#"{{"alg":"ES256","jku":"https://evil.example","x5c":[],{good}}}"#), Ok(())),
        (format!(r#"{{"alg":"ES256",{good}}}"#), Ok(())),
    ];
    for (header, expected) in table {
        let result = read(&signed(key, &header, "{}"), &keys).map(|_| ());
        assert_eq!(result, expected, "{header}");
    }
}

#[test]
fn payloads_that_are_validly_signed_but_not_claims() {
    let key = key(Alg::EdDsa);
    let header = format!(r#"{{"alg":"EdDSA","typ":"test+jwt","kid":"{}"}}"#, key.kid());
    for payload in ["[]", "1", "{", r#"{"sub":"a","sub":"b"}"#] {
        let verified = read(&signed(key, &header, payload), &keys).unwrap();
        assert_eq!(verified.claims().err(), Some(JoseError::Payload), "{payload}");
    }
    let empty = read(&signed(key, &header, ""), &keys);
    assert_eq!(empty.err(), Some(JoseError::Malformed));
}

#[test]
fn texts_that_are_not_one_compact_token() {
    let good = token(Alg::Es256, &json!({}));
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let shorter = &signature[..signature.len() - 2];
    let table = [
        (format!("{good}.AA"), JoseError::Malformed),
        (format!("{good}."), JoseError::Malformed),
        (format!(".{good}"), JoseError::Malformed),
        (format!("{header}.{payload}"), JoseError::Malformed),
        (format!("{header}.{payload}."), JoseError::Malformed),
        (format!("{header}..{signature}"), JoseError::Malformed),
        (format!(".{payload}.{signature}"), JoseError::Malformed),
        (format!("{header}=.{payload}.{signature}"), JoseError::Malformed),
        (format!("{header}.{payload}.{signature}=="), JoseError::Malformed),
        (format!(" {good}"), JoseError::Malformed),
        (format!("{good}\n"), JoseError::Malformed),
        (format!("{header}.{payload}=.{signature}"), JoseError::Signature),
        (format!("{header}.{payload}.{signature}AA"), JoseError::Signature),
        (format!("{header}.{payload}.{signature}AAA"), JoseError::Malformed),
        (format!("{header}.{payload}.{shorter}"), JoseError::Signature),
        (format!("{header}.{payload}.AA"), JoseError::Signature),
        (format!("{good}{}", "A".repeat(16 * 1024)), JoseError::TooLarge),
    ];
    for (text, error) in table {
        assert_eq!(read(&text, &keys).err(), Some(error), "{text}");
    }
}

#[test]
fn a_key_that_is_not_the_signers() {
    for alg in [Alg::Es256, Alg::EdDsa] {
        let stranger = SigningKey::generate(alg).unwrap();
        let header = Header::with_kid("test+jwt", key(alg).kid());
        let forged = sign(&stranger, header, &json!({})).unwrap();
        assert_eq!(read(&forged, &keys).err(), Some(JoseError::Signature));
    }
}

#[test]
fn a_source_that_answers_with_a_key_of_another_kind() {
    let wrong = |_: Option<&str>, _: Alg| Some(Arc::clone(key(Alg::Ps256).public().public_key()));
    let refused = read(&token(Alg::Es256, &json!({})), &wrong);
    assert_eq!(refused.err(), Some(JoseError::Algorithm));
}

#[test]
fn an_algorithm_that_is_ours_but_not_expected_here() {
    let rules = VerifyRules { typ: Typ::OneOf(&["test+jwt"]), algs: &[Alg::Ps256], keys: &keys };
    let refused = verify(&token(Alg::Es256, &json!({})), rules);
    assert_eq!(refused.err(), Some(JoseError::Algorithm));
}

#[test]
fn a_proof_verifies_with_the_key_that_it_carries_and_no_other() {
    let key = key(Alg::Es256);
    let proof = sign(key, Header::with_jwk("dpop+jwt", key.public()), &json!({})).unwrap();
    let carried = peek_header(&proof).unwrap().jwk.unwrap();
    let rules = |keys| VerifyRules { typ: Typ::OneOf(&["dpop+jwt"]), algs: &Alg::ALL, keys };
    assert_eq!(carried.thumbprint(), key.kid());
    assert!(verify(&proof, rules(&carried)).is_ok());

    let other = SigningKey::generate(Alg::Es256).unwrap();
    assert_eq!(verify(&proof, rules(other.public())).err(), Some(JoseError::Signature));
    let set = Jwks::new(vec![other.public().clone(), key.public().clone()]);
    assert_eq!(verify(&proof, rules(&set)).err(), Some(JoseError::UnknownKey), "no kid, two fit");
}
