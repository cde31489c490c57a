//! Transactions.

use lombard_domain::account::{BankCode, BookingStatus, Counterparty, Transaction};
use lombard_domain::id::TransactionId;
use lombard_domain::money::Money;
use lombard_domain::time::{Date, Span};

use super::super::books::{Line, Other};
use super::super::dice::bits;
use super::super::plan;
use super::{account_id, blind, holders, identification, sort_code, source, text};

/// A line as it stands on a day: a shop's payment waits until the day after tomorrow.
pub(in super::super) fn transaction(line: &Line, today: Date) -> Transaction {
    let Line { account, day, minute, number, .. } = line;
    let compact = day.to_string().replace('-', "");
    let source = source(&format!("{}-{compact}-{number}", account.key));
    let waits = line.code.waits() && *day >= today.plus_days(-1);
    // The second keeps lines of one minute in the order in which they were written.
    let booked_at = day.start().plus(Span::seconds(minute * 60 + number));
    Transaction {
        id: TransactionId::from_bits(bits(&source)),
        account: account_id(account.key),
        source: blind(&source),
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
pub(in super::super) fn brought_forward(plan: &plan::Account, minor: i64, day: Date) -> Transaction {
    let source = source(&format!("{}-opening", plan.key));
    Transaction {
        id: TransactionId::from_bits(bits(&source)),
        account: account_id(plan.key),
        source: blind(&source),
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
