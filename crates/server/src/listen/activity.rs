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
use super::slots::Pass;

/// The requests of one connection.
#[derive(Debug)]
pub(super) struct Activity {
    opened: Instant,
    pass: Arc<Pass>,
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
    /// Bodies that wait for the client, to send or to take, each since when.
    waiting: BTreeMap<(u64, Side), Instant>,
    /// When [`PROGRESS_BYTES`] of bodies had come or gone for the last time.
    progressed: Option<Instant>,
    /// Bytes of bodies since then.
    progress_bytes: usize,
    /// Bytes that came since the last one that served a request.
    noise_bytes: usize,
    /// Requests that were given up before their answer was sent, less those that were not.
    abandoned: usize,
    /// What the connection is ended for, if it is abused.
    abuse: Option<&'static str>,
}

/// One of the two bodies of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    /// That of the request.
    Request,
    /// That of the answer.
    Answer,
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
    pub(super) fn new(now: Instant, pass: Arc<Pass>) -> Arc<Self> {
        let state = State {
            next: 0,
            running: BTreeMap::new(),
            quiet_since: None,
            closing_since: None,
            waiting: BTreeMap::new(),
            progressed: None,
            progress_bytes: 0,
            noise_bytes: 0,
            abandoned: 0,
            abuse: None,
        };
        Arc::new(Self { opened: now, pass, state: Mutex::new(state) })
    }

    /// Notes that a request's head has arrived; it runs until the value is dropped.
    pub(super) fn begin(self: &Arc<Self>, now: Instant) -> Exchange {
        let mut state = self.state();
        let number = state.next;
        state.next = number.wrapping_add(1);
        state.noise_bytes = 0;
        if state.running.is_empty() {
            self.pass.works();
        }
        state.running.insert(number, now);
        Exchange { number, activity: Arc::clone(self), is_finished: false }
    }

    /// Notes bytes from the client, whatever they are. False when they are too many that ask for nothing, or when too many requests
    /// were given up: then the connection must end.
    pub(super) fn hear(&self, bytes: usize) -> bool {
        let mut state = self.state();
        state.noise_bytes = state.noise_bytes.saturating_add(bytes);
        if state.noise_bytes > NOISE_MAX_BYTES {
            state.abuse = Some("noise");
        } else if state.abandoned > ABANDONED_MAX {
            state.abuse = Some("abandoned_requests");
        }
        state.abuse.is_none()
    }

    /// What the connection was ended for, if it was abused.
    pub(super) fn abuse(&self) -> Option<&'static str> {
        self.state().abuse
    }

    /// Whether no request runs.
    pub(super) fn rests(&self) -> bool {
        self.state().running.is_empty()
    }

    /// Notes that the connection has been asked to close; the first time counts.
    pub(super) fn closing(&self, now: Instant) {
        self.state().closing_since.get_or_insert(now);
    }

    pub(super) fn verdict(&self, now: Instant, limits: &Limits) -> Verdict {
        let state = self.state();
        let stalled = state.waiting.values().min().map(|since| (*since).max(state.progressed.unwrap_or(*since)));
        let stalled = stalled.map(|since| since + limits.progress);
        let (until, then) = if let Some(oldest) = state.running.values().next() {
            let end = *oldest + limits.exchange;
            match stalled.filter(|stalled| *stalled < end) {
                Some(stalled) => (stalled, Verdict::Drop("no_progress")),
                None => (end, Verdict::Drop("exchange_timeout")),
            }
        } else if let Some(closing) = state.closing_since {
            let from = state.quiet_since.map_or(closing, |quiet| quiet.max(closing));
            (from + limits.close, Verdict::Drop("close_timeout"))
        } else if let Some(quiet) = state.quiet_since {
            (quiet + limits.idle, Verdict::Idle)
        } else {
            (self.opened + limits.first_request, Verdict::Drop("no_request"))
        };
        if until <= now {
            return then;
        }
        // A request may begin or end while the caller sleeps, so nobody sleeps past a limit that may begin to count now.
        let rest = if state.closing_since.is_some() { limits.close } else { limits.idle };
        Verdict::Wait(until.min(now + rest.min(limits.exchange).min(limits.progress)))
    }

    fn end(&self, number: u64, is_finished: bool, now: Instant) {
        let mut state = self.state();
        state.running.remove(&number);
        for side in [Side::Request, Side::Answer] {
            state.waiting.remove(&(number, side));
        }
        state.abandoned =
            if is_finished { state.abandoned.saturating_sub(1) } else { state.abandoned.saturating_add(1) };
        state.quiet_since = Some(now);
        if state.running.is_empty() {
            self.pass.rests(now);
        }
    }

    fn waits(&self, number: u64, side: Side, now: Instant) {
        self.state().waiting.entry((number, side)).or_insert(now);
    }

    fn moves(&self, bytes: usize, now: Instant) {
        let mut state = self.state();
        state.noise_bytes = 0;
        state.progress_bytes = state.progress_bytes.saturating_add(bytes);
        if state.progress_bytes >= PROGRESS_BYTES {
            state.progress_bytes = 0;
            state.progressed = Some(now);
        }
    }

    fn done(&self, number: u64, side: Side) {
        self.state().waiting.remove(&(number, side));
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
    /// Whether the whole answer has been handed on.
    is_finished: bool,
}

