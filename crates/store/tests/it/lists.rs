//! Lists in order of account and identifier: beneficiaries, direct debits, offers, scheduled payments, standing orders.

mod plans;
mod removed;

use std::collections::BTreeSet;

use lombard_domain::account::{
    Account, AccountKind, AccountStatus, Beneficiary, Category, DirectDebit, Frequency, Identification, MandateStatus,
    Offer, OfferKind, PreviousPayment, ScheduledFor, ScheduledPayment, Scheme, StandingOrder, Trust,
};
use lombard_domain::consent::State;
use lombard_domain::currency::Currency;
use lombard_domain::id::{BeneficiaryId, ConsentId, DirectDebitId, OfferId, ScheduledPaymentId, StandingOrderId};
use lombard_domain::money::Money;
use lombard_domain::party::{HolderRole, Holding};
use lombard_domain::time::Date;
use lombard_store::list::{Cursor, ListQuery, Towards, Wanted};
use lombard_store::{
    Result, Stored, Tx, account, beneficiary, consent, direct_debit, offer, scheduled_payment, standing_order,
};

use crate::world::{self, a_consent, text, yes};

/// Something that a list holds.
trait Entry: Clone + PartialEq {
    fn place(&self) -> Cursor;
}

macro_rules! entries {
    ($($name:ident),*) => {$(
        impl Entry for $name {
            fn place(&self) -> Cursor {
                Cursor { account: self.account, item: self.id.bits() }
            }
        }
    )*};
}

entries!(Beneficiary, DirectDebit, Offer, ScheduledPayment, StandingOrder);

/// Numbers and accounts of what is stored. Account 3 is not customer 1's, account 4 is closed.
const GIVEN: [(u128, u128); 10] =
    [(7, 1), (u128::MAX, 1), (3, 1), (5, 2), (1 << 100, 2), (8, 2), (2, 3), (9, 4), (4, 5), (6, 5)];

fn creditor() -> Identification {
    Identification::new(Scheme::SortCodeAccountNumber, "20000012345678").unwrap()
}

fn pounds(minor: i64) -> Money {
    Money::new(minor, Currency::GBP)
}

fn a_beneficiary(n: u128, of: u128) -> Beneficiary {
    Beneficiary {
        id: BeneficiaryId::from_bits(n),
        account: world::account(of),
        source: text(&format!("b{n}")),
        trust: if n.is_multiple_of(2) { Trust::Trusted } else { Trust::Ordinary },
        reference: n.is_multiple_of(3).then(|| text("Towbar Club")),
        name: n.is_multiple_of(2).then(|| text("Ann Örström")),
        creditor: creditor(),
    }
}

fn a_direct_debit(n: u128, of: u128) -> DirectDebit {
    DirectDebit {
        id: DirectDebitId::from_bits(n),
        account: world::account(of),
        source: text(&format!("d{n}")),
        status: MandateStatus::ALL[usize::try_from(n % 4).unwrap()],
        name: text("Water works"),
        mandate: n.is_multiple_of(3).then(|| text("CARAVAN-1")),
        frequency: Frequency::Quarterly,
        previous: n
            .is_multiple_of(2)
            .then(|| PreviousPayment { on: Date::new(2025, 2, 28).unwrap(), amount: pounds(2_099) }),
    }
}

fn an_offer(n: u128, of: u128) -> Offer {
    Offer {
        id: OfferId::from_bits(n),
        account: world::account(of),
        source: text(&format!("f{n}")),
        kind: OfferKind::ALL[usize::try_from(n % 5).unwrap()],
        description: text("A higher limit"),
        from: n.is_multiple_of(2).then(|| Date::new(2025, 3, 1).unwrap()),
        to: n.is_multiple_of(3).then(|| Date::new(2025, 3, 31).unwrap()),
        amount: n.is_multiple_of(5).then(|| pounds(1_000_000)),
    }
}

