//! What an answer tells of the accesses without the customer: how many there are, how many are left, and when there is one more.
//!
//! An extractor cannot set headers of the answer, so it leaves what is to be told in a slot of the request, and the layer around all
//! routes reads it there. That layer also sees when a caller hangs up before the answer: then nothing was given, and nothing counts.

use std::sync::{Arc, OnceLock};

use axum::response::Response;
use http::header::RETRY_AFTER;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
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

    /// Tells it. An answer that gives nothing did not count.
    pub(crate) async fn settle(mut self, response: &mut Response) {
        if let Some(budget) = self.slot.0.get().cloned() {
            let gives = response.status().is_success();
            let budget = if gives { budget } else { self.gate.give_back(budget).await };
            told(&budget, response);
        }
        self.is_settled = true;
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let (false, Some(budget)) = (self.is_settled, self.slot.0.get()) {
            self.gate.give_back_alone(budget.clone());
        }
    }
}

fn told(budget: &Budget, response: &mut Response) {
    let (limit, left, wait) = (budget.limit(), budget.left(), budget.seconds_to_next());
    let window = Budget::WINDOW.whole_seconds();
    let headers = response.headers_mut();
    let fields =
        [(POLICY, format!("\"{NAME}\";q={limit};w={window}")), (LEFT, format!("\"{NAME}\";r={left};t={wait}"))];
    for (name, value) in fields {
        headers.extend(HeaderValue::try_from(value).ok().map(|value| (name, value)));
    }
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(RETRY_AFTER, wait.into());
    }
}

/// The budget's name in the fields.
const NAME: &str = "unattended";
/// How many there are, and within which time (draft-ietf-httpapi-ratelimit-headers 3).
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// How many are left, and when there is one more (draft-ietf-httpapi-ratelimit-headers 4).
const LEFT: HeaderName = HeaderName::from_static("ratelimit");
