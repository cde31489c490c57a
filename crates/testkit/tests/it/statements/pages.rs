//! Many statements: pages each way, of one account and of all, while new statements arrive.

use std::collections::BTreeSet;

use lombard_domain::account::{Statement, StatementKind};
use lombard_domain::id::StatementId;
use lombard_domain::text::Text;
use lombard_domain::time::Date;
use lombard_store::statement;
use lombard_testkit::Engine;
use serde_json::Value;

use super::{ALL, Bank, id, rows};

/// Statements that are added to each account.
const MANY: usize = 130;

struct World {
    bank: Bank,
    token: String,
    accounts: Vec<String>,
}

impl World {
    async fn on(engine: Engine) -> Self {
        let bank = Bank::on(engine).await;
        let token = bank.app.connect(&bank.bank, "amelia", ALL).await.access;
        let accounts = bank.app.accounts(&token).await;
        let world = Self { bank, token, accounts };
        for (place, account) in world.accounts.iter().enumerate() {
            // Every two end on one day.
            let all: Vec<_> = (0..MANY).map(|n| a_statement(account, place * 1000 + n, n / 2)).collect();
            world.arrive(&all).await;
        }
        world
    }

    async fn arrive(&self, statements: &[Statement]) {
        let mut tx = self.bank.bank.db.begin("test").await.unwrap();
        statement::add_missing(&mut tx, statements).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn walk(&self, path: &str, link: &str) -> Vec<Value> {
        let mut pages = vec![self.bank.app.read(path, &self.token).await];
        while let Some(next) = pages.last().unwrap()["Links"][link].as_str().map(str::to_owned) {
            assert!(pages.len() < 50, "the links never end");
            pages.push(self.bank.app.read(&next, &self.token).await);
        }
        pages
    }
}

fn a_statement(account: &str, number: usize, week: usize) -> Statement {
    let from = Date::new(2015, 1, 1).unwrap().plus_days(i32::try_from(week).unwrap() * 7);
    Statement {
        id: StatementId::from_bits((u128::try_from(number).unwrap() * 7919) << 40),
        account: account.parse().unwrap(),
        source: Text::new(&format!("many{number}")).unwrap(),
        kind: StatementKind::Interim,
        reference: Some(Text::new(&format!("{number}")).unwrap()),
        from,
        to: from.plus_days(6),
        made_on: from.plus_days(8),
    }
}

fn ids(pages: &[Value]) -> Vec<String> {
    pages.iter().flat_map(rows).map(id).collect()
}

/// Account by account, and in each the newest first.
fn in_order(pages: &[Value]) -> bool {
    let place =
        |row: &Value| (row["AccountId"].as_str().unwrap().to_owned(), row["EndDateTime"].as_str().unwrap().to_owned());
    let places: Vec<_> = pages.iter().flat_map(rows).map(place).collect();
    places.windows(2).all(|pair| match pair[0].0.cmp(&pair[1].0) {
        std::cmp::Ordering::Less => true,
        std::cmp::Ordering::Equal => pair[0].1 >= pair[1].1,
        std::cmp::Ordering::Greater => false,
    })
}

#[tokio::test]
async fn links_lead_through_the_whole_list_and_back() {
    for engine in Engine::ALL {
        let world = World::on(engine).await;
        let one = format!("/accounts/{}/statements", world.accounts[0]);
        let filter = "fromStatementDateTime=2015-01-01T00%3A00%3A00&toStatementDateTime=2015-12-31T23%3A59%3A59";
        for (list, least) in
            [(one.clone(), MANY), ("/statements".to_owned(), 3 * MANY), (format!("/statements?{filter}"), 3 * 104)]
        {
            let there = world.walk(&list, "Next").await;
            let all = ids(&there);
            assert!(all.len() >= least, "{engine:?} {list}: {}", all.len());
            assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{engine:?} {list}: one came twice");
            assert!(in_order(&there), "{engine:?} {list}");
            assert!(there[0]["Links"].get("Prev").is_none(), "{engine:?} {list}");
            assert_eq!(rows(&there[0]).len(), 100);

            let last = there[0]["Links"]["Last"].as_str().unwrap();
            let back = world.walk(last, "Prev").await;
            let all_back: Vec<_> = back.iter().rev().flat_map(rows).map(id).collect();
            assert_eq!(all_back, all, "{engine:?} {list}: the way back shows something else");
            assert!(back[0]["Links"].get("Next").is_none(), "{engine:?} {list}");
            for page in there.iter().chain(&back) {
                let own = page["Links"]["Self"].as_str().unwrap();
                assert_eq!(&world.bank.app.read(own, &world.token).await["Data"], &page["Data"], "{own}");
                let first = page["Links"]["First"].as_str().unwrap();
                assert_eq!(world.bank.app.read(first, &world.token).await["Data"], there[0]["Data"], "{first}");
                let kept =
                    ["Self", "First", "Last", "Prev", "Next"].iter().filter_map(|name| page["Links"][*name].as_str());
                let filter = list.split_once('?').map_or("", |(_, filter)| filter);
                assert!(kept.clone().count() >= 3 && kept.clone().all(|link| link.contains(filter)), "{page}");
            }
        }
    }
}

#[tokio::test]
async fn what_was_there_is_seen_once_while_more_arrives() {
    for engine in Engine::ALL {
        let world = World::on(engine).await;
        let old: BTreeSet<_> = ids(&world.walk("/statements", "Next").await).into_iter().collect();
        let mut seen = Vec::new();
        let mut next = Some("/statements".to_owned());
        let mut turn = 0;
        while let Some(path) = next {
            let page = world.bank.app.read(&path, &world.token).await;
            seen.extend(rows(&page).iter().map(id));
            next = page["Links"]["Next"].as_str().map(str::to_owned);
            turn += 1;
            let late = |place: usize| a_statement(&world.accounts[place], 90_000 + 10 * turn + place, turn * 3);
            world.arrive(&[late(0), late(1), late(2)]).await;
        }
        assert!(turn > 3);
        for id in &old {
            assert_eq!(seen.iter().filter(|seen| *seen == id).count(), 1, "{engine:?}: {id}");
        }
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len(), "{engine:?}: one came twice");
    }
}

/// A link of a wider consent, or another customer's, moves within what one may see and shows nothing else.
#[tokio::test]
async fn a_link_carries_no_right() {
    let world = World::on(Engine::Sqlite).await;
    let wide = world.bank.app.read("/statements", &world.token).await;
    let next = wide["Links"]["Next"].as_str().unwrap();
    let stranger = world.bank.app.connect(&world.bank.bank, "priya", ALL).await.access;
    let narrow = world.bank.app.connect_to(&world.bank.bank, "amelia", ALL, &world.accounts[1..2]).await.access;
    for (token, own) in [(&stranger, &[][..]), (&narrow, &world.accounts[1..2])] {
        let page = world.bank.app.read(next, token).await;
        for row in rows(&page) {
            let account = row["AccountId"].as_str().unwrap().to_owned();
            assert!(!world.accounts.contains(&account) || own.contains(&account), "{row}");
        }
    }
}
