//! Places and turns, with the clock of the runtime stopped.

use lombard_auth::limit::Subject;
use lombard_domain::id::ClientId;
use tokio::task::JoinHandle;

use super::state::{CALM, STANDING, STANDING_AGAIN};
use super::*;

const READ: Class = Class::Read;

fn throttle(most: u32, waiting: u32) -> Arc<Throttle> {
    Arc::new(Throttle::new(&Throttling { most, waiting, wait: Span::milliseconds(500) }))
}

fn app(number: u128) -> Share {
    Some(Subject::Client(ClientId::from_bits(number)))
}

fn comer(share: Share, unseen: Duration) -> Comer {
    Comer { class: READ, share, kind: "/accounts", unseen }
}

/// Enters with a call that has just come.
async fn enter(throttle: &Throttle, share: Share) -> Option<Place> {
    throttle.enter(comer(share, Duration::ZERO)).await
}

/// A call that waits for its place in a task of its own.
async fn call(throttle: &Arc<Throttle>, share: Share) -> JoinHandle<Option<Place>> {
    let throttle = Arc::clone(throttle);
    let task = tokio::spawn(async move { enter(&throttle, share).await });
    settle().await;
    task
}

/// Lets all tasks go as far as they can.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn so_many_run_so_many_wait_and_the_rest_is_refused() {
    let throttle = throttle(2, 1);
    let first = enter(&throttle, app(1)).await.unwrap();
    let _second = enter(&throttle, app(1)).await.unwrap();
    let waiting = call(&throttle, app(1)).await;
    assert!(enter(&throttle, app(1)).await.is_none(), "the queue is full");
    assert!(
        throttle.enter(Comer { class: Class::Revocation, ..comer(app(1), Duration::ZERO) }).await.is_some(),
        "another class has its own places"
    );
    assert!(!waiting.is_finished());
    drop(first);
    assert!(waiting.await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_too_long_is_refused_and_leaves_no_trace() {
    let throttle = throttle(1, 4);
    let place = enter(&throttle, app(1)).await.unwrap();
    let before = time::Instant::now();
    assert!(enter(&throttle, app(1)).await.is_none());
    assert_eq!(before.elapsed().as_millis(), 500);
    let lane = &throttle.lanes.iter().find(|(class, _)| *class == READ).unwrap().1;
    {
        let state = lane.lock();
        assert_eq!((state.waiting, state.queues.len(), state.turns.len()), (0, 0, 0));
    }
    drop(place);
    assert!(enter(&throttle, app(1)).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_hangs_up_frees_its_place() {
    let throttle = throttle(1, 4);
    let place = enter(&throttle, app(1)).await.unwrap();
    let gone = call(&throttle, app(1)).await;
    gone.abort();
    let patient = call(&throttle, app(1)).await;
    drop(place);
    drop(patient.await.unwrap().expect("its turn"));
    // Called in and gone in the same moment: the place goes to the next.
    let place = enter(&throttle, app(1)).await.unwrap();
    let (gone, patient) = (call(&throttle, app(1)).await, call(&throttle, app(2)).await);
    drop(place);
    gone.abort();
    assert!(patient.await.unwrap().is_some());
    settle().await;
    assert!(enter(&throttle, app(3)).await.is_some(), "no place was lost");
    let lane = &throttle.lanes.iter().find(|(class, _)| *class == READ).unwrap().1;
    let state = lane.lock();
    assert!(state.running == 0 && state.runs.is_empty(), "of none it is believed that it still runs");
}

#[tokio::test(start_paused = true)]
async fn a_greedy_app_does_not_keep_a_modest_one_waiting() {
    let throttle = throttle(1, 64);
    let place = enter(&throttle, app(1)).await.unwrap();
    let mut greedy = Vec::new();
    for _ in 0..50 {
        greedy.push(call(&throttle, app(1)).await);
    }
    let modest = call(&throttle, app(2)).await;
    drop(place);
    settle().await;
    // One of the greedy app's ran first, and then it was the modest one's turn.
    assert_eq!(greedy.iter().filter(|call| call.is_finished()).count(), 1);
    drop(greedy.remove(0).await.unwrap());
    settle().await;
    assert!(modest.is_finished());
    assert!(modest.await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_has_room_for_who_has_less_of_it() {
    let throttle = throttle(1, 10);
    let _place = enter(&throttle, app(1)).await.unwrap();
    let mut greedy = Vec::new();
    for _ in 0..10 {
        greedy.push(call(&throttle, app(1)).await);
    }
    assert!(enter(&throttle, app(1)).await.is_none());
    let mut modest = Vec::new();
    for _ in 0..5 {
        modest.push(call(&throttle, app(2)).await);
    }
    assert!(modest.iter().all(|call| !call.is_finished()), "they wait");
    assert_eq!(greedy.iter().filter(|call| call.is_finished()).count(), 5, "the greedy app's latest were refused");
    assert!(enter(&throttle, app(2)).await.is_none(), "half of the queue is what each of two has");
    assert!(greedy[..5].iter().all(|call| !call.is_finished()), "those that came first still wait");
}

#[tokio::test(start_paused = true)]
async fn in_a_queue_that_stands_nobody_waits_long() {
    let throttle = throttle(1, 64);
    let _place = enter(&throttle, app(1)).await.unwrap();
    let _first = call(&throttle, app(1)).await;
    time::sleep(STANDING).await;
    let before = time::Instant::now();
    assert!(enter(&throttle, app(1)).await.is_none());
    assert_eq!(before.elapsed(), SHORT_WAIT);
}

#[tokio::test(start_paused = true)]
async fn those_behind_a_queue_that_stood_do_not_wait_for_it() {
    let throttle = throttle(1, 64);
    let place = enter(&throttle, app(1)).await.unwrap();
    let old = call(&throttle, app(1)).await;
    time::sleep(STANDING).await;
    let new = call(&throttle, app(1)).await;
    drop(place);
    assert!(old.await.unwrap().is_none(), "it would have been late");
    drop(new.await.unwrap().expect("its turn"));
    // That there is a place now is because of those who were refused; a while later it is because there are few.
    let place = enter(&throttle, app(1)).await.unwrap();
    let before = time::Instant::now();
    assert!(enter(&throttle, app(1)).await.is_none());
    assert_eq!(before.elapsed(), SHORT_WAIT);
    drop(place);
    time::sleep(CALM).await;
    let place = enter(&throttle, app(1)).await.unwrap();
    let waiting = call(&throttle, app(1)).await;
    time::sleep(STANDING_AGAIN / 2).await;
    drop(place);
    assert!(waiting.await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn of_a_crowd_that_stays_only_those_wait_whose_turn_comes() {
    let throttle = throttle(12, 64);
    let mut places = Vec::new();
    for _ in 0..12 {
        places.push(enter(&throttle, app(1)).await.unwrap());
    }
    let mut waiting = vec![call(&throttle, app(1)).await];
    time::sleep(STANDING).await;
    for _ in 1..6 {
        waiting.push(call(&throttle, app(1)).await);
    }
    let before = time::Instant::now();
    assert!(enter(&throttle, app(1)).await.is_none());
    assert!(before.elapsed().is_zero(), "refused at once");
    assert!(waiting.iter().all(|call| !call.is_finished()));
    let modest = call(&throttle, app(2)).await;
    assert!(!modest.is_finished(), "an app that asks for less has its part of the queue");
}

#[tokio::test(start_paused = true)]
async fn the_way_to_the_queue_is_a_part_of_the_wait_of_those_behind_others() {
    let throttle = throttle(1, 64);
    let place = enter(&throttle, app(1)).await.unwrap();
    let unseen = Duration::from_millis(300);
    let first = call(&throttle, app(1)).await;
    let before = time::Instant::now();
    assert!(throttle.enter(comer(app(1), unseen)).await.is_none());
    assert_eq!(before.elapsed().as_millis(), 200);
    // Where a queue stands, so long is longer than one may wait.
    let before = time::Instant::now();
    assert!(throttle.enter(comer(app(1), unseen)).await.is_none());
    assert!(before.elapsed().is_zero());
    // An app with nobody in the queue has a turn.
    assert!(throttle.enter(comer(app(2), unseen)).await.is_none());
    assert_eq!(before.elapsed(), SHORT_WAIT);
    assert!(!first.is_finished());
    drop(place);
    assert!(first.await.unwrap().is_none(), "it would have been late");
    assert!(throttle.enter(comer(app(1), unseen)).await.is_some(), "whoever needs not wait is let in");
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_stood_a_moment_ago_stands_again_soon() {
    let throttle = throttle(1, 64);
    let mut place = enter(&throttle, app(1)).await.unwrap();
    for standing in [STANDING, STANDING_AGAIN, STANDING_AGAIN] {
        let first = call(&throttle, app(1)).await;
        time::sleep(standing - Duration::from_millis(1)).await;
        let patient = call(&throttle, app(1)).await;
        time::sleep(Duration::from_millis(1)).await;
        let before = time::Instant::now();
        assert!(enter(&throttle, app(1)).await.is_none());
        assert_eq!(before.elapsed(), SHORT_WAIT, "it stands");
        assert!(!patient.is_finished(), "who came before may wait");
        drop(place);
        assert!(first.await.unwrap().is_none() && patient.await.unwrap().is_none(), "they would be late");
        time::sleep(CALM).await;
        place = enter(&throttle, app(1)).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_has_read_yet_is_late_as_well() {
    let throttle = throttle(64, 64);
    let _first = enter(&throttle, app(1)).await.unwrap();
    settle().await;
    // Nothing runs for a while.
    time::advance(Duration::from_millis(600)).await;
    let lag = throttle.lanes[0].1.pulse.lag();
    assert!((590..600).contains(&lag.as_millis()), "{lag:?}");
    let place = enter(&throttle, app(1)).await.expect("there are places");
    assert!((590..600).contains(&place.unseen.as_millis()), "what it learns from");
    time::sleep(Duration::from_millis(30)).await;
    assert!(throttle.lanes[0].1.pulse.lag().is_zero(), "all is well again");
}

/// A flood, or nearly one: of an app two run, then one, and in the window before as many were answered as refused, or one less.
async fn flood(throttle: &Arc<Throttle>, is_flood: bool) -> Place {
    for _ in 0..20 {
        enter(throttle, app(1)).await.unwrap().answered();
    }
    let [first, second] = [enter(throttle, app(1)).await.unwrap(), enter(throttle, app(1)).await.unwrap()];
    let waiting = call(throttle, app(1)).await;
    time::sleep(STANDING).await;
    for _ in 0..21 + u32::from(is_flood) {
        assert!(enter(throttle, app(1)).await.is_none());
    }
    second.answered();
    settle().await;
    assert!(waiting.await.unwrap().is_none(), "it would be late");
    first
}

#[tokio::test(start_paused = true)]
async fn in_a_flood_nobody_waits_who_has_their_part_of_the_places() {
    for is_flood in [false, true] {
        let throttle = throttle(2, 64);
        let first = flood(&throttle, is_flood).await;
        let second = enter(&throttle, app(1)).await.expect("a place");
        let before = time::Instant::now();
        assert!(enter(&throttle, app(1)).await.is_none());
        assert_eq!(before.elapsed(), if is_flood { Duration::ZERO } else { SHORT_WAIT });
        // Who has less than their part waits, and comes next.
        let modest = call(&throttle, app(2)).await;
        assert!(!modest.is_finished());
        drop(second);
        settle().await;
        let modest = modest.await.unwrap().expect("its turn");
        // Of two places each has one now.
        let before = time::Instant::now();
        for share in [app(1), app(2)] {
            assert!(enter(&throttle, share).await.is_none());
        }
        assert_eq!(before.elapsed(), if is_flood { Duration::ZERO } else { SHORT_WAIT * 2 });
        // A place that is free is for whoever comes.
        drop(first);
        let _third = enter(&throttle, app(2)).await.expect("a place");
        drop(modest);
    }
}

#[tokio::test(start_paused = true)]
async fn in_a_flood_a_free_place_is_for_those_that_come_in_time() {
    for is_flood in [false, true] {
        let throttle = throttle(2, 64);
        let first = flood(&throttle, is_flood).await;
        let late = SHORT_WAIT + Duration::from_micros(1);
        let before = time::Instant::now();
        assert_eq!(throttle.enter(comer(app(1), late)).await.is_some(), !is_flood);
        assert!(before.elapsed().is_zero());
        // Whoever has nobody here has a turn, however late; but nobody left.
        assert_eq!(throttle.enter(comer(app(2), late)).await.is_some(), !is_flood);
        assert_eq!(before.elapsed(), if is_flood { SHORT_WAIT } else { Duration::ZERO });
        assert!(throttle.enter(comer(app(1), SHORT_WAIT)).await.is_some(), "in time");
        drop(first);
        settle().await;
        assert!(throttle.enter(comer(app(1), late)).await.is_some(), "nobody runs who could call it in");
    }
}

#[tokio::test(start_paused = true)]
async fn a_queue_does_not_stand_before_somebody_waits() {
    let throttle = throttle(1, 64);
    let place = enter(&throttle, app(1)).await.unwrap();
    time::sleep(STANDING * 2).await;
    let waiting = call(&throttle, app(1)).await;
    time::sleep(STANDING / 2).await;
    drop(place);
    assert!(waiting.await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn that_all_who_waited_were_refused_does_not_end_the_crowd() {
    let throttle = throttle(1, 64);
    let _place = enter(&throttle, app(1)).await.unwrap();
    assert!(enter(&throttle, app(1)).await.is_none());
    for _ in 0..3 {
        let before = time::Instant::now();
        assert!(enter(&throttle, app(1)).await.is_none());
        assert_eq!(before.elapsed(), SHORT_WAIT);
    }
}

#[tokio::test(start_paused = true)]
async fn fewer_run_while_answers_are_slow_and_all_again_afterwards() {
    let throttle = throttle(64, 64);
    let lane = Arc::clone(&throttle.lanes.iter().find(|(class, _)| *class == READ).unwrap().1);
    let answer = async |together: usize, millis: u64| {
        let mut places = Vec::new();
        for _ in 0..together {
            places.extend(enter(&throttle, app(1)).await);
        }
        time::sleep(Duration::from_millis(millis)).await;
        places.into_iter().for_each(Place::answered);
    };
    for _ in 0..200 {
        answer(1, 1).await;
    }
    let limit = || usize::try_from(lane.lock().rule.limit()).unwrap();
    let mut slowest = 64;
    assert_eq!(limit(), 32);
    for _ in 0..20 {
        // As many as there are places, and none waits.
        let all = limit();
        answer(all, 50).await;
        slowest = slowest.min(limit());
    }
    assert!(slowest <= 8, "{slowest}");
    for _ in 0..10_000 {
        let all = limit();
        answer(all, 1).await;
    }
    assert_eq!(limit(), 64, "as long as they are used");
}

#[tokio::test(start_paused = true)]
async fn three_who_read_are_never_refused_however_slow_a_disk_is() {
    let throttle = Arc::new(Throttle::new(&Throttling::usual()));
    // Quick at first, so that it is known what is usual; then slow, each by another time, so that their turns mix.
    for (callers, slow) in [(1, 1), (3, 40)] {
        let calls: Vec<_> = (1..=callers)
            .map(|caller| {
                let throttle = Arc::clone(&throttle);
                tokio::spawn(async move {
                    for turn in 0..100 {
                        let place = enter(&throttle, app(caller.into())).await.expect("a place");
                        time::sleep(Duration::from_millis(slow + turn * caller % 7)).await;
                        place.answered();
                    }
                })
            })
            .collect();
        for call in calls {
            call.await.unwrap();
        }
    }
    let lane = &throttle.lanes.iter().find(|(class, _)| *class == READ).unwrap().1;
    let state = lane.lock();
    assert!(state.rule.limit() < 8, "it was slow: {}", state.rule.limit());
}

#[tokio::test(start_paused = true)]
async fn calls_that_wait_for_the_processor_are_slow_calls() {
    let throttle = throttle(64, 64);
    let lane = Arc::clone(&throttle.lanes.iter().find(|(class, _)| *class == READ).unwrap().1);
    let answer = async |together: usize, unseen: u64| {
        let mut places = Vec::new();
        for _ in 0..together {
            places.extend(throttle.enter(comer(app(1), Duration::from_millis(unseen))).await);
        }
        time::sleep(Duration::from_millis(1)).await;
        places.into_iter().for_each(Place::answered);
    };
    for _ in 0..200 {
        answer(1, 0).await;
    }
    for _ in 0..400 {
        answer(8, 0).await;
    }
    assert_eq!(lane.lock().rule.limit(), 32);
    for _ in 0..400 {
        answer(8, 50).await;
    }
    assert!(lane.lock().rule.limit() < 8, "{}", lane.lock().rule.limit());
}
