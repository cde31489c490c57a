//! From fields to the domain's types, and whether the files fit together. No database is needed for it.
//!
//! Each file has a file of its own here, which says what one row of it must be.

mod account;
mod account_holder;
mod beneficiary;
mod customer;
mod direct_debit;
mod field;
mod offer;
mod party;
mod product;
mod scheduled_payment;
mod standing_order;
mod statement;
mod transaction;

use std::collections::HashMap;

use lombard_domain::account::{
    Account, Beneficiary, DirectDebit, Offer, Product, ScheduledPayment, StandingOrder, Statement,
};
use lombard_domain::currency::Currency;
use lombard_domain::party::{Contact, Customer, Holding};

use super::file::{File, Files};
use super::problem::Problems;
use super::rows::Rows;
use super::table::{self, Reading, Row};

pub(super) use transaction::Told;

/// A kind of thing that files give identifiers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// An account.
    Account,
    /// Somebody whom a customer saved to pay again.
    Beneficiary,
    /// A customer.
    Customer,
    /// Leave to take money.
    DirectDebit,
    /// An offer of the bank.
    Offer,
    /// A payment planned for a later day.
    ScheduledPayment,
    /// A standing order.
    StandingOrder,
    /// A statement.
    Statement,
    /// A transaction.
    Transaction,
}

impl Noun {
    /// A word for it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Beneficiary => "beneficiary",
            Self::Customer => "customer",
            Self::DirectDebit => "direct debit",
            Self::Offer => "offer",
            Self::ScheduledPayment => "scheduled payment",
            Self::StandingOrder => "standing order",
            Self::Statement => "statement",
            Self::Transaction => "transaction",
        }
    }
}

/// Gives a thing in a file its identifier of ours: always the same for the same.
pub type Identify<'a> = dyn Fn(Noun, &str) -> u128 + 'a;

/// The content of files in which nothing is wrong.
pub struct Parsed {
    pub(super) customers: Rows<Customer>,
    pub(super) parties: Rows<Contact>,
    pub(super) accounts: Rows<Account>,
    pub(super) holdings: Rows<Holding>,
    pub(super) products: Rows<Product>,
    pub(super) standing_orders: Rows<StandingOrder>,
    pub(super) beneficiaries: Rows<Beneficiary>,
    pub(super) direct_debits: Rows<DirectDebit>,
    pub(super) scheduled_payments: Rows<ScheduledPayment>,
    pub(super) offers: Rows<Offer>,
    pub(super) transactions: Rows<Told>,
    pub(super) statements: Rows<Statement>,
}

/// How many rows of a file are to be stored, and how many repeat another one.
#[derive(Clone, Copy)]
pub(super) struct Count {
    pub(super) rows: usize,
    pub(super) repeated: u64,
}

impl Parsed {
    /// How many rows a file has.
    pub(super) fn count(&self, file: File) -> Count {
        match file {
            File::Customers => self.customers.count(),
            File::Parties => self.parties.count(),
            File::Accounts => self.accounts.count(),
            File::AccountHolders => self.holdings.count(),
            File::Products => self.products.count(),
            File::StandingOrders => self.standing_orders.count(),
            File::Beneficiaries => self.beneficiaries.count(),
            File::DirectDebits => self.direct_debits.count(),
            File::ScheduledPayments => self.scheduled_payments.count(),
            File::Offers => self.offers.count(),
            File::Transactions => self.transactions.count(),
            File::Statements => self.statements.count(),
        }
    }
}

/// Reads files and checks each row and how they fit together.
///
/// # Errors
/// [`Problems`] holds all that is wrong, up to a limit.
pub fn parse(files: &Files, identify: &Identify<'_>) -> Result<Parsed, Problems> {
    let mut reader = Reader { files, identify, problems: Problems::default() };
    let customers = reader.customers();
    let parties = reader.parties(&customers.known);
    let accounts = reader.accounts();
    let holdings = reader.holdings(&customers.known, &accounts);
    let known = &accounts.known;
    let parsed = Parsed {
        parties,
        holdings,
        products: reader.products(known),
        standing_orders: reader.standing_orders(known),
        beneficiaries: reader.beneficiaries(known),
        direct_debits: reader.direct_debits(known),
        scheduled_payments: reader.scheduled_payments(known),
        offers: reader.offers(known),
        transactions: reader.transactions(known),
        statements: reader.statements(known),
        customers: customers.rows,
        accounts: accounts.rows,
    };
    if reader.problems.is_empty() { Ok(parsed) } else { Err(reader.problems) }
}

struct Reader<'a> {
    files: &'a Files,
    identify: &'a Identify<'a>,
    problems: Problems,
}

/// Rows that others refer to.
struct Referred<T, V> {
    rows: Rows<T>,
    known: Known<V>,
    /// The line of each identifier.
    lines: Vec<(String, u64)>,
}

/// Identifiers that may be referred to, or `None` if their file could not be read whole: then nobody is blamed for naming one.
///
/// A row that is wrong in another field counts: its problem is told once, in its own file.
type Known<V> = Option<HashMap<String, V>>;

/// The accounts that there are, and in which currency each is kept.
type Accounts = Known<Option<Currency>>;

impl<'a> Reader<'a> {
    fn table(&mut self, file: File, each: impl FnMut(&mut Row<'_>)) -> Reading {
        match self.files.get(file) {
            Some(content) => table::read(file, content, &mut self.problems, each),
            None if file.is_required() => {
                self.problems.add(table::whole(file, "this file is missing".to_owned()));
                Reading::Broken
            }
            None => Reading::Whole,
        }
    }

    /// The good rows of a file whose first column says what each is about: each may say it once.
    fn list<T: PartialEq>(
        &mut self,
        file: File,
        mut parse: impl FnMut(&mut Row<'_>, &'a Identify<'a>) -> Option<(String, T)>,
    ) -> Rows<T> {
        let (identify, mut rows) = (self.identify, Rows::default());
        let column = file.columns().first().copied().unwrap_or_default();
        self.table(file, |row| {
            if let Some((key, value)) = parse(row, identify) {
                rows.take(row, column, &key, value);
            }
        });
        rows
    }
}
