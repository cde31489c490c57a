//! Routes that give a customer's data: without a right, with every wrong token, for every wrong account.

use lombard_domain::oauth::ClientStatus;
use lombard_domain::time::Span;
use lombard_testkit::{Answer, App, Engine, TestBank, example_folder};
use serde_json::json;

use super::{Kind, ROUTES, call};

/// What the allowed app has asked for.
const ALL: &str = "openid accounts:read balances:read beneficiaries:read direct-debits:read offers:read \
    parties:read products:read scheduled-payments:read standing-orders:read statements:read transactions:read";

/// An app with a right, and everybody around it who has none.
struct World {
    bank: TestBank,
    app: App,
    /// Amelia's consent for one of her accounts.
    access: String,
    refresh: String,
    account: String,
    /// A statement of that account.
    statement: String,
    /// Accounts that are not the consent's, or no accounts at all.
    wrong: Vec<String>,
    other: App,
    /// Another app's token: Amelia's consent for another account of hers.
    foreign: String,
}

impl World {
    async fn new(engine: Engine) -> Self {
        let bank = TestBank::with(engine, &example_folder(), |policy| {
            policy.access_token_life = Span::minutes(2);
            policy.consent_life = Span::minutes(10);
        })
        .await;
        let app = App::register(&bank).await;
        let other = json!({"client_name": "Other", "redirect_uris": ["https://other.example/back"]});
        let other = App::register_as(&bank, &other).await;
        let amelia = other.accounts(&other.connect(&bank, "amelia", ALL).await.access).await;
        let priya = other.accounts(&other.connect(&bank, "priya", ALL).await.access).await;
        let tokens = app.connect_to(&bank, "amelia", ALL, &amelia[..1]).await;
        let foreign = other.connect_to(&bank, "amelia", ALL, &amelia[1..2]).await.access;
        let account = amelia[0].clone();
        let statements = app.read(&format!("/accounts/{account}/statements"), &tokens.access).await;
        let statement = statements["Data"]["Statement"][0]["StatementId"].as_str().unwrap().to_owned();
        let mut wrong = vec![amelia[1].clone(), priya[0].clone(), "acc_00000000000000000000000001".to_owned()];
        wrong.extend(["x", "acc_", "null", "%00", "%2F", "%ff", "'--", "*", "1%20OR%201=1"].map(str::to_owned));
        wrong.extend([account.to_uppercase(), format!("{account}0"), format!("%20{account}"), "9".repeat(300)]);
        Self { bank, app, access: tokens.access, refresh: tokens.refresh, account, statement, wrong, other, foreign }
    }

    fn path(&self, route: &str) -> String {
        self.path_of(route, &self.account)
    }

    /// The path for an account, and for the statement where there is one in it.
    fn path_of(&self, route: &str, account: &str) -> String {
        route.replace("{account}", account).replace("{statement}", &self.statement)
    }

    async fn call(&self, method: &str, route: &str, token: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        call(&self.bank, method, &self.path(route), &[("authorization", &bearer)], None).await
    }

    /// One call of each route that is allowed.
    async fn allowed(&self, token: &str) -> Vec<Answer> {
        let mut answers = Vec::new();
        for (method, route, _) in routes() {
            let answer = self.call(method, route, token).await;
            assert_eq!(answer.status, 200, "{method} {route}: {}", answer.text);
            answers.push(answer.comparable());
        }
        answers
    }

    /// Each route refuses a token with 401 and this code.
    async fn refuses(&self, who: &str, token: &str, code: &str) {
        for (method, route, _) in routes() {
            let answer = self.call(method, route, token).await;
            assert_refused(&answer, route, code, who);
        }
    }
}

fn routes() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    ROUTES.iter().filter_map(|(method, path, kind)| match kind {
        Kind::Data(scope) => Some((*method, *path, *scope)),
        _ => None,
    })
}

/// How a route says what the account API says with a code.
fn said(route: &str, code: &str, who: &str) -> String {
    let said = match (route, code) {
        ("/userinfo", "AG01") => "insufficient_scope",
        // RFC 6750 3.1 has one code for all of it.
        ("/userinfo", _) => "invalid_token",
        (route, code) if route.starts_with("/lombard/") => match code {
            "AG01" => "permission_missing",
            "TK01" => "token_invalid",
            "TK09" => "token_missing",
            "TKSP" => "consent_withdrawn",
            "TKXP" if who.contains("consent") => "consent_expired",
            "TKXP" => "token_expired",
            "U011" => "account_unknown",
            other => other,
        },
        (_, code) => code,
    };
    said.to_owned()
}

fn assert_refused(answer: &Answer, route: &str, code: &str, who: &str) {
    assert_eq!((answer.status, answer.code()), (401, said(route, code, who)), "{route}, {who}: {}", answer.text);
    assert!(answer.header("www-authenticate").starts_with("Bearer "), "{route}, {who}");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.json().get("Data").is_none());
}

