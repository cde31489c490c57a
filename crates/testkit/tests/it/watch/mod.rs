//! Watching, through the front door: each rule's attack is played, and beside it something honest that looks alike.

mod berka;
mod breadth;
mod measures;
mod nodes;
mod probing;
mod sign_in;
mod theft;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use lombard_auth::Policy;
use lombard_auth::watch::{Rule, Setting};
use lombard_domain::time::Span;
use lombard_testkit::{Browser, Engine, Page, TestBank, example_folder};
use tempfile::TempDir;

/// A bank where rules have these thresholds.
async fn bank(thresholds: &[(Rule, u32)]) -> TestBank {
    with(Engine::Sqlite, &example_folder(), |policy| set(policy, thresholds)).await
}

/// A bank whose clock goes on by itself: what happens in one millisecond has no order on record.
async fn with(engine: Engine, folder: &Path, change: impl FnOnce(&mut Policy)) -> TestBank {
    let bank = TestBank::with(engine, folder, change).await;
    bank.clock.goes_on(Span::milliseconds(1));
    bank
}

fn set(policy: &mut Policy, thresholds: &[(Rule, u32)]) {
    let response = policy.watching.as_mut().unwrap();
    for (rule, threshold) in thresholds {
        response.rules.set(*rule, Setting { threshold: *threshold, ..rule.usual() });
    }
}

/// Files of a bank with so many customers, `customer1` and so on, who hold one account each.
fn crowd(many: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut customers = "customer_id,username,full_name,birth_date,email\n".to_owned();
    let mut accounts =
        "account_id,currency,account_type,account_subtype,nickname,scheme,identification,opened_on\n".to_owned();
    let mut holders = "account_id,customer_id,role\n".to_owned();
    for n in 1..=many {
        writeln!(customers, "c{n},customer{n},Customer {n},1988-04-17,").unwrap();
        writeln!(accounts, "a{n},GBP,Personal,CurrentAccount,,SortCodeAccountNumber,090128{n:08},2019-05-13").unwrap();
        writeln!(holders, "a{n},c{n},owner").unwrap();
    }
    let transactions = fs::read_to_string(example_folder().join("transactions.csv")).unwrap();
    fs::write(folder.path().join("transactions.csv"), transactions.lines().next().unwrap()).unwrap();
    for (name, text) in [("customers", customers), ("accounts", accounts), ("account_holders", holders)] {
        fs::write(folder.path().join(format!("{name}.csv")), text).unwrap();
    }
    folder
}

/// The page on which a customer signs in to their own pages.
async fn login_page(browser: &Browser) -> Page {
    let page = browser.open("/my/consents").await;
    assert!(page.url.ends_with("/login"), "{}", page.html);
    page
}

/// Somebody tries a password.
async fn try_password(browser: &Browser, page: &Page, username: &str, password: &str) -> Page {
    browser.submit(page, &[("username", username), ("password", password)], "login-submit").await
}

#[test]
fn the_manual_lists_every_rule_as_it_is() {
    let manual = include_str!("../../../../../docs/operating.md");
    for rule in Rule::ALL {
        let Setting { threshold, score } = rule.usual();
        let begins = format!("| `{}` |", rule.name());
        let line = manual.lines().find(|line| line.starts_with(&begins)).unwrap_or_else(|| panic!("{}", rule.name()));
        let ends = format!("| {threshold} | {score} | {} |", rule.meaning());
        assert!(line.ends_with(&ends), "{line}: {ends}");
    }
}
