//! The audit trail: an entry for everything that matters, named by its call, and never a secret in it.

use lombard_auth::jose::Alg;
use lombard_domain::oauth::ClientStatus;
use lombard_domain::time::Span;
use lombard_store::audit::Recorded;
use lombard_testkit::{App, Engine, TestBank, Tokens, Wanted};
use reqwest::{Method, StatusCode};
use serde_json::json;

const SCOPE: &str = "openid accounts:read balances:read";

/// Everything that was given to somebody, typed by somebody or is somebody's: none of it may be on record.
#[derive(Default)]
struct Secrets(Vec<String>);

impl Secrets {
    fn of_app(&mut self, app: &App) {
        self.0.extend([app.secret.clone(), app.registration_token.clone()]);
    }

    fn of_tokens(&mut self, tokens: &Tokens) {
        for token in [&tokens.access, &tokens.refresh, tokens.id_token()] {
            // A signed token in full, and each of its parts.
            self.0.extend(
                std::iter::once(token).chain(token.split('.')).filter(|text| text.len() > 20).map(str::to_owned),
            );
        }
    }

    /// What the example bank holds of people, by column, and what is typed in these tests.
    fn of_people() -> Self {
        let amounts = ["1840.22", "184022", "5200.00", "520000"];
        let people =
            ["Hart", "Amelia", "amelia", "Jonah", "jonah", "Priya", "Nair", "example.com", "Everyday", "Household"];
        let accounts = ["GB87LOMB09012840017231", "09012840017249", "LOMB"];
        let typed = [TestBank::PASSWORD, TestBank::CODE, "a wrong password", "nobody.here"];
        Self([&amounts[..], &people, &accounts, &typed].concat().into_iter().map(str::to_owned).collect())
    }
}

/// Drives one of everything, and collects what was secret about it.
async fn drive(bank: &TestBank) -> (App, Secrets) {
    let mut secrets = Secrets::of_people();
    let wanted = Wanted::scopes(SCOPE);
    secrets.0.extend([wanted.verifier.clone(), wanted.nonce.clone(), wanted.state.clone()]);
    let app = App::register(bank).await;
    secrets.of_app(&app);
    let call = |method, path: &str| app.http.request(method, bank.url(path)).header("x-fapi-interaction-id", "call-1");
    let update = json!({"client_id": app.id, "redirect_uris": [app.redirect_uri], "client_name": "Hartford Ledger"});
    let path = format!("/register/{}", app.id);
    call(Method::PUT, &path).bearer_auth(&app.registration_token).json(&update).send().await.unwrap();

    let browser = bank.browser();
    let login = browser.open(&app.authorize_url(&wanted)).await;
    for username in ["amelia", "nobody.here", "\u{0}"] {
        browser.submit(&login, &[("username", username), ("password", "a wrong password")], "login-submit").await;
    }
    let page = browser.sign_in(&login, "amelia").await;
    secrets.0.extend(page.cookies.iter().map(|cookie| cookie.split([';', '=']).nth(1).unwrap().to_owned()));
    browser.submit(&page, &[], "consent-deny").await;
    browser.open(&app.authorize_url_with(&wanted.changed(&app, &[("scope", Some("admin"))]))).await;

    let code = app.code(bank, "amelia", &wanted).await;
    let tokens = Tokens::of(app.redeem(&code, &wanted).await.json().await.unwrap());
    secrets.0.push(code.clone());
    secrets.of_tokens(&tokens);
    call(Method::GET, "/open-banking/v4.0/aisp/accounts").bearer_auth(&tokens.access).send().await.unwrap();
    call(Method::GET, "/userinfo").bearer_auth(&tokens.access).send().await.unwrap();
    let accounts = app.read("/accounts", &tokens.access).await;
    let id = accounts["Data"]["Account"][0]["AccountId"].as_str().unwrap();
    app.read(&format!("/accounts/{id}/balances"), &tokens.access).await;
    assert_eq!(app.get(&format!("/accounts/{id}/transactions"), &tokens.access).await.status(), StatusCode::FORBIDDEN);
    let stranger = App { secret: "a secret that is wrong".to_owned(), ..app.clone() };
    stranger.refresh(&tokens.refresh).await;
    app.refresh("a refresh token that is none").await;
    secrets.0.extend(["a secret that is wrong".to_owned(), "a refresh token that is none".to_owned()]);
    app.post("/revoke", &[("token", &tokens.access)]).await;
    assert_eq!(app.get("/accounts", &tokens.access).await.status(), StatusCode::UNAUTHORIZED);
    app.redeem(&code, &wanted).await;

    let second = app.connect(bank, "amelia", SCOPE).await;
    secrets.of_tokens(&second);
    app.post("/revoke", &[("token", &second.refresh)]).await;
    let third = app.connect(bank, "amelia", SCOPE).await;
    secrets.of_tokens(&third);
    let browser = bank.browser();
    let list = browser.sign_in(&browser.open("/my/consents").await, "amelia").await;
    let forms = lombard_testkit::Form::all(&list.html);
    let revoke = forms.iter().find(|form| form.action.ends_with("/revoke")).unwrap();
    let list = browser.post(&revoke.action, &revoke.hidden).await;
    assert_eq!(list.status, StatusCode::OK);
    browser.submit(&list, &[], "sign-out").await;
    let fourth = app.connect(bank, "amelia", SCOPE).await;
    secrets.of_tokens(&fourth);
    bank.clock.advance(Span::minutes(11));
    assert_eq!(app.get("/accounts", &fourth.access).await.status(), StatusCode::UNAUTHORIZED);

    let id = app.id.parse().unwrap();
    for status in [ClientStatus::Suspended, ClientStatus::Active] {
        bank.auth.set_client_status(TestBank::OPERATOR, id, status).await.unwrap();
    }
    bank.auth.rotate_key(TestBank::OPERATOR, Alg::EdDsa, Span::hours(1)).await.unwrap();
    call(Method::DELETE, &path).bearer_auth(&app.registration_token).send().await.unwrap();
    (app, secrets)
}

