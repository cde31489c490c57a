//! Documents by which apps find everything else. They change with the configuration only, so they may be kept for a while.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header::CACHE_CONTROL;
use lombard_auth::oauth::discovery::{ResourceMetadata, ServerMetadata};

use super::docs::{Metadata, Unavailable};
use crate::app::App;

/// OAuth 2.0 authorization server metadata (RFC 8414).
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", tag = "discovery", operation_id = "getAuthorizationServerMetadata",
    responses((status = 200, description = "What this server can do", body = Metadata), Unavailable), security(()))]
pub(super) async fn authorization_server(app: State<App>) -> impl IntoResponse {
    server(&app)
}

/// OpenID Connect discovery; the same document.
#[utoipa::path(get, path = "/.well-known/openid-configuration", tag = "discovery", operation_id = "getOpenIdConfiguration",
    responses((status = 200, description = "What this server can do", body = Metadata), Unavailable), security(()))]
pub(super) async fn openid_configuration(app: State<App>) -> impl IntoResponse {
    server(&app)
}

fn server(app: &App) -> impl IntoResponse + use<> {
    ([(CACHE_CONTROL, KEEP)], Json(ServerMetadata::of(app.auth.policy())))
}

/// OAuth 2.0 protected resource metadata (RFC 9728).
#[utoipa::path(get, path = "/.well-known/oauth-protected-resource", tag = "discovery", operation_id = "getProtectedResourceMetadata",
    responses((status = 200, description = "What the API accepts", body = Metadata), Unavailable), security(()))]
pub(super) async fn resource(State(app): State<App>) -> impl IntoResponse {
    ([(CACHE_CONTROL, KEEP)], Json(ResourceMetadata::of(app.auth.policy())))
}

/// The public keys of this server (RFC 7517 5).
#[utoipa::path(get, path = "/jwks", tag = "discovery", operation_id = "getKeys",
    responses((status = 200, description = "The keys", body = Metadata), Unavailable), security(()))]
pub(super) async fn jwks(State(app): State<App>) -> impl IntoResponse {
    ([(CACHE_CONTROL, KEEP)], Json(app.auth.published_keys().to_json()))
}

/// A new key is published for longer than this before it signs.
const KEEP: &str = "public, max-age=300";
