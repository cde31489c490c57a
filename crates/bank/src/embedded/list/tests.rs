//! Tests of this module, and of the lists that it turns.

use std::collections::BTreeSet;
use std::sync::Arc;

use lombard_domain::account::{
    Account, AccountKind, AccountStatus, Beneficiary, Category, DirectDebit, Frequency, Identification, MandateStatus,
    Offer, OfferKind, ScheduledFor, ScheduledPayment, Scheme, StandingOrder, Trust,
};
use lombard_domain::consent::{Authorisation, Consent, Kind, State, Terms};
use lombard_domain::currency::Currency;
use lombard_domain::id::{
    AccountId, BeneficiaryId, ClientId, ConsentId, CustomerId, DirectDebitId, OfferId, ScheduledPaymentId,
    StandingOrderId,
};
use lombard_domain::money::Money;
use lombard_domain::oauth::{Client, ClientStatus};
use lombard_domain::party::{Customer, HolderRole, Holding, Username};
use lombard_domain::permission::{Cards, Level, PermissionSet, Seen, Window};
use lombard_domain::text::Text;
use lombard_domain::time::{Clock, Date, Instant};
use lombard_store::client::StoredClient;
use lombard_store::{
    Tx, account, beneficiary, client, consent, customer, direct_debit, offer, scheduled_payment, standing_order,
};
use proptest::collection::btree_set;
use proptest::prelude::*;

use super::*;
use crate::embedded::EmbeddedBank;
use crate::engines;

/// Everything of the consent 1, which customer 1 gave for the accounts 1 and 2.
fn everything() -> Wanted {
    Wanted { consent: ConsentId::from_bits(1), customer: CustomerId::from_bits(1), account: None }
}

/// What the store gives: the rows next to a place.
fn read(rows: &BTreeSet<Cursor>, query: &list::ListQuery) -> Vec<Cursor> {
    let limit = usize::try_from(query.limit).unwrap();
    let after = query.after;
    match query.towards {
        Towards::Newer => {
            rows.iter().filter(|row| after.is_none_or(|after| **row > after)).take(limit).copied().collect()
        }
        Towards::Older => {
            let back = rows.iter().rev().filter(|row| after.is_none_or(|after| **row < after));
            let mut found: Vec<_> = back.take(limit).copied().collect();
            found.reverse();
            found
        }
    }
}

fn turn(rows: &BTreeSet<Cursor>, page: Option<ListKey>, size: usize) -> Page<Cursor> {
    let turn = Turn::to(ListQuery { page, size });
    turn.page(read(rows, &turn.query(everything())), |row| *row, |row| row)
}

/// Every page from one on; between two pages something new may come.
fn walk(rows: &mut BTreeSet<Cursor>, from: Option<ListKey>, size: usize, arriving: &[Cursor]) -> Vec<Page<Cursor>> {
    let back = from.is_some();
    let mut arriving = arriving.iter();
    let mut pages = vec![turn(rows, from, size)];
    while let Some(key) = pages.last().and_then(|page| if back { page.prev } else { page.next }) {
        rows.extend(arriving.next());
        pages.push(turn(rows, Some(key), size));
    }
    if back {
        pages.reverse();
    }
    pages
}

fn shown(pages: &[Page<Cursor>]) -> Vec<Cursor> {
    pages.iter().flat_map(|page| page.items.clone()).collect()
}

fn place() -> impl Strategy<Value = Cursor> {
    let account = (0..4_u128).prop_map(AccountId::from_bits);
    (account, 0..60_u128).prop_map(|(account, item)| Cursor { account, item })
}

proptest! {
    #[test]
    fn each_way_shows_each_entry_once_and_in_order(mut rows in btree_set(place(), 0..60), size in 1..9_usize) {
        let all: Vec<_> = rows.iter().copied().collect();
        let forward = walk(&mut rows, None, size, &[]);
        let backward = walk(&mut rows, Some(ListKey::LAST), size, &[]);
        prop_assert_eq!(&shown(&forward), &all);
        prop_assert_eq!(&shown(&backward), &all);
        for pages in [forward, backward] {
            prop_assert!(pages[0].prev.is_none());
            prop_assert!(pages.last().unwrap().next.is_none());
            // From each page the links lead to what is before it and what is after it.
            for pair in pages.windows(2) {
                let (left, right) = (&pair[0].items, &pair[1].items);
                prop_assert_eq!(turn(&rows, pair[0].next, size).items.first().copied(), right.first().copied());
                prop_assert_eq!(turn(&rows, pair[1].prev, size).items.last().copied(), left.last().copied());
            }
        }
    }

    #[test]
    fn what_was_there_is_shown_once_while_more_arrives(
        rows in btree_set(place(), 0..60),
        arriving in proptest::collection::vec(place(), 0..30),
        size in 1..9_usize,
    ) {
        for from in [None, Some(ListKey::LAST)] {
            let pages = walk(&mut rows.clone(), from, size, &arriving);
            let seen = shown(&pages);
            prop_assert!(seen.is_sorted_by(|a, b| a < b), "nothing comes twice");
            prop_assert!(rows.iter().all(|row| seen.contains(row)), "nothing is lost");
        }
    }

    #[test]
    fn a_page_has_one_entry_at_least_and_the_largest_number_at_most(
        rows in btree_set(place(), 1..60),
        size in prop_oneof![Just(0), Just(usize::MAX), 1..70_usize],
    ) {
        let page = turn(&rows, None, size);
        prop_assert_eq!(page.items.len(), rows.len().min(size.clamp(1, PAGE_SIZE_MAX)));
        prop_assert_eq!(page.next.is_some(), page.items.len() < rows.len());
    }
}

