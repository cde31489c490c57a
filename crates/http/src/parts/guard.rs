//! The guard around every request: its interaction id, a time-out, no panic that escapes, safe headers, and the log line.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt as _;
use http::header::{CACHE_CONTROL, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue, StatusCode};
use tracing::{Instrument as _, Span};

use super::arrived::Arrived;
use super::interaction::{self, InteractionId};
use super::leftover;
use super::trace::{self, Traces};

/// A refusal that no handler decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The server panicked.
    Broken,
    /// Too many calls.
    Limited,
    /// The path exists, but not with this method.
    Method,
    /// There is no such path.
    NotFound,
    /// There is no place for it now.
    Shed,
    /// The answer took too long.
    TimedOut,
}

impl Refusal {
    /// The status of the answer.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Limited => StatusCode::TOO_MANY_REQUESTS,
            Self::Shed | Self::TimedOut => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// How a request ended.
pub(crate) struct Ended<'a> {
    /// Its method, one of [`METHODS`].
    pub(crate) method: &'static str,
    /// The template of its route; none: there is no such route.
    pub(crate) route: Option<&'a str>,
    /// What it was answered with.
    pub(crate) status: StatusCode,
    /// How long that took.
    pub(crate) took: Duration,
    /// Whether it was given up.
    pub(crate) timed_out: bool,
}

/// Runs a request; `render` gives the surface's own shape to refusals that come from here, `note` learns how it ended
/// and says who called.
pub(crate) async fn run(
    mut request: Request,
    next: Next,
    traces: Option<&Traces>,
    render: impl Fn(&str, &str, Refusal) -> Response,
    note: impl FnOnce(&Ended<'_>) -> &'static str,
) -> Response {
    let started = Arrived::of(request.extensions());
    let id = InteractionId::read_or_make(request.headers(), request.extensions());
    request.extensions_mut().insert(id.clone());
    let method = known_method(request.method());
    let path = request.uri().path().to_owned();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map(MatchedPath::as_str);
    let begun = traces.map(|traces| traces.begin(&request));
    let log = trace::log_span(&id, begun.as_ref());
    let span = begun.map_or_else(Span::none, |begun| begun.span(method, route, &id));
    let (request, leftover) = leftover::watch(request);
    let running = next.run(request).instrument(span.clone()).instrument(log.clone());
    let running = AssertUnwindSafe(running).catch_unwind();
    let mut timed_out = false;
    let mut response = match tokio::time::timeout(ANSWER_MAX, running).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            log.in_scope(|| tracing::error!(method, route = route.unwrap_or(UNMATCHED), "a handler panicked"));
            render(&path, id.as_str(), Refusal::Broken)
        }
        Err(_) => {
            timed_out = true;
            render(&path, id.as_str(), Refusal::TimedOut)
        }
    };
    finish(&mut response, &id);
    let (took, status) = (started.elapsed(), response.status());
    let ended = Ended { method, route, status, took, timed_out };
    let client = note(&ended);
    trace::finish(&span, &ended, client);
    drop(span);
    let (route, status) = (route.unwrap_or(UNMATCHED), status.as_u16());
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    log.in_scope(|| match response.extensions().get() {
        // Of a flood a line each would be another flood; `lombard_admission_total` counts them.
        Some(Unheard) => tracing::debug!(method, route, client, status, duration_ms, "request"),
        None => tracing::info!(method, route, client, status, duration_ms, "request"),
    });
    if let Some(leftover) = leftover {
        leftover.clear(&mut response).await;
    }
    response
}

/// Of an answer to a call for which there was no place.
#[derive(Clone, Copy)]
pub(crate) struct Unheard;

/// Headers that every answer has, whoever made it. `no-store` is the default: what may be kept says so itself.
fn finish(response: &mut Response, id: &InteractionId) {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(interaction::HEADER, value);
    }
    for (name, value) in DEFAULTS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// A method as a label: what is not one of the usual ones is counted together.
fn known_method(method: &http::Method) -> &'static str {
    METHODS.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

/// Methods by their labels.
pub(crate) const METHODS: [&str; 8] = ["GET", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "PUT", "other"];

/// RFC 6797 (two years; for this host only, because others below it may be somebody else's), RFC 6749 5.1, and no page of ours inside another.
/// Referrers stay here; none at all would have browsers say `Origin: null` of our own forms, which are told from others' by it.
const DEFAULTS: [(HeaderName, &str); 6] = [
    (STRICT_TRANSPORT_SECURITY, "max-age=63072000"),
    (CACHE_CONTROL, "no-store"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("referrer-policy"), "same-origin"),
    (HeaderName::from_static("content-security-policy"), "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
];

/// The label of what is no route.
pub(crate) const UNMATCHED: &str = "unmatched";
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(30);
