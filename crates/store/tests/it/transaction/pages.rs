//! Pages across the accounts of a consent.

use lombard_domain::account::{Cursor, Transaction};
use lombard_domain::consent::State;
use lombard_domain::money::Direction;
use lombard_domain::permission::Window;
use lombard_store::list::Wanted;
use lombard_store::transaction::{self, PageQuery, StoredTransaction, Towards};
use lombard_store::{Tx, consent};

use super::world::{a_consent, customer, yes};
use super::{account, add, booked, hour, peopled, raw};

const EVERYTHING: PageQuery = PageQuery {
    after: None,
    towards: Towards::Older,
    only: None,
    window: Window { from: None, to: None },
    limit: 1000,
};

fn the_consent() -> lombard_domain::id::ConsentId {
    lombard_domain::id::ConsentId::from_bits(1)
}

/// A consent of customer 1 for the accounts 1, 2 and 3, of which they hold the first two; each has transactions.
async fn world(tx: &mut Tx) -> Vec<Transaction> {
    consent::insert(tx, &a_consent(1, 1, State::Authorised(yes(1, &[1, 2, 3])))).await.unwrap();
    let given: Vec<_> = (1..=60).map(|n| booked(n, n % 3 + 1, if n % 4 == 0 { 10 } else { -5 })).collect();
    transaction::add_missing(tx, &given).await.unwrap();
    given
}

fn cursors(rows: &[StoredTransaction]) -> Vec<Cursor> {
    rows.iter().map(StoredTransaction::cursor).collect()
}

/// Walks pages until the end; the places in the order in which they were met.
async fn walk(tx: &mut Tx, mut query: PageQuery) -> Vec<Cursor> {
    let mut met = Vec::new();
    loop {
        let rows = transaction::page_of_all(tx, the_consent(), customer(1), &query).await.unwrap();
        let mut page = cursors(&rows);
        if page.is_empty() {
            return met;
        }
        assert!(page.len() <= usize::try_from(query.limit).unwrap());
        assert!(page.is_sorted_by(|a, b| a > b), "by account, and the newest first");
        if query.towards == Towards::Newer {
            page.reverse();
        }
        query.after = page.last().copied();
        met.append(&mut page);
    }
}

