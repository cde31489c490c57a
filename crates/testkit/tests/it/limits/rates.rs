//! Each limit: it refuses, it admits again after the time that it says, it is nobody else's, and no name that anybody can write counts.

use lombard_auth::access::Calls;
use lombard_auth::limit::{Class, Kind};
use lombard_domain::time::Span;
use lombard_testkit::{Answer, App, Browser, TestBank};
use reqwest::Method;
use serde_json::json;

use super::{bank, get, list, own_token, told, wait};

/// Uses a limit up, is refused, waits as long as it is told less a second in vain, and is admitted after that second.
async fn spend(bank: &TestBank, name: &str, burst: usize, call: impl AsyncFn() -> Answer) {
    for number in 0..burst {
        let answer = call().await;
        assert!(answer.status < 400, "{name}: number {number}: {} {}", answer.status, answer.text);
        let left = i64::try_from(burst - number - 1).unwrap();
        assert_eq!(told(&answer, name)[2], left, "{name}: number {number}");
    }
    let refused = call().await;
    assert_eq!(refused.status, 429, "{name}: {}", refused.text);
    assert_eq!(told(&refused, name)[2], 0, "{name}");
    let wait = wait(&refused);
    assert!(wait > 1, "{name}: {wait}");
    bank.clock.advance(Span::seconds(wait - 1));
    assert_eq!(call().await.status, 429, "{name}: a second too early");
    bank.clock.advance(Span::seconds(1));
    assert!(call().await.status < 400, "{name}: after the time that was told");
    assert_eq!(call().await.status, 429, "{name}: one came back, not all");
}

#[tokio::test]
async fn reads_are_counted_by_app_and_another_app_is_not_touched() {
    let bank = bank(&[(Class::Read, Kind::Client, "2/m burst 3")]).await;
    let (app, other) = (App::register(&bank).await, App::register(&bank).await);
    let token = app.connect(&bank, "amelia", "accounts:read").await.access;
    let others = other.connect(&bank, "amelia", "accounts:read").await.access;
    spend(&bank, "read-client", 3, async || get(&app, "/accounts", &token).await).await;
    let answer = get(&other, "/accounts", &others).await;
    assert_eq!((answer.status, told(&answer, "read-client")), (200, [3, 90, 2, 30]));
    // What it may do with other endpoints is not touched either.
    assert_eq!(app.post("/revoke", &[("token", &token)]).await.status(), 200);
}

#[tokio::test]
async fn reads_are_counted_by_customer_for_each_app() {
    let bank = bank(&[(Class::Read, Kind::Customer, "2/m burst 2")]).await;
    let (app, other) = (App::register(&bank).await, App::register(&bank).await);
    let amelia = app.connect(&bank, "amelia", "accounts:read").await.access;
    let again = app.connect(&bank, "amelia", "accounts:read").await.access;
    let jonah = app.connect(&bank, "jonah", "accounts:read").await.access;
    let others = other.connect(&bank, "amelia", "accounts:read").await.access;
    spend(&bank, "read-customer", 2, async || get(&app, "/accounts", &amelia).await).await;
    assert_eq!(get(&app, "/accounts", &again).await.status, 429, "a second consent of hers is no second limit");
    assert_eq!(get(&app, "/accounts", &jonah).await.status, 200, "another customer");
    assert_eq!(get(&other, "/accounts", &others).await.status, 200, "another app");
}

#[tokio::test]
async fn reads_are_counted_by_address_before_anything_is_looked_at() {
    let bank = bank(&[(Class::Read, Kind::Address, "2/m burst 3")]).await;
    let app = App::register(&bank).await;
    let token = app.connect(&bank, "amelia", "accounts:read").await.access;
    for _ in 0..3 {
        assert_eq!(get(&app, "/accounts", "no token of ours").await.status, 401);
    }
    let before = bank.db.statements();
    let refused = get(&app, "/accounts", &token).await;
    assert_eq!((refused.status, told(&refused, "read-address")[2]), (429, 0));
    assert_eq!(bank.db.statements(), before, "the database was not asked");
    bank.clock.advance(Span::seconds(wait(&refused)));
    assert_eq!(get(&app, "/accounts", &token).await.status, 200);
}

