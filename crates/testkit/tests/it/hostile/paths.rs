//! Paths and methods that nobody serves: always the surface's own 404 or 405, never another route than the one that is written.

use std::collections::BTreeMap;

use lombard_testkit::{Answer, App, TestBank};

use super::{Surface, assert_alive, assert_sound};

/// Sends a request line as it is: a client would tidy the path first.
async fn raw(bank: &TestBank, method: &str, target: &str, token: &str) -> Answer {
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    let wire = bank.wire(request.as_bytes()).await;
    let head = wire.text.split("\r\n\r\n").next().unwrap();
    let headers: BTreeMap<_, _> = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    assert_eq!(wire.statuses().len(), 1, "{method} {target}: {}", wire.text);
    Answer { status: wire.statuses()[0], headers, text: wire.body().to_owned() }
}

#[tokio::test]
async fn tricks_with_paths_reach_nothing() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let token = app.connect(&bank, "amelia", "accounts:read balances:read").await.access;
    let account = app.accounts(&token).await.remove(0);
    let other = "acc_00000000000000000000000001";
    let base = "/open-banking/v4.0/aisp";
    let tricks = [
        format!("/{base}/accounts"),
        format!("{base}//accounts"),
        format!("{base}/accounts/"),
        format!("{base}/accounts/{account}/"),
        format!("{base}/accounts/{account}//balances"),
        format!("{base}/accounts/./{account}"),
        format!("{base}/accounts/{other}/../{account}"),
        format!("{base}/accounts/{other}/%2e%2e/{account}"),
        format!("{base}/./accounts"),
        format!("{base}/x/../accounts"),
        format!("{base}/%61ccounts"),
        format!("{base}/accounts%00"),
        format!("{base}/accounts%20"),
        format!("{base}/accounts;x=y"),
        format!("{base}/accounts.json"),
        format!("{base}/accounts/{account};/balances/"),
        format!("{base}/ACCOUNTS"),
        base.to_uppercase() + "/accounts",
        format!("{base}%2faccounts"),
        format!("{base}\\accounts"),
        format!("{base}/accounts%ff"),
        "/open-banking".to_owned(),
        "/open-banking/".to_owned(),
        "/open-bankingx".to_owned(),
        "/open-banking/v3.1/aisp/accounts".to_owned(),
        "/open-banking/v4.0/pisp/domestic-payments".to_owned(),
        "/open-banking/../register".to_owned(),
        "/token/".to_owned(),
        "//token".to_owned(),
        "/TOKEN".to_owned(),
        "/token%00".to_owned(),
        "/register/x/y".to_owned(),
        "/.well-known/".to_owned(),
        "/.well-known/openid-configuration/".to_owned(),
        "/.well-known/../token".to_owned(),
        "/my/consents/".to_owned(),
        "/my/../my/consents".to_owned(),
        "/interaction//login".to_owned(),
        "/interaction/x/login/".to_owned(),
        "/assets/../lombard.css".to_owned(),
        "/assets/%2e%2e/%2e%2e/etc/passwd".to_owned(),
        "/..".to_owned(),
        "/%00".to_owned(),
        "/%".to_owned(),
        "/%zz".to_owned(),
        "/<script>alert(1)</script>".to_owned(),
        "token".to_owned(),
        "*".to_owned(),
        "/?x=%3Cscript%3Ealert(1)%3C/script%3E&x=%ff".to_owned(),
        "/?<script>alert(1)</script>".to_owned() + "&x=%ff",
    ];
    for target in &tricks {
        let answer = raw(&bank, "GET", target, &token).await;
        if answer.headers.contains_key("x-fapi-interaction-id") {
            assert_sound(target, target, &answer);
        }
        let fine = [400, 404].contains(&answer.status) || (target.starts_with("/?") && answer.status == 200);
        assert!(fine, "{target}: {} {}", answer.status, answer.text);
    }
    // What is inside one segment stays there: it is an account that does not exist.
    for segment in [
        "%2e%2e",
        "..",
        ".",
        "%00",
        "%ff",
        "%",
        "%zz",
        ";",
        &format!("{account}%2fbalances"),
        &format!("{account};"),
        &format!("{account}%00"),
    ] {
        let target = format!("{base}/accounts/{segment}/balances");
        let answer = raw(&bank, "GET", &target, &token).await;
        assert_sound(&target, &target, &answer);
        assert_eq!((answer.status, answer.code().as_str()), (403, "U011"), "{target}");
    }
    let absolute = format!("https://evil.example{base}/accounts");
    let answer = raw(&bank, "GET", &absolute, &token).await;
    assert!(!answer.text.contains("evil.example"), "links are made from our own name");
    assert_alive(&bank).await;
}

