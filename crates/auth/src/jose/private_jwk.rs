//! A private key as JSON (RFC 7517 4), for the one who owns it and for a library that takes no other form.
//!
//! Owns the private members of each kind and the reading of an RSA key's numbers, which aws-lc-rs gives away only as a document.
//! It must never be used for what is published: [`PublicJwk::to_json`] is.

use std::fmt::Write as _;

use lombard_domain::secret::Secret;

use super::{JoseError, PublicJwk, base64url};

/// A private member: its name and its number, big-endian.
pub(super) type Member = (&'static str, Secret<Vec<u8>>);

/// Writes the public half with the private members behind it.
pub(super) fn write(public: &PublicJwk, members: &[Member]) -> Result<Secret<String>, JoseError> {
    let mut text = public.to_json().to_string();
    // The object stays open for the private members; base64url needs no escaping.
    text.truncate(text.trim_end_matches('}').len());
    for (name, number) in members {
        let number = Secret::new(base64url::encode(number.expose()));
        write!(text, ",\"{name}\":\"{}\"", number.expose()).map_err(|_| JoseError::Crypto)?;
    }
    text.push('}');
    Ok(Secret::new(text))
}

/// The private numbers of an RSA key (RFC 7518 6.3.2) from its PKCS#8 document (RFC 5958 2, RFC 8017 A.1.2).
pub(super) fn rsa_members(pkcs8: &[u8]) -> Result<Vec<Member>, JoseError> {
    read_rsa(pkcs8).ok_or(JoseError::Crypto)
}

fn read_rsa(pkcs8: &[u8]) -> Option<Vec<Member>> {
    let (mut info, rest) = element(SEQUENCE, pkcs8)?;
    if !rest.is_empty() {
        return None;
    }
    for passed in [INTEGER, SEQUENCE] {
        info = element(passed, info)?.1;
    }
    let (key, _) = element(OCTET_STRING, info)?;
    let (mut numbers, _) = element(SEQUENCE, key)?;
    // The version, the modulus and the public exponent come first.
    for _ in 0..3 {
        numbers = element(INTEGER, numbers)?.1;
    }
    let mut members = Vec::with_capacity(RSA_MEMBERS.len());
    for name in RSA_MEMBERS {
        let (number, rest) = element(INTEGER, numbers)?;
        // DER puts a zero before a number that would look negative; JWK has none (RFC 7518 2, Base64urlUInt).
        let start = number.iter().position(|byte| *byte != 0)?;
        members.push((name, Secret::new(number.get(start..)?.to_vec())));
        numbers = rest;
    }
    Some(members)
}

/// The content of the first element, which must have this tag, and what follows it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (short, rest) = rest.split_first()?;
    if *first != tag {
        return None;
    }
    let (length, rest) = match short {
        0..=0x7f => (usize::from(*short), rest),
        0x81 | 0x82 => {
            let (long, rest) = rest.split_at_checked(usize::from(short & 0x0f))?;
            (long.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// In the order of the document (RFC 8017 A.1.2).
const RSA_MEMBERS: [&str; 6] = ["d", "p", "q", "dp", "dq", "qi"];
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PSS_SHA256, RsaKeyPair,
    };
    use serde_json::Value;

    use super::super::{Alg, PublicJwk, SigningKey};
    use super::*;

    fn json(key: &SigningKey) -> Value {
        serde_json::from_str(key.to_private_jwk().unwrap().expose()).unwrap()
    }

    fn number(json: &Value, name: &str) -> Vec<u8> {
        base64url::decode(json[name].as_str().unwrap()).unwrap()
    }

    #[test]
    fn carries_the_public_half_and_exactly_the_private_members_of_its_kind() {
        for (alg, private) in [(Alg::Es256, &["d"][..]), (Alg::EdDsa, &["d"]), (Alg::Ps256, &RSA_MEMBERS)] {
            let key = SigningKey::generate(alg).unwrap();
            let mut whole = json(&key);
            let members = whole.as_object_mut().unwrap();
            for name in private {
                assert!(members.remove(*name).is_some(), "{alg} {name}");
            }
            assert_eq!(whole, key.public().to_json());
            assert!(
                PublicJwk::parse(key.to_private_jwk().unwrap().expose().as_bytes()).is_err(),
                "published by mistake"
            );
        }
    }

    #[test]
    fn curve_keys_are_made_again_from_their_members() {
        let p256 = json(&SigningKey::generate(Alg::Es256).unwrap());
        let point = [&[4], number(&p256, "x").as_slice(), &number(&p256, "y")].concat();
        let d = number(&p256, "d");
        assert_eq!(d.len(), 32, "leading zeros stay (RFC 7518 6.2.2.1)");
        EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, &d, &point).unwrap();
        let ed25519 = json(&SigningKey::generate(Alg::EdDsa).unwrap());
        Ed25519KeyPair::from_seed_and_public_key(&number(&ed25519, "d"), &number(&ed25519, "x")).unwrap();
    }

    /// Signing uses each of the numbers, so two that were exchanged would be seen.
    #[test]
    fn an_rsa_key_is_made_again_from_its_members() {
        let key = SigningKey::generate(Alg::Ps256).unwrap();
        let json = json(&key);
        let signs = |names: [&str; 8]| {
            let mut numbers = vec![2, 1, 0];
            for name in names {
                let number = number(&json, name);
                let sign: &[u8] = if number[0] >= 0x80 { &[0] } else { &[] };
                numbers.extend(wrapped(INTEGER, &[sign, &number].concat()));
            }
            let Ok(again) = RsaKeyPair::from_der(&wrapped(SEQUENCE, &numbers)) else { return false };
            let mut signature = vec![0; again.public_modulus_len()];
            again.sign(&RSA_PSS_SHA256, &SystemRandom::new(), b"message", &mut signature).is_ok()
                && key.public().public_key().verify(b"message", &signature).is_ok()
        };
        assert!(signs(["n", "e", "d", "p", "q", "dp", "dq", "qi"]));
        for exchanged in [
            ["n", "e", "dp", "p", "q", "d", "dq", "qi"],
            ["n", "e", "d", "q", "p", "dp", "dq", "qi"],
            ["n", "e", "d", "p", "q", "dq", "dp", "qi"],
            ["n", "e", "d", "p", "q", "dp", "qi", "dq"],
        ] {
            assert!(!signs(exchanged), "{exchanged:?}");
        }
    }

    /// In the one form that DER has for each length.
    fn wrapped(tag: u8, content: &[u8]) -> Vec<u8> {
        let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
        let length: &[u8] = match (high, low) {
            (0, 0..=0x7f) => &[low],
            (0, _) => &[0x81, low],
            _ => &[0x82, high, low],
        };
        [&[tag], length, content].concat()
    }

    #[test]
    fn a_broken_document_is_an_error() {
        let document = SigningKey::generate(Alg::Ps256).unwrap().to_pkcs8().unwrap();
        let document = document.expose();
        assert_eq!(rsa_members(document).unwrap().len(), 6);
        for end in 0..document.len() {
            assert!(rsa_members(&document[..end]).is_err(), "{end}");
        }
        let curve = SigningKey::generate(Alg::Es256).unwrap().to_pkcs8().unwrap();
        assert!(rsa_members(curve.expose()).is_err());
        for bad in [&[][..], &[0x30], &[0x30, 0x80], &[0x30, 0x84, 1, 0, 0, 0], &[0x30, 0x81], &[0x30, 1]] {
            assert!(rsa_members(bad).is_err(), "{bad:?}");
        }
    }
}
