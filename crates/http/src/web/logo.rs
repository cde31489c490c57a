//! Logos of apps, as this server has drawn them. What an app sent is never passed on.

use axum::extract::{FromRequestParts as _, Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::reply;
use crate::app::App;
use crate::parts::guard::Refusal;
use crate::parts::interaction::InteractionId;

/// `GET /logos/{picture}`: a picture by its digest, which never changes, so browsers may keep it for ever.
pub(super) async fn logo(State(app): State<App>, call: InteractionId, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let name = Path::<String>::from_request_parts(&mut parts, &()).await.map(|Path(name)| name).unwrap_or_default();
    let found = match name.strip_suffix(".png") {
        Some(digest) => app.auth.logo(digest).await,
        None => Ok(None),
    };
    match found {
        Ok(Some(png)) => {
            ([(CONTENT_TYPE, "image/png"), (CACHE_CONTROL, "public, max-age=31536000, immutable")], png).into_response()
        }
        Ok(None) => super::refusal(&app, call.as_str(), Refusal::NotFound),
        Err(error) => reply::error(&app, call.as_str(), error),
    }
}
