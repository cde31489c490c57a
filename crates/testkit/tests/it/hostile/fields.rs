//! Text fields: SQL, markup, NUL, line ends and lies in every field of every form, every JSON member, every header.

use lombard_testkit::{Answer, App, Engine, Form, TestBank, Wanted, example_folder};
use serde_json::{Value, json};

use super::{MARKUP, NASTY, assert_alive, assert_sound};

#[tokio::test]
async fn fields_of_the_oauth_endpoints() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let forms: [(&str, &[&str]); 4] = [
            ("/token", &["grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "scope", "client_id"]),
            (
                "/par",
                &["response_type", "redirect_uri", "scope", "code_challenge", "prompt", "request_uri", "client_id"],
            ),
            ("/introspect", &["token", "token_type_hint"]),
            ("/revoke", &["token", "token_type_hint"]),
        ];
        for (path, fields) in forms {
            for field in fields {
                for nasty in NASTY {
                    let mut form: Vec<(&str, &str)> = match path {
                        "/token" if *field == "refresh_token" => vec![("grant_type", "refresh_token")],
                        "/token" if *field == "scope" => vec![("grant_type", "client_credentials")],
                        "/token" => vec![
                            ("grant_type", "authorization_code"),
                            ("code", "x"),
                            ("redirect_uri", "x"),
                            ("code_verifier", "x"),
                        ],
                        _ => vec![("token", "x")],
                    };
                    form.retain(|(name, _)| name != field);
                    form.push((field, nasty));
                    let answer = Answer::of(app.post(path, &form).await).await;
                    assert_sound(&format!("{path} {field}={nasty:?}"), path, &answer);
                    assert!(!answer.text.contains(nasty) || nasty == "null", "{path} {field}: echoed {}", answer.text);
                }
            }
        }
        for nasty in NASTY {
            for (id, secret) in [(nasty, app.secret.as_str()), (app.id.as_str(), nasty)] {
                let request = app.http.post(bank.url("/token")).basic_auth(id, Some(secret));
                let answer =
                    Answer::of(request.form(&[("grant_type", "client_credentials")]).send().await.unwrap()).await;
                assert_sound(nasty, "/token", &answer);
                assert_eq!(answer.status, 401);
            }
        }
        assert_alive(&bank).await;
    }
}

#[tokio::test]
async fn parameters_of_the_authorization_endpoint() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let wanted = Wanted::scopes("accounts:read");
    let names = wanted.parameters(&app).into_iter().map(|(name, _)| name);
    for name in names.chain(["prompt", "request", "request_uri", "response_mode", "claims", "max_age", "ui_locales"]) {
        for nasty in NASTY {
            let parameters = wanted.changed(&app, &[(name, Some(nasty))]);
            let what = format!("{name}={nasty:?}");
            let answer = Answer::of(app.http.get(app.authorize_url_with(&parameters)).send().await.unwrap()).await;
            assert_sound(&what, "/authorize", &answer);
            let location = answer.header("location");
            assert!(
                answer.status != 303
                    || location.starts_with("/interaction/")
                    || location.starts_with(&app.redirect_uri),
                "{what}: {location}"
            );
            assert!(!answer.headers.contains_key("set-cookie") || !answer.header("set-cookie").contains("x=y"));
            if name == "redirect_uri" || name == "client_id" {
                assert_eq!(answer.status, 400, "{what}: sent somewhere it should not");
            }
            let answer =
                Answer::of(app.http.post(bank.url("/authorize")).form(&parameters).send().await.unwrap()).await;
            assert_sound(&what, "/authorize", &answer);
        }
    }
}

