//! Who the customer is, for apps that asked for `openid` (OpenID Connect Core 5.3).

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::docs::{Metadata, Refused};
use super::protected;
use crate::app::App;
use crate::parts::interaction::InteractionId;

/// Who the customer is.
#[utoipa::path(get, path = "/userinfo", tag = "oauth", operation_id = "getUserinfo",
    responses((status = 200, description = "Who the customer is, under a name for this app", body = Metadata), Refused), security(("customer" = ["openid"])))]
pub(super) async fn get(app: State<App>, id: InteractionId, request: Request) -> Response {
    userinfo(app, id, request).await
}

/// Who the customer is.
#[utoipa::path(post, path = "/userinfo", tag = "oauth", operation_id = "postUserinfo",
    responses((status = 200, description = "Who the customer is, under a name for this app", body = Metadata), Refused), security(("customer" = ["openid"])))]
pub(super) async fn post(app: State<App>, id: InteractionId, request: Request) -> Response {
    userinfo(app, id, request).await
}

async fn userinfo(State(app): State<App>, id: InteractionId, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match app.gate.identity(id.call(), protected::presented(&parts).as_ref()).await {
        Ok(identity) => {
            let mut claims = json!({"sub": identity.subject()});
            if let (Some(claims), Some(intent)) = (claims.as_object_mut(), identity.intent()) {
                claims.insert("openbanking_intent_id".to_owned(), intent.to_string().into());
            }
            Json(claims).into_response()
        }
        Err(denied) => protected::refused(denied),
    }
}
