//! Each rule of RFC 9449 4.3 both ways, with a key of each kind.

use std::error::Error as _;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::jose::{FUTURE_TOLERANCE_SECONDS, Header, SigningKey, sign};

/// One key of each kind: ES256, PS256, EdDSA.
static KEYS: LazyLock<Vec<SigningKey>> =
    LazyLock::new(|| Alg::ALL.into_iter().map(|alg| SigningKey::generate(alg).unwrap()).collect());

const NOW: i64 = 1_800_000_000;
const URI: &str = "https://api.bank.example/accounts";
const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";

/// A request for data at [`NOW`], with a token.
fn request() -> Expected<'static> {
    Expected { method: "GET", uri: URI, access_token: Some(TOKEN), now: Instant::from_seconds(NOW) }
}

/// The claims of a proof for [`request`].
fn claims() -> Value {
    json!({ "jti": "e1j3V_bKic8-LAEB", "htm": "GET", "htu": URI, "iat": NOW, "ath": digest::base64url_of(TOKEN) })
}

/// The same with one claim replaced, or taken away where there is nothing.
fn claims_with(name: &str, value: Option<Value>) -> Value {
    let mut claims = claims();
    let members = claims.as_object_mut().unwrap();
    match value {
        Some(value) => members.insert(name.to_owned(), value),
        None => members.remove(name),
    };
    claims
}

fn signed(key: &SigningKey, claims: &Value) -> String {
    sign(key, Header::with_jwk("dpop+jwt", key.public()), claims).unwrap()
}

/// A token of any header and payload, with a signature that holds.
fn raw(key: &SigningKey, header: &str, payload: &[u8]) -> String {
    let body = format!("{}.{}", digest::base64url(header.as_bytes()), digest::base64url(payload));
    let signature = digest::base64url(&key.sign(body.as_bytes()).unwrap());
    format!("{body}.{signature}")
}

