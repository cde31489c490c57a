//! Statements: one for each account and month.

use lombard_domain::account::{Statement, StatementKind};
use lombard_domain::id::StatementId;
use lombard_domain::time::Date;

use super::super::ACCOUNTS;
use super::super::dice::bits;
use super::super::plan;
use super::{account_id, blind, source, text};

/// The statements of all months that began after `start`, and were over before yesterday.
///
/// A statement is made on the first day of the next month and known from the second on: until then a card payment of the month's
/// last day may be pending.
pub(in super::super) fn statements(start: Date, today: Date) -> Vec<Statement> {
    let mut months = Vec::new();
    let mut month = month_after(start);
    loop {
        let next = month.and_then(month_after);
        match (month, next) {
            (Some(first), Some(next)) if next < today => months.push((first, next)),
            _ => break,
        }
        month = next;
    }
    let all = months.iter().flat_map(|(first, next)| ACCOUNTS.iter().map(|account| statement(account, *first, *next)));
    all.collect()
}

fn statement(account: &plan::Account, first: Date, next: Date) -> Statement {
    let month = format!("{:04}-{:02}", first.year(), first.month());
    let source = source(&format!("{}-statement-{month}", account.key));
    Statement {
        id: StatementId::from_bits(bits(&source)),
        account: account_id(account.key),
        kind: StatementKind::RegularPeriodic,
        reference: Some(text(&month)),
        from: first,
        to: next.plus_days(-1),
        made_on: next,
        source: blind(&source),
    }
}

/// The first day of the next month.
fn month_after(day: Date) -> Option<Date> {
    if day.month() == 12 { Date::new(day.year() + 1, 1, 1) } else { Date::new(day.year(), day.month() + 1, 1) }
}
