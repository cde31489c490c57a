//! `fromBookingDateTime`, `toBookingDateTime` and the place of a page: what is accepted, what is refused, what they select.

use std::collections::BTreeSet;

use lombard_testkit::Engine;

use super::{Long, ids, rows};

#[tokio::test]
async fn both_ends_of_the_range_belong_to_it() {
    for engine in Engine::ALL {
        let long = Long::on(engine).await;
        let count = async |query: &str| -> usize {
            long.walk(&format!("{}?{query}", long.list()), "Next").await.iter().map(|page| rows(page).len()).sum()
        };
        // Seven on each day, all at midnight, from the first of January on.
        assert_eq!(count("fromBookingDateTime=2026-01-05T00:00:00&toBookingDateTime=2026-01-05T00:00:00").await, 7);
        assert_eq!(count("fromBookingDateTime=2026-01-05T00:00:00&toBookingDateTime=2026-01-10T00:00:00").await, 42);
        assert_eq!(
            count("fromBookingDateTime=2026-01-05T00:00:00.000001&toBookingDateTime=2026-01-10T00:00:00").await,
            35
        );
        assert_eq!(
            count("fromBookingDateTime=2026-01-05T00:00:00&toBookingDateTime=2026-01-09T23:59:59.999999").await,
            35
        );
        assert_eq!(count("toBookingDateTime=2026-01-01T00:00:00").await, 7);
        assert_eq!(count("toBookingDateTime=2025-12-31T23:59:59").await, 0, "nothing there is an empty list");
        assert_eq!(count("fromBookingDateTime=2026-02-04T00:00:00").await, 2);
        assert_eq!(count("fromBookingDateTime=2026-02-01T00:00:00&toBookingDateTime=2026-01-01T00:00:00").await, 0);
    }
}

#[tokio::test]
async fn links_keep_the_filters() {
    let long = Long::on(Engine::Sqlite).await;
    let (from, to) = ("fromBookingDateTime=2026-01-05T00%3A00%3A00", "toBookingDateTime=2026-01-20T00%3A00%3A00");
    let pages = long.walk(&format!("{}?{from}&{to}", long.list()), "Next").await;
    assert!(pages.len() > 3);
    for page in &pages {
        for (name, link) in page["Links"].as_object().unwrap() {
            let link = link.as_str().unwrap();
            assert!(link.contains(from) && link.contains(to), "{name} has lost a filter: {link}");
        }
    }
    let all: Vec<_> = pages.iter().flat_map(ids).collect();
    assert_eq!(all.len(), 16 * 7);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    let last = pages.last().unwrap()["Links"]["Self"].as_str().unwrap();
    let back = long.walk(last, "Prev").await;
    assert_eq!(back.iter().rev().flat_map(ids).collect::<Vec<_>>(), all);
}

#[tokio::test]
async fn dates_come_in_many_forms() {
    let long = Long::on(Engine::Sqlite).await;
    for name in ["fromBookingDateTime", "toBookingDateTime"] {
        for good in [
            "2016-01-01T10:40:00",
            "2016-01-01T10:40:00.12345Z",
            "2016-01-01T10:40:00.123456789Z",
            "2016-01-01T10:40:00+01",
            "2016-01-01T10:40:00%2B01",
            "2016-01-01T10:40:00%2B01:00",
            "2016-01-01T10:40:00-05:30",
            "2016-01-01T10:40Z",
            "2016-01-01T10",
            "2016-01-01",
            "20160101",
            "20160101T104012.345Z",
            "20160101T104012",
            "20160101T1040",
            "2016-01-01t10:40:00z",
            "2016-01-01T24:00:00",
            "2016-02-29T23:59:60Z",
        ] {
            let answer = long.app.answer(&format!("{}?{name}={good}", long.list()), &long.token).await;
            assert_eq!(answer.status, 200, "{name}={good}: {}", answer.text);
        }
        let long_text = "2".repeat(5000);
        for bad in [
            "yesterday",
            "0",
            "2026-02-30T00:00:00",
            "2015-02-29",
            "2026-13-01",
            "2026-1-1",
            "2026-01-01T25:00:00",
            "2026-01-01T10:60:00",
            "2026-01-01T10:40:00Zulu",
            "2026-01-01T10:40:00+01:00:00:00",
            "T10:40:00",
            "-2026-01-01T10:40:00",
            "2026-01-01%00",
            "1767225600",
            "2026-01-01T00:00:00'--",
            "%F0%9F%92%B7",
            &long_text,
        ] {
            let answer = long.app.answer(&format!("{}?{name}={bad}", long.list()), &long.token).await;
            assert_eq!((answer.status, answer.code().as_str()), (400, "U003"), "{name}={bad}: {}", answer.text);
            assert_eq!(answer.json()["Errors"][0]["Path"], name);
        }
        let good = "2026-01-01T00:00:00";
        let answer = long.app.answer(&format!("{}?{name}={good}&{name}={good}", long.list()), &long.token).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "U003"), "{name} twice");
    }
}

#[tokio::test]
async fn the_place_of_a_page_gives_no_right() {
    let long = Long::on(Engine::Sqlite).await;
    let first = long.page(&long.list()).await;
    let next = first["Links"]["Next"].as_str().unwrap();
    let place = next.split_once("page=").unwrap().1;
    let cut = &place[1..];
    let longer = format!("{place}AAAA");
    let huge = "A".repeat(5000);
    let twice = format!("{place}&page={place}");
    for bad in ["1", "0", "-1", "25", "null", cut, &longer, &huge, &twice, "%00", "%FF", "..%2F..", "'%20OR%201=1--"] {
        let answer = long.app.answer(&format!("{}?page={bad}", long.list()), &long.token).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "U002"), "page={bad}: {}", answer.text);
    }
    // The place on one account leads nowhere but into the other account's own rows.
    let own: BTreeSet<_> = ids(&long.page(&format!("/accounts/{}/transactions", long.few)).await).into_iter().collect();
    let answer = long.app.answer(&format!("/accounts/{}/transactions?page={place}", long.few), &long.token).await;
    if answer.status == 200 {
        assert!(ids(&answer.json()).iter().all(|id| own.contains(id)));
    } else {
        assert_eq!((answer.status, answer.code().as_str()), (400, "U002"));
    }
    // Nor out of the range that is asked for.
    let answer =
        long.app.answer(&format!("{}?toBookingDateTime=2026-01-01&page={place}", long.list()), &long.token).await;
    assert_eq!(rows(&answer.json()).len(), 7);
}
