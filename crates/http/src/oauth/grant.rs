//! Grants that customers gave an app, for the app to look at and to end (Grant Management 6).

use axum::Json;
use axum::extract::{FromRequestParts as _, Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::request::Parts;
use lombard_auth::access::ClientAccess;
use lombard_domain::oauth::Scope;

use super::docs::{ErrorAnswer, Metadata, Refused};
use super::protected;
use crate::app::App;
use crate::parts::interaction::InteractionId;

/// What a grant of this app is for (Grant Management 6.2).
#[utoipa::path(get, path = "/grants/{grant}", tag = "oauth", operation_id = "getGrant",
    params(("grant" = String, Path, description = "The grant's name", max_length = 40)), responses((status = 200, description = "The grant", body = Metadata), (status = 404, description = "There is no such grant of this app", body = ErrorAnswer), Refused), security(("app" = ["grant_management_query"])))]
pub(super) async fn show(State(app): State<App>, id: InteractionId, request: Request) -> Response {
    let (client, grant) = match allowed(&app, &id, request, Scope::GrantManagementQuery).await {
        Ok(allowed) => allowed,
        Err(refused) => return refused,
    };
    match app.auth.show_grant(&client, &grant).await {
        Ok(grant) => Json(grant).into_response(),
        Err(error) => protected::failed(error),
    }
}

/// Ends a grant (Grant Management 6.3).
#[utoipa::path(delete, path = "/grants/{grant}", tag = "oauth", operation_id = "endGrant",
    params(("grant" = String, Path, description = "The grant's name", max_length = 40)), responses((status = 204, description = "It has ended"), (status = 404, description = "There is no such grant of this app", body = ErrorAnswer), Refused), security(("app" = ["grant_management_revoke"])))]
pub(super) async fn end(State(app): State<App>, id: InteractionId, request: Request) -> Response {
    let (client, grant) = match allowed(&app, &id, request, Scope::GrantManagementRevoke).await {
        Ok(allowed) => allowed,
        Err(refused) => return refused,
    };
    match app.auth.end_grant(id.call(), &client, &grant).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => protected::failed(error),
    }
}

/// The app that may do this, and the grant in the path; what cannot be read there is the name of none.
async fn allowed(
    app: &App,
    id: &InteractionId,
    request: Request,
    scope: Scope,
) -> Result<(ClientAccess, String), Response> {
    let (mut parts, _) = request.into_parts();
    let grant = grant_of(&mut parts).await;
    let access = app.gate.client(id.call(), protected::presented(&parts).as_ref(), &[scope]).await;
    access.map(|access| (access, grant)).map_err(protected::refused)
}

async fn grant_of(parts: &mut Parts) -> String {
    Path::<String>::from_request_parts(parts, &()).await.map(|Path(grant)| grant).unwrap_or_default()
}
