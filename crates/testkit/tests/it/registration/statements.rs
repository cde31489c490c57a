//! Apps that a directory vouches for, and requests that they sign (RFC 7591 2.3, UK Dynamic Client Registration 3.3).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lombard_auth::jose::{Alg, Header, Jwks, SigningKey, sign};
use lombard_auth::{Directory, DirectoryKeys, Policy};
use lombard_domain::oauth::Need;
use lombard_domain::time::{Clock as _, Span};
use lombard_testkit::{App, Engine, TestBank, example_folder, refusal};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::{manage, register};

const DIRECTORY: &str = "Open Directory Ltd";

/// A bank that trusts a directory, and a piece of software there.
struct World {
    bank: TestBank,
    directory: SigningKey,
    software: SigningKey,
}

impl World {
    async fn new(change: impl FnOnce(&mut Policy)) -> Self {
        let [directory, software] = [(); 2].map(|()| key());
        let keys = DirectoryKeys::Here(Jwks::new(vec![directory.public().clone()]));
        let bank = TestBank::with(Engine::Sqlite, &example_folder(), |policy| {
            policy.directories = vec![Directory { issuer: DIRECTORY.to_owned(), keys }];
            change(policy);
        })
        .await;
        Self { bank, directory, software }
    }

    fn now(&self) -> i64 {
        self.bank.clock.now().seconds()
    }

    /// What the directory says, with changes; `null` leaves out.
    fn claims(&self, changes: &Value) -> Value {
        let claims = json!({
            "iss": DIRECTORY, "iat": self.now(), "jti": "s-1", "software_id": "pocket1", "software_client_name": "Pocket Ledger",
            "software_roles": ["AISP"], "org_id": "org1", "org_name": "Pocket Ltd", "org_status": "Active",
            "software_redirect_uris": ["https://app.example/callback", "https://app.example/other"],
            "software_jwks": keys_of(&self.software), "software_client_uri": "https://app.example/",
        });
        changed(claims, changes)
    }

    fn statement(&self, changes: &Value) -> String {
        signed(&self.directory, &self.claims(changes))
    }

    fn body(&self, changes: &Value) -> Value {
        let body = json!({"security_profile": "fapi2-security", "software_statement": self.statement(&json!({}))});
        changed(body, changes)
    }

    /// A request that the software signs.
    fn request(&self, changes: &Value) -> String {
        let more = json!({
            "iss": "pocket1", "aud": self.bank.issuer, "iat": self.now(), "exp": self.now() + 600, "jti": "r-1",
            "redirect_uris": ["https://app.example/callback"], "application_type": "web",
        });
        signed(&self.software, &changed(changed(self.body(&json!({})), &more), changes))
    }

    async fn send_signed(&self, kind: &str, body: String) -> Response {
        self.bank.http().post(self.bank.url("/register")).header("content-type", kind).body(body).send().await.unwrap()
    }
}

fn key() -> SigningKey {
    SigningKey::generate(Alg::Es256).unwrap()
}

fn keys_of(key: &SigningKey) -> Value {
    Jwks::new(vec![key.public().clone()]).to_json()
}

fn signed(key: &SigningKey, claims: &Value) -> String {
    sign(key, Header::with_kid("JWT", key.kid()), claims).unwrap()
}

fn changed(mut body: Value, changes: &Value) -> Value {
    let members = body.as_object_mut().unwrap();
    members.extend(changes.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    body
}

#[tokio::test]
async fn an_app_is_what_its_directory_says() {
    let world = World::new(|_| {}).await;
    let body = world.body(&json!({}));
    let response = register(&world.bank, &body).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["software_statement"], body["software_statement"], "RFC 7591 3.2.1: unmodified");
    for (name, value) in [
        ("client_name", json!("Pocket Ledger")),
        ("redirect_uris", json!(["https://app.example/callback", "https://app.example/other"])),
        ("jwks", keys_of(&world.software)),
        ("software_id", json!("pocket1")),
        ("software_roles", json!(["AISP"])),
        ("org_id", json!("org1")),
        ("org_name", json!("Pocket Ltd")),
        ("client_uri", json!("https://app.example/")),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
    ] {
        assert_eq!(answer[name], value, "{name}");
    }
    assert!(answer.get("software").is_none());
}