#[test]
fn a_place_behind_the_end_shows_nothing_and_leads_nowhere() {
    let rows = BTreeSet::from([Cursor { account: AccountId::from_bits(1), item: 1 }]);
    let end = Cursor { account: AccountId::from_bits(9), item: 9 };
    let page = turn(&rows, Some(ListKey::next(end)), 5);
    assert!(page.items.is_empty() && page.prev.is_none() && page.next.is_none());
    let page = turn(&BTreeSet::new(), Some(ListKey::LAST), 5);
    assert!(page.items.is_empty() && page.prev.is_none() && page.next.is_none());
}

const BASIC: Seen = Seen { level: Level::Basic, cards: Cards::Masked };
const DETAIL: Seen = Seen { level: Level::Detail, cards: Cards::Masked };
const CARDS: Seen = Seen { level: Level::Detail, cards: Cards::Clear };

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Instant {
        Instant::from_seconds(0)
    }
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).unwrap()
}

fn card() -> Identification {
    Identification::new(Scheme::Pan, "4111111111111111").unwrap()
}

fn an_account(n: u128) -> Account {
    Account {
        id: AccountId::from_bits(n),
        source: text(&format!("a{n}")),
        currency: Currency::GBP,
        category: Category::Personal,
        kind: AccountKind::Current,
        status: AccountStatus::Enabled,
        nickname: None,
        identification: Identification::new(Scheme::SortCodeAccountNumber, "20000012345678").unwrap(),
        opened_on: Date::new(2020, 1, 1).unwrap(),
        credit_line: None,
        switched_at: None,
    }
}

fn a_client() -> StoredClient {
    let metadata = r#"{"client_name":"App","redirect_uris":[],"token_endpoint_auth_method":"client_secret_basic",
        "grant_types":[],"scope":"accounts:read"}"#;
    let client = Client {
        id: ClientId::from_bits(1),
        metadata: serde_json::from_str(metadata).unwrap(),
        status: ClientStatus::Active,
        sector: "example.com".to_owned(),
        created_at: Noon.now(),
        verification: None,
    };
    StoredClient { client, secret_digest: vec![1], registration_digest: vec![2] }
}

/// A customer with two accounts, and the consent that they gave for both.
async fn people(tx: &mut Tx) {
    let customer = Customer {
        id: CustomerId::from_bits(1),
        source: text("c1"),
        username: Username::new("ann").unwrap(),
        full_name: text("Ann"),
        birth_date: None,
        email: None,
    };
    customer::add_missing(tx, &[customer]).await.unwrap();
    account::add_missing(tx, &[an_account(1), an_account(2)]).await.unwrap();
    let customer = CustomerId::from_bits(1);
    let accounts = [1, 2].map(AccountId::from_bits);
    let holdings = accounts.map(|account| Holding { account, customer, role: HolderRole::Owner });
    account::add_holders(tx, &holdings).await.unwrap();
    client::insert(tx, &a_client()).await.unwrap();
    let terms =
        Terms { permissions: PermissionSet::default(), window: Window::default(), expires_at: None, debtor: None };
    let id = ConsentId::from_bits(1);
    let lodged = Consent::lodge(id, ClientId::from_bits(1), Kind::AccountAccess, terms, Noon.now());
    let yes = Authorisation { customer, accounts: accounts.into_iter().collect() };
    consent::insert(tx, &Consent::restore(lodged, State::Authorised(yes), Noon.now())).await.unwrap();
}

fn a_beneficiary(n: u128, of: u128) -> Beneficiary {
    Beneficiary {
        id: BeneficiaryId::from_bits(n),
        account: AccountId::from_bits(of),
        source: text(&format!("b{n}")),
        trust: Trust::Ordinary,
        reference: None,
        name: Some(text("Ben")),
        creditor: card(),
    }
}

