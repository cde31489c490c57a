//! How often something may happen: rates, and the sums that decide (GCRA, the generic cell rate algorithm), in whole microseconds.
//!
//! Of what is counted one number is kept: the moment at which all of it will be there again. The shared counter's script does the
//! same sums with the same numbers, and a test compares the two; so this must stay plain addition and comparison of integers, none
//! beyond 2^53.

use std::fmt;
use std::str::FromStr;

use crate::time::{Instant, Span};

#[cfg(test)]
mod tests;

/// How often something may happen: so many times in a span in the long run, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    count: u32,
    per: Per,
    burst: u32,
    /// Among how many it is divided.
    shares: u32,
}

/// The span of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// A second.
    Second,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
}

/// The moment at which all of what is counted is there again; what was never counted, or long ago, has none.
pub type FullAt = Option<Instant>;

/// What a counter found, and did: it takes one of each, or nothing of any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whether there was one of each.
    pub admitted: bool,
    /// When it was counted, by the counter's clock.
    pub now: Instant,
    /// When each is full again, in the order in which they were asked for.
    pub full_at: Vec<Instant>,
}

/// How something that is counted stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How many there are at most.
    pub limit: u32,
    /// In how many seconds so many come back.
    pub window: i64,
    /// How many are left.
    pub left: u32,
    /// Seconds until all are there again.
    pub reset: i64,
    /// Seconds until there is one; none if there is one now.
    pub wait: i64,
}

/// Why a text is no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a rate such as \"20/s\" or \"30/m burst 60\": numbers from 1 to 1000000, s, m, h or d, all back within 30 days"
)]
pub struct BadRate;

impl Rate {
    /// So many times in a span, and so many at once; each at least one.
    #[must_use]
    pub const fn new(count: u32, per: Per, burst: u32) -> Self {
        let count = if count == 0 { 1 } else { count };
        let burst = if burst == 0 { 1 } else { burst };
        Self { count, per, burst, shares: 1 }
    }

    /// The part of one of several counters that do not know each other: together they admit no more than this rate does, but for
    /// the one that each must be able to admit.
    #[must_use]
    pub fn shared_among(self, counters: u32) -> Self {
        let counters = counters.max(1);
        Self { burst: (self.burst / counters).max(1), shares: self.shares.saturating_mul(counters), ..self }
    }

    /// How many there are at most.
    #[must_use]
    pub fn burst(self) -> u32 {
        self.burst
    }

    /// Microseconds after which there is one more, rounded up.
    #[must_use]
    pub fn interval(self) -> i64 {
        let (count, span) = (i64::from(self.count), self.per.span().micros());
        span.saturating_add(count - 1).div_euclid(count).saturating_mul(i64::from(self.shares))
    }

    /// Microseconds in which all come back.
    #[must_use]
    pub fn refill(self) -> i64 {
        self.interval().saturating_mul(i64::from(self.burst))
    }

    /// When it is full again if one more is taken; `None` if there is none.
    ///
    /// A moment too far ahead is brought near: it comes from a clock that was set back, or from a rate that was slower.
    fn take(self, full_at: Instant, now: Instant) -> Option<Instant> {
        let taken = Instant::from_micros(full_at.micros().saturating_add(self.interval()));
        (taken.micros() <= now.micros().saturating_add(self.refill())).then_some(taken)
    }

    /// What is kept of it, brought to what it can be at a moment.
    fn known(self, full_at: FullAt, now: Instant) -> Instant {
        let latest = now.micros().saturating_add(self.refill());
        full_at.map_or(now, |full_at| Instant::from_micros(full_at.micros().clamp(now.micros(), latest)))
    }

    /// How it stands.
    #[must_use]
    pub fn standing(self, full_at: Instant, now: Instant) -> Standing {
        let missing = full_at.since(now).micros().max(0);
        let free = self.refill().saturating_sub(missing).max(0);
        let left = free.div_euclid(self.interval().max(1));
        let wait = if left > 0 { 0 } else { self.interval().saturating_sub(free) };
        Standing {
            limit: self.burst,
            window: seconds(self.refill()),
            left: u32::try_from(left).unwrap_or(u32::MAX),
            reset: seconds(missing),
            wait: seconds(wait),
        }
    }
}

/// Takes one of each, or nothing of any.
#[must_use]
pub fn take(asked: &[(Rate, FullAt)], now: Instant) -> Taken {
    let known: Vec<(Rate, Instant)> = asked.iter().map(|(rate, full_at)| (*rate, rate.known(*full_at, now))).collect();
    let taken: Option<Vec<Instant>> = known.iter().map(|(rate, full_at)| rate.take(*full_at, now)).collect();
    match taken {
        Some(full_at) => Taken { admitted: true, now, full_at },
        None => Taken { admitted: false, now, full_at: known.into_iter().map(|(_, full_at)| full_at).collect() },
    }
}

/// Rounded up: who waits so long finds one.
fn seconds(micros: i64) -> i64 {
    micros.saturating_add(MICROS - 1).div_euclid(MICROS)
}

impl Per {
    fn span(self) -> Span {
        match self {
            Self::Second => Span::seconds(1),
            Self::Minute => Span::minutes(1),
            Self::Hour => Span::hours(1),
            Self::Day => Span::days(1),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.per {
            Per::Second => "s",
            Per::Minute => "m",
            Per::Hour => "h",
            Per::Day => "d",
        };
        write!(f, "{}/{unit} burst {}", self.count, self.burst)
    }
}

impl FromStr for Rate {
    type Err = BadRate;

    fn from_str(text: &str) -> Result<Self, BadRate> {
        let number = |text: &str| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number| digits && (1..=NUMBER_MAX).contains(number)).ok_or(BadRate)
        };
        let (rate, burst) = text.split_once(" burst ").map_or((text, None), |(rate, burst)| (rate, Some(burst)));
        let (count, unit) = rate.split_once('/').ok_or(BadRate)?;
        let per = match unit {
            "s" => Per::Second,
            "m" => Per::Minute,
            "h" => Per::Hour,
            "d" => Per::Day,
            _ => return Err(BadRate),
        };
        let count = number(count)?;
        let rate = Self::new(count, per, burst.map_or(Ok(count), number)?);
        if rate.refill() <= REFILL_MAX.micros() { Ok(rate) } else { Err(BadRate) }
    }
}

const MICROS: i64 = 1_000_000;
/// A rate's numbers.
const NUMBER_MAX: u32 = 1_000_000;
/// How long it may take until all is there again.
const REFILL_MAX: Span = Span::days(30);