#[tokio::test]
async fn a_statement_that_does_not_hold_is_refused() {
    let world = World::new(|_| {}).await;
    let token = world.statement(&json!({}));
    let rest = token.split_once('.').unwrap().1;
    let headed = |header: &str| format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header));
    let leaked = json!({"keys": [{"kty": "EC", "crv": "P-256", "d": "AQ"}]});
    let bad = "invalid_software_statement";
    for (what, statement, expected) in [
        ("another directory", world.statement(&json!({"iss": "Nobody"})), "unapproved_software_statement"),
        ("no directory", world.statement(&json!({"iss": null})), "invalid_software_statement"),
        ("no token", "x".to_owned(), "invalid_software_statement"),
        ("another key", signed(&key(), &world.claims(&json!({}))), bad),
        ("the software's own key", signed(&world.software, &world.claims(&json!({}))), bad),
        ("alg none", headed(r#"{"alg":"none"}"#), bad),
        ("alg RS256", headed(r#"{"alg":"RS256"}"#), bad),
        ("expired", world.statement(&json!({"exp": world.now()})), bad),
        ("too old", world.statement(&json!({"iat": world.now() - 24 * 3600 - 1})), bad),
        ("from the future", world.statement(&json!({"iat": world.now() + 61})), bad),
        ("without a date", world.statement(&json!({"iat": null})), bad),
        ("revoked", world.statement(&json!({"org_status": "Revoked"})), bad),
        ("of nobody", world.statement(&json!({"org_id": null})), bad),
        ("a private key", world.statement(&json!({"software_jwks": leaked})), "invalid_client_metadata"),
    ] {
        let response = register(&world.bank, &world.body(&json!({"software_statement": statement}))).await;
        assert_eq!(refusal(response).await, format!("400 {expected}"), "{what}");
    }
}

#[tokio::test]
async fn an_app_can_ask_for_nothing_else_than_its_statement_says() {
    let world = World::new(|_| {}).await;
    for (changes, expected) in [
        (json!({"redirect_uris": ["https://evil.example/"]}), "invalid_redirect_uri"),
        (json!({"client_name": "Your Bank"}), "invalid_client_metadata"),
        (json!({"jwks": keys_of(&key())}), "invalid_client_metadata"),
        (json!({"jwks_uri": "https://evil.example/jwks"}), "invalid_client_metadata"),
        (json!({"software_id": "pocket2"}), "invalid_client_metadata"),
        (json!({"client_uri": "https://evil.example/"}), "invalid_client_metadata"),
    ] {
        let response = register(&world.bank, &world.body(&changes)).await;
        assert_eq!(refusal(response).await, format!("400 {expected}"), "{changes}");
    }
    let payments = world.statement(&json!({"software_roles": ["PISP"]}));
    let body = world.body(&json!({"software_statement": payments, "scope": "openid accounts:read"}));
    assert_eq!(refusal(register(&world.bank, &body).await).await, "400 invalid_client_metadata");
    let body = changed(body, &json!({"scope": null}));
    let answer: Value = register(&world.bank, &body).await.json().await.unwrap();
    assert_eq!(answer["scope"], "openid grant_management_query grant_management_revoke");
    assert_eq!(answer["authorization_details_types"], json!([]));
}

#[tokio::test]
async fn a_request_is_signed_with_a_key_of_its_software() {
    let world = World::new(|_| {}).await;
    for kind in ["application/jwt", "application/jose", "Application/JOSE; charset=utf-8"] {
        let response = world.send_signed(kind, world.request(&json!({"jti": kind}))).await;
        assert_eq!(response.status(), StatusCode::CREATED, "{kind}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["redirect_uris"], json!(["https://app.example/callback"]));
        for of_the_token in ["iss", "aud", "iat", "exp", "jti"] {
            assert!(answer.get(of_the_token).is_none(), "{of_the_token}");
        }
    }
    let claims: Value = {
        let token = world.request(&json!({}));
        let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        serde_json::from_slice(&payload).unwrap()
    };
    let metadata = "400 invalid_client_metadata";
    for (what, body, expected) in [
        ("another key", signed(&key(), &claims), metadata),
        ("the directory's key", signed(&world.directory, &claims), metadata),
        ("another bank", world.request(&json!({"aud": "https://other.example"})), metadata),
        ("another software", world.request(&json!({"iss": "pocket2"})), metadata),
        ("expired", world.request(&json!({"exp": world.now()})), metadata),
        ("good for a day", world.request(&json!({"exp": world.now() + 86_400})), metadata),
        ("without a name", world.request(&json!({"jti": null})), metadata),
        ("without a statement", world.request(&json!({"software_statement": null})), "400 invalid_software_statement"),
        (
            "a foreign redirect",
            world.request(&json!({"redirect_uris": ["https://evil.example/"]})),
            "400 invalid_redirect_uri",
        ),
        ("plain JSON", world.body(&json!({})).to_string(), "400 invalid_software_statement"),
        ("nothing", String::new(), "400 invalid_software_statement"),
        ("more than a token", "x".repeat(20_000), metadata),
        ("more than a body", "x".repeat(70_000), "413 invalid_request"),
    ] {
        assert_eq!(refusal(world.send_signed("application/jwt", body).await).await, expected, "{what}");
    }
    let response = world.send_signed("application/jwt-secevent", world.request(&json!({}))).await;
    assert_eq!(refusal(response).await, "415 invalid_request");
    let response = world.send_signed("application/json", world.request(&json!({}))).await;
    assert_eq!(refusal(response).await, metadata, "a token is not JSON");
}

#[tokio::test]
async fn a_statement_stays_in_force_until_a_new_one_comes() {
    let world = World::new(|_| {}).await;
    let app = App::register_as(&world.bank, &world.body(&json!({}))).await;
    let token = app.registration_token.as_str();
    world.bank.clock.advance(Span::days(30));
    let read: Value = manage(&app, Method::GET, token, None).await.json().await.unwrap();
    let put = |body: Value| {
        let (app, body) = (&app, changed(body, &json!({"client_id": app.id})));
        async move { manage(app, Method::PUT, token, Some(&body)).await }
    };
    // It is old by now, but what a client was told it may send back; and what it leaves out stays.
    for body in [read.clone(), changed(read.clone(), &json!({"software_statement": null})), json!({})] {
        let response = put(body).await;
        assert_eq!(response.status(), StatusCode::OK, "{}", response.text().await.unwrap());
    }
    let now: Value = manage(&app, Method::GET, token, None).await.json().await.unwrap();
    assert_eq!(now, read);
    for (body, expected) in [
        (json!({"client_name": "Your Bank"}), "400 invalid_client_metadata"),
        (json!({"redirect_uris": ["https://app.example/evil"]}), "400 invalid_redirect_uri"),
        (json!({"jwks": keys_of(&key())}), "400 invalid_client_metadata"),
        (
            json!({"software_statement": world.statement(&json!({"software_id": "pocket2"}))}),
            "400 invalid_software_statement",
        ),
        (
            json!({"software_statement": world.statement(&json!({"org_status": "Withdrawn"}))}),
            "400 invalid_software_statement",
        ),
    ] {
        assert_eq!(refusal(put(body.clone()).await).await, expected, "{body}");
    }
    let renamed = world.statement(&json!({"software_client_name": "Renamed"}));
    let answer: Value = put(json!({"software_statement": renamed})).await.json().await.unwrap();
    assert_eq!((&answer["client_name"], &answer["software_statement"]), (&json!("Renamed"), &json!(renamed)));
    let request = world.request(&json!({"client_id": app.id, "software_statement": renamed}));
    let url = world.bank.url(&format!("/register/{}", app.id));
    let http = world.bank.http().put(url).bearer_auth(token).header("content-type", "application/jwt");
    let answer: Value = http.body(request).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["redirect_uris"], json!(["https://app.example/callback"]));
}

#[tokio::test]
async fn a_bank_can_insist_on_a_directory() {
    let world = World::new(|policy| policy.software_statement = Need::Required).await;
    let body = json!({"redirect_uris": ["https://app.example/callback"]});
    assert_eq!(refusal(register(&world.bank, &body).await).await, "400 invalid_software_statement");
    assert_eq!(register(&world.bank, &world.body(&json!({}))).await.status(), StatusCode::CREATED);
    let asked = lombard_auth::client::Asked::read(body.to_string().as_bytes()).unwrap();
    let operator = lombard_auth::client::Registrar::Operator;
    assert!(world.bank.auth.register(TestBank::OPERATOR, operator, &asked).await.is_ok(), "an operator knows whom");
}

#[tokio::test]
async fn a_directory_that_cannot_be_asked_is_nobodys_fault() {
    let world = World::new(|policy| {
        policy.directories = vec![Directory {
            issuer: DIRECTORY.to_owned(),
            keys: DirectoryKeys::At("https://directory.example/jwks".to_owned()),
        }];
    })
    .await;
    let response = register(&world.bank, &world.body(&json!({}))).await;
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(refusal(response).await, "503 temporarily_unavailable");
}

/// A statement is no secret: whoever has seen one could send it with a secret or a certificate of his own.
#[tokio::test]
async fn a_statement_alone_makes_nobody_the_software() {
    let world = World::new(|_| {}).await;
    let foreign =
        json!({"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=thief,O=Thief"});
    let secret = json!({"security_profile": "baseline", "token_endpoint_auth_method": "client_secret_basic"});
    for changes in [&foreign, &secret] {
        let refused = register(&world.bank, &world.body(changes)).await;
        assert_eq!(refusal(refused).await, "400 invalid_client_metadata", "{changes}");
    }
    for own in ["private_key_jwt", "self_signed_tls_client_auth"] {
        let body = world.body(&json!({"token_endpoint_auth_method": own}));
        assert_eq!(register(&world.bank, &body).await.status(), StatusCode::CREATED, "{own}");
    }
}

/// UK Dynamic Client Registration 3.3, as the software of its directory asks: the scope of its role, the hybrid flow.
#[tokio::test]
async fn software_of_the_uk_registers_for_the_hybrid_flow() {
    let world = World::new(|_| {}).await;
    let request = |role: &str, changes: &Value| {
        let statement = world.statement(&json!({"software_roles": [role]}));
        let uk = json!({
            "jti": format!("{role} {changes}"), "software_statement": statement, "security_profile": "baseline",
            "response_types": ["code id_token"], "scope": "accounts", "token_endpoint_auth_method": "private_key_jwt",
            "grant_types": ["authorization_code", "client_credentials", "refresh_token"], "software_id": "pocket1",
            "id_token_signed_response_alg": "PS256", "request_object_signing_alg": "ES256",
            "tls_client_certificate_bound_access_tokens": true, "subject_type": "pairwise",
        });
        world.request(&changed(uk, changes))
    };
    let send = async |body: String| world.send_signed("application/jose", body).await;
    let response = send(request("AISP", &json!({}))).await;
    assert_eq!(response.status(), StatusCode::CREATED, "{}", response.text().await.unwrap());
    let answer: Value = send(request("AISP", &json!({"client_name": "Pocket Ledger"}))).await.json().await.unwrap();
    assert_eq!(answer["response_types"], json!(["code id_token"]));
    assert_eq!(answer["scope"], "openid accounts", "without openid there is no ID token: RFC 7591 3.2.1");
    assert_eq!(answer["id_token_signed_response_alg"], "PS256");
    let answer: Value = send(request("CBPII", &json!({"scope": "fundsconfirmations"}))).await.json().await.unwrap();
    assert_eq!(answer["scope"], "openid fundsconfirmations");
    let answer: Value = send(request("AISP", &json!({"response_types": null}))).await.json().await.unwrap();
    assert_eq!((&answer["response_types"], &answer["scope"]), (&json!(["code"]), &json!("accounts")));
    for (role, scope) in [("AISP", "fundsconfirmations"), ("CBPII", "accounts"), ("PISP", "openid accounts")] {
        let refused = send(request(role, &json!({"scope": scope}))).await;
        assert_eq!(refusal(refused).await, "400 invalid_client_metadata", "{role} {scope}");
    }
    let refused = send(request("AISP", &json!({"response_types": ["code id_token", "token"]}))).await;
    assert_eq!(refusal(refused).await, "400 invalid_client_metadata");
}

/// As software of the UK directory asks everywhere: for payments too, and with the grant that OpenID Connect wants named.
#[tokio::test]
async fn software_of_the_uk_is_registered_for_what_there_is() {
    let world = World::new(|_| {}).await;
    let request = |roles: &[&str], scope: &str| {
        let uk = json!({
            "jti": scope, "software_statement": world.statement(&json!({"software_roles": roles})), "scope": scope,
            "security_profile": "baseline", "response_types": ["code id_token"], "token_endpoint_auth_method": "private_key_jwt",
            "grant_types": ["authorization_code", "client_credentials", "refresh_token", "implicit"],
        });
        world.request(&uk)
    };
    for (roles, asked, registered) in [
        (&["AISP", "PISP"][..], "openid accounts payments", "openid accounts"),
        (&["AISP", "PISP", "CBPII"], "accounts payments fundsconfirmations", "openid accounts fundsconfirmations"),
    ] {
        let response = world.send_signed("application/jwt", request(roles, asked)).await;
        assert_eq!(response.status(), StatusCode::CREATED, "{asked}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["scope"], registered);
        assert_eq!(answer["grant_types"], json!(["authorization_code", "client_credentials", "refresh_token"]));
    }
    for nothing in ["payments", "openid accounts"] {
        let refused = world.send_signed("application/jwt", request(&["PISP"], nothing)).await;
        assert_eq!(refusal(refused).await, "400 invalid_client_metadata", "{nothing}");
    }
}
