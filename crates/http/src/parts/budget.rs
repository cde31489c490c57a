//! What an answer will tell of the accesses without the customer: how many there are, how many are left, and when there is one more.
//!
//! An extractor cannot set headers of the answer, so it leaves what is to be told in a slot of the request, and the layer around all
//! routes reads it there. That layer also sees when a caller hangs up before the answer: then nothing was given, and nothing counts.

use std::sync::{Arc, OnceLock};

use http::request::Parts;
use lombard_auth::access::{Budget, Gate};

/// The place for what is to be told.
#[derive(Clone, Default)]
pub(crate) struct Slot(Arc<OnceLock<Budget>>);

/// Leaves what is to be told of a call.
pub(crate) fn tell(parts: &Parts, budget: &Budget) {
    if let Some(Slot(slot)) = parts.extensions.get() {
        // A call has one budget; whoever comes second has nothing new to tell.
        let _ = slot.set(budget.clone());
    }
}

/// A call that is not answered yet. If it never is, what it has taken is given back.
pub(crate) struct Open {
    slot: Slot,
    gate: Gate,
    is_settled: bool,
}

impl Open {
    /// A call that begins.
    pub(crate) fn of(gate: Gate) -> Self {
        Self { slot: Slot::default(), gate, is_settled: false }
    }

    /// Where it is left what is to be told.
    pub(crate) fn slot(&self) -> Slot {
        self.slot.clone()
    }

    /// What is to be told. An answer that gives nothing did not count.
    pub(crate) async fn settle(mut self, gives: bool) -> Option<Budget> {
        let budget = match self.slot.0.get().cloned() {
            Some(budget) if gives => Some(budget),
            Some(budget) => Some(self.gate.give_back(budget).await),
            None => None,
        };
        self.is_settled = true;
        budget
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let (false, Some(budget)) = (self.is_settled, self.slot.0.get()) {
            self.gate.give_back_alone(budget.clone());
        }
    }
}
