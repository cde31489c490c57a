//! Calls of an app with a token of its own, for what is its own: consents and subscriptions that it lodged.

use std::marker::PhantomData;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use lombard_auth::Door;
use lombard_auth::access::{ClientAccess, Presented};
use lombard_domain::oauth::Scope;

use super::error::Problem;
use crate::app::App;
use crate::parts::{accept, allowed, body, evidence};

/// Which scopes of an app's own token open a resource; one of them is enough.
pub(super) trait Opened {
    /// The scopes; the first is the one that a refusal names.
    const BY: &'static [Scope];
}

/// Consents to account information.
pub(super) enum AccountConsents {}

/// Consents to confirm funds.
pub(super) enum FundsConsents {}

/// Subscriptions to events, and the events.
pub(super) enum Events {}

impl Opened for AccountConsents {
    const BY: &'static [Scope] = &[Scope::Accounts];
}

impl Opened for FundsConsents {
    const BY: &'static [Scope] = &[Scope::FundsConfirmations];
}

impl Opened for Events {
    const BY: &'static [Scope] = &[Scope::Accounts, Scope::FundsConfirmations];
}

/// The app that calls with a token of its own.
pub(super) struct Own<S>(pub(super) ClientAccess, pub(super) PhantomData<fn() -> S>);

/// What stands in the path as a name; what cannot be read is the name of nothing.
pub(super) struct Named(pub(super) String);

impl<S: Opened> FromRequestParts<App> for Own<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let id = allowed::interaction(parts).await;
        let presented = Presented::read(body::authorization(&parts.headers), evidence::of(parts));
        let checked = app.gate.client(id.call(), presented.as_ref(), S::BY).await;
        let access = checked.map_err(|denied| Problem::denied(denied, &app.auth.policy().resource_metadata()));
        // UK Open Banking: 406 where JSON is not among what is accepted; but first of all the call must be allowed.
        let taken = || if accept::takes(&parts.headers, JSON) { Ok(()) } else { Err(Problem::not_acceptable(JSON)) };
        let access = access.and_then(|access| taken().map(|()| Self(access, PhantomData)));
        access.map_err(|problem| problem.with_id(id.as_str()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(Path::<String>::from_request_parts(parts, state).await.map(|Path(name)| name).unwrap_or_default()))
    }
}

/// The address of something of the standard's, absolute, at the listener by which the call came: a token that is bound to a
/// certificate works at that one only. The path begins with the family, such as `/cbpii`.
pub(super) fn address(app: &App, door: Door, path: &str) -> String {
    format!("{}/open-banking/v4.0{path}", app.auth.policy().base(door))
}

const JSON: &str = "application/json";