#[tokio::test]
async fn members_of_a_registration() {
    let bank = TestBank::new().await;
    let names = [
        "client_name",
        "client_uri",
        "logo_uri",
        "policy_uri",
        "tos_uri",
        "scope",
        "software_id",
        "software_version",
        "token_endpoint_auth_method",
        "subject_type",
        "jwks_uri",
        "software_statement",
        "client_id",
        "nasty",
    ];
    for nasty in NASTY {
        for name in names {
            let mut body = json!({"client_name": "App", "redirect_uris": ["https://app.example/"]});
            body[name] = json!(nasty);
            let answer = Answer::of(bank.http().post(bank.url("/register")).json(&body).send().await.unwrap()).await;
            assert_sound(&format!("{name}: {nasty:?}"), "/register", &answer);
            assert!(answer.status == 201 || answer.status == 400, "{name}: {nasty:?} {}", answer.status);
        }
        for name in ["redirect_uris", "contacts", "grant_types", "response_types"] {
            let mut body = json!({"client_name": "App", "redirect_uris": ["https://app.example/"]});
            body[name] = json!([nasty]);
            let answer = Answer::of(bank.http().post(bank.url("/register")).json(&body).send().await.unwrap()).await;
            assert_sound(&format!("{name}: {nasty:?}"), "/register", &answer);
        }
    }
}

/// An app's name is somebody else's text on our pages.
#[tokio::test]
async fn names_of_apps_are_escaped_on_every_page() {
    let bank = TestBank::new().await;
    for nasty in [NASTY[0], NASTY[1], NASTY[2], NASTY[4]] {
        let body = json!({"client_name": nasty, "redirect_uris": ["https://app.example/callback"], "client_uri": "https://app.example/?<b>"});
        let response = bank.http().post(bank.url("/register")).json(&body).send().await.unwrap();
        let answer: Value = response.json().await.unwrap();
        let plain = json!({"client_name": nasty, "redirect_uris": ["https://app.example/callback"]});
        assert!(answer["client_id"].is_string() || answer["error"] == "invalid_client_metadata");
        let app = App::register_as(&bank, &plain).await;
        let browser = bank.browser();
        let login = browser.open(&app.authorize_url(&Wanted::scopes("accounts:read"))).await;
        let consent = browser.sign_in(&login, "amelia").await;
        assert!(consent.url.ends_with("/consent"));
        let mine = browser.open("/my/consents").await;
        for page in [&login, &consent, &mine] {
            for markup in MARKUP {
                assert!(!page.html.contains(markup), "{} has {markup}", page.url);
            }
            assert!(!page.html.contains(nasty) || !nasty.contains(['<', '"', '\'']), "{} has {nasty}", page.url);
        }
        let back = browser.submit(&consent, &[], "consent-allow").await;
        assert!(back.parameter("code").is_some(), "{}", back.html);
    }
    let browser = bank.browser();
    let page = browser.open("/my/consents").await;
    let page = browser.sign_in(&page, "amelia").await;
    assert!(page.html.matches("/revoke").count() >= 4);
    MARKUP.iter().for_each(|markup| assert!(!page.html.contains(markup), "{markup}"));
}

/// What the bank's core calls people and accounts is somebody's text as well.
#[tokio::test]
async fn names_of_people_and_accounts_are_escaped_on_every_page() {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(example_folder()).unwrap().map(Result::unwrap) {
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let text = text.replace("Amelia Hart", "Amelia <script>alert(1)</script>");
        let text = text.replace(",Everyday,", ",\"\"\"><img src=x onerror=alert(1)>\",");
        std::fs::write(folder.path().join(entry.file_name()), text).unwrap();
    }
    let bank = TestBank::with(Engine::Sqlite, folder.path(), |_| {}).await;
    let app = App::register(&bank).await;
    let (browser, consent) = app.ask(&bank, "amelia", &Wanted::scopes("accounts:read")).await;
    let back = browser.submit(&consent, &[], "consent-allow").await;
    assert!(back.parameter("code").is_some());
    let mine = browser.open("/my/consents").await;
    for page in [&consent, &mine] {
        assert!(page.html.contains("img src=x"), "{} does not show the account", page.url);
        MARKUP.iter().for_each(|markup| assert!(!page.html.contains(markup), "{} has {markup}", page.url));
    }
    assert!(mine.html.contains("alert(1)"), "the page does not greet the customer");
}

