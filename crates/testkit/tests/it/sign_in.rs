//! Signing in and answering: what a customer meets, and what a stranger who wants to be one meets.

use lombard_domain::time::Span;
use lombard_testkit::{App, Browser, Engine, Page, TestBank, Tokens, Wanted};
use reqwest::StatusCode;
use serde_json::{Value, json};

const SCOPE: &str = "openid accounts:read";
const SESSION: &str = "__Host-lombard-session";

async fn login_page(bank: &TestBank, app: &App) -> (Browser, Page) {
    let browser = bank.browser();
    let page = browser.open(&app.authorize_url(&Wanted::scopes(SCOPE))).await;
    assert!(page.url.ends_with("/login"), "{}", page.html);
    (browser, page)
}

async fn try_password(browser: &Browser, page: &Page, username: &str, password: &str) -> Page {
    browser.submit(page, &[("username", username), ("password", password)], "login-submit").await
}

async fn events(bank: &TestBank, event: &str) -> usize {
    bank.record(1000).await.iter().filter(|entry| entry.event == event).count()
}

/// The page without what is this browser's own and what was typed.
fn comparable(page: &Page, typed: &str) -> String {
    let form = page.form();
    let own = form.action.split('/').nth(2).unwrap();
    let csrf = &form.hidden.iter().find(|(name, _)| name == "csrf").unwrap().1;
    page.html.replace(own, "{id}").replace(csrf, "{csrf}").replace(&format!("value=\"{typed}\""), "value=\"{typed}\"")
}

#[tokio::test]
async fn an_unknown_user_meets_what_a_wrong_password_meets() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let (browser, login) = login_page(&bank, &app).await;
    let (other, other_login) = login_page(&bank, &app).await;
    for attempt in 1..=6 {
        let known = try_password(&browser, &login, "amelia", "wrong password").await;
        let unknown = try_password(&other, &other_login, "nobody.here", "wrong password").await;
        let expected = if attempt < 5 { StatusCode::BAD_REQUEST } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!((known.status, unknown.status), (expected, expected), "attempt {attempt}");
        assert_eq!(comparable(&known, "amelia"), comparable(&unknown, "nobody.here"), "attempt {attempt}");
        let headers = |page: &Page| {
            let mut headers = page.headers.clone();
            for own in ["date", "x-fapi-interaction-id", "content-length"] {
                headers.remove(own);
            }
            headers
        };
        assert_eq!(headers(&known), headers(&unknown), "attempt {attempt}");
        assert!(!known.html.contains("wrong password"), "a password is never shown again");
    }
}

#[tokio::test]
async fn five_failures_lock_for_a_while_and_the_right_password_too() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let (browser, login) = login_page(&bank, &app).await;
        for _ in 0..5 {
            try_password(&browser, &login, "amelia", "wrong").await;
        }
        let (elsewhere, page) = login_page(&bank, &app).await;
        let refused = try_password(&elsewhere, &page, "amelia", TestBank::PASSWORD).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "a lock holds for every browser");
        let spelled = try_password(&elsewhere, &page, "AMELIA", TestBank::PASSWORD).await;
        assert!(!spelled.url.ends_with("/sca"), "another spelling does not get round it");
        assert!(
            try_password(&elsewhere, &page, "jonah", TestBank::PASSWORD).await.url.ends_with("/sca"),
            "for one user only"
        );

        bank.clock.advance(Span::seconds(299));
        assert_eq!(
            try_password(&browser, &login, "amelia", TestBank::PASSWORD).await.status,
            StatusCode::TOO_MANY_REQUESTS
        );
        bank.clock.advance(Span::seconds(1));
        assert!(browser.sign_in(&login, "amelia").await.url.ends_with("/consent"), "{engine:?}");
    }
}

#[tokio::test]
async fn a_success_ends_the_run_of_failures() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let (browser, login) = login_page(&bank, &app).await;
    for _ in 0..2 {
        for _ in 0..4 {
            assert_eq!(try_password(&browser, &login, "amelia", "wrong").await.status, StatusCode::BAD_REQUEST);
        }
        let (fresh, page) = login_page(&bank, &app).await;
        assert!(fresh.sign_in(&page, "amelia").await.url.ends_with("/consent"));
    }
}

