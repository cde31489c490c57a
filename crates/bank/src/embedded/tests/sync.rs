//! How an account's transactions have changed: what is told, to whom, and what a cursor is good for.

use lombard_domain::id::ConsentId;

use super::*;
use crate::error::Error;
use crate::page::{Feed, SyncCursor};
use crate::port::{SYNC_SIZE_MAX, SyncQuery};
use crate::view::TransactionView;

/// Everything of the current account.
fn all() -> Feed {
    Feed {
        consent: ConsentId::from_bits(1),
        account: current(),
        seen: DETAIL,
        only: None,
        granted: Window::default(),
        open_since: None,
    }
}

/// A caller who knows nothing but its cursor.
struct Caller {
    bank: EmbeddedBank,
    feed: Feed,
    cursor: Option<String>,
}

/// What a caller was told: the numbers of what was added, of what has changed, and of what was removed.
type Told = (Vec<u128>, Vec<u128>, Vec<u128>);

impl Caller {
    fn of(engine: &engines::Engine, feed: Feed) -> Self {
        Self { bank: EmbeddedBank::new(engine.db.clone(), Arc::new(Noon)), feed, cursor: None }
    }

    async fn ask(&mut self, size: usize) -> crate::Result<Option<(Told, bool)>> {
        let query = SyncQuery { cursor: self.cursor.clone(), size };
        let Some(page) = self.bank.changes_of(self.feed, query).await? else { return Ok(None) };
        self.cursor = Some(page.next);
        let numbers = |views: &[TransactionView]| views.iter().map(|view| view.id.bits()).collect();
        let removed = page.removed.iter().map(|id| id.bits()).collect();
        Ok(Some(((numbers(&page.added), numbers(&page.changed), removed), page.more)))
    }

    /// Asks until there is no more; everything that was told.
    async fn catch_up(&mut self, size: usize) -> Told {
        let mut told = Told::default();
        loop {
            let ((added, changed, removed), more) = self.ask(size).await.unwrap().unwrap();
            told.0.extend(added);
            told.1.extend(changed);
            told.2.extend(removed);
            if !more {
                return told;
            }
        }
    }
}

fn pending(n: u128, minor: i64) -> Transaction {
    Transaction { status: BookingStatus::Pending, ..a_transaction(n, current(), minor) }
}

/// A bank whose current account has the transactions 1 to 6, of which the odd ones are pending.
async fn begun(engine: &engines::Engine) {
    let mut tx = engine.db.begin("test").await.unwrap();
    people(&mut tx).await;
    let given: Vec<_> =
        (1..=6).map(|n| if n % 2 == 0 { a_transaction(n, current(), 100) } else { pending(n, -100) }).collect();
    add(&mut tx, &given).await;
    tx.commit().await.unwrap();
}

async fn change(engine: &engines::Engine, booked: &[Transaction], gone: &[Transaction], new: &[Transaction]) {
    let mut tx = engine.db.begin("test").await.unwrap();
    add(&mut tx, new).await;
    let count = |many: &[Transaction]| u64::try_from(many.len()).unwrap();
    assert_eq!(lombard_store::transaction::book(&mut tx, booked).await.unwrap(), count(booked));
    assert_eq!(lombard_store::transaction::remove(&mut tx, gone).await.unwrap(), count(gone));
    tx.commit().await.unwrap();
}

fn settled(n: u128) -> Transaction {
    Transaction { status: BookingStatus::Booked, ..pending(n, -100) }
}

#[tokio::test]
async fn each_change_is_told_once_in_pages_of_any_size() {
    for engine in engines::fresh().await {
        begun(&engine).await;
        for size in [1, 2, 3, 500] {
            let mut caller = Caller::of(&engine, all());
            assert_eq!(caller.catch_up(size).await, (vec![1, 2, 3, 4, 5, 6], vec![], vec![]), "{engine}");
        }
        let mut caller = Caller::of(&engine, all());
        caller.catch_up(2).await;
        let before = caller.cursor.clone();
        assert_eq!(caller.catch_up(1).await, Told::default(), "{engine}");
        assert_eq!(caller.cursor, before, "{engine}: where nothing changed, the cursor does not");
        // 7 comes and goes and is never told of; 8 comes and is booked, and is new all the same.
        change(&engine, &[settled(1)], &[pending(3, -100)], &[pending(7, -1), pending(8, -100)]).await;
        change(&engine, &[settled(8)], &[pending(7, -1)], &[]).await;
        for size in [1, 2, 500] {
            let mut again = Caller::of(&engine, all());
            again.cursor.clone_from(&before);
            assert_eq!(again.catch_up(size).await, (vec![8], vec![1], vec![3]), "{engine}: pages of {size}");
            assert_eq!(again.catch_up(size).await, Told::default(), "{engine}: pages of {size}");
        }
        let mut new = Caller::of(&engine, all());
        assert_eq!(new.catch_up(500).await, (vec![2, 4, 5, 6, 1, 8], vec![], vec![]), "{engine}: as it is now");
    }
}

