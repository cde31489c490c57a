//! What the feed looks like: its answers, its parameters and its errors.

use std::collections::BTreeSet;

use super::*;

#[tokio::test]
async fn an_answer_says_what_there_is_and_where_to_go_on() {
    let world = World::on(Engine::Sqlite).await;
    let whole = world.ask("").await;
    assert_eq!((whole.status, whole.header("content-type")), (200, "application/json"), "{}", whole.text);
    assert_eq!(whole.header("cache-control"), "no-store");
    let body = whole.json();
    let names: BTreeSet<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(["added", "changed", "removed", "next_cursor", "has_more"]));
    let row = &body["added"][0];
    let names: BTreeSet<_> = row.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = ["transaction_id", "account_id", "status", "booked_at", "amount", "currency", "code", "description"];
    assert_eq!(names, BTreeSet::from(expected));
    assert_eq!(row["account_id"], world.account.as_str());
    assert_eq!((&row["status"], &row["currency"]), (&"booked".into(), &"GBP".into()));
    assert_eq!(row["code"], serde_json::json!({"family": "RCDT", "sub_family": "OTHR"}));
    assert_eq!(row["amount"], "100.00", "{row}");
    assert_eq!(body["added"][1]["amount"], "-11.01", "what flows out is negative");

    // The link leads through the pages, with the limit that was asked for.
    let mut follower = Follower::default();
    let mut next = Some(world.url("?limit=2"));
    while let Some(url) = next {
        assert!(url.contains("limit=2"), "{url}");
        let answer = world.app.answer(&url, &world.token).await;
        follower.apply(&answer.json(), 2);
        next = answer.json()["next"].as_str().map(str::to_owned);
    }
    assert_eq!(follower.picture, world.truth().await);
}

#[tokio::test]
async fn what_is_asked_for_wrongly_is_told_so() {
    let world = World::on(Engine::Sqlite).await;
    let good = world.ask("?limit=1").await.json()["next_cursor"].as_str().unwrap().to_owned();
    let other = world.app.accounts(&world.token).await.remove(0);
    let other = world.bank.url(&format!("/lombard/v1/accounts/{other}/transactions/sync"));
    let others = world.app.answer(&other, &world.token).await.json()["next_cursor"].as_str().unwrap().to_owned();
    let again = world.app.connect(&world.bank, "walker", SCOPE).await.access;
    let consents = world.app.answer(&world.url(""), &again).await.json()["next_cursor"].as_str().unwrap().to_owned();
    let flipped = format!("{}{}", &good[..63], if good.ends_with('A') { "B" } else { "A" });
    for (query, code, parameter) in [
        ("?limit=0".to_owned(), "limit_invalid", "limit"),
        ("?limit=501".to_owned(), "limit_invalid", "limit"),
        ("?limit=-1".to_owned(), "limit_invalid", "limit"),
        ("?limit=%2B1".to_owned(), "limit_invalid", "limit"),
        ("?limit=99999999999999999999".to_owned(), "limit_invalid", "limit"),
        ("?limit=1&limit=1".to_owned(), "parameter_repeated", "limit"),
        (format!("?cursor={good}&cursor={good}"), "parameter_repeated", "cursor"),
        ("?cursor=1".to_owned(), "cursor_unknown", "cursor"),
        (format!("?cursor={flipped}"), "cursor_unknown", "cursor"),
        (format!("?cursor={others}"), "cursor_unknown", "cursor"),
        (format!("?cursor={consents}"), "cursor_unknown", "cursor"),
        (format!("?cursor={}", "A".repeat(5000)), "cursor_unknown", "cursor"),
    ] {
        let answer = world.ask(&query).await;
        assert_problem(&answer, 400, code);
        assert_eq!(answer.json()["parameter"], parameter, "{query}: {}", answer.text);
    }
    // A parameter without a value is one that is not there, and what nobody knows is ignored.
    for query in ["?cursor=&limit=".to_owned(), format!("?cursor={good}&unknown=1")] {
        assert_eq!(world.ask(&query).await.status, 200, "{query}");
    }
}

#[tokio::test]
async fn every_refusal_is_a_problem() {
    let world = World::on(Engine::Sqlite).await;
    let http = world.bank.http();
    assert_problem(&Answer::of(http.get(world.url("")).send().await.unwrap()).await, 401, "token_missing");
    assert_problem(&world.app.answer(&world.url(""), "x").await, 401, "token_invalid");
    let posted = http.post(world.url("")).bearer_auth(&world.token).send().await.unwrap();
    assert_problem(&Answer::of(posted).await, 405, "method_not_allowed");
    let html = http.get(world.url("")).bearer_auth(&world.token).header("accept", "text/html").send().await.unwrap();
    assert_problem(&Answer::of(html).await, 406, "not_acceptable");
    for path in ["/lombard", "/lombard/v1", "/lombard/v2/accounts"] {
        assert_problem(&world.app.answer(&world.bank.url(path), &world.token).await, 404, "not_found");
    }
    let stranger = world.bank.url("/lombard/v1/accounts/nobody/transactions/sync");
    assert_problem(&world.app.answer(&stranger, &world.token).await, 403, "account_unknown");
}

