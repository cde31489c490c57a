//! From a call to a capability, for every surface that gives data: token and evidence are read, and the gate decides.
//!
//! A surface wraps these in extractors of its own that render [`Denied`] in its own shape; the surface or the route says which kinds
//! of answer it can give, with [`super::accept`].

use std::sync::Arc;

use axum::extract::{FromRequestParts as _, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::request::Parts;
use lombard_auth::Call;
use lombard_auth::access::{AccountAccess, ConsentAccess, Denied, Pledge, Presented};
use lombard_domain::permission::Right;

use super::interaction::{self, InteractionId};
use super::{body, budget, evidence, params, presence};
use crate::app::App;

/// The right to read something of all accounts of a call's consent.
///
/// # Errors
/// [`Denied`] says why there is no such right.
pub(crate) async fn consent<R: Right>(parts: &mut Parts, app: &App) -> Result<ConsentAccess<R>, Denied> {
    let id = interaction(parts).await;
    let presence = presence::of(parts, &params::of(parts));
    let presented = Presented::read(body::authorization(&parts.headers), evidence::of(parts));
    let pledge = pledge(parts);
    let call = Call { pledge: pledge.as_deref(), ..id.call() };
    let checked = app.gate.consent(call, presented.as_ref(), &presence).await;
    match &checked {
        Ok(access) => access.budget().into_iter().for_each(|left| budget::tell(parts, left)),
        Err(denied) => tell_of_refusal(parts, denied),
    }
    checked
}

/// The right to read something of the account in a call's path, which routes call `{account}`.
///
/// # Errors
/// [`Denied`] says why there is no such right.
pub(crate) async fn account<R: Right>(parts: &mut Parts, app: &App) -> Result<AccountAccess<R>, Denied> {
    let id = interaction(parts).await;
    let params = params::of(parts);
    // What cannot be read is an account that does not exist.
    let account = params.iter().find(|(name, _)| name == "account").map_or("", |(_, value)| value);
    let presence = presence::of(parts, &params);
    let presented = Presented::read(body::authorization(&parts.headers), evidence::of(parts));
    let pledge = pledge(parts);
    let call = Call { pledge: pledge.as_deref(), ..id.call() };
    let checked = app.gate.account(call, presented.as_ref(), account, &presence).await;
    match &checked {
        Ok(access) => access.consent().budget().into_iter().for_each(|left| budget::tell(parts, left)),
        Err(denied) => tell_of_refusal(parts, denied),
    }
    checked
}

/// The interaction id of a call.
pub(crate) async fn interaction(parts: &mut Parts) -> InteractionId {
    let Ok(id) = InteractionId::from_request_parts(parts, &()).await;
    id
}

/// Answers a call once its read is on record; meanwhile the handler has fetched what is read. A refusal is told in the surface's shape.
///
/// Only where nothing is changed: what has been done before a proof turned out to be used could not be taken back.
pub(crate) async fn once_on_record(
    mut request: Request,
    next: Next,
    denied: impl FnOnce(Denied, &str) -> Response,
) -> Response {
    if !request.method().is_safe() {
        return next.run(request).await;
    }
    let pledge = Arc::new(Pledge::default());
    request.extensions_mut().insert(Arc::clone(&pledge));
    let id = interaction::of(&request).to_owned();
    let response = next.run(request).await;
    match pledge.kept().await {
        Ok(()) => response,
        Err(refused) => denied(refused, &id),
    }
}

fn pledge(parts: &Parts) -> Option<Arc<Pledge>> {
    parts.extensions.get().map(Arc::clone)
}

fn tell_of_refusal(parts: &Parts, denied: &Denied) {
    if let Denied::Unattended(left) = denied {
        budget::tell(parts, left);
    }
}
