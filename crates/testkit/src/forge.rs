//! Signed tokens made by hand, also such as no library makes.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::{hmac, signature};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lombard_domain::oauth::Alg;
use serde_json::{Value, json};

use crate::keys::{Purpose, TestKey};

/// A token that is still to be signed, and can be changed before.
#[derive(Clone)]
pub struct Draft<'a> {
    /// Its header.
    pub header: Value,
    /// Its claims.
    pub claims: Value,
    /// What it is signed with.
    pub key: &'a TestKey,
}

/// Who signs.
pub enum Signer<'a> {
    /// With HMAC and this secret.
    Hs256(&'a [u8]),
    /// A key, as it should.
    Key(&'a TestKey),
    /// Nobody: the signature is empty.
    Nobody,
    /// A PS256 key, but with the old padding (RSASSA-PKCS1-v1_5).
    Rs256(&'a TestKey),
}

/// What is wrong with a token, whatever it is for. Its claims are as they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// `alg` is `none`, and there is no signature.
    AlgNone,
    /// One bit of the signature is another.
    BrokenSignature,
    /// An extension that must be understood (RFC 7515 4.1.11).
    Critical,
    /// Another claim than the one that was signed.
    ExchangedClaims,
    /// Signed with another key of the same kind than the header says.
    ForeignKey,
    /// HMAC with the public key as its secret.
    Hs256,
    /// There is no third part.
    NoSignature,
    /// A good signature with RSASSA-PKCS1-v1_5.
    Rs256,
    /// The signature has a padding in base64.
    PaddedBase64,
    /// `typ` of an access token.
    WrongTyp,
}

impl Defect {
    /// Every defect.
    pub const ALL: [Self; 10] = [
        Self::AlgNone,
        Self::BrokenSignature,
        Self::Critical,
        Self::ExchangedClaims,
        Self::ForeignKey,
        Self::Hs256,
        Self::NoSignature,
        Self::Rs256,
        Self::PaddedBase64,
        Self::WrongTyp,
    ];
}

impl Draft<'_> {
    /// With changes to its header and its claims.
    #[must_use]
    pub fn changed(mut self, change: impl FnOnce(&mut Value, &mut Value)) -> Self {
        change(&mut self.header, &mut self.claims);
        self
    }

    /// Without a claim.
    #[must_use]
    pub fn without(self, claim: &str) -> Self {
        self.changed(|_, claims| drop(claims.as_object_mut().and_then(|claims| claims.remove(claim))))
    }

    /// The token, as it should be.
    #[must_use]
    pub fn sign(&self) -> String {
        self.key.forge(&self.header, &self.claims)
    }

    /// The token with something wrong.
    #[must_use]
    pub fn spoilt(&self, defect: Defect) -> String {
        let header = |changes: Value| {
            let mut header = self.header.clone();
            if let (Some(header), Value::Object(changes)) = (header.as_object_mut(), changes) {
                header.extend(changes);
            }
            header.to_string()
        };
        let claims = self.claims.to_string();
        match defect {
            Defect::AlgNone => forge(&header(json!({"alg": "none"})), &claims, &Signer::Nobody),
            Defect::BrokenSignature => with_signature(&self.sign(), |signature| {
                if let Some(byte) = signature.last_mut() {
                    *byte ^= 1;
                }
            }),
            Defect::Critical => {
                forge(&header(json!({"crit": ["urn:x"], "urn:x": true})), &claims, &Signer::Key(self.key))
            }
            Defect::ExchangedClaims => {
                let mut other = self.claims.clone();
                if let Some(claims) = other.as_object_mut() {
                    claims.insert("urn:x".to_owned(), true.into());
                }
                exchange_claims(&self.sign(), &other)
            }
            Defect::ForeignKey => {
                let foreign = TestKey::new(self.key.alg(), Purpose::Foreign);
                forge(&header(json!({})), &claims, &Signer::Key(&foreign))
            }
            Defect::Hs256 => {
                let secret = self.key.jwk().to_string();
                forge(&header(json!({"alg": "HS256"})), &claims, &Signer::Hs256(secret.as_bytes()))
            }
            Defect::NoSignature => {
                let token = self.sign();
                token.rsplit_once('.').map(|(signed, _)| signed.to_owned()).unwrap_or_default()
            }
            Defect::Rs256 => self.with_old_padding(&claims),
            Defect::PaddedBase64 => self.sign() + "==",
            Defect::WrongTyp => forge(&header(json!({"typ": "at+jwt"})), &claims, &Signer::Key(self.key)),
        }
    }

    /// Signed with RS256: by its own key if that is for RSA, so that only the name of the algorithm can be objected to.
    fn with_old_padding(&self, claims: &str) -> String {
        let other;
        let key = if self.key.alg() == Alg::Ps256 {
            self.key
        } else {
            other = TestKey::new(Alg::Ps256, Purpose::App);
            &other
        };
        let mut header = self.header.clone();
        if let Some(header) = header.as_object_mut() {
            header.insert("alg".to_owned(), "RS256".into());
            if let Some(jwk) = header.get_mut("jwk") {
                *jwk = key.bare_jwk();
            }
        }
        forge(&header.to_string(), claims, &Signer::Rs256(key))
    }
}

