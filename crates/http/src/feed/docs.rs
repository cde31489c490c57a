//! The description of this surface, put together from what stands beside the handlers.

use std::collections::BTreeMap;

use utoipa::openapi::response::Response;
use utoipa::openapi::{Content, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, OpenApi};

use super::problem::Details;

#[derive(OpenApi)]
#[openapi(
    paths(super::sync::of_account),
    components(schemas(Details)),
    tags((name = "lombard", description = "What Lombard offers beside the standards."))
)]
struct Feed;

/// The endpoints of this surface.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    Feed::openapi()
}

/// How a call can be refused.
pub(super) struct Refused;

impl IntoResponses for Refused {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let one = |(status, description): (u16, &str)| {
            let content = Content::new(Some(Ref::from_schema_name("Problem")));
            let response = ResponseBuilder::new().description(description);
            (status.to_string(), RefOr::T(response.content("application/problem+json", content).build()))
        };
        [
            (400, "A parameter is wrong, or the cursor is none of this account under this consent"),
            (401, "No token, or one that does not work"),
            (403, "The token does not allow this, its consent is not for this account, or the customer must sign in again"),
            (406, "Something else than JSON in UTF-8 is asked for"),
            (429, "Too many calls, or the accesses without the customer are used up; Retry-After says when there is one again"),
            (503, "Too busy; try again in a moment"),
        ]
        .map(one)
        .into()
    }
}
