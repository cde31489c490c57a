//! `transactions.csv`: what happened, what is about to, and what came to nothing.

use lombard_domain::account::{BookingStatus, Counterparty, Transaction};
use lombard_domain::id::TransactionId;
use lombard_domain::money::Direction;
use lombard_domain::text::Text;

use super::super::file::File;
use super::super::rows::Rows;
use super::super::table::{Row, word};
use super::field::{account, amount, code, date, identification};
use super::{Accounts, Identify, Noun, Reader};

/// What a row says of a transaction.
#[derive(PartialEq, Eq)]
pub(in super::super) enum Told {
    /// It was pending, and came to nothing.
    Cancelled(Transaction),
    /// It is booked, or pending.
    Standing(Transaction),
}

/// How a row says that a transaction stands.
#[derive(Clone, Copy)]
enum Status {
    Booked,
    Cancelled,
    Pending,
}

impl Reader<'_> {
    pub(super) fn transactions(&mut self, accounts: &Accounts) -> Rows<Told> {
        self.list(File::Transactions, |row, identify| told(row, accounts, identify))
    }
}

fn told(row: &mut Row<'_>, accounts: &Accounts, identify: &Identify<'_>) -> Option<(String, Told)> {
    let source = row.read("transaction_id", Text::<64>::new);
    let account = account(row, accounts, identify);
    let status = status(row);
    let booked_on = row.read("booked_on", date);
    let value_on = row.read_optional("value_on", date);
    let direction = row.read("credit_debit", word(&[Direction::Credit, Direction::Debit], direction_code));
    let amount = amount(row, "amount", account.as_ref().and_then(|account| account.kept_in));
    let code = code(row);
    let description = row.read_optional("description", Text::new);
    let counterparty = counterparty(row);
    let source = source?;
    let amount = match direction? {
        Direction::Credit => amount?,
        Direction::Debit => amount?.negated()?,
    };
    let status = status?;
    let transaction = Transaction {
        id: TransactionId::from_bits(identify(Noun::Transaction, source.as_str())),
        account: account?.id,
        source,
        status: match status {
            Status::Booked => BookingStatus::Booked,
            Status::Cancelled | Status::Pending => BookingStatus::Pending,
        },
        booked_at: booked_on?.start(),
        value_at: value_on?.map(|day| day.start()),
        amount,
        code: code?,
        description: description?,
        counterparty: counterparty?,
    };
    let key = transaction.source.as_str().to_owned();
    let told = match status {
        Status::Booked | Status::Pending => Told::Standing(transaction),
        Status::Cancelled => Told::Cancelled(transaction),
    };
    Some((key, told))
}

/// How it stands; in a file that does not say, everything is booked.
fn status(row: &mut Row<'_>) -> Option<Status> {
    if row.has("status") {
        row.read("status", word(&[Status::Booked, Status::Cancelled, Status::Pending], Status::code))
    } else {
        Some(Status::Booked)
    }
}

/// Who was on the other side, as far as the row says.
fn counterparty(row: &mut Row<'_>) -> Option<Option<Counterparty>> {
    let number = ["counterparty_scheme", "counterparty_identification"];
    let name = row.read_optional("counterparty_name", Text::new);
    let account = match row.all_or_none(&number) {
        Some(true) => identification(row, number).map(Some),
        Some(false) => Some(None),
        None => None,
    };
    let (name, account) = (name?, account?);
    Some((name.is_some() || account.is_some()).then_some(Counterparty { name, account }))
}

impl Status {
    fn code(self) -> &'static str {
        match self {
            Self::Booked => "Booked",
            Self::Cancelled => "Cancelled",
            Self::Pending => "Pending",
        }
    }
}

fn direction_code(direction: Direction) -> &'static str {
    match direction {
        Direction::Credit => "Credit",
        Direction::Debit => "Debit",
    }
}
