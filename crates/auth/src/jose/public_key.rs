//! Public keys, checked once and then ready to verify.
//!
//! Owns what a number must be to count as a key, and the only calls into the verification functions of aws-lc-rs.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
};

use super::{Alg, JoseError};

/// A public key that has been checked and is ready to verify.
pub struct PublicKey {
    alg: Alg,
    signature_bytes: usize,
    parsed: ParsedPublicKey,
}

impl PublicKey {
    /// The one algorithm that the key is for.
    #[must_use]
    pub fn alg(&self) -> Alg {
        self.alg
    }

    /// Checks a signature.
    ///
    /// # Errors
    /// [`JoseError::Signature`] if the signature has not exactly the length that the key makes, or does not hold.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), JoseError> {
        if signature.len() != self.signature_bytes {
            return Err(JoseError::Signature);
        }
        self.parsed.verify_sig(message, signature).map_err(|_| JoseError::Signature)
    }

    /// A point on P-256; the library refuses one that is not on the curve.
    pub(super) fn p256(x: &[u8; 32], y: &[u8; 32]) -> Result<Self, JoseError> {
        let mut point = Vec::with_capacity(65);
        point.push(UNCOMPRESSED_POINT);
        point.extend_from_slice(x);
        point.extend_from_slice(y);
        let parsed = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .map_err(|_| JoseError::Key("not a point on the curve"))?;
        Ok(Self { alg: Alg::Es256, signature_bytes: 64, parsed })
    }

    /// A modulus and an exponent, big-endian without leading zeros.
    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, JoseError> {
        check_rsa(n, e)?;
        let parsed = RsaPublicKeyComponents { n, e }
            .to_parsed_public_key(&RSA_PSS_2048_8192_SHA256)
            .map_err(|_| JoseError::Key("not an rsa key"))?;
        Ok(Self { alg: Alg::Ps256, signature_bytes: n.len(), parsed })
    }

    /// A compressed Edwards point, but none of the few for which anybody can make a signature.
    pub(super) fn ed25519(x: &[u8; 32]) -> Result<Self, JoseError> {
        if is_small_order(x) {
            return Err(JoseError::UnsupportedKey("a point of small order"));
        }
        let parsed = ParsedPublicKey::new(&ED25519, x).map_err(|_| JoseError::Key("not a point on the curve"))?;
        Ok(Self { alg: Alg::EdDsa, signature_bytes: 64, parsed })
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey").field("alg", &self.alg).finish_non_exhaustive()
    }
}

/// FAPI 2.0 Security Profile 5.4.1 wants 2048 bits at least; more than 8192 would only cost us time.
fn check_rsa(n: &[u8], e: &[u8]) -> Result<(), JoseError> {
    let leading = |number: &[u8]| number.first().map_or(u32::MAX, |byte| byte.leading_zeros());
    let odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
    if leading(n) >= 8 || leading(e) >= 8 {
        return Err(JoseError::Key("an rsa number is empty or begins with a zero"));
    }
    let bits = n.len().saturating_mul(8).saturating_sub(usize::try_from(leading(n)).unwrap_or(8));
    if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
        return Err(JoseError::UnsupportedKey("an rsa modulus outside 2048 to 8192 bits"));
    }
    if e.len() > MAX_RSA_EXPONENT_BYTES || e == [1] {
        return Err(JoseError::UnsupportedKey("an rsa exponent of 1 or beyond 32 bits"));
    }
    if !odd(n) || !odd(e) {
        return Err(JoseError::Key("an rsa number is even"));
    }
    Ok(())
}

/// Whether the point has an order that divides 8, in any encoding.
///
/// For such a "key" a signature without a secret verifies, so it proves possession of nothing (RFC 9449 relies on that proof).
fn is_small_order(x: &[u8; 32]) -> bool {
    let mut y = *x;
    if let Some(last) = y.last_mut() {
        *last &= 0x7f;
    }
    SMALL_ORDER_Y.contains(&y)
}

/// The first byte of an uncompressed point (SEC 1, 2.3.3).
pub(super) const UNCOMPRESSED_POINT: u8 = 4;
/// The smallest RSA modulus, in bits.
const MIN_RSA_BITS: usize = 2048;
/// The largest RSA modulus, in bits.
const MAX_RSA_BITS: usize = 8192;
/// The longest RSA exponent, in bytes; nearly every key has 65537, which takes three.
const MAX_RSA_EXPONENT_BYTES: usize = 4;
/// The y coordinates, little-endian, of all points of small order on edwards25519, with the two encodings beyond the prime.
const SMALL_ORDER_Y: [[u8; 32]; 7] = [
    with_ends(0x00, 0x00, 0x00),
    with_ends(0x01, 0x00, 0x00),
    with_ends(0xec, 0xff, 0x7f),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    with_ends(0xed, 0xff, 0x7f),
    with_ends(0xee, 0xff, 0x7f),
];

const fn with_ends(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    let [head, .., tail] = &mut bytes;
    *head = first;
    *tail = last;
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_point_would_let_anybody_sign() {
        // R = the neutral element, S = 0: holds whenever the order divides the hash of the message.
        let mut forged = [0; 64];
        forged[0] = 1;
        for (n, y) in SMALL_ORDER_Y.into_iter().enumerate() {
            let weak = ParsedPublicKey::new(&ED25519, y).unwrap();
            let forgeries = (0_u16..512).filter(|n| weak.verify_sig(&n.to_be_bytes(), &forged).is_ok()).count();
            // The last two are second encodings, which some builds of the library read and some do not.
            assert!(forgeries > 0 || n >= 5, "{y:x?}");
            for sign_bit in [0, 0x80] {
                let mut x = y;
                x[31] |= sign_bit;
                assert!(PublicKey::ed25519(&x).is_err());
            }
        }
    }

    #[test]
    fn bounds_rsa_keys() {
        let mut n = vec![0xff; 256];
        assert!(PublicKey::rsa(&n, &[1, 0, 1]).is_ok());
        for e in [&[][..], &[1], &[0, 3], &[1, 0], &[1, 0, 0, 0, 1]] {
            assert!(PublicKey::rsa(&n, e).is_err(), "{e:?}");
        }
        n[255] = 0xfe;
        assert!(PublicKey::rsa(&n, &[1, 0, 1]).is_err(), "even");
        n[255] = 0xff;
        n[0] = 0x7f;
        assert!(PublicKey::rsa(&n, &[1, 0, 1]).is_err(), "2047 bits");
        assert!(PublicKey::rsa(&vec![0xff; 1024], &[1, 0, 1]).is_ok());
        assert!(PublicKey::rsa(&vec![0xff; 1025], &[1, 0, 1]).is_err(), "8200 bits");
    }
}
