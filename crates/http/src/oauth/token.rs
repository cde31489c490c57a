//! The endpoints at which an app proves who it is: token, revocation, introspection, pushed requests.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::PRAGMA;
use lombard_auth::Call;
use lombard_auth::client::{Authenticated, Credentials};
use lombard_auth::oauth::Params;
use serde_json::json;

use super::problem::Problem;
use crate::app::App;
use crate::parts::body;
use crate::parts::interaction::InteractionId;

/// `POST /token`
pub(super) async fn token(State(app): State<App>, id: InteractionId, request: Request) -> Result<Response, Problem> {
    let (client, params) = authenticated(&app, id.call(), request).await?;
    let answer = app.auth.token(id.call(), &client, &params).await?;
    Ok(([(PRAGMA, "no-cache")], Json(answer)).into_response())
}

/// `POST /revoke`
pub(super) async fn revoke(State(app): State<App>, id: InteractionId, request: Request) -> Result<StatusCode, Problem> {
    let (client, params) = authenticated(&app, id.call(), request).await?;
    app.auth.revoke(id.call(), &client, &params).await?;
    Ok(StatusCode::OK)
}

/// `POST /introspect`
pub(super) async fn introspect(
    State(app): State<App>,
    id: InteractionId,
    request: Request,
) -> Result<Response, Problem> {
    let (client, params) = authenticated(&app, id.call(), request).await?;
    Ok(Json(app.auth.introspect(&client, &params).await?).into_response())
}

/// `POST /par`
pub(super) async fn push(State(app): State<App>, id: InteractionId, request: Request) -> Result<Response, Problem> {
    let (client, params) = authenticated(&app, id.call(), request).await?;
    let pushed = app.auth.push(id.call(), &client, &params).await?;
    let body = json!({"request_uri": pushed.request_uri, "expires_in": pushed.expires_in});
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

async fn authenticated(app: &App, call: Call<'_>, request: Request) -> Result<(Authenticated, Params), Problem> {
    let (headers, params) = body::form(request).await?;
    let credentials = Credentials::read(body::authorization(&headers), &params)?;
    Ok((app.auth.authenticate(call, &credentials).await?, params))
}
