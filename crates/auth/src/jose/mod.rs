//! Signed JSON: JWS in compact form, JWK, JWK sets and the registered claims, over three algorithms and no more.
//!
//! Owns the reading and writing of signed tokens (RFC 7515, 7517, 7519, 7638, 8037) under the rules of RFC 8725 and FAPI 2.0
//! Security Profile 5.4. It is our own because the popular libraries accept a token whose `crit` they do not understand
//! and parse the key again for every operation.
//!
//! It must never: represent an algorithm outside the allow-list (`none`, HMAC and RSASSA-PKCS1-v1_5 have no value here), take a
//! key from a token's own header without being asked to, fetch anything, or look at a payload before its signature holds (but for
//! [`peek_claim`], which says whose keys to look for).

mod base64url;
mod claims;
mod error;
mod header;
pub mod json;
mod jwk;
mod jwks;
mod jws;
mod key;
mod private_jwk;
mod public_key;

pub use claims::{Audience, Claims, Expiry, FUTURE_TOLERANCE_SECONDS};
pub use error::JoseError;
pub use header::{MAX_TOKEN_BYTES, Peeked, ProtectedHeader, peek_claim, peek_header};
pub use jwk::PublicJwk;
pub use jwks::Jwks;
pub use jws::{Header, KeySource, Typ, Verified, VerifyRules, sign, verify};
pub use key::SigningKey;
pub use lombard_domain::oauth::Alg;
pub use public_key::PublicKey;
