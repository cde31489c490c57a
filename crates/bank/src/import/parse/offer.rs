//! `offers.csv`: what the bank offers to holders of accounts.

use lombard_domain::account::{Offer, OfferKind};
use lombard_domain::id::OfferId;
use lombard_domain::text::Text;

use super::super::file::File;
use super::super::rows::Rows;
use super::super::table::{Row, word};
use super::field::{account, amount, date, in_order};
use super::{Accounts, Identify, Noun, Reader};

impl Reader<'_> {
    pub(super) fn offers(&mut self, accounts: &Accounts) -> Rows<Offer> {
        self.list(File::Offers, |row, identify| offer(row, accounts, identify))
    }
}

fn offer(row: &mut Row<'_>, accounts: &Accounts, identify: &Identify<'_>) -> Option<(String, Offer)> {
    let source = row.read("offer_id", Text::<64>::new);
    let account = account(row, accounts, identify);
    let kind = row.read("offer_type", word(OfferKind::ALL, OfferKind::code));
    let description = row.read("description", Text::new);
    let from = row.read_optional("first_day", date);
    let to = row.read_optional("last_day", date);
    let in_order = in_order(row, ("first_day", from.flatten()), ("last_day", to.flatten()));
    let amount = match row.all_or_none(&["amount", "currency"]) {
        Some(true) => amount(row, "amount", account.as_ref().and_then(|account| account.kept_in)).map(Some),
        Some(false) => Some(None),
        None => None,
    };
    let source = source?;
    in_order?;
    let offer = Offer {
        id: OfferId::from_bits(identify(Noun::Offer, source.as_str())),
        account: account?.id,
        source,
        kind: kind?,
        description: description?,
        from: from?,
        to: to?,
        amount: amount?,
    };
    Some((offer.source.as_str().to_owned(), offer))
}
