//! Private keys that sign, parsed once.
//!
//! Owns the only calls into the signing functions of aws-lc-rs. A private key leaves it only as a `Secret`.

use std::fmt;

use aws_lc_rs::encoding::{AsBigEndian as _, AsDer as _};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PSS_SHA256, RsaKeyPair,
};
use lombard_domain::secret::Secret;

use super::public_key::UNCOMPRESSED_POINT;
use super::{Alg, JoseError, PublicJwk, private_jwk};

/// A private key that signs, parsed once and shared by all requests.
///
/// Its `kid` is its RFC 7638 thumbprint, so that no two keys of a set can share one.
pub struct SigningKey {
    pair: Pair,
    public: PublicJwk,
}

enum Pair {
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Makes a new key; RSA takes up to a second, so call it off the async threads.
    ///
    /// The library draws from the operating system and ignores any other source, which is why no `Random` is taken.
    ///
    /// # Errors
    /// [`JoseError::Crypto`] if the library fails.
    pub fn generate(alg: Alg) -> Result<Self, JoseError> {
        let pair = match alg {
            Alg::Es256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Pair::P256),
            Alg::Ps256 => RsaKeyPair::generate(NEW_RSA_KEY_SIZE).map(Pair::Rsa),
            Alg::EdDsa => Ed25519KeyPair::generate().map(Pair::Ed25519),
        };
        Self::from_pair(pair.map_err(|_| JoseError::Crypto)?)
    }

    /// Reads an unencrypted PKCS#8 document; for Ed25519 both version 1 (OpenSSL) and version 2 (RFC 8410) are read.
    ///
    /// # Errors
    /// [`JoseError::Key`] if the document does not hold a sound private key for `alg`.
    pub fn from_pkcs8(alg: Alg, document: &Secret<Vec<u8>>) -> Result<Self, JoseError> {
        let bytes = document.expose();
        let pair = match alg {
            Alg::Es256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes).map(Pair::P256),
            Alg::Ps256 => RsaKeyPair::from_pkcs8(bytes).map(Pair::Rsa),
            Alg::EdDsa => Ed25519KeyPair::from_pkcs8(bytes).map(Pair::Ed25519),
        };
        Self::from_pair(pair.map_err(|_| JoseError::Key("not a pkcs#8 private key of this kind"))?)
    }

    /// Writes the key as PKCS#8 version 1, which every other library and OpenSSL read (version 2 of Ed25519 they do not).
    ///
    /// # Errors
    /// [`JoseError::Crypto`] if the library fails.
    pub fn to_pkcs8(&self) -> Result<Secret<Vec<u8>>, JoseError> {
        let bytes = match &self.pair {
            Pair::P256(pair) => pair.to_pkcs8v1().map(|document| document.as_ref().to_vec()),
            Pair::Rsa(pair) => pair.as_der().map(|document| document.as_ref().to_vec()),
            Pair::Ed25519(pair) => pair.to_pkcs8v1().map(|document| document.as_ref().to_vec()),
        };
        bytes.map(Secret::new).map_err(|_| JoseError::Crypto)
    }

    /// Writes the key as a private JWK (RFC 7518 6.2.2 and 6.3.2, RFC 8037 2), which some client libraries read instead.
    ///
    /// # Errors
    /// [`JoseError::Crypto`] if the library fails.
    pub fn to_private_jwk(&self) -> Result<Secret<String>, JoseError> {
        let private = match &self.pair {
            Pair::P256(pair) => pair.private_key().as_be_bytes().map(|number| number.as_ref().to_vec()),
            Pair::Ed25519(pair) => pair.seed().and_then(|seed| Ok(seed.as_be_bytes()?.as_ref().to_vec())),
            Pair::Rsa(_) => {
                return private_jwk::write(&self.public, &private_jwk::rsa_members(self.to_pkcs8()?.expose())?);
            }
        };
        let private = Secret::new(private.map_err(|_| JoseError::Crypto)?);
        private_jwk::write(&self.public, &[("d", private)])
    }

    /// The algorithm that the key signs with.
    #[must_use]
    pub fn alg(&self) -> Alg {
        self.public.alg()
    }

    /// The public half, with its `kid`, as it is published.
    #[must_use]
    pub fn public(&self) -> &PublicJwk {
        &self.public
    }

    /// The key's name: the thumbprint of its public half.
    #[must_use]
    pub fn kid(&self) -> &str {
        self.public.kid().unwrap_or_default()
    }

    /// Signs a message; the result has the fixed length that JWS asks for (R and S side by side for ES256).
    ///
    /// # Errors
    /// [`JoseError::Crypto`] if the library fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, JoseError> {
        let signature = match &self.pair {
            Pair::P256(pair) => pair.sign(&SystemRandom::new(), message).map(|made| made.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut made = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PSS_SHA256, &SystemRandom::new(), message, &mut made).map(|()| made)
            }
            Pair::Ed25519(pair) => pair.try_sign(message).map(|made| made.as_ref().to_vec()),
        };
        signature.map_err(|_| JoseError::Crypto)
    }

    fn from_pair(pair: Pair) -> Result<Self, JoseError> {
        let public = match &pair {
            Pair::P256(pair) => {
                let (x, y) = p256_coordinates(pair.public_key().as_ref())?;
                PublicJwk::from_p256(x, y)
            }
            Pair::Rsa(pair) => {
                let key = pair.public_key();
                PublicJwk::from_rsa(
                    key.modulus().big_endian_without_leading_zero(),
                    key.exponent().big_endian_without_leading_zero(),
                )
            }
            Pair::Ed25519(pair) => {
                let x = pair.public_key().as_ref().try_into().map_err(|_| JoseError::Crypto)?;
                PublicJwk::from_ed25519(x)
            }
        }?;
        Ok(Self { public: public.named_by_thumbprint(), pair })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid()).finish_non_exhaustive()
    }
}

