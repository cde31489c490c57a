//! A bank as files to import: a reader whose accounts are read, and neighbours who make the bank large.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

/// How large a bank is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bank {
    /// Transactions of each of the reader's accounts.
    pub(super) own: u32,
    /// Other customers, with an account each.
    pub(super) neighbours: u32,
    /// Transactions of each of theirs.
    pub(super) each: u32,
}

impl Bank {
    /// Four thousand transactions.
    pub(crate) const SMALL: Self = Self { own: 1_000, neighbours: 10, each: 100 };
    /// A million transactions, a hundred thousand of them in each of the reader's accounts.
    pub(crate) const BIG: Self = Self { own: 100_000, neighbours: 2_000, each: 350 };

    /// How many transactions it has.
    pub(crate) fn transactions(self) -> u32 {
        READERS_ACCOUNTS * self.own + self.neighbours * self.each
    }

    /// How many customers it has.
    pub(crate) fn customers(self) -> u32 {
        1 + self.neighbours
    }

    /// Writes its files.
    ///
    /// # Errors
    /// The folder is there already, or the disk does not take them.
    pub(crate) fn write(self, folder: &Path) -> std::io::Result<()> {
        fs::create_dir(folder)?;
        let file = |name: &str| File::create(folder.join(name)).map(BufWriter::new);
        let mut customers = file("customers.csv")?;
        let mut accounts = file("accounts.csv")?;
        let mut holders = file("account_holders.csv")?;
        let mut transactions = file("transactions.csv")?;
        writeln!(customers, "customer_id,username,full_name,birth_date,email")?;
        writeln!(
            accounts,
            "account_id,currency,account_type,account_subtype,nickname,scheme,identification,opened_on"
        )?;
        writeln!(holders, "account_id,customer_id,role")?;
        writeln!(
            transactions,
            "transaction_id,account_id,booked_on,credit_debit,amount,currency,code,sub_code,description,\
             counterparty_scheme,counterparty_identification"
        )?;
        writeln!(customers, "c0,{READER},Rita Reader,,")?;
        for neighbour in 1..=self.neighbours {
            writeln!(customers, "c{neighbour},neighbour{neighbour},Neighbour {neighbour},,")?;
        }
        let own = (0..READERS_ACCOUNTS).map(|account| (account, 0, self.own));
        let theirs = (1..=self.neighbours).map(|customer| (READERS_ACCOUNTS + customer, customer, self.each));
        for (account, customer, count) in own.chain(theirs) {
            let number = format!("090128{account:08}");
            writeln!(accounts, "a{account},GBP,Personal,CurrentAccount,,SortCodeAccountNumber,{number},2019-12-01")?;
            writeln!(holders, "a{account},c{customer},owner")?;
            for at in 0..count {
                let day = date(u64::from(at) * u64::from(DAYS) / u64::from(count));
                let (way, pence) = if at % 2 == 0 { ("Credit", 53) } else { ("Debit", 17) };
                writeln!(
                    transactions,
                    "a{account}t{at},a{account},{day},{way},12.{pence},GBP,PMNT,OTHR,Groceries no. {at},\
                     SortCodeAccountNumber,09019955667788"
                )?;
            }
        }
        for mut file in [customers, accounts, holders, transactions] {
            file.flush()?;
        }
        Ok(())
    }
}

/// A day by its number, as if every month had 28.
fn date(day: u64) -> String {
    let (years, months, days) = (day / 336, day % 336 / 28, day % 28);
    format!("{}-{:02}-{:02}", FIRST_YEAR + years, months + 1, days + 1)
}

/// The name by which the reader signs in.
pub(crate) const READER: &str = "reader";
/// Accounts of the reader.
const READERS_ACCOUNTS: u32 = 3;
/// When every history begins.
const FIRST_YEAR: u64 = 2020;
/// Over how many days a history is spread: five years.
const DAYS: u32 = 5 * 336;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histories_begin_and_end_where_they_should() {
        assert_eq!(
            [date(0), date(335), date(336), date(1679)],
            ["2020-01-01", "2020-12-28", "2021-01-01", "2024-12-28"]
        );
    }

    #[test]
    fn the_big_bank_has_a_million_transactions() {
        assert_eq!(Bank::BIG.transactions(), 1_000_000);
        assert_eq!(Bank::SMALL.transactions(), 4_000);
    }
}