/// `ok`, or the word for the reason.
fn outcome(token: &str, expected: &Expected<'_>) -> &'static str {
    Proof::verify(token.as_bytes(), expected).map_or_else(|error| error.reason(), |_| "ok")
}

#[test]
fn accepts_a_proof_of_each_kind_and_says_what_it_says() {
    for key in KEYS.iter() {
        let token = signed(key, &claims_with("nonce", Some(json!("n-0S6"))));
        let proof = Proof::verify(token.as_bytes(), &request()).unwrap();
        assert_eq!(proof.thumbprint().as_str(), key.public().thumbprint());
        assert_eq!(proof.id(), "e1j3V_bKic8-LAEB");
        assert_eq!(proof.nonce(), Some("n-0S6"));
        assert_eq!(proof.issued_at(), Instant::from_seconds(NOW));
        assert_eq!(proof.expires_at(), Instant::from_seconds(NOW + 60));
        assert_eq!(Proof::verify(signed(key, &claims()).as_bytes(), &request()).unwrap().nonce(), None);
    }
}

#[test]
fn checks_every_claim() {
    let text = |length: usize| Some(json!("x".repeat(length)));
    let ahead = FUTURE_TOLERANCE_SECONDS;
    let table: Vec<(&str, Option<Value>, &str)> = vec![
        ("jti", None, "jti"),
        ("jti", Some(json!("")), "jti"),
        ("jti", Some(json!(1)), "jti"),
        ("jti", Some(json!("a\nb")), "jti"),
        ("jti", text(1), "ok"),
        ("jti", text(256), "ok"),
        ("jti", text(257), "jti"),
        ("jti", text(2000), "jti"),
        ("htm", None, "htm"),
        ("htm", Some(json!(["GET"])), "htm"),
        ("htm", Some(json!("get")), "method"),
        ("htm", Some(json!("POST")), "method"),
        ("htm", Some(json!("GET ")), "method"),
        ("htu", None, "htu"),
        ("htu", Some(json!(null)), "htu"),
        ("htu", Some(json!([URI])), "htu"),
        ("htu", Some(json!("/accounts")), "htu"),
        ("htu", Some(json!("https://user@api.bank.example/accounts")), "htu"),
        ("htu", Some(json!("HTTPS://API.bank.example:443/x/../%61ccounts")), "ok"),
        ("htu", Some(json!(format!("{URI}?page=2"))), "ok"),
        ("htu", Some(json!(format!("{URI}#top"))), "ok"),
        ("htu", Some(json!("http://api.bank.example/accounts")), "resource"),
        ("htu", Some(json!("https://api.bank.example:8443/accounts")), "resource"),
        ("htu", Some(json!("https://api.bank.example/accounts/")), "resource"),
        ("htu", Some(json!("https://api.bank.example/Accounts")), "resource"),
        ("htu", Some(json!("https://bank.example/accounts")), "resource"),
        ("iat", None, "iat"),
        ("iat", Some(json!(NOW.to_string())), "iat"),
        ("iat", Some(json!(-1)), "iat"),
        ("iat", Some(json!(NOW - 59)), "ok"),
        ("iat", Some(json!(NOW - 60)), "stale"),
        ("iat", Some(json!(0)), "stale"),
        ("iat", Some(json!(NOW + 10)), "ok"),
        ("iat", Some(json!(NOW + ahead)), "ok"),
        ("iat", Some(json!(NOW + ahead + 1)), "not-yet-valid"),
        ("exp", Some(json!(NOW + 1)), "ok"),
        ("exp", Some(json!(NOW)), "expired"),
        ("exp", Some(json!("soon")), "exp"),
        ("nbf", Some(json!(NOW + ahead)), "ok"),
        ("nbf", Some(json!(NOW + ahead + 1)), "not-yet-valid"),
        ("nbf", Some(json!(true)), "nbf"),
        ("nonce", text(256), "ok"),
        ("nonce", text(257), "nonce"),
        ("nonce", Some(json!("")), "nonce"),
        ("nonce", Some(json!(7)), "nonce"),
        ("nonce", Some(json!(null)), "nonce"),
        ("ath", None, "ath"),
        ("ath", Some(json!(null)), "ath"),
        ("ath", Some(json!(TOKEN)), "access-token"),
        ("ath", Some(json!(digest::base64url_of("another"))), "access-token"),
        ("ath", Some(json!(format!("{}=", digest::base64url_of(TOKEN)))), "access-token"),
        ("aud", Some(json!([])), "aud"),
        ("unknown", Some(json!({ "a": [1] })), "ok"),
    ];
    for key in KEYS.iter() {
        for (name, value, expected) in &table {
            let token = signed(key, &claims_with(name, value.clone()));
            assert_eq!(outcome(&token, &request()), *expected, "{:?} {name} {value:?}", key.alg());
        }
    }
}

#[test]
fn is_refused_from_the_moment_at_which_it_may_be_forgotten() {
    let token = signed(&KEYS[0], &claims_with("iat", Some(json!(NOW - 1))));
    let end = Proof::verify(token.as_bytes(), &request()).unwrap().expires_at();
    let at = |now| outcome(&token, &Expected { now, ..request() });
    assert_eq!(at(Instant::from_micros(end.micros() - 1)), "ok");
    assert_eq!(at(end), "stale");
    assert_eq!(at(end.plus(Span::days(10_000))), "stale");
    // A part of a second is dropped, so that the proof ends sooner and not later.
    let halves = signed(&KEYS[0], &claims_with("iat", Some(json!(1_799_999_999.9))));
    assert_eq!(Proof::verify(halves.as_bytes(), &request()).unwrap().expires_at(), end);
}

#[test]
fn reads_ath_only_where_a_token_is_presented() {
    let asks = Expected { access_token: None, ..request() };
    for key in KEYS.iter() {
        for value in [None, Some(json!(digest::base64url_of("another"))), Some(json!(7))] {
            assert_eq!(outcome(&signed(key, &claims_with("ath", value)), &asks), "ok");
        }
        let other = Expected { access_token: Some("another"), ..request() };
        assert_eq!(outcome(&signed(key, &claims()), &other), "access-token");
    }
}

#[test]
fn is_for_one_request() {
    let token = signed(&KEYS[0], &claims());
    for (expected, reason) in [
        (Expected { method: "POST", ..request() }, "method"),
        (Expected { method: "get", ..request() }, "method"),
        (Expected { uri: "https://api.bank.example/accounts?page=2", ..request() }, "ok"),
        (Expected { uri: "https://api.bank.example/accounts/1", ..request() }, "resource"),
        (Expected { uri: "https://api.bank.example/accounts%2F", ..request() }, "resource"),
        (Expected { uri: "no address", ..request() }, "resource"),
    ] {
        assert_eq!(outcome(&token, &expected), reason, "{} {}", expected.method, expected.uri);
    }
}

#[test]
fn checks_the_header() {
    for key in KEYS.iter() {
        let (alg, jwk) = (key.alg().name(), key.public().to_json());
        let private = {
            let mut jwk = jwk.clone();
            jwk["d"] = json!("AQAB");
            jwk
        };
        let other = &KEYS.iter().find(|other| other.alg() != key.alg()).unwrap();
        let table = [
            (json!({ "typ": "dpop+jwt", "alg": alg, "jwk": jwk }), "ok"),
            (json!({ "typ": "dpop+jwt", "alg": alg, "jwk": jwk, "kid": "anything", "more": 1 }), "ok"),
            (json!({ "typ": "application/DPoP+jwt", "alg": alg, "jwk": jwk }), "ok"),
            (json!({ "alg": alg, "jwk": jwk }), "type"),
            (json!({ "typ": "JWT", "alg": alg, "jwk": jwk }), "type"),
            (json!({ "typ": "at+jwt", "alg": alg, "jwk": jwk }), "type"),
            (json!({ "typ": ["dpop+jwt"], "alg": alg, "jwk": jwk }), "form"),
            (json!({ "typ": "dpop+jwt", "alg": alg }), "no-key"),
            (json!({ "typ": "dpop+jwt", "alg": alg, "kid": key.kid() }), "no-key"),
            (json!({ "typ": "dpop+jwt", "alg": alg, "jwk": private }), "private-key"),
            (json!({ "typ": "dpop+jwt", "alg": alg, "jwk": { "kty": "oct", "k": "AQAB" } }), "private-key"),
            (json!({ "typ": "dpop+jwt", "alg": alg, "jwk": jwk.to_string() }), "form"),
            (json!({ "typ": "dpop+jwt", "alg": alg, "jwk": {} }), "key"),
            (json!({ "typ": "dpop+jwt", "alg": alg, "jwk": { "kty": "EC", "crv": "P-384" } }), "key"),
            (json!({ "typ": "dpop+jwt", "alg": alg, "jwk": other.public().to_json() }), "key"),
            (json!({ "typ": "dpop+jwt", "alg": "none", "jwk": jwk }), "algorithm"),
            (json!({ "typ": "dpop+jwt", "alg": "HS256", "jwk": jwk }), "algorithm"),
            (json!({ "typ": "dpop+jwt", "alg": "RS256", "jwk": jwk }), "algorithm"),
            (json!({ "typ": "dpop+jwt", "alg": "ES384", "jwk": jwk }), "algorithm"),
            (json!({ "typ": "dpop+jwt", "jwk": jwk }), "form"),
            (json!({ "typ": "dpop+jwt", "alg": alg, "jwk": jwk, "crit": ["x"], "x": 1 }), "extension"),
            (json!({ "typ": "dpop+jwt", "alg": alg, "jwk": jwk, "b64": true }), "extension"),
            (json!([]), "form"),
        ];
        for (header, expected) in table {
            let token = raw(key, &header.to_string(), claims().to_string().as_bytes());
            assert_eq!(outcome(&token, &request()), expected, "{header}");
        }
        let twice = format!(r#"{{"typ":"dpop+jwt","alg":"{alg}","jwk":{jwk},"jwk":{jwk}}}"#);
        assert_eq!(outcome(&raw(key, &twice, b"{}"), &request()), "form");
    }
}

#[test]
fn is_signed_by_the_key_that_it_carries() {
    for key in KEYS.iter() {
        let stranger = SigningKey::generate(if key.alg() == Alg::Ps256 { Alg::Es256 } else { key.alg() }).unwrap();
        let header = json!({ "typ": "dpop+jwt", "alg": key.alg().name(), "jwk": key.public() }).to_string();
        let token = raw(key, &header, claims().to_string().as_bytes());
        let foreign = raw(&stranger, &header, claims().to_string().as_bytes());
        assert_eq!(outcome(&foreign, &request()), "signature");

        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (head, _) = signed.split_once('.').unwrap();
        let other_claims = claims_with("jti", Some(json!("other"))).to_string();
        let altered = format!("{head}.{}.{signature}", digest::base64url(other_claims.as_bytes()));
        assert_eq!(outcome(&altered, &request()), "signature");
        assert_eq!(outcome(&format!("{signed}.AAAA"), &request()), "signature");
        assert_eq!(outcome(&format!("{signed}."), &request()), "form");
    }
}

#[test]
fn is_one_compact_token_within_limits() {
    let key = &KEYS[2];
    let token = signed(key, &claims());
    for bad in [
        String::new(),
        " ".to_owned(),
        "DPoP".to_owned(),
        format!(" {token}"),
        format!("{token} "),
        format!("{token},{token}"),
        format!("{token}, {token}"),
        format!("{token}.{token}"),
        format!("DPoP {token}"),
        token.replacen('.', "..", 1),
        format!("{token}="),
        format!("{token}\u{e4}"),
    ] {
        assert_eq!(outcome(&bad, &request()), "form", "{bad}");
    }
    assert_eq!(Proof::verify(b"\xff", &request()).err(), Some(BadProof::Malformed));
    for payload in ["", "[]", "7", r#"{"jti":"a","jti":"a"}"#, "{\"jti\":\"\u{0}\"}"] {
        let header = json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": key.public() }).to_string();
        let expected = if payload.is_empty() { "form" } else { "payload" };
        assert_eq!(outcome(&raw(key, &header, payload.as_bytes()), &request()), expected, "{payload}");
    }

    let padded = |length: usize| signed(key, &claims_with("pad", Some(json!("x".repeat(length)))));
    let room = (MAX_PROOF_BYTES - padded(0).len()) / 4 * 3;
    assert_eq!(outcome(&padded(room - 3), &request()), "ok");
    let long = padded(room + 3);
    assert!(long.len() > MAX_PROOF_BYTES);
    assert_eq!(outcome(&long, &request()), "size");
}

/// Each proof has all faults from one on; the first of them is told.
#[test]
fn tells_the_first_fault_in_the_documented_order() {
    let key = &KEYS[2];
    let mut broken = claims_with("ath", Some(json!("x")));
    let mut order = vec![("access-token", broken.clone())];
    for (name, value, reason) in [
        ("nonce", json!(1), "nonce"),
        ("nbf", json!(NOW + 1000), "not-yet-valid"),
        ("exp", json!(NOW), "expired"),
        ("iat", json!(NOW - 1000), "stale"),
        ("htu", json!("https://other.example/"), "resource"),
        ("htm", json!("PUT"), "method"),
        ("jti", json!("x".repeat(300)), "jti"),
        ("sub", json!(1), "sub"),
    ] {
        broken[name] = value;
        order.push((reason, broken.clone()));
    }
    for (reason, claims) in &order {
        assert_eq!(outcome(&signed(key, claims), &request()), *reason);
    }
    let worst = &order.last().unwrap().1;
    let jwk = key.public();
    for (header, reason) in [
        (json!({ "typ": "JWT", "alg": "ES256", "jwk": jwk }), "type"),
        (json!({ "typ": "JWT", "alg": "ES256" }), "no-key"),
        (json!({ "typ": "JWT", "alg": "ES256", "jwk": {} }), "key"),
        (json!({ "typ": "JWT", "alg": "none", "jwk": {} }), "algorithm"),
        (json!({ "typ": "JWT", "alg": "none", "jwk": {}, "crit": [] }), "extension"),
    ] {
        assert_eq!(outcome(&raw(key, &header.to_string(), worst.to_string().as_bytes()), &request()), reason);
    }
}

#[test]
fn keeps_why_a_key_was_refused() {
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": { "kty": "EC", "crv": "P-521" } }).to_string();
    let error = Proof::verify(raw(&KEYS[0], &header, b"{}").as_bytes(), &request()).unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "the key is not supported: another curve");
}

#[test]
fn reads_the_examples_of_the_standard() {
    let key = concat!(
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo",
        "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19",
    );
    let token_request = Expected {
        method: "POST",
        uri: "https://server.example.com/token",
        access_token: None,
        now: Instant::from_seconds(1_562_262_616),
    };
    let data_request = Expected {
        method: "GET",
        uri: "https://resource.example.org/protectedresource",
        access_token: Some(TOKEN),
        now: Instant::from_seconds(1_562_262_618),
    };
    for (clause, rest, expected) in [
        (
            "RFC 9449 4.1",
            concat!(
                "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0",
                "IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg",
            ),
            token_request,
        ),
        (
            "RFC 9449 7.1",
            concat!(
                "eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRy",
                "ZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9",
                ".2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA",
            ),
            data_request,
        ),
    ] {
        let token = format!("{key}.{rest}");
        let proof = Proof::verify(token.as_bytes(), &expected).expect(clause);
        assert_eq!(proof.thumbprint().as_str(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", "{clause}");
        assert_eq!(outcome(&token, &Expected { now: Instant::from_seconds(NOW), ..expected }), "stale", "{clause}");
        assert_eq!(
            outcome(&token, &Expected { now: Instant::from_seconds(0), ..expected }),
            "not-yet-valid",
            "{clause}"
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_pass(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Proof::verify(&bytes, &request()).is_err());
    }

    #[test]
    fn no_change_of_a_character_makes_another_proof(at in any::<prop::sample::Index>(), put in "[A-Za-z0-9_.-]") {
        // RSA, for its signatures have no twin that anybody could make.
        let key = KEYS.iter().find(|key| key.alg() == Alg::Ps256).unwrap();
        let mut token = signed(key, &claims());
        let at = at.index(token.len());
        prop_assume!(token[at..=at] != put);
        token.replace_range(at..=at, &put);
        prop_assert!(Proof::verify(token.as_bytes(), &request()).is_err());
    }

    #[test]
    fn no_claims_make_it_panic(name in "jti|htm|htu|iat|exp|nbf|nonce|ath", text in any::<String>(), number in any::<i64>()) {
        for value in [json!(text), json!(number), json!([text])] {
            let _ = outcome(&signed(&KEYS[2], &claims_with(&name, Some(value))), &request());
        }
    }
}
