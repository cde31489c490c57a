//! Apps and customers at work until the bank is gone. Nothing here expects an answer; what is answered goes to the ledger.

use lombard_testkit::{App, Form, Tokens, Wanted, https_client};
use reqwest::header::LOCATION;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::ledger::Shared;
use crate::customer::{Bank, Customer};
use crate::story::Sandbox;

/// What the apps ask for.
pub(crate) const SCOPE: &str = "accounts:read balances:read";

/// Starts the workers; each ends when an answer is missing.
pub(crate) fn begin(sandbox: &Sandbox, ledger: &Shared) -> Vec<JoinHandle<()>> {
    let bank = sandbox.bank();
    let mut workers = vec![tokio::spawn({
        let (bank, ledger) = (bank.clone(), ledger.clone());
        async move { while register(&bank, &ledger).await.is_some() {} }
    })];
    for username in ["alice", "bob", "chandra"] {
        let (bank, ledger, customer) = (bank.clone(), ledger.clone(), sandbox.customer(username));
        workers.push(tokio::spawn(async move {
            let http = https_client(&bank.ca_pem).cookie_store(true).build().unwrap();
            let Some(app) = register(&bank, &ledger).await else { return };
            let mut turn = 0;
            while story(&http, &app, &customer, &ledger, turn).await.is_some() {
                turn += 1;
            }
        }));
    }
    workers
}

async fn register(bank: &Bank, ledger: &Shared) -> Option<App> {
    let mut app = App::at(&bank.issuer, &bank.ca_pem, "", "");
    let body = json!({"client_name": "Pocket Ledger", "redirect_uris": [app.redirect_uri]});
    let answer = app.http.post(format!("{}/register", bank.issuer)).json(&body).send().await.ok()?;
    let answer: Value = good(answer, StatusCode::CREATED).await?.json().await.ok()?;
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (app.id, app.secret) = (text("client_id"), text("client_secret"));
    app.registration_token = text("registration_access_token");
    ledger.note(|ledger| ledger.apps.push(app.clone()));
    Some(app)
}

/// One consent, and what follows from it: every third code is left unused, every fifth token is given back.
async fn story(http: &Client, app: &App, customer: &Customer, ledger: &Shared, turn: u32) -> Option<()> {
    let code = allow(http, app, customer).await?;
    if turn % 3 == 1 {
        ledger.note(|ledger| ledger.codes.push((app.clone(), code)));
        return Some(());
    }
    let wanted = Wanted::scopes(SCOPE);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &app.redirect_uri),
        ("code_verifier", &wanted.verifier),
    ];
    let tokens: Value = good(post(app, "/token", &form).await?, StatusCode::OK).await?.json().await.ok()?;
    let tokens = Tokens::of(tokens);
    ledger.note(|ledger| ledger.spent.push((app.clone(), code)));
    if turn % 5 == 2 {
        good(post(app, "/revoke", &[("token", &tokens.refresh)]).await?, StatusCode::OK).await?;
        ledger.note(|ledger| ledger.revoked.push((app.clone(), tokens)));
        return Some(());
    }
    ledger.note(|ledger| ledger.tokens.push((app.clone(), tokens.clone())));
    for _ in 0..3 {
        let url = format!("{}/open-banking/v4.0/aisp/accounts", app.issuer);
        let answer = good(app.http.get(url).bearer_auth(&tokens.access).send().await.ok()?, StatusCode::OK).await?;
        let interaction = answer.headers()["x-fapi-interaction-id"].to_str().unwrap().to_owned();
        answer.bytes().await.ok()?;
        ledger.note(|ledger| ledger.reads.push(interaction));
    }
    Some(())
}

/// A customer allows the app; the code.
async fn allow(http: &Client, app: &App, customer: &Customer) -> Option<String> {
    let answer = http.get(app.authorize_url(&Wanted::scopes(SCOPE))).send().await.ok()?;
    let mut place = follow(http, &app.issuer, answer).await?;
    loop {
        let (url, page) = match place {
            Place::Page(url, page) => (url, page),
            Place::Away(url) => {
                let code = url.split(['?', '&']).find_map(|part| part.strip_prefix("code=").map(str::to_owned));
                return Some(code.unwrap_or_else(|| panic!("no code in {url}")));
            }
        };
        let form = Form::all(&page).into_iter().next().unwrap_or_else(|| panic!("no form on {url}: {page}"));
        let mut fields = form.hidden.clone();
        let mut add = |name: &str, value: &str| fields.push((name.to_owned(), value.to_owned()));
        if url.ends_with("/login") {
            add("username", &customer.username);
            add("password", &customer.password);
        } else if url.ends_with("/sca") {
            add("code", &customer.code);
        } else {
            assert!(url.ends_with("/consent"), "{url}: {page}");
            form.boxes.iter().for_each(|(name, value, _)| add(name, value));
            fields.extend(form.buttons["consent-allow"].field.clone());
        }
        let to = format!("{}{}", app.issuer, form.action);
        let answer = http.post(to).header("origin", &app.issuer).form(&fields).send().await.ok()?;
        place = follow(http, &app.issuer, answer).await?;
    }
}

/// Where a browser is: on a page of the bank, or sent away.
enum Place {
    Page(String, String),
    Away(String),
}

async fn follow(http: &Client, issuer: &str, mut answer: Response) -> Option<Place> {
    loop {
        if !answer.status().is_redirection() {
            let answer = good(answer, StatusCode::OK).await?;
            return Some(Place::Page(answer.url().to_string(), answer.text().await.ok()?));
        }
        let target = answer.headers()[LOCATION].to_str().unwrap().to_owned();
        let target = if target.starts_with('/') { format!("{issuer}{target}") } else { target };
        if !target.starts_with(&format!("{issuer}/")) {
            return Some(Place::Away(target));
        }
        answer = http.get(target).send().await.ok()?;
    }
}

async fn post(app: &App, path: &str, form: &[(&str, &str)]) -> Option<Response> {
    let request = app.http.post(format!("{}{path}", app.issuer)).basic_auth(&app.id, Some(&app.secret));
    request.form(form).send().await.ok()
}

/// An answer that came is a right one: nothing that was asked is wrong.
async fn good(answer: Response, status: StatusCode) -> Option<Response> {
    if answer.status() == status {
        return Some(answer);
    }
    let (found, url, headers) = (answer.status(), answer.url().clone(), answer.headers().clone());
    panic!("{found} in place of {status} from {url}: {headers:?} {}", answer.text().await.unwrap_or_default());
}
