//! What an app says of itself is text on every page, whatever is in it.

use lombard_testkit::refusal;

use super::*;

const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'-alert(1)-'</title><svg onload=alert(1)>",
    "</form><form action=https://evil.example>",
    "{{ 7*7 }}<!--",
    "&lt;b&gt; &#x3c;",
];

#[tokio::test]
async fn names_with_markup_are_shown_as_they_are_and_mean_nothing() {
    let bank = TestBank::new().await;
    for (count, name) in HOSTILE.iter().enumerate() {
        let host = format!("app{count}.example");
        let mut body = body(name, &host);
        body["client_uri"] = json!(format!("https://{host}/\"onmouseover=\"alert(1)"));
        let app = App::register_as(&bank, &body).await;
        let organisation = Text::new(name).unwrap();
        let by = Text::new("Case 1").unwrap();
        bank.auth.verify_client(TestBank::OPERATOR, app.id.parse().unwrap(), organisation, by).await.unwrap();
        let (browser, page) = app.ask(&bank, "amelia", &Wanted::scopes(SCOPE)).await;
        let login = bank.browser().open(&app.authorize_url(&Wanted::scopes(SCOPE))).await;
        let back = browser.submit(&page, &[], "consent-allow").await;
        assert!(back.url.starts_with(&format!("https://{host}/callback")), "the form is ours: {}", back.url);
        let list = browser.open("/my/consents").await;
        for page in [&page, &login, &list] {
            assert!(!page.html.contains(name), "{name} stands unescaped on {}", page.url);
            for tag in ["<script", "<img src=x", "<svg onload", "<form action=h", "onmouseover=\""] {
                assert!(!page.html.contains(tag), "{name}: {tag} on {}", page.url);
            }
            assert!(page.html.contains(&escaped(name)), "{name} is shown as it is on {}", page.url);
        }
    }
}

/// As pages write it.
fn escaped(text: &str) -> String {
    let pairs = [("&", "&#38;"), ("<", "&#60;"), (">", "&#62;"), ("\"", "&#34;"), ("'", "&#39;")];
    pairs.iter().fold(text.to_owned(), |text, (sign, entity)| {
        if *sign == "&" { text.replace('&', "&#38;") } else { text.replace(sign, entity) }
    })
}

#[tokio::test]
async fn names_that_hide_something_are_refused() {
    let bank = TestBank::new().await;
    for name in [
        "Pocket\u{202e}regdeL",
        "Pocket\u{2066}Ledger",
        "Pocket\u{200b}Ledger",
        "Pocket\u{ad}Ledger",
        "Pocket\u{a0}Ledger",
        "Pocket\u{3164}Ledger",
        "Pocket\u{fe0f}Ledger",
        "Pocket\u{e0041}Ledger",
        "Pocket\u{2028}Ledger",
        "Pocket\nLedger",
        "Pocket\u{7}Ledger",
        "P\u{300}\u{301}\u{302}\u{303}ocket",
    ] {
        let response = bank.http().post(bank.url("/register")).json(&body(name, "app.example")).send().await.unwrap();
        assert_eq!(refusal(response).await, "400 invalid_client_metadata", "{name:?}");
    }
    let app = app_called(&bank, "Pocket Ledger", "app.example").await;
    let renamed = change(&bank, &app, body("Pocket\u{200d}Ledger", "app.example")).await;
    assert_eq!(refusal(renamed).await, "400 invalid_client_metadata");
}

#[tokio::test]
async fn names_of_other_scripts_and_very_long_words_are_names() {
    let bank = TestBank::new().await;
    let long = "W".repeat(80);
    for (count, name) in
        ["株式会社ポケット", "محفظة الجيب", "Zoë's Café", "ポケット App", long.as_str()].iter().enumerate()
    {
        let app = app_called(&bank, name, &format!("app{count}.example")).await;
        let page = asked(&bank, &app).await;
        // Between marks that keep a name written from the right from turning what stands beside it.
        assert!(page.html.contains(&format!("<bdi>{}</bdi>", escaped(name))), "{name}");
    }
}
