//! From fields to the domain's types, and whether the files fit together. No database is needed for it.

use std::collections::{HashMap, HashSet};

use lombard_domain::account::{
    Account, AccountKind, AccountStatus, BankCode, BookingStatus, Category, Counterparty, Frequency, Identification,
    Scheme, StandingOrder, Transaction,
};
use lombard_domain::currency::Currency;
use lombard_domain::id::{AccountId, CustomerId, StandingOrderId, TransactionId};
use lombard_domain::money::{BadAmount, Direction, Money};
use lombard_domain::party::{Customer, HolderRole, Holding, Username};
use lombard_domain::text::Text;
use lombard_domain::time::Date;

use super::file::{File, Files};
use super::problem::{Problem, Problems, quoted};
use super::rows::Rows;
use super::table::{self, Reading, Row, word};

/// A kind of thing that files give identifiers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// An account.
    Account,
    /// A customer.
    Customer,
    /// A standing order.
    StandingOrder,
    /// A transaction.
    Transaction,
}

impl Noun {
    /// A word for it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Customer => "customer",
            Self::StandingOrder => "standing order",
            Self::Transaction => "transaction",
        }
    }
}

/// Gives a thing in a file its identifier of ours: always the same for the same.
pub type Identify<'a> = dyn Fn(Noun, &str) -> u128 + 'a;

/// The content of files in which nothing is wrong.
pub struct Parsed {
    pub(super) customers: Rows<Customer>,
    pub(super) accounts: Rows<Account>,
    pub(super) holdings: Rows<Holding>,
    pub(super) standing_orders: Rows<StandingOrder>,
    pub(super) transactions: Rows<Transaction>,
}

/// Reads files and checks each row and how they fit together.
///
/// # Errors
/// [`Problems`] holds all that is wrong, up to a limit.
pub fn parse(files: &Files, identify: &Identify<'_>) -> Result<Parsed, Problems> {
    let mut reader = Reader { files, identify, problems: Problems::default() };
    let customers = reader.customers();
    let accounts = reader.accounts();
    let holdings = reader.holdings(&customers.known, &accounts.known, &accounts.lines);
    let standing_orders = reader.standing_orders(&accounts.known);
    let transactions = reader.transactions(&accounts.known);
    if !reader.problems.is_empty() {
        return Err(reader.problems);
    }
    Ok(Parsed { customers: customers.rows, accounts: accounts.rows, holdings, standing_orders, transactions })
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

impl Reader<'_> {
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

    fn customers(&mut self) -> Referred<Customer, ()> {
        let (identify, mut rows, mut known) = (self.identify, Rows::default(), HashMap::new());
        let mut usernames: HashMap<String, (String, u64)> = HashMap::new();
        let reading = self.table(File::Customers, |row| {
            let id = row.read("customer_id", Text::<64>::new);
            known.extend(id.iter().map(|id| (id.as_str().to_owned(), ())));
            let Some(customer) = customer(row, id, identify) else { return };
            let key = customer.source.as_str().to_owned();
            let first =
                usernames.entry(customer.username.as_str().to_owned()).or_insert_with(|| (key.clone(), row.line()));
            if first.0 != key {
                let reason = format!("this user name is also on line {}, for another customer", first.1);
                row.refuse("username", reason);
            }
            rows.take(row, "customer_id", &key, customer);
        });
        Referred { rows, known: (reading == Reading::Whole).then_some(known), lines: Vec::new() }
    }

    fn accounts(&mut self) -> Referred<Account, Option<Currency>> {
        let (identify, mut rows, mut known) = (self.identify, Rows::default(), HashMap::new());
        let mut lines = Vec::new();
        let reading = self.table(File::Accounts, |row| {
            let id = row.read("account_id", Text::<64>::new);
            let currency = row.read("currency", currency);
            if let Some(id) = &id
                && known.insert(id.as_str().to_owned(), currency).is_none()
            {
                lines.push((id.as_str().to_owned(), row.line()));
            }
            let Some(account) = account(row, id, currency, identify) else { return };
            let key = account.source.as_str().to_owned();
            rows.take(row, "account_id", &key, account);
        });
        Referred { rows, known: (reading == Reading::Whole).then_some(known), lines }
    }

    fn holdings(
        &mut self,
        customers: &Known<()>,
        accounts: &Known<Option<Currency>>,
        account_lines: &[(String, u64)],
    ) -> Rows<Holding> {
        let (identify, mut rows) = (self.identify, Rows::default());
        let mut owned: HashSet<String> = HashSet::new();
        let reading = self.table(File::AccountHolders, |row| {
            let account = row.read("account_id", |field| referred(accounts, Noun::Account, field));
            let customer = row.read("customer_id", |field| referred(customers, Noun::Customer, field));
            let role = row.read("role", word(&[HolderRole::Owner, HolderRole::Authorised], HolderRole::code));
            let (Some((account, _)), Some((customer, ())), Some(role)) = (account, customer, role) else { return };
            if role == HolderRole::Owner {
                owned.insert(account.clone());
            }
            let holding = Holding {
                account: AccountId::from_bits(identify(Noun::Account, &account)),
                customer: CustomerId::from_bits(identify(Noun::Customer, &customer)),
                role,
            };
            rows.take(row, "customer_id", &format!("{account} {customer}"), holding);
        });
        if reading == Reading::Whole {
            for (account, line) in account_lines.iter().filter(|(account, _)| !owned.contains(account)) {
                let reason = format!("nobody in {} owns {}", File::AccountHolders.name(), quoted(account));
                let column = Some("account_id".to_owned());
                self.problems.add(Problem { file: File::Accounts, line: Some(*line), column, reason });
            }
        }
        rows
    }

    fn standing_orders(&mut self, accounts: &Known<Option<Currency>>) -> Rows<StandingOrder> {
        let (identify, mut rows) = (self.identify, Rows::default());
        self.table(File::StandingOrders, |row| {
            let Some(order) = standing_order(row, accounts, identify) else { return };
            let key = order.source.as_str().to_owned();
            rows.take(row, "standing_order_id", &key, order);
        });
        rows
    }

    fn transactions(&mut self, accounts: &Known<Option<Currency>>) -> Rows<Transaction> {
        let (identify, mut rows) = (self.identify, Rows::default());
        self.table(File::Transactions, |row| {
            let Some(transaction) = transaction(row, accounts, identify) else { return };
            let key = transaction.source.as_str().to_owned();
            rows.take(row, "transaction_id", &key, transaction);
        });
        rows
    }
}