#[tokio::test]
async fn what_happens_during_a_walk_is_told_after_it() {
    for engine in engines::fresh().await {
        begun(&engine).await;
        let mut caller = Caller::of(&engine, all());
        assert_eq!(caller.ask(2).await.unwrap().unwrap(), ((vec![1, 2], vec![], vec![]), true), "{engine}");
        let again = caller.cursor.clone();
        change(&engine, &[settled(1), settled(5)], &[pending(3, -100)], &[pending(7, -1)]).await;
        assert_eq!(caller.ask(2).await.unwrap().unwrap(), ((vec![3, 4], vec![], vec![]), true), "{engine}");
        assert_eq!(caller.ask(2).await.unwrap().unwrap(), ((vec![5, 6], vec![], vec![]), true), "{engine}");
        assert_eq!(caller.catch_up(2).await, (vec![7], vec![1, 5], vec![3]), "{engine}");
        // An answer that was lost is asked for again, and is the same.
        caller.cursor = again;
        assert_eq!(caller.ask(2).await.unwrap().unwrap(), ((vec![3, 4], vec![], vec![]), true), "{engine}");
    }
}

#[tokio::test]
async fn what_leaves_the_window_is_removed_and_what_enters_it_is_added() {
    for engine in engines::fresh().await {
        begun(&engine).await;
        let within = Feed { granted: Window { from: Some(at(1)), to: Some(at(2)) }, ..all() };
        let debits = Feed { only: Some(Direction::Debit), ..all() };
        let (mut within, mut debits) = (Caller::of(&engine, within), Caller::of(&engine, debits));
        assert_eq!(within.catch_up(1).await, (vec![2, 3, 4, 5], vec![], vec![]), "{engine}");
        assert_eq!(debits.catch_up(1).await, (vec![1, 3, 5], vec![], vec![]), "{engine}");
        let moved = |n, hour| Transaction { booked_at: at(hour), ..settled(n) };
        change(&engine, &[moved(1, 1), moved(3, 9), moved(5, 2)], &[], &[a_transaction(8, current(), 5)]).await;
        assert_eq!(within.catch_up(1).await, (vec![1], vec![5], vec![3]), "{engine}");
        assert_eq!(debits.catch_up(1).await, (vec![], vec![1, 3, 5], vec![]), "{engine}");
    }
}