fn a_scheduled_payment(n: u128, of: u128) -> ScheduledPayment {
    ScheduledPayment {
        id: ScheduledPaymentId::from_bits(n),
        account: world::account(of),
        source: text(&format!("s{n}")),
        on: Date::new(2025, 12, 24).unwrap(),
        what: if n.is_multiple_of(2) { ScheduledFor::Arrival } else { ScheduledFor::Execution },
        amount: pounds(5_000),
        reference: n.is_multiple_of(3).then(|| text("Present")),
        name: n.is_multiple_of(2).then(|| text("Ben")),
        creditor: creditor(),
    }
}

fn a_standing_order(n: u128, of: u128) -> StandingOrder {
    StandingOrder {
        id: StandingOrderId::from_bits(n),
        account: world::account(of),
        source: text(&format!("o{n}")),
        amount: pounds(90_000),
        frequency: Frequency::Monthly,
        purpose: n.is_multiple_of(2).then(|| text("Rent")),
        creditor: creditor(),
    }
}

#[tokio::test]
async fn beneficiaries_are_read_as_they_were_stored() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        more_people(&mut tx).await;
        let given = GIVEN.map(|(n, of)| a_beneficiary(n, of));
        let again = [
            given[0].clone(),
            Beneficiary { trust: Trust::Trusted, ..given[1].clone() },
            Beneficiary { name: None, ..given[4].clone() },
            Beneficiary { id: BeneficiaryId::from_bits(77), ..given[2].clone() },
        ];
        added_once(&mut tx, &given, &again, async |tx, rows| beneficiary::add_missing(tx, rows).await).await;
        pages(&mut tx, &given, async |tx, query| beneficiary::page(tx, query).await).await;
        let nowhere = [a_beneficiary(78, 99)];
        assert!(beneficiary::add_missing(&mut tx, &nowhere).await.is_err(), "{engine}");
    }
}

#[tokio::test]
async fn direct_debits_are_read_as_they_were_stored() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        more_people(&mut tx).await;
        let given = GIVEN.map(|(n, of)| a_direct_debit(n, of));
        let again = [
            given[0].clone(),
            DirectDebit { mandate: Some(text("Another")), ..given[1].clone() },
            DirectDebit { status: MandateStatus::Expired, ..given[4].clone() },
            DirectDebit { id: DirectDebitId::from_bits(77), ..given[2].clone() },
        ];
        added_once(&mut tx, &given, &again, async |tx, rows| direct_debit::add_missing(tx, rows).await).await;
        pages(&mut tx, &given, async |tx, query| direct_debit::page(tx, query).await).await;
        let nowhere = [a_direct_debit(78, 99)];
        assert!(direct_debit::add_missing(&mut tx, &nowhere).await.is_err(), "{engine}");
    }
}

#[tokio::test]
async fn a_direct_debit_moves_on_to_its_newest_payment() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        more_people(&mut tx).await;
        let paid = |day| Some(PreviousPayment { on: Date::new(2025, 2, day).unwrap(), amount: pounds(day.into()) });
        let with = |previous| [1, 2].map(|n| DirectDebit { previous, ..a_direct_debit(n, 1) });
        assert_eq!(direct_debit::add_missing(&mut tx, &with(None)).await.unwrap(), [Stored::Added; 2]);
        for (given, known) in
            [(None, None), (paid(3), paid(3)), (paid(2), paid(3)), (None, paid(3)), (paid(4), paid(4))]
        {
            let given = with(given);
            let outcome = direct_debit::add_missing(&mut tx, &given).await.unwrap();
            assert_eq!(outcome, [Stored::Present; 2], "{engine}: the last payment is not what makes a difference");
            let news = given[0].previous.is_some() && given[0].previous == known;
            let unknown = DirectDebit { previous: paid(9), ..a_direct_debit(99, 1) };
            let outcome = direct_debit::paid(&mut tx, &[given[0].clone(), unknown]).await.unwrap();
            assert_eq!(outcome, [news, false], "{engine}");
            assert_eq!(direct_debit::paid(&mut tx, &given[..1]).await.unwrap(), [false], "{engine}: no news any more");
            let wanted = Wanted { consent: ConsentId::from_bits(1), customer: world::customer(1), account: None };
            let query = ListQuery { wanted, after: None, towards: Towards::Newer, limit: 9 };
            let read = direct_debit::page(&mut tx, &query).await.unwrap();
            assert!(read == [with(known)[0].clone(), with(None)[1].clone()], "{engine}: {:?}", given[0].previous);
        }
    }
}

