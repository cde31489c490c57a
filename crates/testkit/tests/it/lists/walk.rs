//! Walking from page to page, there and back, also while new entries arrive.

use std::collections::BTreeSet;

use lombard_testkit::Engine;
use serde_json::Value;

use super::{Bank, List, link};

/// Entries of a list, so many that it takes three pages and more.
const MANY: u128 = 310;

impl Bank {
    /// Every page from one on, by following a link.
    async fn walk(&self, path: &str, way: &str) -> Vec<Value> {
        let mut pages = vec![self.page(path).await];
        while let Some(next) = pages.last().and_then(|page| link(page, way)) {
            assert!(pages.len() < 20, "the links never end");
            pages.push(self.page(&next).await);
        }
        pages
    }
}

#[tokio::test]
async fn next_gives_each_entry_once_and_prev_walks_back() {
    for engine in Engine::ALL {
        let bank = Bank::on(engine).await;
        for list in List::ALL {
            // Most are of one account, and one of the five has none.
            bank.add(list, 0..MANY, &[2, 2, 2, 4, 2, 2, 0, 2, 2, 3]).await;
            for (path, expected) in [(bank.path(list, None), 310), (bank.path(list, Some(2)), 217)] {
                let there = bank.walk(&path, "Next").await;
                let all: Vec<_> = there.iter().flat_map(|page| list.ids(page)).collect();
                assert_eq!(all.len(), expected, "{engine:?} {path}");
                assert!(all.is_sorted_by(|a, b| a < b), "{engine:?} {path}: by account and identifier, nothing twice");
                assert!(there.len() >= 3 && list.rows(&there[0]).len() == 100, "{engine:?} {path}");
                let first = link(&there[0], "Self").unwrap();
                assert!(first.ends_with(&path) && there[0]["Links"].get("Prev").is_none(), "{first}");
                assert!(there[0]["Meta"].as_object().unwrap().is_empty());

                let last = link(&there[1], "Last").unwrap();
                let back = bank.walk(&last, "Prev").await;
                assert!(back[0]["Links"].get("Next").is_none());
                let all_back: Vec<_> = back.iter().rev().flat_map(|page| list.ids(page)).collect();
                assert_eq!(all_back, all, "{engine:?} {path}: the way back shows something else");
                for page in there.iter().chain(&back) {
                    assert_eq!(link(page, "First"), Some(first.clone()));
                    assert_eq!(link(page, "Last"), Some(last.clone()));
                    let own = link(page, "Self").unwrap();
                    assert_eq!(bank.page(&own).await, *page, "{engine:?}: {own} is another page");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_was_there_is_seen_once_while_more_arrives() {
    for engine in Engine::ALL {
        let bank = Bank::on(engine).await;
        for list in List::ALL {
            bank.add(list, 0..MANY, &[1, 3, 4]).await;
            let old: BTreeSet<_> =
                bank.walk(&bank.path(list, None), "Next").await.iter().flat_map(|page| list.ids(page)).collect();
            assert_eq!(old.len(), 310);
            let mut arrived = MANY;
            let last = link(&bank.page(&bank.path(list, None)).await, "Last").unwrap();
            for (start, way) in [(bank.path(list, None), "Next"), (last, "Prev")] {
                let (mut seen, mut next) = (Vec::new(), Some(start));
                while let Some(path) = next {
                    let page = bank.page(&path).await;
                    seen.extend(list.ids(&page));
                    next = link(&page, way);
                    // Anywhere: before, behind and on the page that was just read, and in accounts that had none.
                    bank.add(list, arrived..arrived + 20, &[0, 1, 2, 3, 4]).await;
                    arrived += 20;
                }
                let times: BTreeSet<_> = seen.iter().collect();
                assert_eq!(times.len(), seen.len(), "{engine:?} {list:?}: one came twice on the way {way}");
                assert!(old.iter().all(|id| times.contains(id)), "{engine:?} {list:?}: one was lost on the way {way}");
            }
        }
    }
}

#[tokio::test]
async fn a_page_costs_the_same_of_one_account_and_of_five_of_few_and_of_many() {
    for engine in Engine::ALL {
        let bank = Bank::on(engine).await;
        let cost = async |path: &str| -> u64 {
            let before = bank.bank.db.statements();
            bank.page(path).await;
            bank.bank.db.statements() - before
        };
        for list in List::ALL {
            bank.add(list, 0..MANY, &[0, 0, 0, 1, 2]).await;
            let middle = link(&bank.page(&bank.path(list, None)).await, "Next").unwrap();
            for path in [bank.path(list, None), middle, bank.path(list, Some(0)), bank.path(list, Some(4))] {
                assert_eq!(cost(&path).await, STATEMENTS, "{engine:?}: {path}");
            }
        }
    }
}

/// The gate's check, its entry on record, and the rows.
const STATEMENTS: u64 = 3;
