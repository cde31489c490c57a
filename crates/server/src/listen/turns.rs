//! Handshakes by turns: their signatures never take more than a part of the processors.
//!
//! A turn is one step of a handshake, and never a wait: who sends half a handshake and stops holds up nobody.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use tokio::sync::Semaphore;

/// Runs a handshake, each of its steps in a turn of its own.
pub(super) async fn by_turns<F: Future>(turns: &Semaphore, handshake: F) -> F::Output {
    let mut handshake = pin!(handshake);
    loop {
        let turn = turns.acquire().await;
        let step = poll_fn(|context| Poll::Ready(handshake.as_mut().poll(context))).await;
        drop(turn);
        if let Poll::Ready(output) = step {
            return output;
        }
        // The step has left word with whom it waits for, so this task is polled when there is something to do.
        let mut has_waited = false;
        poll_fn(|_| if std::mem::replace(&mut has_waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

/// Half of the processors, and one at least.
pub(super) fn turns() -> Semaphore {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Semaphore::new((processors / 2).max(1))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use tokio::sync::oneshot;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn who_waits_holds_up_nobody() {
        let turns = Semaphore::new(1);
        let (word, wait) = oneshot::channel::<u8>();
        let slow = by_turns(&turns, wait);
        let quick = async {
            assert_eq!(by_turns(&turns, async { 7 }).await, 7);
            word.send(8).unwrap();
        };
        let both = async { tokio::join!(slow, quick).0 };
        assert_eq!(timeout(Duration::from_secs(10), both).await.expect("the waiting one held the turn"), Ok(8));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn no_more_steps_at_once_than_turns() {
        let (turns, now, most) =
            (Arc::new(Semaphore::new(2)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let step = move |turns: Arc<Semaphore>, now: Arc<AtomicUsize>, most: Arc<AtomicUsize>| async move {
            by_turns(&turns, async {
                for _ in 0..20 {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_micros(100));
                    now.fetch_sub(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                }
            })
            .await;
        };
        let tasks: Vec<_> = (0..16).map(|_| tokio::spawn(step(turns.clone(), now.clone(), most.clone()))).collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert!(most.load(Ordering::SeqCst) <= 2);
    }
}
