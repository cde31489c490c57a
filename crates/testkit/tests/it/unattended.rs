//! Access without the customer: four in any 24 hours for each resource under each consent, counted exactly, and told in every answer.

mod hang_up;
mod links;
mod race;

use lombard_auth::Policy;
use lombard_auth::access::Calls;
use lombard_domain::id::ClientId;
use lombard_domain::time::Span;
use lombard_testkit::{Answer, App, Engine, Presence, TestBank, example_folder};

const SCOPE: &str = "openid accounts:read balances:read";

/// A bank, and an app with a consent for two accounts of Amelia's.
struct World {
    bank: TestBank,
    /// The app while nobody is there.
    alone: App,
    token: String,
    accounts: Vec<String>,
}

impl World {
    async fn on(engine: Engine, change: impl FnOnce(&mut Policy)) -> Self {
        let bank = TestBank::with(engine, &example_folder(), |policy| {
            policy.access_token_life = Span::days(3);
            change(policy);
        })
        .await;
        let app = App::register(&bank).await;
        let token = app.connect(&bank, "amelia", SCOPE).await.access;
        let accounts = app.accounts(&token).await;
        Self { bank, alone: app.by_itself(), token, accounts }
    }

    fn balances(&self, account: usize) -> String {
        format!("/accounts/{}/balances", self.accounts[account])
    }

    async fn get(&self, path: &str) -> Answer {
        self.alone.answer(path, &self.token).await
    }

    /// Uses up what is left of one resource: so many.
    async fn use_up(&self, path: &str) -> usize {
        let mut used = 0;
        while self.get(path).await.status == 200 {
            used += 1;
            assert!(used < 100, "there is no end");
        }
        used
    }
}

/// Status, and what the answer tells: of how many, how many are left, and when there is one more.
fn told(answer: &Answer) -> (u16, &str, &str, &str) {
    (answer.status, answer.header("ratelimit-policy"), answer.header("ratelimit"), answer.header("retry-after"))
}

const POLICY: &str = "\"unattended\";q=4;w=86400";

#[tokio::test]
async fn the_fifth_call_in_a_day_is_refused_and_every_answer_says_what_is_left() {
    for engine in Engine::ALL {
        let world = World::on(engine, |_| {}).await;
        let path = world.balances(0);
        for left in ["r=3;t=86400", "r=2;t=86400", "r=1;t=86400", "r=0;t=86400"] {
            let answer = world.get(&path).await;
            assert_eq!(told(&answer), (200, POLICY, format!("\"unattended\";{left}").as_str(), ""), "{engine:?}");
        }
        for _ in 0..2 {
            let refused = world.get(&path).await;
            assert_eq!(told(&refused), (429, POLICY, "\"unattended\";r=0;t=86400", "86400"), "{engine:?}");
            assert_eq!(refused.code(), "NARR");
            assert_eq!(refused.header("cache-control"), "no-store");
            assert!(refused.header("www-authenticate").is_empty(), "a better token would not help");
            let body = refused.json();
            let message = body["Errors"][0]["Message"].as_str().unwrap();
            assert!(message.contains("x-fapi-customer-ip-address") && message.contains("86400"), "{message}");
            assert_eq!(body["Id"], refused.header("x-fapi-interaction-id"));
        }
        let record = world.bank.record(100).await;
        let refused: Vec<_> = record.iter().filter(|entry| entry.reason.as_deref() == Some("unattended")).collect();
        assert_eq!(refused.len(), 2, "{engine:?}");
        for entry in refused {
            assert_eq!((entry.event.as_str(), entry.account.as_deref()), ("data.refused", Some(&*world.accounts[0])));
        }
    }
}

#[tokio::test]
async fn a_call_with_the_customer_there_is_never_counted() {
    let world = World::on(Engine::Sqlite, |_| {}).await;
    let path = world.balances(0);
    let there = App { customer: Presence::There, ..world.alone.clone() };
    for round in 0..2 {
        for _ in 0..6 {
            assert_eq!(told(&there.answer(&path, &world.token).await), (200, "", "", ""), "round {round}");
        }
        // The second round comes when nothing is left.
        assert_eq!(world.use_up(&path).await, if round == 0 { 4 } else { 0 });
    }
}

#[tokio::test]
async fn each_account_each_resource_and_each_consent_has_its_own() {
    let mut world = World::on(Engine::Sqlite, |_| {}).await;
    let account = format!("/accounts/{}", world.accounts[0]);
    for path in [world.balances(0), world.balances(1), account, "/accounts".to_owned()] {
        assert_eq!(world.use_up(&path).await, 4, "{path}");
    }
    let app = App { customer: Presence::There, ..world.alone.clone() };
    let path = world.balances(0);
    let other = app.connect(&world.bank, "amelia", SCOPE).await;
    world.token = other.access;
    assert_eq!(world.use_up(&path).await, 4, "another consent");
    // Another token of the same consent is nothing new.
    world.token = app.narrowed(&other.refresh, SCOPE).await;
    assert_eq!(world.use_up(&path).await, 0);
}