fn customer(row: &mut Row<'_>, id: Option<Text<64>>, identify: &Identify<'_>) -> Option<Customer> {
    let username = row.read("username", Username::new);
    let full_name = row.read("full_name", Text::new);
    let birth_date = row.read_optional("birth_date", date);
    let email = row.read_optional("email", Text::new);
    let source = id?;
    Some(Customer {
        id: CustomerId::from_bits(identify(Noun::Customer, source.as_str())),
        source,
        username: username?,
        full_name: full_name?,
        birth_date: birth_date?,
        email: email?,
    })
}

fn account(
    row: &mut Row<'_>,
    id: Option<Text<64>>,
    currency: Option<Currency>,
    identify: &Identify<'_>,
) -> Option<Account> {
    let category = row.read("account_type", word(Category::ALL, Category::code));
    let kind = row.read("account_subtype", word(AccountKind::ALL, AccountKind::code));
    let nickname = row.read_optional("nickname", Text::new);
    let identification = identification(row, ["scheme", "identification"]);
    let opened_on = row.read("opened_on", date);
    let source = id?;
    Some(Account {
        id: AccountId::from_bits(identify(Noun::Account, source.as_str())),
        source,
        currency: currency?,
        category: category?,
        kind: kind?,
        status: AccountStatus::Enabled,
        nickname: nickname?,
        identification: identification?,
        opened_on: opened_on?,
        credit_line: None,
    })
}

fn standing_order(
    row: &mut Row<'_>,
    accounts: &Known<Option<Currency>>,
    identify: &Identify<'_>,
) -> Option<StandingOrder> {
    let source = row.read("standing_order_id", Text::<64>::new);
    let account = row.read("account_id", |field| referred(accounts, Noun::Account, field));
    let amount = amount(row, account.as_ref().and_then(|(_, currency)| *currency));
    let frequency = row.read("frequency", word(Frequency::ALL, Frequency::code));
    let purpose = row.read_optional("purpose", Text::new);
    let creditor = identification(row, ["creditor_scheme", "creditor_identification"]);
    let source = source?;
    Some(StandingOrder {
        id: StandingOrderId::from_bits(identify(Noun::StandingOrder, source.as_str())),
        account: AccountId::from_bits(identify(Noun::Account, &account?.0)),
        source,
        amount: amount?,
        frequency: frequency?,
        purpose: purpose?,
        creditor: creditor?,
    })
}

