//! Every HTTP surface: parse, call one use case, render.
//!
//! The surfaces (`feed`, `oauth`, `uk`, `web`) never name each other; what they share is in [`parts`]. No rule is decided here and
//! no database is touched: an answer is made from what `auth` and `bank` return, an error from a match without a catch-all arm.

mod admission;
mod app;
mod class;
mod feed;
mod oauth;
pub mod openapi;
pub mod parts;
mod traffic;
mod uk;
mod web;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use axum::{Router, middleware};

pub use app::{App, SandboxCustomer, SandboxSite, Site};
pub use parts::arrived::Arrived;
pub use parts::doorstep;
pub use parts::forwarded::{Field, Proxies};
pub use parts::network::{BadNetwork, Network};
pub use parts::peer::Peer;
pub use parts::trace::{Traces, TrustIncoming};
pub use uk::bodies;
pub use web::letter::{Letter, Letterhead};

/// All public routes of a server.
pub fn router(app: App) -> Router {
    let explorer = if app.site.sandbox.is_some() { openapi::explorer::router() } else { Router::new() };
    Router::new()
        .merge(explorer)
        .merge(feed::router().route_layer(middleware::from_fn_with_state(app.clone(), feed_on_record)))
        .merge(oauth::router())
        .merge(openapi::router())
        .merge(uk::router().route_layer(middleware::from_fn_with_state(app.clone(), uk_on_record)))
        .merge(web::router())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(app.clone(), guard))
        .with_state(app)
}

/// Every route by method and path, for the test that calls each of them without a right.
#[must_use]
pub fn routes() -> Vec<(&'static str, &'static str)> {
    [feed::ROUTES, oauth::ROUTES, openapi::ROUTES, uk::ROUTES, web::ROUTES].concat()
}

/// Which surface answers for a path, also where there is no route.
#[derive(Clone, Copy)]
enum Surface {
    Feed,
    Oauth,
    Uk,
    Web,
}

impl Surface {
    fn of(path: &str) -> Self {
        if uk::owns(path) {
            Self::Uk
        } else if feed::owns(path) {
            Self::Feed
        } else if oauth::owns(path) {
            Self::Oauth
        } else {
            Self::Web
        }
    }
}

async fn feed_on_record(State(app): State<App>, request: Request, next: Next) -> Response {
    parts::allowed::once_on_record(request, next, |denied, id| feed::denied(&app, denied, id)).await
}

async fn uk_on_record(State(app): State<App>, request: Request, next: Next) -> Response {
    parts::allowed::once_on_record(request, next, |denied, id| uk::denied(&app, denied, id)).await
}

async fn not_found(State(app): State<App>, request: Request) -> Response {
    refuse(&app, &request, parts::guard::Refusal::NotFound)
}

async fn method_not_allowed(State(app): State<App>, request: Request) -> Response {
    refuse(&app, &request, parts::guard::Refusal::Method)
}

async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let open = parts::budget::Open::of(app.gate.clone());
    request.extensions_mut().insert(open.slot());
    let meter = admission::meter(&request);
    request.extensions_mut().insert(Arc::clone(&meter));
    // Whoever brings proofs is told the nonce that the next one needs (RFC 9449 8.2).
    let nonce = app.auth.dpop_nonce().filter(|_| request.headers().contains_key(parts::evidence::DPOP));
    let render = |path: &str, id: &str, refusal| render(&app, path, id, refusal);
    let note = |ended: &parts::guard::Ended<'_>| {
        let caller = app.traffic.caller(ended, &meter);
        app.traffic.note(&app.auth, ended, caller);
        caller.name()
    };
    let admit = async |request| admission::admit(&app, meter.class(), request).await;
    let guard = parts::guard::Guard { traces: app.traces.as_ref(), admit, render, note };
    let mut response = guard.run(request, next).await;
    let budget = open.settle(response.status().is_success()).await;
    parts::rate::tell(&mut response, budget.as_ref(), &meter);
    if let Some(value) = nonce.and_then(|nonce| http::HeaderValue::try_from(nonce).ok()) {
        response.headers_mut().insert(parts::evidence::DPOP_NONCE, value);
    }
    response
}

pub(crate) fn refuse(app: &App, request: &Request, refusal: parts::guard::Refusal) -> Response {
    render(app, request.uri().path(), parts::interaction::of(request), refusal)
}

/// A refusal that happened outside any handler, in the shape that the path's surface promises.
fn render(app: &App, path: &str, id: &str, refusal: parts::guard::Refusal) -> Response {
    match Surface::of(path) {
        Surface::Feed => feed::refusal(id, refusal),
        Surface::Oauth => oauth::refusal(refusal),
        Surface::Uk => uk::refusal(id, refusal),
        Surface::Web => web::refusal(app, id, refusal),
    }
}
