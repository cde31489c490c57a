//! Statements: what they sum up, and pages of them.

mod figures;
mod plans;

use std::cmp::Reverse;

use lombard_domain::account::{Account, AccountKind, AccountStatus, Category, Identification, Scheme};
use lombard_domain::account::{Statement, StatementKind};
use lombard_domain::consent::State;
use lombard_domain::currency::Currency;
use lombard_domain::id::{ConsentId, StatementId};
use lombard_domain::money::Money;
use lombard_domain::party::{HolderRole, Holding};
use lombard_domain::permission::Window;
use lombard_domain::time::{Date, Instant, Span};
use lombard_store::list::{Towards, Wanted};
use lombard_store::statement::{Cursor, PageQuery};
use lombard_store::{Stored, Tx, account, consent, statement};

use crate::world::{self, a_consent, text, yes};

fn day(month: i8, day: i8) -> Date {
    Date::new(2025, month, day).unwrap()
}

fn id(n: u128) -> StatementId {
    StatementId::from_bits(n)
}

fn a_statement(n: u128, of: u128, (from, to): (Date, Date)) -> Statement {
    Statement {
        id: id(n),
        account: world::account(of),
        source: text(&format!("s{n}")),
        kind: StatementKind::ALL[usize::try_from(n % 5).unwrap()],
        reference: n.is_multiple_of(2).then(|| text("2025/03")),
        from,
        to,
        made_on: to.plus_days(2),
    }
}

/// Numbers, accounts and days of what is stored. Account 3 is not customer 1's, account 4 is closed, account 6 has none.
fn given() -> Vec<Statement> {
    let month = |n: i8| (day(n, 1), day(n + 1, 1).plus_days(-1));
    [
        (7, 1, month(1)),
        (u128::MAX, 1, month(2)),
        (3, 1, month(3)),
        (2, 1, month(4)),
        // Two that end on one day.
        (5, 2, month(2)),
        (1 << 100, 2, (day(1, 1), day(2, 28))),
        (8, 2, (day(2, 28), day(2, 28))),
        (9, 3, month(2)),
        (10, 4, month(2)),
        (4, 5, month(2)),
        (6, 5, month(3)),
    ]
    .map(|(n, of, days)| a_statement(n, of, days))
    .to_vec()
}

#[tokio::test]
async fn a_statement_is_read_as_it_was_stored_and_by_its_account_only() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        more_people(&mut tx).await;
        let given = given();
        assert_eq!(statement::add_missing(&mut tx, &given).await.unwrap(), vec![Stored::Added; given.len()]);
        for expected in &given {
            let found = statement::find(&mut tx, expected.account, expected.id).await.unwrap().unwrap();
            assert!(found.statement == *expected, "{engine}");
            assert_eq!(found.figures.closing, Money::zero(Currency::GBP));
        }
        for (of, n) in [(2, 7), (1, 5), (1, 99), (99, 7)] {
            assert!(
                statement::find(&mut tx, world::account(of), id(n)).await.unwrap().is_none(),
                "{engine}: {n} of {of}"
            );
        }
    }
}

#[tokio::test]
async fn a_statement_that_is_there_is_never_changed() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        more_people(&mut tx).await;
        let given = given();
        statement::add_missing(&mut tx, &given).await.unwrap();
        let again = [
            given[0].clone(),
            Statement { to: day(1, 30), ..given[0].clone() },
            Statement { reference: Some(text("Another")), ..given[2].clone() },
            Statement { made_on: day(12, 1), ..given[4].clone() },
            Statement { id: id(77), ..given[1].clone() },
        ];
        let outcome = statement::add_missing(&mut tx, &again).await.unwrap();
        let expected = [Stored::Present, Stored::Differs, Stored::Differs, Stored::Differs, Stored::Clashes];
        assert_eq!(outcome, expected, "{engine}");
        assert_eq!(statement::add_missing(&mut tx, &[]).await.unwrap(), []);
        let found = statement::find(&mut tx, given[0].account, given[0].id).await.unwrap().unwrap();
        assert!(found.statement == given[0], "{engine}");
        let nowhere = [a_statement(78, 99, (day(1, 1), day(1, 2)))];
        assert!(statement::add_missing(&mut tx, &nowhere).await.is_err(), "{engine}");
    }
}

