//! Which algorithms a client signs with and wants to be answered with; encryption is refused, for there is none here.

use lombard_domain::oauth::Alg;

use super::fields::{BadMetadata, Fields, invalid};

/// What is signed with what. What the client signs may be left open; what it is sent has one algorithm.
pub(super) struct Algorithms {
    pub(super) assertions: Option<Alg>,
    pub(super) request_objects: Option<Alg>,
    pub(super) authorization_responses: Alg,
    pub(super) id_tokens: Alg,
    pub(super) introspection_responses: Alg,
}

impl Algorithms {
    pub(super) fn read(fields: &Fields) -> Result<Self, BadMetadata> {
        if let Some(name) = NOT_HONOURED.into_iter().find(|name| fields.value(name).is_some()) {
            return Err(invalid(format!("{name} cannot be honoured here")));
        }
        Ok(Self {
            assertions: fields.alg(ASSERTIONS)?,
            request_objects: fields.alg(REQUEST_OBJECTS)?,
            authorization_responses: fields.alg("authorization_signed_response_alg")?.unwrap_or_default(),
            id_tokens: fields.alg("id_token_signed_response_alg")?.unwrap_or_default(),
            introspection_responses: fields.alg("introspection_signed_response_alg")?.unwrap_or_default(),
        })
    }
}

/// What assertions are signed with.
pub(super) const ASSERTIONS: &str = "token_endpoint_auth_signing_alg";
/// What request objects are signed with.
pub(super) const REQUEST_OBJECTS: &str = "request_object_signing_alg";
/// RFC 7591 2 lets a server replace what it cannot honour, but whoever asks for encryption could not read what is not encrypted,
/// and whoever wants user information signed could not read it as plain JSON.
const NOT_HONOURED: [&str; 11] = [
    "authorization_encrypted_response_alg",
    "authorization_encrypted_response_enc",
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "introspection_encrypted_response_alg",
    "introspection_encrypted_response_enc",
    "request_object_encryption_alg",
    "request_object_encryption_enc",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "userinfo_signed_response_alg",
];
