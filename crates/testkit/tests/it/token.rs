//! The token endpoint: who may call it, and what becomes of codes, refresh tokens and an app's own tokens.

use lombard_domain::oauth::ClientStatus;
use lombard_domain::time::Span;
use lombard_testkit::{Answer, App, Engine, TestBank, Tokens, Wanted, refusal};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

const SCOPE: &str = "openid accounts:read balances:read";

async fn status(app: &App, token: &str) -> u16 {
    app.get("/accounts", token).await.status().as_u16()
}

/// Asks for tokens with changes to what a code's owner sends: a value replaces or adds, `None` leaves out.
async fn redeem_with(app: &App, code: &str, wanted: &Wanted, changes: &[(&'static str, Option<&str>)]) -> Response {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &app.redirect_uri),
        ("code_verifier", &wanted.verifier),
    ];
    for (name, value) in changes {
        form.retain(|(known, _)| known != name);
        form.extend(value.map(|value| (*name, value)));
    }
    app.post("/token", &form).await
}

#[tokio::test]
async fn a_code_that_comes_twice_takes_back_what_it_gave() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let wanted = Wanted::scopes(SCOPE);
        let untouched = app.connect(&bank, "amelia", SCOPE).await;
        let code = app.code(&bank, "amelia", &wanted).await;
        let tokens = Tokens::of(app.redeem(&code, &wanted).await.json().await.unwrap());
        let refreshed = Tokens::of(app.refresh(&tokens.refresh).await.json().await.unwrap());
        assert_eq!(status(&app, &refreshed.access).await, 200);

        assert_eq!(refusal(app.redeem(&code, &wanted).await).await, "400 invalid_grant");
        for token in [&tokens.access, &refreshed.access] {
            assert_eq!(status(&app, token).await, 401);
            assert_eq!(app.introspect(token).await, json!({"active": false}));
        }
        assert_eq!(refusal(app.refresh(&tokens.refresh).await).await, "400 invalid_grant");
        assert_eq!(status(&app, &untouched.access).await, 200, "another consent of the same customer");
        let browser = bank.browser();
        let list = browser.sign_in(&browser.open("/my/consents").await, "amelia").await;
        assert_eq!(list.html.matches("/revoke\"").count(), 1, "the other is over: {}", list.html);
    }
}

#[tokio::test]
async fn a_wrong_try_does_not_cost_the_right_app_its_code() {
    let bank = TestBank::new().await;
    let uris = ["https://app.example/callback", "https://app.example/other"];
    let app = App::register_as(&bank, &json!({"redirect_uris": uris})).await;
    let other = App::register_as(&bank, &json!({"redirect_uris": uris})).await;
    let wanted = Wanted::scopes(SCOPE);
    let code = app.code(&bank, "amelia", &wanted).await;
    let verifier = format!("{}x", wanted.verifier);
    let (challenge, long) = (wanted.challenge(), "a".repeat(129));
    for (changes, expected) in [
        (&[("code_verifier", Some(verifier.as_str()))], "400 invalid_grant"),
        (&[("code_verifier", Some(&challenge))], "400 invalid_grant"),
        (&[("code_verifier", Some("short"))], "400 invalid_grant"),
        (&[("code_verifier", Some(&long))], "400 invalid_grant"),
        (&[("code_verifier", None)], "400 invalid_request"),
        (&[("redirect_uri", Some(uris[1]))], "400 invalid_grant"),
        (&[("redirect_uri", Some("https://app.example/callback/"))], "400 invalid_grant"),
        (&[("redirect_uri", None)], "400 invalid_request"),
        (&[("code", None)], "400 invalid_request"),
        (&[("code", Some(""))], "400 invalid_request"),
        (&[("code", Some("nothing"))], "400 invalid_grant"),
        (&[("grant_type", None)], "400 invalid_request"),
        (&[("grant_type", Some("password"))], "400 unsupported_grant_type"),
        (&[("grant_type", Some("implicit"))], "400 unsupported_grant_type"),
        (&[("grant_type", Some("AUTHORIZATION_CODE"))], "400 unsupported_grant_type"),
        (&[("grant_type", Some("urn:ietf:params:oauth:grant-type:jwt-bearer"))], "400 unsupported_grant_type"),
        (&[("client_id", Some(other.id.as_str()))], "400 invalid_request"),
    ] {
        let case = format!("{changes:?}");
        assert_eq!(refusal(redeem_with(&app, &code, &wanted, changes).await).await, expected, "{case}");
    }
    assert_eq!(refusal(other.redeem(&code, &wanted).await).await, "400 invalid_grant", "somebody else's code");
    let twice = [("grant_type", "client_credentials"), ("grant_type", "client_credentials")];
    assert_eq!(refusal(app.post("/token", &twice).await).await, "400 invalid_request");

    let answer = app.redeem(&code, &wanted).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let answer: Value = answer.json().await.unwrap();
    assert_eq!((&answer["token_type"], &answer["scope"]), (&json!("Bearer"), &json!(SCOPE)));
    assert!(answer["expires_in"].as_i64().unwrap() <= 600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_tries_at_the_same_time_exactly_one_gets_tokens() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let wanted = Wanted::scopes(SCOPE);
        let code = app.code(&bank, "amelia", &wanted).await;
        let tries: Vec<_> = (0..16)
            .map(|_| {
                let (app, code, wanted) = (app.clone(), code.clone(), wanted.clone());
                tokio::spawn(async move { app.redeem(&code, &wanted).await })
            })
            .collect();
        let mut won = Vec::new();
        for one in tries {
            let response = one.await.unwrap();
            if response.status() == StatusCode::OK {
                won.push(Tokens::of(response.json().await.unwrap()));
            } else {
                assert_eq!(refusal(response).await, "400 invalid_grant", "{engine:?}");
            }
        }
        assert_eq!(won.len(), 1, "{engine:?}");
        assert_eq!(status(&app, &won[0].access).await, 401, "{engine:?}: the others were replays");
    }
}

