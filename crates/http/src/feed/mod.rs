//! What Lombard offers to apps beside the standards, under paths of its own: how an account's transactions have changed.
//!
//! JSON in snake case, amounts as text, identifiers as in the standard's API; errors as problem details (RFC 9457).

mod allowed;
pub(crate) mod docs;
mod problem;
mod sync;
mod transaction;

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use lombard_auth::access::Denied;

use crate::app::App;
use crate::parts::guard::Refusal;
use problem::Problem;

/// Methods and paths of this surface.
pub(crate) const ROUTES: &[(&str, &str)] = &[("GET", "/lombard/v1/accounts/{account}/transactions/sync")];

pub(crate) fn router() -> Router<App> {
    Router::new().route("/lombard/v1/accounts/{account}/transactions/sync", get(sync::of_account))
}

/// Whether a path is answered in this surface's shape.
pub(crate) fn owns(path: &str) -> bool {
    path.strip_prefix("/lombard").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What the gate refused, after the handler had answered.
pub(crate) fn denied(app: &App, denied: Denied, id: &str) -> Response {
    Problem::denied(denied, &app.auth.policy().resource_metadata()).with_id(id).into_response()
}

/// A refusal that no handler decided.
pub(crate) fn refusal(id: &str, refusal: Refusal) -> Response {
    Problem::from(refusal).with_id(id).into_response()
}
