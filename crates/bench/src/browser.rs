//! A customer at a browser: signs in with both factors and allows what an app asks for.

use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use lombard_testkit::Form;
use reqwest::header::{LOCATION, ORIGIN};
use reqwest::{Client, RequestBuilder, Response};
use url::Url;

use crate::https;
use crate::sandbox::{Customer, Facts};

/// A browser that has never been at the bank: no connection, no cookie.
pub(crate) struct Browser {
    /// Requests that it has made.
    pub(crate) requests: u32,
    client: Client,
    facts: Arc<Facts>,
}

/// Where a browser is.
enum Page {
    /// On a page of the bank.
    Bank(String),
    /// Sent to an address that is not the bank's.
    Elsewhere(Url),
}

impl Browser {
    /// A new one.
    ///
    /// # Errors
    /// The authority's certificate cannot be read.
    pub(crate) fn new(facts: &Arc<Facts>) -> anyhow::Result<Self> {
        Ok(Self { requests: 0, client: https::client(facts)?, facts: Arc::clone(facts) })
    }

    /// Opens the address to which an app sent it; the customer signs in and allows everything; the code that the app gets.
    ///
    /// # Errors
    /// The story took another turn.
    pub(crate) async fn allow(&mut self, url: &str, customer: &Customer) -> anyhow::Result<String> {
        let Customer { username, password } = customer;
        let response = self.send(self.client.get(url)).await?;
        let page = self.follow(response).await?;
        let page = self.submit(page, &[("username", username), ("password", password)], "login-submit").await?;
        let second_factor = self.facts.second_factor.clone();
        let page = self.submit(page, &[("code", &second_factor)], "sca-submit").await?;
        match self.submit(page, &[], "consent-allow").await? {
            Page::Elsewhere(url) => {
                let code = url.query_pairs().find(|(name, _)| name == "code");
                Ok(code.with_context(|| format!("no code in {url}"))?.1.into_owned())
            }
            Page::Bank(html) => bail!("the bank does not send the customer back: {html}"),
        }
    }

    /// Types into a page's form, leaves its boxes as they are, and clicks a button.
    async fn submit(&mut self, page: Page, typed: &[(&str, &str)], button: &str) -> anyhow::Result<Page> {
        let Page::Bank(html) = page else { bail!("the bank sent the customer away before {button}") };
        let form = Form::all(&html).into_iter().find(|form| form.buttons.contains_key(button));
        let form = form.with_context(|| format!("no {button} on the page: {html}"))?;
        let button = form.buttons.get(button).context("no button")?;
        let ticked = form.boxes.iter().filter(|(_, _, ticked)| *ticked).map(|(name, value, _)| (name, value));
        let mut fields: Vec<(&str, &str)> =
            form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.extend(typed);
        fields.extend(ticked.map(|(name, value)| (name.as_str(), value.as_str())));
        fields.extend(button.field.as_ref().map(|(name, value)| (name.as_str(), value.as_str())));
        let action = self.absolute(button.action.as_ref().unwrap_or(&form.action));
        let request = self.client.post(action).header(ORIGIN, &self.facts.issuer).form(&fields);
        let response = self.send(request).await?;
        self.follow(response).await
    }

    async fn follow(&mut self, mut response: Response) -> anyhow::Result<Page> {
        for _ in 0..REDIRECTS_MAX {
            if !response.status().is_redirection() {
                let status = response.status();
                let html = response.text().await?;
                ensure!(status.is_success(), "status {status}: {html}");
                return Ok(Page::Bank(html));
            }
            let target = response.headers().get(LOCATION).context("a redirect to nowhere")?.to_str()?;
            let target = self.absolute(target);
            if !target.starts_with(&format!("{}/", self.facts.issuer)) {
                return Ok(Page::Elsewhere(target.parse()?));
            }
            response = self.send(self.client.get(target)).await?;
        }
        bail!("too many redirects")
    }

    async fn send(&mut self, request: RequestBuilder) -> anyhow::Result<Response> {
        self.requests = self.requests.saturating_add(1);
        Ok(request.send().await?)
    }

    fn absolute(&self, url: &str) -> String {
        if url.starts_with('/') { format!("{}{url}", self.facts.issuer) } else { url.to_owned() }
    }
}

/// Redirects in a row.
const REDIRECTS_MAX: usize = 10;