#[tokio::test]
async fn pages_meet_every_transaction_of_a_consent_once_in_either_direction() {
    for engine in peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let given = world(&mut tx).await;
        let whole = cursors(&transaction::page_of_all(&mut tx, the_consent(), customer(1), &EVERYTHING).await.unwrap());
        let held = given.iter().filter(|given| given.account != account(3));
        assert_eq!(whole.len(), held.clone().count(), "{engine}: the account of somebody else is left out");
        assert_eq!(whole.first().unwrap().account, account(2), "{engine}");
        assert_eq!(whole.last().unwrap().account, account(1), "{engine}");
        let (from, to) = (hour(5), hour(20));
        let window = Window { from: Some(from), to: Some(to) };
        for limit in [1, 7, 20, 40, 41] {
            for (only, window) in
                [(None, Window::default()), (None, window), (Some(Direction::Credit), Window::default())]
            {
                let older = PageQuery { limit, only, window, ..EVERYTHING };
                let expected: Vec<Cursor> = {
                    let wanted = PageQuery { only, window, ..EVERYTHING };
                    cursors(&transaction::page_of_all(&mut tx, the_consent(), customer(1), &wanted).await.unwrap())
                };
                let count = held.clone().filter(|one| {
                    window.contains(one.booked_at) && only.is_none_or(|only| one.amount.direction() == only)
                });
                assert_eq!(expected.len(), count.count(), "{engine}");
                assert_eq!(walk(&mut tx, older).await, expected, "{engine}: {older:?}");
                let mut back = walk(&mut tx, PageQuery { towards: Towards::Newer, ..older }).await;
                back.reverse();
                assert_eq!(back, expected, "{engine}: {older:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_page_begins_wherever_a_place_lies() {
    for engine in peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        world(&mut tx).await;
        let window = Window { from: Some(hour(5)), to: Some(hour(20)) };
        let within = PageQuery { window, ..EVERYTHING };
        let whole = cursors(&transaction::page_of_all(&mut tx, the_consent(), customer(1), &within).await.unwrap());
        for on in 0..=4 {
            for at in [0, 5, 11, 20, 99] {
                for sequence in [1, 10, i64::MAX] {
                    let after = Cursor { account: account(on), booked_at: hour(at), sequence };
                    for towards in [Towards::Older, Towards::Newer] {
                        let query = PageQuery { after: Some(after), towards, ..within };
                        let all = transaction::page_of_all(&mut tx, the_consent(), customer(1), &query).await.unwrap();
                        let beyond = |place: &Cursor| match towards {
                            Towards::Older => *place < after,
                            Towards::Newer => *place > after,
                        };
                        let expected: Vec<_> = whole.iter().copied().filter(beyond).collect();
                        assert_eq!(cursors(&all), expected, "{engine}: {query:?}");
                        for one in 1..=2 {
                            let page = transaction::page(&mut tx, account(one), &query).await.unwrap();
                            let own = expected.iter().copied().filter(|place| place.account == account(one));
                            assert_eq!(cursors(&page), own.collect::<Vec<_>>(), "{engine}: {one} {query:?}");
                        }
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn what_is_closed_drops_out() {
    for engine in peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        world(&mut tx).await;
        tx.commit().await.unwrap();
        raw::execute(&engine.url, "UPDATE account SET status = 'Disabled' WHERE source = 'account-2'").await;
        let mut read = engine.db.read().await.unwrap();
        let all = transaction::page_of_all(&mut read, the_consent(), customer(1), &EVERYTHING).await.unwrap();
        assert_eq!(all.len(), 20, "{engine}");
        assert!(all.iter().all(|row| row.transaction.account == account(1)), "{engine}");
        assert!(transaction::page(&mut read, account(2), &EVERYTHING).await.unwrap().is_empty(), "{engine}");
        assert_eq!(transaction::newest_change(&mut read, account(2)).await.unwrap(), None, "{engine}");
        let strangers = transaction::page_of_all(&mut read, the_consent(), customer(3), &EVERYTHING).await.unwrap();
        assert!(strangers.is_empty(), "{engine}");
    }
}

#[tokio::test]
async fn the_range_is_that_of_what_is_there() {
    for engine in peopled().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let given = world(&mut tx).await;
        tx.commit().await.unwrap();
        add(&engine.db, &[booked(400, 1, 5)]).await;
        let mut read = engine.db.read().await.unwrap();
        let all = Wanted { consent: the_consent(), customer: customer(1), account: None };
        let of = |on| given.iter().filter(move |one| one.account == account(on)).map(|one| one.booked_at);
        let first = of(1).chain(of(2)).min().unwrap();
        let everything = Window::default();
        let range = transaction::range(&mut read, all, everything).await.unwrap();
        assert_eq!(range, Some((first, hour(200))), "{engine}");
        let one = Wanted { account: Some(account(2)), ..all };
        let range = transaction::range(&mut read, one, everything).await.unwrap();
        assert_eq!(range, Some((of(2).min().unwrap(), of(2).max().unwrap())), "{engine}");
        let window = Window { from: Some(hour(5)), to: Some(hour(12)) };
        let within = |at: &lombard_domain::time::Instant| window.contains(*at);
        let range = transaction::range(&mut read, one, window).await.unwrap();
        assert_eq!(range, Some((of(2).filter(within).min().unwrap(), of(2).filter(within).max().unwrap())), "{engine}");
        let nothing = Window { from: Some(hour(500)), to: None };
        assert_eq!(transaction::range(&mut read, all, nothing).await.unwrap(), None, "{engine}");
        let strange = Wanted { account: Some(account(3)), ..all };
        assert_eq!(transaction::range(&mut read, strange, everything).await.unwrap(), None, "{engine}");
    }
}
