//! How well the bank serves: what is counted of answers for the report that regulators ask for, by class of interface and day.
//!
//! (EU) 2018/389 Art. 32(4) and EBA/GL/2018/07, guidelines 2 and 3: response times, errors and availability of the interfaces for apps,
//! beside those of the interface for customers.

#[cfg(test)]
mod tests;

use crate::time::{Date, Instant, Span};

/// Interfaces that are measured together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interface {
    /// Apps read customers' data.
    AccountInformation,
    /// Apps lodge consents, get tokens, register.
    Authorization,
    /// Apps ask whether there is enough money.
    ConfirmationOfFunds,
    /// Pages for customers.
    Customer,
    /// What everybody may see: metadata and keys.
    Public,
}

impl Interface {
    /// All.
    pub const ALL: [Self; INTERFACES] =
        [Self::AccountInformation, Self::Authorization, Self::ConfirmationOfFunds, Self::Customer, Self::Public];

    /// Its name in the database and in reports.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::AccountInformation => "account-information",
            Self::Authorization => "authorization",
            Self::ConfirmationOfFunds => "confirmation-of-funds",
            Self::Customer => "customer",
            Self::Public => "public",
        }
    }

    /// The one with a name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|interface| interface.code() == code)
    }

    /// Its place in [`Interface::ALL`].
    #[must_use]
    pub fn place(self) -> usize {
        match self {
            Self::AccountInformation => 0,
            Self::Authorization => 1,
            Self::ConfirmationOfFunds => 2,
            Self::Customer => 3,
            Self::Public => 4,
        }
    }

    fn bit(self) -> i64 {
        1 << self.place()
    }
}

/// How a call was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// With what was asked for.
    Good,
    /// With a refusal for which the caller is the reason: not there, not allowed, malformed.
    Refused,
    /// Not, because the caller calls too often (429).
    Limited,
    /// Not, because there was no place or a part was not at hand (503).
    Unavailable,
    /// Not, because of a fault of ours, or not in time.
    Failed,
}

impl Answer {
    /// Whether the interface was there for the caller.
    #[must_use]
    pub fn is_reply(self) -> bool {
        match self {
            Self::Good | Self::Refused | Self::Limited => true,
            Self::Unavailable | Self::Failed => false,
        }
    }
}

/// Calls of one interface, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All calls.
    pub calls: u64,
    /// Those that were answered with what was asked for.
    pub good: u64,
    /// Those that were refused for calling too often.
    pub limited: u64,
    /// Those for which there was no place.
    pub unavailable: u64,
    /// Those that failed.
    pub failed: u64,
    /// How long the good answers took together, in microseconds.
    pub micros: u64,
    /// How many of the good answers took up to so long, and longer than the one before: see [`TIMES_MS`]; the last, longer than all.
    pub times: [u64; TIMES],
}

impl Tally {
    /// Counts a call.
    pub fn count(&mut self, answer: Answer, took: Span) {
        self.calls = self.calls.saturating_add(1);
        let counter = match answer {
            Answer::Good => &mut self.good,
            Answer::Limited => &mut self.limited,
            Answer::Unavailable => &mut self.unavailable,
            Answer::Failed => &mut self.failed,
            Answer::Refused => return,
        };
        *counter = counter.saturating_add(1);
        if answer == Answer::Good {
            let micros = took.micros().max(0).unsigned_abs();
            self.micros = self.micros.saturating_add(micros);
            let place = TIMES_MS.iter().position(|end| micros <= end.saturating_mul(1_000)).unwrap_or(TIMES_MS.len());
            if let Some(times) = self.times.get_mut(place) {
                *times = times.saturating_add(1);
            }
        }
    }

    /// Adds another's calls.
    pub fn add(&mut self, other: &Self) {
        for (mine, more) in [
            (&mut self.calls, other.calls),
            (&mut self.good, other.good),
            (&mut self.limited, other.limited),
            (&mut self.unavailable, other.unavailable),
            (&mut self.failed, other.failed),
            (&mut self.micros, other.micros),
        ] {
            *mine = mine.saturating_add(more);
        }
        for (mine, more) in self.times.iter_mut().zip(other.times) {
            *mine = mine.saturating_add(more);
        }
    }

