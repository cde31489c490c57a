//! Who the customer is, for apps that asked for `openid` (OpenID Connect Core 5.3).

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::protected;
use crate::app::App;
use crate::parts::interaction::InteractionId;

/// `GET` and `POST /userinfo`
pub(super) async fn userinfo(State(app): State<App>, id: InteractionId, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match app.gate.identity(id.call(), protected::presented(&parts).as_ref()).await {
        Ok(identity) => Json(json!({"sub": identity.subject()})).into_response(),
        Err(denied) => protected::refused(denied),
    }
}
