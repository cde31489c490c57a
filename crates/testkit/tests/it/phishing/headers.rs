//! What pages and answers tell browsers: no frame around them, nothing from elsewhere in them, no power over the device, no referrer for others.

use super::*;

/// What every answer has.
const EVERYWHERE: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("strict-transport-security", "max-age=63072000"),
];
/// What pages have beside.
const PAGES: [(&str, &str); 4] = [
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("x-robots-tag", "noindex"),
];
/// Powers that no page has.
const POWERS: [&str; 9] = [
    "camera",
    "microphone",
    "geolocation",
    "payment",
    "usb",
    "clipboard-read",
    "display-capture",
    "identity-credentials-get",
    "serial",
];

fn has(headers: &reqwest::header::HeaderMap, wanted: &[(&str, &str)], what: &str) {
    for (name, value) in wanted {
        let all: Vec<_> = headers.get_all(*name).iter().collect();
        assert_eq!(all, [value], "{what}: {name}");
    }
}

fn policy(headers: &reqwest::header::HeaderMap) -> Vec<String> {
    let text = headers["content-security-policy"].to_str().unwrap();
    text.split(';').map(|part| part.trim().to_owned()).collect()
}

#[tokio::test]
async fn every_page_is_alone_in_its_window_and_has_no_powers() {
    let bank = TestBank::new().await;
    let app = app_called(&bank, "Pocket Ledger", "app.example").await;
    let (browser, consent) = app.ask(&bank, "amelia", &Wanted::scopes(SCOPE)).await;
    let mut pages = vec![consent];
    for path in [
        "/",
        "/my/consents",
        "/authorize?client_id=nobody",
        "/no/such/page",
        "/interaction/x/consent",
        "/logos/none.png",
    ] {
        pages.push(browser.open(path).await);
    }
    let login = bank.browser().open(&app.authorize_url(&Wanted::scopes(SCOPE))).await;
    pages.push(bank.browser().post(&login.form().action, &[]).await);
    pages.push(login);
    for page in pages {
        let what = format!("{} {}", page.status, page.url);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{what}");
        has(&page.headers, &EVERYWHERE, &what);
        has(&page.headers, &PAGES, &what);
        let policy = policy(&page.headers);
        for part in [
            "default-src 'none'",
            "style-src 'self'",
            "img-src 'self' data:",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.iter().any(|one| one == part), "{what}: {part}: {policy:?}");
        }
        assert!(
            !policy.iter().any(|one| one.contains("unsafe") || one.contains('*') || one.contains("script")),
            "{what}"
        );
        let powers = page.header("permissions-policy");
        for power in POWERS {
            assert!(powers.split(", ").any(|one| one == format!("{power}=()")), "{what}: {power}: {powers}");
        }
        assert!(powers.split(", ").all(|one| one.ends_with("=()")), "{what}: nothing is given: {powers}");
    }
}

#[tokio::test]
async fn answers_that_are_no_pages_show_nothing_and_are_framed_by_nobody() {
    let bank = TestBank::new().await;
    let app = app_called(&bank, "Pocket Ledger", "app.example").await;
    let http = bank.http();
    for path in [
        "/jwks",
        "/.well-known/openid-configuration",
        "/open-banking/v4.0/aisp/accounts",
        "/register/x",
        "/assets/lombard.css",
        "/userinfo",
    ] {
        let answer = http.get(bank.url(path)).send().await.unwrap();
        has(answer.headers(), &EVERYWHERE, path);
        let policy = policy(answer.headers());
        assert_eq!(policy, ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"], "{path}");
    }
    let token = app.post("/token", &[("grant_type", "client_credentials")]).await;
    has(token.headers(), &EVERYWHERE, "/token");
}

/// The app learns nothing of the bank's pages from where the customer comes.
#[tokio::test]
async fn the_way_back_to_the_app_carries_no_referrer() {
    let bank = TestBank::new().await;
    let app = app_called(&bank, "Pocket Ledger", "app.example").await;
    let (browser, page) = app.ask(&bank, "amelia", &Wanted::scopes(SCOPE)).await;
    let back = browser.submit(&page, &[], "consent-deny").await;
    assert!(back.url.starts_with("https://app.example/"), "{}", back.url);
    has(&back.headers, &EVERYWHERE, "the redirect");
    assert_eq!(page.header("referrer-policy"), "same-origin");
}
