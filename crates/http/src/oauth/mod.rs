//! The OAuth 2.0 and OpenID Connect endpoints that apps call. Errors are RFC 6749's JSON.

mod discovery;
pub(crate) mod docs;
mod grant;
mod introspect;
mod problem;
mod protected;
mod register;
mod token;
mod userinfo;

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use lombard_auth::oauth::discovery::paths;
use lombard_domain::oauth::{ErrorCode, OauthError};

use crate::app::App;
use crate::parts::guard::Refusal;
use problem::Problem;

/// Methods and paths of this surface.
pub(crate) const ROUTES: &[(&str, &str)] = &[
    ("GET", "/.well-known/oauth-authorization-server"),
    ("GET", "/.well-known/oauth-protected-resource"),
    ("GET", "/.well-known/openid-configuration"),
    ("GET", "/grants/{grant}"),
    ("DELETE", "/grants/{grant}"),
    ("GET", "/jwks"),
    ("POST", "/introspect"),
    ("POST", "/par"),
    ("POST", "/register"),
    ("GET", "/register/{client}"),
    ("PUT", "/register/{client}"),
    ("DELETE", "/register/{client}"),
    ("POST", "/revoke"),
    ("POST", "/token"),
    ("GET", "/userinfo"),
    ("POST", "/userinfo"),
];

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/.well-known/oauth-authorization-server", get(discovery::authorization_server))
        .route("/.well-known/oauth-protected-resource", get(discovery::resource))
        .route("/.well-known/openid-configuration", get(discovery::openid_configuration))
        .route("/grants/{grant}", get(grant::show).delete(grant::end))
        .route(paths::JWKS, get(discovery::jwks))
        .route(paths::INTROSPECT, post(introspect::introspect))
        .route(paths::PAR, post(token::push))
        .route(paths::REGISTER, post(register::create))
        .route("/register/{client}", get(register::read).put(register::update).delete(register::delete))
        .route(paths::REVOKE, post(token::revoke))
        .route(paths::TOKEN, post(token::token))
        .route(paths::USERINFO, get(userinfo::get).post(userinfo::post))
}

/// Whether a path is answered in this surface's shape.
pub(crate) fn owns(path: &str) -> bool {
    let endpoints = [
        paths::GRANTS,
        paths::INTROSPECT,
        paths::JWKS,
        paths::PAR,
        paths::REGISTER,
        paths::REVOKE,
        paths::TOKEN,
        paths::USERINFO,
    ];
    let below =
        |endpoint: &str| path.strip_prefix(endpoint).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    endpoints.iter().any(|endpoint| below(endpoint)) || path.starts_with("/.well-known/")
}

/// A refusal that no handler decided.
pub(crate) fn refusal(refusal: Refusal) -> Response {
    let (code, description) = match refusal {
        Refusal::Limited => return Problem::too_many().into_response(),
        Refusal::Shed => (ErrorCode::TemporarilyUnavailable, "too busy; try again in a moment"),
        Refusal::Broken => (ErrorCode::ServerError, "something went wrong on our side"),
        Refusal::Method => (ErrorCode::InvalidRequest, "the method is not allowed here"),
        Refusal::NotFound => (ErrorCode::InvalidRequest, "there is nothing at this path"),
        Refusal::TimedOut => (ErrorCode::TemporarilyUnavailable, "the answer took too long; try again"),
    };
    Problem::with_status(refusal.status(), OauthError::new(code, description)).into_response()
}
