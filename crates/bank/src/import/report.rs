//! What an import did, to be read by people.

use std::collections::BTreeMap;
use std::fmt;

use lombard_domain::account::BookingStatus;
use lombard_domain::currency::Currency;
use lombard_domain::money::{Direction, Money};
use lombard_store::{Error, account, transaction};

use super::file::File;
use super::parse::Told;

/// What became of the rows of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileReport {
    /// Which file.
    pub file: File,
    /// Rows that are new.
    pub added: u64,
    /// Rows that were there already, with the same content.
    pub present: u64,
    /// Rows that repeat an earlier row of the file, and were left out.
    pub repeated: u64,
    /// Transactions that were pending and are booked now.
    pub booked: u64,
    /// Transactions that were pending and are gone now.
    pub removed: u64,
    /// Rows that were there already, and brought something new of what changes with time.
    pub updated: u64,
}

impl FileReport {
    /// A file of which no row was looked at yet.
    pub(super) fn new(file: File, repeated: u64) -> Self {
        Self { file, added: 0, present: 0, repeated, booked: 0, removed: 0, updated: 0 }
    }

    /// How many rows the file has, without its heading.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.present + self.repeated + self.changed()
    }

    /// How many rows changed something.
    fn changed(&self) -> u64 {
        self.added + self.booked + self.removed + self.updated
    }
}

/// Money that flowed in the transactions of the files, in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The sum of what came in.
    pub money_in: Money,
    /// The sum of what went out, without sign.
    pub money_out: Money,
}

/// What the bank holds in one currency, after the import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holdings {
    /// How many accounts.
    pub accounts: i64,
    /// How many transactions on them.
    pub transactions: i64,
    /// The sum of their booked balances.
    pub balances: Money,
}

/// What an import did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// By file.
    pub files: Vec<FileReport>,
    /// By currency, in the order of their codes.
    pub flows: Vec<Flow>,
    /// By currency, in the order of their codes.
    pub holdings: Vec<Holdings>,
}

impl Report {
    pub(super) fn new(
        files: Vec<FileReport>,
        flows: Vec<Flow>,
        accounts: Vec<account::Totals>,
        transactions: &[transaction::Totals],
    ) -> Self {
        let holdings = accounts.into_iter().map(|totals| {
            let currency = totals.booked.currency();
            let on_them = transactions.iter().find(|totals| totals.money_in.currency() == currency);
            Holdings {
                accounts: totals.accounts,
                transactions: on_them.map_or(0, |totals| totals.transactions),
                balances: totals.booked,
            }
        });
        Self { files, flows, holdings: holdings.collect() }
    }

    /// Whether anything was stored, or removed.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.files.iter().any(|file| file.changed() > 0)
    }

    /// The counts that a file has: with the name and the width of their column.
    ///
    /// What became of pending transactions, and what was brought up to date, is told where there is anything to tell.
    fn columns(&self) -> Vec<(&'static str, usize, CountOf)> {
        let always: [(_, _, CountOf); 4] = [
            ("rows", 12, FileReport::rows),
            ("new", 12, |file| file.added),
            ("there already", 16, |file| file.present),
            ("repeated", 12, |file| file.repeated),
        ];
        let seldom: [(_, _, CountOf); 3] = [
            ("booked", 12, |file| file.booked),
            ("removed", 12, |file| file.removed),
            ("updated", 12, |file| file.updated),
        ];
        let seldom = seldom.into_iter().filter(|(_, _, count)| self.files.iter().any(|file| count(file) > 0));
        always.into_iter().chain(seldom).collect()
    }
}

/// One of the counts of a file.
type CountOf = fn(&FileReport) -> u64;

/// The sums of booked transactions, by currency. What is pending, or came to nothing, has not flowed.
pub(super) fn flows(told: &[Told]) -> Result<Vec<Flow>, Error> {
    let mut flows: BTreeMap<Currency, Flow> = BTreeMap::new();
    let booked = told.iter().filter_map(|told| match told {
        Told::Standing(transaction) => (transaction.status == BookingStatus::Booked).then_some(transaction),
        Told::Cancelled(_) => None,
    });
    for transaction in booked {
        let amount = transaction.amount;
        let zero = Money::zero(amount.currency());
        let flow = flows.entry(amount.currency()).or_insert(Flow { money_in: zero, money_out: zero });
        let (sum, part) = match amount.direction() {
            Direction::Credit => (&mut flow.money_in, Some(amount)),
            Direction::Debit => (&mut flow.money_out, amount.negated()),
        };
        *sum = part.and_then(|part| sum.plus(part)).ok_or(Error::Corrupt("a sum of transactions"))?;
    }
    Ok(flows.into_values().collect())
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.columns();
        write!(f, "{:<22}", "file")?;
        for (title, width, _) in &columns {
            write!(f, "{title:>width$}")?;
        }
        writeln!(f)?;
        for file in self.files.iter().filter(|file| file.rows() > 0 || file.file.is_required()) {
            write!(f, "{:<22}", file.file.name())?;
            for (_, width, count) in &columns {
                write!(f, "{:>width$}", grouped(&count(file).to_string()))?;
            }
            writeln!(f)?;
        }
        writeln!(f, "\n{:<22}{:>24}{:>24}", "money in these files", "in", "out")?;
        for Flow { money_in, money_out } in &self.flows {
            let currency = money_in.currency();
            writeln!(f, "{:<22}{:>24}{:>24}", currency.code(), decimal(*money_in), decimal(*money_out))?;
        }
        writeln!(f, "\n{:<22}{:>12}{:>16}{:>24}", "the bank now holds", "accounts", "transactions", "balances")?;
        for Holdings { accounts, transactions, balances } in &self.holdings {
            writeln!(
                f,
                "{:<22}{:>12}{:>16}{:>24}",
                balances.currency().code(),
                grouped(&accounts.to_string()),
                grouped(&transactions.to_string()),
                decimal(*balances),
            )?;
        }
        let end = if self.changed() { "Every balance is the sum of its transactions." } else { "Nothing was new." };
        write!(f, "\n{end}")
    }
}

/// An amount with its digits in groups, without its currency.
fn decimal(money: Money) -> String {
    let text = money.unsigned_decimal();
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, format!(".{fraction}")),
        None => (text.as_str(), String::new()),
    };
    let sign = match money.direction() {
        Direction::Credit => "",
        Direction::Debit => "-",
    };
    format!("{sign}{}{fraction}", grouped(whole))
}

/// Digits in groups of three.
fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_digits() {
        for (minor, text) in [(0, "0.00"), (99_999, "999.99"), (100_000, "1,000.00"), (-123_456_789, "-1,234,567.89")] {
            assert_eq!(decimal(Money::new(minor, Currency::GBP)), text);
        }
    }
}
