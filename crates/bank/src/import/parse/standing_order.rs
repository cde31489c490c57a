//! `standing_orders.csv`.

use lombard_domain::account::{Frequency, StandingOrder};
use lombard_domain::id::StandingOrderId;
use lombard_domain::text::Text;

use super::super::file::File;
use super::super::rows::Rows;
use super::super::table::{Row, word};
use super::field::{account, amount, creditor};
use super::{Accounts, Identify, Noun, Reader};

impl Reader<'_> {
    pub(super) fn standing_orders(&mut self, accounts: &Accounts) -> Rows<StandingOrder> {
        self.list(File::StandingOrders, |row, identify| order(row, accounts, identify))
    }
}

fn order(row: &mut Row<'_>, accounts: &Accounts, identify: &Identify<'_>) -> Option<(String, StandingOrder)> {
    let source = row.read("standing_order_id", Text::<64>::new);
    let account = account(row, accounts, identify);
    let amount = amount(row, "amount", account.as_ref().and_then(|account| account.kept_in));
    let frequency = row.read("frequency", word(Frequency::ALL, Frequency::code));
    let purpose = row.read_optional("purpose", Text::new);
    let creditor = creditor(row);
    let source = source?;
    let order = StandingOrder {
        id: StandingOrderId::from_bits(identify(Noun::StandingOrder, source.as_str())),
        account: account?.id,
        source,
        amount: amount?,
        frequency: frequency?,
        purpose: purpose?,
        creditor: creditor?,
    };
    Some((order.source.as_str().to_owned(), order))
}
