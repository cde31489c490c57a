//! What an app asks to be registered as (RFC 7591 2), checked field by field.

use lombard_domain::oauth::{AuthMethod, ErrorCode, GrantType, Metadata, OauthError, RedirectUri, ScopeSet, WebUri};
use lombard_domain::text::Text;
use serde_json::{Map, Value};

/// The body of a registration request, a JSON object.
pub struct Asked(Map<String, Value>);

/// Why it is refused: one of RFC 7591's codes, and a sentence that names the field.
pub type BadMetadata = OauthError;

impl Asked {
    /// Reads a body.
    ///
    /// # Errors
    /// `invalid_client_metadata` unless it is a JSON object of a bearable size.
    pub fn read(body: &[u8]) -> Result<Self, BadMetadata> {
        let fields: Map<String, Value> =
            serde_json::from_slice(body).map_err(|_| invalid("the body must be a JSON object"))?;
        if fields.len() > FIELDS_MAX {
            return Err(invalid("the object has too many members"));
        }
        Ok(Self(fields))
    }

    /// A text member, if it is there.
    ///
    /// # Errors
    /// `invalid_client_metadata` if it is not a string.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, BadMetadata> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(invalid(format!("{name} must be a string"))),
        }
    }

    /// Turns it into metadata, with our defaults for what is missing. Members that we do not know are ignored (RFC 7591 2).
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(&self, default_name: &str) -> Result<Metadata, BadMetadata> {
        self.refuse_what_cannot_be_honoured()?;
        let grant_types = self.grant_types()?;
        let redirect_uris = self.redirect_uris()?;
        if redirect_uris.is_empty() && grant_types.contains(&GrantType::AuthorizationCode) {
            let error = "redirect_uris must name at least one URI for the grant type authorization_code";
            return Err(OauthError::new(ErrorCode::InvalidRedirectUri, error));
        }
        let name = match self.bounded("client_name")? {
            Some(name) => name,
            None => Text::new(default_name).map_err(|_| invalid("client_name is missing"))?,
        };
        Ok(Metadata {
            security_profile: lombard_domain::oauth::Profile::Baseline,
            token_endpoint_auth_signing_alg: None,
            jwks: None,
            jwks_uri: None,
            tls_client_auth_subject_dn: None,
            tls_client_auth_san_dns: None,
            tls_client_auth_san_uri: None,
            tls_client_auth_san_ip: None,
            tls_client_auth_san_email: None,
            tls_client_certificate_bound_access_tokens: false,
            dpop_bound_access_tokens: false,
            use_mtls_endpoint_aliases: false,
            require_pushed_authorization_requests: false,
            require_signed_request_object: false,
            request_object_signing_alg: None,
            response_modes: None,
            authorization_signed_response_alg: lombard_domain::oauth::Alg::Es256,
            id_token_signed_response_alg: lombard_domain::oauth::Alg::Es256,
            introspection_signed_response_alg: lombard_domain::oauth::Alg::Es256,
            authorization_details_types: None,
            resource_server: false,
            software_statement: None,
            software: None,
            client_name: name,
            redirect_uris,
            token_endpoint_auth_method: self.auth_method()?,
            grant_types,
            scope: match self.text("scope")?.filter(|scope| !scope.is_empty()) {
                Some(scope) => {
                    ScopeSet::parse(scope).map_err(|_| invalid("scope names a scope that does not exist"))?
                }
                None => ScopeSet::all(),
            },
            client_uri: self.web_uri("client_uri")?,
            logo_uri: self.web_uri("logo_uri")?,
            policy_uri: self.web_uri("policy_uri")?,
            tos_uri: self.web_uri("tos_uri")?,
            contacts: self.contacts()?,
            software_id: self.bounded("software_id")?,
            software_version: self.bounded("software_version")?,
        })
    }

    fn refuse_what_cannot_be_honoured(&self) -> Result<(), BadMetadata> {
        if self.0.contains_key("software_statement") {
            let error = "software statements are not accepted here";
            return Err(OauthError::new(ErrorCode::UnapprovedSoftwareStatement, error));
        }
        if self.list("response_types")?.is_some_and(|types| types.iter().any(|kind| *kind != "code")) {
            return Err(invalid("response_types can only be code"));
        }
        for (name, only) in [("id_token_signed_response_alg", "ES256"), ("subject_type", "pairwise")] {
            if self.text(name)?.is_some_and(|value| value != only) {
                return Err(invalid(format!("{name} can only be {only}")));
            }
        }
        Ok(())
    }

    fn redirect_uris(&self) -> Result<Vec<RedirectUri>, BadMetadata> {
        let refuse = |why: String| OauthError::new(ErrorCode::InvalidRedirectUri, why);
        let texts =
            self.list("redirect_uris").map_err(|_| refuse("redirect_uris must be an array of strings".to_owned()))?;
        let texts = texts.unwrap_or_default();
        if texts.len() > REDIRECT_URIS_MAX {
            return Err(refuse(format!("redirect_uris can have at most {REDIRECT_URIS_MAX} members")));
        }
        let numbered = texts.iter().enumerate();
        numbered
            .map(|(i, text)| {
                RedirectUri::new(text).map_err(|why| refuse(format!("redirect_uris, number {}: {why}", i + 1)))
            })
            .collect()
    }

    fn auth_method(&self) -> Result<AuthMethod, BadMetadata> {
        let Some(name) = self.text("token_endpoint_auth_method")? else { return Ok(AuthMethod::ClientSecretBasic) };
        let known = AuthMethod::ALL.iter().copied().find(|method| method.name() == name);
        known.ok_or_else(|| invalid("token_endpoint_auth_method can be client_secret_basic or client_secret_post"))
    }

    /// What is missing defaults to everything that a confidential client can use, which the answer says (RFC 7591 3.2.1).
    fn grant_types(&self) -> Result<Vec<GrantType>, BadMetadata> {
        let Some(names) = self.list("grant_types")? else { return Ok(GrantType::ALL.to_vec()) };
        let known = |name: &&str| GrantType::ALL.iter().copied().find(|kind| kind.name() == *name);
        let mut kinds = names
            .iter()
            .map(|name| known(name).ok_or_else(|| invalid("grant_types names a grant type that does not exist here")))
            .collect::<Result<Vec<_>, _>>()?;
        kinds.sort_by_key(|kind| kind.name());
        kinds.dedup();
        if kinds.is_empty() {
            return Err(invalid("grant_types must not be empty"));
        }
        Ok(kinds)
    }

    fn contacts(&self) -> Result<Vec<Text<254>>, BadMetadata> {
        let texts = self.list("contacts")?.unwrap_or_default();
        if texts.len() > CONTACTS_MAX {
            return Err(invalid(format!("contacts can have at most {CONTACTS_MAX} members")));
        }
        texts.iter().map(|text| Text::new(text).map_err(|why| invalid(format!("contacts: {why}")))).collect()
    }

    fn bounded<const MAX: usize>(&self, name: &'static str) -> Result<Option<Text<MAX>>, BadMetadata> {
        self.text(name)?.map(|text| Text::new(text).map_err(|why| invalid(format!("{name} {why}")))).transpose()
    }

    fn web_uri(&self, name: &'static str) -> Result<Option<WebUri>, BadMetadata> {
        let uri = self.text(name)?.map(|text| WebUri::try_from(text.to_owned()));
        uri.transpose().map_err(|why| invalid(format!("{name} {why}")))
    }

    fn list(&self, name: &'static str) -> Result<Option<Vec<&str>>, BadMetadata> {
        let items = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(invalid(format!("{name} must be an array of strings"))),
        };
        let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
        texts.map(Some).ok_or_else(|| invalid(format!("{name} must be an array of strings")))
    }
}

