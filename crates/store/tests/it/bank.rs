//! Customers, accounts and transactions.

use lombard_domain::account::{
    Account, AccountKind, AccountStatus, BankCode, BookingStatus, Category, Counterparty, Identification, Scheme,
    Transaction,
};
use lombard_domain::consent::{Consent, Kind, Terms};
use lombard_domain::currency::Currency;
use lombard_domain::id::{AccountId, ClientId, ConsentId, CustomerId, TransactionId};
use lombard_domain::money::{Direction, Money};
use lombard_domain::oauth::{Client, ClientStatus};
use lombard_domain::party::{Customer, HolderRole, Holding, Username};
use lombard_domain::permission::{PermissionSet, Window};
use lombard_domain::text::Text;
use lombard_domain::time::{Date, Instant, Span};
use lombard_store::client::StoredClient;
use lombard_store::transaction::{PageQuery, StoredTransaction, Towards};
use lombard_store::{Error, Stored, Tx, account, client, consent, customer, transaction};

use crate::engines;

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).unwrap()
}

fn a_customer(n: u128) -> Customer {
    Customer {
        id: CustomerId::from_bits(n),
        source: text(&format!("c{n}")),
        username: Username::new(&format!("user{n}")).unwrap(),
        full_name: text(&format!("Customer {n}")),
        birth_date: Date::new(1990, 1, 2),
        email: None,
    }
}

fn an_account(n: u128) -> Account {
    Account {
        id: AccountId::from_bits(n),
        source: text(&format!("a{n}")),
        currency: Currency::GBP,
        category: Category::Personal,
        kind: AccountKind::Current,
        status: AccountStatus::Enabled,
        nickname: Some(text("Bills")),
        identification: Identification::new(Scheme::Iban, "GB29NWBK60161331926819").unwrap(),
        opened_on: Date::new(2020, 1, 31).unwrap().plus_days(-i32::try_from(n).unwrap()),
        credit_line: (n == 2).then(|| Money::new(50_000, Currency::GBP)),
        switched_at: None,
    }
}

fn a_transaction(n: u128, account: u128, minor: i64) -> Transaction {
    Transaction {
        id: TransactionId::from_bits(n),
        account: AccountId::from_bits(account),
        source: text(&format!("t{n}")),
        status: BookingStatus::Booked,
        booked_at: at(i64::try_from(n).unwrap() / 3),
        value_at: n.is_multiple_of(2).then(|| at(7)),
        amount: Money::new(minor, Currency::GBP),
        code: n.is_multiple_of(3).then(|| BankCode::new("RCDT", "SALA").unwrap()),
        description: Some(text("Wages")),
        counterparty: n.is_multiple_of(5).then(|| Counterparty {
            name: Some(text("Acme")),
            account: Some(Identification::new(Scheme::SortCodeAccountNumber, "20000012345678").unwrap()),
        }),
    }
}

fn at(hour: i64) -> Instant {
    Date::new(2025, 1, 1).unwrap().start().plus(Span::hours(hour))
}

fn everything() -> PageQuery {
    PageQuery { after: None, towards: Towards::Older, only: None, window: Window::default(), limit: 1000 }
}

async fn hold(tx: &mut Tx, account: u128, customer: u128, role: HolderRole) -> Stored {
    let holding = Holding { account: AccountId::from_bits(account), customer: CustomerId::from_bits(customer), role };
    account::add_holders(tx, &[holding]).await.unwrap()[0]
}

/// Three customers and three accounts, of which the second has two owners.
async fn people(tx: &mut Tx) {
    let customers: Vec<_> = (1..=3).map(a_customer).collect();
    let accounts: Vec<_> = (1..=3).map(an_account).collect();
    assert_eq!(customer::add_missing(tx, &customers).await.unwrap(), [Stored::Added; 3]);
    assert_eq!(account::add_missing(tx, &accounts).await.unwrap(), [Stored::Added; 3]);
    for (account, customer, role) in [
        (1, 1, HolderRole::Owner),
        (2, 1, HolderRole::Owner),
        (2, 2, HolderRole::Owner),
        (3, 2, HolderRole::Owner),
        (3, 1, HolderRole::Authorised),
    ] {
        assert_eq!(hold(tx, account, customer, role).await, Stored::Added);
    }
}

/// Walks pages until the end; the transactions in the order in which they were met.
async fn walk(tx: &mut Tx, account: u128, mut query: PageQuery) -> Vec<StoredTransaction> {
    let mut met = Vec::new();
    loop {
        let mut page = transaction::page(tx, AccountId::from_bits(account), &query).await.unwrap();
        if page.is_empty() {
            return met;
        }
        assert!(page.is_sorted_by_key(|row| std::cmp::Reverse(row.cursor())), "the newest first");
        if query.towards == Towards::Newer {
            page.reverse();
        }
        query.after = page.last().map(StoredTransaction::cursor);
        met.append(&mut page);
    }
}

