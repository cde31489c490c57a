//! `direct_debits.csv`: who may take money from accounts, and when they took it last.

use lombard_domain::account::{DirectDebit, Frequency, MandateStatus, PreviousPayment};
use lombard_domain::id::DirectDebitId;
use lombard_domain::text::Text;

use super::super::file::File;
use super::super::rows::Rows;
use super::super::table::{Row, word};
use super::field::{OnAccount, account, amount, date};
use super::{Accounts, Identify, Noun, Reader};

impl Reader<'_> {
    pub(super) fn direct_debits(&mut self, accounts: &Accounts) -> Rows<DirectDebit> {
        self.list(File::DirectDebits, |row, identify| debit(row, accounts, identify))
    }
}

fn debit(row: &mut Row<'_>, accounts: &Accounts, identify: &Identify<'_>) -> Option<(String, DirectDebit)> {
    let source = row.read("direct_debit_id", Text::<64>::new);
    let account = account(row, accounts, identify);
    let status = row.read("status", word(MandateStatus::ALL, MandateStatus::code));
    let name = row.read("name", Text::new);
    let mandate = row.read_optional("mandate_id", Text::new);
    let frequency = row.read("frequency", word(Frequency::ALL, Frequency::code));
    let previous = previous(row, account.as_ref());
    let source = source?;
    let debit = DirectDebit {
        id: DirectDebitId::from_bits(identify(Noun::DirectDebit, source.as_str())),
        account: account?.id,
        source,
        status: status?,
        name: name?,
        mandate: mandate?,
        frequency: frequency?,
        previous: previous?,
    };
    Some((debit.source.as_str().to_owned(), debit))
}

/// The last payment: its day, amount and currency, or none of them.
fn previous(row: &mut Row<'_>, account: Option<&OnAccount>) -> Option<Option<PreviousPayment>> {
    if !row.all_or_none(&["previous_on", "previous_amount", "currency"])? {
        return Some(None);
    }
    let on = row.read("previous_on", date);
    let amount = amount(row, "previous_amount", account.and_then(|account| account.kept_in));
    Some(Some(PreviousPayment { on: on?, amount: amount? }))
}
