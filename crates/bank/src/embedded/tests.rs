//! Tests of this module.

mod sync;

use lombard_domain::account::{
    Account, AccountKind, AccountStatus, BookingStatus, Category, Counterparty, Identification, Scheme, Transaction,
};
use lombard_domain::currency::Currency;
use lombard_domain::id::{AccountId, CustomerId, TransactionId};
use lombard_domain::money::{Direction, Money};
use lombard_domain::party::{Customer, HolderRole, Holding, Username};
use lombard_domain::permission::{Cards, Level, Seen, TransactionShade, Window};
use lombard_domain::text::Text;
use lombard_domain::time::{Date, Instant, Span};
use lombard_store::Tx;
use proptest::prelude::*;

use super::*;
use crate::engines;
use crate::page::PageKey;
use crate::view::TransactionPage;

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Instant {
        at(12)
    }
}

fn card() -> AccountId {
    AccountId::from_bits(1)
}

fn current() -> AccountId {
    AccountId::from_bits(2)
}

fn closed() -> AccountId {
    AccountId::from_bits(3)
}

const BASIC: Seen = Seen { level: Level::Basic, cards: Cards::Masked };
const DETAIL: Seen = Seen { level: Level::Detail, cards: Cards::Masked };
const EVERYTHING: TransactionShade =
    TransactionShade { seen: DETAIL, only: None, window: Window { from: None, to: None } };

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).unwrap()
}

fn at(hour: i64) -> Instant {
    Date::new(2025, 1, 1).unwrap().start().plus(Span::hours(hour))
}

fn pounds(minor: i64) -> Money {
    Money::new(minor, Currency::GBP)
}

fn an_account(id: AccountId, source: &str, scheme: Scheme, number: &str) -> Account {
    Account {
        id,
        source: text(source),
        currency: Currency::GBP,
        category: Category::Personal,
        kind: if scheme == Scheme::Pan { AccountKind::CreditCard } else { AccountKind::Current },
        status: if id == closed() { AccountStatus::Deleted } else { AccountStatus::Enabled },
        nickname: Some(text(source)),
        identification: Identification::new(scheme, number).unwrap(),
        opened_on: Date::new(2020, 1, 1).unwrap(),
        credit_line: (scheme == Scheme::Pan).then(|| pounds(300_000)),
        switched_at: None,
    }
}

fn a_transaction(n: u128, account: AccountId, minor: i64) -> Transaction {
    let counterparty = Identification::new(Scheme::Pan, "4111111111111111").unwrap();
    Transaction {
        id: TransactionId::from_bits(n),
        account,
        source: text(&format!("t{n}")),
        status: BookingStatus::Booked,
        booked_at: at(i64::try_from(n / 2).unwrap()),
        value_at: None,
        amount: pounds(minor),
        code: None,
        description: Some(text("Groceries")),
        counterparty: Some(Counterparty { name: Some(text("Shop")), account: Some(counterparty) }),
    }
}

async fn people(tx: &mut Tx) {
    let customer = Customer {
        id: CustomerId::from_bits(1),
        source: text("c1"),
        username: Username::new("ann").unwrap(),
        full_name: text("Ann"),
        birth_date: None,
        email: None,
    };
    lombard_store::customer::add_missing(tx, &[customer]).await.unwrap();
    let accounts = [
        an_account(card(), "card", Scheme::Pan, "4111111111111111"),
        an_account(current(), "current", Scheme::Iban, "GB29NWBK60161331926819"),
        an_account(closed(), "closed", Scheme::SortCodeAccountNumber, "20000012345678"),
    ];
    lombard_store::account::add_missing(tx, &accounts).await.unwrap();
    for account in [card(), current(), closed()] {
        let holding = Holding { account, customer: CustomerId::from_bits(1), role: HolderRole::Owner };
        lombard_store::account::add_holders(tx, &[holding]).await.unwrap();
    }
}

async fn add(tx: &mut Tx, transactions: &[Transaction]) {
    lombard_store::transaction::add_missing(tx, transactions).await.unwrap();
    lombard_store::transaction::recompute_balances(tx, &[card(), current()]).await.unwrap();
}

