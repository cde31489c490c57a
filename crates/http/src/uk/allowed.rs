//! Extractors that check a call: a handler that has one is allowed to read what it names, and no other handler can be.

use axum::extract::FromRequestParts;
use http::request::Parts;
use lombard_auth::access::{AccountAccess, ConsentAccess, Denied};
use lombard_domain::permission::Right;

use super::error::Problem;
use crate::app::App;
use crate::parts::{accept, allowed};

/// The call may read something of all accounts of its consent, as JSON.
pub(super) struct AllowedAll<R: Right>(pub(super) ConsentAccess<R>);

/// The call may read something of the account in its path, as JSON.
pub(super) struct Allowed<R: Right>(pub(super) AccountAccess<R>);

/// The call may read something of the account in its path, as a PDF document.
pub(super) struct AllowedDocument<R: Right>(pub(super) AccountAccess<R>);

impl<R: Right> FromRequestParts<App> for AllowedAll<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let checked = allowed::consent(parts, app).await;
        answerable(checked, parts, app, JSON).await.map(Self)
    }
}

impl<R: Right> FromRequestParts<App> for Allowed<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let checked = allowed::account(parts, app).await;
        answerable(checked, parts, app, JSON).await.map(Self)
    }
}

impl<R: Right> FromRequestParts<App> for AllowedDocument<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let checked = allowed::account(parts, app).await;
        answerable(checked, parts, app, PDF).await.map(Self)
    }
}

/// UK Open Banking: where what can be given is not among what is accepted, the answer is 406; but first of all the call must be allowed.
async fn answerable<T>(
    checked: Result<T, Denied>,
    parts: &mut Parts,
    app: &App,
    kind: &'static str,
) -> Result<T, Problem> {
    let access = checked.map_err(|denied| Problem::denied(denied, &app.auth.policy().resource_metadata()));
    let taken = || if accept::takes(&parts.headers, kind) { Ok(()) } else { Err(Problem::not_acceptable(kind)) };
    match access.and_then(|access| taken().map(|()| access)) {
        Ok(access) => Ok(access),
        Err(problem) => Err(problem.with_id(allowed::interaction(parts).await.as_str())),
    }
}

const JSON: &str = "application/json";
const PDF: &str = "application/pdf";