#[tokio::test]
async fn tokens_are_counted_by_app_and_only_once_it_has_proved_who_it_is() {
    let bank = bank(&[(Class::Token, Kind::Client, "2/m burst 3")]).await;
    let (app, other) = (App::register(&bank).await, App::register(&bank).await);
    let claimed = App { secret: "a guess".to_owned(), ..app.clone() };
    let form = [("grant_type", "client_credentials"), ("scope", "accounts")];
    for _ in 0..10 {
        let answer = Answer::of(claimed.post("/token", &form).await).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_client"));
        assert_eq!(answer.header("ratelimit"), "", "and nothing is told of what the app has left");
    }
    spend(&bank, "token-client", 3, async || Answer::of(app.post("/token", &form).await).await).await;
    assert_eq!(other.post("/token", &form).await.status(), 200);
}

#[tokio::test]
async fn a_token_that_is_not_ours_counts_for_no_app() {
    let bank = bank(&[(Class::Read, Kind::Client, "1/m burst 2")]).await;
    let app = App::register(&bank).await;
    let token = app.connect(&bank, "amelia", "accounts:read").await.access;
    let (signed, _) = token.rsplit_once('.').unwrap();
    for forged in [format!("{signed}.{}", "A".repeat(86)), format!("{signed}."), app.id.clone()] {
        for _ in 0..3 {
            let answer = get(&app, "/accounts", &forged).await;
            assert_eq!((answer.status, answer.header("ratelimit")), (401, ""), "{forged}");
        }
    }
    assert_eq!(told(&get(&app, "/accounts", &token).await, "read-client")[2], 1);
}

#[tokio::test]
async fn questions_about_funds_are_counted_by_consent() {
    let bank = bank(&[(Class::Funds, Kind::Consent, "30/h burst 4")]).await;
    let app = App::register(&bank).await;
    let ask = async |intent: &lombard_testkit::Intent, token: &str| {
        let amount = json!({"Amount": "1.00", "Currency": "GBP"});
        let body = json!({"Data": {"ConsentId": intent.consent, "Reference": "till", "InstructedAmount": amount}});
        let url = bank.url("/open-banking/v4.0/cbpii/funds-confirmations");
        Answer::of(app.http.post(url).bearer_auth(token).json(&body).send().await.unwrap()).await
    };
    let first = app.lodge_funds("IBAN", "GB87LOMB09012840017231").await;
    let second = app.lodge_funds("IBAN", "GB87LOMB09012840017231").await;
    let token = app.authorise(&bank, "amelia", &first).await.access;
    let other = app.authorise(&bank, "amelia", &second).await.access;
    spend(&bank, "funds-consent", 4, async || ask(&first, &token).await).await;
    assert_eq!(ask(&second, &other).await.status, 201, "another consent has its own");
}

#[tokio::test]
async fn what_apps_do_for_themselves_is_counted_by_app() {
    let bank = bank(&[
        (Class::Events, Kind::Client, "2/m burst 2"),
        (Class::Consent, Kind::Client, "2/m burst 2"),
        (Class::Revocation, Kind::Client, "2/m burst 2"),
    ])
    .await;
    let app = App::register(&bank).await;
    let token = own_token(&app, "accounts").await;
    let call = async |method: Method, path: &str| {
        let request = app.http.request(method, bank.url(path)).bearer_auth(&token).json(&json!({}));
        Answer::of(request.send().await.unwrap()).await
    };
    spend(&bank, "events-client", 2, async || call(Method::POST, "/open-banking/v4.0/events").await).await;
    let list = "/open-banking/v4.0/event-subscriptions";
    spend(&bank, "consent-client", 2, async || call(Method::GET, list).await).await;
    spend(&bank, "revocation-client", 2, async || Answer::of(app.post("/revoke", &[("token", "x")]).await).await).await;
}

#[tokio::test]
async fn registrations_and_what_is_public_are_counted_by_address() {
    let bank =
        bank(&[(Class::Registration, Kind::Address, "2/m burst 2"), (Class::Public, Kind::Address, "2/m burst 2")])
            .await;
    let http = bank.http();
    let app = json!({"client_name": "Pocket Ledger", "redirect_uris": ["https://app.example/callback"]});
    spend(&bank, "registration-address", 2, async || {
        Answer::of(http.post(bank.url("/register")).json(&app).send().await.unwrap()).await
    })
    .await;
    spend(&bank, "public-address", 2, async || Answer::of(http.get(bank.url("/jwks")).send().await.unwrap()).await)
        .await;
    assert_eq!(http.get(bank.url("/no/such/path")).send().await.unwrap().status(), 429, "what is no route is public");
}

