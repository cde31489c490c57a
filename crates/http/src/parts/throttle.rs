//! Places in which calls run: so many of each class at once, a short queue before them in which apps have turns, and a refusal for the
//! rest.
//!
//! How many there are follows how long answers take (`lombard_domain::throttle`). No class can take another's places, so that what
//! ends something goes on while reads are refused. In the queue everybody who waits has a turn, one call each; where it is full,
//! whoever has most of it loses the latest. In a flood nobody waits who has their part of the places. It must never hold a lock while it
//! waits.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lombard_auth::limit::{Class, Throttling};
use lombard_domain::throttle::{Adaptive, Answered};
use lombard_domain::time::{Instant, Span};
use tokio::sync::oneshot;
use tokio::time;

use self::pulse::Pulse;
use self::state::{Share, State};

mod pulse;
mod state;
#[cfg(test)]
mod tests;

/// The places of a server.
pub(crate) struct Throttle {
    lanes: Vec<(Class, Arc<Lane>)>,
}

/// A call that runs. Its place is free again when this is dropped.
pub(crate) struct Place {
    lane: Arc<Lane>,
    share: Share,
    began: time::Instant,
    /// What it asks for.
    kind: &'static str,
    unseen: Duration,
}

/// A call that wants a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Comer {
    pub(crate) class: Class,
    pub(crate) share: Share,
    /// What it asks for: the template of its route.
    pub(crate) kind: &'static str,
    /// For how long it has been here before anybody looked at it. Where the processor has too much to do, that is where calls wait.
    pub(crate) unseen: Duration,
}

/// The places of one class.
struct Lane {
    state: Mutex<State>,
    waiting_max: usize,
    wait: Duration,
    origin: time::Instant,
    pulse: Arc<Pulse>,
    gauges: Gauges,
}

/// A call in the queue. If it goes away, its place in the queue goes with it, or the place to run that it was just given.
struct Waiting<'a> {
    lane: &'a Arc<Lane>,
    share: Share,
    number: u64,
    called: oneshot::Receiver<()>,
    has_place: bool,
}

struct Gauges {
    running: metrics::Gauge,
    waiting: metrics::Gauge,
    limit: metrics::Gauge,
}

impl Throttle {
    pub(crate) fn new(throttling: &Throttling) -> Self {
        let pulse = Arc::default();
        let lane = |class| (class, Arc::new(Lane::new(class, throttling, Arc::clone(&pulse))));
        Self { lanes: Class::ALL.into_iter().map(lane).collect() }
    }

    /// A place to run, at once or after a short wait; `None` if there is none.
    pub(crate) async fn enter(&self, comer: Comer) -> Option<Place> {
        let (_, lane) = self.lanes.iter().find(|(own, _)| *own == comer.class)?;
        let comer = Comer { unseen: comer.unseen.saturating_add(lane.pulse.lag()), ..comer };
        let (mut waiting, wait) = {
            let mut state = lane.lock();
            if state.waiting == 0 && state.running < state.rule.limit() && lane.is_in_time(&state, comer.unseen) {
                state.let_in(comer.share, comer.unseen);
                lane.show(&state);
                return Some(Place::begins(lane, comer));
            }
            let Some(queued) = lane.queue(&mut state, &comer) else {
                state.refused();
                return None;
            };
            lane.show(&state);
            queued
        };
        match time::timeout(wait, &mut waiting.called).await {
            Ok(Ok(())) => {
                waiting.has_place = true;
                Some(Place::begins(lane, comer))
            }
            // Pushed out, or called when it was too late: whoever did that has noted it.
            Ok(Err(_)) => None,
            Err(_) => {
                lane.lock().refused();
                None
            }
        }
    }
}

