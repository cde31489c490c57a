//! How many calls of one class run at once: as many as the server answers without becoming slow.
//!
//! The rule looks at how long answers take, in windows, and compares with how long answers of the same kinds take when there is little to
//! do. Pure: the time and the measurements are passed in.

use std::collections::HashMap;

use crate::time::{Instant, Span};

#[cfg(test)]
mod tests;

/// Between which numbers the rule may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// So many run in any case.
    pub least: u32,
    /// So many at most.
    pub most: u32,
}

/// How many may run at once, and what that was learned from.
#[derive(Clone, Debug)]
pub struct Adaptive {
    bounds: Bounds,
    limit: u32,
    kinds: HashMap<&'static str, Kind>,
    /// What an answer of the last window takes, in microseconds, when there is little to do; none before the first window.
    usual: Option<i64>,
    /// How many decisions there were since answers were slow.
    since_slow: u32,
    /// Whether more were refused than answered lately.
    is_flood: bool,
    window: Window,
}

/// An answer.
#[derive(Clone, Copy, Debug)]
pub struct Answered {
    /// Of which kind it is; there are only so many, such as the routes of a server.
    pub kind: &'static str,
    /// For how long it waited before it ran.
    pub waited: Span,
    /// How long it took then.
    pub ran: Span,
    /// How many ran when it was ready, itself among them.
    pub running: u32,
}

/// What is known of the answers of one kind.
#[derive(Clone, Debug, Default)]
struct Kind {
    /// What one takes, in microseconds, when there is little to do.
    usual: Option<i64>,
    /// Those from which nothing was learned yet.
    seen: Seen,
}

/// Some answers.
#[derive(Clone, Debug, Default)]
struct Seen {
    answers: i64,
    /// How long they ran together, in microseconds.
    ran: i64,
    /// How long they waited together.
    waited: i64,
    /// The most that ran at once.
    running: u32,
}

/// What was seen since the last decision.
#[derive(Clone, Debug, Default)]
struct Window {
    began: Option<Instant>,
    seen: Seen,
    /// How long all of them take, in microseconds, when there is little to do.
    usual: i64,
    /// How many were refused meanwhile.
    refused: i64,
}

impl Adaptive {
    /// Begins as a server that has little to do.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        let least = bounds.least.max(1);
        let bounds = Bounds { least, most: bounds.most.max(least) };
        let (kinds, window) = (HashMap::new(), Window::default());
        Self { bounds, limit: bounds.at_rest(), kinds, usual: None, since_slow: SETTLED, is_flood: false, window }
    }

    /// How many may run at once.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// What an answer takes when there is little to do, as far as is known, of such as there were last.
    #[must_use]
    pub fn usual(&self) -> Option<Span> {
        self.usual.map(Span::from_micros)
    }

    /// Whether more are refused than answered: the rest must be quick, because to refuse takes much of what there is.
    #[must_use]
    pub fn is_flood(&self) -> bool {
        self.is_flood
    }

    /// Learns that one was refused.
    pub fn refused(&mut self) {
        self.window.refused = self.window.refused.saturating_add(1);
    }

    /// Learns from one answer, which is ready now.
    pub fn observe(&mut self, now: Instant, answered: Answered) {
        let kind = self.kinds.entry(answered.kind).or_default();
        kind.learn(answered, self.is_flood);
        let window = &mut self.window;
        let began = *window.began.get_or_insert(now);
        window.seen.add(answered);
        // Of what is not known yet, nothing is slow.
        window.usual = window.usual.saturating_add(kind.usual.unwrap_or_else(|| answered.ran.micros().max(0)));
        let is_whole = now.since(began).micros() >= WINDOW.micros() && window.seen.answers >= ANSWERS_LEAST;
        if is_whole || now < began {
            let Window { seen, usual, refused, .. } = std::mem::take(&mut self.window);
            self.is_flood = refused > seen.answers;
            self.decide(&seen, usual.div_euclid(seen.answers.max(1)));
        }
    }

    /// Fewer at once by a fifth when answers are slow, and only so many as are answered in time, but a quarter of them at least, when they
    /// were slow before as well; more when they are not slow and more would have run: by one and a sixteenth, or a quarter where they have
    /// not been slow for a while. Where there is little to do, step by step as many as at rest; if there are fewer, by half of what is missing,
    /// so that a few that come together after a crowd find places.
    fn decide(&mut self, seen: &Seen, usual: i64) {
        self.usual = Some(usual);
        let slower = if self.is_flood { SLOWER_IN_FLOOD } else { SLOWER };
        let (mean, slow) =
            (seen.mean().saturating_add(seen.mean_wait()), usual.saturating_mul(slower).saturating_add(SLACK.micros()));
        // What is slow while few run is not slow because of too many.
        let is_slow = mean > slow && seen.running > QUIET;
        let next = if is_slow {
            // What is allowed beyond what ran was not the reason, so it goes at once.
            let ran = self.limit.min(seen.running);
            let fewer = ran.saturating_mul(4) / 5;
            let in_time = i64::from(ran).saturating_mul(slow).div_euclid(mean.max(1));
            let in_time = u32::try_from(in_time).unwrap_or(ran).max(ran / 4);
            // Once may be chance: a disk that was busy for a moment.
            if self.since_slow == 0 { in_time.min(fewer) } else { fewer }
        } else if mean <= slow && seen.running >= self.limit {
            let part = if self.since_slow >= SETTLED { 4 } else { 16 };
            self.limit.saturating_add(1).saturating_add(self.limit / part)
        } else if mean <= slow && seen.running <= QUIET {
            let (rest, step) = (self.bounds.at_rest(), self.limit / 16 + 1);
            let up = step.max(rest.saturating_sub(self.limit) / 2);
            rest.clamp(self.limit.saturating_sub(step), self.limit.saturating_add(up))
        } else {
            self.limit
        };
        self.since_slow = if is_slow { 0 } else { self.since_slow.saturating_add(1) };
        self.limit = next.clamp(self.bounds.least, self.bounds.most);
    }
}

