//! The front door, and the one stylesheet.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::pages::{self, CustomerLine, HomePage, Link, SandboxPage};
use super::reply;
use crate::app::App;

/// `GET /`
pub(super) async fn home(State(app): State<App>) -> Response {
    let frame = app.frame();
    let Some(sandbox) = &app.site.sandbox else {
        return reply::page(StatusCode::OK, &HomePage { frame });
    };
    let customers = sandbox.customers.iter().take(CUSTOMERS_SHOWN_MAX).map(|customer| CustomerLine {
        name: &customer.name,
        username: &customer.username,
        password: &customer.password,
    });
    let page = SandboxPage {
        frame,
        issuer: &app.auth.policy().issuer,
        customers: customers.collect(),
        second_factor: &sandbox.second_factor,
        documents: DOCUMENTS.iter().map(|(href, label)| Link { href, label }).collect(),
    };
    reply::page(StatusCode::OK, &page)
}

/// `GET /assets/lombard.css`
pub(super) async fn stylesheet() -> impl IntoResponse {
    let headers = [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, pages::STYLESHEET)
}

const DOCUMENTS: [(&str, &str); 6] = [
    ("/explorer", "API explorer"),
    ("/openapi.json", "The whole API, described"),
    ("/.well-known/openid-configuration", "OpenID Connect discovery"),
    ("/.well-known/oauth-authorization-server", "OAuth authorization server metadata"),
    ("/.well-known/oauth-protected-resource", "What the API accepts"),
    ("/jwks", "Signing keys"),
];

/// An imported bank can have very many.
const CUSTOMERS_SHOWN_MAX: usize = 20;
