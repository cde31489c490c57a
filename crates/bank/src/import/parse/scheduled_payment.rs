//! `scheduled_payments.csv`: payments planned for a later day.

use lombard_domain::account::{ScheduledFor, ScheduledPayment};
use lombard_domain::id::ScheduledPaymentId;
use lombard_domain::text::Text;

use super::super::file::File;
use super::super::rows::Rows;
use super::super::table::{Row, word};
use super::field::{account, amount, creditor, date};
use super::{Accounts, Identify, Noun, Reader};

impl Reader<'_> {
    pub(super) fn scheduled_payments(&mut self, accounts: &Accounts) -> Rows<ScheduledPayment> {
        self.list(File::ScheduledPayments, |row, identify| payment(row, accounts, identify))
    }
}

fn payment(row: &mut Row<'_>, accounts: &Accounts, identify: &Identify<'_>) -> Option<(String, ScheduledPayment)> {
    let source = row.read("scheduled_payment_id", Text::<64>::new);
    let account = account(row, accounts, identify);
    let on = row.read("due_on", date);
    let what = row.read("scheduled_type", word(ScheduledFor::ALL, ScheduledFor::code));
    let amount = amount(row, "amount", account.as_ref().and_then(|account| account.kept_in));
    let reference = row.read_optional("reference", Text::new);
    let name = row.read_optional("creditor_name", Text::new);
    let creditor = creditor(row);
    let source = source?;
    let payment = ScheduledPayment {
        id: ScheduledPaymentId::from_bits(identify(Noun::ScheduledPayment, source.as_str())),
        account: account?.id,
        source,
        on: on?,
        what: what?,
        amount: amount?,
        reference: reference?,
        name: name?,
        creditor: creditor?,
    };
    Some((payment.source.as_str().to_owned(), payment))
}