#[tokio::test]
async fn customers_are_added_once_and_never_changed() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let many: Vec<_> = (1..=100).map(a_customer).collect();
        assert_eq!(customer::add_missing(&mut tx, &many).await.unwrap(), [Stored::Added; 100]);
        let mut again = many.clone();
        again[40].full_name = text("Another");
        again[41].id = CustomerId::from_bits(900);
        again[42] = Customer { source: text("new"), id: CustomerId::from_bits(901), ..again[43].clone() };
        let outcome = customer::add_missing(&mut tx, &again).await.unwrap();
        for (place, outcome) in outcome.into_iter().enumerate() {
            let expected = match place {
                40 => Stored::Differs,
                41 | 42 => Stored::Clashes,
                _ => Stored::Present,
            };
            assert_eq!(outcome, expected, "{place} on {}", engine.name);
        }
        assert!(customer::find(&mut tx, many[40].id).await.unwrap().unwrap() == many[40]);
    }
}

#[tokio::test]
async fn accounts_are_read_as_they_were_stored() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        people(&mut tx).await;
        for n in 1..=3 {
            let found = account::find(&mut tx, AccountId::from_bits(n)).await.unwrap();
            assert!(found == Some(an_account(n)), "{n} on {}", engine.name);
        }
        assert!(account::find(&mut tx, AccountId::from_bits(4)).await.unwrap().is_none());
        let changed = Account { nickname: None, ..an_account(2) };
        let clashing = Account { id: AccountId::from_bits(9), ..an_account(3) };
        let outcome = account::add_missing(&mut tx, &[an_account(1), changed, clashing]).await.unwrap();
        assert_eq!(outcome, [Stored::Present, Stored::Differs, Stored::Clashes]);
        assert_eq!(hold(&mut tx, 1, 1, HolderRole::Owner).await, Stored::Present);
        assert_eq!(hold(&mut tx, 1, 1, HolderRole::Authorised).await, Stored::Differs);
    }
}

#[tokio::test]
async fn a_holder_sees_their_accounts_in_the_order_of_opening() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        people(&mut tx).await;
        let held = account::of_customer(&mut tx, CustomerId::from_bits(1)).await.unwrap();
        let seen: Vec<_> = held.iter().map(|held| (held.account.source.as_str(), held.role, held.owners)).collect();
        let expected = [("a3", HolderRole::Authorised, 1), ("a2", HolderRole::Owner, 2), ("a1", HolderRole::Owner, 1)];
        assert_eq!(seen, expected, "{}", engine.name);
        assert!(account::of_customer(&mut tx, CustomerId::from_bits(3)).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_consent_shows_only_accounts_that_its_customer_holds() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        people(&mut tx).await;
        let (consent, customer) = (ConsentId::from_bits(1), CustomerId::from_bits(2));
        client::insert(&mut tx, &a_client()).await.unwrap();
        let terms =
            Terms { permissions: PermissionSet::default(), window: Window::default(), expires_at: None, debtor: None };
        let accounts = (1..=2).map(AccountId::from_bits).collect();
        let given = Consent::lodge(consent, ClientId::from_bits(1), Kind::Request, terms, at(0))
            .authorise(customer, accounts, at(0))
            .unwrap();
        consent::insert(&mut tx, &given).await.unwrap();
        let seen = account::of_consent(&mut tx, consent, customer).await.unwrap();
        assert!(seen == [an_account(2)], "{}", engine.name);
        let balances = account::balances_of_consent(&mut tx, consent, customer).await.unwrap();
        let alone = account::balance(&mut tx, AccountId::from_bits(2)).await.unwrap().unwrap();
        assert_eq!(balances, [(AccountId::from_bits(2), alone)]);
        assert!(account::of_consent(&mut tx, ConsentId::from_bits(2), customer).await.unwrap().is_empty());
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
        created_at: at(0),
        verification: None,
    };
    StoredClient { client, secret_digest: vec![1], registration_digest: vec![2] }
}

#[tokio::test]
async fn transactions_are_read_as_they_were_stored() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        people(&mut tx).await;
        let given: Vec<_> = (1..=60).map(|n| a_transaction(n, 1, i64::try_from(n).unwrap() - 30)).collect();
        assert_eq!(transaction::add_missing(&mut tx, &given).await.unwrap(), [Stored::Added; 60]);
        let read = transaction::page(&mut tx, AccountId::from_bits(1), &everything()).await.unwrap();
        assert_eq!(read.len(), 60);
        for (read, (place, given)) in read.iter().rev().zip(given.iter().enumerate()) {
            assert!(read.transaction == *given, "{place} on {}", engine.name);
            assert_eq!(read.sequence, i64::try_from(place).unwrap() + 1, "numbered in the order of arrival");
        }
    }
}

