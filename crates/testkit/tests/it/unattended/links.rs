//! The pages of one answer are one access.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lombard_domain::time::Span;
use lombard_testkit::{Answer, App, Engine, TestBank};
use serde_json::Value;

use crate::paging;

/// An app alone with a list of many pages.
struct Walker {
    bank: TestBank,
    alone: App,
    token: String,
    list: String,
}

impl Walker {
    async fn on(engine: Engine) -> Self {
        let folder = paging::folder();
        let bank = TestBank::with(engine, folder.path(), |policy| policy.access_token_life = Span::days(2)).await;
        let app = App::register(&bank).await;
        let token = app.connect(&bank, "walker", "accounts:read transactions:read").await.access;
        let list = format!("/accounts/{}/transactions", app.accounts(&token).await[0]);
        Self { bank, alone: app.by_itself(), token, list }
    }

    async fn get(&self, path: &str) -> Answer {
        self.alone.answer(path, &self.token).await
    }

    /// What is left after a call that is answered.
    async fn left(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.header("ratelimit").split(';').nth(1).unwrap_or_default().to_owned()
    }
}

fn link(answer: &Answer, name: &str) -> Option<String> {
    answer.json()["Links"][name].as_str().map(str::to_owned)
}

fn stamp(url: &str) -> Option<&str> {
    url.split(['?', '&']).find_map(|part| part.strip_prefix("access="))
}

#[tokio::test]
async fn to_walk_a_list_there_and_back_is_one_access() {
    for engine in Engine::ALL {
        let walker = Walker::on(engine).await;
        let mut answer = walker.get(&walker.list).await;
        let (mut pages, mut ways) = (1, vec!["Next", "Prev"].into_iter());
        let mut way = ways.next();
        while let Some(name) = way {
            let Some(next) = link(&answer, name) else {
                way = ways.next();
                continue;
            };
            answer = walker.get(&next).await;
            assert_eq!(answer.status, 200, "{engine:?}");
            assert_eq!(answer.header("ratelimit"), "\"unattended\";r=3;t=86400", "{engine:?}, {name} {pages}");
            pages += 1;
        }
        assert!(pages > 15, "{engine:?}: only {pages} pages");
        let first = link(&answer, "First").unwrap();
        assert_eq!(stamp(&first), None, "the first page begins anew");
        assert_eq!(walker.left(&first).await, "r=2", "{engine:?}");
    }
}

#[tokio::test]
async fn to_begin_with_the_last_page_belongs_to_the_first_one() {
    let walker = Walker::on(Engine::Sqlite).await;
    let mut link_on = link(&walker.get(&walker.list).await, "Last");
    let mut pages = 1;
    while let Some(url) = link_on {
        let answer = walker.get(&url).await;
        assert_eq!((answer.status, answer.header("ratelimit")), (200, "\"unattended\";r=3;t=86400"), "{pages}");
        assert_eq!(link(&answer, "Self"), Some(url), "Self is the address that was called");
        link_on = link(&answer, "Prev");
        pages += 1;
    }
    assert!(pages > 8, "only {pages} pages");
}

/// Were the last page of a list of one page stamped, that list could be read as often as one likes for an hour.
#[tokio::test]
async fn the_last_page_begins_anew_where_there_is_one_only() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let scope = "accounts:read beneficiaries:read standing-orders:read statements:read transactions:read";
    let token = app.connect(&bank, "amelia", scope).await.access;
    let account = app.accounts(&token).await.remove(0);
    let of_account = |name: &str| format!("/accounts/{account}/{name}");
    for list in [
        of_account("transactions"),
        of_account("standing-orders"),
        of_account("statements"),
        "/beneficiaries".to_owned(),
    ] {
        let first = app.by_itself().answer(&list, &token).await;
        assert_eq!(first.status, 200, "{list}: {}", first.text);
        assert!(link(&first, "Next").is_none() && link(&first, "Prev").is_none(), "{list} has one page");
        let last = link(&first, "Last").unwrap();
        let mut statuses = Vec::new();
        for _ in 0..4 {
            let answer = app.by_itself().answer(&last, &token).await;
            statuses.push(answer.status);
            if answer.status == 200 {
                assert_eq!(link(&answer, "Last"), Some(last.clone()), "{list}");
            }
        }
        assert_eq!(statuses, [200, 200, 200, 429], "{list}");
        assert_eq!(stamp(&last), None, "{list}");
    }
}

