//! The same tokens through another library, both ways.

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation, decode, encode};
use lombard_auth::jose::Alg;
use serde_json::{Value, json};

use super::{key, keys, read, token};

fn foreign(alg: Alg) -> Algorithm {
    match alg {
        Alg::Es256 => Algorithm::ES256,
        Alg::Ps256 => Algorithm::PS256,
        Alg::EdDsa => Algorithm::EdDSA,
    }
}

#[test]
fn another_library_verifies_what_we_sign() {
    for alg in Alg::ALL {
        let claims = json!({ "exp": 4_000_000_000_u64, "iss": "us" });
        let jwk: Jwk = serde_json::from_value(key(alg).public().to_json()).unwrap();
        let decoding = DecodingKey::from_jwk(&jwk).unwrap();
        let read = decode::<Value>(token(alg, &claims), &decoding, &Validation::new(foreign(alg)));
        let read = read.unwrap();
        assert_eq!(read.claims, claims);
        assert_eq!(read.header.typ.as_deref(), Some("test+jwt"));
        assert_eq!(read.header.kid.as_deref(), Some(key(alg).kid()));
    }
}

#[test]
fn we_verify_what_another_library_signs() {
    for alg in Alg::ALL {
        let document = key(alg).to_pkcs8().unwrap();
        let encoding = match alg {
            Alg::Es256 => EncodingKey::from_ec_der(document.expose()),
            // This library wants the RSAPrivateKey alone: what follows PKCS#8's version, algorithm and octet string header.
            Alg::Ps256 => EncodingKey::from_rsa_der(&document.expose()[26..]),
            Alg::EdDsa => EncodingKey::from_ed_der(document.expose()),
        };
        let mut header = jsonwebtoken::Header::new(foreign(alg));
        header.typ = Some("TEST+JWT".to_owned());
        header.kid = Some(key(alg).kid().to_owned());
        let claims = json!({ "sub": "them" });
        let token = encode(&header, &claims, &encoding).unwrap();
        assert_eq!(read(&token, &keys).unwrap().claims().unwrap().subject(), Some("them"));
    }
}

#[test]
fn both_libraries_agree_on_thumbprints() {
    for alg in Alg::ALL {
        let jwk: Jwk = serde_json::from_value(key(alg).public().to_json()).unwrap();
        let hash = jsonwebtoken::jwk::ThumbprintHash::SHA256;
        assert_eq!(jwk.thumbprint(hash).unwrap(), key(alg).kid());
    }
}