#[tokio::test]
async fn a_repeated_transaction_changes_nothing() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        people(&mut tx).await;
        let given = [a_transaction(1, 1, 500), a_transaction(1, 1, 500), a_transaction(2, 1, -100)];
        let outcome = transaction::add_missing(&mut tx, &given).await.unwrap();
        assert_eq!(outcome, [Stored::Added, Stored::Present, Stored::Added]);
        let again = [a_transaction(2, 1, -100), a_transaction(1, 1, 501), a_transaction(1, 2, 500)];
        let outcome = transaction::add_missing(&mut tx, &again).await.unwrap();
        assert_eq!(outcome, [Stored::Present, Stored::Differs, Stored::Differs], "{}", engine.name);
        let amounts = account::balance(&mut tx, AccountId::from_bits(1)).await.unwrap().unwrap();
        assert_eq!(amounts.booked, Money::new(400, Currency::GBP));
        assert_eq!(account::unbalanced(&mut tx).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_transaction_needs_an_account_and_its_currency() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        people(&mut tx).await;
        tx.commit().await.unwrap();
        let nowhere = a_transaction(1, 77, 1);
        let foreign = Transaction { amount: Money::new(1, Currency::EUR), ..a_transaction(2, 1, 1) };
        for bad in [nowhere, foreign] {
            let mut tx = engine.db.begin("test").await.unwrap();
            let outcome = transaction::add_missing(&mut tx, &[bad]).await;
            assert!(matches!(outcome, Err(Error::Corrupt(_))), "{}", engine.name);
        }
        let clashing = Transaction { id: TransactionId::from_bits(9), ..a_transaction(3, 1, 1) };
        let mut tx = engine.db.begin("test").await.unwrap();
        transaction::add_missing(&mut tx, &[a_transaction(3, 1, 1)]).await.unwrap();
        let outcome = transaction::add_missing(&mut tx, &[clashing]).await;
        assert!(matches!(outcome, Err(Error::Conflict(_))), "{}", engine.name);
    }
}

#[tokio::test]
async fn balances_are_the_sums_of_transactions() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        people(&mut tx).await;
        let mut given: Vec<_> =
            (1..=200).map(|n| a_transaction(n, n % 3 + 1, i64::try_from(n * n % 997).unwrap() - 400)).collect();
        for pending in given.iter_mut().rev().take(20) {
            pending.status = BookingStatus::Pending;
        }
        // The earlier half arrives after the later one.
        given.rotate_left(100);
        let touched: Vec<_> = (1..=3).map(AccountId::from_bits).collect();
        for half in given.chunks(100) {
            transaction::add_missing(&mut tx, half).await.unwrap();
            transaction::recompute_balances(&mut tx, &touched).await.unwrap();
        }
        assert_eq!(transaction::recompute_balances(&mut tx, &touched).await.unwrap(), 0, "nothing is left to do");
        for n in 1..=3 {
            let id = AccountId::from_bits(n);
            let mut rows = transaction::page(&mut tx, id, &everything()).await.unwrap();
            rows.reverse();
            let (mut booked, mut pending) = (0, 0);
            for row in rows {
                let minor = row.transaction.amount.minor();
                if row.transaction.status == BookingStatus::Booked {
                    booked += minor;
                    assert_eq!(row.balance, Some(Money::new(booked, Currency::GBP)), "{}", engine.name);
                } else {
                    pending += minor.min(0);
                    assert_eq!(row.balance, None);
                }
            }
            let amounts = account::balance(&mut tx, id).await.unwrap().unwrap();
            assert_eq!((amounts.booked.minor(), amounts.pending.minor()), (booked, pending), "{}", engine.name);
            assert_eq!(amounts.credit_line, an_account(n).credit_line);
        }
        assert_eq!(account::unbalanced(&mut tx).await.unwrap(), 0);
        assert!(account::balance(&mut tx, AccountId::from_bits(9)).await.unwrap().is_none());
        check_totals(&mut tx, &given).await;
    }
}

