//! The public key of a certificate, in the form in which clients register theirs.
//!
//! Must never make a key that [`crate::jose`] would refuse, or one key out of two encodings that are not the same.

use x509_parser::oid_registry::{OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_PKCS1_RSAENCRYPTION, OID_SIG_ED25519};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::RSAPublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::jose::PublicJwk;

/// Reads a key of one of our kinds (RFC 3279 2.3.1, RFC 5480 2, RFC 8410 4); `None` if it is of another.
pub(super) fn read(info: &SubjectPublicKeyInfo<'_>) -> Option<PublicJwk> {
    if info.subject_public_key.unused_bits != 0 {
        return None;
    }
    let (kind, key) = (&info.algorithm.algorithm, info.subject_public_key.data.as_ref());
    if *kind == OID_KEY_TYPE_EC_PUBLIC_KEY {
        let curve = info.algorithm.parameters.as_ref()?.as_oid().ok()?;
        if curve == OID_EC_P256 { p256(key) } else { None }
    } else if *kind == OID_PKCS1_RSAENCRYPTION {
        rsa(key)
    } else if *kind == OID_SIG_ED25519 {
        PublicJwk::from_ed25519(key.try_into().ok()?).ok()
    } else {
        None
    }
}

/// An uncompressed point (SEC 1, 2.3.3); nobody sends compressed ones.
fn p256(point: &[u8]) -> Option<PublicJwk> {
    let (x, y) = point.strip_prefix(&[UNCOMPRESSED_POINT])?.split_first_chunk::<32>()?;
    PublicJwk::from_p256(x, y.try_into().ok()?).ok()
}

fn rsa(key: &[u8]) -> Option<PublicJwk> {
    let (rest, key) = RSAPublicKey::from_der(key).ok()?;
    if rest.is_empty() { PublicJwk::from_rsa(positive(key.modulus)?, positive(key.exponent)?).ok() } else { None }
}

/// A number in DER without the zero that says that it is not negative (X.690 8.3).
fn positive(number: &[u8]) -> Option<&[u8]> {
    match number {
        [0, rest @ ..] => Some(rest),
        [first, ..] if *first < 0x80 => Some(number),
        _ => None,
    }
}

/// The first byte of an uncompressed point.
const UNCOMPRESSED_POINT: u8 = 4;

#[cfg(test)]
mod tests {
    use super::super::Certificate;
    use super::super::testing::params;
    use super::*;
    use crate::jose::{Alg, SigningKey};

    fn thumbprint(pair: &rcgen::KeyPair) -> Option<String> {
        let chain = [params("app").self_signed(pair).unwrap().der().to_vec()];
        Certificate::parse(&chain).unwrap().unwrap().key_thumbprint()
    }

    #[test]
    fn names_a_key_as_a_registration_names_it() {
        for (alg, with) in [
            (Alg::Es256, &rcgen::PKCS_ECDSA_P256_SHA256),
            (Alg::Ps256, &rcgen::PKCS_RSA_SHA256),
            (Alg::EdDsa, &rcgen::PKCS_ED25519),
        ] {
            let key = SigningKey::generate(alg).unwrap();
            let document = key.to_pkcs8().unwrap();
            let pair =
                rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&document.expose().as_slice().into(), with).unwrap();
            assert_eq!(thumbprint(&pair).as_deref(), Some(key.kid()), "{alg:?}");
        }
    }

    #[test]
    fn names_no_key_of_another_kind() {
        assert_eq!(thumbprint(&rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap()), None);
    }

    #[test]
    fn refuses_keys_that_are_not_written_as_they_must_be() {
        assert_eq!(positive(&[0, 0x80]), Some(&[0x80][..]));
        assert_eq!(positive(&[0x7f]), Some(&[0x7f][..]));
        for bad in [&[][..], &[0x80], &[0xff, 1]] {
            assert_eq!(positive(bad), None, "negative or nothing");
        }
        let modulus = [&[0x02, 0x82, 1, 1, 0][..], &[0xff; 256]].concat();
        let key = [&[0x30, 0x82, 1, 10][..], &modulus, &[0x02, 3, 1, 0, 1]].concat();
        assert!(rsa(&key).is_some());
        assert!(rsa(&[&key[..], &[0]].concat()).is_none(), "something follows");
        assert!(rsa(&key[..key.len() - 1]).is_none());
        let short = [&[0x30, 0x81, 0x89, 0x02, 0x81, 0x81, 0][..], &[0xff; 128], &[0x02, 3, 1, 0, 1]].concat();
        assert!(rsa(&short).is_none(), "1024 bits");
        assert!(p256(&[4; 65]).is_none(), "not on the curve");
        assert!(p256(&[2; 33]).is_none(), "compressed");
    }
}