impl Lane {
    fn new(class: Class, throttling: &Throttling, pulse: Arc<Pulse>) -> Self {
        let gauges = Gauges {
            running: metrics::gauge!("lombard_throttle_running", "class" => class.name()),
            waiting: metrics::gauge!("lombard_throttle_waiting", "class" => class.name()),
            limit: metrics::gauge!("lombard_throttle_limit", "class" => class.name()),
        };
        let lane = Self {
            state: Mutex::new(State::new(Adaptive::new(throttling.bounds(class)))),
            waiting_max: usize::try_from(throttling.waiting).unwrap_or(usize::MAX),
            wait: duration(throttling.wait),
            origin: time::Instant::now(),
            pulse,
            gauges,
        };
        lane.show(&lane.lock());
        lane
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn show(&self, state: &State) {
        self.gauges.running.set(f64::from(state.running));
        self.gauges.waiting.set(f64::from(u32::try_from(state.waiting).unwrap_or(u32::MAX)));
        self.gauges.limit.set(f64::from(state.rule.limit()));
    }

    /// How long a call may wait: where everybody has waited for a while, there is too much to do, and a long queue would only make
    /// everybody slow.
    fn wait_now(&self, state: &State) -> Duration {
        if !state.stands() {
            return self.wait;
        }
        let usual = state.rule.usual().map_or(Duration::ZERO, duration);
        SHORT_WAIT.max(usual.saturating_mul(2)).min(self.wait)
    }

    /// Whether a call has been here for no longer than it may wait. In a flood, one that has gets no free place at once, but a turn: places are for
    /// those that can still be answered in time. Where nobody runs, nobody would call it in.
    fn is_in_time(&self, state: &State, unseen: Duration) -> bool {
        !state.rule.is_flood() || state.running == 0 || unseen <= self.wait_now(state)
    }

    /// How many may wait: where everybody has waited for a while, only those whose turn comes before they have waited too long, one for every
    /// second place. The rest is refused at once, which costs least. There is always room for a few, so that whoever asks for little has a turn.
    fn waiting_now(&self, state: &State) -> usize {
        if !state.stands() {
            return self.waiting_max;
        }
        let places = usize::try_from(state.rule.limit()).unwrap_or(usize::MAX);
        self.waiting_max.min((places / 2).max(FEW))
    }

    /// A place in the queue, and for how long it may be kept; `None` if there is none for this caller.
    ///
    /// In a flood nobody waits who has their part of the places: the next place is free before long, and somebody comes just then, who has
    /// not waited.
    fn queue<'a>(self: &'a Arc<Self>, state: &mut State, comer: &Comer) -> Option<(Waiting<'a>, Duration)> {
        let is_flood = state.rule.is_flood();
        if is_flood && state.has_its_part(comer.share) {
            return None;
        }
        // Whoever has nobody in the queue has a turn, however late anybody looked; in a flood, whoever has nobody here at all.
        let has_turn = if is_flood { !state.is_here(comer.share) } else { !state.queues.contains_key(&comer.share) };
        let waited = if has_turn { Duration::ZERO } else { comer.unseen };
        let wait = self.wait_now(state).checked_sub(waited)?;
        let since = time::Instant::now().checked_sub(waited)?;
        let (number, called) = state.queue(comer.share, since, self.waiting_now(state))?;
        Some((Waiting { lane: self, share: comer.share, number, called, has_place: false }, wait))
    }

    /// Calls in who is next, while there are places. Who has waited for longer than one may wait by now is refused: those behind them would
    /// come as late.
    fn call_in(&self, state: &mut State) {
        let wait = self.wait_now(state);
        while state.running < state.rule.limit() {
            let Some((share, waiter)) = state.next_in_turn() else { break };
            let waited = waiter.since.elapsed();
            if waited > wait {
                state.refused();
                continue;
            }
            state.let_in(share, waited);
            // Whoever waits no longer has left the queue before, under the same lock.
            if waiter.ticket.send(()).is_err() {
                state.left(share);
            }
        }
        self.show(state);
    }

    fn leave(&self, share: Share) {
        let mut state = self.lock();
        state.left(share);
        self.call_in(&mut state);
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.has_place {
            return;
        }
        let mut state = self.lane.lock();
        let was_called = !state.remove(self.share, self.number) && self.called.try_recv().is_ok();
        if was_called {
            state.left(self.share);
        }
        self.lane.call_in(&mut state);
    }
}

impl Place {
    fn begins(lane: &Arc<Lane>, comer: Comer) -> Self {
        let Comer { share, kind, unseen, .. } = comer;
        Self { lane: Arc::clone(lane), share, began: time::Instant::now(), kind, unseen }
    }

    /// The call was answered: how long that took is learned from.
    pub(crate) fn answered(self) {
        let now = time::Instant::now();
        let mut state = self.lane.lock();
        let at = Instant::from_micros(span(now.duration_since(self.lane.origin)).micros());
        let (waited, ran) = (span(self.unseen), span(now.duration_since(self.began)));
        let answered = Answered { kind: self.kind, waited, ran, running: state.running };
        state.rule.observe(at, answered);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.lane.leave(self.share);
    }
}

fn duration(span: Span) -> Duration {
    Duration::from_micros(span.micros().max(0).unsigned_abs())
}

fn span(duration: Duration) -> Span {
    Span::from_micros(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}

/// So many may wait in a queue that stands, even where there are fewer places than that.
const FEW: usize = 4;
/// How long a call waits in a queue that stands, at least.
const SHORT_WAIT: Duration = Duration::from_millis(2);