impl Exchange {
    /// What a body of it reports to.
    pub(super) fn flow(&self, side: Side) -> Flow {
        Flow { number: self.number, side, activity: Arc::clone(&self.activity) }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.activity.end(self.number, self.is_finished, Instant::now());
    }
}

/// How one body of an exchange comes or goes. The client may take its time between two pieces, but not for ever.
#[derive(Debug)]
pub(super) struct Flow {
    number: u64,
    side: Side,
    activity: Arc<Activity>,
}

impl Flow {
    /// Notes that only the client can go on.
    pub(super) fn waits(&self) {
        self.activity.waits(self.number, self.side, Instant::now());
    }

    /// Notes that the client has gone on by so many bytes.
    pub(super) fn moves(&self, bytes: usize) {
        self.activity.moves(bytes, Instant::now());
    }

    /// Notes that nobody waits for the client any more.
    pub(super) fn done(&self) {
        self.activity.done(self.number, self.side);
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
    flow: Flow,
    exchange: Exchange,
}

impl Tracked {
    pub(super) fn new(body: Body, exchange: Exchange) -> Self {
        let mut tracked = Self { body, left: Bytes::new(), flow: exchange.flow(Side::Answer), exchange };
        tracked.note();
        tracked
    }

    /// Notes whether the client has still to take something.
    fn note(&mut self) {
        if hyper::body::Body::is_end_stream(self) {
            self.exchange.is_finished = true;
            self.flow.done();
        } else {
            self.flow.waits();
        }
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
                other => {
                    // It is not the client for whom we wait.
                    self.flow.done();
                    self.exchange.is_finished |= matches!(other, Poll::Ready(None));
                    return other;
                }
            };
            match frame.into_data() {
                Ok(data) => self.left = data,
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
        let length = self.left.len().min(PIECE_BYTES);
        let piece = self.left.split_to(length);
        self.flow.moves(length);
        self.note();
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
/// Bytes of bodies that count as progress.
pub(super) const PROGRESS_BYTES: usize = 4 * 1024;
/// Bytes that may come without serving a request: 30,000 pings, or several times what HTTP/2 lets arrive of bodies before they are
/// read.
const NOISE_MAX_BYTES: usize = 512 * 1024;
/// Requests that may be given up beyond those that are not: as many as may run at once.
const ABANDONED_MAX: usize = 100;

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
        let activity = Activity::new(start, Pass::alone());
        assert_eq!(activity.verdict(start, &limits()), Verdict::Wait(start + SECOND * 2));
        assert!(matches!(activity.verdict(start + SECOND * 2, &limits()), Verdict::Drop(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_resting_connection_is_asked_to_close_and_then_dropped() {
        let start = Instant::now();
        let activity = Activity::new(start, Pass::alone());
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
        let activity = Activity::new(start, Pass::alone());
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
        let activity = Activity::new(start, Pass::alone());
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
        let activity = Activity::new(start, Pass::alone());
        let exchange = activity.begin(start);
        let Verdict::Wait(until) = activity.verdict(start, &limits()) else { unreachable!() };
        assert!(until <= start + limits().idle);
        drop(exchange);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_must_go_on_as_long_as_only_the_client_can_go_on() {
        let start = Instant::now();
        let activity = Activity::new(start, Pass::alone());
        let exchange = activity.begin(start);
        let flow = exchange.flow(Side::Request);
        let limits = Limits { progress: SECOND * 10, ..limits() };
        let verdict = |after: u32| activity.verdict(start + SECOND * after, &limits);
        assert!(matches!(verdict(29), Verdict::Wait(_)), "nobody waits for the client");
        flow.waits();
        assert!(matches!(verdict(9), Verdict::Wait(_)));
        assert_eq!(verdict(10), Verdict::Drop("no_progress"));
        tokio::time::advance(SECOND * 8).await;
        flow.moves(PROGRESS_BYTES - 1);
        assert_eq!(verdict(10), Verdict::Drop("no_progress"), "too little");
        flow.moves(1);
        assert!(matches!(verdict(17), Verdict::Wait(_)));
        assert_eq!(verdict(18), Verdict::Drop("no_progress"));
        flow.done();
        assert!(matches!(verdict(29), Verdict::Wait(_)));
        assert_eq!(verdict(30), Verdict::Drop("exchange_timeout"));
        drop(exchange);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_takes_makes_no_progress() {
        use http_body_util::BodyExt as _;
        let start = Instant::now();
        let activity = Activity::new(start, Pass::alone());
        let mut answer = Tracked::new(Body::from(vec![7; 2 * PIECE_BYTES]), activity.begin(start));
        let limits = Limits { progress: SECOND * 10, ..limits() };
        assert_eq!(activity.verdict(start + SECOND * 10, &limits), Verdict::Drop("no_progress"));
        tokio::time::advance(SECOND * 9).await;
        answer.frame().await.unwrap().unwrap();
        assert!(matches!(activity.verdict(start + SECOND * 18, &limits), Verdict::Wait(_)));
        assert_eq!(activity.verdict(start + SECOND * 19, &limits), Verdict::Drop("no_progress"));
        answer.frame().await.unwrap().unwrap();
        assert!(matches!(activity.verdict(start + SECOND * 29, &limits), Verdict::Wait(_)), "all of it is taken");
        // An empty answer waits for nobody.
        let empty = Tracked::new(Body::empty(), activity.begin(start));
        drop(answer);
        assert!(matches!(activity.verdict(start + SECOND * 29, &limits), Verdict::Wait(_)));
        drop(empty);
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_that_ask_for_nothing_are_bounded() {
        let start = Instant::now();
        let activity = Activity::new(start, Pass::alone());
        for _ in 0..10 {
            assert!(activity.hear(NOISE_MAX_BYTES));
            drop(activity.begin(start));
        }
        assert!(activity.hear(NOISE_MAX_BYTES) && !activity.hear(1));
        assert_eq!(activity.abuse(), Some("noise"));
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_more_than_it_takes_is_an_abuser() {
        use http_body_util::BodyExt as _;
        let start = Instant::now();
        let activity = Activity::new(start, Pass::alone());
        for _ in 0..10 * ABANDONED_MAX {
            drop(activity.begin(start));
            Tracked::new(Body::from("taken"), activity.begin(start)).collect().await.unwrap();
        }
        assert!(activity.hear(1), "half and half is bearable");
        for _ in 0..=ABANDONED_MAX {
            drop(Tracked::new(Body::from("not taken"), activity.begin(start)));
        }
        assert!(!activity.hear(1));
        assert_eq!(activity.abuse(), Some("abandoned_requests"));
    }
}