    /// Calls that got no reply for a reason of ours.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.failed.saturating_add(self.unavailable)
    }

    /// How long a good answer took on average; nothing without one.
    #[must_use]
    pub fn average_micros(&self) -> Option<u64> {
        self.micros.checked_div(self.good)
    }

    /// So many of a hundred good answers took up to so many milliseconds; nothing without one. Where they took longer than all that is
    /// told apart, the longest that is.
    #[must_use]
    pub fn within_ms(&self, percent: u64) -> Option<u64> {
        if self.good == 0 {
            return None;
        }
        let wanted = self.good.saturating_mul(percent).div_ceil(100);
        let mut seen = 0_u64;
        for (count, end) in self.times.iter().zip(TIMES_MS) {
            seen = seen.saturating_add(*count);
            if seen >= wanted {
                return Some(end);
            }
        }
        TIMES_MS.last().copied()
    }
}

/// A minute since 1970-01-01T00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Minute(i64);

impl Minute {
    /// The one with this number.
    #[must_use]
    pub fn new(number: i64) -> Self {
        Self(number)
    }

    /// The one of a moment.
    #[must_use]
    pub fn of(at: Instant) -> Self {
        Self(at.micros().div_euclid(Span::minutes(1).micros()))
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> i64 {
        self.0
    }

    /// Its beginning.
    #[must_use]
    pub fn start(self) -> Instant {
        Instant::from_micros(self.0.saturating_mul(Span::minutes(1).micros()))
    }

    /// The first one of a day.
    #[must_use]
    pub fn first_of(day: Date) -> Self {
        Self::of(day.start())
    }
}

/// What is known of a minute, by all nodes together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// A node was serving, and could write to the database.
    pub served: bool,
    replied: i64,
    silent: i64,
}

impl Marks {
    /// As they are stored.
    #[must_use]
    pub fn restore(served: bool, replied: i64, silent: i64) -> Self {
        Self { served, replied, silent }
    }

    /// The interfaces that replied to somebody, as bits.
    #[must_use]
    pub fn replied(self) -> i64 {
        self.replied
    }

    /// The interfaces that left [`SILENT_AFTER`] calls in a row without a reply, as bits.
    #[must_use]
    pub fn silent(self) -> i64 {
        self.silent
    }

    /// An interface replied.
    pub fn note_reply(&mut self, interface: Interface) {
        self.replied |= interface.bit();
    }

    /// An interface left so many calls in a row without a reply.
    pub fn note_silence(&mut self, interface: Interface) {
        self.silent |= interface.bit();
    }

    /// Adds what another knows.
    pub fn add(&mut self, other: Self) {
        self.served |= other.served;
        self.replied |= other.replied;
        self.silent |= other.silent;
    }

    /// Whether an interface was there in this minute: a node was serving, and it did not just leave calls without a reply.
    #[must_use]
    pub fn was_there(self, interface: Interface) -> bool {
        self.served && (self.silent & interface.bit() == 0 || self.replied & interface.bit() != 0)
    }
}

/// How much of some time an interface was there, in minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Availability {
    /// Minutes of that time in all.
    pub minutes: u64,
    /// Those in which it was not there, as had been announced before.
    pub planned: u64,
    /// Those in which it was not there otherwise.
    pub unplanned: u64,
}

impl Availability {
    /// Adds another time.
    pub fn add(&mut self, other: Self) {
        self.minutes = self.minutes.saturating_add(other.minutes);
        self.planned = self.planned.saturating_add(other.planned);
        self.unplanned = self.unplanned.saturating_add(other.unplanned);
    }

    /// Minutes in which it was not there.
    #[must_use]
    pub fn down(&self) -> u64 {
        self.planned.saturating_add(self.unplanned)
    }
}

/// A part of a whole in percent with two digits, rounded half up; nothing of nothing.
#[must_use]
pub fn percent(part: u64, whole: u64) -> Option<String> {
    let hundredths = (u128::from(part) * 20_000 + u128::from(whole)).checked_div(u128::from(whole) * 2)?;
    Some(format!("{}.{:02}", hundredths / 100, hundredths % 100))
}

/// How many interfaces there are.
pub const INTERFACES: usize = 5;
/// How many times are told apart.
pub const TIMES: usize = 17;
/// Up to which times good answers are told apart, in milliseconds.
pub const TIMES_MS: [u64; TIMES - 1] =
    [1, 2, 5, 10, 20, 50, 100, 200, 300, 500, 750, 1_000, 1_500, 3_000, 10_000, 30_000];
/// After so many calls in a row without a reply an interface is not there (Art. 33(1), EBA/GL/2018/07 guideline 2.4).
pub const SILENT_AFTER: u32 = 5;
