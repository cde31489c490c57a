//! An answer, kept whole so that two of them can be compared.

use std::collections::BTreeMap;

use reqwest::Response;
use serde_json::Value;

/// An answer that has been read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers; the values of repeated ones are joined by a comma.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub text: String,
}

impl Answer {
    /// Reads an answer.
    pub async fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        let mut headers = BTreeMap::new();
        for (name, value) in response.headers() {
            let value = String::from_utf8_lossy(value.as_bytes());
            let all: &mut String = headers.entry(name.as_str().to_owned()).or_default();
            if !all.is_empty() {
                all.push_str(", ");
            }
            all.push_str(&value);
        }
        Self { status, headers, text: response.text().await.expect("a body") }
    }

    /// A header, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The body as JSON; `null` if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The error code of the body: of UK Open Banking, of OAuth, or of problem details; empty without one.
    #[must_use]
    pub fn code(&self) -> String {
        let body = self.json();
        let code = body.pointer("/Errors/0/ErrorCode").or_else(|| body.get("error")).or_else(|| body.get("code"));
        code.and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The answer without what differs between two answers to the same call: the date, and the name of the call.
    #[must_use]
    pub fn comparable(&self) -> Self {
        let id = self.header("x-fapi-interaction-id").to_owned();
        let mut headers = self.headers.clone();
        for name in ["date", "x-fapi-interaction-id", "content-length"] {
            headers.remove(name);
        }
        let text = if id.is_empty() { self.text.clone() } else { self.text.replace(&id, "{id}") };
        Self { status: self.status, headers, text }
    }
}