async fn sign_in(browser: &Browser, bank: &TestBank, username: &str, password: &str) -> u16 {
    let page = browser.open(&bank.url("/my/consents")).await;
    let typed = [("username", username), ("password", password)];
    browser.submit(&page, &typed, "login-submit").await.status.as_u16()
}

#[tokio::test]
async fn sign_ins_are_counted_by_customer_also_with_the_right_password() {
    let bank = bank(&[(Class::SignIn, Kind::Customer, "1/m burst 3")]).await;
    for _ in 0..3 {
        assert_eq!(sign_in(&bank.browser(), &bank, "amelia", TestBank::PASSWORD).await, 200);
    }
    assert_eq!(sign_in(&bank.browser(), &bank, "amelia", TestBank::PASSWORD).await, 429);
    assert_eq!(sign_in(&bank.browser(), &bank, "nobody.at.all", "x").await, 400, "somebody else");
    bank.clock.advance(Span::seconds(60));
    assert_eq!(sign_in(&bank.browser(), &bank, "amelia", TestBank::PASSWORD).await, 200);
}

#[tokio::test]
async fn sign_ins_and_pages_are_counted_by_address() {
    let limits = [(Class::SignIn, Kind::Address, "1/m burst 2"), (Class::Page, Kind::Address, "1/s burst 30")];
    let bank = bank(&limits).await;
    let names = ["amelia", "jonah", "nobody.at.all"];
    let mut statuses = Vec::new();
    for name in names {
        statuses.push(sign_in(&bank.browser(), &bank, name, "a guess").await);
    }
    assert_eq!(statuses, [400, 400, 429], "one guess each for many customers is still many guesses");
    let mut pages = 0;
    while bank.browser().open(&bank.url("/my/consents")).await.status == 200 {
        pages += 1;
        assert!(pages < 100);
    }
    bank.clock.advance(Span::seconds(60));
    assert_eq!(sign_in(&bank.browser(), &bank, "amelia", TestBank::PASSWORD).await, 200);
}

#[tokio::test]
async fn all_limits_of_an_answer_are_in_one_list_the_tightest_first() {
    let bank = TestBank::with(lombard_testkit::Engine::Sqlite, &lombard_testkit::example_folder(), |policy| {
        policy.unattended.usual = Calls::PerDay(4);
        policy.limits.set(Class::Read, Kind::Address, Some("9/s burst 900".parse().unwrap()));
        policy.limits.set(Class::Read, Kind::Client, Some("5/s burst 50".parse().unwrap()));
        policy.limits.set(Class::Read, Kind::Customer, Some("1/m burst 3".parse().unwrap()));
    })
    .await;
    let app = App::register(&bank).await;
    let token = app.connect(&bank, "amelia", "accounts:read").await.access;
    let alone = app.by_itself();
    let names = |answer: &Answer| -> Vec<String> {
        list(answer.header("ratelimit")).into_iter().map(|(name, _)| name).collect()
    };
    let first = get(&alone, "/accounts", &token).await;
    assert_eq!(names(&first), ["read-customer", "unattended", "read-client"], "the address is told to nobody else");
    assert_eq!(told(&first, "read-customer"), [3, 180, 2, 60]);
    assert_eq!(told(&first, "unattended"), [4, 86_400, 3, 86_400]);
    assert_eq!(told(&first, "read-client"), [50, 10, 49, 1]);
    for _ in 0..2 {
        get(&alone, "/accounts", &token).await;
    }
    let refused = get(&alone, "/accounts", &token).await;
    assert_eq!((refused.status, wait(&refused)), (429, 60), "the customer's is in the way");
    bank.clock.advance(Span::minutes(3));
    assert_eq!(get(&alone, "/accounts", &token).await.status, 200, "the refused call had taken none of the four");
    bank.clock.advance(Span::minutes(1));
    let refused = get(&alone, "/accounts", &token).await;
    assert_eq!((refused.status, names(&refused)[0].as_str()), (429, "unattended"));
    assert!(wait(&refused) > 86_000);
}