fn transaction(row: &mut Row<'_>, accounts: &Known<Option<Currency>>, identify: &Identify<'_>) -> Option<Transaction> {
    let source = row.read("transaction_id", Text::<64>::new);
    let account = row.read("account_id", |field| referred(accounts, Noun::Account, field));
    let booked_on = row.read("booked_on", date);
    let direction = row.read("credit_debit", word(&[Direction::Credit, Direction::Debit], direction_code));
    let amount = amount(row, account.as_ref().and_then(|(_, currency)| *currency));
    let code = code(row);
    let description = row.read_optional("description", Text::new);
    let counterparty = match row.all_or_none(["counterparty_scheme", "counterparty_identification"]) {
        Some(true) => identification(row, ["counterparty_scheme", "counterparty_identification"])
            .map(|account| Some(Counterparty { name: None, account: Some(account) })),
        Some(false) => Some(None),
        None => None,
    };
    let source = source?;
    let amount = match direction? {
        Direction::Credit => amount?,
        Direction::Debit => amount?.negated()?,
    };
    Some(Transaction {
        id: TransactionId::from_bits(identify(Noun::Transaction, source.as_str())),
        account: AccountId::from_bits(identify(Noun::Account, &account?.0)),
        source,
        status: BookingStatus::Booked,
        booked_at: booked_on?.start(),
        value_at: None,
        amount,
        code: code?,
        description: description?,
        counterparty: counterparty?,
    })
}

/// An identifier that another file must know, and what that file says of it.
fn referred<V: Copy + Default>(known: &Known<V>, noun: Noun, field: &str) -> Result<(String, V), String> {
    let file = match noun {
        Noun::Account => File::Accounts,
        Noun::Customer => File::Customers,
        Noun::StandingOrder => File::StandingOrders,
        Noun::Transaction => File::Transactions,
    };
    let value = match known {
        None => V::default(),
        Some(known) => *known
            .get(field)
            .ok_or_else(|| format!("there is no {} {} in {}", noun.label(), quoted(field), file.name()))?,
    };
    Ok((field.to_owned(), value))
}

/// An amount above zero in the account's currency, which the row must name; `None` stands for an account that is not known.
fn amount(row: &mut Row<'_>, kept_in: Option<Currency>) -> Option<Money> {
    let named = row.read("currency", currency);
    if let (Some(named), Some(kept_in)) = (named, kept_in)
        && named != kept_in
    {
        row.refuse("currency", format!("the account is kept in {kept_in}, not in {named}"));
        return None;
    }
    let named = named?;
    row.read("amount", |field| match Money::parse(field, named) {
        Ok(money) if money.minor() > 0 => Ok(money),
        Ok(_) => Err("it must be above zero".to_owned()),
        Err(BadAmount::TooManyDecimals { allowed }) => Err(format!("{named} has no more than {allowed} decimals")),
        Err(BadAmount::Malformed) if field.starts_with('-') => {
            Err("it must have no sign; credit_debit says which way money flows".to_owned())
        }
        Err(error @ BadAmount::Malformed) => Err(format!("it is {error}")),
    })
}

/// A code and its sub-code, or neither.
fn code(row: &mut Row<'_>) -> Option<Option<BankCode>> {
    if !row.all_or_none(["code", "sub_code"])? {
        return Some(None);
    }
    let bad = |field: &str| format!("{} is not four capital letters or digits, as in ISO 20022", quoted(field));
    let checked = |field: &str| BankCode::new(field, field).map(|code| code.family).ok_or_else(|| bad(field));
    let family = row.read("code", checked);
    let sub_family = row.read("sub_code", checked);
    Some(Some(BankCode { family: family?, sub_family: sub_family? }))
}

/// A scheme of account numbers and a number in it.
fn identification(row: &mut Row<'_>, [scheme, number]: [&'static str; 2]) -> Option<Identification> {
    let scheme = row.read(scheme, word(Scheme::ALL, Scheme::code));
    let number = row.read(number, |field| match scheme {
        Some(scheme) => match Identification::new(scheme, field) {
            Ok(identification) => Ok(Some(identification)),
            Err(error) => Err(format!("not a valid {}: {error}", scheme.code())),
        },
        None => Ok(None),
    });
    number?
}

fn currency(field: &str) -> Result<Currency, String> {
    field.parse().map_err(|_| format!("{} is not a currency code such as GBP", quoted(field)))
}

fn date(field: &str) -> Result<Date, String> {
    field.parse().map_err(|_| format!("{} is not a day in the form YYYY-MM-DD", quoted(field)))
}

fn direction_code(direction: Direction) -> &'static str {
    match direction {
        Direction::Credit => "Credit",
        Direction::Debit => "Debit",
    }
}
