//! Walking from page to page, there and back, also while new transactions arrive.

use std::collections::BTreeSet;

use lombard_domain::account::{BookingStatus, Transaction};
use lombard_domain::currency::Currency;
use lombard_domain::id::TransactionId;
use lombard_domain::money::Money;
use lombard_domain::text::Text;
use lombard_domain::time::{Date, Instant, Span};
use lombard_store::transaction;
use lombard_testkit::Engine;
use serde_json::Value;

use super::{FEW, Long, MANY, ids, rows};

#[tokio::test]
async fn next_gives_each_transaction_once_and_prev_walks_back() {
    for engine in Engine::ALL {
        let long = Long::on(engine).await;
        let there = long.walk(&long.list(), "Next").await;
        let all: Vec<_> = there.iter().flat_map(ids).collect();
        assert_eq!(all.len(), MANY);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), MANY, "a transaction came twice");
        let descriptions: Vec<_> =
            there.iter().flat_map(rows).map(|row| row["TransactionInformation"].clone()).collect();
        let expected: Vec<_> = (0..MANY).rev().map(|number| Value::from(format!("Row {number}"))).collect();
        assert_eq!(descriptions, expected, "newest first, and in order of arrival within a moment");
        assert!(there[0]["Links"].get("Prev").is_none() && there[0]["Links"].get("First").is_some());

        let last = there.last().unwrap()["Links"]["Self"].as_str().unwrap().to_owned();
        let back = long.walk(&last, "Prev").await;
        let all_back: Vec<_> = back.iter().rev().flat_map(ids).collect();
        assert_eq!(all_back, all, "{engine:?}: the way back shows something else");
        // The last page is the same list from its other end.
        let end = there[0]["Links"]["Last"].as_str().unwrap().to_owned();
        let from_end = long.walk(&end, "Prev").await;
        assert!(from_end[0]["Links"].get("Next").is_none(), "{engine:?}: nothing comes after the last page");
        let all_from_end: Vec<_> = from_end.iter().rev().flat_map(ids).collect();
        assert_eq!(all_from_end, all, "{engine:?}");
        let again = there[3]["Links"]["Self"].as_str().unwrap();
        assert_eq!(ids(&long.page(again).await), ids(&there[3]));
        let first = there[5]["Links"]["First"].as_str().unwrap();
        assert_eq!(ids(&long.page(first).await), ids(&there[0]));
    }
}

#[tokio::test]
async fn what_was_there_is_seen_once_while_more_arrives() {
    for engine in Engine::ALL {
        let long = Long::on(engine).await;
        let old: BTreeSet<_> = long.walk(&long.list(), "Next").await.iter().flat_map(ids).collect();
        let noon = Date::new(2026, 3, 2).unwrap().start().plus(Span::hours(12));
        let mut seen = Vec::new();
        let mut next = Some(long.list());
        let mut turn = 0;
        while let Some(path) = next {
            let page = long.page(&path).await;
            seen.extend(ids(&page));
            next = page["Links"]["Next"].as_str().map(str::to_owned);
            turn += 1;
            // One at the top, one at a moment that others have, one that comes late for long ago.
            long.arrive(turn, noon.plus(Span::seconds(turn))).await;
            long.arrive(100 + turn, Date::new(2026, 1, 20).unwrap().start()).await;
            long.arrive(200 + turn, Date::new(2026, 1, 1).unwrap().start().minus(Span::hours(turn))).await;
        }
        for id in &old {
            assert_eq!(seen.iter().filter(|seen| *seen == id).count(), 1, "{engine:?}: {id}");
        }
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len(), "{engine:?}: one came twice");
        let all = long.walk(&long.list(), "Next").await;
        assert_eq!(all.iter().flat_map(ids).count(), MANY + 3 * usize::try_from(turn).unwrap());
    }
}

#[tokio::test]
async fn all_accounts_are_one_list() {
    for engine in Engine::ALL {
        let long = Long::on(engine).await;
        let there = long.walk("/transactions", "Next").await;
        let all: Vec<_> = there.iter().flat_map(ids).collect();
        assert_eq!(all.len(), MANY + FEW, "{engine:?}");
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), MANY + FEW, "{engine:?}: a transaction came twice");
        let accounts: Vec<_> = there.iter().flat_map(rows).map(|row| row["AccountId"].clone()).collect();
        assert_eq!(accounts.windows(2).filter(|pair| pair[0] != pair[1]).count(), 1, "{engine:?}: account by account");
        for account in [&long.many, &long.few] {
            let own = long.walk(&format!("/accounts/{account}/transactions"), "Next").await;
            let own: Vec<_> = own.iter().flat_map(ids).collect();
            let of_all: Vec<_> =
                there.iter().flat_map(rows).filter(|row| row["AccountId"] == account.as_str()).collect();
            let of_all: Vec<_> = of_all.iter().map(|row| row["TransactionId"].as_str().unwrap()).collect();
            assert_eq!(of_all, own, "{engine:?}: in the same order as alone");
        }
        let end = there[0]["Links"]["Last"].as_str().unwrap().to_owned();
        let back: Vec<_> = long.walk(&end, "Prev").await.iter().rev().flat_map(ids).collect();
        assert_eq!(back, all, "{engine:?}: the way back shows something else");
        for page in &there {
            assert!(page["Links"]["Self"].as_str().unwrap().contains("/aisp/transactions"), "{engine:?}");
        }
    }
}

#[tokio::test]
async fn every_page_says_between_which_moments_there_is_something() {
    let long = Long::on(Engine::Sqlite).await;
    let within = "fromBookingDateTime=2026-01-05T00:00:00&toBookingDateTime=2026-01-06T00:00:00";
    let nothing = "fromBookingDateTime=2026-06-05T00:00:00";
    for list in [long.list(), "/transactions".to_owned()] {
        for path in [list.clone(), format!("{list}?{within}"), format!("{list}?{nothing}")] {
            let meta = long.page(&path).await["Meta"].clone();
            assert_eq!(meta["FirstAvailableDateTime"], "2026-01-01T00:00:00Z", "{path}: {meta}");
            assert_eq!(meta["LastAvailableDateTime"], "2026-02-04T00:00:00Z", "{path}: {meta}");
        }
    }
    let few = long.page(&format!("/accounts/{}/transactions", long.few)).await["Meta"].clone();
    assert_eq!(few["FirstAvailableDateTime"], few["LastAvailableDateTime"], "{few}");
}

impl Long {
    /// A transaction arrives, as the bank's core would bring it.
    async fn arrive(&self, number: i64, booked_at: Instant) {
        let account = self.many.parse().unwrap();
        let new = Transaction {
            id: TransactionId::from_bits(u128::try_from(number).unwrap() << 64 | 0xfeed),
            account,
            source: Text::new(&format!("late{number}")).unwrap(),
            status: BookingStatus::Booked,
            booked_at,
            value_at: None,
            amount: Money::new(-100, "GBP".parse::<Currency>().unwrap()),
            code: None,
            description: Some(Text::new("Late").unwrap()),
            counterparty: None,
        };
        let mut tx = self.bank.db.begin("test").await.unwrap();
        transaction::add_missing(&mut tx, &[new]).await.unwrap();
        transaction::recompute_balances(&mut tx, &[account]).await.unwrap();
        tx.commit().await.unwrap();
    }
}
