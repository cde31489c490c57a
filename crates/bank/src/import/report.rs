//! What an import did, to be read by people.

use std::collections::BTreeMap;
use std::fmt;

use lombard_domain::account::Transaction;
use lombard_domain::currency::Currency;
use lombard_domain::money::{Direction, Money};
use lombard_store::{Error, account, transaction};

use super::file::File;

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
}

impl FileReport {
    /// How many rows the file has, without its heading.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.added + self.present + self.repeated
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

    /// Whether anything was stored.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.files.iter().any(|file| file.added > 0)
    }
}

/// The sums of transactions, by currency.
pub(super) fn flows(transactions: &[Transaction]) -> Result<Vec<Flow>, Error> {
    let mut flows: BTreeMap<Currency, Flow> = BTreeMap::new();
    for transaction in transactions {
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
        writeln!(f, "{:<22}{:>12}{:>12}{:>16}{:>12}", "file", "rows", "new", "there already", "repeated")?;
        for file in self.files.iter().filter(|file| file.rows() > 0 || file.file.is_required()) {
            writeln!(
                f,
                "{:<22}{:>12}{:>12}{:>16}{:>12}",
                file.file.name(),
                grouped(&file.rows().to_string()),
                grouped(&file.added.to_string()),
                grouped(&file.present.to_string()),
                grouped(&file.repeated.to_string()),
            )?;
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
