//! Who runs and who waits in the places of one class, and whether everybody has to wait.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use lombard_auth::limit::Subject;
use lombard_domain::throttle::Adaptive;
use tokio::sync::oneshot;
use tokio::time;

/// Whose turn a call takes: an app's, an address's, or that of those of whom nothing is known.
pub(crate) type Share = Option<Subject>;

/// The places of one class at a moment.
pub(super) struct State {
    pub(super) rule: Adaptive,
    pub(super) running: u32,
    /// How many of them are whose.
    pub(super) runs: HashMap<Share, u32>,
    pub(super) waiting: usize,
    /// Who waits, by whose turn it is next.
    pub(super) turns: VecDeque<Share>,
    pub(super) queues: HashMap<Share, VecDeque<Waiter>>,
    /// Since when nobody has got a place soon after coming, of those who came; none: the last one did.
    late_since: Option<time::Instant>,
    /// When the queue stood, for the last time before the present one.
    stood_at: Option<time::Instant>,
    /// When a call was refused, for the last time.
    refused_at: Option<time::Instant>,
    next: u64,
}

/// A call that waits for its turn.
pub(super) struct Waiter {
    number: u64,
    /// Since when it waits; the way to the queue is a part of that for those behind others of their share.
    pub(super) since: time::Instant,
    pub(super) ticket: oneshot::Sender<()>,
}

impl State {
    pub(super) fn new(rule: Adaptive) -> Self {
        let (turns, queues) = (VecDeque::new(), HashMap::new());
        Self {
            rule,
            running: 0,
            runs: HashMap::new(),
            waiting: 0,
            turns,
            queues,
            late_since: None,
            stood_at: None,
            refused_at: None,
            next: 0,
        }
    }

    /// Whether everybody has waited for a while (CoDel, RFC 8289 3): the queue is not that of a moment. Where there was such a one a moment
    /// ago, this is seen sooner.
    pub(super) fn stands(&self) -> bool {
        let again = self.stood_at.is_some_and(|stood| stood.elapsed() < MEMORY);
        let standing = if again { STANDING_AGAIN } else { STANDING };
        self.late_since.is_some_and(|since| since.elapsed() >= standing)
    }

    /// Gives a place to a call that has waited for so long.
    pub(super) fn let_in(&mut self, share: Share, waited: Duration) {
        self.running = self.running.saturating_add(1);
        let runs = self.runs.entry(share).or_default();
        *runs = runs.saturating_add(1);
        // A place that is free because others were refused is no sign that there is little to do.
        let is_calm = self.refused_at.is_none_or(|refused| refused.elapsed() >= CALM);
        if is_calm && waited < PROMPT {
            if self.stands() {
                self.stood_at = Some(time::Instant::now());
            }
            self.late_since = None;
        } else {
            self.late();
        }
    }

    /// Takes back the place of a call that runs no more.
    pub(super) fn left(&mut self, share: Share) {
        self.running = self.running.saturating_sub(1);
        if let Some(runs) = self.runs.get_mut(&share) {
            *runs = runs.saturating_sub(1);
            if *runs == 0 {
                self.runs.remove(&share);
            }
        }
    }

    /// Whether a call of theirs runs or waits.
    pub(super) fn is_here(&self, share: Share) -> bool {
        self.runs.contains_key(&share) || self.queues.contains_key(&share)
    }

    /// Whether as many of theirs run as there are places for each of whom any runs.
    pub(super) fn has_its_part(&self, share: Share) -> bool {
        let all = u32::try_from(self.runs.len()).unwrap_or(u32::MAX);
        let part = self.rule.limit().checked_div(all).unwrap_or_default().max(1);
        self.runs.get(&share).is_some_and(|runs| *runs >= part)
    }

    fn late(&mut self) {
        self.late_since.get_or_insert_with(time::Instant::now);
    }

    pub(super) fn refused(&mut self) {
        self.late();
        self.rule.refused();
        self.refused_at = Some(time::Instant::now());
    }

    /// A place in the queue; `None` if there is none for this caller.
    pub(super) fn queue(
        &mut self,
        share: Share,
        since: time::Instant,
        most: usize,
    ) -> Option<(u64, oneshot::Receiver<()>)> {
        self.late();
        if self.waiting >= most {
            self.push_out(share)?;
        }
        let (ticket, called) = oneshot::channel();
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        let queue = self.queues.entry(share).or_default();
        if queue.is_empty() {
            self.turns.push_back(share);
        }
        queue.push_back(Waiter { number, since, ticket });
        self.waiting = self.waiting.saturating_add(1);
        Some((number, called))
    }

    /// Makes room for somebody who has less of the queue than another.
    fn push_out(&mut self, share: Share) -> Option<()> {
        let own = self.queues.get(&share).map_or(0, VecDeque::len);
        let (longest, queue) = self.queues.iter_mut().max_by_key(|(_, queue)| queue.len())?;
        if queue.len() <= own.saturating_add(1) {
            return None;
        }
        let longest = *longest;
        let last = queue.back()?.number;
        self.remove(longest, last).then(|| self.refused())
    }

    pub(super) fn next_in_turn(&mut self) -> Option<(Share, Waiter)> {
        let share = self.turns.pop_front()?;
        let queue = self.queues.get_mut(&share)?;
        let waiter = queue.pop_front();
        if queue.is_empty() {
            self.queues.remove(&share);
        } else {
            self.turns.push_back(share);
        }
        self.waiting = self.waiting.saturating_sub(usize::from(waiter.is_some()));
        Some((share, waiter?))
    }

    /// Takes somebody out of the queue; whether they were in it.
    pub(super) fn remove(&mut self, share: Share, number: u64) -> bool {
        let Some(queue) = self.queues.get_mut(&share) else { return false };
        let Some(place) = queue.iter().position(|waiter| waiter.number == number) else { return false };
        queue.remove(place);
        if queue.is_empty() {
            self.queues.remove(&share);
            self.turns.retain(|other| *other != share);
        }
        self.waiting = self.waiting.saturating_sub(1);
        true
    }
}

/// After so long without a refusal, a free place is free because there are few.
pub(super) const CALM: Duration = Duration::from_millis(10);
/// Who gets a place within this time has not waited.
const PROMPT: Duration = Duration::from_millis(5);
/// When everybody has waited for so long, a queue is no longer that of a moment.
pub(super) const STANDING: Duration = Duration::from_millis(50);
/// The same for a while after there was such a queue.
pub(super) const STANDING_AGAIN: Duration = Duration::from_millis(10);
/// For how long that is remembered.
const MEMORY: Duration = Duration::from_secs(1);