#[tokio::test]
async fn a_pending_transaction_is_booked_once() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        people(&mut tx).await;
        let pending = |n, minor| Transaction { status: BookingStatus::Pending, ..a_transaction(n, 1, minor) };
        let given = [a_transaction(1, 1, 1000), pending(2, -300), pending(3, 50), pending(4, -7)];
        transaction::add_missing(&mut tx, &given).await.unwrap();
        let booked = [2, 3, 1].map(|n: u128| {
            let given = given.iter().find(|given| given.id == TransactionId::from_bits(n)).unwrap();
            Transaction { status: BookingStatus::Booked, ..given.clone() }
        });
        let other = Transaction { amount: Money::new(-8, Currency::GBP), ..a_transaction(4, 1, -8) };
        assert_eq!(transaction::book(&mut tx, &booked).await.unwrap(), 2, "{}", engine.name);
        assert_eq!(transaction::book(&mut tx, &booked).await.unwrap(), 0, "{}", engine.name);
        assert_eq!(transaction::book(&mut tx, &[other]).await.unwrap(), 0, "another amount");
        let amounts = account::balance(&mut tx, AccountId::from_bits(1)).await.unwrap().unwrap();
        assert_eq!((amounts.booked.minor(), amounts.pending.minor()), (750, -7));
        assert_eq!(account::unbalanced(&mut tx).await.unwrap(), 0);
        let again = transaction::add_missing(&mut tx, &booked).await.unwrap();
        assert_eq!(again, [Stored::Present; 3], "the content is the new one");
    }
}

async fn check_totals(tx: &mut Tx, given: &[Transaction]) {
    let totals = transaction::totals(tx).await.unwrap();
    assert_eq!(totals.len(), 1, "one currency");
    let totals = totals[0];
    let minors = || given.iter().map(|transaction| transaction.amount.minor());
    assert_eq!(totals.transactions, 200);
    assert_eq!(totals.money_in.minor(), minors().filter(|minor| *minor >= 0).sum::<i64>());
    assert_eq!(totals.money_out.minor(), minors().filter(|minor| *minor < 0).sum::<i64>());
    let totals = account::totals(tx).await.unwrap();
    let booked = given.iter().filter(|transaction| transaction.status == BookingStatus::Booked);
    assert_eq!(totals[0].accounts, 3);
    assert_eq!(totals[0].booked.minor(), booked.map(|transaction| transaction.amount.minor()).sum::<i64>());
}

#[tokio::test]
async fn pages_meet_every_transaction_once_in_either_direction() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        people(&mut tx).await;
        let given: Vec<_> = (1..=50).map(|n| a_transaction(n, 1, if n % 4 == 0 { 10 } else { -5 })).collect();
        transaction::add_missing(&mut tx, &given).await.unwrap();
        transaction::add_missing(&mut tx, &[a_transaction(99, 2, 1)]).await.unwrap();
        let numbers = |rows: Vec<StoredTransaction>| rows.iter().map(|row| row.sequence).collect::<Vec<_>>();
        for limit in [1, 7, 25, 50, 51] {
            let older = PageQuery { limit, ..everything() };
            assert_eq!(numbers(walk(&mut tx, 1, older).await), (1..=50).rev().collect::<Vec<_>>());
            let newer = PageQuery { limit, towards: Towards::Newer, ..everything() };
            assert_eq!(numbers(walk(&mut tx, 1, newer).await), (1..=50).collect::<Vec<_>>());
            let window = Window { from: Some(at(5)), to: Some(at(9)) };
            let within = PageQuery { limit, window, ..everything() };
            assert_eq!(numbers(walk(&mut tx, 1, within).await), (15..=29).rev().collect::<Vec<_>>());
            let within = PageQuery { limit, window, towards: Towards::Newer, ..everything() };
            assert_eq!(numbers(walk(&mut tx, 1, within).await), (15..=29).collect::<Vec<_>>(), "{}", engine.name);
            let credits = PageQuery { limit, only: Some(Direction::Credit), ..everything() };
            assert_eq!(numbers(walk(&mut tx, 1, credits).await).len(), 12);
            let debits = PageQuery { limit, only: Some(Direction::Debit), ..everything() };
            assert_eq!(numbers(walk(&mut tx, 1, debits).await).len(), 38);
        }
    }
}

#[tokio::test]
async fn a_page_is_one_statement() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        people(&mut tx).await;
        let given: Vec<_> = (1..=2000).map(|n| a_transaction(n, if n < 5 { 1 } else { 2 }, -1)).collect();
        transaction::add_missing(&mut tx, &given).await.unwrap();
        tx.commit().await.unwrap();
        let mut read = engine.db.read().await.unwrap();
        for n in 1..=3 {
            for towards in [Towards::Older, Towards::Newer] {
                let before = engine.db.statements();
                let query = PageQuery { towards, limit: 26, ..everything() };
                transaction::page(&mut read, AccountId::from_bits(n), &query).await.unwrap();
                assert_eq!(engine.db.statements() - before, 1, "account {n} on {}", engine.name);
            }
        }
    }
}