#[tokio::test]
async fn a_refresh_token_works_again_and_again_and_never_for_more() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let other = App::register(&bank).await;
    let tokens = app.connect(&bank, "amelia", SCOPE).await;
    // A lost answer costs nothing: the same token works again (FAPI 2.0 Security Profile 5.3.2.1-9).
    for _ in 0..3 {
        let response = app.refresh(&tokens.refresh).await;
        assert_eq!(response.headers()["cache-control"], "no-store");
        let again = Tokens::of(response.json().await.unwrap());
        assert_eq!(again.refresh, tokens.refresh);
        assert_eq!(again.answer["scope"], SCOPE);
        assert_eq!(status(&app, &again.access).await, 200);
    }
    let narrowed = |scope: &'static str| {
        let (app, token) = (app.clone(), tokens.refresh.clone());
        let form = [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("scope", scope)];
        let form = form.map(|(name, value)| (name.to_owned(), value.to_owned()));
        async move {
            app.http
                .post(format!("{}/token", app.issuer))
                .basic_auth(&app.id, Some(&app.secret))
                .form(&form)
                .send()
                .await
                .unwrap()
        }
    };
    let less = Tokens::of(narrowed("balances:read").await.json().await.unwrap());
    assert_eq!(less.answer["scope"], "balances:read");
    assert_eq!(status(&app, &less.access).await, 403, "RFC 6749 6: the token has the narrower scope");
    for scope in ["accounts:read transactions:read", "transactions:read", "admin"] {
        assert_eq!(refusal(narrowed(scope).await).await, "400 invalid_scope", "{scope}");
    }
    let whole = Tokens::of(app.refresh(&tokens.refresh).await.json().await.unwrap());
    assert_eq!(whole.answer["scope"], SCOPE, "narrowing was for one token only");

    assert_eq!(refusal(other.refresh(&tokens.refresh).await).await, "400 invalid_grant", "another app");
    for wrong in ["nothing", &tokens.access, &format!("{}x", tokens.refresh)] {
        assert_eq!(refusal(app.refresh(wrong).await).await, "400 invalid_grant");
    }
    let missing = app.post("/token", &[("grant_type", "refresh_token")]).await;
    assert_eq!(refusal(missing).await, "400 invalid_request");
    assert_eq!(status(&app, &tokens.access).await, 200);
    assert_eq!(app.get("/accounts", &tokens.refresh).await.status().as_u16(), 401, "a refresh token opens no data");
}

