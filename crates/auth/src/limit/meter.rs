//! What is known of one call while it runs: of which class it is, how the limits stand that were asked, and who calls.

use std::sync::{Mutex, PoisonError};

use lombard_domain::limit::Standing;

use super::{Class, Kind};
use crate::caller::{Caller, Known};

/// What is known of one call.
#[derive(Debug)]
pub struct Meter {
    class: Class,
    caller: Known,
    told: Mutex<Vec<Told>>,
}

/// How one limit of a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The class of the call.
    pub class: Class,
    /// What is counted by.
    pub kind: Kind,
    /// How it stands after the call.
    pub standing: Standing,
}

/// A call is one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many calls of the class {} by {}", .class.name(), .kind.name())]
pub struct Limited {
    /// Of which class.
    pub class: Class,
    /// What is counted by.
    pub kind: Kind,
    /// After so many seconds there is a place.
    pub wait: i64,
}

impl Meter {
    /// That of a call of a class.
    #[must_use]
    pub fn new(class: Class) -> Self {
        Self { class, caller: Known::default(), told: Mutex::default() }
    }

    /// The class of the call.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }

    /// Who calls, once they have proved it.
    #[must_use]
    pub fn caller(&self) -> Option<Caller> {
        self.caller.get()
    }

    pub(crate) fn know(&self, caller: Caller) {
        self.caller.set(caller);
    }

    /// How the limits stand that were asked.
    #[must_use]
    pub fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn tell(&self, told: impl Iterator<Item = Told>) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).extend(told);
    }
}