fn texts(entry: &Recorded) -> [Option<&str>; 7] {
    [
        Some(entry.event.as_str()),
        entry.client.as_deref(),
        entry.customer.as_deref(),
        entry.consent.as_deref(),
        entry.account.as_deref(),
        entry.reason.as_deref(),
        entry.interaction.as_deref(),
    ]
}

#[tokio::test]
async fn everything_that_matters_is_on_record_and_nothing_secret_is() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let (app, secrets) = drive(&bank).await;
        let record = bank.record(1000).await;
        let has = |event: &str, reason: Option<&str>| {
            let found = record
                .iter()
                .find(|entry| entry.event == event && (reason.is_none() || entry.reason.as_deref() == reason));
            found.unwrap_or_else(|| panic!("{engine:?}: no {event} {reason:?}"))
        };
        for (event, reason) in [
            ("bank.imported", None),
            ("client.registered", None),
            ("client.updated", None),
            ("client.suspended", None),
            ("client.resumed", None),
            ("client.deleted", None),
            ("client.authentication-failed", Some("secret")),
            ("authorization.refused", Some("invalid_scope")),
            ("sign-in.failed", Some("password")),
            ("sign-in.failed", Some("username")),
            ("sign-in.succeeded", None),
            ("sign-in.ended", None),
            ("consent.rejected", None),
            ("consent.authorised", None),
            ("consent.revoked", Some("client")),
            ("consent.revoked", Some("customer")),
            ("consent.revoked", Some("bank")),
            ("code.replayed", None),
            ("token.issued", None),
            ("token.refused", Some("invalid_grant")),
            ("token.revoked", Some("access")),
            ("token.revoked", Some("grant")),
            ("data.read", Some("openid")),
            ("data.refused", Some("token-expired")),
            ("data.refused", Some("token-invalid")),
            ("key.published", None),
        ] {
            has(event, reason);
        }
        let read = record.iter().find(|entry| entry.event == "data.read" && entry.account.is_some());
        let read = read.expect("a read of one account");
        assert!(read.client.as_deref() == Some(&app.id) && read.customer.is_some() && read.consent.is_some());
        let refused = record.iter().find(|entry| entry.event == "data.refused" && entry.account.is_some());
        assert_eq!(refused.expect("a refusal for one account").client, Some(app.id.clone()));

        let named = |event: &str| {
            record.iter().any(|entry| entry.event == event && entry.interaction.as_deref() == Some("call-1"))
        };
        for event in ["client.updated", "data.read", "client.deleted"] {
            assert!(named(event), "{event} under the caller's own name for the call");
        }
        for entry in &record {
            assert!(entry.interaction.as_ref().is_some_and(|id| !id.is_empty()), "{entry:?}");
            for text in texts(entry).into_iter().flatten() {
                let leak = secrets.0.iter().find(|secret| text.contains(secret.as_str()));
                assert_eq!(leak, None, "{entry:?}");
            }
        }
        let times: Vec<i64> = record.iter().map(|entry| entry.at).collect();
        assert!(times.is_sorted_by(|later, earlier| later >= earlier), "newest first");
    }
}

