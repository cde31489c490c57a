//! From the plan and the books to the domain's types.

mod account;
mod beneficiary;
mod direct_debit;
mod offer;
mod party;
mod scheduled_payment;
mod standing_order;
mod statement;
mod transaction;

use lombard_domain::account::{Identification, Scheme};
use lombard_domain::currency::Currency;
use lombard_domain::id::{AccountId, CustomerId};
use lombard_domain::text::Text;
use lombard_domain::time::Date;

use super::dice::bits;
use super::plan::{self, Day, Number, Payee};
use super::{ACCOUNTS, PEOPLE};

pub(super) use account::{account, holdings, product};
pub(super) use beneficiary::beneficiaries;
pub(super) use direct_debit::{Taken, direct_debits, taken};
pub(super) use offer::{offers, past_offers};
pub(super) use party::{contact, customer};
pub(super) use scheduled_payment::{paid_payments, scheduled_payments};
pub(super) use standing_order::standing_orders;
pub(super) use statement::statements;
pub(super) use transaction::{brought_forward, transaction};

pub(super) fn account_id(key: &str) -> AccountId {
    AccountId::from_bits(bits(&source(key)))
}

fn customer_id(username: &str) -> CustomerId {
    CustomerId::from_bits(bits(&source(username)))
}

fn find(key: &str) -> Option<&'static plan::Account> {
    ACCOUNTS.iter().find(|account| account.key == key)
}

/// The currency in which an account is kept.
fn currency(key: &str) -> Currency {
    planned(find(key)).currency
}

/// Who is paid, and where.
fn payee(payee: &Payee) -> (String, Identification) {
    match payee {
        Payee::Account(key) => {
            let account = planned(find(key));
            (holders(account), identification(&account.number))
        }
        Payee::Firm(firm) => (firm.name.to_owned(), sort_code(firm.number)),
    }
}

/// Who is paid, as a part of an identifier.
fn named(payee: &Payee) -> String {
    match payee {
        Payee::Account(key) => (*key).to_owned(),
        Payee::Firm(firm) => hyphened(firm.name),
    }
}

/// A name as a part of an identifier.
fn hyphened(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

/// The names of an account's owners.
fn holders(account: &plan::Account) -> String {
    let owners = PEOPLE.iter().filter(|person| account.owners.contains(&person.username));
    owners.map(|person| person.full_name).collect::<Vec<_>>().join(" & ")
}

/// The core-banking system's identifier; nothing that is imported looks like it.
fn source(key: &str) -> String {
    format!("sandbox/{key}")
}

/// That identifier as it is stored, in the clear: it tells neither who nor what.
fn blind<const MAX: usize>(source: &str) -> Text<MAX> {
    text(&format!("sandbox/{:032x}", bits(source)))
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
