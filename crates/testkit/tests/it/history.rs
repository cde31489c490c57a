//! Old data: open for an hour after the customer signed in, closed to who asks for it later, left out for who asks for nothing.

use lombard_auth::access::OldData;
use lombard_domain::consent::Status;
use lombard_domain::id::{ConsentId, GrantId};
use lombard_domain::oauth::{Grant, GrantManagement, ScopeSet};
use lombard_domain::time::{Clock as _, Span};
use lombard_store::grant;
use lombard_testkit::{Answer, App, Engine, TestBank, Tokens, refusal};

use crate::paging;

/// Since when data is open to somebody who did not just sign in, seen from the day of these tests, 2026-05-01.
const OPEN: &str = "2026-01-31";
const SCOPE: &str = "openid accounts:read balances:read transactions:read";

/// A bank on 2026-05-01 at noon whose first transactions are from 2026-01-01, and an app with a consent.
struct World {
    bank: TestBank,
    app: App,
    tokens: Tokens,
    list: String,
}

impl World {
    async fn on(engine: Engine, old_data: OldData) -> Self {
        let folder = paging::folder();
        let bank = TestBank::with(engine, folder.path(), |policy| {
            policy.access_token_life = Span::days(400);
            policy.consent_life = Span::days(400);
            policy.old_data = old_data;
        })
        .await;
        bank.clock.advance(Span::days(60));
        let app = App::register(&bank).await;
        let tokens = app.connect(&bank, "walker", SCOPE).await;
        let list = format!("/accounts/{}/transactions", app.accounts(&tokens.access).await[0]);
        Self { bank, app, tokens, list }
    }

    async fn get(&self, path: &str) -> Answer {
        self.app.answer(path, &self.tokens.access).await
    }

    async fn ask(&self, query: &str) -> Answer {
        self.get(&format!("{}?{query}", self.list)).await
    }

    /// The days of all transactions that are given to who asks for no dates, and the pages with them.
    async fn walk(&self) -> (Vec<String>, Vec<Answer>) {
        let (mut days, mut pages) = (Vec::new(), Vec::new());
        let mut next = Some(self.list.clone());
        while let Some(path) = next {
            let answer = self.get(&path).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
            let body = answer.json();
            let rows = body["Data"]["Transaction"].as_array().unwrap();
            days.extend(rows.iter().map(|row| row["BookingDateTime"].as_str().unwrap()[..10].to_owned()));
            next = body["Links"]["Next"].as_str().map(str::to_owned);
            pages.push(answer);
        }
        (days, pages)
    }

    async fn oldest(&self) -> String {
        self.walk().await.0.pop().unwrap()
    }

    /// Whether the tokens are worth anything, for all that introspection says: the access token, the refresh token.
    async fn active(&self) -> [bool; 2] {
        let active = async |token: &str| self.app.introspect(token).await["active"] == true;
        [active(&self.tokens.access).await, active(&self.tokens.refresh).await]
    }

