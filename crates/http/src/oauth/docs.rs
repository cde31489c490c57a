//! The description of this surface, put together from what stands beside the handlers; and the shapes of what comes and goes.
//!
//! The shapes are written down here for the description only: the values themselves are made by the rules of OAuth in `auth`.

mod client;

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::openapi::response::Response;
use utoipa::openapi::{Content, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, OpenApi, ToSchema};

use super::{discovery, grant, introspect, register, token, userinfo};
pub(super) use client::{ClientChange, ClientMetadata, ClientRegistration};

#[derive(OpenApi)]
#[openapi(
    paths(
        discovery::authorization_server,
        discovery::openid_configuration,
        discovery::resource,
        discovery::jwks,
        grant::show,
        grant::end,
        introspect::introspect,
        token::push,
        token::token,
        token::revoke,
        register::create,
        register::read,
        register::update,
        register::delete,
        userinfo::get,
        userinfo::post,
    ),
    components(schemas(ErrorAnswer)),
    tags(
        (name = "discovery", description = "What this server can do, and its keys."),
        (name = "oauth", description = "Getting tokens, asking about them, giving them back."),
        (name = "registration", description = "An app registers itself (RFC 7591) and looks after its registration (RFC 7592).")
    )
)]
struct Oauth;

/// The endpoints of this surface.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    Oauth::openapi()
}

/// RFC 6749 5.2, RFC 7591 3.2.2.
#[derive(Serialize, ToSchema)]
#[schema(as = OauthError, example = json!({"error": "invalid_grant", "error_description": "the code is unknown, expired or was used before"}))]
pub(super) struct ErrorAnswer {
    /// A word of the standards.
    error: String,
    /// A sentence for developers.
    error_description: String,
}

/// RFC 6749 5.1. Other members follow the extensions that the request used.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenResponse {
    /// Opaque to the app.
    access_token: String,
    /// `Bearer`, or `DPoP` if a proof came with the request.
    token_type: String,
    /// Seconds.
    expires_in: i64,
    /// What the token is for; missing where `authorization_details` say it all.
    scope: Option<String>,
    /// For new access tokens; it stays the same.
    refresh_token: Option<String>,
    /// OpenID Connect Core 2, if `openid` was asked for.
    id_token: Option<String>,
}

/// What the token endpoint takes (RFC 6749 4, 6); client authentication can be part of it.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenRequest {
    /// `authorization_code`, `refresh_token` or `client_credentials`.
    grant_type: String,
    /// With `authorization_code`.
    code: Option<String>,
    /// With `authorization_code`: the same as in the request.
    redirect_uri: Option<String>,
    /// With `authorization_code` (RFC 7636).
    code_verifier: Option<String>,
    /// With `refresh_token`.
    refresh_token: Option<String>,
    /// Less than was granted.
    scope: Option<String>,
}

/// What is asked about, or given back (RFC 7662 2.1, RFC 7009 2.1).
#[derive(Serialize, ToSchema)]
pub(super) struct TokenQuery {
    /// The token.
    token: String,
    /// Ignored: tokens tell what they are.
    token_type_hint: Option<String>,
}

/// RFC 7662 2.2: of a token that does not work there is `active` alone.
#[derive(Serialize, ToSchema)]
pub(super) struct Introspection {
    /// Whether it works now.
    active: bool,
}

/// An authorization request (OpenID Connect Core 3.1.2.1, RFC 7636, RFC 9101, RFC 9396).
#[derive(Serialize, ToSchema)]
pub(super) struct PushedRequest {
    /// `code`.
    response_type: Option<String>,
    /// One of the registered ones.
    redirect_uri: Option<String>,
    /// What for.
    scope: Option<String>,
    /// PKCE, method S256.
    code_challenge: Option<String>,
    /// `S256`.
    code_challenge_method: Option<String>,
    /// Given back with the answer.
    state: Option<String>,
    /// A signed request object that holds all of it.
    request: Option<String>,
}

/// RFC 9126 2.2.
#[derive(Serialize, ToSchema)]
pub(super) struct PushedResponse {
    /// What the customer's browser is sent with.
    request_uri: String,
    /// Seconds.
    expires_in: i64,
}

/// A JSON object whose members a standard defines.
#[derive(Serialize, ToSchema)]
pub(super) struct Metadata {}

/// How endpoints for clients refuse.
pub(super) struct Refused;

/// How documents for everybody refuse.
pub(super) struct Unavailable;

impl IntoResponses for Unavailable {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[
            (405, "The method is not allowed here"),
            (429, "Too many calls; Retry-After says when to come again"),
            (503, "Too busy; try again in a moment"),
        ])
    }
}

impl IntoResponses for Refused {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[
            (400, "A parameter is wrong, or may not be used by this client"),
            (401, "The client or the token is not what it says it is"),
            (403, "Valid, but not for this"),
            (413, "The body is too long"),
            (415, "The body is of the wrong kind"),
            (429, "Too many calls; Retry-After says when to come again"),
            (503, "Too busy; try again in a moment"),
        ])
    }
}

fn refusals(all: &[(u16, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let one = |(status, description): &(u16, &str)| {
        let content = Content::new(Some(Ref::from_schema_name("OauthError")));
        let response = ResponseBuilder::new().description(*description).content("application/json", content);
        (status.to_string(), RefOr::T(response.build()))
    };
    all.iter().map(one).collect()
}
