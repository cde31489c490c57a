//! The differences between two numbers of an account: held against a model, and read while others write.

use std::collections::BTreeMap;

use lombard_domain::account::{BookingStatus, Transaction};
use lombard_domain::id::TransactionId;
use lombard_domain::money::{Direction, Money};
use lombard_domain::permission::Window;
use lombard_domain::time::{Instant, Span};
use lombard_store::transaction::{self, ChangesQuery, Difference, PageQuery, Towards};
use lombard_store::{Db, Tx};

use super::{account, add, booked, hour, id, pending, peopled};

/// What is there: when it was booked and how much it is.
type Picture = BTreeMap<TransactionId, (BookingStatusWord, Instant, i64)>;
type BookingStatusWord = &'static str;

/// What somebody may see.
#[derive(Clone, Copy, Debug)]
struct Shade {
    only: Option<Direction>,
    window: Window,
}

const ALL: Shade = Shade { only: None, window: Window { from: None, to: None } };

impl Shade {
    fn of(self, picture: &Picture) -> Picture {
        let seen = |(_, at, minor): &(BookingStatusWord, Instant, i64)| {
            let way = if *minor < 0 { Direction::Debit } else { Direction::Credit };
            self.window.contains(*at) && self.only.is_none_or(|only| only == way)
        };
        picture.iter().filter(|(_, state)| seen(state)).map(|(id, state)| (*id, *state)).collect()
    }
}

fn state(transaction: &Transaction) -> (BookingStatusWord, Instant, i64) {
    (transaction.status.code(), transaction.booked_at, transaction.amount.minor())
}

