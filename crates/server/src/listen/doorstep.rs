//! What an HTTP/2 connection has read at once is looked at at once: what can be answered there and then, such as a refusal, is, and all
//! these answers are written together. The rest gets tasks of its own.
//!
//! Left to itself, hyper gives a task to each request, and the connection writes after each of them. So where there is too much to do, and
//! much to read at once, to refuse takes the less time the more there is to refuse.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use hyper::rt::Executor;
use lombard_http::doorstep::look_at;

/// Requests of a connection that nobody has looked at yet.
#[derive(Clone, Default)]
pub(super) struct Arrivals(Arc<Mutex<Vec<Call>>>);

/// What answers a request.
type Call = Pin<Box<dyn Future<Output = ()> + Send>>;

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Arrivals {
    fn execute(&self, call: F) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::pin(call));
    }
}

impl Arrivals {
    fn take(&self, calls: &mut Vec<Call>) {
        std::mem::swap(calls, &mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// A connection with its doorstep.
pub(super) struct Doorstep<C> {
    connection: C,
    arrivals: Arrivals,
    /// Those that are looked at now.
    calls: Vec<Call>,
}

impl<C> Doorstep<C> {
    /// A connection whose requests arrive there.
    pub(super) fn of(connection: C, arrivals: Arrivals) -> Self {
        Self { connection, arrivals, calls: Vec::new() }
    }

    /// The connection.
    pub(super) fn connection(self: Pin<&mut Self>) -> Pin<&mut C>
    where
        C: Unpin,
    {
        Pin::new(&mut self.get_mut().connection)
    }
}

impl<C: Future + Unpin> Future for Doorstep<C> {
    type Output = C::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        loop {
            let ended = Pin::new(&mut this.connection).poll(context);
            this.arrivals.take(&mut this.calls);
            if ended.is_pending() && this.calls.is_empty() {
                return Poll::Pending;
            }
            for mut call in this.calls.drain(..) {
                // One that breaks down ends alone, as it would in a task of its own.
                if let Ok(Poll::Pending) = catch_unwind(AssertUnwindSafe(|| look_at(call.as_mut()))) {
                    tokio::spawn(call);
                }
            }
            if ended.is_ready() {
                return ended;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::oneshot;

    use super::*;

    type Step = Box<dyn FnOnce(&Arrivals) + Send>;

    /// A connection that takes one of these steps whenever it is asked, and ends with the last.
    fn door(steps: Vec<Step>) -> Doorstep<impl Future<Output = &'static str> + Unpin> {
        let arrivals = Arrivals::default();
        let (mut steps, own) = (steps.into_iter(), arrivals.clone());
        let connection = poll_fn(move |_| {
            let step = steps.next().expect("a connection that has ended is not asked again");
            step(&own);
            if steps.len() == 0 { Poll::Ready("ended") } else { Poll::Pending }
        });
        Doorstep::of(connection, arrivals)
    }

    fn step(door: &mut (impl Future<Output = &'static str> + Unpin)) -> Poll<&'static str> {
        Pin::new(door).poll(&mut Context::from_waker(std::task::Waker::noop()))
    }

    /// There is no runtime here, so that nothing can have a task.
    #[test]
    fn what_can_be_answered_at_once_is_answered_before_the_connection_goes_on() {
        let answered = Arc::new(AtomicUsize::new(0));
        let (own, seen) = (Arc::clone(&answered), Arc::new(AtomicUsize::new(0)));
        let sees = Arc::clone(&seen);
        let mut door = door(vec![
            Box::new(move |arrivals| {
                for _ in 0..3 {
                    let answered = Arc::clone(&own);
                    arrivals.execute(async move { _ = answered.fetch_add(1, Ordering::Relaxed) });
                }
            }),
            Box::new(move |_| sees.store(answered.load(Ordering::Relaxed), Ordering::Relaxed)),
            Box::new(|_| ()),
        ]);
        assert_eq!(step(&mut door), Poll::Pending);
        assert_eq!(seen.load(Ordering::Relaxed), 3, "it was asked again, to write the answers");
        assert_eq!(step(&mut door), Poll::Ready("ended"));
    }

    #[tokio::test]
    async fn what_takes_longer_goes_on_by_itself_also_when_the_connection_has_ended() {
        let (word, wait) = oneshot::channel();
        let mut door = door(vec![Box::new(|arrivals| {
            let mut has_been_here = false;
            // Nobody wakes it.
            let away =
                poll_fn(
                    move |_| if std::mem::replace(&mut has_been_here, true) { Poll::Ready(()) } else { Poll::Pending },
                );
            arrivals.execute(async move {
                away.await;
                word.send(7).unwrap();
            });
            arrivals.execute(pending());
        })]);
        assert_eq!(step(&mut door), Poll::Ready("ended"));
        assert_eq!(wait.await, Ok(7));
    }

    #[test]
    fn who_breaks_down_ends_alone() {
        let answered = Arc::new(AtomicUsize::new(0));
        let own = Arc::clone(&answered);
        let mut door = door(vec![
            Box::new(move |arrivals| {
                arrivals.execute(async { panic!("on purpose") });
                arrivals.execute(async move { _ = own.fetch_add(1, Ordering::Relaxed) });
            }),
            Box::new(|_| ()),
            Box::new(|_| ()),
        ]);
        assert_eq!(step(&mut door), Poll::Pending);
        assert_eq!(answered.load(Ordering::Relaxed), 1);
    }
}
