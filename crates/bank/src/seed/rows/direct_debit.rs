//! Direct debits: one for every bill that is paid so, and for every credit card that is paid off.

use std::collections::BTreeMap;

use lombard_domain::account::{DirectDebit, Frequency, MandateStatus, PreviousPayment};
use lombard_domain::id::DirectDebitId;
use lombard_domain::money::Money;
use lombard_domain::time::Date;

use super::super::LIVES;
use super::super::books::{DIRECT_DEBIT, Line};
use super::super::day::CARD_PAYMENT_TEXT;
use super::super::dice::bits;
use super::super::plan::By;
use super::{account_id, blind, currency, hyphened, source, text};

/// When, and how much, was taken last: by the account and the name of who took it.
pub(in super::super) type Taken = BTreeMap<(&'static str, &'static str), (Date, i64)>;

/// What was taken last, given lines in order.
pub(in super::super) fn taken(lines: &[Line]) -> Taken {
    let debits = lines.iter().filter(|line| line.code == DIRECT_DEBIT);
    debits.map(|line| ((line.account.key, line.text), (line.day, -line.minor))).collect()
}

/// Every direct debit of every life.
pub(in super::super) fn direct_debits(taken: &Taken) -> Vec<DirectDebit> {
    let debits = LIVES.iter().flat_map(|life| {
        let bills = life.bills.iter().filter(|bill| bill.by == By::Debit).map(|bill| bill.to.name);
        bills.chain(life.card.map(|_| CARD_PAYMENT_TEXT)).map(|name| (life.account, name))
    });
    let debits = debits.map(|(account, name)| {
        let source = source(&format!("{account}-debit-{}", hyphened(name)));
        let previous = taken
            .get(&(account, name))
            .map(|(on, minor)| PreviousPayment { on: *on, amount: Money::new(*minor, currency(account)) });
        DirectDebit {
            id: DirectDebitId::from_bits(bits(&source)),
            account: account_id(account),
            status: MandateStatus::Active,
            name: text(name),
            mandate: Some(text(&format!("M{:010}", bits(&source) % MANDATES))),
            frequency: Frequency::Monthly,
            previous,
            source: blind(&source),
        }
    });
    debits.collect()
}

/// How many numbers there are for mandates.
const MANDATES: u128 = 10_000_000_000;
