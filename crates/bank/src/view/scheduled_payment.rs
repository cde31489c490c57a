//! A payment planned for a later day, as a caller sees it.

use lombard_domain::account::{ScheduledFor, ScheduledPayment};
use lombard_domain::id::{AccountId, ScheduledPaymentId};
use lombard_domain::money::Money;
use lombard_domain::permission::Seen;
use lombard_domain::text::Text;
use lombard_domain::time::Date;

use super::{AccountNumber, CreditorView, detail};

/// A payment that is to be made once, on a later day.
#[derive(Clone, PartialEq, Eq)]
pub struct ScheduledPaymentView {
    /// Its identifier.
    pub id: ScheduledPaymentId,
    /// The account that pays.
    pub account: AccountId,
    /// The day.
    pub on: Date,
    /// What is to happen on that day.
    pub what: ScheduledFor,
    /// How much.
    pub amount: Money,
    /// What the payment says.
    pub reference: Option<Text<35>>,
    /// Detail: whom to pay.
    pub creditor: Option<CreditorView>,
}

impl ScheduledPaymentView {
    pub(crate) fn of(payment: ScheduledPayment, seen: Seen) -> Self {
        let number = detail(seen.level, || AccountNumber::of(&payment.creditor, seen.cards));
        Self {
            id: payment.id,
            account: payment.account,
            on: payment.on,
            what: payment.what,
            amount: payment.amount,
            reference: payment.reference,
            creditor: number.map(|number| CreditorView { name: payment.name, number }),
        }
    }
}
