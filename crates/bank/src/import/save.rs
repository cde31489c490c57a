//! Storing what was read, comparing it with what is there, and summing up.

use std::collections::BTreeSet;

use lombard_domain::account::{Account, Transaction};
use lombard_domain::id::AccountId;
use lombard_store::{Stored, Tx, account, customer, standing_order, transaction};

use super::Error;
use super::file::File;
use super::parse::Parsed;
use super::problem::{Problem, Problems};
use super::report::{FileReport, Report};
use super::rows::Rows;

/// How far storing has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Rows that were looked at.
    pub done: u64,
    /// Rows in all.
    pub total: u64,
}

/// Stores everything, within a transaction that the caller commits.
pub(super) async fn save(
    tx: &mut Tx,
    parsed: &Parsed,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, Error> {
    let Parsed { customers, accounts, holdings, standing_orders, transactions } = parsed;
    let mut saving = Saving::new(parsed, progress);
    for part in customers.values.chunks(AT_ONCE) {
        let outcome = customer::add_missing(tx, part).await?;
        saving.settle(File::Customers, customers, &outcome);
    }
    for part in accounts.values.chunks(AT_ONCE) {
        let outcome = account::add_missing(tx, part).await?;
        saving.settle(File::Accounts, accounts, &outcome);
        saving.groundless |= has_other_currency(tx, part, &outcome).await?;
    }
    // What follows refers to customers and accounts, which must be there, and in the currency of the files.
    saving.stop_if_groundless()?;
    for part in holdings.values.chunks(AT_ONCE) {
        let outcome = account::add_holders(tx, part).await?;
        saving.settle(File::AccountHolders, holdings, &outcome);
    }
    for part in standing_orders.values.chunks(AT_ONCE) {
        let outcome = standing_order::add_missing(tx, part).await?;
        saving.settle(File::StandingOrders, standing_orders, &outcome);
    }
    let mut touched = BTreeSet::new();
    for part in transactions.values.chunks(AT_ONCE) {
        let outcome = transaction::add_missing(tx, part).await?;
        touched.extend(added_to(part, &outcome));
        saving.settle(File::Transactions, transactions, &outcome);
    }
    let Saving { problems, files, .. } = saving;
    if !problems.is_empty() {
        return Err(Error::Refused(problems));
    }
    let touched: Vec<AccountId> = touched.into_iter().collect();
    transaction::recompute_balances(tx, &touched).await?;
    if account::unbalanced(tx).await? != 0 {
        return Err(lombard_store::Error::Corrupt("a balance that is not the sum of its transactions").into());
    }
    let files = files.into_iter().map(|(report, _)| report).collect();
    let flows = super::report::flows(&transactions.values)?;
    Ok(Report::new(files, flows, account::totals(tx).await?, &transaction::totals(tx).await?))
}

/// Whether the database has one of these accounts in another currency.
async fn has_other_currency(tx: &mut Tx, part: &[Account], outcome: &[Stored]) -> Result<bool, Error> {
    for (account, _) in part.iter().zip(outcome).filter(|(_, outcome)| **outcome == Stored::Differs) {
        let known = account::find(tx, account.id).await?;
        if known.is_none_or(|known| known.currency != account.currency) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn added_to<'a>(part: &'a [Transaction], outcome: &'a [Stored]) -> impl Iterator<Item = AccountId> + 'a {
    let added = part.iter().zip(outcome).filter(|(_, outcome)| **outcome == Stored::Added);
    added.map(|(transaction, _)| transaction.account)
}

/// What has been learned so far.
struct Saving<'a> {
    progress: &'a mut (dyn FnMut(Progress) + Send),
    at: Progress,
    /// Each with the number of rows that were settled.
    files: Vec<(FileReport, usize)>,
    problems: Problems,
    /// A customer or an account is not there, or an account has another currency.
    groundless: bool,
}

impl<'a> Saving<'a> {
    fn new(parsed: &Parsed, progress: &'a mut (dyn FnMut(Progress) + Send)) -> Self {
        let files = File::ALL
            .into_iter()
            .map(|file| {
                let repeated = match file {
                    File::Customers => parsed.customers.repeated,
                    File::Accounts => parsed.accounts.repeated,
                    File::AccountHolders => parsed.holdings.repeated,
                    File::StandingOrders => parsed.standing_orders.repeated,
                    File::Transactions => parsed.transactions.repeated,
                };
                (FileReport { file, added: 0, present: 0, repeated }, 0)
            })
            .collect();
        let lengths = [
            parsed.customers.values.len(),
            parsed.accounts.values.len(),
            parsed.holdings.values.len(),
            parsed.standing_orders.values.len(),
            parsed.transactions.values.len(),
        ];
        let total = lengths.into_iter().sum::<usize>().try_into().unwrap_or(u64::MAX);
        let mut saving =
            Self { progress, at: Progress { done: 0, total }, files, problems: Problems::default(), groundless: false };
        saving.tell(0);
        saving
    }

    /// Notes what became of the next rows of a file.
    fn settle<T>(&mut self, file: File, rows: &Rows<T>, outcome: &[Stored]) {
        let Some((report, seen)) = self.files.iter_mut().find(|(report, _)| report.file == file) else { return };
        let lines = rows.lines.iter().skip(*seen);
        *seen += outcome.len();
        for (line, outcome) in lines.zip(outcome) {
            match outcome {
                Stored::Added => report.added += 1,
                Stored::Present => report.present += 1,
                Stored::Differs | Stored::Clashes => {}
            }
            if let Some((column, reason)) = complaint(file, *outcome) {
                self.groundless |= *outcome == Stored::Clashes;
                let column = Some(column.to_owned());
                self.problems.add(Problem { file, line: Some(*line), column, reason: reason.to_owned() });
            }
        }
        self.tell(outcome.len());
    }

    fn tell(&mut self, rows: usize) {
        self.at.done += u64::try_from(rows).unwrap_or(0);
        (self.progress)(self.at);
    }

    fn stop_if_groundless(&mut self) -> Result<(), Error> {
        if self.groundless { Err(Error::Refused(std::mem::take(&mut self.problems))) } else { Ok(()) }
    }
}

/// What is wrong with a row that was not stored and is not there, and in which column.
fn complaint(file: File, outcome: Stored) -> Option<(&'static str, &'static str)> {
    let column = match file {
        File::Customers => "customer_id",
        File::Accounts => "account_id",
        File::AccountHolders => "role",
        File::StandingOrders => "standing_order_id",
        File::Transactions => "transaction_id",
    };
    match (outcome, file) {
        (Stored::Added | Stored::Present, _) => None,
        (Stored::Differs, File::AccountHolders) => Some((column, "the database knows this holder in another role")),
        (Stored::Differs, _) => Some((column, "the database has other content under this identifier")),
        (Stored::Clashes, File::Customers) => {
            Some(("username", "the database knows this user name as another customer's"))
        }
        (Stored::Clashes, _) => Some((column, "the database knows this identifier from elsewhere")),
    }
}

/// Rows that are stored between two reports of progress.
const AT_ONCE: usize = 5000;