#[tokio::test]
async fn a_resource_is_the_same_however_it_is_spelled() {
    let world = World::on(Engine::Sqlite, |_| {}).await;
    let id = &world.accounts[0];
    let spellings = [
        format!("/accounts/{id}/balances"),
        format!("/accounts/%61{}/balances?x=1", &id[1..]),
        format!("/accounts/{id}/balances?y"),
    ];
    let mut allowed = 0;
    for spelling in spellings.iter().cycle().take(9) {
        allowed += usize::from(world.get(spelling).await.status == 200);
    }
    assert_eq!(allowed, 4);
}

#[tokio::test]
async fn the_window_slides() {
    let world = World::on(Engine::Sqlite, |_| {}).await;
    let path = world.balances(0);
    let after = async |hours: i64, seconds: i64| {
        world.bank.clock.advance(Span::seconds(hours * 3600 + seconds));
        let answer = world.get(&path).await;
        (answer.status, answer.header("ratelimit").to_owned())
    };
    let left = |left: u16, seconds: i64| format!("\"unattended\";r={left};t={seconds}");
    assert_eq!(after(0, 0).await, (200, left(3, 86_400)));
    assert_eq!(after(1, 0).await, (200, left(2, 23 * 3600)));
    assert_eq!(after(1, 0).await, (200, left(1, 22 * 3600)));
    assert_eq!(after(1, 0).await, (200, left(0, 21 * 3600)));
    assert_eq!(after(20, 3599).await, (429, left(0, 1)), "a second before the first one is a day old");
    assert_eq!(after(0, 1).await, (200, left(0, 3600)), "a day after the first one");
    assert_eq!(after(0, 1).await, (429, left(0, 3599)));
    assert_eq!(after(30, 0).await, (200, left(3, 86_400)), "all are a day old");
}

#[tokio::test]
async fn a_refused_call_does_not_count() {
    let world = World::on(Engine::Sqlite, |_| {}).await;
    let (path, list) = (world.balances(0), format!("/accounts/{}/transactions", world.accounts[0]));
    let stranger = crate::nobody_like(&world.accounts[0]);
    for (path, token, expected) in [
        (path.as_str(), "x", 401),
        (&format!("/accounts/{stranger}/balances"), world.token.as_str(), 403),
        (&list, &world.token, 403),
    ] {
        for _ in 0..6 {
            assert_eq!(told(&world.alone.answer(path, token).await), (expected, "", "", ""), "{path}");
        }
    }
    let get = |header: &'static str, value: &'static str| {
        let url = format!("{}/open-banking/v4.0/aisp{path}", world.bank.issuer);
        let request = world.alone.http.get(url).bearer_auth(&world.token).header(header, value);
        async { Answer::of(request.send().await.unwrap()).await }
    };
    for _ in 0..6 {
        // Allowed, but it cannot be answered: the place is given back.
        let answer = get("accept", "text/html").await;
        assert_eq!(told(&answer), (406, POLICY, "\"unattended\";r=4;t=0", ""));
        let answer = get(Presence::HEADER, "the customer's home").await;
        assert_eq!(told(&answer), (400, "", "", ""));
        assert_eq!(answer.code(), "U006");
        assert_eq!(answer.json()["Errors"][0]["Path"], Presence::HEADER);
    }
    let record = world.bank.record(100).await;
    let unclear = record.iter().filter(|entry| entry.reason.as_deref() == Some("customer-address"));
    assert_eq!(unclear.filter(|entry| entry.event == "data.refused").count(), 6);
    assert_eq!(world.use_up(&path).await, 4);
}

#[tokio::test]
async fn a_query_that_cannot_be_read_does_not_count() {
    let world = World::on(Engine::Sqlite, |_| {}).await;
    let app = App { customer: Presence::There, ..world.alone.clone() };
    let token = app.connect(&world.bank, "amelia", "accounts:read transactions:read").await.access;
    let list = format!("/accounts/{}/transactions", world.accounts[0]);
    for _ in 0..6 {
        let answer = world.alone.answer(&format!("{list}?fromBookingDateTime=soon"), &token).await;
        assert_eq!(told(&answer), (400, POLICY, "\"unattended\";r=4;t=0", ""));
    }
    assert_eq!(told(&world.alone.answer(&list, &token).await).2, "\"unattended\";r=3;t=86400");
}