fn ids(page: &TransactionPage) -> Vec<TransactionId> {
    page.items.iter().map(|item| item.id).collect()
}

fn numbered(numbers: impl Iterator<Item = u128>) -> Vec<TransactionId> {
    numbers.map(TransactionId::from_bits).collect()
}

#[tokio::test]
async fn basic_views_hold_no_details_and_no_view_holds_a_card_number() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        people(&mut tx).await;
        add(&mut tx, &[a_transaction(1, current(), -500)]).await;
        tx.commit().await.unwrap();
        let bank = EmbeddedBank::new(engine.db.clone(), Arc::new(Noon));

        let basic = bank.one_account(current(), BASIC).await.unwrap();
        assert!(basic.number.is_none() && basic.nickname.is_some());
        let detailed = bank.one_account(current(), DETAIL).await.unwrap();
        assert_eq!(detailed.number.unwrap().number, "GB29NWBK60161331926819");
        let shown = bank.one_account(card(), DETAIL).await.unwrap();
        assert_eq!(shown.number.unwrap().number, "xxxxxxxxxxxx1111");

        let basic = TransactionShade { seen: BASIC, ..EVERYTHING };
        let page = bank.page(current(), basic, TransactionQuery::default()).await.unwrap();
        assert!(page.items[0].detail.is_none() && page.items[0].amount == pounds(-500));
        let page = bank.page(current(), EVERYTHING, TransactionQuery::default()).await.unwrap();
        let detail = page.items[0].detail.clone().unwrap();
        assert_eq!(detail.description.unwrap().as_str(), "Groceries");
        assert_eq!(detail.balance, Some(pounds(-500)));
        assert_eq!(detail.counterparty.unwrap().number.unwrap().number, "xxxxxxxxxxxx1111");
    }
}

#[tokio::test]
async fn what_is_pending_lowers_the_available_balance_only() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        people(&mut tx).await;
        let pending = |n, minor| Transaction { status: BookingStatus::Pending, ..a_transaction(n, card(), minor) };
        add(&mut tx, &[a_transaction(1, card(), -2000), pending(2, -350), pending(3, 10_000)]).await;
        tx.commit().await.unwrap();
        let bank = EmbeddedBank::new(engine.db.clone(), Arc::new(Noon));
        let balance = bank.one_balance(card()).await.unwrap();
        let expected = Balance {
            account: card(),
            booked: pounds(-2000),
            available: pounds(-2350),
            credit_line: Some(pounds(300_000)),
            at: at(12),
        };
        assert_eq!(balance, expected, "{engine}");
        assert!(matches!(bank.one_balance(AccountId::from_bits(99)).await, Err(crate::Error::Failed(_))));
    }
}

#[tokio::test]
async fn only_accounts_in_use_can_be_chosen() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        people(&mut tx).await;
        tx.commit().await.unwrap();
        let bank = EmbeddedBank::new(engine.db.clone(), Arc::new(Noon));
        let held = bank.held_by(CustomerId::from_bits(1)).await.unwrap();
        let seen: Vec<_> = held.iter().map(|held| (held.id, held.masked.as_str(), held.owners)).collect();
        assert_eq!(seen, [(card(), "xxxxxxxxxxxx1111", 1), (current(), "xxxxxxxxxxxxxxxxxx6819", 1)], "{engine}");
    }
}

#[tokio::test]
async fn links_lead_through_all_pages_and_back() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        people(&mut tx).await;
        let given: Vec<_> = (1..=60).map(|n| a_transaction(n, current(), -1)).collect();
        add(&mut tx, &given).await;
        tx.commit().await.unwrap();
        let bank = EmbeddedBank::new(engine.db.clone(), Arc::new(Noon));
        let turn = async |page: Option<PageKey>| {
            let before = engine.db.statements();
            let query = TransactionQuery { page, ..TransactionQuery::default() };
            let page = bank.page(current(), EVERYTHING, query).await.unwrap();
            assert_eq!(engine.db.statements() - before, 1, "one statement for a page");
            page
        };
        let first = turn(None).await;
        assert_eq!(ids(&first), numbered((36..=60).rev()), "{engine}");
        assert!(first.newer.is_none());
        let second = turn(first.older).await;
        assert_eq!(ids(&second), numbered((11..=35).rev()));
        let third = turn(second.older).await;
        assert_eq!(ids(&third), numbered((1..=10).rev()));
        assert!(third.older.is_none());
        assert_eq!(ids(&turn(third.newer).await), ids(&second));
        let back = turn(second.newer).await;
        assert_eq!(ids(&back), ids(&first));
        assert!(back.newer.is_none() && back.older == first.older);
        let last = turn(Some(PageKey::LAST)).await;
        assert_eq!(ids(&last), numbered((1..=25).rev()), "{engine}: the oldest, as many as fit");
        assert!(last.older.is_none());
        assert_eq!(ids(&turn(last.newer).await), numbered((26..=50).rev()));
    }
}