#[tokio::test]
async fn data_is_refused_to_everybody_but_its_app() {
    for engine in Engine::ALL {
        let world = World::new(engine).await;
        let before = world.allowed(&world.access).await;

        without_a_token(&world).await;
        with_the_wrong_kind_of_token(&world).await;
        with_a_narrower_permission(&world).await;
        for_the_wrong_account(&world).await;
        with_another_apps_token(&world).await;
        after_the_token_was_revoked(&world).await;
        while_the_app_is_suspended(&world).await;

        assert_eq!(world.allowed(&world.access).await, before, "a refused call changed something");
        after_the_consent_was_revoked(&world).await;
        when_time_is_over(&world, &before).await;
    }
}

async fn without_a_token(world: &World) {
    let (bearer, basic) = (format!("Bearer {}", world.access), "Basic YTpi".to_owned());
    let in_query = format!("?access_token={}", world.access);
    let both = format!("{bearer}, {bearer}");
    let other_scheme = bearer.replace("Bearer", "MAC");
    let cases: [(&str, &str, Vec<&str>); 8] = [
        ("no token", "", vec![]),
        ("a token in the address", &in_query, vec![]),
        ("another scheme", "", vec![&other_scheme]),
        ("a password", "", vec![&basic]),
        ("two headers", "", vec![&bearer, &bearer]),
        ("two tokens", "", vec![&both]),
        ("no scheme", "", vec![&world.access]),
        ("an empty token", "", vec!["Bearer "]),
    ];
    for (who, query, values) in cases {
        for (method, route, _) in routes() {
            let headers: Vec<_> = values.iter().map(|value| ("authorization", *value)).collect();
            let answer = call(&world.bank, method, &format!("{}{query}", world.path(route)), &headers, None).await;
            assert_refused(&answer, route, "TK09", who);
            let challenge = answer.header("www-authenticate");
            assert!(!challenge.contains("error="), "RFC 6750 3.1: nothing but the challenge: {challenge}");
        }
    }
}

async fn with_the_wrong_kind_of_token(world: &World) {
    let id_token = world.app.connect(&world.bank, "amelia", "openid accounts:read").await.id_token().to_owned();
    let mut parts: Vec<&str> = world.access.split('.').collect();
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{}.", parts[1]);
    let no_signature = format!("{}.{}.", parts[0], parts[1]);
    let other_head = format!("eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.{}.{}", parts[1], parts[2]);
    let foreign: Vec<&str> = world.foreign.split('.').collect();
    parts[1] = foreign[1];
    let swapped = parts.join(".");
    let own = world.app.own_token().await;
    let garbage = "x".repeat(4000);
    for (who, token) in [
        ("garbage", "garbage"),
        ("long garbage", &garbage),
        ("dots", "a.b.c"),
        ("an unsigned token", &unsigned),
        ("a token without its signature", &no_signature),
        ("another algorithm", &other_head),
        ("another token's claims", &swapped),
        ("an ID token", &id_token),
        ("a refresh token", &world.refresh),
        ("a registration token", &world.app.registration_token),
        ("the app's secret", &world.app.secret),
        ("the app's own token", &own),
    ] {
        world.refuses(who, token, "TK01").await;
    }
}

async fn with_a_narrower_permission(world: &World) {
    let mut scopes: Vec<&str> = routes().map(|(_, _, scope)| scope).collect();
    scopes.sort_unstable();
    scopes.dedup();
    for scope in scopes {
        let rest: Vec<&str> = ALL.split(' ').filter(|other| *other != scope).collect();
        let (rest, one) = (rest.join(" "), std::slice::from_ref(&world.account));
        let narrowed = world.app.narrowed(&world.refresh, &rest).await;
        let asked_less = world.app.connect_to(&world.bank, "amelia", &rest, one).await.access;
        for (method, route, _) in routes().filter(|(_, _, needed)| *needed == scope) {
            for (who, token) in [("a narrowed token", &narrowed), ("a narrower consent", &asked_less)] {
                let answer = world.call(method, route, token).await;
                assert_eq!(
                    (answer.status, answer.code()),
                    (403, said(route, "AG01", who)),
                    "{route}, {who}: {}",
                    answer.text
                );
                let challenge = answer.header("www-authenticate");
                assert!(challenge.contains("error=\"insufficient_scope\"") && challenge.contains(scope), "{challenge}");
            }
        }
    }
}

