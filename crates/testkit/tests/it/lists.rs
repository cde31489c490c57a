//! Beneficiaries, direct debits, offers, scheduled payments and standing orders: of one account and of all.

mod bodies;
mod fill;
mod reach;
mod walk;

use lombard_testkit::{Answer, App, Engine, TestBank};
use serde_json::Value;

use crate::paging;

/// A list that the API gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    Beneficiaries,
    DirectDebits,
    Offers,
    ScheduledPayments,
    StandingOrders,
}

impl List {
    const ALL: [Self; 5] =
        [Self::Beneficiaries, Self::DirectDebits, Self::Offers, Self::ScheduledPayments, Self::StandingOrders];

    /// The end of its paths.
    fn path(self) -> &'static str {
        match self {
            Self::Beneficiaries => "beneficiaries",
            Self::DirectDebits => "direct-debits",
            Self::Offers => "offers",
            Self::ScheduledPayments => "scheduled-payments",
            Self::StandingOrders => "standing-orders",
        }
    }

    /// What its answers call one entry.
    fn entry(self) -> &'static str {
        match self {
            Self::Beneficiaries => "Beneficiary",
            Self::DirectDebits => "DirectDebit",
            Self::Offers => "Offer",
            Self::ScheduledPayments => "ScheduledPayment",
            Self::StandingOrders => "StandingOrder",
        }
    }

    fn rows(self, page: &Value) -> Vec<Value> {
        page["Data"][self.entry()].as_array().unwrap().clone()
    }

    /// Account and identifier of each entry.
    fn ids(self, page: &Value) -> Vec<(String, String)> {
        let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        let id = format!("{}Id", self.entry());
        self.rows(page).iter().map(|row| (text(row, "AccountId"), text(row, &id))).collect()
    }
}

/// A bank where a customer has five accounts, and an app that may read the lists of all of them.
struct Bank {
    bank: TestBank,
    app: App,
    token: String,
    accounts: Vec<String>,
}

impl Bank {
    async fn on(engine: Engine) -> Self {
        let folder = paging::folder();
        let bank = TestBank::with(engine, folder.path(), |_| {}).await;
        let app = App::register(&bank).await;
        let token = app.connect(&bank, "five", SCOPE).await.access;
        let accounts = app.accounts(&token).await;
        assert_eq!(accounts.len(), 5);
        Self { bank, app, token, accounts }
    }

    async fn answer(&self, path: &str) -> Answer {
        self.app.answer(path, &self.token).await
    }

    async fn page(&self, path: &str) -> Value {
        self.app.read(path, &self.token).await
    }

    /// The path of a list: of one account, by its place among the five, or of all.
    fn path(&self, list: List, account: Option<usize>) -> String {
        match account {
            Some(place) => format!("/accounts/{}/{}", self.accounts[place], list.path()),
            None => format!("/{}", list.path()),
        }
    }
}

/// An address that a page links to.
fn link(page: &Value, name: &str) -> Option<String> {
    page["Links"][name].as_str().map(str::to_owned)
}

const SCOPE: &str =
    "accounts:read beneficiaries:read direct-debits:read offers:read scheduled-payments:read standing-orders:read";
