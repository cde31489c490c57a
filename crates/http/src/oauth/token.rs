//! The endpoints at which an app proves who it is: token, revocation, pushed requests.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{AUTHORIZATION, PRAGMA};
use http::request::Parts;
use lombard_auth::Call;
use lombard_auth::client::{Authenticated, Credentials};
use lombard_auth::oauth::Params;
use lombard_auth::possession::Evidence;
use serde_json::json;

use super::docs::{PushedRequest, PushedResponse, Refused, TokenQuery, TokenRequest, TokenResponse};
use super::problem::Problem;
use crate::app::App;
use crate::parts::interaction::InteractionId;
use crate::parts::{body, evidence};

/// Tokens for a code, for a refresh token, or for the app itself (RFC 6749 3.2).
#[utoipa::path(post, path = "/token", tag = "oauth", operation_id = "token",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"), responses((status = 200, description = "The tokens", body = TokenResponse), Refused), security(("client" = [])))]
pub(super) async fn token(State(app): State<App>, id: InteractionId, request: Request) -> Result<Response, Problem> {
    let (client, params) = authenticated_with_proof(&app, id.call(), request).await?;
    let answer = app.auth.token(id.call(), &client, &params).await?;
    Ok(([(PRAGMA, "no-cache")], Json(answer)).into_response())
}

/// Gives a token back (RFC 7009).
#[utoipa::path(post, path = "/revoke", tag = "oauth", operation_id = "revoke",
    request_body(content = TokenQuery, content_type = "application/x-www-form-urlencoded"), responses((status = 200, description = "It does not work, or never did"), Refused), security(("client" = [])))]
pub(super) async fn revoke(State(app): State<App>, id: InteractionId, request: Request) -> Result<StatusCode, Problem> {
    let (client, params) = authenticated(&app, id.call(), request).await?;
    app.auth.revoke(id.call(), &client, &params).await?;
    Ok(StatusCode::OK)
}

/// Pushes an authorization request (RFC 9126).
#[utoipa::path(post, path = "/par", tag = "oauth", operation_id = "pushRequest",
    request_body(content = PushedRequest, content_type = "application/x-www-form-urlencoded"), responses((status = 201, description = "What to send the customer with", body = PushedResponse), Refused), security(("client" = [])))]
pub(super) async fn push(State(app): State<App>, id: InteractionId, request: Request) -> Result<Response, Problem> {
    let (client, params) = authenticated_with_proof(&app, id.call(), request).await?;
    let pushed = app.auth.push(id.call(), &client, &params).await?;
    let body = json!({"request_uri": pushed.request_uri, "expires_in": pushed.expires_in});
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// At the endpoints where a key is bound to what is given: a DPoP proof counts (RFC 9449 5 and 10.1).
async fn authenticated_with_proof(
    app: &App,
    call: Call<'_>,
    request: Request,
) -> Result<(Authenticated, Params), Problem> {
    let (head, params) = body::form_with_head(request).await?;
    Ok((prove(app, call, &head, &params, evidence::of(&head)).await?, params))
}

/// At the other endpoints.
pub(super) async fn authenticated(
    app: &App,
    call: Call<'_>,
    request: Request,
) -> Result<(Authenticated, Params), Problem> {
    let (head, params) = body::form_with_head(request).await?;
    let evidence = Evidence { proofs: Vec::new(), ..evidence::of(&head) };
    Ok((prove(app, call, &head, &params, evidence).await?, params))
}

async fn prove(
    app: &App,
    call: Call<'_>,
    head: &Parts,
    params: &Params,
    evidence: Evidence<'_>,
) -> Result<Authenticated, Problem> {
    let told = |problem: Problem| {
        if head.headers.contains_key(AUTHORIZATION) { problem } else { problem.without_challenge() }
    };
    let credentials = Credentials::read(body::authorization(&head.headers), params, &evidence);
    let credentials = credentials.map_err(|error| told(error.into()))?;
    app.auth.authenticate(call, &credentials, &evidence).await.map_err(|error| told(error.into()))
}