/// A token of this header and these claims, which need not be JSON.
#[must_use]
pub fn forge(header: &str, claims: &str, signer: &Signer<'_>) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = match signer {
        Signer::Hs256(secret) => {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes()).as_ref().to_vec()
        }
        Signer::Key(key) => key.signing.sign(signed.as_bytes()).expect("a signature"),
        Signer::Nobody => Vec::new(),
        Signer::Rs256(key) => {
            let pair = RsaKeyPair::from_pkcs8(&key.pkcs8()).expect("an RSA key");
            let mut made = vec![0; pair.public_modulus_len()];
            pair.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut made)
                .expect("a signature");
            made
        }
    };
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A public key that gives away something like its private half.
#[must_use]
pub fn with_private_part(mut jwk: Value) -> Value {
    if let Some(members) = jwk.as_object_mut() {
        members.insert("d".to_owned(), random_text().into());
    }
    jwk
}

/// 256 bits that nobody can guess, as 43 characters.
#[must_use]
pub fn random_text() -> String {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).expect("random numbers");
    URL_SAFE_NO_PAD.encode(bytes)
}

fn with_signature(token: &str, change: impl FnOnce(&mut Vec<u8>)) -> String {
    let (signed, signature) = token.rsplit_once('.').expect("a token");
    let mut signature = URL_SAFE_NO_PAD.decode(signature).expect("a signature");
    change(&mut signature);
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn exchange_claims(token: &str, claims: &Value) -> String {
    let (signed, signature) = token.rsplit_once('.').expect("a token");
    let (header, _) = signed.split_once('.').expect("a token");
    format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::jwk::Jwk;
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};

    use super::*;

    fn accepts(key: &TestKey, algorithm: Algorithm, token: &str) -> bool {
        let jwk: Jwk = serde_json::from_value(key.bare_jwk()).unwrap();
        let mut rules = Validation::new(algorithm);
        rules.validate_exp = false;
        rules.set_required_spec_claims(&["iss"]);
        decode::<Value>(token, &DecodingKey::from_jwk(&jwk).unwrap(), &rules).is_ok()
    }

    fn algorithm(alg: Alg) -> Algorithm {
        match alg {
            Alg::EdDsa => Algorithm::EdDSA,
            Alg::Es256 => Algorithm::ES256,
            Alg::Ps256 => Algorithm::PS256,
        }
    }

    #[test]
    fn signs_what_another_library_accepts_and_spoils_what_it_refuses() {
        for alg in Alg::ALL {
            let key = TestKey::new(alg, Purpose::App);
            let draft = key.draft("JWT", json!({"iss": "me"}));
            assert!(accepts(&key, algorithm(alg), &draft.sign()), "{alg}");
            for defect in Defect::ALL {
                let token = draft.spoilt(defect);
                assert_ne!(token, draft.sign(), "{defect:?}");
                // Other libraries let the type of the token and extensions to be understood to their callers.
                let lenient = matches!(defect, Defect::WrongTyp | Defect::Critical);
                assert!(lenient || !accepts(&key, algorithm(alg), &token), "{alg} {defect:?}");
            }
        }
    }

    #[test]
    fn makes_real_signatures_with_what_must_be_refused() {
        let key = TestKey::new(Alg::Ps256, Purpose::App);
        for draft in [key.draft("JWT", json!({"iss": "me"})), key.draft_with_jwk("dpop+jwt", json!({"iss": "me"}))] {
            assert!(accepts(&key, Algorithm::RS256, &draft.spoilt(Defect::Rs256)));
        }
        let token = forge(r#"{"alg":"HS256"}"#, r#"{"iss":"me"}"#, &Signer::Hs256(b"secret"));
        let mut rules = Validation::new(Algorithm::HS256);
        rules.validate_exp = false;
        rules.set_required_spec_claims(&["iss"]);
        decode::<Value>(token, &DecodingKey::from_secret(b"secret"), &rules).unwrap();
    }
}