fn invalid(description: impl Into<std::borrow::Cow<'static, str>>) -> OauthError {
    OauthError::new(ErrorCode::InvalidClientMetadata, description)
}

/// Members of a registration request.
const FIELDS_MAX: usize = 100;
/// Redirect URIs of one client.
const REDIRECT_URIS_MAX: usize = 20;
/// Contacts of one client.
const CONTACTS_MAX: usize = 10;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(body: &Value) -> Result<Metadata, BadMetadata> {
        Asked::read(body.to_string().as_bytes())?.check("an app")
    }

    #[test]
    fn fills_in_what_is_missing() {
        let metadata = check(&json!({"redirect_uris": ["https://app.example/cb"], "unknown": {"a": 1}})).unwrap();
        assert_eq!(metadata.client_name.as_str(), "an app");
        assert_eq!(metadata.token_endpoint_auth_method, AuthMethod::ClientSecretBasic);
        assert_eq!(metadata.scope, ScopeSet::all());
        assert_eq!(metadata.grant_types, GrantType::ALL);
    }

    #[test]
    fn names_the_field_at_fault() {
        let uri = "https://app.example/cb";
        for (body, code, field) in [
            (json!({}), ErrorCode::InvalidRedirectUri, "redirect_uris"),
            (json!({"redirect_uris": uri}), ErrorCode::InvalidRedirectUri, "redirect_uris"),
            (json!({"redirect_uris": ["http://app.example/"]}), ErrorCode::InvalidRedirectUri, "number 1"),
            (json!({"redirect_uris": vec![uri; 21]}), ErrorCode::InvalidRedirectUri, "at most 20"),
            (json!({"redirect_uris": [uri], "client_name": 7}), ErrorCode::InvalidClientMetadata, "client_name"),
            (
                json!({"redirect_uris": [uri], "client_name": "a\u{202e}b"}),
                ErrorCode::InvalidClientMetadata,
                "client_name",
            ),
            (
                json!({"redirect_uris": [uri], "client_name": "a".repeat(81)}),
                ErrorCode::InvalidClientMetadata,
                "client_name",
            ),
            (json!({"redirect_uris": [uri], "scope": "admin"}), ErrorCode::InvalidClientMetadata, "scope"),
            (
                json!({"redirect_uris": [uri], "grant_types": ["password"]}),
                ErrorCode::InvalidClientMetadata,
                "grant_types",
            ),
            (json!({"redirect_uris": [uri], "grant_types": []}), ErrorCode::InvalidClientMetadata, "grant_types"),
            (
                json!({"redirect_uris": [uri], "response_types": ["token"]}),
                ErrorCode::InvalidClientMetadata,
                "response_types",
            ),
            (
                json!({"redirect_uris": [uri], "token_endpoint_auth_method": "none"}),
                ErrorCode::InvalidClientMetadata,
                "token_endpoint_auth_method",
            ),
            (json!({"redirect_uris": [uri], "logo_uri": "javascript:x"}), ErrorCode::InvalidClientMetadata, "logo_uri"),
            (
                json!({"redirect_uris": [uri], "software_statement": "x"}),
                ErrorCode::UnapprovedSoftwareStatement,
                "statements",
            ),
        ] {
            let error = check(&body).unwrap_err();
            assert_eq!(error.code, code, "{body}");
            assert!(error.description.contains(field), "{body}: {error}");
        }
    }
}
