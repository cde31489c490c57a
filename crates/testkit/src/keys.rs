//! An app's keys.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use lombard_auth::jose::SigningKey;
use lombard_domain::oauth::Alg;
use lombard_domain::secret::Secret;
use serde_json::{Value, json};

use crate::forge::{Draft, Signer, forge};

/// A private key of somebody outside the bank.
pub struct TestKey {
    /// The key.
    pub signing: SigningKey,
}

/// What a key is for.
///
/// Keys for ES256 and EdDSA are new each time. Those for PS256 take long to make, so that each process makes one for each purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// An app's assertions and requests.
    App,
    /// What an app proves to hold: by DPoP, or with a certificate.
    Possession,
    /// Somebody else's.
    Foreign,
}

impl TestKey {
    /// A key.
    #[must_use]
    pub fn new(alg: Alg, purpose: Purpose) -> Arc<Self> {
        let signing = match alg {
            Alg::EdDsa | Alg::Es256 => SigningKey::generate(alg),
            Alg::Ps256 => SigningKey::from_pkcs8(alg, &Secret::new(rsa(purpose).to_vec())),
        };
        Arc::new(Self { signing: signing.expect("a key") })
    }

    /// What it signs with.
    #[must_use]
    pub fn alg(&self) -> Alg {
        self.signing.alg()
    }

    /// Its name.
    #[must_use]
    pub fn kid(&self) -> &str {
        self.signing.kid()
    }

    /// Its RFC 7638 thumbprint, to which tokens are bound (RFC 9449 6.1).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        self.signing.public().thumbprint()
    }

    /// Its public half, as it stands in a set.
    #[must_use]
    pub fn jwk(&self) -> Value {
        self.signing.public().to_json()
    }

    /// Its public half with no more than makes it a key, as proofs carry it (RFC 9449 4.2).
    #[must_use]
    pub fn bare_jwk(&self) -> Value {
        let mut jwk = self.jwk();
        if let Some(members) = jwk.as_object_mut() {
            members.retain(|name, _| !matches!(name.as_str(), "alg" | "kid" | "use"));
        }
        jwk
    }

    /// A set of this key alone.
    #[must_use]
    pub fn jwks(&self) -> Value {
        json!({"keys": [self.jwk()]})
    }

    /// The private key (PKCS#8).
    #[must_use]
    pub fn pkcs8(&self) -> Vec<u8> {
        self.signing.to_pkcs8().expect("a document").expose().clone()
    }

    /// A signed token under the key's name.
    #[must_use]
    pub fn sign(&self, typ: &str, claims: &Value) -> String {
        self.draft(typ, claims.clone()).sign()
    }

    /// A token that is still to be signed, under the key's name.
    #[must_use]
    pub fn draft(&self, typ: &str, claims: Value) -> Draft<'_> {
        let header = json!({"alg": self.alg().name(), "kid": self.kid(), "typ": typ});
        Draft { header, claims, key: self }
    }

    /// A token that is still to be signed and carries the key, as proofs do (RFC 9449 4.2).
    #[must_use]
    pub fn draft_with_jwk(&self, typ: &str, claims: Value) -> Draft<'_> {
        let header = json!({"alg": self.alg().name(), "jwk": self.bare_jwk(), "typ": typ});
        Draft { header, claims, key: self }
    }

    pub(crate) fn forge(&self, header: &Value, claims: &Value) -> String {
        forge(&header.to_string(), &claims.to_string(), &Signer::Key(self))
    }
}

fn rsa(purpose: Purpose) -> &'static [u8] {
    static APP: OnceLock<Vec<u8>> = OnceLock::new();
    static POSSESSION: OnceLock<Vec<u8>> = OnceLock::new();
    static FOREIGN: OnceLock<Vec<u8>> = OnceLock::new();
    let place = match purpose {
        Purpose::App => &APP,
        Purpose::Foreign => &FOREIGN,
        Purpose::Possession => &POSSESSION,
    };
    place.get_or_init(|| {
        // The shortest that FAPI 2.0 Security Profile 5.4.1 allows, for it is the fastest to make.
        let key = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        key.as_der().expect("a document").as_ref().to_vec()
    })
}
