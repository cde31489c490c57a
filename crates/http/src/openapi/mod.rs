//! The description of every endpoint that apps call, OpenAPI 3.1, made from the code; and a page to try them in a sandbox.
//!
//! Each surface describes its own endpoints beside its handlers; here they are put together, and what holds for all of them is added.

pub(crate) mod explorer;
mod limits;

use std::sync::LazyLock;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{
    AuthorizationCode, ClientCredentials, Flow, Http, HttpAuthScheme, OAuth2, Scopes, SecurityScheme,
};

use lombard_domain::oauth::Scope;

use crate::app::App;

/// Methods and paths of this surface.
pub(crate) const ROUTES: &[(&str, &str)] = &[("GET", "/openapi.json")];

pub(crate) fn router() -> Router<App> {
    Router::new().route("/openapi.json", get(described))
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Lombard",
        description = "The bank's side of open banking: apps register, ask customers for their consent, and read account information.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    servers((url = "/", description = "This server"))
)]
struct Base;

/// The description of every endpoint that apps call.
#[must_use]
pub fn document() -> Document {
    let mut document = Base::openapi();
    for surface in [crate::feed::docs::document(), crate::oauth::docs::document(), crate::uk::docs::document()] {
        document.merge(surface);
    }
    limits::describe(&mut document);
    let components = document.components.get_or_insert_default();
    for (name, scheme) in [(CUSTOMER, customer()), (APP, app()), (CLIENT, client()), (REGISTRATION, registration())] {
        components.add_security_scheme(name, scheme);
    }
    document
}

/// `GET /openapi.json`
async fn described() -> Response {
    static TEXT: LazyLock<Option<String>> = LazyLock::new(|| document().to_pretty_json().ok());
    match TEXT.as_deref() {
        Some(text) => ([(CONTENT_TYPE, "application/json")], text).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What a customer allowed an app, by the code flow.
fn customer() -> SecurityScheme {
    let scopes = Scope::ALL.iter().filter(|scope| scope.is_a_customers()).map(|scope| (scope.name(), ""));
    let flow = AuthorizationCode::new("/authorize", "/token", Scopes::from_iter(scopes));
    SecurityScheme::OAuth2(OAuth2::with_description(
        [Flow::AuthorizationCode(flow)],
        "An access token that an app got because a customer consented; with DPoP or a certificate if it is bound to one.",
    ))
}

/// An app's own token. Without a customer there is nobody whom `openid` could tell of.
fn app() -> SecurityScheme {
    let scopes = Scope::ALL.iter().filter(|scope| **scope != Scope::OpenId).map(|scope| (scope.name(), ""));
    let flow = ClientCredentials::new("/token", Scopes::from_iter(scopes));
    SecurityScheme::OAuth2(OAuth2::with_description(
        [Flow::ClientCredentials(flow)],
        "An access token that an app got for itself.",
    ))
}

/// A client that proves who it is at an OAuth endpoint.
fn client() -> SecurityScheme {
    SecurityScheme::Http(
        Http::builder()
            .scheme(HttpAuthScheme::Basic)
            .description(Some(
                "Client id and secret. Apps with keys send `client_assertion`, or call with their certificate, instead.",
            ))
            .build(),
    )
}

/// What opens a registration again.
fn registration() -> SecurityScheme {
    let description =
        "The registration access token (RFC 7592 3), or the initial access token that the bank gave out (RFC 7591 3).";
    SecurityScheme::Http(Http::builder().scheme(HttpAuthScheme::Bearer).description(Some(description)).build())
}

/// The name of the scheme for a customer's token.
const CUSTOMER: &str = "customer";
/// The name of the scheme for an app's own token.
const APP: &str = "app";
/// The name of the scheme for a client's credentials.
const CLIENT: &str = "client";
/// The name of the scheme for what opens a registration.
const REGISTRATION: &str = "registration";