/// From every place, each way, in pages of several sizes, within several windows, a page has what it should have.
#[tokio::test]
async fn a_page_has_what_lies_behind_its_place_and_wholly_in_its_window() {
    for engine in world::peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        more_people(&mut tx).await;
        let given = given();
        statement::add_missing(&mut tx, &given).await.unwrap();
        let wanted = |consent, customer, account: Option<u128>| Wanted {
            consent: ConsentId::from_bits(consent),
            customer: world::customer(customer),
            account: account.map(world::account),
        };
        let cases: [(Wanted, &[u128]); 9] = [
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
        for (wanted, accounts) in cases {
            for window in windows() {
                let mut list = given.clone();
                list.retain(|one| accounts.iter().any(|of| one.account == world::account(*of)) && one.lies_in(window));
                list.sort_by_key(key);
                pages(&mut tx, wanted, window, &list).await;
            }
        }
    }
}

/// The order of a list: account by account, in each the newest first.
fn key(statement: &Statement) -> (u128, Reverse<(Date, u128)>) {
    (statement.account.bits(), Reverse((statement.to, statement.id.bits())))
}

fn windows() -> Vec<Window> {
    let ends: [(Option<Instant>, Option<Instant>); 9] = [
        (None, None),
        (Some(day(2, 1).start()), None),
        (Some(day(2, 1).start().plus(Span::seconds(1))), None),
        (None, Some(day(2, 28).start().plus(Span::seconds(86_399)))),
        (None, Some(day(2, 28).start().plus(Span::seconds(86_398)))),
        (None, Some(day(3, 1).start())),
        (Some(day(2, 1).start()), Some(day(3, 31).start().plus(Span::hours(24)))),
        (Some(day(6, 1).start()), Some(day(1, 1).start())),
        (Some(Instant::from_micros(i64::MIN)), Some(Instant::from_micros(i64::MAX))),
    ];
    ends.map(|(from, to)| Window { from, to }).to_vec()
}

async fn pages(tx: &mut Tx, wanted: Wanted, window: Window, list: &[Statement]) {
    let mut places: Vec<Option<Cursor>> = given()
        .iter()
        .map(|Statement { account, to, id, .. }| Some(Cursor { account: *account, to: *to, id: *id }))
        .collect();
    for (of, to, n) in
        [(0, day(1, 1), 0), (1, day(3, 31), 4), (2, day(12, 31), 0), (4, day(2, 28), u128::MAX), (7, day(1, 1), 1)]
    {
        places.push(Some(Cursor { account: world::account(of), to, id: id(n) }));
    }
    places.push(None);
    for after in places {
        let place = after.map(|after| (after.account.bits(), Reverse((after.to, after.id.bits()))));
        for limit in [1, 2, 50] {
            let size = usize::try_from(limit).unwrap();
            let query = |towards| PageQuery { wanted, window, after, towards, limit };
            let behind = |one: &&Statement| place.is_none_or(|place| key(one) > place);
            let before = |one: &&Statement| place.is_none_or(|place| key(one) < place);
            let next: Vec<_> = list.iter().filter(behind).take(size).cloned().collect();
            let mut prev: Vec<_> = list.iter().rev().filter(before).take(size).cloned().collect();
            prev.reverse();
            for (towards, expected) in [(Towards::Older, next), (Towards::Newer, prev)] {
                let found = statement::page(tx, &query(towards)).await.unwrap();
                assert_eq!(
                    found.iter().map(|one| one.statement.source.as_str()).collect::<Vec<_>>(),
                    expected.iter().map(|one| one.source.as_str()).collect::<Vec<_>>(),
                    "{wanted:?} {towards:?} of {after:?} in {window:?}, {limit} at most"
                );
                assert!(found.iter().zip(&expected).all(|(found, expected)| found.statement == *expected));
            }
        }
    }
}

/// A closed account and one without statements, customer 1's both, and customer 1's consents: for all accounts, and for one.
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
        identification: Identification::new(Scheme::SortCodeAccountNumber, "20000012345678").unwrap(),
        opened_on: day(1, 1),
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