/// One entry of each list.
async fn one_of_each(tx: &mut Tx) {
    let account = AccountId::from_bits(1);
    let (amount, on) = (Money::new(100, Currency::GBP), Date::new(2025, 3, 4).unwrap());
    let payment = ScheduledPayment {
        id: ScheduledPaymentId::from_bits(1),
        account,
        source: text("s1"),
        on,
        what: ScheduledFor::Arrival,
        amount,
        reference: None,
        name: Some(text("Ben")),
        creditor: card(),
    };
    let order = StandingOrder {
        id: StandingOrderId::from_bits(1),
        account,
        source: text("o1"),
        amount,
        frequency: Frequency::Weekly,
        purpose: None,
        creditor: card(),
    };
    let debit = DirectDebit {
        id: DirectDebitId::from_bits(1),
        account,
        source: text("d1"),
        status: MandateStatus::Suspended,
        name: text("Water works"),
        mandate: None,
        frequency: Frequency::Yearly,
        previous: None,
    };
    let offer = Offer {
        id: OfferId::from_bits(1),
        account,
        source: text("f1"),
        kind: OfferKind::Other,
        description: text("More"),
        from: Some(on),
        to: None,
        amount: Some(amount),
    };
    beneficiary::add_missing(tx, &[a_beneficiary(1, 1)]).await.unwrap();
    scheduled_payment::add_missing(tx, &[payment]).await.unwrap();
    standing_order::add_missing(tx, &[order]).await.unwrap();
    direct_debit::add_missing(tx, &[debit]).await.unwrap();
    offer::add_missing(tx, &[offer]).await.unwrap();
}

#[tokio::test]
async fn basic_views_hold_no_creditor_and_only_who_may_see_cards_sees_their_numbers() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        people(&mut tx).await;
        one_of_each(&mut tx).await;
        tx.commit().await.unwrap();
        let bank = EmbeddedBank::new(engine.db.clone(), Arc::new(Noon));
        let (all, first) = (everything(), ListQuery::default());
        for (seen, expected) in [(BASIC, None), (DETAIL, Some("xxxxxxxxxxxx1111")), (CARDS, Some("4111111111111111"))] {
            let beneficiaries = bank.beneficiaries_in(all, seen, first).await.unwrap().items;
            let payments = bank.scheduled_payments_in(all, seen, first).await.unwrap().items;
            let orders = bank.standing_orders_in(all, seen, first).await.unwrap().items;
            assert_eq!([beneficiaries.len(), payments.len(), orders.len()], [1; 3], "{engine}");
            let (beneficiary, payment) = (beneficiaries[0].creditor.as_ref(), payments[0].creditor.as_ref());
            for creditor in [beneficiary, payment] {
                let name = creditor.and_then(|creditor| creditor.name.as_ref());
                assert_eq!(name.map(Text::as_str), expected.map(|_| "Ben"), "{seen:?}");
                assert_eq!(creditor.map(|creditor| creditor.number.number.as_str()), expected, "{seen:?}");
            }
            assert_eq!(orders[0].creditor.as_ref().map(|number| number.number.as_str()), expected, "{seen:?}");
        }
        assert_eq!(bank.direct_debits_in(all, first).await.unwrap().items[0].name.as_str(), "Water works");
        assert_eq!(bank.offers_in(all, first).await.unwrap().items[0].description.as_str(), "More");
    }
}

#[tokio::test]
async fn a_page_is_one_statement_and_its_links_lead_through_all_accounts_and_back() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        people(&mut tx).await;
        let given: Vec<_> = (1..=25).map(|n| a_beneficiary(1000 - n, n % 2 + 1)).collect();
        beneficiary::add_missing(&mut tx, &given).await.unwrap();
        tx.commit().await.unwrap();
        let bank = EmbeddedBank::new(engine.db.clone(), Arc::new(Noon));
        let turn = async |page: Option<ListKey>| {
            let before = engine.db.statements();
            let page = bank.beneficiaries_in(everything(), BASIC, ListQuery { page, size: 7 }).await.unwrap();
            assert_eq!(engine.db.statements() - before, 1, "one statement for a page");
            page
        };
        let mut expected: Vec<_> = given.iter().map(|given| (given.account, given.id)).collect();
        expected.sort_unstable();
        let mut there = vec![turn(None).await];
        while let Some(next) = there.last().unwrap().next {
            there.push(turn(Some(next)).await);
        }
        let mut back = vec![turn(Some(ListKey::LAST)).await];
        while let Some(prev) = back.last().unwrap().prev {
            back.push(turn(Some(prev)).await);
        }
        back.reverse();
        for (pages, sizes) in [(there, [7, 7, 7, 4]), (back, [4, 7, 7, 7])] {
            assert_eq!(pages.iter().map(|page| page.items.len()).collect::<Vec<_>>(), sizes, "{engine}");
            let seen: Vec<_> = pages.iter().flat_map(|page| &page.items).map(|item| (item.account, item.id)).collect();
            assert_eq!(seen, expected, "{engine}");
        }
    }
}
