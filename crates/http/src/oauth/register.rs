//! Registration of apps (RFC 7591) and its management (RFC 7592).

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{DefaultBodyLimit, FromRequest as _, FromRequestParts as _, Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use lombard_auth::client::{Asked, Registrar};
use lombard_domain::oauth::{Client, GrantType, Metadata};
use lombard_domain::secret::Secret;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::docs::{ClientChange, ClientMetadata, ClientRegistration, Refused};
use super::problem::Problem;
use crate::app::App;
use crate::parts::body::{self, BODY_MAX, BadBody};
use crate::parts::interaction::InteractionId;

/// A registration (RFC 7591 3.2.1, RFC 7592 3). The secret is shown once, when it is made.
#[derive(Serialize)]
struct Registration<'a> {
    client_id: String,
    client_id_issued_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    /// Zero: never. Only where there is a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_access_token: Option<&'a str>,
    registration_client_uri: String,
    #[serde(flatten)]
    metadata: Map<String, Value>,
    subject_type: &'static str,
}

impl<'a> Registration<'a> {
    /// `token` is what opens the registration: new, or as the caller has just shown it, since RFC 7592 3 wants it in every answer.
    fn of(
        app: &App,
        client: &'a Client,
        secret: Option<&'a Secret<String>>,
        token: Option<&'a str>,
    ) -> Result<Self, Problem> {
        let said = &client.metadata;
        Ok(Self {
            client_id: client.id.to_string(),
            client_id_issued_at: client.created_at.seconds(),
            client_secret: secret.map(|secret| secret.expose().as_str()),
            client_secret_expires_at: said.token_endpoint_auth_method.has_secret().then_some(0),
            registration_access_token: token,
            registration_client_uri: app.auth.policy().endpoint(&format!("/register/{}", client.id)),
            metadata: members(said).map_err(|error| lombard_auth::Error::Internal(error.into()))?,
            subject_type: "pairwise",
        })
    }
}

/// Everything that is registered. What a directory says of the software stands beside what the app says, under the names that
/// statements have (UK Dynamic Client Registration 3.3).
fn members(metadata: &Metadata) -> serde_json::Result<Map<String, Value>> {
    let mut members: Map<String, Value> = serde_json::from_value(serde_json::to_value(metadata)?)?;
    members.remove("software");
    // Who registered before this was asked has the default, which means nothing without the grant type for it.
    if !metadata.may_use(GrantType::AuthorizationCode) {
        members.insert("response_types".to_owned(), json!([]));
    }
    if let Some(software) = &metadata.software {
        members.insert("software_roles".to_owned(), json!(software.software_roles));
        members.insert("org_id".to_owned(), json!(software.org_id));
        members.insert("org_name".to_owned(), json!(software.org_name));
    }
    Ok(members)
}

/// Registers an app (RFC 7591; UK Dynamic Client Registration 3.3).
#[utoipa::path(post, path = "/register", tag = "registration", operation_id = "register",
    request_body(content((ClientMetadata = "application/json"), (String = "application/jwt"), (String = "application/jose"))), responses((status = 201, description = "What is registered", body = ClientRegistration), Refused), security((), ("registration" = [])))]
pub(super) async fn create(State(app): State<App>, id: InteractionId, request: Request) -> Result<Response, Problem> {
    let (headers, asked) = asked(request).await?;
    let registrar = Registrar::Anybody(body::bearer(&headers));
    let new = app.auth.register(id.call(), registrar, &asked).await?;
    let body = Registration::of(&app, &new.client, new.secret.as_ref(), Some(new.registration_token.expose()))?;
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// What is registered (RFC 7592 2.1).
#[utoipa::path(get, path = "/register/{client}", tag = "registration", operation_id = "getRegistration",
    params(("client" = String, Path, description = "The client id", max_length = 40)), responses((status = 200, description = "What is registered", body = ClientRegistration), Refused), security(("registration" = [])))]
pub(super) async fn read(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (client, request) = client_of(request).await;
    let token = body::bearer(request.headers());
    let found = app.auth.registration(&client, token).await?;
    Ok(Json(Registration::of(&app, &found.client, None, token)?).into_response())
}

/// Changes what is registered (RFC 7592 2.2).
#[utoipa::path(put, path = "/register/{client}", tag = "registration", operation_id = "changeRegistration",
    params(("client" = String, Path, description = "The client id", max_length = 40)), request_body(content((ClientChange = "application/json"), (String = "application/jwt"), (String = "application/jose"))), responses((status = 200, description = "What is registered", body = ClientRegistration), Refused), security(("registration" = [])))]
pub(super) async fn update(State(app): State<App>, id: InteractionId, request: Request) -> Result<Response, Problem> {
    let (client, request) = client_of(request).await;
    let (headers, asked) = asked(request).await?;
    let token = body::bearer(&headers);
    let changed = app.auth.update_registration(id.call(), &client, token, &asked).await?;
    Ok(Json(Registration::of(&app, &changed.client, changed.secret.as_ref(), token)?).into_response())
}

/// Ends a registration and everything under it (RFC 7592 2.3).
#[utoipa::path(delete, path = "/register/{client}", tag = "registration", operation_id = "endRegistration",
    params(("client" = String, Path, description = "The client id", max_length = 40)), responses((status = 204, description = "It has ended"), Refused), security(("registration" = [])))]
pub(super) async fn delete(State(app): State<App>, id: InteractionId, request: Request) -> Result<StatusCode, Problem> {
    let (client, request) = client_of(request).await;
    app.auth.delete_registration(id.call(), &client, body::bearer(request.headers())).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is asked for: JSON, or JSON that the app has signed.
async fn asked(request: Request) -> Result<(HeaderMap, Asked), Problem> {
    if !is_signed(request.headers()) {
        let (headers, bytes) = body::json(request).await?;
        return Ok((headers, Asked::read(&bytes)?));
    }
    let headers = request.headers().clone();
    let mut request = request;
    DefaultBodyLimit::max(BODY_MAX).apply(&mut request);
    let bytes = Bytes::from_request(request, &()).await.map_err(|refused| match refused {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => BadBody::TooLarge,
        _ => BadBody::Broken,
    })?;
    Ok((headers, Asked::read_signed(&bytes)?))
}

/// Whether the one `Content-Type` is that of a signed token (UK Dynamic Client Registration 3.3).
fn is_signed(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let kind = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    ["application/jwt", "application/jose"].iter().any(|signed| kind.eq_ignore_ascii_case(signed))
}

/// The client in the path; what cannot be read is the id of nobody.
async fn client_of(request: Request) -> (String, Request) {
    let (mut parts, body) = request.into_parts();
    let client = Path::<String>::from_request_parts(&mut parts, &()).await.map(|Path(client)| client);
    (client.unwrap_or_default(), Request::from_parts(parts, body))
}
