//! Documents by which apps find everything else. They change with the configuration only, so they may be kept for a while.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header::CACHE_CONTROL;
use lombard_auth::oauth::discovery::{ResourceMetadata, ServerMetadata};

use crate::app::App;

/// `GET /.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`
pub(super) async fn server(State(app): State<App>) -> impl IntoResponse {
    ([(CACHE_CONTROL, KEEP)], Json(ServerMetadata::of(app.auth.policy())))
}

/// `GET /.well-known/oauth-protected-resource`
pub(super) async fn resource(State(app): State<App>) -> impl IntoResponse {
    ([(CACHE_CONTROL, KEEP)], Json(ResourceMetadata::of(app.auth.policy())))
}

/// `GET /jwks`
pub(super) async fn jwks(State(app): State<App>) -> impl IntoResponse {
    ([(CACHE_CONTROL, KEEP)], Json(app.auth.published_keys().to_json()))
}

/// A new key is published for longer than this before it signs.
const KEEP: &str = "public, max-age=300";
