//! Tests of this module.

use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use lombard_http::Field;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn limits(all: usize, per_address: usize) -> Limits {
    Limits { max_connections: all, max_per_address: per_address, ..Limits::default() }
}

fn slots(all: usize, per_address: usize) -> Arc<Slots> {
    Slots::new(&limits(all, per_address), Arc::new(Proxies::none()))
}

/// An attacker's or an honest client's address.
fn address(number: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, number])
}

fn is_out(slot: &Slot) -> bool {
    pin!(slot.0.taken_away()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[tokio::test(start_paused = true)]
async fn one_address_cannot_take_all() {
    let slots = slots(100, 3);
    let now = Instant::now();
    let held: Vec<_> = (0..3).map(|_| slots.admit(address(1), now).unwrap()).collect();
    for slot in &held {
        slot.0.works();
    }
    assert_eq!(slots.admit(address(1), now).unwrap_err(), Refused::Source);
    assert!(slots.admit(address(2), now).is_ok());
    held[1].0.rests(now + SECOND);
    let newest = slots.admit(address(1), now + SECOND).unwrap();
    assert_eq!(held.iter().map(is_out).collect::<Vec<_>>(), [false, true, false], "the one that rests makes way");
    drop((held, newest));
    assert!(slots.book().open.is_empty() && slots.book().sources.is_empty() && slots.book().ranks.is_empty());
}

#[tokio::test(start_paused = true)]
async fn all_addresses_of_an_ipv6_subscriber_count_as_one() {
    let slots = slots(100, 1);
    let now = Instant::now();
    let admit = |text: &str| slots.admit(text.parse().unwrap(), now);
    let held = admit("2001:db8::1").unwrap();
    held.0.works();
    assert_eq!(admit("2001:db8::ffff:1").unwrap_err(), Refused::Source);
    assert!(admit("2001:db8:0:1::1").is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_takes_the_slot_of_whoever_has_most_and_has_rested_longest() {
    let slots = slots(5, 4);
    let start = Instant::now();
    let single = slots.admit(address(1), start).unwrap();
    let many: Vec<_> = (1..5).map(|n| slots.admit(address(2), start + SECOND * n).unwrap()).collect();
    many[0].0.works();
    let newcomer = slots.admit(address(3), start + SECOND * 9).unwrap();
    assert!(!is_out(&single), "it has rested longest, but has no more than its share");
    assert_eq!(many.iter().map(is_out).collect::<Vec<_>>(), [false, true, false, false]);
    // The one whose slot was taken leaves later, and frees nothing twice.
    drop(many);
    assert_eq!(slots.book().open.len(), 2);
    drop((single, newcomer));
}

#[tokio::test(start_paused = true)]
async fn among_equals_the_longest_rest_ends_and_work_is_never_interrupted() {
    let slots = slots(3, 4);
    let start = Instant::now();
    let held: Vec<_> = (1..4).map(|n| slots.admit(address(n), start + SECOND * n.into()).unwrap()).collect();
    held[0].0.works();
    let newcomer = slots.admit(address(9), start + SECOND * 9).unwrap();
    assert_eq!(held.iter().map(is_out).collect::<Vec<_>>(), [false, true, false]);
    held[2].0.works();
    newcomer.0.works();
    assert_eq!(slots.admit(address(10), start + SECOND * 10).unwrap_err(), Refused::Full);
    held[0].0.rests(start + SECOND * 11);
    assert!(slots.admit(address(10), start + SECOND * 12).is_ok());
    assert!(is_out(&held[0]));
}

#[tokio::test(start_paused = true)]
async fn whoever_has_most_gets_only_what_is_its_own() {
    let slots = slots(4, 4);
    let now = Instant::now();
    let single = slots.admit(address(1), now).unwrap();
    let many: Vec<_> = (0..3).map(|_| slots.admit(address(2), now).unwrap()).collect();
    let more = slots.admit(address(2), now + SECOND).unwrap();
    assert!(!is_out(&single));
    assert_eq!(many.iter().filter(|slot| is_out(slot)).count(), 1);
    drop(more);
}

#[tokio::test(start_paused = true)]
async fn a_trusted_proxy_has_no_cap_and_is_not_the_first_to_go() {
    let network = "10.0.0.0/8".parse().unwrap();
    let proxies = Arc::new(Proxies::new(vec![network], Field::Forwarded));
    let few = Limits { handshakes_per_second: 1, ..limits(5, 2) };
    let slots = Slots::new(&few, proxies);
    let now = Instant::now();
    let proxy = IpAddr::from([10, 0, 0, 1]);
    let passed: Vec<_> = (0..3).map(|_| slots.admit(proxy, now).unwrap()).collect();
    let direct: Vec<_> = (0..2).map(|_| slots.admit(address(1), now + SECOND).unwrap()).collect();
    let newcomer = slots.admit(address(2), now + SECOND * 2).unwrap();
    assert!(!passed.iter().any(is_out));
    assert_eq!(direct.iter().filter(|slot| is_out(slot)).count(), 1);
    drop(newcomer);
}

#[tokio::test(start_paused = true)]
async fn handshakes_of_one_address_are_counted_also_when_they_end_at_once() {
    let limits = Limits { handshakes_per_second: 5, ..Limits::default() };
    let slots = Slots::new(&limits, Arc::new(Proxies::none()));
    let now = Instant::now();
    let admitted = (0..100).filter(|_| slots.admit(address(1), now).is_ok()).count();
    assert_eq!(admitted, 20);
    assert_eq!(slots.admit(address(1), now).unwrap_err(), Refused::Rate);
    assert!(slots.admit(address(2), now).is_ok());
}

/// Under any order of events the book counts what is open, and everybody who is sent away was resting.
#[test]
fn the_book_stays_right_whatever_happens() {
    use proptest::prelude::*;
    let events = proptest::collection::vec((0..4_u8, 0..6_u8, any::<proptest::sample::Index>()), 0..200);
    proptest!(|(events in events)| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let slots = Slots::new(&Limits { handshakes_per_second: 1_000_000, ..limits(8, 4) }, Arc::new(Proxies::none()));
            let mut held: Vec<(Slot, bool)> = Vec::new();
            let start = Instant::now();
            for (step, (what, who, which)) in events.into_iter().enumerate() {
                let now = start + Duration::from_millis(step.try_into().unwrap());
                match what {
                    0 | 1 => held.extend(slots.admit(address(who), now).map(|slot| (slot, false))),
                    2 if !held.is_empty() => drop(held.remove(which.index(held.len()))),
                    _ if !held.is_empty() => {
                        let at = which.index(held.len());
                        let (slot, works) = &mut held[at];
                        *works = !*works;
                        if *works { slot.0.works() } else { slot.0.rests(now) }
                    }
                    _ => {}
                }
                let mut still = Vec::new();
                for (slot, works) in held {
                    if is_out(&slot) {
                        assert!(!works, "work was interrupted");
                    } else {
                        still.push((slot, works));
                    }
                }
                held = still;
                let book = slots.book();
                assert_eq!(book.open.len(), held.len());
                assert!(held.len() <= 8 && book.sources.values().all(|held| held.count <= 4));
                assert_eq!(book.sources.values().map(|held| held.count).sum::<usize>(), held.len());
                let resting = held.iter().filter(|(_, works)| !works).count();
                assert_eq!(book.sources.values().map(|held| held.resting.len()).sum::<usize>(), resting);
                assert_eq!(book.ranks.len(), book.sources.values().filter(|held| !held.resting.is_empty()).count());
            }
        });
    });
}
