//! Standing orders.

use lombard_domain::account::{Frequency, StandingOrder};
use lombard_domain::id::StandingOrderId;
use lombard_domain::money::Money;

use super::super::LIVES;
use super::super::dice::bits;
use super::{account_id, blind, currency, named, payee, source, text};

/// Every standing order of every life.
pub(in super::super) fn standing_orders() -> Vec<StandingOrder> {
    let orders = LIVES.iter().flat_map(|life| life.orders.iter().map(move |order| (life.account, order)));
    let orders = orders.map(|(from, order)| {
        let (_, creditor) = payee(&order.to);
        let source = source(&format!("{from}-{}", named(&order.to)));
        StandingOrder {
            id: StandingOrderId::from_bits(bits(&source)),
            account: account_id(from),
            source: blind(&source),
            amount: Money::new(order.minor, currency(from)),
            frequency: Frequency::Monthly,
            purpose: Some(text(order.purpose)),
            creditor,
        }
    });
    orders.collect()
}
