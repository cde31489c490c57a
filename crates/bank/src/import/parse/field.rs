//! Fields that several files have: references to accounts and customers, amounts, days and account numbers.

use lombard_domain::account::{BankCode, Identification, Scheme};
use lombard_domain::currency::Currency;
use lombard_domain::id::{AccountId, CustomerId};
use lombard_domain::money::{BadAmount, Money};
use lombard_domain::time::Date;

use super::super::file::File;
use super::super::problem::quoted;
use super::super::table::{Row, word};
use super::{Accounts, Identify, Known, Noun};

/// An account that a row refers to.
pub(super) struct OnAccount {
    /// Its identifier in the files.
    pub(super) source: String,
    pub(super) id: AccountId,
    /// In which currency it is kept; `None` if its own row does not say.
    pub(super) kept_in: Option<Currency>,
}

/// The account that a row refers to, which must be in its file.
pub(super) fn account(row: &mut Row<'_>, accounts: &Accounts, identify: &Identify<'_>) -> Option<OnAccount> {
    let (source, kept_in) =
        row.read("account_id", |field| referred(accounts, (Noun::Account, File::Accounts), field))?;
    let id = AccountId::from_bits(identify(Noun::Account, &source));
    Some(OnAccount { source, id, kept_in })
}

/// The customer whom a row refers to, and their identifier in the files. They must be in their file.
pub(super) fn customer(
    row: &mut Row<'_>,
    customers: &Known<()>,
    identify: &Identify<'_>,
) -> Option<(String, CustomerId)> {
    let (source, ()) =
        row.read("customer_id", |field| referred(customers, (Noun::Customer, File::Customers), field))?;
    let id = CustomerId::from_bits(identify(Noun::Customer, &source));
    Some((source, id))
}

/// An identifier that another file must know, and what that file says of it.
fn referred<V: Copy + Default>(
    known: &Known<V>,
    (noun, file): (Noun, File),
    field: &str,
) -> Result<(String, V), String> {
    let value = match known {
        None => V::default(),
        Some(known) => *known
            .get(field)
            .ok_or_else(|| format!("there is no {} {} in {}", noun.label(), quoted(field), file.name()))?,
    };
    Ok((field.to_owned(), value))
}

/// An amount above zero in the account's currency, which the row must name; `None` stands for an account that is not known.
pub(super) fn amount(row: &mut Row<'_>, column: &'static str, kept_in: Option<Currency>) -> Option<Money> {
    let named = row.read("currency", currency);
    if let (Some(named), Some(kept_in)) = (named, kept_in)
        && named != kept_in
    {
        row.refuse("currency", format!("the account is kept in {kept_in}, not in {named}"));
        return None;
    }
    let named = named?;
    let directed = row.has("credit_debit");
    row.read(column, |field| match Money::parse(field, named) {
        Ok(money) if money.minor() > 0 => Ok(money),
        Ok(_) => Err("it must be above zero".to_owned()),
        Err(BadAmount::TooManyDecimals { allowed }) => Err(format!("{named} has no more than {allowed} decimals")),
        Err(BadAmount::Malformed) if field.starts_with('-') && directed => {
            Err("it must have no sign; credit_debit says which way money flows".to_owned())
        }
        Err(BadAmount::Malformed) if field.starts_with('-') => Err("it must have no sign".to_owned()),
        Err(error @ BadAmount::Malformed) => Err(format!("it is {error}")),
    })
}

/// A code and its sub-code, or neither.
pub(super) fn code(row: &mut Row<'_>) -> Option<Option<BankCode>> {
    if !row.all_or_none(&["code", "sub_code"])? {
        return Some(None);
    }
    let bad = |field: &str| format!("{} is not four capital letters or digits, as in ISO 20022", quoted(field));
    let checked = |field: &str| BankCode::new(field, field).map(|code| code.family).ok_or_else(|| bad(field));
    let family = row.read("code", checked);
    let sub_family = row.read("sub_code", checked);
    Some(Some(BankCode { family: family?, sub_family: sub_family? }))
}

/// A scheme of account numbers and a number in it.
pub(super) fn identification(row: &mut Row<'_>, [scheme, number]: [&'static str; 2]) -> Option<Identification> {
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

/// Whom a payment goes to.
pub(super) fn creditor(row: &mut Row<'_>) -> Option<Identification> {
    identification(row, ["creditor_scheme", "creditor_identification"])
}

/// Two days of which the second must not come before the first.
pub(super) fn in_order(
    row: &mut Row<'_>,
    (earlier, first): (&'static str, Option<Date>),
    (later, second): (&'static str, Option<Date>),
) -> Option<()> {
    match (first, second) {
        (Some(first), Some(second)) if second < first => {
            row.refuse(later, format!("it must not be before {earlier}"));
            None
        }
        _ => Some(()),
    }
}

pub(super) fn currency(field: &str) -> Result<Currency, String> {
    field.parse().map_err(|_| format!("{} is not a currency code such as GBP", quoted(field)))
}

pub(super) fn date(field: &str) -> Result<Date, String> {
    field.parse().map_err(|_| format!("{} is not a day in the form YYYY-MM-DD", quoted(field)))
}
