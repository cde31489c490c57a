//! From the plan and the books to the domain's types.

use lombard_domain::account::{
    Account, AccountStatus, BankCode, BookingStatus, Category, Counterparty, Frequency, Identification, Scheme,
    StandingOrder, Transaction,
};
use lombard_domain::id::{AccountId, CustomerId, StandingOrderId, TransactionId};
use lombard_domain::money::Money;
use lombard_domain::party::{Customer, HolderRole, Holding, Username};
use lombard_domain::text::Text;
use lombard_domain::time::{Date, Span};

use super::books::{Line, Other};
use super::dice::bits;
use super::plan::{self, Day, Number, Payee};
use super::{ACCOUNTS, LIVES, PEOPLE};

pub(super) fn customer(person: &plan::Person) -> Customer {
    let username = Username::new(person.username);
    Customer {
        id: CustomerId::from_bits(bits(&source(person.username))),
        source: text(&source(person.username)),
        username: planned(username.ok()),
        full_name: text(person.full_name),
        birth_date: Some(date(person.born)),
        email: Some(text(&format!("{}@example.com", person.username))),
    }
}

pub(super) fn account(plan: &plan::Account) -> Account {
    Account {
        id: account_id(plan.key),
        source: text(&source(plan.key)),
        currency: plan.currency,
        category: Category::Personal,
        kind: plan.kind,
        status: AccountStatus::Enabled,
        nickname: Some(text(plan.nickname)),
        identification: identification(&plan.number),
        opened_on: date(plan.opened),
        credit_line: plan.credit_line.map(|minor| Money::new(minor, plan.currency)),
    }
}

pub(super) fn holdings(plan: &plan::Account) -> Vec<Holding> {
    let holding = |username: &&str, role| Holding {
        account: account_id(plan.key),
        customer: CustomerId::from_bits(bits(&source(username))),
        role,
    };
    let owners = plan.owners.iter().map(|username| holding(username, HolderRole::Owner));
    let authorised = plan.authorised.iter().map(|username| holding(username, HolderRole::Authorised));
    owners.chain(authorised).collect()
}

/// Every standing order of every life.
pub(super) fn standing_orders() -> Vec<StandingOrder> {
    let orders = LIVES.iter().flat_map(|life| life.orders.iter().map(move |order| (life.account, order)));
    let orders = orders.map(|(from, order)| {
        let currency = planned(find(from)).currency;
        let (to, creditor) = match &order.to {
            Payee::Account(key) => (*key, identification(&planned(find(key)).number)),
            Payee::Firm(firm) => (firm.name, sort_code(firm.number)),
        };
        let source = source(&format!("{from}-{}", to.to_lowercase().replace(' ', "-")));
        StandingOrder {
            id: StandingOrderId::from_bits(bits(&source)),
            account: account_id(from),
            source: text(&source),
            amount: Money::new(order.minor, currency),
            frequency: Frequency::Monthly,
            purpose: Some(text(order.purpose)),
            creditor,
        }
    });
    orders.collect()
}

/// A line as it stands on a day: a shop's payment waits until the day after tomorrow.
pub(super) fn transaction(line: &Line, today: Date) -> Transaction {
    let Line { account, day, minute, number, .. } = line;
    let compact = day.to_string().replace('-', "");
    let source = source(&format!("{}-{compact}-{number}", account.key));
    let waits = line.code.waits() && *day >= today.plus_days(-1);
    // The second keeps lines of one minute in the order in which they were written.
    let booked_at = day.start().plus(Span::seconds(minute * 60 + number));
    Transaction {
        id: TransactionId::from_bits(bits(&source)),
        account: account_id(account.key),
        source: text(&source),
        status: if waits { BookingStatus::Pending } else { BookingStatus::Booked },
        booked_at,
        value_at: None,
        amount: Money::new(line.minor, account.currency),
        code: BankCode::new(line.code.0, line.code.1),
        description: Some(text(line.text)),
        counterparty: counterparty(line.other),
    }
}

/// What an account held when the part of the story began that a sandbox knows.
pub(super) fn brought_forward(plan: &plan::Account, minor: i64, day: Date) -> Transaction {
    let source = source(&format!("{}-opening", plan.key));
    Transaction {
        id: TransactionId::from_bits(bits(&source)),
        account: account_id(plan.key),
        source: text(&source),
        status: BookingStatus::Booked,
        booked_at: day.start(),
        value_at: None,
        amount: Money::new(minor, plan.currency),
        code: BankCode::new(if minor < 0 { "ICDT" } else { "RCDT" }, "OTHR"),
        description: Some(text("Balance brought forward")),
        counterparty: None,
    }
}

fn counterparty(other: Other) -> Option<Counterparty> {
    let (name, account) = match other {
        Other::Nobody => return None,
        Other::Shop(name) => (name.to_owned(), None),
        Other::Firm(firm) => (firm.name.to_owned(), Some(sort_code(firm.number))),
        Other::Account(account) => (holders(account), Some(identification(&account.number))),
    };
    Some(Counterparty { name: Some(text(&name)), account })
}

/// The names of an account's owners.
fn holders(account: &plan::Account) -> String {
    let owners = PEOPLE.iter().filter(|person| account.owners.contains(&person.username));
    owners.map(|person| person.full_name).collect::<Vec<_>>().join(" & ")
}

pub(super) fn account_id(key: &str) -> AccountId {
    AccountId::from_bits(bits(&source(key)))
}

fn find(key: &str) -> Option<&'static plan::Account> {
    ACCOUNTS.iter().find(|account| account.key == key)
}

/// The core-banking system's identifier; nothing that is imported looks like it.
fn source(key: &str) -> String {
    format!("sandbox/{key}")
}

fn identification(number: &Number) -> Identification {
    match number {
        Number::SortCode(digits) => sort_code(digits),
        Number::Iban(digits) => {
            let mut all = (2..=98).map(|check| format!("GB{check:02}{BANK_CODE}{digits}"));
            planned(all.find_map(|number| Identification::new(Scheme::Iban, &number).ok()))
        }
        Number::Card(digits) => {
            let mut all = (0..=9).map(|check| format!("{digits}{check}"));
            planned(all.find_map(|number| Identification::new(Scheme::Pan, &number).ok()))
        }
    }
}

fn sort_code(digits: &str) -> Identification {
    planned(Identification::new(Scheme::SortCodeAccountNumber, digits).ok())
}

fn date((year, month, day): Day) -> Date {
    planned(Date::new(year, month, day))
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    planned(Text::new(text).ok())
}

/// A value of the plan, all of which is constant and is read whole by a test.
#[expect(clippy::expect_used, reason = "Cannot fail: the plan is constant, and a test reads all of it")]
fn planned<T>(value: Option<T>) -> T {
    value.expect("the plan of the sandbox is valid")
}

/// A bank code that no bank has.
const BANK_CODE: &str = "LOMB";