#[tokio::test]
async fn failures_of_both_factors_count_together() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let (browser, login) = login_page(&bank, &app).await;
    for _ in 0..2 {
        try_password(&browser, &login, "amelia", "wrong").await;
    }
    let sca = try_password(&browser, &login, "amelia", TestBank::PASSWORD).await;
    for (code, expected) in [("000000", 400), ("", 400), ("654321", 429), (TestBank::CODE, 429)] {
        let page = browser.submit(&sca, &[("code", code)], "sca-submit").await;
        assert_eq!(page.status.as_u16(), expected, "{code}");
        assert!(page.cookie(SESSION).is_none());
    }
    assert_eq!(events(&bank, "sign-in.succeeded").await, 0);
    bank.clock.advance(Span::minutes(5));
    let page = browser.submit(&sca, &[("code", TestBank::CODE)], "sca-submit").await;
    assert!(page.url.ends_with("/consent"), "{}", page.html);
}

#[tokio::test]
async fn no_step_can_be_left_out() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let (browser, login) = login_page(&bank, &app).await;
    let base = login.url.strip_suffix("/login").unwrap();
    let mut fields = login.form().hidden;
    fields.push(("code".to_owned(), TestBank::CODE.to_owned()));
    assert!(browser.post(&format!("{base}/sca"), &fields).await.url.ends_with("/login"), "no password yet");
    assert!(browser.open(&format!("{base}/sca")).await.url.ends_with("/login"));
    fields.push(("decision".to_owned(), "allow".to_owned()));
    for _ in 0..2 {
        let page = browser.post(&format!("{base}/consent"), &fields).await;
        assert!(page.url.starts_with(&bank.issuer) && page.parameter("code").is_none(), "{}", page.url);
        assert!(!browser.open(&format!("{base}/consent")).await.html.contains("consent-allow"));
        try_password(&browser, &login, "amelia", TestBank::PASSWORD).await;
    }
    assert_eq!(events(&bank, "consent.authorised").await, 0);
}

#[tokio::test]
async fn every_sign_in_makes_a_new_session_and_ends_the_old_one() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let (browser, login) = login_page(&bank, &app).await;
    let sca = try_password(&browser, &login, "amelia", TestBank::PASSWORD).await;
    // A session id that somebody planted beforehand is not taken over.
    let planted = "A".repeat(43);
    let known = login.cookie("__Host-lombard-browser").unwrap();
    let mut fields = sca.form().hidden;
    fields.push(("code".to_owned(), TestBank::CODE.to_owned()));
    let cookies = format!("__Host-lombard-browser={known}; {SESSION}={planted}");
    let bare = bank.http().post(&sca.url).header("cookie", cookies).form(&fields).send().await.unwrap();
    let set = bare.headers()["set-cookie"].to_str().unwrap().to_owned();
    let first = set.split([';', '=']).nth(1).unwrap().to_owned();
    assert!(set.starts_with(SESSION) && first != planted && first != known);
    let own_page = async |session: &str| {
        let request = bank.http().get(bank.url("/my/consents")).header("cookie", format!("{SESSION}={session}"));
        request.send().await.unwrap().status()
    };
    assert_eq!(own_page(&planted).await, StatusCode::SEE_OTHER);
    assert_eq!(own_page(&first).await, StatusCode::OK);

    let browser = bank.browser();
    let signed_in = browser.sign_in(&browser.open("/my/consents").await, "amelia").await;
    let second = signed_in.cookie(SESSION).unwrap();
    let page = browser.open(&app.authorize_url(&Wanted::scopes(SCOPE))).await;
    assert!(page.url.ends_with("/login"), "a request is always answered by somebody who signs in for it");
    let third = browser.sign_in(&page, "amelia").await.cookie(SESSION).unwrap();
    assert_ne!(second, third);
    assert_eq!(own_page(&second).await, StatusCode::SEE_OTHER, "the browser's former session is over");
    assert_eq!(own_page(&third).await, StatusCode::OK);
    assert_eq!(own_page(&first).await, StatusCode::OK, "another browser's is not");
}

