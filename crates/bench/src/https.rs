//! What apps and browsers share: an HTTPS client that trusts the sandbox's authority alone, and the reading of answers.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use reqwest::{Certificate, Client, Response};
use serde_json::Value;

use crate::sandbox::Facts;

/// A client with connections and cookies of its own, which follows no redirect by itself.
///
/// # Errors
/// The authority's certificate cannot be read.
pub(crate) fn client(facts: &Facts) -> anyhow::Result<Client> {
    let certificate = Certificate::from_pem(&std::fs::read(&facts.ca_file)?)?;
    let client = Client::builder()
        .tls_certs_only([certificate])
        .redirect(reqwest::redirect::Policy::none())
        .cookie_store(true)
        .timeout(ANSWER_MAX);
    Ok(client.build()?)
}

/// An answer in JSON.
///
/// # Errors
/// It is no success, or something else.
pub(crate) async fn json_of(response: Response) -> anyhow::Result<Value> {
    let (status, url) = (response.status(), response.url().clone());
    let body = response.text().await?;
    ensure!(status.is_success(), "status {status} from {url}: {body}");
    serde_json::from_str(&body).with_context(|| format!("{url} does not answer with JSON"))
}

/// A text in an answer.
///
/// # Errors
/// It is not there.
pub(crate) fn text(value: &Value, pointer: &str) -> anyhow::Result<String> {
    Ok(value.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no {pointer}"))?.to_owned())
}

/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);