/// Walks from one number to another in pages of a size, and applies each difference to the picture.
async fn walk(tx: &mut Tx, picture: &mut Picture, between: (i64, i64), shade: Shade, limit: i64) -> Vec<TransactionId> {
    let (base, head) = between;
    let mut told = Vec::new();
    let mut after = base;
    loop {
        let query = ChangesQuery { base, head, after, to: head, only: shade.only, window: shade.window, limit };
        let changes = transaction::changes(tx, account(1), &query).await.unwrap();
        assert!(changes.is_sorted_by(|a, b| a.number < b.number), "in order, and each number once");
        let full = i64::try_from(changes.len()).unwrap() == limit;
        after = changes.last().map_or(head, |last| last.number);
        for change in changes {
            let (id, known) = match change.difference {
                Difference::Added(new) => {
                    let new = new.transaction;
                    (new.id, picture.insert(new.id, state(&new)).is_none())
                }
                Difference::Changed(new) => {
                    let new = new.transaction;
                    (new.id, picture.insert(new.id, state(&new)).is_some_and(|before| before != state(&new)))
                }
                Difference::Removed(id) => (id, picture.remove(&id).is_some()),
            };
            assert!(known, "{id}: added what was there, changed what was not or did not, or removed what was not");
            told.push(id);
        }
        if !full {
            break;
        }
    }
    told.sort_unstable();
    assert!(told.is_sorted_by(|a, b| a < b), "nothing is told twice");
    told
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// One thing that happens to the account: something arrives, is booked at another moment, vanishes, or comes back.
async fn happen(tx: &mut Tx, dice: &mut Dice, now: &mut BTreeMap<u128, Transaction>) {
    let n = u128::from(dice.below(12) + 1);
    let at = hour(i64::try_from(dice.below(20)).unwrap());
    let known = now.get(&n).cloned();
    match known {
        None => {
            let minor = i64::try_from(dice.below(40)).unwrap() - 20;
            let new = if dice.below(4) == 0 { booked(n, 1, minor) } else { pending(n, 1, minor) };
            let new = Transaction { booked_at: at, ..new };
            transaction::add_missing(tx, std::slice::from_ref(&new)).await.unwrap();
            now.insert(n, new);
        }
        Some(old) if old.status == BookingStatus::Pending && dice.below(2) == 0 => {
            let new = Transaction { status: BookingStatus::Booked, booked_at: at, ..old };
            assert_eq!(transaction::book(tx, std::slice::from_ref(&new)).await.unwrap(), 1);
            now.insert(n, new);
        }
        Some(old) => {
            let touched = transaction::remove(tx, std::slice::from_ref(&old)).await.unwrap();
            assert_eq!(touched, u64::from(old.status == BookingStatus::Pending));
            if touched == 1 {
                now.remove(&n);
            }
        }
    }
}

#[tokio::test]
async fn the_differences_lead_from_each_picture_to_each_later_one() {
    for engine in peopled().await {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        let mut now = BTreeMap::new();
        let mut pictures: Vec<(i64, Picture)> = vec![(0, Picture::new())];
        for _ in 0..40 {
            let mut tx = engine.db.begin("test").await.unwrap();
            for _ in 0..=dice.below(3) {
                happen(&mut tx, &mut dice, &mut now).await;
            }
            let newest = transaction::newest_change(&mut tx, account(1)).await.unwrap().unwrap();
            tx.commit().await.unwrap();
            pictures.push((newest, now.values().map(|one| (one.id, state(one))).collect()));
        }
        let within = Window { from: Some(hour(5)), to: Some(hour(12)) };
        let shades = [ALL, Shade { only: Some(Direction::Debit), ..ALL }, Shade { window: within, ..ALL }];
        let mut read = engine.db.read().await.unwrap();
        let mut told = 0;
        for (place, (base, before)) in pictures.iter().enumerate() {
            for (head, after) in &pictures[place..] {
                let shade = shades[usize::try_from(dice.below(3)).unwrap()];
                let limit = 1 + i64::try_from(dice.below(7)).unwrap();
                let mut picture = shade.of(before);
                told += walk(&mut read, &mut picture, (*base, *head), shade, limit).await.len();
                assert_eq!(picture, shade.of(after), "{engine}: {base} to {head}, {shade:?}, pages of {limit}");
            }
        }
        assert!(told > 1000, "{engine}: only {told} differences were told");
    }
}

#[tokio::test]
async fn a_piece_of_a_walk_is_the_same_whatever_happens_meanwhile() {
    for engine in peopled().await {
        add(&engine.db, &[pending(1, 1, -1), pending(2, 1, -2), pending(3, 1, -3), booked(4, 1, 4)]).await;
        let query = |after, limit| ChangesQuery {
            base: 0,
            head: 4,
            after,
            to: 4,
            only: None,
            window: Window::default(),
            limit,
        };
        let piece = async |after, limit| -> Vec<_> {
            let mut read = engine.db.read().await.unwrap();
            let changes = transaction::changes(&mut read, account(1), &query(after, limit)).await.unwrap();
            let told = changes.into_iter().map(|change| match change.difference {
                Difference::Added(new) => (change.number, new.transaction.id, state(&new.transaction)),
                Difference::Changed(_) | Difference::Removed(_) => panic!("nothing was there before"),
            });
            told.collect()
        };
        let whole = piece(0, 10).await;
        let mut tx = engine.db.begin("test").await.unwrap();
        transaction::book(&mut tx, &[Transaction { booked_at: hour(30), ..booked(2, 1, -2) }]).await.unwrap();
        transaction::remove(&mut tx, &[pending(3, 1, -3)]).await.unwrap();
        transaction::add_missing(&mut tx, &[booked(5, 1, 5), pending(3, 1, -30)]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(piece(0, 10).await, whole, "{engine}");
        let mut pieces = piece(0, 2).await;
        pieces.extend(piece(2, 2).await);
        assert_eq!(pieces, whole, "{engine}");
    }
}

/// Writers who hold their numbers for a while before they commit, and a reader who asks all the time.
#[tokio::test]
async fn whoever_has_seen_a_number_has_missed_nothing_before_it() {
    for engine in peopled().await {
        let writers: Vec<_> = (0..WRITERS).map(|writer| tokio::spawn(write(engine.db.clone(), writer))).collect();
        let (mut picture, mut base, mut walks) = (Picture::new(), 0, 0);
        loop {
            let over = writers.iter().all(tokio::task::JoinHandle::is_finished);
            let mut read = engine.db.read().await.unwrap();
            let head = transaction::newest_change(&mut read, account(1)).await.unwrap().unwrap();
            walk(&mut read, &mut picture, (base, head), ALL, 3).await;
            walks += i64::from(head > base);
            base = head;
            drop(read);
            if over {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        for writer in writers {
            writer.await.unwrap();
        }
        let everything =
            PageQuery { after: None, towards: Towards::Older, only: None, window: Window::default(), limit: 10_000 };
        let rows = transaction::page(&mut engine.db.read().await.unwrap(), account(1), &everything).await.unwrap();
        let truth: Picture = rows.iter().map(|row| (row.transaction.id, state(&row.transaction))).collect();
        assert_eq!(picture.len(), truth.len(), "{engine}");
        assert_eq!(picture, truth, "{engine}");
        assert!(walks > 5, "{engine}: the reader saw {walks} steps only");
    }
}

async fn write(db: Db, writer: u128) {
    for turn in 0..TURNS {
        let n = 1000 * (writer + 1) + 3 * turn;
        let soon =
            |n| Transaction { amount: Money::new(-1, lombard_domain::currency::Currency::GBP), ..pending(n, 1, -1) };
        let hold = || tokio::time::sleep(std::time::Duration::from_millis(u64::try_from(n % 4).unwrap()));
        let mut tx = db.begin("writer").await.unwrap();
        transaction::add_missing(&mut tx, &[soon(n), soon(n + 1), booked(n + 2, 1, 5)]).await.unwrap();
        hold().await;
        tx.commit().await.unwrap();
        let mut tx = db.begin("writer").await.unwrap();
        let later = Transaction { booked_at: hour(1).plus(Span::seconds(1)), ..booked(n, 1, -1) };
        assert_eq!(transaction::book(&mut tx, &[later]).await.unwrap(), 1);
        hold().await;
        assert_eq!(transaction::remove(&mut tx, &[pending(n + 1, 1, -1)]).await.unwrap(), 1);
        hold().await;
        // Some change their mind.
        if turn % 3 != 0 {
            tx.commit().await.unwrap();
        }
    }
    assert_ne!(id(0), id(1));
}

const WRITERS: u128 = 4;
const TURNS: u128 = 8;