#[tokio::test]
async fn a_session_ends_after_five_idle_minutes_and_when_the_customer_says_so() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let browser = bank.browser();
    browser.sign_in(&browser.open("/my/consents").await, "amelia").await;
    for _ in 0..3 {
        bank.clock.advance(Span::seconds(299));
        assert!(browser.open("/my/consents").await.url.ends_with("/my/consents"), "used in time, it goes on");
    }
    bank.clock.advance(Span::minutes(5));
    assert!(browser.open("/my/consents").await.url.ends_with("/login"));

    let (browser, page) = app.ask(&bank, "amelia", &Wanted::scopes(SCOPE)).await;
    bank.clock.advance(Span::minutes(5));
    let late = browser.submit(&page, &[], "consent-allow").await;
    assert_eq!((late.status, late.parameter("code")), (StatusCode::BAD_REQUEST, None));
    assert_eq!(events(&bank, "consent.authorised").await, 0);

    let browser = bank.browser();
    let page = browser.sign_in(&browser.open("/my/consents").await, "amelia").await;
    let out = browser.submit(&page, &[], "sign-out").await;
    assert_eq!(out.status, StatusCode::OK);
    assert!(out.cookies.iter().any(|cookie| cookie.starts_with(SESSION) && cookie.ends_with("Max-Age=0")));
    let session = page.cookie(SESSION).unwrap();
    let kept = bank.http().get(bank.url("/my/consents")).header("cookie", format!("{SESSION}={session}"));
    assert_eq!(kept.send().await.unwrap().status(), StatusCode::SEE_OTHER, "a copied cookie is worth nothing either");
}

#[tokio::test]
async fn an_interaction_belongs_to_one_browser_and_ends() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let (browser, login) = login_page(&bank, &app).await;
    let (stranger, _) = login_page(&bank, &app).await;
    let sca = try_password(&browser, &login, "amelia", TestBank::PASSWORD).await;
    let consent = browser.submit(&sca, &[("code", TestBank::CODE)], "sca-submit").await;
    // The stranger is signed in as well, as somebody else.
    let page = stranger.open("/my/consents").await;
    stranger.sign_in(&page, "jonah").await;
    for page in [&login, &sca, &consent] {
        let seen = stranger.open(&page.url).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{}", page.url);
        assert!(!seen.html.contains("<form"), "{}", page.url);
        let mut fields = page.form().hidden;
        fields.push(("decision".to_owned(), "allow".to_owned()));
        let sent = stranger.post(&page.url, &fields).await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN, "{}: the form's token is the other browser's", page.url);
    }
    for wrong in ["/interaction/nothing/login", "/interaction/%2e%2e%2fmy/login", "/interaction//login"] {
        let page = stranger.open(wrong).await;
        assert!(page.status.is_client_error(), "{wrong}: {}", page.status);
    }
    let back = browser.submit(&consent, &[], "consent-allow").await;
    assert!(back.parameter("code").is_some());
    for page in [&login, &sca, &consent] {
        assert_eq!(browser.open(&page.url).await.status, StatusCode::BAD_REQUEST, "answered, so over");
    }
    let again = browser.submit(&consent, &[], "consent-allow").await;
    assert_eq!((again.status, again.parameter("code")), (StatusCode::BAD_REQUEST, None));

    let (browser, login) = login_page(&bank, &app).await;
    bank.clock.advance(Span::minutes(15));
    assert_eq!(browser.open(&login.url).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(try_password(&browser, &login, "amelia", TestBank::PASSWORD).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_form_that_did_not_come_from_the_banks_own_page_does_nothing() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let (browser, page) = app.ask(&bank, "amelia", &Wanted::scopes(SCOPE)).await;
    let form = page.form();
    let accounts = form.boxes.iter().map(|(name, value, _)| (name.clone(), value.clone()));
    let mut good = form.hidden.clone();
    good.extend(accounts);
    good.push(("decision".to_owned(), "allow".to_owned()));
    let with_csrf = |token: &str| {
        let own = good.iter().filter(|(name, _)| name != "csrf").cloned();
        own.chain([("csrf".to_owned(), token.to_owned())]).collect::<Vec<_>>()
    };
    let (_, foreign) = app.ask(&bank, "jonah", &Wanted::scopes(SCOPE)).await;
    let foreign = foreign.form().hidden[0].1.clone();
    let own = form.hidden[0].1.clone();
    let missing: Vec<_> = good.iter().filter(|(name, _)| name != "csrf").cloned().collect();
    let twice: Vec<_> = good.iter().cloned().chain([("csrf".to_owned(), own.clone())]).collect();
    for fields in [missing, twice, with_csrf(""), with_csrf(&foreign), with_csrf(&own[1..])] {
        assert_eq!(browser.post(&page.url, &fields).await.status, StatusCode::FORBIDDEN, "{fields:?}");
    }
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://localhost"),
        ("origin", "https://localhost"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let sent = browser.post_with(&page.url, &good, &[(name, value)]).await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN, "{name}: {value}");
        let cancel = page.url.replace("/consent", "/cancel");
        assert_eq!(browser.post_with(&cancel, &good, &[(name, value)]).await.status, StatusCode::FORBIDDEN);
    }
    for event in ["consent.authorised", "consent.rejected"] {
        assert_eq!(events(&bank, event).await, 0, "{event}");
    }
    let same_origin = [("origin", bank.issuer.as_str()), ("sec-fetch-site", "same-origin")];
    let back = browser.post_with(&page.url, &good, &same_origin).await;
    assert!(back.parameter("code").is_some(), "{}", back.html);
}

