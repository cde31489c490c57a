//! From an entry of the record to what a rule needs of it, without copying anything.

use std::net::IpAddr;
use std::str::FromStr;

use lombard_domain::audit::{Chained, Event};
use lombard_domain::time::Instant;
use lombard_domain::watch::{Fact, Network};

/// The fact of an entry; `None` if it is of no event that this version knows.
pub(super) fn of(entry: &Chained, address: Option<IpAddr>) -> Option<Fact<'_>> {
    let line = &entry.line;
    Some(Fact {
        position: entry.position,
        at: Instant::from_micros(line.at),
        event: Event::from_code(&line.event)?,
        client: id(line.client.as_deref()),
        customer: id(line.customer.as_deref()),
        consent: id(line.consent.as_deref()),
        account: id(line.account.as_deref()),
        reason: line.reason.as_deref(),
        network: address.map(Network::of),
    })
}

fn id<T: FromStr>(text: Option<&str>) -> Option<T> {
    text?.parse().ok()
}
