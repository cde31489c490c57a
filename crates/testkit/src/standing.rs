//! What changes where an app stands: a customer's choice, their change of mind, an operator's suspension.

use lombard_domain::oauth::ClientStatus;
use reqwest::StatusCode;

use crate::answer::Answer;
use crate::app::{App, Tokens, Wanted};
use crate::bank::TestBank;
use crate::html::Form;

impl App {
    /// From consent to tokens, where the customer ticks these accounts only.
    ///
    /// # Panics
    /// If the customer is not asked about one of them.
    pub async fn connect_to(&self, bank: &TestBank, username: &str, scope: &str, accounts: &[String]) -> Tokens {
        let wanted = Wanted::scopes(scope);
        let (browser, page) = self.ask(bank, username, &wanted).await;
        let boxes: Vec<_> = page.form().boxes.into_iter().map(|(name, value, _)| (name, value)).collect();
        let ticked: Vec<_> = boxes.into_iter().filter(|(_, value)| accounts.contains(value)).collect();
        assert_eq!(ticked.len(), accounts.len(), "the page does not offer these accounts");
        let back = browser.submit_ticked(&page, &[], &ticked, "consent-allow").await;
        let code = back.parameter("code").unwrap_or_else(|| panic!("no code in {} {}", back.url, back.html));
        let response = self.redeem(&code, &wanted).await;
        assert_eq!(response.status(), StatusCode::OK);
        Tokens::of(response.json().await.expect("JSON"))
    }

    /// Another access token from a refresh token, for some of its scopes.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn narrowed(&self, refresh: &str, scope: &str) -> String {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("scope", scope)];
        Tokens::of(Answer::of(self.post("/token", &form).await).await.json()).some_access()
    }

    /// An access token of its own, without any customer.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn own_token(&self) -> String {
        let form = [("grant_type", "client_credentials")];
        Tokens::of(Answer::of(self.post("/token", &form).await).await.json()).some_access()
    }

    /// Calls the API and keeps the whole answer.
    pub async fn answer(&self, path: &str, token: &str) -> Answer {
        Answer::of(self.get(path, token).await).await
    }

    /// The accounts that a token can see.
    pub async fn accounts(&self, token: &str) -> Vec<String> {
        let body = self.read("/accounts", token).await;
        let accounts = body.pointer("/Data/Account").and_then(serde_json::Value::as_array).cloned();
        let id = |account: &serde_json::Value| Some(account.get("AccountId")?.as_str()?.to_owned());
        accounts.unwrap_or_default().iter().filter_map(id).collect()
    }
}

impl Tokens {
    fn some_access(self) -> String {
        assert!(!self.access.is_empty(), "no token: {}", self.answer);
        self.access
    }
}

impl TestBank {
    /// A customer takes back every consent that they have given.
    pub async fn revoke_consents(&self, username: &str) {
        let browser = self.browser();
        let page = browser.open("/my/consents").await;
        let mut page = browser.sign_in(&page, username).await;
        while let Some(form) = Form::all(&page.html).into_iter().find(|form| form.action.ends_with("/revoke")) {
            page = browser.post(&form.action, &form.hidden).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.html);
        }
    }

    /// An operator suspends an app, or lets it act again.
    ///
    /// # Panics
    /// If there is no such app, or nothing to change.
    pub async fn set_status(&self, app: &App, status: ClientStatus) {
        let id = app.id.parse().expect("a client's id");
        assert!(self.auth.set_client_status(Self::OPERATOR, id, status).await.expect("a change"));
    }
}
