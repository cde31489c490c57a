//! Pages: forms from nowhere, other people's browsers, other people's consents.

use lombard_testkit::{App, Engine, Form, TestBank, Wanted};

use super::{Kind, ROUTES, call};

/// Pages that begin something and therefore ask for nothing.
const BEGINNINGS: [(&str, &str); 3] = [("GET", "/authorize"), ("POST", "/authorize"), ("GET", "/my/consents")];

#[tokio::test]
async fn pages_refuse_browsers_that_were_not_sent_there() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let wanted = Wanted::scopes("accounts:read");
    let (browser, page) = app.ask(&bank, "amelia", &wanted).await;
    let id = page.url.split('/').nth(4).unwrap().to_owned();
    for (method, path, _) in ROUTES.iter().filter(|(_, _, kind)| *kind == Kind::Page) {
        if BEGINNINGS.contains(&(method, path)) {
            continue;
        }
        for id in [id.as_str(), "nothing", "%00"] {
            let path = path.replace("{id}", id);
            let form = (*method == "POST").then_some("csrf=x&username=amelia&password=x&code=123456&decision=allow");
            let answer = call(&bank, method, &path, &[], form).await;
            // A form that no page of ours was made for; a page of an interaction that this browser is not part of.
            let expected = if *method == "POST" { 403 } else { 400 };
            assert_eq!(answer.status, expected, "{method} {path}");
            assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
            assert!(!answer.text.contains("Amelia") && !answer.text.contains("Everyday"), "{method} {path}");
        }
    }
    // Whose browser it is can go on: nothing was used up.
    let back = browser.submit(&page, &[], "consent-allow").await;
    assert!(back.parameter("code").is_some(), "{}", back.url);
}

#[tokio::test]
async fn a_form_is_taken_from_our_own_pages_only() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let wanted = Wanted::scopes("accounts:read");
    let (browser, page) = app.ask(&bank, "amelia", &wanted).await;
    let form = page.form();
    let mut fields = form.hidden.clone();
    fields.extend(form.boxes.iter().map(|(name, value, _)| (name.clone(), value.clone())));
    fields.push(("decision".to_owned(), "allow".to_owned()));
    for headers in [
        vec![("origin", "https://evil.example")],
        vec![("origin", "null")],
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
    ] {
        let answer = browser.post_with(&form.action, &fields, &headers).await;
        assert_eq!(answer.status, 403, "{headers:?}");
    }
    let without: Vec<_> = fields.iter().filter(|(name, _)| name != "csrf").cloned().collect();
    assert_eq!(browser.post(&form.action, &without).await.status, 403);
    // The token of one page is of no use on another.
    let own = browser.open("/my/consents").await;
    let csrf = Form::all(&own.html).into_iter().flat_map(|form| form.hidden).find(|(name, _)| name == "csrf").unwrap();
    let swapped: Vec<_> = without.iter().cloned().chain([csrf]).collect();
    assert_eq!(browser.post(&form.action, &swapped).await.status, 403);
    let back = browser.post(&form.action, &fields).await;
    assert!(back.parameter("code").is_some(), "{} {}", back.url, back.html);
}

#[tokio::test]
async fn a_customer_cannot_take_back_another_customers_consent() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let tokens = app.connect(&bank, "amelia", "accounts:read").await;
        let browser = bank.browser();
        let amelias = browser.open("/my/consents").await;
        let amelias = browser.sign_in(&amelias, "amelia").await;
        let revoke = Form::all(&amelias.html).into_iter().find(|form| form.action.ends_with("/revoke")).unwrap();

        let browser = bank.browser();
        let page = browser.open("/my/consents").await;
        let page = browser.sign_in(&page, "priya").await;
        assert!(!page.html.contains("Pocket Ledger"), "a customer sees another customer's consent");
        let csrf =
            Form::all(&page.html).into_iter().flat_map(|form| form.hidden).find(|(name, _)| name == "csrf").unwrap();
        let foreign = browser.post(&revoke.action, std::slice::from_ref(&csrf)).await;
        let unknown = browser.post("/my/consents/con_00000000000000000000000001/revoke", &[csrf]).await;
        assert_eq!((foreign.status, &foreign.html), (unknown.status, &unknown.html));
        assert_eq!(app.get("/accounts", &tokens.access).await.status(), 200);
    }
}
