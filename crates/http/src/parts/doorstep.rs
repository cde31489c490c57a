//! The doorstep: where a call is before it is known whether it may run, in the task of its connection.
//!
//! What ends there, such as a refusal, needs no task of its own. Whatever is let in goes on in one, so that nobody who works keeps those
//! waiting that come over the same connection.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Lets a call come as far as it can here. One that does not end must be polled again, in a task of its own, whether or not anybody
/// wakes it.
pub fn look_at<F: Future + ?Sized>(call: Pin<&mut F>) -> Poll<F::Output> {
    let _here = Here::begins();
    call.poll(&mut Context::from_waker(Waker::noop()))
}

/// Goes on in the call's own task.
pub(crate) async fn go_in() {
    poll_fn(|_| if IS_HERE.take() { Poll::Pending } else { Poll::Ready(()) }).await;
}

/// A stay on the doorstep; over when this is dropped.
struct Here;

impl Here {
    fn begins() -> Self {
        IS_HERE.set(true);
        Self
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        IS_HERE.set(false);
    }
}

thread_local! {
    /// Whether what this thread polls is a call on the doorstep.
    static IS_HERE: Cell<bool> = const { Cell::new(false) };
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    #[tokio::test]
    async fn who_is_let_in_goes_on_in_a_task_of_its_own() {
        let mut refused = pin!(async { 7 });
        assert_eq!(look_at(refused.as_mut()), Poll::Ready(7));
        let mut let_in = Box::pin(async {
            go_in().await;
            go_in().await;
            8
        });
        assert_eq!(look_at(let_in.as_mut()), Poll::Pending);
        assert_eq!(let_in.await, 8, "once is enough");
        go_in().await;
    }

    #[test]
    fn who_breaks_down_there_leaves_nothing_behind() {
        let broken = std::panic::catch_unwind(|| look_at(pin!(async { panic!("on purpose") })));
        assert!(broken.is_err());
        assert!(!IS_HERE.get());
    }
}
