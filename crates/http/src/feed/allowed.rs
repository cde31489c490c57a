//! The extractor that checks a call: a handler that has it is allowed to read what it names, and no other handler can be.

use axum::extract::FromRequestParts;
use http::request::Parts;
use lombard_auth::access::AccountAccess;
use lombard_domain::permission::Right;

use super::problem::Problem;
use crate::app::App;
use crate::parts::{accept, allowed};

/// The call may read something of the account in its path, as JSON.
pub(super) struct Allowed<R: Right>(pub(super) AccountAccess<R>);

impl<R: Right> FromRequestParts<App> for Allowed<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        // First of all the call must be allowed.
        let problem = match allowed::account(parts, app).await {
            Ok(access) if accept::takes(&parts.headers, "application/json") => return Ok(Self(access)),
            Ok(_) => Problem::not_acceptable(),
            Err(denied) => Problem::denied(denied, &app.auth.policy().resource_metadata()),
        };
        Err(problem.with_id(allowed::interaction(parts).await.as_str()))
    }
}