#[tokio::test]
async fn a_stamp_is_for_the_one_place_to_which_its_link_leads() {
    let walker = Walker::on(Engine::Sqlite).await;
    let next = link(&walker.get(&walker.list).await, "Next").unwrap();
    let after = link(&walker.get(&next).await, "Next").unwrap();
    let page = |url: &str| url.split("page=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    assert_ne!(stamp(&after), stamp(&next), "each link has its own");
    // The stamp of one link at the place of another, which is one of ours.
    assert_eq!(walker.left(&next.replace(&page(&next), &page(&after))).await, "r=2");
    // The same place among other transactions.
    assert_eq!(walker.left(&format!("{next}&fromBookingDateTime=2026-01-05T00:00:00")).await, "r=1");

    // A place that somebody made up: before the newest transaction that there will ever be, so that the page is the first.
    let mut bytes = vec![1];
    bytes.extend([0xff; 16]);
    bytes.extend(253_000_000_000_000_000_i64.to_be_bytes());
    bytes.extend(1_i64.to_be_bytes());
    let made_up = walker.get(&next.replace(&page(&next), &URL_SAFE_NO_PAD.encode(bytes))).await;
    assert_eq!((made_up.status, made_up.header("ratelimit")), (200, "\"unattended\";r=0;t=86400"));
    let newest = |answer: &Answer| answer.json()["Data"]["Transaction"][0].clone();
    let there = App { customer: lombard_testkit::Presence::There, ..walker.alone.clone() };
    assert_eq!(newest(&made_up), newest(&there.answer(&walker.list, &walker.token).await), "it is the first page");
    for (name, has_stamp) in [("Self", false), ("First", false), ("Prev", false), ("Next", true), ("Last", false)] {
        let url = link(&made_up, name).unwrap();
        assert_eq!(stamp(&url).is_some(), has_stamp, "{name}: nobody may go back to what is new from a place made up");
    }

    for url in [next, after, link(&made_up, "Next").unwrap()] {
        assert_eq!(walker.left(&url).await, "r=0", "where its link leads a stamp is good");
    }
    assert_eq!(walker.get(&link(&made_up, "Prev").unwrap()).await.status, 429);
}

#[tokio::test]
async fn links_that_are_not_of_this_access_count() {
    let walker = Walker::on(Engine::Sqlite).await;
    let next = link(&walker.get(&walker.list).await, "Next").unwrap();
    let own = stamp(&next).unwrap().to_owned();
    assert_eq!(walker.left(&next).await, "r=3");
    let there = App { customer: lombard_testkit::Presence::There, ..walker.alone.clone() };
    let attended = link(&there.answer(&walker.list, &walker.token).await, "Next").unwrap();
    assert_eq!(stamp(&attended), None, "with the customer there, no link needs a stamp");

    // Forged: one character of another value, shorter, longer, empty, twice.
    let flipped = if own.ends_with('A') { "B" } else { "A" };
    let forged = next.replace(&own, &format!("{}{flipped}", &own[..own.len() - 1]));
    assert_eq!(walker.left(&forged).await, "r=2");
    let earlier = format!("{}{}", "AAAA", &own[4..]);
    assert_eq!(walker.left(&next.replace(&own, &earlier)).await, "r=1");
    for bad in [&own[1..], &format!("{own}A"), "", &format!("{own}&access={own}")] {
        let answer = walker.get(&next.replace(&own, bad)).await;
        assert!([200, 400, 429].contains(&answer.status), "{}", answer.text);
        assert_ne!(answer.header("ratelimit"), "\"unattended\";r=1;t=86400", "{bad} was taken");
        walker.bank.clock.advance(Span::seconds(1));
        if answer.status == 200 {
            assert_eq!(answer.header("ratelimit").split(';').nth(1), Some("r=0"));
        }
    }
}

#[tokio::test]
async fn a_stamp_is_for_one_consent_one_list_and_one_hour() {
    let walker = Walker::on(Engine::Sqlite).await;
    let next = link(&walker.get(&walker.list).await, "Next").unwrap();
    let own = stamp(&next).unwrap().to_owned();

    let there = App { customer: lombard_testkit::Presence::There, ..walker.alone.clone() };
    let other = there.connect(&walker.bank, "walker", "accounts:read transactions:read").await.access;
    let answer = walker.alone.answer(&next, &other).await;
    assert_eq!((answer.status, answer.header("ratelimit")), (200, "\"unattended\";r=3;t=86400"), "another consent's");
    assert_ne!(stamp(&link(&answer, "Next").unwrap()), Some(own.as_str()));
    let again = walker.alone.answer(&next, &other).await;
    assert_eq!(again.header("ratelimit"), "\"unattended\";r=2;t=86400", "and it counts each time");

    // Another account's list has a budget of its own, and this stamp is none of its.
    let accounts: Value = there.read("/accounts", &walker.token).await;
    let second = accounts["Data"]["Account"][1]["AccountId"].as_str().unwrap();
    let page = next.split("page=").nth(1).unwrap().split('&').next().unwrap();
    let elsewhere = format!("/accounts/{second}/transactions?page={page}&access={own}");
    for left in ["r=3", "r=2"] {
        assert_eq!(walker.left(&elsewhere).await, left);
    }

    // Without a place in the list the list begins anew.
    assert_eq!(walker.left(&format!("{}?access={own}", walker.list)).await, "r=2");
    walker.bank.clock.advance(Span::seconds(3599));
    assert_eq!(walker.left(&next).await, "r=2");
    walker.bank.clock.advance(Span::seconds(1));
    assert_eq!(walker.left(&next).await, "r=1", "an hour is over");
}