#[tokio::test]
async fn offers_are_read_as_they_were_stored() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        more_people(&mut tx).await;
        let given = GIVEN.map(|(n, of)| an_offer(n, of));
        let again = [
            given[0].clone(),
            Offer { amount: Some(pounds(5)), ..given[1].clone() },
            Offer { from: given[4].to, to: given[4].from, ..given[4].clone() },
            Offer { id: OfferId::from_bits(77), ..given[2].clone() },
        ];
        added_once(&mut tx, &given, &again, async |tx, rows| offer::add_missing(tx, rows).await).await;
        pages(&mut tx, &given, async |tx, query| offer::page(tx, query).await).await;
        let nowhere = [an_offer(78, 99)];
        assert!(offer::add_missing(&mut tx, &nowhere).await.is_err(), "{engine}");
    }
}

#[tokio::test]
async fn scheduled_payments_are_read_as_they_were_stored() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        more_people(&mut tx).await;
        let given = GIVEN.map(|(n, of)| a_scheduled_payment(n, of));
        let again = [
            given[0].clone(),
            ScheduledPayment { on: Date::new(2025, 12, 25).unwrap(), ..given[1].clone() },
            ScheduledPayment { amount: pounds(1), ..given[4].clone() },
            ScheduledPayment { id: ScheduledPaymentId::from_bits(77), ..given[2].clone() },
        ];
        added_once(&mut tx, &given, &again, async |tx, rows| scheduled_payment::add_missing(tx, rows).await).await;
        pages(&mut tx, &given, async |tx, query| scheduled_payment::page(tx, query).await).await;
        let nowhere = [a_scheduled_payment(78, 99)];
        assert!(scheduled_payment::add_missing(&mut tx, &nowhere).await.is_err(), "{engine}");
    }
}

#[tokio::test]
async fn standing_orders_are_read_as_they_were_stored() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        more_people(&mut tx).await;
        let given = GIVEN.map(|(n, of)| a_standing_order(n, of));
        let again = [
            given[0].clone(),
            StandingOrder { frequency: Frequency::Weekly, ..given[1].clone() },
            StandingOrder { purpose: Some(text("Another")), ..given[4].clone() },
            StandingOrder { id: StandingOrderId::from_bits(77), ..given[2].clone() },
        ];
        added_once(&mut tx, &given, &again, async |tx, rows| standing_order::add_missing(tx, rows).await).await;
        pages(&mut tx, &given, async |tx, query| standing_order::page(tx, query).await).await;
        let nowhere = [a_standing_order(78, 99)];
        assert!(standing_order::add_missing(&mut tx, &nowhere).await.is_err(), "{engine}");
    }
}