impl Bounds {
    /// How many may run at once where there is little to do: what comes all at once is felt before it is too much.
    fn at_rest(self) -> u32 {
        AT_REST.clamp(self.least, self.most)
    }
}

impl Kind {
    /// What is usual falls at once, and rises only while few run, nobody waits, and there is no flood: it may change with the data, and is believed
    /// slowly. In a flood few run because the others are refused.
    fn learn(&mut self, answered: Answered, is_flood: bool) {
        self.seen.add(answered);
        if self.seen.answers < ANSWERS_LEAST {
            return;
        }
        let seen = std::mem::take(&mut self.seen);
        let mean = seen.mean();
        let usual = *self.usual.get_or_insert(mean);
        if mean < usual {
            self.usual = Some(mean);
        } else if seen.running <= QUIET && !is_flood && seen.mean_wait() <= PROMPT.micros() {
            self.usual = Some(usual.saturating_add(mean.saturating_sub(usual).div_euclid(LEARNING)));
        }
    }
}

impl Seen {
    fn add(&mut self, answered: Answered) {
        self.answers = self.answers.saturating_add(1);
        self.ran = self.ran.saturating_add(answered.ran.micros().max(0));
        self.waited = self.waited.saturating_add(answered.waited.micros().max(0));
        self.running = self.running.max(answered.running);
    }

    fn mean(&self) -> i64 {
        self.ran.div_euclid(self.answers.max(1))
    }

    fn mean_wait(&self) -> i64 {
        self.waited.div_euclid(self.answers.max(1))
    }
}

/// How long is looked before something is decided.
const WINDOW: Span = Span::milliseconds(50);
/// How many answers are looked at, at least.
const ANSWERS_LEAST: i64 = 20;
/// So many times what is usual is slow: so much slower than a quiet server is still a good one.
const SLOWER: i64 = 5;
/// The same in a flood.
const SLOWER_IN_FLOOD: i64 = 2;
/// What is slower by less is not slow: to be called in and to be measured take their time too.
const SLACK: Span = Span::from_micros(500);
/// With so few running, nothing is slow because of too many.
const QUIET: u32 = 2;
/// So many may run where there is little to do; the next of a crowd wait for a moment, until it is seen whether they make it slow.
const AT_REST: u32 = 32;
/// After so many decisions without slow answers, there is time to grow.
const SETTLED: u32 = 20;
/// Who waits for less does not wait.
const PROMPT: Span = Span::milliseconds(1);
/// The part of a difference that is believed at once.
const LEARNING: i64 = 16;
