//! Bodies: too large, of the wrong kind, broken, deeply nested, with everything twice or a thousand times.

use lombard_testkit::{Answer, App, TestBank};
use serde_json::{Value, json};

use super::{FORMS, assert_alive, assert_sound};

const FORM: &str = "application/x-www-form-urlencoded";

async fn send(bank: &TestBank, method: &str, path: &str, kinds: &[&str], body: impl Into<reqwest::Body>) -> Answer {
    let mut request = bank.http().request(method.parse().unwrap(), bank.url(path));
    for kind in kinds {
        request = request.header("content-type", *kind);
    }
    Answer::of(request.body(body).send().await.unwrap()).await
}

#[tokio::test]
async fn bodies_beyond_the_limit_are_413() {
    let bank = TestBank::new().await;
    for size in [64 * 1024 + 1, 1024 * 1024] {
        for path in FORMS {
            let answer = send(&bank, "POST", path, &[FORM], format!("a={}", "x".repeat(size - 2))).await;
            assert_sound(path, path, &answer);
            assert_eq!(answer.status, 413, "{path}: {size} bytes");
        }
        for (method, path) in [("POST", "/register"), ("PUT", "/register/x")] {
            let answer = send(&bank, method, path, &["application/json"], " ".repeat(size)).await;
            assert_sound(path, path, &answer);
            assert_eq!(answer.status, 413, "{path}: {size} bytes");
        }
    }
    let largest = send(&bank, "POST", "/token", &[FORM], format!("a={}", "x".repeat(64 * 1024 - 2))).await;
    assert_eq!(largest.status, 401, "64 KiB are within the limit");
    // Where nothing is read, nothing is too long.
    let answer = send(&bank, "GET", "/open-banking/v4.0/aisp/accounts", &[], "x".repeat(100_000)).await;
    assert_sound("a body with GET", "/open-banking/v4.0/aisp/accounts", &answer);
    assert_alive(&bank).await;
}

#[tokio::test]
async fn bodies_of_another_kind_are_415() {
    let bank = TestBank::new().await;
    let wrong: [&[&str]; 9] = [
        &[],
        &["text/plain"],
        &["multipart/form-data; boundary=x"],
        &["application/xml"],
        &["application/x-www-form-urlencodedx"],
        &[""],
        &["application/json, application/x-www-form-urlencoded"],
        &["application/json", "application/x-www-form-urlencoded"],
        &["<script>alert(1)</script>"],
    ];
    let routes = FORMS.iter().map(|path| ("POST", *path, FORM));
    for (method, path, right) in
        routes.chain([("POST", "/register", "application/json"), ("PUT", "/register/x", "application/json")])
    {
        let other = if right == FORM { "application/json" } else { FORM };
        for kinds in wrong.iter().copied().chain([&[other][..]]) {
            let answer = send(&bank, method, path, kinds, "a=1").await;
            assert_sound(path, path, &answer);
            assert_eq!(answer.status, 415, "{path}: {kinds:?}");
        }
        for kind in [right.to_uppercase(), format!("{right}; charset=utf-8"), format!("{right} ;x=\"y\"")] {
            let answer = send(&bank, method, path, &[&kind], "{}").await;
            assert_sound(path, path, &answer);
            assert_ne!(answer.status, 415, "{path}: {kind}");
        }
    }
}

#[tokio::test]
async fn forms_with_too_much_in_them_are_refused() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let many: String = (0..5000).map(|number| format!("p{number}=1&")).collect();
    let scopes = format!("scope={}", "accounts:read+".repeat(4000));
    let bodies: [(&str, Vec<u8>); 12] = [
        ("nothing", Vec::new()),
        ("no pairs", b"&&&&&=====".to_vec()),
        ("thousands of parameters", many.into_bytes()),
        ("thousands of scopes", format!("grant_type=client_credentials&{scopes}").into_bytes()),
        ("a parameter twice", b"grant_type=client_credentials&grant_type=client_credentials".to_vec()),
        ("an unknown parameter twice", b"grant_type=client_credentials&x=1&x=1".to_vec()),
        ("not UTF-8", b"grant_type=\xff\xfe".to_vec()),
        ("escaped and not UTF-8", b"grant_type=%ff%fe".to_vec()),
        ("half an escape", b"grant_type=client_credentials%&token=%4&code=%zz".to_vec()),
        ("NUL", b"grant_type=client_credentials%00&token=%00".to_vec()),
        ("JSON", br#"{"grant_type":"client_credentials"}"#.to_vec()),
        ("a long name", format!("{}=1", "n".repeat(60_000)).into_bytes()),
    ];
    for path in FORMS {
        for (what, body) in &bodies {
            let request =
                app.http.post(bank.url(path)).basic_auth(&app.id, Some(&app.secret)).header("content-type", FORM);
            let answer = Answer::of(request.body(body.clone()).send().await.unwrap()).await;
            assert_sound(what, path, &answer);
            // What cannot be revoked is as good as revoked (RFC 7009 2.2); an unknown token is inactive (RFC 7662 2.2).
            let lenient = ["/revoke", "/introspect"].contains(&path) && ["NUL", "half an escape"].contains(what);
            assert!(answer.status >= 400 || lenient, "{path}: {what} {}", answer.text);
        }
    }
    assert_alive(&bank).await;
}

