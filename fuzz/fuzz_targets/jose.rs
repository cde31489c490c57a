//! Tokens and keys from anybody: JWS, JWK, JWKS, claims; and what somebody who has a key may write above and into a token.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use lombard_auth::jose::{
    Alg, Claims, Jwks, KeySource, PublicJwk, SigningKey, Typ, VerifyRules, peek_claim, peek_header, verify,
};

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Alg::EdDsa).expect("a key"));

fuzz_target!(|bytes: &[u8]| {
    if let Ok(key) = PublicJwk::parse(bytes) {
        let again = PublicJwk::parse(key.to_json().to_string().as_bytes()).expect("our own words");
        assert_eq!((again.thumbprint(), again.kid()), (key.thumbprint(), key.kid()));
    }
    let _ = Claims::parse(bytes);
    let keys = Jwks::parse(bytes).unwrap_or_else(|_| Jwks::new(Vec::new()));
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = peek_header(text);
        let _ = peek_claim(text, "iss");
        assert!(verify(text, rules(&keys)).is_err(), "nobody has signed this");
        assert!(verify(text, rules(KEY.public())).is_err(), "nobody has signed this");
    }
    // A line of header and a payload, in a token that is good but for them.
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let (header, payload) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let signed = format!("{}.{}", base64url(header), base64url(payload));
    let signature = KEY.sign(signed.as_bytes()).expect("a signature");
    let token = format!("{signed}.{}", base64url(&signature));
    let peeked = peek_header(&token);
    let Ok(verified) = verify(&token, rules(KEY.public())) else { return };
    assert_eq!(verified.payload(), payload);
    assert_eq!(verified.header().alg(), Alg::EdDsa);
    if let Ok(peeked) = peeked {
        assert_eq!(&peeked.header, verified.header());
    }
    let _ = verified.claims();
});

fn rules(keys: &dyn KeySource) -> VerifyRules<'_> {
    VerifyRules { typ: Typ::OneOf(&["at+jwt"]), algs: &Alg::ALL, keys }
}

/// RFC 4648 5, without padding.
fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digits = |chunk: &[u8]| -> Vec<char> {
        let bits = chunk.iter().chain(&[0, 0]).take(3).fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        [18, 12, 6, 0].iter().take(chunk.len() + 1).map(|shift| char::from(ALPHABET[bits >> shift & 63])).collect()
    };
    bytes.chunks(3).flat_map(digits).collect()
}