#[tokio::test]
async fn other_methods_are_405_in_the_surfaces_own_shape() {
    let bank = TestBank::new().await;
    let mut by_path: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (method, path) in lombard_http::routes() {
        by_path.entry(path).or_default().push(method);
    }
    for (path, served) in &by_path {
        let path = path.replace(['{', '}'], "");
        for method in
            ["OPTIONS", "TRACE", "PATCH", "PUT", "DELETE", "POST", "GET", "PROPFIND", "GETX", "get", "M-SEARCH"]
        {
            if served.contains(&method) {
                continue;
            }
            let answer =
                Answer::of(bank.http().request(method.parse().unwrap(), bank.url(&path)).send().await.unwrap()).await;
            assert_sound(&format!("{method} {path}"), &path, &answer);
            assert_eq!(answer.status, 405, "{method} {path}");
            let allowed = answer.header("allow");
            assert!(served.iter().all(|method| allowed.contains(method)), "RFC 9110 15.5.6: {path} allows {allowed:?}");
        }
        if served.contains(&"GET") {
            let answer = Answer::of(bank.http().head(bank.url(&path)).send().await.unwrap()).await;
            assert!(answer.text.is_empty() && answer.status < 500, "HEAD {path}: {}", answer.status);
            assert!(answer.headers.contains_key("x-fapi-interaction-id"));
        }
    }
    for path in ["/nothing", "/open-banking/nothing", "/token/nothing"] {
        for method in ["GET", "POST", "DELETE", "OPTIONS", "BREW"] {
            let answer =
                Answer::of(bank.http().request(method.parse().unwrap(), bank.url(path)).send().await.unwrap()).await;
            assert_sound(&format!("{method} {path}"), path, &answer);
            assert_eq!(
                (answer.status, Surface::of(path) == Surface::Pages),
                (404, path == "/nothing"),
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn long_addresses_and_long_queries() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let token = app.connect(&bank, "amelia", "transactions:read").await.access;
    for length in [1_000, 7_000] {
        for path in ["/open-banking/v4.0/aisp/accounts/", "/register/", "/interaction/", "/"] {
            let target = format!("{path}{}", "a".repeat(length));
            assert_sound(&format!("{path} {length}"), &target, &raw(&bank, "GET", &target, &token).await);
        }
        for path in ["/authorize", "/open-banking/v4.0/aisp/accounts", "/jwks"] {
            let target = format!("{path}?{}", "a=1&".repeat(length / 4));
            assert_sound(&format!("{path} {length}"), &target, &raw(&bank, "GET", &target, &token).await);
        }
    }
    // Beyond what the server reads at all it says so, or closes the connection, and goes on with others.
    for length in [64 * 1024, 1024 * 1024] {
        for path in ["/open-banking/v4.0/aisp/accounts/", "/authorize?scope=", "/token?"] {
            let request =
                format!("GET {path}{} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "a".repeat(length));
            let wire = bank.wire(request.as_bytes()).await;
            assert!(
                wire.closed && wire.statuses().iter().all(|status| (400..500).contains(status)),
                "{path}: {:?}",
                wire.statuses()
            );
        }
    }
    assert_alive(&bank).await;
}