#[tokio::test]
async fn json_that_is_no_registration_is_refused() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let good = |name: &str, value: Value| {
        let mut body = json!({"client_name": "App", "redirect_uris": ["https://app.example/"]});
        body[name] = value;
        body.to_string().into_bytes()
    };
    let uris: Vec<_> = (0..1000).map(|number| format!("https://app.example/{number}")).collect();
    let mut bodies: Vec<Vec<u8>> = [
        "",
        " ",
        "null",
        "[]",
        "1",
        "\"x\"",
        "{",
        "{}x",
        "{\"a\":}",
        "{'a':1}",
        "\u{feff}{}",
        "{\"redirect_uris\":[\"\\ud800\"]}",
        "{\"client_name\":\"\\u0000\",\"redirect_uris\":[\"https://app.example/\"]}",
        "{\"a\":1e999}",
        "NaN",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    bodies.extend([b"\xff\xfe{\0}\0".to_vec(), b"{\"client_name\":\"\xff\"}".to_vec()]);
    bodies.extend(["[", "{\"a\":", "[{\"a\":"].map(|piece| piece.repeat(64 * 1024 / piece.len()).into_bytes()));
    bodies.push(format!("{}{}", "[".repeat(30_000), "]".repeat(30_000)).into_bytes());
    bodies.push(format!("{{{}}}", (0..4000).map(|n| format!("\"m{n}\":1")).collect::<Vec<_>>().join(",")).into_bytes());
    bodies.push(good("redirect_uris", json!(uris)));
    bodies.push(good("scope", json!("accounts:read ".repeat(3000))));
    for name in ["client_name", "scope", "token_endpoint_auth_method", "client_uri", "software_id", "subject_type"] {
        bodies.extend(
            [json!([]), json!(["x"]), json!({}), json!(1), json!(true), json!("x".repeat(50_000))]
                .map(|value| good(name, value)),
        );
    }
    for name in ["redirect_uris", "grant_types", "response_types", "contacts"] {
        bodies.extend(
            [json!("x"), json!({}), json!([1]), json!([[]]), json!([null]), json!([["x"]])]
                .map(|value| good(name, value)),
        );
    }
    for uri in [
        "",
        "x",
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "https://",
        "https://a b/",
        "http://app.example/",
        "https://app.example/#x",
        "https://u:p@app.example/",
        "https://app.example/\u{0}",
        "https://app.example/\r\nX: y",
        "//app.example/",
    ] {
        bodies.push(good("redirect_uris", json!([uri])));
        bodies.push(good("client_uri", json!(if uri.is_empty() { "x" } else { uri })));
    }
    for body in bodies {
        let what = String::from_utf8_lossy(&body[..body.len().min(120)]).into_owned();
        let answer = send(&bank, "POST", "/register", &["application/json"], body.clone()).await;
        assert_sound(&what, "/register", &answer);
        let plain_client_uri = what.contains("client_uri") && answer.status == 201;
        assert!(answer.status == 400 || plain_client_uri, "{what}: {} {}", answer.status, answer.text);
        let request = app.http.put(bank.url(&format!("/register/{}", app.id))).bearer_auth(&app.registration_token);
        let request = request.header("content-type", "application/json").body(body);
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_sound(&what, "/register", &answer);
        assert_eq!(answer.status, 400, "{what}");
    }
    assert_alive(&bank).await;
}