#[tokio::test]
async fn a_stranger_cannot_stop_a_consent_or_sign_anybody_out() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let tokens = app.connect(&bank, "amelia", SCOPE).await;
    let browser = bank.browser();
    let list = browser.sign_in(&browser.open("/my/consents").await, "amelia").await;
    let forms = lombard_testkit::Form::all(&list.html);
    let revoke = forms.iter().find(|form| form.action.ends_with("/revoke")).unwrap();
    for action in [revoke.action.as_str(), "/my/sign-out"] {
        assert_eq!(browser.post(action, &[]).await.status, StatusCode::FORBIDDEN, "{action}");
        let evil = [("origin", "https://evil.example")];
        assert_eq!(browser.post_with(action, &revoke.hidden, &evil).await.status, StatusCode::FORBIDDEN, "{action}");
    }
    // Another customer, with a form of their own page.
    let other = bank.browser();
    let theirs = other.sign_in(&other.open("/my/consents").await, "jonah").await;
    let page = other.post(&revoke.action, &theirs.form().hidden).await;
    assert!(!page.html.contains("Pocket Ledger"), "{}", page.html);
    assert_eq!(app.get("/accounts", &tokens.access).await.status(), StatusCode::OK);
    assert!(browser.open("/my/consents").await.url.ends_with("/my/consents"));
}

#[tokio::test]
async fn a_customer_can_go_back_to_the_app_from_every_page() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let wanted = Wanted { state: "a state + more".to_owned(), ..Wanted::scopes(SCOPE) };
    for (stage, button) in [("login", "cancel"), ("sca", "cancel"), ("consent", "cancel"), ("consent", "consent-deny")]
    {
        let browser = bank.browser();
        let mut page = browser.open(&app.authorize_url(&wanted)).await;
        if stage != "login" {
            page = try_password(&browser, &page, "amelia", TestBank::PASSWORD).await;
        }
        if stage == "consent" {
            page = browser.submit(&page, &[("code", TestBank::CODE)], "sca-submit").await;
        }
        assert!(page.url.ends_with(stage));
        let fields: Vec<(String, String)> = page.form().hidden;
        let target = page.form().buttons[button].action.clone().unwrap_or_else(|| page.form().action);
        let fields = fields.into_iter().chain(page.form().buttons[button].field.clone()).collect::<Vec<_>>();
        let back = browser.post(&target, &fields).await;
        assert!(back.url.starts_with(&format!("{}?", app.redirect_uri)), "{stage} {button}: {}", back.url);
        assert_eq!(back.parameter("error").as_deref(), Some("access_denied"), "{stage} {button}");
        assert_eq!(back.parameter("state"), Some(wanted.state.clone()), "{stage} {button}");
        assert_eq!(back.parameter("iss"), Some(bank.issuer.clone()), "{stage} {button}");
        assert_eq!(back.parameter("code"), None, "{stage} {button}");
        assert_eq!(browser.open(&page.url).await.status, StatusCode::BAD_REQUEST, "{stage} {button}: it is over");
    }
    assert_eq!(events(&bank, "consent.rejected").await, 4);
    assert_eq!(events(&bank, "consent.authorised").await, 0);
}

