//! The sandbox's people: a handful of customers with believable accounts, whose story is the same in every sandbox.
//!
//! The story begins on a fixed day and goes on for ever; a sandbox knows two years of it, up to the day on which it was made, and
//! what comes after when it is started again. Nothing of it depends on the day on which it is told, except where it begins and which
//! card payments are still pending.

mod arrangements;
mod books;
mod day;
mod dice;
mod lives;
mod people;
mod plan;
mod products;
mod rows;
#[cfg(test)]
mod tests;

use lombard_domain::account::{BookingStatus, Transaction};
use lombard_domain::party::Customer;
use lombard_domain::time::Date;
use lombard_store::{
    Db, Stored, Tx, account, beneficiary, contact, customer, direct_debit, offer, product, scheduled_payment,
    standing_order, statement, transaction,
};

use crate::error::Result;
use books::{Books, Line};
use lives::LIVES;
use people::{ACCOUNTS, PEOPLE};

/// One of the sandbox's people, who can sign in.
pub struct SeedCustomer {
    /// Who they are.
    pub customer: Customer,
    /// Their password, which everybody may know.
    pub password: String,
}

/// The sandbox's people, always the same.
#[must_use]
pub fn people() -> Vec<SeedCustomer> {
    let with_password = |person: &plan::Person| SeedCustomer {
        customer: rows::customer(person),
        password: format!("{}-in-the-sandbox", person.username),
    };
    PEOPLE.iter().map(with_password).collect()
}

/// Stores the people, their accounts and what happened up to `today`, in one transaction.
///
/// In a database that has them already it adds what happened since, books what was pending, and takes away what is over.
///
/// # Errors
/// When the database fails, or already holds other things under their names.
pub async fn sow(db: &Db, today: Date) -> Result<()> {
    let mut tx = db.begin("seed").await?;
    let story = Story::until(today);
    let is_new = settle(&mut tx).await?;
    arrange(&mut tx, &story, today).await?;
    // Where the story begins is part of the database that knows it, so only a new one is told.
    if is_new {
        expect(&transaction::add_missing(&mut tx, &story.openings).await?)?;
    } else {
        clear(&mut tx, today).await?;
    }
    tell(&mut tx, &story.transactions).await?;
    expect(&statement::add_missing(&mut tx, &rows::statements(story.start, today)).await?)?;
    tx.commit().await?;
    Ok(())
}

/// Stores the people and their accounts; whether the accounts are new.
async fn settle(tx: &mut Tx) -> Result<bool> {
    let customers: Vec<_> = PEOPLE.iter().map(rows::customer).collect();
    expect(&customer::add_missing(tx, &customers).await?)?;
    let contacts: Vec<_> = PEOPLE.iter().map(rows::contact).collect();
    expect(&contact::add_missing(tx, &contacts).await?)?;
    let accounts: Vec<_> = ACCOUNTS.iter().map(rows::account).collect();
    let outcome = account::add_missing(tx, &accounts).await?;
    expect(&outcome)?;
    let holdings: Vec<_> = ACCOUNTS.iter().flat_map(rows::holdings).collect();
    expect(&account::add_holders(tx, &holdings).await?)?;
    let products: Vec<_> = ACCOUNTS.iter().map(rows::product).collect();
    expect(&product::add_missing(tx, &products).await?)?;
    Ok(outcome.contains(&Stored::Added))
}

/// Stores what is agreed, saved, planned and offered.
async fn arrange(tx: &mut Tx, story: &Story, today: Date) -> Result<()> {
    expect(&standing_order::add_missing(tx, &rows::standing_orders()).await?)?;
    expect(&beneficiary::add_missing(tx, &rows::beneficiaries()).await?)?;
    let debits = rows::direct_debits(&story.taken);
    expect(&direct_debit::add_missing(tx, &debits).await?)?;
    direct_debit::paid(tx, &debits).await?;
    expect(&scheduled_payment::add_missing(tx, &rows::scheduled_payments(today)).await?)?;
    expect(&offer::add_missing(tx, &rows::offers(today)).await?)?;
    Ok(())
}

/// Takes away what was planned and has been paid, and what was offered and is no more.
async fn clear(tx: &mut Tx, today: Date) -> Result<()> {
    let since = origin().year();
    scheduled_payment::remove(tx, &rows::paid_payments(since, today)).await?;
    offer::remove(tx, &rows::past_offers(since, today)).await?;
    Ok(())
}

/// Stores what happened, and books what was pending.
async fn tell(tx: &mut Tx, transactions: &[Transaction]) -> Result<()> {
    let stored = transaction::add_missing(tx, transactions).await?;
    let differing = transactions.iter().zip(&stored).filter(|(_, stored)| **stored == Stored::Differs);
    let settled: Vec<Transaction> = differing
        .map(|(transaction, _)| transaction.clone())
        .filter(|transaction| transaction.status == BookingStatus::Booked)
        .collect();
    transaction::book(tx, &settled).await?;
    let touched: Vec<_> = ACCOUNTS.iter().map(|account| rows::account_id(account.key)).collect();
    transaction::recompute_balances(tx, &touched).await?;
    Ok(())
}

/// The part of the story that a sandbox knows which is made on some day.
struct Story {
    /// The day on which it begins.
    start: Date,
    /// What the accounts held at the beginning of it.
    openings: Vec<Transaction>,
    /// What happened, in order.
    transactions: Vec<Transaction>,
    /// What was taken last by direct debit.
    taken: rows::Taken,
}

impl Story {
    fn until(today: Date) -> Self {
        let start = today.plus_days(-TOLD_DAYS).max(origin());
        let mut books = Books::open(ACCOUNTS, origin());
        let mut openings = Vec::new();
        let mut day = origin();
        while day <= today {
            if day == start {
                let opening = |account: &plan::Account| {
                    let minor = books.balance(account.key);
                    (minor != 0).then(|| rows::brought_forward(account, minor, start))
                };
                openings = ACCOUNTS.iter().filter_map(opening).collect();
                books.forget();
            }
            books.turn(day);
            for life in LIVES {
                day::live(life, day, &mut books);
            }
            day::together(day, &mut books);
            let tomorrow = day.plus_days(1);
            if tomorrow == day {
                break; // The calendar ends here.
            }
            day = tomorrow;
        }
        // Today has only just begun: what is booked later today is not known yet.
        let mut lines: Vec<Line> = books.close();
        lines.retain(|line| line.day < today || line.code.waits());
        lines.sort_by_key(|line| (line.day, line.minute, line.number));
        let taken = rows::taken(&lines);
        Self { start, openings, taken, transactions: lines.iter().map(|line| rows::transaction(line, today)).collect() }
    }
}

fn expect(outcome: &[Stored]) -> Result<()> {
    let clash = outcome.iter().any(|stored| matches!(stored, Stored::Clashes | Stored::Differs));
    if clash {
        Err(lombard_store::Error::Corrupt("the sandbox's people are not what they should be").into())
    } else {
        Ok(())
    }
}

/// The day on which the story begins.
fn origin() -> Date {
    Date::new(2020, 1, 1).unwrap_or_else(|| lombard_domain::time::Instant::from_seconds(0).date())
}

/// How much of the story a new sandbox knows, in days: two years.
const TOLD_DAYS: i32 = 730;
