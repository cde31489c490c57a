//! The JOSE module from outside: the vectors of the standards, a foreign library, a table of refusals, and properties.

mod foreign;
mod properties;
mod refused;
mod vectors;

use std::sync::{Arc, LazyLock};

use lombard_auth::jose::{
    Alg, Header, JoseError, KeySource, PublicKey, SigningKey, Typ, Verified, VerifyRules, sign, verify,
};
use serde_json::{Value, json};

/// One key of each kind, made once; making an RSA key takes a while.
static KEYS: LazyLock<[SigningKey; 3]> = LazyLock::new(|| {
    Alg::ALL.map(|alg| match SigningKey::generate(alg) {
        Ok(key) => key,
        Err(error) => unreachable!("{error}"),
    })
});

/// Finds the keys of [`KEYS`] by their names.
fn keys(kid: Option<&str>, alg: Alg) -> Option<Arc<PublicKey>> {
    let fits = |key: &&SigningKey| key.alg() == alg && Some(key.kid()) == kid;
    KEYS.iter().find(fits).map(|key| Arc::clone(key.public().public_key()))
}

fn key(alg: Alg) -> &'static SigningKey {
    let [es256, ps256, ed_dsa] = &*KEYS;
    match alg {
        Alg::Es256 => es256,
        Alg::Ps256 => ps256,
        Alg::EdDsa => ed_dsa,
    }
}

/// A good token of type `test+jwt`.
#[expect(clippy::unwrap_used, reason = "tests")]
fn token(alg: Alg, claims: &Value) -> String {
    let key = key(alg);
    sign(key, Header::with_kid("test+jwt", key.kid()), claims).unwrap()
}

/// Reads a token of type `test+jwt` under any of our algorithms.
fn read(token: &str, keys: &dyn KeySource) -> Result<Verified, JoseError> {
    verify(token, VerifyRules { typ: Typ::OneOf(&["test+jwt"]), algs: &Alg::ALL, keys })
}

#[test]
fn what_is_signed_verifies_under_each_algorithm() {
    for alg in Alg::ALL {
        let claims = json!({ "iss": "https://bank.example", "n": [1, 2, 3], "text": "ä\n\u{0}" });
        let verified = read(&token(alg, &claims), &keys).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(verified.payload()).unwrap(), claims);
        assert_eq!(verified.header().alg(), alg);
        assert_eq!(verified.header().kid(), Some(key(alg).kid()));
        assert_eq!(verified.claims().unwrap().issuer(), Some("https://bank.example"));
    }
}