#[tokio::test]
async fn what_was_too_old_at_first_stays_out_and_what_is_too_old_now_is_refused() {
    for engine in engines::fresh().await {
        begun(&engine).await;
        let half_open = Feed { open_since: Some(at(2)), ..all() };
        let mut caller = Caller::of(&engine, half_open);
        assert_eq!(caller.catch_up(1).await, (vec![4, 5, 6], vec![], vec![]), "{engine}");
        // All is open for a while: the feed is still what it was at the beginning.
        caller.feed.open_since = None;
        change(
            &engine,
            &[],
            &[],
            &[a_transaction(9, current(), 1), Transaction { booked_at: at(0), ..a_transaction(10, current(), 1) }],
        )
        .await;
        assert_eq!(caller.catch_up(1).await, (vec![9], vec![], vec![]), "{engine}");
        // Time passes, and something comes for a moment that belongs to the feed and is not open any more.
        caller.feed.open_since = Some(at(4));
        let late = Transaction { booked_at: at(3), ..a_transaction(11, current(), 1) };
        change(&engine, &[], &[], &[a_transaction(12, current(), 1), late]).await;
        assert_eq!(caller.ask(1).await.unwrap().unwrap(), ((vec![12], vec![], vec![]), true), "{engine}");
        let before = caller.cursor.clone();
        let refused = caller.ask(1).await;
        assert!(matches!(refused, Err(Error::HistoryClosed { since }) if since == at(4)), "{engine}");
        assert_eq!(caller.cursor, before);
        caller.feed.open_since = None;
        assert_eq!(caller.catch_up(1).await, (vec![11], vec![], vec![]), "{engine}: nothing was passed over");
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_one_account_under_one_consent() {
    for engine in engines::fresh().await {
        begun(&engine).await;
        let mut caller = Caller::of(&engine, all());
        caller.ask(2).await.unwrap().unwrap();
        let good = caller.cursor.clone().unwrap();
        assert_eq!(good.len(), 64);
        let window = Window { from: Some(at(0)), to: None };
        for (what, feed, accepted) in [
            ("its own", all(), true),
            ("with fewer details", Feed { seen: BASIC, ..all() }, true),
            ("with less open", Feed { open_since: Some(at(0)), ..all() }, true),
            ("another account", Feed { account: card(), ..all() }, false),
            ("another consent", Feed { consent: ConsentId::from_bits(2), ..all() }, false),
            ("credits only", Feed { only: Some(Direction::Credit), ..all() }, false),
            ("debits only", Feed { only: Some(Direction::Debit), ..all() }, false),
            ("another window", Feed { granted: window, ..all() }, false),
            ("another window's end", Feed { granted: Window { from: None, to: Some(at(0)) }, ..all() }, false),
        ] {
            let mut other = Caller { cursor: Some(good.clone()), ..Caller::of(&engine, feed) };
            assert_eq!(other.ask(2).await.unwrap().is_some(), accepted, "{engine}: {what}");
        }
        let forged = (0..good.len()).map(|place| {
            let other = if &good[place..=place] == "A" { "B" } else { "A" };
            format!("{}{other}{}", &good[..place], &good[place + 1..])
        });
        let bad = ["", "0", "null", &good[1..], &good[..63], "%00", "ü"].map(str::to_owned);
        let longer = [format!("{good}="), format!("{good}AAAA"), format!(" {good}"), "A".repeat(64), "A".repeat(5000)];
        for bad in forged.chain(bad).chain(longer) {
            caller.cursor = Some(bad.clone());
            assert!(caller.ask(2).await.unwrap().is_none(), "{engine}: {bad}");
        }
    }
}

#[tokio::test]
async fn a_cursor_from_a_time_that_was_undone_is_refused() {
    for engine in engines::fresh().await {
        begun(&engine).await;
        for (base, head, at) in [(7, 7, 7), (0, 7, 3)] {
            let later = SyncCursor { base, head, at, floor: None }.text(&engine.db, &all());
            let mut caller = Caller { cursor: Some(later), ..Caller::of(&engine, all()) };
            assert!(caller.ask(1).await.unwrap().is_none(), "{engine}: the newest change is the sixth");
        }
    }
}

#[tokio::test]
async fn of_an_account_that_is_not_in_use_nothing_is_told_and_nothing_is_passed_over() {
    for engine in engines::fresh().await {
        begun(&engine).await;
        let mut tx = engine.db.begin("test").await.unwrap();
        add(&mut tx, &[a_transaction(20, closed(), 1)]).await;
        tx.commit().await.unwrap();
        let feed = Feed { account: closed(), ..all() };
        let mut caller = Caller::of(&engine, feed);
        assert_eq!(caller.catch_up(1).await, Told::default(), "{engine}");
        let start = SyncCursor::start(&feed).text(&engine.db, &feed);
        assert_eq!(caller.cursor, Some(start), "{engine}: it is still at the beginning");
        let query = TransactionQuery::default();
        assert!(caller.bank.page(closed(), EVERYTHING, query).await.unwrap().items.is_empty(), "{engine}");
    }
}

#[tokio::test]
async fn an_answer_has_a_size_and_a_cost() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        people(&mut tx).await;
        let given: Vec<_> =
            (1..=5100).map(|n| Transaction { booked_at: at(3), ..a_transaction(n, current(), -1) }).collect();
        lombard_store::transaction::add_missing(&mut tx, &given).await.unwrap();
        tx.commit().await.unwrap();
        let size = async |asked: usize| Caller::of(&engine, all()).ask(asked).await.unwrap().unwrap().0.0.len();
        assert_eq!((size(0).await, size(usize::MAX).await), (1, SYNC_SIZE_MAX), "{engine}");
        let before = engine.db.statements();
        size(100).await;
        assert_eq!(engine.db.statements() - before, 2, "{engine}: where the account stands, and the rows");
        // Nothing of it may be told, and one answer does not look at all of it.
        let credits = Feed { only: Some(Direction::Credit), ..all() };
        let mut caller = Caller::of(&engine, credits);
        assert_eq!(caller.ask(10).await.unwrap().unwrap(), (Told::default(), true), "{engine}");
        assert_eq!(caller.ask(10).await.unwrap().unwrap(), (Told::default(), false), "{engine}");
    }
}
