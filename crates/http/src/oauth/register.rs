//! Registration of apps (RFC 7591) and its management (RFC 7592).

use axum::Json;
use axum::extract::{FromRequestParts as _, Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use lombard_auth::client::{Asked, Registrar};
use lombard_domain::oauth::{Client, Metadata};
use lombard_domain::secret::Secret;
use serde::Serialize;

use super::problem::Problem;
use crate::app::App;
use crate::parts::body;
use crate::parts::interaction::InteractionId;

/// A registration (RFC 7591 3.2.1, RFC 7592 3). The secret is shown once, when it is made.
#[derive(Serialize)]
struct Registration<'a> {
    client_id: String,
    client_id_issued_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    /// Zero: never.
    client_secret_expires_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_access_token: Option<&'a str>,
    registration_client_uri: String,
    #[serde(flatten)]
    metadata: &'a Metadata,
    response_types: [&'static str; 1],
    subject_type: &'static str,
}

impl<'a> Registration<'a> {
    /// `token` is what opens the registration: new, or as the caller has just shown it, since RFC 7592 3 wants it in every answer.
    fn of(app: &App, client: &'a Client, secret: Option<&'a Secret<String>>, token: Option<&'a str>) -> Self {
        Self {
            client_id: client.id.to_string(),
            client_id_issued_at: client.created_at.seconds(),
            client_secret: secret.map(|secret| secret.expose().as_str()),
            client_secret_expires_at: 0,
            registration_access_token: token,
            registration_client_uri: app.auth.policy().endpoint(&format!("/register/{}", client.id)),
            metadata: &client.metadata,
            response_types: ["code"],
            subject_type: "pairwise",
        }
    }
}

/// `POST /register`
pub(super) async fn create(State(app): State<App>, id: InteractionId, request: Request) -> Result<Response, Problem> {
    let (headers, bytes) = body::json(request).await?;
    let registrar = Registrar::Anybody(body::bearer(&headers));
    let new = app.auth.register(id.call(), registrar, &Asked::read(&bytes)?).await?;
    let body = Registration::of(&app, &new.client, Some(&new.secret), Some(new.registration_token.expose()));
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// `GET /register/{client}`
pub(super) async fn read(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (client, request) = client_of(request).await;
    let token = body::bearer(request.headers());
    let found = app.auth.registration(&client, token).await?;
    Ok(Json(Registration::of(&app, &found.client, None, token)).into_response())
}

/// `PUT /register/{client}`
pub(super) async fn update(State(app): State<App>, id: InteractionId, request: Request) -> Result<Response, Problem> {
    let (client, request) = client_of(request).await;
    let (headers, bytes) = body::json(request).await?;
    let token = body::bearer(&headers);
    let changed = app.auth.update_registration(id.call(), &client, token, &Asked::read(&bytes)?).await?;
    Ok(Json(Registration::of(&app, &changed.client, None, token)).into_response())
}

/// `DELETE /register/{client}`
pub(super) async fn delete(State(app): State<App>, id: InteractionId, request: Request) -> Result<StatusCode, Problem> {
    let (client, request) = client_of(request).await;
    app.auth.delete_registration(id.call(), &client, body::bearer(request.headers())).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The client in the path; what cannot be read is the id of nobody.
async fn client_of(request: Request) -> (String, Request) {
    let (mut parts, body) = request.into_parts();
    let client = Path::<String>::from_request_parts(&mut parts, &()).await.map(|Path(client)| client);
    (client.unwrap_or_default(), Request::from_parts(parts, body))
}
