//! What every answer can tell of limits, added to the description of each endpoint.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{Header, KnownFormat, ObjectBuilder, OpenApi, RefOr, SchemaFormat, Type};

/// Adds the fields of limits to all answers that can have them.
pub(super) fn describe(document: &mut OpenApi) {
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        for (status, response) in &mut operation.responses.responses {
            let RefOr::T(response) = response else { continue };
            let is_limited = status == "429";
            if is_limited || status == "503" {
                response.headers.insert("Retry-After".to_owned(), wait());
            }
            if is_limited || status.starts_with('2') {
                response.headers.insert("RateLimit".to_owned(), text(LEFT));
                response.headers.insert("RateLimit-Policy".to_owned(), text(POLICY));
            }
        }
    }
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut path.get, &mut path.post, &mut path.put, &mut path.delete].into_iter().flatten()
}

fn text(description: &str) -> RefOr<Header> {
    let schema = ObjectBuilder::new().schema_type(Type::String);
    RefOr::T(HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build())
}

fn wait() -> RefOr<Header> {
    let schema = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(0));
    RefOr::T(HeaderBuilder::new().schema(Some(schema)).description(Some("Seconds after which to come again.")).build())
}

const POLICY: &str = "The limits of this call, the tightest first: a name, how many calls there are (q), and in how many seconds so \
                      many come back (w). A structured field (draft-ietf-httpapi-ratelimit-headers).";
const LEFT: &str = "How these limits stand after this call: how many calls are left (r), and the seconds until all of them are back (t), \
                    or one more where the customer is away.";