/// A closed account and one without entries before it, both customer 1's, and customer 1's consents: for all of them, and for one.
async fn more_people(tx: &mut Tx) {
    let accounts = [(4, AccountStatus::Deleted), (5, AccountStatus::Enabled), (6, AccountStatus::Enabled)];
    let accounts = accounts.map(|(n, status)| Account {
        id: world::account(n),
        source: text(&format!("account-{n}")),
        currency: Currency::GBP,
        category: Category::Personal,
        kind: AccountKind::Current,
        status,
        nickname: None,
        identification: creditor(),
        opened_on: Date::new(2020, 1, 31).unwrap(),
        credit_line: None,
        switched_at: None,
    });
    account::add_missing(tx, &accounts).await.unwrap();
    let holding = |n| Holding { account: world::account(n), customer: world::customer(1), role: HolderRole::Owner };
    account::add_holders(tx, &[4, 5, 6].map(holding)).await.unwrap();
    let all = State::Authorised(yes(1, &[1, 2, 3, 4, 5, 6]));
    consent::insert(tx, &a_consent(1, 1, all)).await.unwrap();
    consent::insert(tx, &a_consent(2, 1, State::Authorised(yes(1, &[2])))).await.unwrap();
}

/// What is there is never changed. `again` has one that is the same, two that differ, and one whose source is another's.
async fn added_once<T: Entry>(
    tx: &mut Tx,
    given: &[T],
    again: &[T; 4],
    add: impl AsyncFn(&mut Tx, &[T]) -> Result<Vec<Stored>>,
) {
    assert_eq!(add(tx, given).await.unwrap(), vec![Stored::Added; given.len()]);
    let outcome = add(tx, again).await.unwrap();
    assert_eq!(outcome, [Stored::Present, Stored::Differs, Stored::Differs, Stored::Clashes]);
    assert_eq!(add(tx, &[]).await.unwrap(), []);
}

/// From every place, each way, in pages of several sizes, a page has what it should have.
async fn pages<T: Entry>(tx: &mut Tx, given: &[T], page: impl AsyncFn(&mut Tx, &ListQuery) -> Result<Vec<T>>) {
    let wanted = |consent, customer, account: Option<u128>| Wanted {
        consent: ConsentId::from_bits(consent),
        customer: world::customer(customer),
        account: account.map(world::account),
    };
    let cases: [(Wanted, &[u128]); 9] = [
        // Not held any more: 3. Closed: 4. Nothing in it: 6.
        (wanted(1, 1, None), &[1, 2, 5]),
        (wanted(1, 1, Some(1)), &[1]),
        (wanted(1, 1, Some(2)), &[2]),
        (wanted(1, 1, Some(3)), &[]),
        (wanted(1, 1, Some(4)), &[]),
        (wanted(2, 1, None), &[2]),
        (wanted(2, 1, Some(1)), &[]),
        (wanted(1, 2, None), &[2, 3]),
        (wanted(9, 1, None), &[]),
    ];
    let mut places: BTreeSet<_> = given.iter().map(T::place).collect();
    for (account, item) in [(0, 0), (1, 4), (2, 0), (3, 5), (4, u128::MAX), (7, 1), (u128::MAX, u128::MAX)] {
        places.insert(Cursor { account: world::account(account), item });
    }
    for (wanted, accounts) in cases {
        let mut list: Vec<_> = given.to_vec();
        list.retain(|entry| accounts.iter().any(|of| entry.place().account == world::account(*of)));
        list.sort_by_key(T::place);
        for after in places.iter().copied().map(Some).chain([None]) {
            for limit in [1, 3, 50] {
                let size = usize::try_from(limit).unwrap();
                let query = |towards| ListQuery { wanted, after, towards, limit };
                let behind = |entry: &&T| after.is_none_or(|after| entry.place() > after);
                let before = |entry: &&T| after.is_none_or(|after| entry.place() < after);
                let later: Vec<_> = list.iter().filter(behind).take(size).cloned().collect();
                let mut earlier: Vec<_> = list.iter().rev().filter(before).take(size).cloned().collect();
                earlier.reverse();
                let found = page(tx, &query(Towards::Newer)).await.unwrap();
                assert!(found == later, "{wanted:?} after {after:?}, {limit} at most");
                let found = page(tx, &query(Towards::Older)).await.unwrap();
                assert!(found == earlier, "{wanted:?} before {after:?}, {limit} at most");
            }
        }
    }
}
