//! Routes that apps call as themselves: without credentials, with wrong ones, with another app's, for another app's things.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lombard_auth::Registration;
use lombard_domain::oauth::ClientStatus;
use lombard_testkit::{Answer, App, Engine, TestBank, Wanted, example_folder};
use serde_json::json;

use super::{Kind, ROUTES, call};

fn routes() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    ROUTES.iter().filter_map(|(method, path, kind)| match kind {
        Kind::Client(form) => Some((*method, *path, *form)),
        _ => None,
    })
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

#[tokio::test]
async fn apps_are_refused_without_their_credentials() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let other = App::register(&bank).await;
    let suspended = App::register(&bank).await;
    bank.set_status(&suspended, ClientStatus::Suspended).await;
    let own = basic(&app.id, &app.secret);
    let in_body = format!("client_id={}&client_secret={}", app.id, app.secret);
    let wrong_in_body = format!("client_id={}&client_secret={}", app.id, other.secret);
    let headers = [
        ("a wrong secret", basic(&app.id, "wrong")),
        ("no secret", basic(&app.id, "")),
        ("another app's secret", basic(&app.id, &other.secret)),
        ("an id that is no app's", basic("cli_00000000000000000000000001", &app.secret)),
        ("an id that is none", basic("x", &app.secret)),
        ("a suspended app", basic(&suspended.id, &suspended.secret)),
        ("the registration token", basic(&app.id, &app.registration_token)),
        ("a bearer token", format!("Bearer {}", app.secret)),
        ("no base64", "Basic *".to_owned()),
        ("no colon", format!("Basic {}", STANDARD.encode("x"))),
    ];
    for (method, path, form) in routes() {
        let allowed = call(&bank, method, path, &[("authorization", &own)], Some(form)).await;
        assert_ne!(allowed.status, 401, "{path}");
        for (who, header) in &headers {
            let answer = call(&bank, method, path, &[("authorization", header)], Some(form)).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (401, "invalid_client"),
                "{path}, {who}: {}",
                answer.text
            );
            assert!(answer.header("www-authenticate").starts_with("Basic "), "{path}, {who}");
        }
        for (who, status, body) in [
            ("nothing", 401, form.to_owned()),
            ("only an id", 401, format!("{form}&client_id={}", app.id)),
            ("another app's secret in the body", 401, format!("{form}&{wrong_in_body}")),
            ("the other way of authentication", 401, format!("{form}&{in_body}")),
        ] {
            let answer = call(&bank, method, path, &[], Some(&body)).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (status, "invalid_client"),
                "{path}, {who}: {}",
                answer.text
            );
        }
        let twice = [("authorization", own.as_str()), ("authorization", own.as_str())];
        for (who, headers, body) in [
            ("two headers", &twice[..], form.to_owned()),
            ("header and body", &twice[..1], format!("{form}&{in_body}")),
            ("another app's id in the body", &twice[..1], format!("{form}&client_id={}", other.id)),
        ] {
            let answer = call(&bank, method, path, headers, Some(&body)).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (400, "invalid_request"),
                "{path}, {who}: {}",
                answer.text
            );
        }
        let after = call(&bank, method, path, &[("authorization", &own)], Some(form)).await;
        assert_eq!(after.status, allowed.status, "{path}: a refused call changed something");
    }
}

