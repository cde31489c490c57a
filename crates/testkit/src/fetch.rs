//! Documents at addresses that apps name: how the bank under test fetches them, and a server of an app that has some.

use axum::http::StatusCode;
use lombard_auth::{Fetch, FetchError, Fetching};
use serde_json::Value;

use crate::one_answer::OneAnswer;
use crate::outside::https_client;
use crate::pki::ServerCertificate;

/// Fetches over HTTPS from servers of this process and nobody else.
pub(crate) struct WebFetch {
    http: reqwest::Client,
}

impl WebFetch {
    pub(crate) fn new() -> Self {
        let http = https_client(&ServerCertificate::of_this_process().pem).https_only(true);
        Self { http: http.build().expect("an HTTPS client") }
    }
}

impl Fetch for WebFetch {
    fn get<'a>(&'a self, url: &'a str) -> Fetching<'a> {
        Box::pin(self.fetch(url, BODY_MAX))
    }

    fn picture<'a>(&'a self, url: &'a str) -> Fetching<'a> {
        Box::pin(self.fetch(url, PICTURE_MAX))
    }
}

impl WebFetch {
    async fn fetch(&self, url: &str, bytes_max: usize) -> Result<Vec<u8>, FetchError> {
        let failed = |error: reqwest::Error| FetchError(error.to_string());
        let mut response = self.http.get(url).send().await.map_err(failed)?;
        if response.status() != StatusCode::OK {
            return Err(FetchError(format!("it answers {}", response.status())));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            body.extend_from_slice(&chunk);
            if body.len() > bytes_max {
                return Err(FetchError("it is too long".to_owned()));
            }
        }
        Ok(body)
    }
}

/// An app's server with its public keys.
pub struct KeyServer(OneAnswer);

impl KeyServer {
    /// A server with a document, such as the app's key set.
    pub async fn start(document: &Value) -> Self {
        Self(OneAnswer::start(JSON, document.to_string().as_bytes(), "/elsewhere").await)
    }

    /// Where its document is.
    #[must_use]
    pub fn uri(&self) -> String {
        self.0.uri("/jwks.json")
    }

    /// Exchanges the document.
    pub fn set(&self, document: &Value) {
        self.answer_with(200, &document.to_string());
    }

    /// Answers every request in this way from now on.
    ///
    /// # Panics
    /// If there is no such status.
    pub fn answer_with(&self, status: u16, body: &str) {
        self.0.answer_with(status, JSON, body.as_bytes());
    }

    /// How often it was asked.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.0.requests()
    }
}

const JSON: &str = "application/json";
/// Bytes of a document.
const BODY_MAX: usize = 64 * 1024;
/// Bytes of a picture.
const PICTURE_MAX: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn fetches_what_is_there_now_and_counts() {
        let server = KeyServer::start(&json!({"keys": []})).await;
        let fetch = WebFetch::new();
        assert_eq!(fetch.get(&server.uri()).await.unwrap(), br#"{"keys":[]}"#);
        server.set(&json!({"keys": [1]}));
        assert_eq!(fetch.get(&server.uri()).await.unwrap(), br#"{"keys":[1]}"#);
        for (status, body) in [(302, ""), (404, ""), (500, "{}"), (200, &*"x".repeat(BODY_MAX + 1))] {
            server.answer_with(status, body);
            assert!(fetch.get(&server.uri()).await.is_err(), "{status}");
        }
        assert_eq!(server.requests(), 6);
        assert!(fetch.get(&server.uri().replace("https", "http")).await.is_err());
    }
}
