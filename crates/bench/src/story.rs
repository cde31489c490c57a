//! How an app of the profile `baseline` gets what it needs: it registers, a customer allows, a code becomes a token.
//!
//! Only through the front door, over HTTPS.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use reqwest::Client;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::case::API;
use crate::https::{self, json_of, text};
use crate::sandbox::Facts;

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
pub(crate) async fn connect(facts: &Arc<Facts>) -> anyhow::Result<Access> {
    let story = Story { client: https::client(facts)?, facts };
    let (id, secret) = story.register().await?;
    let customer = facts.customers.first().context("nobody can sign in")?;
    let code = Browser::new(facts)?.allow(&story.authorize(&id), customer).await?;
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

    /// The address to which the app sends the customer's browser.
    fn authorize(&self, client_id: &str) -> String {
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
        self.url(&format!("/authorize?{query}"))
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

/// Where browsers return to; nobody listens there, because the code is read from the redirect.
pub(crate) const REDIRECT_URI: &str = "https://app.example/callback";
/// What the app asks for.
const SCOPE: &str = "accounts:read balances:read transactions:read";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Transactions of a full page.
const PAGE: usize = 25;
