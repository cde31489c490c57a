//! What an app is told, verified with another library than the bank's: answers, ID tokens, introspection.

use std::collections::BTreeMap;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use lombard_domain::oauth::Alg;
use reqwest::StatusCode;
use serde_json::Value;

use super::app::FapiApp;
use super::setup::Responses;
use crate::app::{Tokens, Wanted};
use crate::browser::Page;

impl FapiApp {
    /// The claims of a token that the bank made for this app, signed as it registered.
    ///
    /// # Panics
    /// If the signature, the algorithm, the issuer or the audience is wrong.
    pub async fn verified(&self, token: &str, typ: Option<&str>) -> Value {
        let response = self.http.get(self.plain_endpoint("jwks_uri")).send().await.expect("an answer");
        let keys: JwkSet = response.json().await.expect("a key set");
        let header = decode_header(token).unwrap_or_else(|error| panic!("{error}: {token}"));
        let algorithm = match self.setup.alg {
            Alg::EdDsa => Algorithm::EdDSA,
            Alg::Es256 => Algorithm::ES256,
            Alg::Ps256 => Algorithm::PS256,
        };
        assert_eq!(header.alg, algorithm, "not signed as registered");
        if let Some(typ) = typ {
            assert_eq!(header.typ.as_deref(), Some(typ));
        }
        let kid = header.kid.expect("a key's name");
        let key = keys.find(&kid).unwrap_or_else(|| panic!("no key {kid} among {keys:?}"));
        let mut rules = Validation::new(algorithm);
        // The library knows the system's time only; the bank's clock stands still.
        rules.validate_exp = false;
        rules.set_required_spec_claims(&["iss", "aud"]);
        rules.set_audience(&[&self.id]);
        rules.set_issuer(&[&self.issuer]);
        let key = DecodingKey::from_jwk(key).expect("a usable key");
        decode(token, &key, &rules).unwrap_or_else(|error| panic!("{error}: {token}")).claims
    }

    /// The parameters that came back with a browser: as they are, or from the signed one.
    ///
    /// # Panics
    /// If they did not come to the redirect URI, in the way that the app wants, from this bank.
    pub async fn returned(&self, page: &Page) -> BTreeMap<String, String> {
        let rest = page.url.strip_prefix(&self.redirect_uri);
        let query = rest.and_then(|rest| rest.strip_prefix(['?', '&']));
        let query = query.unwrap_or_else(|| panic!("not sent back: {} {} {}", page.status, page.url, page.html));
        assert!(!query.contains('#'), "{}", page.url);
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let twice = parameters.insert(name.into_owned(), value.into_owned());
            assert_eq!(twice, None, "a parameter comes twice: {}", page.url);
        }
        match self.setup.response {
            Responses::Jarm => {
                let response = parameters.remove("response").unwrap_or_else(|| panic!("no response in {}", page.url));
                // FAPI 2.0 Message Signing 5.4.1: also the issuer goes inside only.
                assert!(parameters.is_empty(), "more than the signed parameter: {}", page.url);
                self.signed_answer(&response).await
            }
            Responses::Plain => {
                // RFC 9207 2.4, also for errors.
                assert_eq!(parameters.remove("iss").as_deref(), Some(self.issuer.as_str()), "{}", page.url);
                parameters
            }
        }
    }

    /// JARM 2.4: what is in a signed answer beside `iss`, `aud` and `exp`.
    async fn signed_answer(&self, token: &str) -> BTreeMap<String, String> {
        let claims = self.verified(token, None).await;
        let expires = claims.get("exp").and_then(Value::as_i64).expect("JARM 2.1: an exp");
        assert!(self.now() < expires && expires <= self.now() + ANSWER_SECONDS_MAX, "{claims}");
        let claims = claims.as_object().expect("claims").iter();
        let own = claims.filter(|(name, _)| !matches!(name.as_str(), "aud" | "exp" | "iat" | "iss" | "jti"));
        own.map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned())).collect()
    }

    /// The code that came back.
    ///
    /// # Panics
    /// If an error came back, or the state is another.
    pub async fn code(&self, page: &Page, wanted: &Wanted) -> String {
        let mut parameters = self.returned(page).await;
        assert_eq!(parameters.remove("state").as_deref(), Some(wanted.state.as_str()));
        let code = parameters.remove("code").unwrap_or_else(|| panic!("no code: {parameters:?}"));
        assert!(parameters.is_empty(), "{parameters:?}");
        code
    }

    /// The claims of the ID token that came with tokens (OpenID Connect Core 3.1.3.7).
    ///
    /// # Panics
    /// If anything about it is wrong.
    pub async fn id_token(&self, tokens: &Tokens, wanted: &Wanted) -> Value {
        let claims = self.verified(tokens.id_token(), None).await;
        let number =
            |name: &str| claims.get(name).and_then(Value::as_i64).unwrap_or_else(|| panic!("no {name}: {claims}"));
        assert_eq!(claims.get("aud").and_then(Value::as_str), Some(self.id.as_str()), "{claims}");
        assert_eq!(claims.get("nonce").and_then(Value::as_str), Some(wanted.nonce.as_str()), "{claims}");
        assert!(number("iat") <= self.now() && self.now() < number("exp"), "{claims}");
        assert!(number("auth_time") <= self.now(), "{claims}");
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
        assert!((1..=255).contains(&subject.len()), "OpenID Connect Core 2: {claims}");
        claims
    }

    /// What a token is worth, as a signed answer says (RFC 9701 5).
    ///
    /// # Panics
    /// If the answer is not signed for this app.
    pub async fn introspect_signed(&self, token: &str) -> Value {
        let media_type = "application/token-introspection+jwt";
        let response = self.introspect_as(token, media_type).await;
        assert_eq!(response.status(), StatusCode::OK);
        let found = response.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert_eq!(found, media_type);
        let claims = self.verified(&response.text().await.expect("a body"), Some("token-introspection+jwt")).await;
        assert_eq!(claims.get("iat").and_then(Value::as_i64), Some(self.now()), "{claims}");
        // RFC 9701 5: these would make it pass for a token.
        assert!(claims.get("sub").is_none() && claims.get("exp").is_none(), "{claims}");
        claims.get("token_introspection").cloned().expect("token_introspection")
    }
}

/// How long a signed answer is good at most, in seconds (JARM 2.1: ten minutes).
const ANSWER_SECONDS_MAX: i64 = 600;
