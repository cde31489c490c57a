//! What a client wants to use at the token endpoint.

use lombard_domain::oauth::GrantType;

use super::fields::{BadMetadata, Fields, chosen, invalid};
use super::responses;

/// Reads `grant_types`. What is missing defaults to everything that a confidential client can use, which the answer says
/// (RFC 7591 3.2.1). A resource server gets no tokens.
pub(super) fn types(fields: &Fields, resource_server: bool) -> Result<Vec<GrantType>, BadMetadata> {
    let mut kinds = match asked(fields)? {
        Some(kinds) if resource_server && !kinds.is_empty() => {
            return Err(invalid("grant_types must be empty for a resource_server"));
        }
        Some(kinds) if !resource_server && kinds.is_empty() => return Err(invalid("grant_types must not be empty")),
        Some(kinds) => kinds,
        None if resource_server => Vec::new(),
        None => GrantType::ALL.to_vec(),
    };
    kinds.sort_by_key(|kind| kind.name());
    Ok(kinds)
}

/// OpenID Connect Registration 2 has clients of the hybrid flow name the implicit grant beside the code. There is none here: the ID
/// token comes with the code, so the name says nothing more and is left out.
fn asked(fields: &Fields) -> Result<Option<Vec<GrantType>>, BadMetadata> {
    let Some(mut names) = fields.list(NAME)? else { return Ok(None) };
    if names.contains(&GrantType::AuthorizationCode.name()) && responses::ask_for_id_tokens(fields)? {
        names.retain(|name| *name != IMPLICIT);
    }
    chosen(NAME, names, GrantType::ALL, GrantType::name).map(Some)
}

const NAME: &str = "grant_types";
const IMPLICIT: &str = "implicit";

#[cfg(test)]
mod tests {
    use lombard_domain::oauth::GrantType::{AuthorizationCode, ClientCredentials};
    use serde_json::{Value, json};

    use super::*;

    fn read(body: &Value) -> Result<Vec<GrantType>, BadMetadata> {
        types(&Fields::read(body.to_string().as_bytes()).unwrap(), false)
    }

    #[test]
    fn leaves_out_the_implicit_grant_of_the_hybrid_flow_and_refuses_any_other() {
        for types in [json!(["code id_token"]), json!(["code", "id_token code"])] {
            let body = json!({"response_types": types,
                "grant_types": ["implicit", "client_credentials", "authorization_code", "implicit"]});
            assert_eq!(read(&body).unwrap(), [AuthorizationCode, ClientCredentials], "{types}");
        }
        for bad in [
            json!({"grant_types": ["authorization_code", "implicit"]}),
            json!({"grant_types": ["authorization_code", "implicit"], "response_types": ["code"]}),
            json!({"grant_types": ["client_credentials", "implicit"], "response_types": ["code id_token"]}),
            json!({"grant_types": ["implicit"], "response_types": ["code id_token"]}),
            json!({"grant_types": ["authorization_code", "Implicit"], "response_types": ["code id_token"]}),
        ] {
            assert!(read(&bad).unwrap_err().description.contains("grant_types can only be"), "{bad}");
        }
    }
}