#[tokio::test]
async fn an_access_token_is_over_after_its_minutes() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let tokens = app.connect(&bank, "amelia", SCOPE).await;
    let life = Span::seconds(tokens.answer["expires_in"].as_i64().unwrap());
    bank.clock.advance(Span::seconds(life.whole_seconds() - 1));
    assert_eq!(status(&app, &tokens.access).await, 200);
    bank.clock.advance(Span::seconds(1));
    assert_eq!(status(&app, &tokens.access).await, 401);
    assert_eq!(app.refresh(&tokens.refresh).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn tokens_die_with_the_consent_and_sleep_while_the_app_is_suspended() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let tokens = app.connect(&bank, "amelia", SCOPE).await;
    let id = app.id.parse().unwrap();

    assert!(bank.auth.set_client_status(TestBank::OPERATOR, id, ClientStatus::Suspended).await.unwrap());
    assert_eq!(status(&app, &tokens.access).await, 401);
    assert_eq!(refusal(app.refresh(&tokens.refresh).await).await, "401 invalid_client");
    assert!(bank.auth.set_client_status(TestBank::OPERATOR, id, ClientStatus::Active).await.unwrap());
    assert_eq!(status(&app, &tokens.access).await, 200);

    // Just before the consent ends a token is still given, but it does not outlive the consent.
    bank.clock.advance(Span::seconds(Span::days(90).whole_seconds() - 10));
    let last = Tokens::of(app.refresh(&tokens.refresh).await.json().await.unwrap());
    assert_eq!(status(&app, &last.access).await, 200);
    bank.clock.advance(Span::seconds(10));
    assert_eq!(status(&app, &last.access).await, 401);
    assert_eq!(app.introspect(&last.access).await, json!({"active": false}));
    assert_eq!(refusal(app.refresh(&tokens.refresh).await).await, "400 invalid_grant");
}

#[tokio::test]
async fn nobody_can_allow_an_app_that_was_suspended_meanwhile() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let (browser, page) = app.ask(&bank, "amelia", &Wanted::scopes(SCOPE)).await;
    let id = app.id.parse().unwrap();
    assert!(bank.auth.set_client_status(TestBank::OPERATOR, id, ClientStatus::Suspended).await.unwrap());
    let after = browser.submit(&page, &[], "consent-allow").await;
    assert_eq!((after.status, after.parameter("code")), (StatusCode::BAD_REQUEST, None));
    assert!(bank.record(50).await.iter().all(|entry| entry.event != "consent.authorised"));
}

#[tokio::test]
async fn an_apps_own_token_opens_no_customers_data() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let response = app.post("/token", &[("grant_type", "client_credentials"), ("scope", "accounts:read")]).await;
    let own = Tokens::of(response.json().await.unwrap());
    assert_eq!((own.refresh.as_str(), own.id_token()), ("", ""), "RFC 6749 4.4.3");
    assert_eq!(own.answer["scope"], "accounts:read");
    for path in
        ["/accounts", "/accounts/acc_00000000000000000000000000", "/accounts/acc_00000000000000000000000000/balances"]
    {
        assert_eq!(app.get(path, &own.access).await.status().as_u16(), 401, "{path}");
    }
    let userinfo = app.http.get(bank.url("/userinfo")).bearer_auth(&own.access).send().await.unwrap();
    assert_eq!(refusal(userinfo).await, "401 invalid_token");
    assert_eq!(app.introspect(&own.access).await["active"], true);
    for scope in ["openid", "openid openid", "admin", "openid admin"] {
        let refused = app.post("/token", &[("grant_type", "client_credentials"), ("scope", scope)]).await;
        assert_eq!(refusal(refused).await, "400 invalid_scope", "{scope}");
    }
}

/// RFC 6749 3.3: what is left out is said. Without a customer there is nobody whose identity could be told.
#[tokio::test]
async fn openid_is_left_out_of_an_apps_own_token() {
    let bank = TestBank::new().await;
    let scope = |scope: &str| json!({"redirect_uris": ["https://app.example/cb"], "scope": scope});
    let ask = async |app: &App, asked: &str| {
        app.post("/token", &[("grant_type", "client_credentials"), ("scope", asked)]).await
    };
    for registered in ["openid accounts", "accounts"] {
        let app = App::register_as(&bank, &scope(registered)).await;
        let tokens = Tokens::of(ask(&app, "openid accounts").await.json().await.unwrap());
        assert_eq!((&tokens.answer["scope"], tokens.id_token()), (&json!("accounts"), ""), "{registered}");
        assert_eq!(app.introspect(&tokens.access).await["scope"], "accounts", "{registered}");
        for asked in ["openid", "openid fundsconfirmations"] {
            assert_eq!(refusal(ask(&app, asked).await).await, "400 invalid_scope", "{registered}: {asked}");
        }
    }
}