#[tokio::test]
async fn a_name_of_nothing_is_refused_alone_however_it_looks() {
    for engine in Engine::ALL {
        let world = World::on(engine, |_| {}).await;
        let app = App { customer: Presence::There, ..world.alone.clone() };
        let token = app.connect(&world.bank, "amelia", "accounts:read statements:read").await.access;
        let statements = format!("/accounts/{}/statements", world.accounts[0]);
        let long = "a".repeat(6000);
        for name in ["%00", "%ff", "x%00y", "%E2%82%AC", "'", "stm_00000000000000000000000001", long.as_str()] {
            let path = format!("{statements}/{name}");
            // At the same time as a call that is in order: they are put on record together.
            let (strange, good) = tokio::join!(world.alone.answer(&path, &token), app.answer(&statements, &token));
            assert_eq!((strange.status, strange.code().as_str()), (400, "U011"), "{engine:?} {name}");
            assert_eq!(strange.header("ratelimit"), "\"unattended\";r=4;t=0", "{engine:?} {name}");
            assert_eq!(good.status, 200, "{engine:?} {name}");
        }
    }
}

#[tokio::test]
async fn who_the_customer_is_and_calls_of_the_app_itself_do_not_count() {
    let world = World::on(Engine::Sqlite, |_| {}).await;
    for _ in 0..6 {
        let request = world.alone.http.get(world.bank.url("/userinfo")).bearer_auth(&world.token);
        assert_eq!(told(&Answer::of(request.send().await.unwrap()).await), (200, "", "", ""));
    }
}

#[tokio::test]
async fn the_bank_may_agree_otherwise_with_one_app() {
    let bank = TestBank::new().await;
    let apps = [App::register(&bank).await, App::register(&bank).await, App::register(&bank).await];
    let ids: Vec<ClientId> = apps.iter().map(|app| app.id.parse().unwrap()).collect();
    let mut tokens = Vec::new();
    for app in &apps {
        tokens.push(app.connect(&bank, "amelia", SCOPE).await.access);
    }
    let node = bank
        .another_node_with(|policy| {
            policy.unattended.agreed.extend([(ids[1], Calls::PerDay(6)), (ids[2], Calls::Unlimited)]);
        })
        .await;
    for (place, allowed, policy) in [(0, 4, POLICY), (1, 6, "\"unattended\";q=6;w=86400"), (2, 20, "")] {
        let url = node.url("/open-banking/v4.0/aisp/accounts");
        let mut statuses = Vec::new();
        for _ in 0..20 {
            let answer = apps[place].by_itself().answer(&url, &tokens[place]).await;
            assert_eq!(answer.header("ratelimit-policy"), policy, "app {place}");
            statuses.push(answer.status);
        }
        assert!(statuses[..allowed].iter().all(|status| *status == 200), "app {place}: {statuses:?}");
        assert!(statuses[allowed..].iter().all(|status| *status == 429), "app {place}: {statuses:?}");
    }
}

#[tokio::test]
async fn a_narrower_agreement_counts_what_was_used_before() {
    let world = World::on(Engine::Sqlite, |policy| policy.unattended.usual = Calls::PerDay(8)).await;
    let path = world.balances(0);
    for _ in 0..6 {
        assert_eq!(world.get(&path).await.status, 200);
        world.bank.clock.advance(Span::hours(1));
    }
    let node = world.bank.another_node_with(|policy| policy.unattended.usual = Calls::PerDay(4)).await;
    let url = node.url(&format!("/open-banking/v4.0/aisp{path}"));
    // Six were used within the last six hours; the third of them must be a day old before there is one more.
    let answer = world.alone.answer(&url, &world.token).await;
    assert_eq!(told(&answer), (429, POLICY, "\"unattended\";r=0;t=72000", "72000"));
    world.bank.clock.advance(Span::hours(20));
    assert_eq!(world.alone.answer(&url, &world.token).await.status, 200);
    assert_eq!(world.alone.answer(&url, &world.token).await.status, 429);
}

#[tokio::test]
async fn what_is_used_survives_a_restart_and_is_forgotten_after_a_day() {
    for engine in Engine::ALL {
        let mut world = World::on(engine, |_| {}).await;
        let path = world.balances(0);
        assert_eq!(world.use_up(&path).await, 4);
        world.bank = world.bank.restarted().await;
        world.alone.http = world.bank.http();
        world.bank.auth.forget_what_is_over().await.unwrap();
        assert_eq!(world.use_up(&path).await, 0, "{engine:?}");
        world.bank.clock.advance(Span::hours(24));
        world.bank.auth.forget_what_is_over().await.unwrap();
        assert_eq!(world.use_up(&path).await, 4, "{engine:?}");
    }
}
