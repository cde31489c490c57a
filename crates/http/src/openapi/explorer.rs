//! A page to look at the API and to try it, in sandboxes only. It needs nothing from elsewhere.
//!
//! RapiDoc (MIT) is kept in `assets/explorer` as it was published, compressed.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};

use crate::app::App;

/// The page and its scripts; only a sandbox has them.
pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/explorer", get(page))
        .route("/explorer/rapidoc.js", get(library))
        .route("/explorer/start.js", get(start))
}

/// `GET /explorer`
async fn page() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)], PAGE)
}

/// `GET /explorer/rapidoc.js`
async fn library(headers: HeaderMap) -> Response {
    let takes_gzip = headers.get(http::header::ACCEPT_ENCODING).is_some_and(|value| {
        value.to_str().is_ok_and(|text| text.split(',').any(|one| one.trim().starts_with("gzip")))
    });
    if !takes_gzip {
        // Every browser takes it; whoever does not has no use for the page.
        return StatusCode::NOT_ACCEPTABLE.into_response();
    }
    let headers = [(CONTENT_TYPE, SCRIPT), (CONTENT_ENCODING, "gzip"), (CACHE_CONTROL, "public, max-age=86400")];
    (headers, RAPIDOC).into_response()
}

/// `GET /explorer/start.js`
async fn start() -> impl IntoResponse {
    ([(CONTENT_TYPE, SCRIPT)], START)
}

const PAGE: &str = include_str!("../../assets/explorer/explorer.html");
const START: &str = include_str!("../../assets/explorer/start.js");
const RAPIDOC: &[u8] = include_bytes!("../../assets/explorer/rapidoc-9.3.8.min.js.gz");
const SCRIPT: &str = "text/javascript; charset=utf-8";
/// The page's own scripts and the API beside it, nothing from elsewhere. RapiDoc writes styles into its elements.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; \
     font-src 'self' data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";
