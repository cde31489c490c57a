//! The guard around every request: its interaction id, whether it is let in, a time-out, no panic that escapes, safe headers, and the
//! log line.

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
use super::doorstep;
use super::interaction::{self, InteractionId};
use super::leftover;
use super::throttle::Place;
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
    /// Why no handler answered, if none did.
    pub(crate) refusal: Option<Refusal>,
}

/// A request that may run, and its place.
pub(crate) struct Admitted {
    pub(crate) request: Request,
    /// None: places are not counted.
    pub(crate) place: Option<Place>,
}

/// What stands around a request.
pub(crate) struct Guard<'a, Admit, Render, Note> {
    pub(crate) traces: Option<&'a Traces>,
    /// Lets it in, or says why not.
    pub(crate) admit: Admit,
    /// Gives the surface's own shape to refusals.
    pub(crate) render: Render,
    /// Learns how it ended, and says who called.
    pub(crate) note: Note,
}

impl<Admit, Render, Note> Guard<'_, Admit, Render, Note>
where
    Admit: AsyncFnOnce(Request) -> Result<Admitted, Refusal>,
    Render: Fn(&str, &str, Refusal) -> Response,
    Note: FnOnce(&Ended<'_>) -> &'static str,
{
    /// Runs a request, if it is let in.
    pub(crate) async fn run(self, mut request: Request, next: Next) -> Response {
        let started = Arrived::of(request.extensions());
        let id = InteractionId::read_or_make(request.headers(), request.extensions());
        request.extensions_mut().insert(id.clone());
        let method = known_method(request.method());
        let path = request.uri().path().to_owned();
        let matched = request.extensions().get::<MatchedPath>().cloned();
        let route = matched.as_ref().map(MatchedPath::as_str);
        let begun = self.traces.map(|traces| traces.begin(&request));
        let span = begun.as_ref().map_or_else(Span::none, |begun| begun.span(method, route, &id));
        let (request, leftover) = leftover::watch(request);
        let mut log = None;
        let running = async {
            let Admitted { request, place } = (self.admit)(request).instrument(span.clone()).await?;
            doorstep::go_in().await;
            // Made late: of those for whom there is no place, no line is written.
            let log = log.insert(trace::log_span(&id, begun.as_ref()));
            let response = next.run(request).instrument(span.clone()).instrument(log.clone()).await;
            // What is refused is refused quickly, and says nothing about how long an answer takes.
            if let Some(place) = place
                && (response.status().is_success() || response.status().is_redirection())
            {
                place.answered();
            }
            Ok(response)
        };
        let outcome = match tokio::time::timeout(ANSWER_MAX, AssertUnwindSafe(running).catch_unwind()).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(Refusal::Broken),
            Err(_) => Err(Refusal::TimedOut),
        };
        let refusal = outcome.as_ref().err().copied();
        let mut response = outcome.unwrap_or_else(|refusal| (self.render)(&path, id.as_str(), refusal));
        finish(&mut response, &id);
        let (took, status) = (started.elapsed(), response.status());
        let ended = Ended { method, route, status, took, refusal };
        let client = (self.note)(&ended);
        trace::finish(&span, &ended, client);
        drop(span);
        if refusal != Some(Refusal::Shed) || tracing::enabled!(tracing::Level::DEBUG) {
            log.unwrap_or_else(|| trace::log_span(&id, begun.as_ref())).in_scope(|| log_line(&ended, client));
        }
        if let Some(leftover) = leftover {
            leftover.clear(&mut response).await;
        }
        response
    }
}

/// Writes how a call ended.
fn log_line(ended: &Ended<'_>, client: &'static str) {
    let (method, route, status) = (ended.method, ended.route.unwrap_or(UNMATCHED), ended.status.as_u16());
    let duration_ms = u64::try_from(ended.took.as_millis()).unwrap_or(u64::MAX);
    if ended.refusal == Some(Refusal::Broken) {
        tracing::error!(method, route, "a handler panicked");
    }
    if ended.refusal == Some(Refusal::Shed) {
        // Of a flood a line each would be another flood; `lombard_admission_total` counts them.
        tracing::debug!(method, route, client, status, duration_ms, "request");
    } else {
        tracing::info!(method, route, client, status, duration_ms, "request");
    }
}

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

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};
    use std::task::Poll;

    use axum::response::IntoResponse as _;
    use axum::routing::get;
    use axum::{Router, middleware};
    use tower::ServiceExt as _;
    use tracing_subscriber::filter::LevelFilter;

    use super::*;

    /// What was logged.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const PATHS: [&str; 3] = ["/answered", "/limited", "/shed"];

    /// Answers one path, refuses another, and has no place for the third.
    fn router() -> Router {
        let guarded = async |request: Request, next: Next| {
            let admit = async |request: Request| match request.uri().path() {
                "/limited" => Err(Refusal::Limited),
                "/shed" => Err(Refusal::Shed),
                _ => Ok(Admitted { request, place: None }),
            };
            let render = |_: &str, _: &str, refusal: Refusal| refusal.status().into_response();
            Guard { traces: None, admit, render, note: |_: &Ended<'_>| "none" }.run(request, next).await
        };
        let router = PATHS.into_iter().fold(Router::new(), |router, path| router.route(path, get(async || ())));
        router.layer(middleware::from_fn(guarded))
    }

    async fn call(path: &str) -> StatusCode {
        let request = Request::builder().uri(path).body(axum::body::Body::empty()).unwrap();
        router().oneshot(request).await.unwrap().status()
    }

    /// The log of a call of each.
    async fn log(level: LevelFilter) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = tracing_subscriber::fmt().with_max_level(level).with_writer(move || writer.clone()).finish();
        let _log = tracing::subscriber::set_default(log);
        for path in PATHS {
            call(path).await;
        }
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[tokio::test]
    async fn who_is_refused_is_answered_on_the_doorstep_where_nobody_works() {
        for (path, now) in PATHS.into_iter().zip([
            Poll::Pending,
            Poll::Ready(StatusCode::TOO_MANY_REQUESTS),
            Poll::Ready(StatusCode::SERVICE_UNAVAILABLE),
        ]) {
            let mut call = Box::pin(call(path));
            assert_eq!(doorstep::look_at(call.as_mut()), now, "{path}");
            if now.is_pending() {
                assert_eq!(call.await, StatusCode::OK, "{path}: it goes on elsewhere");
            }
        }
    }

    #[tokio::test]
    async fn a_flood_of_refusals_for_want_of_a_place_is_not_one_of_lines() {
        for (level, is_there) in [(LevelFilter::INFO, false), (LevelFilter::DEBUG, true)] {
            let log = log(level).await;
            assert!(log.contains("/answered") && log.contains("/limited"), "{log}");
            assert_eq!(log.contains("/shed"), is_there, "{log}");
        }
    }
}
