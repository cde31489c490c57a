//! Offers.

use lombard_domain::account::Offer;
use lombard_domain::id::OfferId;
use lombard_domain::money::Money;
use lombard_domain::time::Date;

use super::super::arrangements::OFFERED;
use super::super::dice::bits;
use super::super::plan::{Offered, Season};
use super::{account_id, blind, currency, source, text};

/// What is offered on a day.
pub(in super::super) fn offers(today: Date) -> Vec<Offer> {
    OFFERED.iter().map(|offered| offer(offered, today.year())).collect()
}

/// What was offered since a year and is no more.
pub(in super::super) fn past_offers(since: i16, today: Date) -> Vec<OfferId> {
    let passing = OFFERED.iter().filter(|offered| offered.when == Season::Year);
    passing.flat_map(|offered| (since..today.year()).map(|year| offer(offered, year).id)).collect()
}

fn offer(offered: &Offered, year: i16) -> Offer {
    let Offered { account, kind, description, minor, when } = offered;
    let (source, from, to) = match when {
        Season::Always => (source(&format!("{account}-offer")), None, None),
        Season::Year => (source(&format!("{account}-offer-{year}")), Date::new(year, 1, 1), Date::new(year, 12, 31)),
    };
    Offer {
        id: OfferId::from_bits(bits(&source)),
        account: account_id(account),
        kind: *kind,
        description: text(description),
        from,
        to,
        amount: minor.map(|minor| Money::new(minor, currency(account))),
        source: blind(&source),
    }
}