/// There need be no consent where a token is too little, so the refusal speaks of none.
#[tokio::test]
async fn a_token_that_is_too_little_is_told_so() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let customers = app.connect(&bank, "amelia", SCOPE).await.access;
    let own = app.post("/token", &[("grant_type", "client_credentials"), ("scope", "fundsconfirmations")]).await;
    let own = Tokens::of(own.json().await.unwrap()).access;
    let lodge = "/open-banking/v4.0/aisp/account-access-consents";
    for (method, path, token) in [
        (Method::POST, lodge, &own),
        (Method::POST, lodge, &customers),
        (Method::GET, "/open-banking/v4.0/aisp/products", &customers),
    ] {
        let answer =
            Answer::of(app.http.request(method, bank.url(path)).bearer_auth(token).send().await.unwrap()).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "AG01"), "{path}");
        assert_eq!(answer.json()["Errors"][0]["Message"], "The access token does not allow this", "{path}");
    }
}

#[tokio::test]
async fn an_app_uses_only_the_grant_types_it_registered() {
    let bank = TestBank::new().await;
    let body = json!({"redirect_uris": ["https://app.example/cb"], "grant_types": ["authorization_code"]});
    let app = App::register_as(&bank, &body).await;
    let tokens = app.connect(&bank, "amelia", SCOPE).await;
    assert_eq!(tokens.refresh, "", "it could not use one");
    for form in [
        [("grant_type", "refresh_token"), ("refresh_token", "x")],
        [("grant_type", "client_credentials"), ("scope", "")],
    ] {
        assert_eq!(refusal(app.post("/token", &form).await).await, "400 unauthorized_client", "{form:?}");
    }
}

/// Every byte as `%XX`, the longest form that RFC 6749 2.3.1 allows.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Id and secret, or name and value.
type Pair<'a> = (&'a str, &'a str);

/// Asks for an app's own token with credentials in the header, in the body, in both, or in neither.
async fn prove(app: &App, header: Option<Pair<'_>>, body: &[Pair<'_>]) -> Response {
    let form = [&[("grant_type", "client_credentials")], body].concat();
    let request = app.http.post(format!("{}/token", app.issuer)).form(&form);
    let request = header.into_iter().fold(request, |request, (id, secret)| request.basic_auth(id, Some(secret)));
    request.send().await.unwrap()
}

