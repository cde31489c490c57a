//! What an app takes for an answer, and what it gets.

use lombard_testkit::{Answer, App, TestBank, Tokens};
use reqwest::Method;

const LODGE: &str = "/open-banking/v4.0/aisp/account-access-consents";

/// UK Open Banking: 406 for another character set; a set that is named is no reason to refuse.
#[tokio::test]
async fn there_is_one_character_set() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let customers = app.connect(&bank, "amelia", "openid accounts:read").await.access;
    let own = app.post("/token", &[("grant_type", "client_credentials"), ("scope", "accounts")]).await;
    let own = Tokens::of(own.json().await.unwrap()).access;
    let body = r#"{"Data": {"Permissions": ["ReadAccountsBasic"]}, "Risk": {}}"#;
    for (accepted, taken) in [
        ("application/json; charset=utf-8", true),
        ("application/json;CHARSET=\"UTF-8\"", true),
        ("application/json; charset=iso-8859-1, */*;q=0.1", true),
        ("application/json; charset=iso-8859-1", false),
        ("application/json;q=0.5;charset=\"utf-16\"", false),
        ("*/*; charset=us-ascii", false),
    ] {
        for (method, path, token, status) in
            [(Method::GET, "/open-banking/v4.0/aisp/accounts", &customers, 200), (Method::POST, LODGE, &own, 201)]
        {
            let request = app.http.request(method, bank.url(path)).bearer_auth(token).header("accept", accepted);
            let request = request.header("x-fapi-customer-ip-address", "203.0.113.7");
            let request = request.header("content-type", "application/json").body(body);
            let answer = Answer::of(request.send().await.unwrap()).await;
            assert_eq!(answer.status, if taken { status } else { 406 }, "{path} {accepted}: {}", answer.text);
            if !taken {
                let error = &answer.json()["Errors"][0];
                assert_eq!((error["ErrorCode"].as_str(), error["Path"].as_str()), (Some("U006"), Some("Accept")));
            }
        }
    }
}
