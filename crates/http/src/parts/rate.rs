//! What an answer tells of limits: how much there is, how much is left, when there is more (draft-ietf-httpapi-ratelimit-headers),
//! and after a refusal, when to come again. The tightest stands first.

use axum::response::Response;
use http::header::RETRY_AFTER;
use http::{HeaderName, HeaderValue, StatusCode};
use lombard_auth::access::Budget;
use lombard_auth::limit::{Kind, Meter, Told};

/// One limit, as it is told.
struct Item {
    name: String,
    /// How many there are.
    quota: u32,
    /// In how many seconds so many come back.
    window: i64,
    /// How many are left.
    left: u32,
    /// Seconds until there are more: all of them, or one of the accesses without the customer.
    reset: i64,
    /// Seconds until there is one; none if there is one.
    wait: i64,
}

/// Tells what is known of a call's limits.
pub(crate) fn tell(response: &mut Response, budget: Option<&Budget>, meter: &Meter) {
    let mut told = meter.told();
    // An address may be many apps': it is told where it is all that is known, or in the way.
    if told.iter().any(|told| told.kind != Kind::Address) {
        told.retain(|told| told.kind != Kind::Address || told.standing.left == 0);
    }
    let mut items: Vec<Item> = told.iter().map(of_class).chain(budget.map(of_budget)).collect();
    items.sort_by_key(|item| (item.left, std::cmp::Reverse(item.wait)));
    let headers = response.headers_mut();
    if !items.is_empty() {
        let list = |one: fn(&Item) -> String| items.iter().map(one).collect::<Vec<_>>().join(", ");
        let policy = list(|item| format!("\"{}\";q={};w={}", item.name, item.quota, item.window));
        let left = list(|item| format!("\"{}\";r={};t={}", item.name, item.left, item.reset));
        for (name, text) in [(POLICY, policy), (LEFT, left)] {
            headers.extend(HeaderValue::try_from(text).ok().map(|value| (name, value)));
        }
    }
    let wait = items.iter().filter(|item| item.left == 0).map(|item| item.wait).max();
    if let (StatusCode::TOO_MANY_REQUESTS, Some(wait)) = (response.status(), wait) {
        response.headers_mut().insert(RETRY_AFTER, wait.into());
    }
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().entry(RETRY_AFTER).or_insert(SOON);
    }
}

fn of_class(told: &Told) -> Item {
    let standing = told.standing;
    Item {
        name: format!("{}-{}", told.class.name(), told.kind.name()),
        quota: standing.limit,
        window: standing.window,
        left: standing.left,
        reset: standing.reset,
        wait: standing.wait,
    }
}

fn of_budget(budget: &Budget) -> Item {
    let (left, reset) = (budget.left().into(), budget.seconds_to_next());
    let wait = if left == 0 { reset } else { 0 };
    let window = Budget::WINDOW.whole_seconds();
    Item { name: UNATTENDED.to_owned(), quota: budget.limit().into(), window, left, reset, wait }
}

/// The name of the accesses without the customer.
const UNATTENDED: &str = "unattended";
/// How many there are, and within which time (draft-ietf-httpapi-ratelimit-headers 3).
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// How many are left, and when there are more (draft-ietf-httpapi-ratelimit-headers 4).
const LEFT: HeaderName = HeaderName::from_static("ratelimit");
/// When to come again after a call for which there was no place, in seconds.
const SOON: HeaderValue = HeaderValue::from_static("1");