#[tokio::test]
async fn an_app_proves_who_it_is_in_the_one_way_that_it_registered() {
    let bank = TestBank::new().await;
    let basic = App::register(&bank).await;
    let method =
        json!({"redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "client_secret_post"});
    let post = App::register_as(&bank, &method).await;
    let (id, secret) = (basic.id.as_str(), basic.secret.as_str());
    let body = [("client_id", post.id.as_str()), ("client_secret", post.secret.as_str())];

    assert_eq!(prove(&basic, Some((id, secret)), &[]).await.status(), StatusCode::OK);
    assert_eq!(prove(&basic, Some((id, secret)), &[("client_id", id)]).await.status(), StatusCode::OK);
    assert_eq!(prove(&basic, Some((&escaped(id), &escaped(secret))), &[]).await.status(), StatusCode::OK);
    assert_eq!(prove(&post, None, &body).await.status(), StatusCode::OK);

    let unknown = crate::nobody_like(id);
    let cases: &[(Option<Pair<'_>>, &[Pair<'_>], &str)] = &[
        (Some((id, "wrong")), &[], "401 invalid_client"),
        (Some((id, "")), &[], "401 invalid_client"),
        (Some((id, &post.secret)), &[], "401 invalid_client"),
        (Some((&unknown, secret)), &[], "401 invalid_client"),
        (Some(("nobody", secret)), &[], "401 invalid_client"),
        (Some(("%zz", "%ff")), &[], "401 invalid_client"),
        (None, &[], "401 invalid_client"),
        (None, &[("client_id", id)], "401 invalid_client"),
        (None, &[("client_secret", secret)], "401 invalid_client"),
        // RFC 7591 2: the way that it registered, and no other.
        (None, &[("client_id", id), ("client_secret", secret)], "401 invalid_client"),
        (Some((&post.id, &post.secret)), &[], "401 invalid_client"),
        // RFC 6749 2.3: not two ways in one request.
        (Some((id, secret)), &[("client_id", id), ("client_secret", secret)], "400 invalid_request"),
        (Some((id, secret)), &[("client_id", &post.id)], "400 invalid_request"),
        (None, &[body[0], body[1], body[1]], "400 invalid_request"),
    ];
    for (header, body, expected) in cases {
        assert_eq!(refusal(prove(&basic, *header, body).await).await, *expected, "{header:?} {body:?}");
    }
    let wrong = prove(&basic, Some((id, "wrong")), &[]).await;
    assert!(wrong.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic "), "RFC 6749 5.2");
    let wrong = prove(&post, None, &[("client_id", &post.id), ("client_secret", "wrong")]).await;
    assert!(!wrong.headers().contains_key("www-authenticate"), "it did not try the header");
    for scheme in ["Bearer abc", "Basic", "Basic !", "Basic bm9jb2xvbg=="] {
        let request = basic.http.post(bank.url("/token")).header("authorization", scheme);
        let response = request.form(&[("grant_type", "client_credentials")]).send().await.unwrap();
        assert_eq!(refusal(response).await, "401 invalid_client", "{scheme}");
    }
}

#[tokio::test]
async fn takes_a_form_and_nothing_else() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let form = "grant_type=client_credentials";
    for (kind, body, expected) in [
        (Some("application/json"), r#"{"grant_type":"client_credentials"}"#, "415 invalid_request"),
        (Some("text/plain"), form, "415 invalid_request"),
        (Some("multipart/form-data; boundary=x"), form, "415 invalid_request"),
        (None, form, "415 invalid_request"),
        (Some("application/x-www-form-urlencoded"), "", "400 invalid_request"),
        (Some("application/x-www-form-urlencoded"), "grant_type=%ff", "400 invalid_request"),
    ] {
        let request = app.http.post(bank.url("/token")).basic_auth(&app.id, Some(&app.secret)).body(body);
        let request = kind.into_iter().fold(request, |request, kind| request.header("content-type", kind));
        assert_eq!(refusal(request.send().await.unwrap()).await, expected, "{kind:?} {body}");
    }
    let upper = app.http.post(bank.url("/token")).basic_auth(&app.id, Some(&app.secret));
    let upper = upper.header("content-type", "Application/X-WWW-Form-Urlencoded; charset=utf-8").body(form);
    assert_eq!(upper.send().await.unwrap().status(), StatusCode::OK);
    // Parameters in the address are not looked at, and must not end up in logs (RFC 6749 3.2).
    let query = app.http.post(bank.url("/token?grant_type=client_credentials")).basic_auth(&app.id, Some(&app.secret));
    assert_eq!(refusal(query.form(&[("scope", "accounts:read")]).send().await.unwrap()).await, "400 invalid_request");
    let get = app.http.get(bank.url("/token?grant_type=client_credentials")).basic_auth(&app.id, Some(&app.secret));
    assert_eq!(refusal(get.send().await.unwrap()).await, "405 invalid_request");

    let named = app.http.post(bank.url("/token")).header("x-fapi-interaction-id", "my-call-1");
    let response = named.form(&[("grant_type", "client_credentials")]).send().await.unwrap();
    assert_eq!(response.headers()["x-fapi-interaction-id"], "my-call-1");
}

/// RFC 9700 2.4: an app never gets to see a customer's password.
#[tokio::test]
async fn there_is_no_password_grant() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let form = [("grant_type", "password"), ("username", "amelia"), ("password", TestBank::PASSWORD)];
    assert_eq!(refusal(app.post("/token", &form).await).await, "400 unsupported_grant_type");
    let body = json!({"redirect_uris": ["https://app.example/cb"], "grant_types": ["password"]});
    let refused = app.http.post(bank.url("/register")).json(&body).send().await.unwrap();
    assert_eq!(refusal(refused).await, "400 invalid_client_metadata");
}
