//! How a stretch of time went: what was answered, how soon, and what was not.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use http::StatusCode;

use crate::load::Measured;

/// How a stretch of time went.
#[derive(Clone, Default)]
pub(super) struct Answers {
    pub(super) took: Duration,
    /// How long answers took in microseconds, by status.
    pub(super) by_status: BTreeMap<StatusCode, Vec<u32>>,
    /// Requests that were not answered: the connection broke, or nothing came in time.
    pub(super) lost: usize,
    /// Requests that were not sent, because too many were on their way.
    pub(super) held: usize,
}

impl Answers {
    pub(super) fn count(&mut self, answer: Option<(StatusCode, u32)>) {
        match answer {
            Some((status, micros)) => self.by_status.entry(status).or_default().push(micros),
            None => self.lost += 1,
        }
    }

    /// Both stretches as one.
    pub(super) fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        for (status, micros) in &other.by_status {
            both.by_status.entry(*status).or_default().extend(micros);
        }
        Self { took: self.took + other.took, lost: self.lost + other.lost, held: self.held + other.held, ..both }
    }

    pub(super) fn refused(&self) -> usize {
        self.by_status.iter().filter(|(status, _)| !status.is_success()).map(|(_, micros)| micros.len()).sum()
    }

    /// What a line of the table says of some answers: how many in a second, and two percentiles in milliseconds.
    pub(super) fn line(&self, is_wanted: impl Fn(StatusCode) -> bool) -> [f64; 3] {
        let mut micros: Vec<u32> = self
            .by_status
            .iter()
            .filter(|(status, _)| is_wanted(**status))
            .flat_map(|(_, micros)| micros)
            .copied()
            .collect();
        micros.sort_unstable();
        let measured = Measured { micros, duration: self.took, ..Measured::nothing() };
        [measured.per_second(), measured.percentile(50), measured.percentile(99)]
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by_status: BTreeMap<_, _> =
            self.by_status.iter().map(|(status, micros)| (status.as_u16(), micros.len())).collect();
        write!(f, "{by_status:?}, {} lost, {} held", self.lost, self.held)
    }
}
