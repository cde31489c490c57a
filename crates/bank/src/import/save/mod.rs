//! Storing what was read, comparing it with what is there, and summing up.

mod direct_debit;
mod tally;
mod transaction;

use lombard_domain::account::Account;
use lombard_domain::id::AccountId;
use lombard_store::{
    Stored, Tx, account, beneficiary, contact, customer, offer, product, scheduled_payment, standing_order, statement,
};

use super::Error;
use super::file::File;
use super::parse::Parsed;
use super::report::Report;
use tally::Tally;

pub use tally::Progress;

/// Stores everything, within a transaction that the caller commits.
pub(super) async fn save(
    tx: &mut Tx,
    parsed: Parsed,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, Error> {
    let flows = super::report::flows(&parsed.transactions.values)?;
    let mut tally = Tally::new(&parsed, progress);
    ground(tx, &parsed, &mut tally).await?;
    arrangements(tx, &parsed, &mut tally).await?;
    let touched = transaction::save(tx, parsed.transactions, &mut tally).await?;
    let touched: Vec<AccountId> = touched.into_iter().collect();
    lombard_store::transaction::recompute_balances(tx, &touched).await?;
    // What a statement sums up is read from the transactions and their running balances.
    for part in parsed.statements.values.chunks(AT_ONCE) {
        let outcome = statement::add_missing(tx, part).await?;
        tally.settle(File::Statements, &parsed.statements.lines, &outcome);
    }
    let files = tally.finish()?;
    if account::unbalanced(tx).await? != 0 {
        return Err(lombard_store::Error::Corrupt("a balance that is not the sum of its transactions").into());
    }
    let transactions = lombard_store::transaction::totals(tx).await?;
    Ok(Report::new(files, flows, account::totals(tx).await?, &transactions))
}

/// Stores customers, accounts and who holds them, to which everything else refers.
async fn ground(tx: &mut Tx, parsed: &Parsed, tally: &mut Tally<'_>) -> Result<(), Error> {
    let Parsed { customers, parties, accounts, holdings, .. } = parsed;
    for part in customers.values.chunks(AT_ONCE) {
        let outcome = customer::add_missing(tx, part).await?;
        tally.settle(File::Customers, &customers.lines, &outcome);
    }
    for part in accounts.values.chunks(AT_ONCE) {
        let outcome = account::add_missing(tx, part).await?;
        tally.settle(File::Accounts, &accounts.lines, &outcome);
        if has_other_currency(tx, part, &outcome).await? {
            tally.lose_ground();
        }
    }
    // What follows refers to customers and accounts, which must be there, and in the currency of the files.
    tally.stop_without_ground()?;
    for part in parties.values.chunks(AT_ONCE) {
        let outcome = contact::add_missing(tx, part).await?;
        tally.settle(File::Parties, &parties.lines, &outcome);
    }
    for part in holdings.values.chunks(AT_ONCE) {
        let outcome = account::add_holders(tx, part).await?;
        tally.settle(File::AccountHolders, &holdings.lines, &outcome);
    }
    Ok(())
}

/// Stores what belongs to accounts beside their transactions.
async fn arrangements(tx: &mut Tx, parsed: &Parsed, tally: &mut Tally<'_>) -> Result<(), Error> {
    let Parsed { products, standing_orders, beneficiaries, direct_debits, scheduled_payments, offers, .. } = parsed;
    for part in products.values.chunks(AT_ONCE) {
        let outcome = product::add_missing(tx, part).await?;
        tally.settle(File::Products, &products.lines, &outcome);
    }
    for part in standing_orders.values.chunks(AT_ONCE) {
        let outcome = standing_order::add_missing(tx, part).await?;
        tally.settle(File::StandingOrders, &standing_orders.lines, &outcome);
    }
    for part in beneficiaries.values.chunks(AT_ONCE) {
        let outcome = beneficiary::add_missing(tx, part).await?;
        tally.settle(File::Beneficiaries, &beneficiaries.lines, &outcome);
    }
    direct_debit::save(tx, direct_debits, tally).await?;
    for part in scheduled_payments.values.chunks(AT_ONCE) {
        let outcome = scheduled_payment::add_missing(tx, part).await?;
        tally.settle(File::ScheduledPayments, &scheduled_payments.lines, &outcome);
    }
    for part in offers.values.chunks(AT_ONCE) {
        let outcome = offer::add_missing(tx, part).await?;
        tally.settle(File::Offers, &offers.lines, &outcome);
    }
    Ok(())
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

/// Rows that are stored between two reports of progress.
const AT_ONCE: usize = 5000;