#[tokio::test]
async fn links_stay_right_while_transactions_arrive() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        people(&mut tx).await;
        let given: Vec<_> = (101..=140).map(|n| a_transaction(n, current(), -1)).collect();
        add(&mut tx, &given).await;
        tx.commit().await.unwrap();
        let bank = EmbeddedBank::new(engine.db.clone(), Arc::new(Noon));
        let first = bank.page(current(), EVERYTHING, TransactionQuery::default()).await.unwrap();
        let mut tx = engine.db.begin("test").await.unwrap();
        add(&mut tx, &[a_transaction(141, current(), -1), a_transaction(142, current(), -1)]).await;
        tx.commit().await.unwrap();
        let query = TransactionQuery { page: first.older, ..TransactionQuery::default() };
        let second = bank.page(current(), EVERYTHING, query).await.unwrap();
        assert_eq!(ids(&second), numbered((101..=115).rev()), "{engine}");
        let query = TransactionQuery { page: second.newer, size: 30, ..TransactionQuery::default() };
        assert_eq!(ids(&bank.page(current(), EVERYTHING, query).await.unwrap()), numbered((116..=142).rev()));
    }
}

#[tokio::test]
async fn a_page_never_leaves_the_shade() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        people(&mut tx).await;
        let given: Vec<_> =
            (1..=40).map(|n| a_transaction(n, current(), if n % 2 == 0 { 100 } else { -100 })).collect();
        add(&mut tx, &given).await;
        tx.commit().await.unwrap();
        let bank = EmbeddedBank::new(engine.db.clone(), Arc::new(Noon));
        let window = Window { from: Some(at(5)), to: Some(at(10)) };
        let shade = TransactionShade { seen: BASIC, only: Some(Direction::Credit), window };
        let wide = Window { from: Some(at(0)), to: None };
        let outside = lombard_domain::account::Cursor { account: current(), booked_at: at(100), sequence: 1 };
        for page in [None, Some(PageKey::older(outside))] {
            let query = TransactionQuery { page, window: wide, size: 0 };
            let seen = bank.page(current(), shade, query).await.unwrap();
            assert_eq!(ids(&seen), numbered([20].into_iter()), "{engine}: at least one row");
            let query = TransactionQuery { page, window: wide, size: usize::MAX };
            let seen = bank.page(current(), shade, query).await.unwrap();
            assert_eq!(ids(&seen), numbered([20, 18, 16, 14, 12, 10].into_iter()), "{engine}");
        }
        let beyond = TransactionQuery { page: Some(PageKey::newer(outside)), ..TransactionQuery::default() };
        let empty = bank.page(current(), shade, beyond).await.unwrap();
        assert!(empty.items.is_empty() && empty.newer.is_none() && empty.older.is_none());
    }
}

proptest! {
    #[test]
    fn an_account_number_in_a_view_shows_no_card(digits in "[0-9]{11,18}") {
        let check = (0..10).map(|last| format!("{digits}{last}"));
        let card_number = check.filter_map(|number| Identification::new(Scheme::Pan, &number).ok()).next().unwrap();
        let account = Account { identification: card_number, ..an_account(card(), "card", Scheme::Pan, "4111111111111111") };
        let shown = AccountView::of(account, DETAIL).number.unwrap().number;
        prop_assert_eq!(shown.bytes().filter(u8::is_ascii_digit).count(), 4);
    }
}
