//! Calls: tokens, the API, introspection, revocation, grants; and what happens when the bank asks for a nonce.

use std::sync::PoisonError;

use reqwest::{Method, Response, StatusCode};
use serde_json::Value;

use super::app::{FapiApp, origin};
use super::ask::Fields;
use super::setup::{BindingKind, Nonces};
use crate::app::{Tokens, Wanted};

impl FapiApp {
    /// Sends a form as it is, with these headers and no others.
    pub async fn send(&self, url: &str, form: &Fields, headers: &[(&str, &str)]) -> Response {
        let request = self.http.post(url).form(form);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = request.send().await.expect("an answer");
        self.remember(url, &response);
        response
    }

    /// Sends a form with a proof; once more with a nonce if it is asked for one, the same assertion and a new proof.
    pub async fn send_with_proof(&self, url: &str, form: &Fields) -> Response {
        let proof = || self.proof("POST", url, None, self.remembered_nonce(url).as_deref());
        let response = self.send(url, form, &[("dpop", &proof())]).await;
        if self.nonces == Nonces::Ignore || response.status() != StatusCode::BAD_REQUEST {
            return response;
        }
        let (response, error) = error_code(response).await;
        if error != USE_NONCE {
            return response;
        }
        assert!(response.headers().contains_key(NONCE), "RFC 9449 8: the nonce comes with the question");
        self.send(url, form, &[("dpop", &proof())]).await
    }

