//! Whatever happens, in whatever order, and however large the pages are: nothing is lost and nothing is repeated.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::*;

/// One thing that happens, to one of a few transactions, or that a follower does.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// It arrives; as pending or booked.
    Arrive(u128, BookingStatus),
    /// It is booked, if it is pending.
    Book(u128),
    /// It vanishes, if it is pending.
    Vanish(u128),
    /// One of the followers asks once, for so many changes.
    Ask(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let slot = || 0..6_u128;
    let status = prop_oneof![4 => Just(BookingStatus::Pending), 1 => Just(BookingStatus::Booked)];
    prop_oneof![
        3 => (slot(), status).prop_map(|(slot, status)| Step::Arrive(slot, status)),
        2 => slot().prop_map(Step::Book),
        2 => slot().prop_map(Step::Vanish),
        4 => (0..FOLLOWERS, 1..5_usize).prop_map(|(follower, limit)| Step::Ask(follower, limit)),
    ]
}

/// What one run knows of its transactions.
struct Run<'a> {
    world: &'a World,
    /// The transaction in each slot, if one is there.
    slots: BTreeMap<u128, Transaction>,
    /// The number of the newest transaction of each slot.
    numbers: BTreeMap<u128, u128>,
    next: u128,
    followers: [Follower; FOLLOWERS],
}

impl Run<'_> {
    async fn step(&mut self, step: Step) {
        let pending = |found: Option<&Transaction>| {
            found.filter(|one| one.status == BookingStatus::Pending).cloned().into_iter().collect::<Vec<_>>()
        };
        let mut happening = Happening::default();
        match step {
            Step::Ask(follower, limit) => {
                self.followers[follower].ask(self.world, limit).await;
                return;
            }
            // What is pending there stays; beside what is booked comes another; what vanished comes back under its own name.
            Step::Arrive(slot, status) => {
                let known = self.slots.get(&slot).map(|known| known.status);
                if known == Some(BookingStatus::Pending) {
                    return;
                }
                if known == Some(BookingStatus::Booked) || !self.numbers.contains_key(&slot) {
                    self.next += 1;
                    self.numbers.insert(slot, self.next);
                }
                let new = arriving(self.numbers[&slot], self.world.account(), status);
                self.slots.insert(slot, new.clone());
                happening.arriving.push(new);
            }
            Step::Book(slot) => {
                happening.booked = pending(self.slots.get(&slot)).iter().map(booked).collect();
                self.slots.extend(happening.booked.iter().map(|one| (slot, one.clone())));
            }
            Step::Vanish(slot) => {
                happening.vanished = pending(self.slots.get(&slot));
                if !happening.vanished.is_empty() {
                    self.slots.remove(&slot);
                }
            }
        }
        happening.happen(&self.world.bank.db).await;
    }

    async fn end(mut self) -> Result<(), TestCaseError> {
        let truth = self.world.truth().await;
        for (follower, limit) in self.followers.iter_mut().zip([1, 3, 500]) {
            follower.catch_up(self.world, limit).await;
            prop_assert_eq!(&follower.picture, &truth, "pages of {}", limit);
            let before = follower.cursor.clone();
            follower.catch_up(self.world, limit).await;
            prop_assert_eq!(&follower.cursor, &before, "nothing has changed since");
        }
        // What is pending must not be in the way of the next run.
        let vanished = self.slots.values().filter(|one| one.status == BookingStatus::Pending).cloned().collect();
        Happening { vanished, ..Happening::default() }.happen(&self.world.bank.db).await;
        Ok(())
    }
}

#[test]
fn a_follower_has_what_the_account_has_whatever_happens() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for engine in Engine::ALL {
        let world = runtime.block_on(World::on(engine));
        let mut runs = 0;
        let runs = std::cell::RefCell::new(&mut runs);
        let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
        let outcome = runner.run(&vec(step(), 1..40), |steps| {
            let number = {
                let mut runs = runs.borrow_mut();
                **runs += 1;
                **runs
            };
            runtime.block_on(async {
                let followers = std::array::from_fn(|_| Follower::default());
                let (slots, numbers) = (BTreeMap::new(), BTreeMap::new());
                let mut run = Run { world: &world, slots, numbers, next: number * 1000, followers };
                for step in steps {
                    run.step(step).await;
                }
                run.end().await
            })
        });
        assert!(outcome.is_ok(), "{engine:?}: {}", outcome.unwrap_err());
    }
}

const FOLLOWERS: usize = 3;
/// Runs on each engine.
const CASES: u32 = 24;