async fn account_ids(app: &App, tokens: &Tokens) -> Vec<String> {
    let answer = app.read("/accounts", &tokens.access).await;
    let accounts = answer["Data"]["Account"].as_array().unwrap().clone();
    accounts.iter().map(|account| account["AccountId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_app_sees_the_accounts_that_were_ticked_and_no_other() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let wanted = Wanted::scopes("accounts:read balances:read transactions:read");
    let foreign = account_ids(&app, &app.connect(&bank, "priya", "accounts:read").await).await;
    let (browser, page) = app.ask(&bank, "amelia", &wanted).await;
    let boxes: Vec<_> = page
        .form()
        .boxes
        .into_iter()
        .map(|(name, value, ticked)| {
            assert!(ticked, "ticked by default");
            (name, value)
        })
        .collect();
    assert_eq!(boxes.len(), 3);

    let stranger = vec![boxes[0].clone(), ("account".to_owned(), foreign[0].clone())];
    let twice = vec![boxes[0].clone(), boxes[0].clone()];
    let garbage = vec![("account".to_owned(), "acc_nothing".to_owned())];
    for ticked in [vec![], stranger, twice, garbage] {
        let again = browser.submit_ticked(&page, &[], &ticked, "consent-allow").await;
        assert_eq!((again.status, again.parameter("code")), (StatusCode::BAD_REQUEST, None), "{ticked:?}");
        assert!(again.html.contains("id=\"notice\"") && again.form().boxes.len() == 3, "asked again: {ticked:?}");
    }
    assert_eq!(events(&bank, "consent.authorised").await, 1, "priya's only");

    let back = browser.submit_ticked(&page, &[], &boxes[1..2], "consent-allow").await;
    let tokens = Tokens::of(app.redeem(&back.parameter("code").unwrap(), &wanted).await.json().await.unwrap());
    assert_eq!(account_ids(&app, &tokens).await, [boxes[1].1.as_str()]);
    for (_, id) in [&boxes[0], &boxes[2]].into_iter().chain([&("account".to_owned(), foreign[0].clone())]) {
        for path in ["", "/balances", "/transactions"] {
            let refused = app.get(&format!("/accounts/{id}{path}"), &tokens.access).await;
            assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{id}{path}");
        }
    }
    app.read(&format!("/accounts/{}/balances", boxes[1].1), &tokens.access).await;
}

#[tokio::test]
async fn an_app_that_only_wants_to_know_who_it_is_asks_for_no_accounts() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let wanted = Wanted::scopes("openid");
    let (browser, page) = app.ask(&bank, "amelia", &wanted).await;
    assert!(page.form().boxes.is_empty());
    let back = browser.submit(&page, &[], "consent-allow").await;
    let tokens = Tokens::of(app.redeem(&back.parameter("code").unwrap(), &wanted).await.json().await.unwrap());
    let claims = Tokens::claims(tokens.id_token());
    assert_eq!(claims["nonce"], wanted.nonce);
    for request in [app.http.get(bank.url("/userinfo")), app.http.post(bank.url("/userinfo"))] {
        let userinfo = request.bearer_auth(&tokens.access).send().await.unwrap();
        assert_eq!(userinfo.status(), StatusCode::OK);
        assert_eq!(userinfo.headers()["cache-control"], "no-store");
        assert_eq!(userinfo.json::<Value>().await.unwrap(), json!({"sub": claims["sub"]}));
    }
    assert_eq!(app.get("/accounts", &tokens.access).await.status(), StatusCode::FORBIDDEN);

    // And the other way round: data without identity.
    let nameless = app.connect(&bank, "amelia", "accounts:read").await;
    assert_eq!(nameless.id_token(), "");
    let userinfo = app.http.get(bank.url("/userinfo")).bearer_auth(&nameless.access).send().await.unwrap();
    assert!(userinfo.headers()["www-authenticate"].to_str().unwrap().contains("insufficient_scope"), "RFC 6750 3.1");
    assert_eq!(lombard_testkit::refusal(userinfo).await, "403 insufficient_scope");
}
