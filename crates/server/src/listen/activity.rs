//! What a connection is doing: the requests that run on it, and since when nothing does.
//!
//! Bytes are no sign of life, since a hostile client can send pings for ever; only requests count. Owns no timer: the
//! connection asks until when it may wait.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use tokio::time::Instant;

use super::limits::Limits;

/// The requests of one connection.
#[derive(Debug)]
pub(super) struct Activity {
    opened: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Number of the next request.
    next: u64,
    /// Requests whose answers are not sent yet, with their beginnings; the oldest is the first.
    running: BTreeMap<u64, Instant>,
    /// When the last answer ended.
    quiet_since: Option<Instant>,
    /// When the connection was asked to close.
    closing_since: Option<Instant>,
}

/// What to do with a connection now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing before this moment.
    Wait(Instant),
    /// It rests too long: ask it to close.
    Idle,
    /// It must be dropped, for this reason.
    Drop(&'static str),
}

impl Activity {
    pub(super) fn new(now: Instant) -> Arc<Self> {
        let state = State { next: 0, running: BTreeMap::new(), quiet_since: None, closing_since: None };
        Arc::new(Self { opened: now, state: Mutex::new(state) })
    }

    /// Notes that a request's head has arrived; it runs until the value is dropped.
    pub(super) fn begin(self: &Arc<Self>, now: Instant) -> Exchange {
        let mut state = self.state();
        let number = state.next;
        state.next = number.wrapping_add(1);
        state.running.insert(number, now);
        Exchange { number, activity: Arc::clone(self) }
    }

    /// Notes that the connection has been asked to close; the first time counts.
    pub(super) fn closing(&self, now: Instant) {
        self.state().closing_since.get_or_insert(now);
    }

    pub(super) fn verdict(&self, now: Instant, limits: &Limits) -> Verdict {
        let state = self.state();
        let (until, then) = if let Some(oldest) = state.running.values().next() {
            (*oldest + limits.exchange, Verdict::Drop("a request took too long"))
        } else if let Some(closing) = state.closing_since {
            let from = state.quiet_since.map_or(closing, |quiet| quiet.max(closing));
            (from + limits.close, Verdict::Drop("it did not close when asked to"))
        } else if let Some(quiet) = state.quiet_since {
            (quiet + limits.idle, Verdict::Idle)
        } else {
            (self.opened + limits.first_request, Verdict::Drop("no request came"))
        };
        if until <= now {
            return then;
        }
        // A request may begin or end while the caller sleeps, so nobody sleeps past a limit that may begin to count now.
        let rest = if state.closing_since.is_some() { limits.close } else { limits.idle };
        Verdict::Wait(until.min(now + rest.min(limits.exchange)))
    }

    fn end(&self, number: u64, now: Instant) {
        let mut state = self.state();
        state.running.remove(&number);
        state.quiet_since = Some(now);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that runs; dropped when its answer has been sent or given up.
#[derive(Debug)]
pub(super) struct Exchange {
    number: u64,
    activity: Arc<Activity>,
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.activity.end(self.number, Instant::now());
    }
}

/// An answer's body that keeps its exchange running while the client takes it.
///
/// It goes out in pieces: a connection takes a piece when there is room for it, but a whole page at once, and then it would
/// look as if the answer had been sent.
#[derive(Debug)]
pub(super) struct Tracked {
    body: Body,
    /// What is left of the last frame.
    left: Bytes,
    _exchange: Exchange,
}

impl Tracked {
    pub(super) fn new(body: Body, exchange: Exchange) -> Self {
        Self { body, left: Bytes::new(), _exchange: exchange }
    }
}

impl hyper::body::Body for Tracked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.left.is_empty() {
            let frame = match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => frame,
                other => return other,
            };
            match frame.into_data() {
                Ok(data) => self.left = data,
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
        let length = self.left.len().min(PIECE_BYTES);
        let piece = self.left.split_to(length);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let left = u64::try_from(self.left.len()).unwrap_or(u64::MAX);
        let rest = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(left));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(left));
        }
        hint
    }
}

/// Bytes of one piece of an answer: what fits into a TLS record (RFC 8446, 5.1).
const PIECE_BYTES: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn limits() -> Limits {
        Limits {
            first_request: SECOND * 2,
            idle: SECOND * 10,
            exchange: SECOND * 30,
            close: SECOND * 5,
            ..Limits::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_a_request_is_dropped() {
        let start = Instant::now();
        let activity = Activity::new(start);
        assert_eq!(activity.verdict(start, &limits()), Verdict::Wait(start + SECOND * 2));
        assert!(matches!(activity.verdict(start + SECOND * 2, &limits()), Verdict::Drop(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_resting_connection_is_asked_to_close_and_then_dropped() {
        let start = Instant::now();
        let activity = Activity::new(start);
        drop(activity.begin(start));
        assert!(matches!(activity.verdict(start + SECOND * 9, &limits()), Verdict::Wait(_)));
        let rested = start + SECOND * 10;
        assert_eq!(activity.verdict(rested, &limits()), Verdict::Idle);
        activity.closing(rested);
        activity.closing(rested + SECOND * 4);
        assert!(matches!(activity.verdict(rested + SECOND * 4, &limits()), Verdict::Wait(_)));
        assert!(matches!(activity.verdict(rested + SECOND * 5, &limits()), Verdict::Drop(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_request_decides_and_keeps_a_closing_connection_alive() {
        let start = Instant::now();
        let activity = Activity::new(start);
        let first = activity.begin(start);
        let second = activity.begin(start + SECOND * 20);
        activity.closing(start);
        assert!(matches!(activity.verdict(start + SECOND * 29, &limits()), Verdict::Wait(_)));
        assert!(matches!(activity.verdict(start + SECOND * 30, &limits()), Verdict::Drop(_)));
        drop(first);
        assert!(matches!(activity.verdict(start + SECOND * 49, &limits()), Verdict::Wait(_)));
        drop(second);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_runs_until_its_last_piece_is_taken() {
        use http_body_util::BodyExt as _;
        use hyper::body::Body as _;
        let start = Instant::now();
        let activity = Activity::new(start);
        let mut answer = Tracked::new(Body::from(vec![7; PIECE_BYTES + 5]), activity.begin(start));
        assert_eq!(answer.size_hint().exact(), Some(16_389));
        let first = answer.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!((first.len(), answer.size_hint().exact(), answer.is_end_stream()), (PIECE_BYTES, Some(5), false));
        assert!(matches!(activity.verdict(start + SECOND * 30, &limits()), Verdict::Drop(_)));
        let second = answer.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!((second.len(), answer.size_hint().exact(), answer.is_end_stream()), (5, Some(0), true));
        assert!(answer.frame().await.is_none());
        drop(answer);
        assert!(matches!(activity.verdict(start, &limits()), Verdict::Wait(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_sleeps_past_a_rest_that_begins_meanwhile() {
        let start = Instant::now();
        let activity = Activity::new(start);
        let exchange = activity.begin(start);
        let Verdict::Wait(until) = activity.verdict(start, &limits()) else { unreachable!() };
        assert!(until <= start + limits().idle);
        drop(exchange);
    }
}