    /// The form that exchanges a code.
    #[must_use]
    pub fn redeem_form(&self, code: &str, wanted: &Wanted) -> Fields {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &wanted.verifier),
        ];
        self.form(&form)
    }

    /// A form for one of the bank's endpoints, with what proves who the app is.
    #[must_use]
    pub fn form(&self, fields: &[(&str, &str)]) -> Fields {
        let owned = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.with_credentials(owned.collect())
    }

    /// Asks the token endpoint, with a proof if the app uses DPoP.
    pub async fn token(&self, form: &Fields) -> Response {
        let url = self.endpoint("token_endpoint");
        match self.setup.binding {
            BindingKind::Dpop => self.send_with_proof(&url, form).await,
            BindingKind::Certificate | BindingKind::None => self.send(&url, form, &[]).await,
        }
    }

    /// Exchanges a code.
    pub async fn redeem(&self, code: &str, wanted: &Wanted) -> Response {
        self.token(&self.redeem_form(code, wanted)).await
    }

    /// Uses a refresh token.
    pub async fn refresh(&self, token: &str) -> Response {
        self.token(&self.form(&[("grant_type", "refresh_token"), ("refresh_token", token)])).await
    }

    /// Gets a token of its own, without any customer.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn own_token(&self, scope: &str) -> Tokens {
        let form = self.form(&[("grant_type", "client_credentials"), ("scope", scope)]);
        self.granted(self.token(&form).await).await
    }

    /// The tokens in an answer.
    ///
    /// # Panics
    /// Unless it gives tokens of the app's kind and must not be kept.
    pub async fn granted(&self, response: Response) -> Tokens {
        let (status, cache) = (response.status(), response.headers().get("cache-control").cloned());
        let answer: Value = response.json().await.expect("JSON");
        assert_eq!(status, StatusCode::OK, "{:?}: {answer}", self.setup);
        assert_eq!(cache.as_ref().map(AsRef::as_ref), Some(b"no-store".as_slice()), "RFC 6749 5.1");
        let expected = self.scheme();
        let token_type = answer.get("token_type").and_then(Value::as_str).unwrap_or_default();
        assert!(token_type.eq_ignore_ascii_case(expected), "{token_type} instead of {expected}");
        assert!(answer.get("expires_in").and_then(Value::as_i64).is_some_and(|life| life > 0), "{answer}");
        let tokens = Tokens::of(answer);
        assert!(!tokens.access.is_empty());
        tokens
    }

    /// Calls the API; the path is below `/open-banking/v4.0/aisp`, or a whole address.
    pub async fn get(&self, path: &str, token: &str) -> Response {
        let url = if path.starts_with("https:") { path.to_owned() } else { self.api(path) };
        self.call(Method::GET, &url, token).await
    }

    /// Calls a protected resource with a token and what proves that it is the app's own.
    pub async fn call(&self, method: Method, url: &str, token: &str) -> Response {
        let authorization = format!("{} {token}", self.scheme());
        let headers = || {
            let nonce = self.remembered_nonce(url);
            let proof = || self.proof(method.as_str(), url, Some(token), nonce.as_deref());
            let proof = (self.setup.binding == BindingKind::Dpop).then(proof);
            let mut headers = vec![("authorization", authorization.clone())];
            headers.extend(proof.map(|proof| ("dpop", proof)));
            headers.extend(self.customer.header());
            headers
        };
        let response = self.call_with(method.clone(), url, &headers()).await;
        let challenge = response.headers().get("www-authenticate").and_then(|value| value.to_str().ok());
        let asked = challenge.is_some_and(|text| text.contains(&format!("error=\"{USE_NONCE}\"")));
        if self.nonces == Nonces::Ignore || !asked {
            return response;
        }
        assert!(response.headers().contains_key(NONCE), "RFC 9449 9: the nonce comes with the question");
        let again = headers();
        self.call_with(method, url, &again).await
    }

    /// Calls an address with these headers and no others.
    pub async fn call_with(&self, method: Method, url: &str, headers: &[(&str, String)]) -> Response {
        let request = self.http.request(method, url);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let response = request.send().await.expect("an answer");
        self.remember(url, &response);
        response
    }

    /// Calls the API and expects an answer.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn read(&self, path: &str, token: &str) -> Value {
        let response = self.get(path, token).await;
        let (status, text) = (response.status(), response.text().await.expect("a body"));
        assert_eq!(status, StatusCode::OK, "{:?} {path}: {text}", self.setup);
        serde_json::from_str(&text).expect("JSON")
    }

    /// Asks what a token is worth; `accept` is what kind of answer it wants.
    pub async fn introspect_as(&self, token: &str, accept: &str) -> Response {
        let form = self.form(&[("token", token)]);
        self.send(&self.endpoint("introspection_endpoint"), &form, &[("accept", accept)]).await
    }

    /// Asks what a token is worth.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn introspect(&self, token: &str) -> Value {
        let response = self.introspect_as(token, "application/json").await;
        assert_eq!(response.status(), StatusCode::OK);
        response.json().await.expect("JSON")
    }

    /// Says that a token is no longer wanted (RFC 7009).
    pub async fn revoke(&self, token: &str) -> Response {
        self.send(&self.endpoint("revocation_endpoint"), &self.form(&[("token", token)]), &[]).await
    }

    /// Looks at a grant (`GET`) or ends it (`DELETE`) with a token of the app's own (Grant Management 6).
    pub async fn grant(&self, method: Method, grant: &str, token: &str) -> Response {
        let url = format!("{}/{grant}", self.endpoint("grant_management_endpoint"));
        self.call(method, &url, token).await
    }

    /// How it presents its tokens (RFC 9449 7.1, RFC 6750 2.1).
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        match self.setup.binding {
            BindingKind::Certificate | BindingKind::None => "Bearer",
            BindingKind::Dpop => "DPoP",
        }
    }

    /// The newest nonce of the server at an address.
    #[must_use]
    pub fn remembered_nonce(&self, url: &str) -> Option<String> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).get(&origin(url)).cloned()
    }

    /// RFC 9449 8.2: a new nonce may come with any answer, and is used from then on.
    fn remember(&self, url: &str, response: &Response) {
        let nonce = response.headers().get(NONCE).and_then(|value| value.to_str().ok());
        if let (Nonces::Follow, Some(nonce)) = (self.nonces, nonce) {
            let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
            remembered.insert(origin(url), nonce.to_owned());
        }
    }
}

/// The error code of an answer, and the answer as it was.
async fn error_code(response: Response) -> (Response, String) {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.bytes().await.expect("a body");
    let json: Value = serde_json::from_slice(&body).unwrap_or_default();
    let code = json.get("error").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut again = axum::http::Response::new(body);
    *again.status_mut() = status;
    *again.headers_mut() = headers;
    (again.into(), code)
}

/// The header with a nonce (RFC 9449 8.1).
const NONCE: &str = "dpop-nonce";
/// The code that asks for one (RFC 9449 8).
const USE_NONCE: &str = "use_dpop_nonce";