    /// The customer of the consent that was read last signs in once more for it, so that another grant is made from it.
    async fn sign_in_again(&self) {
        let read = self.bank.record(1).await.remove(0);
        let consent: ConsentId = read.consent.unwrap().parse().unwrap();
        let now = self.bank.clock.now();
        let grant = Grant {
            id: GrantId::from_bits(7),
            consent,
            client: read.client.unwrap().parse().unwrap(),
            customer: read.customer.unwrap().parse().unwrap(),
            scope: ScopeSet::parse(SCOPE).unwrap(),
            details: None,
            nonce: None,
            management: GrantManagement::None,
            signed_in_at: now,
            created_at: now,
        };
        let mut tx = self.bank.db.begin("test").await.unwrap();
        grant::insert(&mut tx, &grant).await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// That something was refused because it is too old, and how to go on.
fn assert_closed(answer: &Answer, what: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (403, "U028"), "{what}: {}", answer.text);
    let body = answer.json();
    let message = body["Errors"][0]["Message"].as_str().unwrap();
    assert!(message.contains("authorise the consent again"), "{message}");
    assert!(message.contains(&format!("from {OPEN}T00:00:00Z on")), "{message}");
    assert!(body.get("Data").is_none());
}

#[tokio::test]
async fn everything_is_open_for_an_hour_after_the_sign_in() {
    for engine in Engine::ALL {
        let world = World::on(engine, OldData::UK).await;
        assert_eq!(world.oldest().await, "2026-01-01", "{engine:?}");
        world.bank.clock.advance(Span::seconds(3599));
        assert_eq!(world.oldest().await, "2026-01-01", "{engine:?}");
        let old = world.ask("fromBookingDateTime=2026-01-01T00:00:00&toBookingDateTime=2026-01-03T00:00:00").await;
        assert_eq!(old.json()["Data"]["Transaction"].as_array().unwrap().len(), 21, "{engine:?}");
    }
}

#[tokio::test]
async fn later_who_asks_for_old_data_is_refused_and_who_asks_for_nothing_gets_what_is_open() {
    for engine in Engine::ALL {
        let world = World::on(engine, OldData::UK).await;
        let (days, pages) = world.walk().await;
        let deep = pages.last().unwrap().json()["Links"]["Self"].as_str().unwrap().to_owned();
        let back = pages.last().unwrap().json()["Links"]["Prev"].as_str().unwrap().to_owned();
        world.bank.clock.advance(Span::hours(1));
        for closed in [
            "fromBookingDateTime=2026-01-30T23:59:59",
            "fromBookingDateTime=2026-01-30",
            "toBookingDateTime=2026-01-30T23:59:59",
            "fromBookingDateTime=2026-01-01&toBookingDateTime=2026-04-01",
            "fromBookingDateTime=1970-01-01T00:00:00Z",
        ] {
            assert_closed(&world.ask(closed).await, closed);
        }
        for link in [deep, back] {
            assert_closed(&world.get(&link).await, &link);
        }
        let open = days.iter().filter(|day| day.as_str() >= OPEN).count();
        assert!(open > 25 && open < days.len(), "the border lies on a later page: {open}");
        let (seen, pages) = world.walk().await;
        assert_eq!((seen.len(), seen.last().unwrap().as_str()), (open, OPEN), "{engine:?}");
        assert_eq!(pages[0].json()["Meta"]["FirstAvailableDateTime"], format!("{OPEN}T00:00:00Z"));
        let query = format!("fromBookingDateTime={OPEN}T00:00:00&toBookingDateTime={OPEN}T00:00:00");
        assert_eq!(world.ask(&query).await.json()["Data"]["Transaction"].as_array().unwrap().len(), 7, "the border");
        // The rest is not about time.
        assert_eq!(world.get("/accounts").await.status, 200);
        assert_eq!(world.get(&world.list.replace("transactions", "balances")).await.status, 200);
    }
}

#[tokio::test]
async fn the_border_moves_once_a_day() {
    let world = World::on(Engine::Sqlite, OldData::UK).await;
    world.bank.clock.advance(Span::seconds(12 * 3600 - 1));
    assert_eq!(world.oldest().await, OPEN);
    world.bank.clock.advance(Span::seconds(1));
    assert_eq!(world.oldest().await, "2026-02-01");
}

#[tokio::test]
async fn a_new_sign_in_for_the_same_consent_opens_it_again_and_a_new_token_does_not() {
    let world = World::on(Engine::Sqlite, OldData::UK).await;
    world.bank.clock.advance(Span::hours(1));
    let refreshed = world.app.narrowed(&world.tokens.refresh, SCOPE).await;
    let query = format!("{}?fromBookingDateTime=2026-01-01", world.list);
    assert_closed(&world.app.answer(&query, &refreshed).await, "a refreshed token");
    world.app.connect(&world.bank, "walker", SCOPE).await;
    assert_closed(&world.get(&query).await, "another consent of the same customer");
    world.bank.clock.advance(Span::seconds(1));
    assert_eq!(world.oldest().await, OPEN);
    world.sign_in_again().await;
    assert_eq!(world.get(&query).await.status, 200);
    assert_eq!(world.oldest().await, "2026-01-01");
    world.bank.clock.advance(Span::hours(1));
    assert_closed(&world.get(&query).await, "an hour later");
}

#[tokio::test]
async fn a_refusal_of_old_data_does_not_count_as_an_access() {
    let world = World::on(Engine::Sqlite, OldData::UK).await;
    world.bank.clock.advance(Span::hours(1));
    let query = format!("{}?fromBookingDateTime=2026-01-01", world.list);
    for _ in 0..6 {
        let answer = world.app.by_itself().answer(&query, &world.tokens.access).await;
        assert_closed(&answer, "alone");
        assert_eq!(answer.header("ratelimit"), "\"unattended\";r=4;t=0");
    }
}

#[tokio::test]
async fn the_operator_may_set_other_values_or_none() {
    for (rule, after, expected) in [
        (OldData::OFF, Span::days(200), "2026-01-01"),
        (OldData { open_days: Some(88), ..OldData::UK }, Span::hours(1), "2026-02-02"),
        (OldData { fresh: Span::minutes(10), ..OldData::UK }, Span::seconds(599), "2026-01-01"),
        (OldData { fresh: Span::minutes(10), ..OldData::UK }, Span::seconds(600), OPEN),
        (OldData::EU, Span::seconds(3599), "2026-01-01"),
        (OldData::EU, Span::hours(1), OPEN),
    ] {
        let world = World::on(Engine::Sqlite, rule).await;
        world.bank.clock.advance(after);
        assert_eq!(world.oldest().await, expected, "{rule:?} after {after:?}");
    }
}

#[tokio::test]
async fn in_the_union_a_consent_waits_for_its_customer_after_half_a_year() {
    for engine in Engine::ALL {
        let world = World::on(engine, OldData::EU).await;
        let balances = world.list.replace("transactions", "balances");
        world.bank.clock.advance(Span::seconds(180 * 86_400 - 1));
        assert_eq!(world.get(&balances).await.status, 200, "{engine:?}");
        world.bank.clock.advance(Span::seconds(1));
        let both = async || tokio::join!(world.get("/accounts"), world.get(&balances));
        let (first, second) = tokio::join!(both(), both());
        let later = world.get(&world.list).await;
        for answer in [first.0, first.1, second.0, second.1, later] {
            assert_eq!((answer.status, answer.code().as_str()), (403, "U028"), "{engine:?}: {}", answer.text);
        }
        assert_ne!(world.app.refresh(&world.tokens.refresh).await.status(), 200, "{engine:?}");
        let record = world.bank.record(1000).await;
        let revoked: Vec<_> = record.iter().filter(|entry| entry.event == "consent.revoked").collect();
        assert_eq!(revoked.len(), 1, "{engine:?}: recorded once");
        assert_eq!(revoked[0].reason.as_deref(), Some("authentication-due"));
        let mut tx = world.bank.db.read().await.unwrap();
        let id = revoked[0].consent.as_deref().unwrap().parse().unwrap();
        let found = lombard_store::consent::find(&mut tx, id).await.unwrap().unwrap();
        assert_eq!(found.state().status(), Status::AuthenticationDue);
    }
}

/// Nobody has called for data, so nothing is written down yet; whoever asks about a token learns it all the same.
#[tokio::test]
async fn in_the_union_no_token_is_worth_anything_while_a_sign_in_is_due() {
    for engine in Engine::ALL {
        let world = World::on(engine, OldData::EU).await;
        let Tokens { access, refresh, .. } = &world.tokens;
        world.bank.clock.advance(Span::seconds(180 * 86_400 - 1));
        assert_eq!(world.active().await, [true, true], "{engine:?}");
        assert_eq!(world.app.refresh(refresh).await.status(), 200, "{engine:?}");
        world.bank.clock.advance(Span::seconds(1));
        assert_eq!(world.active().await, [false, false], "{engine:?}");
        assert_eq!(refusal(world.app.refresh(refresh).await).await, "400 invalid_grant", "{engine:?}");
        let record = world.bank.record(1000).await;
        assert!(record.iter().all(|entry| entry.event != "consent.revoked"), "{engine:?}");

        world.bank.auth.forget_what_is_over().await.unwrap();
        assert_eq!(world.active().await, [false, false], "{engine:?}: nor afterwards");
        let refused = world.app.answer("/accounts", access).await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "U028"), "{engine:?}");
        let record = world.bank.record(1000).await;
        assert_eq!(record.iter().filter(|entry| entry.event == "consent.revoked").count(), 1, "{engine:?}");
    }
}

#[tokio::test]
async fn in_the_union_a_new_sign_in_starts_the_half_year_anew_and_elsewhere_there_is_none() {
    let world = World::on(Engine::Sqlite, OldData::EU).await;
    world.bank.clock.advance(Span::days(179));
    assert_eq!(world.get("/accounts").await.status, 200);
    world.sign_in_again().await;
    world.bank.clock.advance(Span::days(179));
    world.bank.auth.forget_what_is_over().await.unwrap();
    assert_eq!(world.get("/accounts").await.status, 200);
    assert_eq!(world.active().await, [true, true], "also for tokens of an earlier answer");
    assert_eq!(world.app.refresh(&world.tokens.refresh).await.status(), 200);
    world.bank.clock.advance(Span::days(1));
    assert_eq!(world.get("/accounts").await.status, 403);

    let world = World::on(Engine::Sqlite, OldData::UK).await;
    world.bank.clock.advance(Span::days(399));
    world.bank.auth.forget_what_is_over().await.unwrap();
    assert_eq!(world.get("/accounts").await.status, 200);
    assert_eq!(world.active().await, [true, true]);
}