/// Not chosen, somebody else's, not there, no account at all: nobody can tell which.
async fn for_the_wrong_account(world: &World) {
    for (method, route, _) in routes().filter(|(_, route, _)| route.contains("{account}")) {
        let bearer = format!("Bearer {}", world.access);
        let mut first = None;
        for wrong in &world.wrong {
            let path = world.path_of(route, wrong);
            let answer = call(&world.bank, method, &path, &[("authorization", &bearer)], None).await;
            assert_eq!((answer.status, answer.code()), (403, said(route, "U011", "")), "{path}: {}", answer.text);
            assert!(!answer.text.contains(wrong.as_str()) || wrong.len() < 5, "{path} is echoed: {}", answer.text);
            let answer = answer.comparable();
            assert_eq!(
                *first.get_or_insert_with(|| answer.clone()),
                answer,
                "{path} can be told from another wrong one"
            );
        }
    }
}

async fn with_another_apps_token(world: &World) {
    for (method, route, _) in routes() {
        let answer = world.call(method, route, &world.foreign).await;
        if route.contains("{account}") {
            assert_eq!((answer.status, answer.code()), (403, said(route, "U011", "")), "{route}: {}", answer.text);
            continue;
        }
        let own = world.call(method, route, &world.access).await;
        assert_eq!(answer.status, 200, "{route}");
        assert_ne!(answer.json().get("sub").is_some(), answer.json().get("Data").is_some());
        assert!(!answer.text.contains(&world.account), "{route} gives one app what another was allowed");
        // Who the customer is does not depend on who asks, but for the name that each app has for them.
        if !route.ends_with("/party") {
            assert_ne!(answer.json(), own.json(), "{route} gives two apps the same");
        }
    }
}

async fn after_the_token_was_revoked(world: &World) {
    let access = world.app.narrowed(&world.refresh, ALL).await;
    world.allowed(&access).await;
    // Another app cannot revoke it, and is not told so (RFC 7009 2.2).
    assert_eq!(world.other.post("/revoke", &[("token", &access)]).await.status(), 200);
    world.allowed(&access).await;
    assert_eq!(world.app.post("/revoke", &[("token", &access)]).await.status(), 200);
    world.refuses("a revoked token", &access, "TK01").await;

    let one = std::slice::from_ref(&world.account);
    let tokens = world.app.connect_to(&world.bank, "amelia", ALL, one).await;
    world.allowed(&tokens.access).await;
    assert_eq!(world.app.post("/revoke", &[("token", &tokens.refresh)]).await.status(), 200);
    world.refuses("a token whose refresh token was revoked", &tokens.access, "TKSP").await;
}

async fn while_the_app_is_suspended(world: &World) {
    world.bank.set_status(&world.app, ClientStatus::Suspended).await;
    world.refuses("a token of a suspended app", &world.access, "TK01").await;
    world.bank.set_status(&world.app, ClientStatus::Active).await;

    let body = json!({"client_name": "Gone", "redirect_uris": ["https://gone.example/back"]});
    let gone = App::register_as(&world.bank, &body).await;
    let access = gone.connect_to(&world.bank, "amelia", ALL, std::slice::from_ref(&world.account)).await.access;
    world.allowed(&access).await;
    let url = world.bank.url(&format!("/register/{}", gone.id));
    assert_eq!(gone.http.delete(url).bearer_auth(&gone.registration_token).send().await.unwrap().status(), 204);
    world.refuses("a token of a deleted app", &access, "TK01").await;
}

async fn after_the_consent_was_revoked(world: &World) {
    let jonahs = world.other.connect(&world.bank, "jonah", ALL).await.access;
    let seen = world.other.accounts(&jonahs).await;
    world.bank.revoke_consents("jonah").await;
    for (method, route, _) in routes() {
        let path = world.path_of(route, &seen[0]);
        let bearer = format!("Bearer {jonahs}");
        let answer = call(&world.bank, method, &path, &[("authorization", &bearer)], None).await;
        assert_refused(&answer, route, "TKSP", "a revoked consent");
    }
    world.allowed(&world.access).await;
}

async fn when_time_is_over(world: &World, before: &[Answer]) {
    let without_time = |answers: &[Answer]| -> Vec<serde_json::Value> {
        let mut bodies: Vec<_> = answers.iter().map(Answer::json).collect();
        for line in bodies.iter_mut().filter_map(|body| body.pointer_mut("/Data/Balance")?.as_array_mut()).flatten() {
            line.as_object_mut().unwrap().remove("DateTime");
        }
        bodies
    };
    world.bank.clock.advance(Span::minutes(2));
    world.refuses("an expired token", &world.access, "TKXP").await;
    world.bank.clock.advance(Span::minutes(7));
    let fresh = world.app.narrowed(&world.refresh, ALL).await;
    assert_eq!(without_time(&world.allowed(&fresh).await), without_time(before));
    world.bank.clock.advance(Span::minutes(1));
    world.refuses("an expired consent", &fresh, "TKXP").await;
    assert_eq!(world.app.refresh(&world.refresh).await.status(), 400);
}
