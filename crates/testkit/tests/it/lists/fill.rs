//! Entries of lists, put into the database as the bank's core would bring them.

use lombard_domain::account::{
    Beneficiary, DirectDebit, Frequency, Identification, MandateStatus, Offer, OfferKind, PreviousPayment,
    ScheduledFor, ScheduledPayment, Scheme, StandingOrder, Trust,
};
use lombard_domain::currency::Currency;
use lombard_domain::id::{AccountId, BeneficiaryId, DirectDebitId, OfferId, ScheduledPaymentId, StandingOrderId};
use lombard_domain::money::Money;
use lombard_domain::text::Text;
use lombard_domain::time::Date;
use lombard_store::{Tx, beneficiary, direct_debit, offer, scheduled_payment, standing_order};

use super::{Bank, List};

impl Bank {
    /// Adds entries with these numbers, each to one of the accounts in turn; where an entry comes in the list nobody can tell.
    pub(super) async fn add(&self, list: List, numbers: std::ops::Range<u128>, accounts: &[usize]) {
        let mut tx = self.bank.db.begin("test").await.unwrap();
        for (n, place) in numbers.zip(accounts.iter().cycle()) {
            add_one(&mut tx, list, n, self.accounts[*place].parse().unwrap()).await;
        }
        tx.commit().await.unwrap();
    }
}

async fn add_one(tx: &mut Tx, list: List, n: u128, account: AccountId) {
    let bits = n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let source = text(&format!("{}{n}", list.entry()));
    let amount = Money::new(2_099, Currency::GBP);
    match list {
        List::Beneficiaries => {
            let new = Beneficiary {
                id: BeneficiaryId::from_bits(bits),
                account,
                source,
                trust: Trust::Trusted,
                reference: Some(text("Towbar Club")),
                name: Some(text("Ann Örström")),
                creditor: creditor(),
            };
            beneficiary::add_missing(tx, &[new]).await.unwrap();
        }
        List::DirectDebits => {
            let new = DirectDebit {
                id: DirectDebitId::from_bits(bits),
                account,
                source,
                status: MandateStatus::ALL[usize::try_from(n % 4).unwrap()],
                name: text("Water works"),
                mandate: Some(text("CARAVAN-1")),
                frequency: Frequency::Quarterly,
                previous: Some(PreviousPayment { on: Date::new(2026, 2, 28).unwrap(), amount }),
            };
            direct_debit::add_missing(tx, &[new]).await.unwrap();
        }
        List::Offers => {
            let new = Offer {
                id: OfferId::from_bits(bits),
                account,
                source,
                kind: OfferKind::ALL[usize::try_from(n % 5).unwrap()],
                description: text("A higher limit"),
                from: Some(Date::new(2026, 3, 1).unwrap()),
                to: Some(Date::new(2026, 3, 31).unwrap()),
                amount: Some(amount),
            };
            offer::add_missing(tx, &[new]).await.unwrap();
        }
        List::ScheduledPayments => {
            let new = ScheduledPayment {
                id: ScheduledPaymentId::from_bits(bits),
                account,
                source,
                on: Date::new(2026, 12, 24).unwrap(),
                what: ScheduledFor::Execution,
                amount,
                reference: Some(text("Present")),
                name: Some(text("Ben")),
                creditor: creditor(),
            };
            scheduled_payment::add_missing(tx, &[new]).await.unwrap();
        }
        List::StandingOrders => {
            let new = StandingOrder {
                id: StandingOrderId::from_bits(bits),
                account,
                source,
                amount,
                frequency: Frequency::Monthly,
                purpose: Some(text("Rent")),
                creditor: creditor(),
            };
            standing_order::add_missing(tx, &[new]).await.unwrap();
        }
    }
}

fn creditor() -> Identification {
    Identification::new(Scheme::Pan, "4111111111111111").unwrap()
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).unwrap()
}
