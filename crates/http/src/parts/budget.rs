//! What an answer tells of the accesses without the customer: how many there are, how many are left, and when there is one more.
//!
//! An extractor cannot set headers of the answer, so it leaves what is to be told in a slot of the request, and the layer around all
//! routes reads it there.

use std::sync::{Arc, OnceLock};

use axum::response::Response;
use http::header::RETRY_AFTER;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use lombard_auth::access::Budget;

use crate::app::App;

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

/// Tells it. An answer that gives nothing did not count.
pub(crate) async fn settle(app: &App, Slot(slot): &Slot, response: &mut Response) {
    let Some(budget) = slot.get() else { return };
    let budget = if response.status().is_success() { budget.clone() } else { app.gate.give_back(budget.clone()).await };
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