#[tokio::test]
async fn fields_of_the_pages() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    for nasty in NASTY {
        let browser = bank.browser();
        let login = browser.open(&app.authorize_url(&Wanted::scopes("accounts:read"))).await;
        for typed in [[("username", nasty), ("password", nasty)], [("username", "amelia"), ("password", nasty)]] {
            let page = browser.submit(&login, &typed, "login-submit").await;
            assert!(page.status == 400 || page.status == 429, "{typed:?}: {}", page.status);
            MARKUP.iter().for_each(|markup| assert!(!page.html.contains(markup), "{typed:?}: {markup}"));
            assert!(!page.html.contains('\0'));
        }
        let bad_csrf = vec![("csrf".to_owned(), nasty.to_owned())];
        let action = Form::all(&login.html)[0].action.clone();
        assert_eq!(browser.post(&action, &bad_csrf).await.status, 403);
    }
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    for nasty in NASTY {
        let (browser, consent) = app.ask(&bank, "priya", &Wanted::scopes("accounts:read")).await;
        let form = consent.form();
        for fields in
            [vec![("account", nasty), ("decision", "allow")], vec![("decision", nasty)], vec![("account", nasty)]]
        {
            let mut all = form.hidden.clone();
            all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
            let page = browser.post(&form.action, &all).await;
            assert!(page.status.is_client_error(), "{fields:?}: {} {}", page.status, page.url);
            MARKUP.iter().for_each(|markup| assert!(!page.html.contains(markup), "{fields:?}: {markup}"));
        }
        let sca = bank.browser();
        let page = sca.open("/my/consents").await;
        let page = sca.submit(&page, &[("username", "jonah"), ("password", TestBank::PASSWORD)], "login-submit").await;
        if page.url.ends_with("/sca") {
            let page = sca.submit(&page, &[("code", nasty)], "sca-submit").await;
            assert!(page.status == 400 || page.status == 429, "{nasty:?}: {}", page.status);
        }
    }
}

#[tokio::test]
async fn headers_of_every_surface() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let token = app.connect(&bank, "amelia", "accounts:read").await.access;
    let long = "x".repeat(7000);
    let many_cookies = "a=b; ".repeat(1000);
    let raw: [&[u8]; 10] = [
        b"<script>alert(1)</script>",
        b"' OR '1'='1",
        b"\xff\xfe",
        b"",
        b",,,,;;;;====",
        b"__Host-lombard-session=x; __Host-lombard-session=y",
        b"__Host-lombard-session=\xff; __Host-lombard-browser=<b>",
        b"q=0, */*;q=x, text/html;q=-1, application/json;q=0",
        long.as_bytes(),
        many_cookies.as_bytes(),
    ];
    let names = [
        "accept",
        "accept-encoding",
        "accept-language",
        "authorization",
        "cookie",
        "origin",
        "referer",
        "user-agent",
        "x-fapi-auth-date",
        "x-fapi-customer-ip-address",
        "x-fapi-interaction-id",
        "x-fapi-financial-id",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-http-method-override",
        "sec-fetch-site",
        "if-none-match",
        "range",
        "content-encoding",
        "x-idempotency-key",
        "x-jws-signature",
    ];
    for path in ["/open-banking/v4.0/aisp/accounts", "/token", "/register/x", "/authorize", "/my/consents", "/nothing"]
    {
        for name in names {
            for value in raw {
                let value = reqwest::header::HeaderValue::from_bytes(value).unwrap();
                let mut request = bank.http().get(bank.url(path)).header(name, &value);
                if name != "authorization" {
                    request = request.bearer_auth(&token);
                }
                let answer = Answer::of(request.send().await.unwrap()).await;
                assert_sound(&format!("{path} {name}: {value:?}"), path, &answer);
            }
        }
    }
    for (sent, echoed) in [("93bac548-d2de-4546-b106-880a5018460d", true), ("a", true), ("<b>", false), ("a b", false)]
    {
        for path in ["/", "/nothing", "/token", "/open-banking/x", "/open-banking/v4.0/aisp/accounts"] {
            let request = bank.http().get(bank.url(path)).header("x-fapi-interaction-id", sent);
            let answer = Answer::of(request.send().await.unwrap()).await;
            assert_eq!(answer.header("x-fapi-interaction-id") == sent, echoed, "{path} {sent}");
        }
    }
    assert_alive(&bank).await;
}