/// RFC 9457: the status is that of the answer, and the call is named as in the header.
fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let body = answer.json();
    assert_eq!(body["status"], status);
    assert_eq!(body["interaction_id"], answer.header("x-fapi-interaction-id"));
    assert!(body["title"].as_str().is_some_and(|title| !title.is_empty()), "{}", answer.text);
    assert!(body["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{}", answer.text);
}

#[tokio::test]
async fn basic_rights_give_no_details() {
    let world = World::on(Engine::Sqlite).await;
    let body = world.ask("").await.json();
    assert!(body["added"].as_array().unwrap().iter().all(|row| row["description"].is_string()));
    let row = body["added"][0].as_object().unwrap();
    assert!(row.get("balance").is_none(), "running balances follow from other rows");
}

#[tokio::test]
async fn what_is_too_old_now_is_refused_and_never_passed_over() {
    let folder = paging::folder();
    let world = World::with(Engine::Sqlite, folder.path(), |policy| {
        policy.access_token_life = Span::days(400);
        policy.consent_life = Span::days(400);
    })
    .await;
    let mut follower = Follower::default();
    follower.catch_up(&world, 500).await;
    world.bank.clock.advance(Span::hours(2));
    // It comes late, for a moment that was open when the follower began, an hour after the customer had signed in.
    let old = Date::new(2025, 11, 1).unwrap().start();
    let late = Transaction { booked_at: old, ..arriving(1, world.account(), BookingStatus::Booked) };
    Happening { arriving: vec![late], ..Happening::default() }.happen(&world.bank.db).await;
    let cursor = follower.cursor.clone().unwrap();
    let refused = world.ask(&format!("?cursor={cursor}")).await;
    assert_problem(&refused, 403, "history_closed");
    assert_eq!(refused.json()["open_since"], "2025-12-02T00:00:00Z", "{}", refused.text);
    // Who begins now follows what is open now.
    let mut new = Follower::default();
    new.catch_up(&world, 500).await;
    assert_eq!(new.picture, world.truth().await);
    assert_eq!(new.picture.len(), paging::FEW);
}

#[tokio::test]
async fn what_came_after_a_walk_began_is_another_access_without_the_customer() {
    let world = World::on(Engine::Sqlite).await;
    let app = world.app.by_itself();
    let ask = async |url: &str| {
        let answer = app.answer(url, &world.token).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let left = answer.header("ratelimit").split(';').nth(1).map(str::to_owned);
        (answer.json(), left.unwrap_or_default())
    };
    let (first, left) = ask(&world.url("?limit=2")).await;
    assert_eq!(left, "r=3");
    let walking = first["next"].as_str().unwrap();
    let late = arriving(1, world.account(), BookingStatus::Booked);
    Happening { arriving: vec![late], ..Happening::default() }.happen(&world.bank.db).await;

    let (end, left) = ask(walking).await;
    assert_eq!((left.as_str(), end["added"].as_array().unwrap().len()), ("r=3", paging::FEW - 2));
    let anew = end["next"].as_str().unwrap();
    assert!(end["has_more"] == true && !anew.contains("access="), "{anew}");
    let (news, left) = ask(anew).await;
    assert_eq!((left.as_str(), news["added"].as_array().unwrap().len()), ("r=2", 1));
    assert_eq!((&news["has_more"], news.get("next")), (&false.into(), None));

    // The stamp of the walk goes nowhere else: not to where the next walk begins, and not to the beginning of this one.
    let stamp = walking.split("access=").nth(1).unwrap();
    for (cursor, expected) in [(&news["next_cursor"], "r=1"), (&end["next_cursor"], "r=0")] {
        let url = world.url(&format!("?cursor={}&limit=2&access={stamp}", cursor.as_str().unwrap()));
        assert_eq!(ask(&url).await.1, expected);
    }
    let refused = app.answer(&world.url(&format!("?limit=2&access={stamp}")), &world.token).await;
    assert_problem(&refused, 429, "unattended_calls_used_up");
    let (again, _) = ask(walking).await;
    assert_eq!(again["added"], end["added"], "the walk says the same whenever it is followed");
}

#[tokio::test]
async fn a_walk_is_one_access_without_the_customer() {
    let world = World::on(Engine::Sqlite).await;
    let app = world.app.by_itself();
    let left = |answer: &Answer| answer.header("ratelimit").split(';').nth(1).map(str::to_owned);
    let first = app.answer(&world.url("?limit=1"), &world.token).await;
    assert_eq!((first.status, left(&first).as_deref()), (200, Some("r=3")), "{:?}", first.headers);
    let mut next = first.json()["next"].as_str().map(str::to_owned);
    let mut pages = 1;
    while let Some(url) = next {
        let answer = app.answer(&url, &world.token).await;
        assert_eq!((answer.status, left(&answer).as_deref()), (200, Some("r=3")), "{url}");
        next = answer.json()["next"].as_str().map(str::to_owned);
        pages += 1;
    }
    assert_eq!(pages, paging::FEW);
    for expected in [Some("r=2"), Some("r=1"), Some("r=0")] {
        assert_eq!(left(&app.answer(&world.url(""), &world.token).await).as_deref(), expected);
    }
    assert_problem(&app.answer(&world.url(""), &world.token).await, 429, "unattended_calls_used_up");
    assert_eq!(world.ask("").await.status, 200, "the customer is there");
}
