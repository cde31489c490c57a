//! The change feed: whoever applies what it says, in order, has what the account has.

mod property;
mod race;
mod surface;

use std::collections::BTreeMap;
use std::path::Path;

use lombard_auth::Policy;
use lombard_domain::account::{BookingStatus, Transaction};
use lombard_domain::currency::Currency;
use lombard_domain::id::{AccountId, TransactionId};
use lombard_domain::money::Money;
use lombard_domain::text::Text;
use lombard_domain::time::{Date, Instant, Span};
use lombard_store::{Db, transaction};
use lombard_testkit::{Answer, App, Engine, TestBank};
use serde_json::Value;

use crate::paging;

const SCOPE: &str = "accounts:read transactions:read";

/// A bank, and an app that may follow the customer's short account.
struct World {
    bank: TestBank,
    app: App,
    token: String,
    account: String,
}

impl World {
    async fn on(engine: Engine) -> Self {
        Self::with(engine, paging::folder().path(), |_| {}).await
    }

    async fn with(engine: Engine, folder: &Path, change: impl FnOnce(&mut Policy)) -> Self {
        let bank = TestBank::with(engine, folder, change).await;
        let app = App::register(&bank).await;
        let token = app.connect(&bank, "walker", SCOPE).await.access;
        let account = app.accounts(&token).await.remove(1);
        Self { bank, app, token, account }
    }

    fn url(&self, query: &str) -> String {
        self.bank.url(&format!("/lombard/v1/accounts/{}/transactions/sync{query}", self.account))
    }

    async fn ask(&self, query: &str) -> Answer {
        self.app.answer(&self.url(query), &self.token).await
    }

    fn account(&self) -> AccountId {
        self.account.parse().unwrap()
    }

    /// What the account has, as its list of transactions says.
    async fn truth(&self) -> Picture {
        let mut picture = Picture::new();
        let mut next = Some(format!("/accounts/{}/transactions", self.account));
        while let Some(path) = next {
            let page = self.app.read(&path, &self.token).await;
            for row in page["Data"]["Transaction"].as_array().unwrap() {
                let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
                let sign = if row["CreditDebitIndicator"] == "Debit" { "-" } else { "" };
                let state = State {
                    status: if row["Status"] == "BOOK" { "booked" } else { "pending" }.to_owned(),
                    booked_at: text("BookingDateTime"),
                    amount: format!("{sign}{}", row["Amount"]["Amount"].as_str().unwrap()),
                    description: text("TransactionInformation"),
                };
                assert!(picture.insert(text("TransactionId"), state).is_none(), "a row came twice");
            }
            next = page["Links"]["Next"].as_str().map(str::to_owned);
        }
        picture
    }
}

/// What somebody takes to be in the account.
type Picture = BTreeMap<String, State>;

#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
    status: String,
    booked_at: String,
    amount: String,
    description: String,
}

impl State {
    fn of(row: &Value) -> (String, Self) {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let state = Self {
            status: text("status"),
            booked_at: text("booked_at"),
            amount: text("amount"),
            description: text("description"),
        };
        (text("transaction_id"), state)
    }
}

/// Somebody who follows an account, and believes nothing but what the feed says.
#[derive(Default)]
struct Follower {
    cursor: Option<String>,
    picture: Picture,
}

impl Follower {
    /// Asks once; whether there is more.
    async fn ask(&mut self, world: &World, limit: usize) -> bool {
        let cursor = self.cursor.as_ref().map_or_else(String::new, |cursor| format!("&cursor={cursor}"));
        let answer = world.ask(&format!("?limit={limit}{cursor}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        self.apply(&answer.json(), limit)
    }

    fn apply(&mut self, body: &Value, limit: usize) -> bool {
        let rows = |name: &str| body[name].as_array().unwrap().clone();
        let (added, changed, removed) = (rows("added"), rows("changed"), rows("removed"));
        assert!(added.len() + changed.len() + removed.len() <= limit, "more than was asked for: {body}");
        for row in &added {
            let (id, state) = State::of(row);
            assert!(self.picture.insert(id, state).is_none(), "added what was there: {row}");
        }
        for row in &changed {
            let (id, state) = State::of(row);
            let before = self.picture.insert(id, state.clone());
            assert!(before.is_some_and(|before| before != state), "changed what was not there, or not at all: {row}");
        }
        for row in &removed {
            let id = row["transaction_id"].as_str().unwrap();
            assert!(self.picture.remove(id).is_some(), "removed what was not there: {row}");
        }
        self.cursor = Some(body["next_cursor"].as_str().unwrap().to_owned());
        assert_eq!(body["next"].is_string(), body["has_more"] == true);
        body["has_more"].as_bool().unwrap()
    }

    async fn catch_up(&mut self, world: &World, limit: usize) {
        while self.ask(world, limit).await {}
    }
}

/// A transaction as the bank's core would bring it.
fn arriving(n: u128, account: AccountId, status: BookingStatus) -> Transaction {
    let pence = i64::try_from(n % 900).unwrap() + 1;
    Transaction {
        id: TransactionId::from_bits(n << 64 | 0xfeed),
        account,
        source: Text::new(&format!("late{n}")).unwrap(),
        status,
        booked_at: noon().plus(Span::minutes(i64::try_from(n % 600).unwrap())),
        value_at: None,
        amount: Money::new(if n.is_multiple_of(3) { pence } else { -pence }, "GBP".parse::<Currency>().unwrap()),
        code: None,
        description: Some(Text::new(&format!("Late {n}")).unwrap()),
        counterparty: None,
    }
}

/// The same when it is booked: with a description of its own, at another moment.
fn booked(pending: &Transaction) -> Transaction {
    Transaction {
        status: BookingStatus::Booked,
        booked_at: pending.booked_at.plus(Span::hours(3)),
        description: Some(Text::new("Now it is booked").unwrap()),
        ..pending.clone()
    }
}

fn noon() -> Instant {
    Date::new(2026, 2, 20).unwrap().start().plus(Span::hours(12))
}

/// What happens in one database transaction.
#[derive(Default)]
struct Happening {
    arriving: Vec<Transaction>,
    booked: Vec<Transaction>,
    vanished: Vec<Transaction>,
}

impl Happening {
    async fn happen(&self, db: &Db) {
        let mut tx = db.begin("test").await.unwrap();
        let stored = transaction::add_missing(&mut tx, &self.arriving).await.unwrap();
        assert!(stored.iter().all(|stored| *stored == lombard_store::Stored::Added));
        let count = |many: &[Transaction]| u64::try_from(many.len()).unwrap();
        assert_eq!(transaction::book(&mut tx, &self.booked).await.unwrap(), count(&self.booked));
        assert_eq!(transaction::remove(&mut tx, &self.vanished).await.unwrap(), count(&self.vanished));
        let accounts: Vec<_> = self.arriving.iter().chain(&self.booked).map(|one| one.account).take(1).collect();
        transaction::recompute_balances(&mut tx, &accounts).await.unwrap();
        tx.commit().await.unwrap();
    }
}
