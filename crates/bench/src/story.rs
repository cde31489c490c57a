//! How an app gets what it needs: it registers, a customer signs in and allows, a code becomes a token.
//!
//! Only through the front door, over HTTPS.

use anyhow::{Context as _, bail, ensure};
use lombard_testkit::Form;
use reqwest::header::{AUTHORIZATION, LOCATION, ORIGIN};
use reqwest::{Certificate, Client, Response};
use serde_json::{Value, json};
use url::Url;

use crate::case::API;
use crate::sandbox::{Customer, Facts};

/// What an app may use.
pub(crate) struct Access {
    /// Its access token.
    pub(crate) token: String,
    /// An account with at least a full page of transactions.
    pub(crate) account: String,
    /// Its own credentials, as a header's value.
    pub(crate) basic: String,
}

/// Registers an app and connects it with the first customer.
///
/// # Errors
/// The story took another turn.
pub(crate) async fn connect(facts: &Facts) -> anyhow::Result<Access> {
    let certificate = Certificate::from_pem(&std::fs::read(&facts.ca_file)?)?;
    let client = Client::builder()
        .tls_certs_only([certificate])
        .redirect(reqwest::redirect::Policy::none())
        .cookie_store(true)
        .timeout(std::time::Duration::from_secs(10))
        .build()?;
    let story = Story { client, facts };
    let (id, secret) = story.register().await?;
    let code = story.consent(&id).await?;
    let request = story.client.post(story.url("/token")).basic_auth(&id, Some(&secret));
    let basic = request.try_clone().and_then(|request| request.build().ok());
    let basic = basic.and_then(|request| request.headers().get(AUTHORIZATION).cloned()).context("no header")?;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    let token = text(&json_of(request.form(&form).send().await?).await?, "/access_token")?;
    let account = story.account(&token).await?;
    Ok(Access { token, account, basic: basic.to_str()?.to_owned() })
}

struct Story<'a> {
    client: Client,
    facts: &'a Facts,
}

impl Story<'_> {
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.facts.issuer)
    }

    async fn register(&self) -> anyhow::Result<(String, String)> {
        let body = json!({"client_name": "Benchmark", "redirect_uris": [REDIRECT_URI]});
        let answer = json_of(self.client.post(self.url("/register")).json(&body).send().await?).await?;
        Ok((text(&answer, "/client_id")?, text(&answer, "/client_secret")?))
    }

    /// The customer signs in and allows everything; the code that the app gets.
    async fn consent(&self, client_id: &str) -> anyhow::Result<String> {
        let Customer { username, password } = self.facts.customers.first().context("nobody can sign in")?;
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("response_type", "code"),
                ("client_id", client_id),
                ("redirect_uri", REDIRECT_URI),
                ("scope", SCOPE),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ])
            .finish();
        let response = self.client.get(self.url(&format!("/authorize?{query}"))).send().await?;
        let page = self.follow(response).await?;
        let page = self.submit(page, &[("username", username), ("password", password)], "login-submit").await?;
        let page = self.submit(page, &[("code", &self.facts.second_factor)], "sca-submit").await?;
        match self.submit(page, &[], "consent-allow").await? {
            Page::Elsewhere(url) => {
                let code = url.query_pairs().find(|(name, _)| name == "code");
                Ok(code.with_context(|| format!("no code in {url}"))?.1.into_owned())
            }
            Page::Bank(html) => bail!("the bank does not send the customer back: {html}"),
        }
    }

    /// Types into a page's form, leaves its boxes as they are, and clicks a button.
    async fn submit(&self, page: Page, typed: &[(&str, &str)], button: &str) -> anyhow::Result<Page> {
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
        self.follow(request.send().await?).await
    }

    async fn follow(&self, mut response: Response) -> anyhow::Result<Page> {
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
            response = self.client.get(target).send().await?;
        }
        bail!("too many redirects")
    }

    fn absolute(&self, url: &str) -> String {
        if url.starts_with('/') { self.url(url) } else { url.to_owned() }
    }

    /// An account with a full page of transactions.
    async fn account(&self, token: &str) -> anyhow::Result<String> {
        let read = async |path: String| -> anyhow::Result<Value> {
            json_of(self.client.get(self.url(&format!("{API}{path}"))).bearer_auth(token).send().await?).await
        };
        let accounts = read("/accounts".to_owned()).await?;
        for account in accounts.pointer("/Data/Account").and_then(Value::as_array).into_iter().flatten() {
            let id = text(account, "/AccountId")?;
            let page = read(format!("/accounts/{id}/transactions")).await?;
            if page.pointer("/Data/Transaction").and_then(Value::as_array).is_some_and(|all| all.len() == PAGE) {
                return Ok(id);
            }
        }
        bail!("no account has {PAGE} transactions")
    }
}

/// Where a browser is.
enum Page {
    /// On a page of the bank.
    Bank(String),
    /// Sent to an address that is not the bank's.
    Elsewhere(Url),
}

async fn json_of(response: Response) -> anyhow::Result<Value> {
    let (status, url) = (response.status(), response.url().clone());
    let body = response.text().await?;
    ensure!(status.is_success(), "status {status} from {url}: {body}");
    serde_json::from_str(&body).with_context(|| format!("{url} does not answer with JSON"))
}

fn text(value: &Value, pointer: &str) -> anyhow::Result<String> {
    Ok(value.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no {pointer}"))?.to_owned())
}

/// Where browsers return to; nobody listens there, because the code is read from the redirect.
const REDIRECT_URI: &str = "https://app.example/callback";
/// What the app asks for.
const SCOPE: &str = "accounts:read balances:read transactions:read";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Redirects in a row.
const REDIRECTS_MAX: usize = 10;
/// Transactions of a full page.
const PAGE: usize = 25;