fn p256_coordinates(point: &[u8]) -> Result<(&[u8; 32], &[u8; 32]), JoseError> {
    point
        .strip_prefix(&[UNCOMPRESSED_POINT])
        .and_then(|rest| rest.split_first_chunk::<32>())
        .and_then(|(x, y)| Some((x, y.try_into().ok()?)))
        .ok_or(JoseError::Crypto)
}

/// The size of an RSA key that we make ourselves: what FAPI 2.0 Security Profile 5.4.1 asks for. A larger one signs four times slower,
/// and a first start would wait a second for it; no token that it signs lives for longer than minutes.
const NEW_RSA_KEY_SIZE: KeySize = KeySize::Rsa2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_verifies_and_comes_back_from_pkcs8() {
        for alg in Alg::ALL {
            let key = SigningKey::generate(alg).unwrap();
            let again = SigningKey::from_pkcs8(alg, &key.to_pkcs8().unwrap()).unwrap();
            assert_eq!(key.alg(), alg);
            assert_eq!(key.kid(), again.kid());
            assert_eq!(key.kid(), key.public().thumbprint());

            let signature = again.sign(b"message").unwrap();
            let public = key.public().public_key();
            public.verify(b"message", &signature).unwrap();
            assert_eq!(public.verify(b"massage", &signature), Err(JoseError::Signature));
            let longer = [signature.as_slice(), &[0]].concat();
            assert_eq!(public.verify(b"message", &longer), Err(JoseError::Signature));
            let shorter = &signature[..signature.len() - 1];
            assert_eq!(public.verify(b"message", shorter), Err(JoseError::Signature));
        }
    }

    #[test]
    fn reads_both_versions_of_an_ed25519_document() {
        let pair = Ed25519KeyPair::generate().unwrap();
        let v1 = Secret::new(pair.to_pkcs8v1().unwrap().as_ref().to_vec());
        let v2 = Secret::new(pair.to_pkcs8().unwrap().as_ref().to_vec());
        assert_ne!(v1.expose(), v2.expose());
        let [one, two] = [v1, v2].map(|bytes| SigningKey::from_pkcs8(Alg::EdDsa, &bytes).unwrap());
        assert_eq!(one.kid(), two.kid());
    }

    #[test]
    fn refuses_a_document_of_another_kind_or_broken() {
        let document = SigningKey::generate(Alg::Es256).unwrap().to_pkcs8().unwrap();
        for alg in [Alg::Ps256, Alg::EdDsa] {
            assert!(matches!(SigningKey::from_pkcs8(alg, &document), Err(JoseError::Key(_))));
        }
        for cut in 0..document.expose().len() {
            let part = Secret::new(document.expose()[..cut].to_vec());
            assert!(SigningKey::from_pkcs8(Alg::Es256, &part).is_err(), "{cut}");
        }
    }
}
