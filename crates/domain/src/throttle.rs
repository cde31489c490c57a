//! How many calls of one kind run at once: as many as the server answers without becoming slow.
//!
//! The rule looks at how long answers take, in windows, and compares with how long they take when there is little to do. Pure: the
//! time and the measurements are passed in.

use crate::time::{Instant, Span};

#[cfg(test)]
mod tests;

/// Between which numbers the rule may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// So many run in any case.
    pub least: u32,
    /// So many at most, and at first.
    pub most: u32,
}

/// How many may run at once, and what that was learned from.
#[derive(Clone, Debug)]
pub struct Adaptive {
    bounds: Bounds,
    limit: u32,
    /// What an answer takes, in microseconds, when there is little to do; none before the first window.
    usual: Option<i64>,
    /// Whether answers were slow at the last decision.
    was_slow: bool,
    window: Window,
}

/// What was seen since the last decision.
#[derive(Clone, Debug, Default)]
struct Window {
    began: Option<Instant>,
    answers: i64,
    micros: i64,
    /// The most that ran at once.
    running: u32,
}

impl Adaptive {
    /// Begins with the most.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        let least = bounds.least.max(1);
        let bounds = Bounds { least, most: bounds.most.max(least) };
        Self { bounds, limit: bounds.most, usual: None, was_slow: false, window: Window::default() }
    }

    /// How many may run at once.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// What an answer takes when there is little to do, as far as is known.
    #[must_use]
    pub fn usual(&self) -> Option<Span> {
        self.usual.map(Span::from_micros)
    }

    /// Learns from one answer: when it was ready, how long it took, and how many ran then, itself among them.
    pub fn observe(&mut self, now: Instant, took: Span, running: u32) {
        let window = &mut self.window;
        let began = *window.began.get_or_insert(now);
        window.answers = window.answers.saturating_add(1);
        window.micros = window.micros.saturating_add(took.micros().max(0));
        window.running = window.running.max(running);
        let is_whole = now.since(began).micros() >= WINDOW.micros() && window.answers >= ANSWERS_LEAST;
        if is_whole || now < began {
            let Window { answers, micros, running, .. } = std::mem::take(&mut self.window);
            self.decide(micros.div_euclid(answers.max(1)), running);
        }
    }

    /// Fewer at once by a fifth when answers are slow, and only so many as are answered in time when they were slow before as well; more by
    /// one and a sixteenth when they are not slow and more would have run.
    fn decide(&mut self, mean: i64, running: u32) {
        let usual = *self.usual.get_or_insert(mean);
        // What is slow then is not slow because of too many.
        let is_quiet = running <= QUIET;
        let slow = usual.saturating_mul(SLOWER).saturating_add(SLACK.micros());
        if mean < usual {
            self.usual = Some(mean);
        } else if is_quiet {
            // What is usual may change with the data; it is believed slowly.
            self.usual = Some(usual.saturating_add(mean.saturating_sub(usual).div_euclid(LEARNING)));
        }
        let is_slow = mean > slow && !is_quiet;
        let next = if is_slow {
            // What is allowed beyond what ran was not the reason, so it goes at once.
            let ran = self.limit.min(running);
            let fewer = ran.saturating_mul(4) / 5;
            let in_time = i64::from(ran).saturating_mul(slow).div_euclid(mean.max(1));
            let in_time = u32::try_from(in_time).unwrap_or(ran).max(ran / 4);
            // Once may be chance: a disk that was busy for a moment.
            if self.was_slow { in_time.min(fewer) } else { fewer }
        } else if mean <= slow && running >= self.limit {
            self.limit.saturating_add(1).saturating_add(self.limit / 16)
        } else {
            self.limit
        };
        self.was_slow = is_slow;
        self.limit = next.clamp(self.bounds.least, self.bounds.most);
    }
}

/// How long is looked before something is decided.
const WINDOW: Span = Span::milliseconds(50);
/// How many answers are looked at, at least.
const ANSWERS_LEAST: i64 = 20;
/// So many times what is usual is slow.
const SLOWER: i64 = 3;
/// What is slower by less is not slow: an answer of half a millisecond may well take two.
const SLACK: Span = Span::milliseconds(2);
/// With so few running, nothing is slow because of too many.
const QUIET: u32 = 2;
/// The part of a difference that is believed in one window.
const LEARNING: i64 = 16;
