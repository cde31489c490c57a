//! Long lists: every row exactly once whatever happens meanwhile, filters in every form, and the same cost for any size.

mod cost;
mod filters;
mod ledger;
mod walk;

use std::fmt::Write as _;

use lombard_domain::time::Date;
use lombard_testkit::{App, Engine, TestBank};
use serde_json::Value;
use tempfile::TempDir;

/// Transactions on the long account.
const MANY: usize = 240;
/// Transactions on the short account.
pub(crate) const FEW: usize = 3;
const SCOPE: &str = "accounts:read balances:read transactions:read";

/// A bank with a customer who has one long and one short account, one who has one account, and one who has five.
struct Long {
    bank: TestBank,
    app: App,
    token: String,
    /// The account with many transactions.
    many: String,
    /// The account with few.
    few: String,
}

impl Long {
    async fn on(engine: Engine) -> Self {
        let folder = folder();
        let bank = TestBank::with(engine, folder.path(), |_| {}).await;
        let app = App::register(&bank).await;
        let token = app.connect(&bank, "walker", SCOPE).await.access;
        let mut accounts = app.accounts(&token).await;
        let (many, few) = (accounts.remove(0), accounts.remove(0));
        Self { bank, app, token, many, few }
    }

    fn list(&self) -> String {
        format!("/accounts/{}/transactions", self.many)
    }

    async fn page(&self, path: &str) -> Value {
        self.app.read(path, &self.token).await
    }

    /// Every page from a place on, by following a link.
    async fn walk(&self, path: &str, link: &str) -> Vec<Value> {
        let mut pages = vec![self.page(path).await];
        while let Some(next) = pages.last().and_then(|page| page["Links"][link].as_str()) {
            assert!(pages.len() < 100, "the links never end");
            let next = next.to_owned();
            pages.push(self.page(&next).await);
        }
        pages
    }
}

fn rows(page: &Value) -> Vec<Value> {
    page["Data"]["Transaction"].as_array().unwrap().clone()
}

fn ids(page: &Value) -> Vec<String> {
    rows(page).iter().map(|row| row["TransactionId"].as_str().unwrap().to_owned()).collect()
}

/// The bank's files: several transactions a day, so that many have the same moment.
pub(crate) fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, head: &str, rows: &str| {
        std::fs::write(folder.path().join(name), format!("{head}\n{rows}")).unwrap();
    };
    let customers =
        "c1,walker,Wanda Walker,1970-01-01,\nc2,single,Sam Single,1970-01-01,\nc3,five,Fay Five,1970-01-01,\n";
    write("customers.csv", "customer_id,username,full_name,birth_date,email", customers);
    let (mut accounts, mut holders) = (String::new(), String::new());
    for (number, holder) in ["c1", "c1", "c2", "c3", "c3", "c3", "c3", "c3"].iter().enumerate() {
        let _ = writeln!(
            accounts,
            "a{number},GBP,Personal,CurrentAccount,,SortCodeAccountNumber,0901280000000{number},2020-01-0{}",
            number + 1
        );
        let _ = writeln!(holders, "a{number},{holder},owner");
    }
    let head = "account_id,currency,account_type,account_subtype,nickname,scheme,identification,opened_on";
    write("accounts.csv", head, &accounts);
    write("account_holders.csv", "account_id,customer_id,role", &holders);
    let head = "standing_order_id,account_id,amount,currency,frequency,purpose,creditor_scheme,creditor_identification";
    write("standing_orders.csv", head, "");
    let mut transactions = String::new();
    let first = Date::new(2026, 1, 1).unwrap();
    let many = (0..MANY).map(|number| ("a0", number));
    for (account, number) in many.chain((0..FEW).map(|number| ("a1", number))) {
        // Seven on each day; every third flows in.
        let day = first.plus_days(i32::try_from(number / 7).unwrap());
        let (way, pounds) = if number % 3 == 0 { ("Credit", 100 + number) } else { ("Debit", 10 + number % 40) };
        let _ = writeln!(
            transactions,
            "{account}t{number},{account},{day},{way},{pounds}.{:02},GBP,RCDT,OTHR,Row {number},,",
            number % 100
        );
    }
    let head = "transaction_id,account_id,booked_on,credit_debit,amount,currency,code,sub_code,description,\
                counterparty_scheme,counterparty_identification";
    write("transactions.csv", head, &transactions);
    folder
}
