//! Scheduled payments.

use lombard_domain::account::ScheduledPayment;
use lombard_domain::id::ScheduledPaymentId;
use lombard_domain::money::Money;
use lombard_domain::time::Date;

use super::super::arrangements::PLANNED;
use super::super::dice::bits;
use super::super::plan::Planned;
use super::{account_id, blind, currency, hyphened, sort_code, source, text};

/// What is still to be paid: the next of each.
pub(in super::super) fn scheduled_payments(today: Date) -> Vec<ScheduledPayment> {
    let next = |planned: &'static Planned| {
        let years = [today.year(), today.year().saturating_add(1)];
        let mut all = years.into_iter().filter_map(|year| payment(planned, year));
        all.find(|payment| payment.on >= today)
    };
    PLANNED.iter().filter_map(next).collect()
}

/// What has been paid since a year.
pub(in super::super) fn paid_payments(since: i16, today: Date) -> Vec<ScheduledPaymentId> {
    let all = PLANNED.iter().flat_map(|planned| (since..=today.year()).filter_map(|year| payment(planned, year)));
    all.filter(|payment| payment.on < today).map(|payment| payment.id).collect()
}

fn payment(planned: &Planned, year: i16) -> Option<ScheduledPayment> {
    let Planned { account, to, reference, minor, what, .. } = planned;
    let source = source(&format!("{account}-plan-{year}-{}", hyphened(to.name)));
    Some(ScheduledPayment {
        id: ScheduledPaymentId::from_bits(bits(&source)),
        account: account_id(account),
        on: planned.due(year)?,
        what: *what,
        amount: Money::new(*minor, currency(account)),
        reference: Some(text(reference)),
        name: Some(text(to.name)),
        creditor: sort_code(to.number),
        source: blind(&source),
    })
}