#[tokio::test]
async fn what_belongs_to_another_app_does_not_exist() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let other = App::register(&bank).await;
        let wanted = Wanted::scopes("accounts:read");
        let code = app.code(&bank, "amelia", &wanted).await;
        let form = |code: &str, app: &App| {
            let uri = app.redirect_uri.clone();
            [
                ("grant_type", "authorization_code".to_owned()),
                ("code", code.to_owned()),
                ("redirect_uri", uri),
                ("code_verifier", wanted.verifier.clone()),
            ]
        };
        let send = |who: &App, path: &'static str, form: Vec<(&'static str, String)>| {
            let who = who.clone();
            async move {
                let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
                Answer::of(who.post(path, &form).await).await.comparable()
            }
        };

        let foreign = send(&other, "/token", form(&code, &app).to_vec()).await;
        let unknown = send(&other, "/token", form("nothing", &app).to_vec()).await;
        assert_eq!((foreign.status, foreign.code().as_str()), (400, "invalid_grant"));
        assert_eq!(foreign, unknown, "another app's code can be told from one that does not exist");

        let tokens = lombard_testkit::Tokens::of(send(&app, "/token", form(&code, &app).to_vec()).await.json());
        let refresh =
            |token: &str| vec![("grant_type", "refresh_token".to_owned()), ("refresh_token", token.to_owned())];
        let foreign = send(&other, "/token", refresh(&tokens.refresh)).await;
        assert_eq!((foreign.status, foreign.code().as_str()), (400, "invalid_grant"));
        assert_eq!(foreign, send(&other, "/token", refresh("nothing")).await);

        for token in [&tokens.access, &tokens.refresh] {
            let one = |token: &str| vec![("token", token.to_owned())];
            let foreign = send(&other, "/introspect", one(token)).await;
            assert_eq!((foreign.status, foreign.json()), (200, json!({"active": false})));
            assert_eq!(foreign, send(&other, "/introspect", one("nothing")).await);
            assert_eq!(send(&other, "/revoke", one(token)).await, send(&other, "/revoke", one("nothing")).await);
        }
        assert_eq!(app.answer("/accounts", &tokens.access).await.status, 200);
        assert_eq!(app.refresh(&tokens.refresh).await.status(), 200, "another app could revoke it");
    }
}

#[tokio::test]
async fn a_registration_opens_to_its_token_only() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let other = App::register(&bank).await;
    let access = app.own_token().await;
    let body = json!({"client_id": app.id, "client_name": "Taken over", "redirect_uris": ["https://evil.example/"]});
    let send = |method: &'static str, client: String, token: Option<String>| {
        let body = body.to_string();
        let bank = &bank;
        async move {
            let mut request = bank.http().request(method.parse().unwrap(), bank.url(&format!("/register/{client}")));
            request =
                if method == "PUT" { request.header("content-type", "application/json").body(body) } else { request };
            request = if let Some(token) = token { request.bearer_auth(token) } else { request };
            Answer::of(request.send().await.unwrap()).await
        }
    };
    let own = Some(app.registration_token.clone());
    let before = send("GET", app.id.clone(), own.clone()).await;
    assert_eq!(before.status, 200);
    for (method, path, _) in ROUTES.iter().filter(|(_, _, kind)| *kind == Kind::Registered) {
        let nobody = "cli_00000000000000000000000001";
        let cases = [
            ("no token", &*app.id, None),
            ("garbage", &app.id, Some("garbage".to_owned())),
            ("another app's token", &app.id, Some(other.registration_token.clone())),
            ("an access token", &app.id, Some(access.clone())),
            ("the secret", &app.id, Some(app.secret.clone())),
            ("an app that is not there", nobody, own.clone()),
            ("an id that is none", "%00", own.clone()),
        ];
        let mut first = None;
        for (who, client, token) in cases {
            let answer = send(method, client.to_owned(), token).await;
            assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_token"), "{method} {path}, {who}");
            let answer = answer.comparable();
            assert_eq!(*first.get_or_insert_with(|| answer.clone()), answer, "{method} {path}, {who}");
        }
    }
    assert_eq!(
        send("GET", app.id.clone(), own).await.comparable(),
        before.comparable(),
        "a refused call changed something"
    );
}

#[tokio::test]
async fn registration_is_open_to_whom_the_bank_lets() {
    let body = json!({"client_name": "App", "redirect_uris": ["https://app.example/"]}).to_string();
    let rules = [
        (Registration::Closed, [(None, 403), (Some("secret"), 403)]),
        (Registration::with_token("secret"), [(None, 401), (Some("wrong"), 401)]),
    ];
    for (rule, cases) in rules {
        let token = matches!(rule, Registration::Token(_)).then_some("secret");
        let bank = TestBank::with(Engine::Sqlite, &example_folder(), |policy| policy.registration = rule).await;
        let send = |token: Option<&'static str>| {
            let request =
                bank.http().post(bank.url("/register")).header("content-type", "application/json").body(body.clone());
            let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
            async move { Answer::of(request.send().await.unwrap()).await }
        };
        for (presented, status) in cases {
            assert_eq!(send(presented).await.status, status, "{presented:?}");
        }
        if token.is_some() {
            assert_eq!(send(token).await.status, 201);
        }
    }
}