#[tokio::test]
async fn what_is_refused_changes_the_record_by_its_refusal_only() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let before = bank.record(1000).await.len();
    // Nobody is behind these, so there is nobody to say anything about, and a stranger must not be able to fill the trail.
    for path in ["/open-banking/v4.0/aisp/accounts", "/userinfo"] {
        for token in ["nothing", "a.b.c"] {
            bank.http().get(bank.url(path)).bearer_auth(token).send().await.unwrap();
        }
        bank.http().get(bank.url(path)).send().await.unwrap();
    }
    bank.browser().open("/interaction/nothing/login").await;
    bank.browser().open("/authorize?client_id=nobody").await;
    assert_eq!(bank.record(1000).await.len(), before);
    app.refresh("nothing").await;
    let record = bank.record(1000).await;
    let refused = record.iter().find(|entry| entry.event == "token.refused").expect("on record");
    assert_eq!((record.len(), refused.client.as_ref()), (before + 1, Some(&app.id)));
}

#[tokio::test]
async fn the_database_file_holds_no_secret_and_no_personal_text() {
    let bank = TestBank::new().await;
    let (_, secrets) = drive(&bank).await;
    let stored = bank.stored();
    assert!(stored.len() > 100_000);
    let stored = String::from_utf8_lossy(&stored);
    let holds = |text: &str| stored.contains(text);
    assert!(holds("Hartford Ledger"), "what an app says of itself is public, so the search finds what is there");
    // Kept as they came, because they are no secrets: what an app said and wants back, and short words found in any file.
    let public = ["n-0S6_WzA2Mj", "the state of things", "Hart", "LOMB", TestBank::CODE, "184022", "520000"];
    for secret in secrets.0.iter().filter(|secret| !public.contains(&secret.as_str())) {
        assert!(!holds(secret), "{secret}");
    }
}

#[tokio::test]
async fn nothing_is_given_that_cannot_be_put_on_record() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let tokens = app.connect(&bank, "amelia", SCOPE).await;
    let accounts = app.read("/accounts", &tokens.access).await;
    let id = accounts["Data"]["Account"][0]["AccountId"].as_str().unwrap();
    let paths = ["/accounts".to_owned(), format!("/accounts/{id}"), format!("/accounts/{id}/balances")];
    let database = rusqlite::Connection::open(bank.file()).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON audit_inbox BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
    database.execute_batch(full).unwrap();
    for path in &paths {
        let answer = app.get(path, &tokens.access).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        let body: serde_json::Value = answer.json().await.unwrap();
        assert!(body["Errors"][0]["ErrorCode"].is_string() && body.get("Data").is_none(), "{path}: {body}");
    }
    database.execute_batch("DROP TRIGGER full").unwrap();
    for path in &paths {
        assert_eq!(app.get(path, &tokens.access).await.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_read_is_made_ready_while_its_entry_is_written_and_given_afterwards() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let tokens = app.connect(&bank, "amelia", SCOPE).await;
    let statements = bank.db.statements();
    app.read("/accounts", &tokens.access).await;
    let of_a_read = bank.db.statements() - statements;
    // Nobody can write as long as somebody does.
    let writer = bank.db.begin("test").await.unwrap();
    let statements = bank.db.statements();
    let mut read = tokio::spawn({
        let (app, token) = (app.clone(), tokens.access.clone());
        async move { app.get("/accounts", &token).await.status() }
    });
    let ready = async {
        // All but its entry.
        while bank.db.statements() - statements < of_a_read - 1 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(4), ready).await.expect("it is fetched meanwhile");
    let early = tokio::time::timeout(std::time::Duration::from_millis(200), &mut read).await;
    assert!(early.is_err(), "its entry is not written");
    drop(writer);
    assert_eq!(read.await.unwrap(), StatusCode::OK);
}
