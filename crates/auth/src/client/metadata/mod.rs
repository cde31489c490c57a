//! What an app asks to be registered as (RFC 7591 2), checked field by field.
//!
//! Owns the way from members to [`Metadata`]: types, limits, defaults, and what fits what. What a security profile demands is
//! written in [`Profile::rules`] and is only looked up here. Must never fetch anything, and never believe a software
//! statement: a checked one comes in.

mod algorithms;
mod certificate;
mod fields;
mod grants;
mod keys;
mod reach;
mod redirects;
mod responses;

#[cfg(test)]
mod tests;

use lombard_domain::look_alike::hides_something;
use lombard_domain::oauth::{AuthMethod, GrantType, Metadata, Need, Profile, RedirectUri, ResponseType, Rules};
use lombard_domain::text::Text;

use super::statement::Statement;
use algorithms::Algorithms;
use certificate::Names;
use keys::Keys;

pub(in crate::client) use fields::invalid;
pub use fields::{BadMetadata, Fields};
pub(in crate::client) use redirects::refused as refused_redirect;

/// On which terms metadata is checked.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// What the client is called if nobody says.
    pub default_name: &'a str,
    /// The least that its profile may be.
    pub minimum_profile: Profile,
    /// Its profile, if it does not say.
    pub default_profile: Profile,
    /// Whether it is a resource server.
    pub standing: Standing,
    /// Who vouches for it.
    pub statement: Option<&'a Statement>,
}

/// Whether a client is a resource server, which may ask about any token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is an app.
    App,
    /// It is a resource server.
    ResourceServer,
    /// An operator registers it, and says what it is.
    AsSaid,
}

impl Fields {
    /// Turns the members into metadata, with our defaults for what is missing. Members that we do not know are ignored
    /// (RFC 7591 2).
    ///
    /// # Errors
    /// The first rule that they break, in RFC 7591's codes.
    pub fn check(&self, terms: &Terms<'_>) -> Result<Metadata, BadMetadata> {
        match terms.statement {
            Some(statement) => statement.bind(self)?.metadata(terms),
            None => self.metadata(terms),
        }
    }

    fn metadata(&self, terms: &Terms<'_>) -> Result<Metadata, BadMetadata> {
        only(self.text("subject_type")?, "subject_type", "pairwise")?;
        let profile = profile(self, terms)?;
        let rules = profile.rules();
        let algorithms = Algorithms::read(self)?;
        let resource_server = resource_server(self, terms.standing)?;
        let grant_types = grants::types(self, resource_server)?;
        let uses_codes = grant_types.contains(&GrantType::AuthorizationCode);
        let response_types = responses::types(self, rules, uses_codes)?;
        let hybrid = response_types.contains(&ResponseType::CodeIdToken);
        let redirect_uris = redirect_uris(self, rules, &response_types)?;
        if resource_server && !redirect_uris.is_empty() {
            return Err(refused_redirect("redirect_uris must be empty for a resource_server".to_owned()));
        }
        let method = auth_method(self, rules)?;
        let names = Names::read(self, method)?;
        let signed = demanded(self, "require_signed_request_object", rules.signed_request)?;
        let keys = Keys::read(self)?;
        keys.must_serve(method, (signed && uses_codes) || hybrid)?;
        keys.must_have(algorithms::ASSERTIONS, algorithms.assertions)?;
        keys.must_have(algorithms::REQUEST_OBJECTS, algorithms.request_objects)?;
        let (by_key, by_certificate) = bindings(self, rules)?;
        Ok(Metadata {
            security_profile: profile,
            client_name: name(self, terms)?,
            application_type: redirects::application_type(self)?,
            redirect_uris,
            token_endpoint_auth_method: method,
            token_endpoint_auth_signing_alg: algorithms.assertions,
            jwks: keys.jwks,
            jwks_uri: keys.jwks_uri,
            tls_client_auth_subject_dn: names.subject_dn,
            tls_client_auth_san_dns: names.san_dns,
            tls_client_auth_san_uri: names.san_uri,
            tls_client_auth_san_ip: names.san_ip,
            tls_client_auth_san_email: names.san_email,
            tls_client_certificate_bound_access_tokens: by_certificate,
            dpop_bound_access_tokens: by_key,
            use_mtls_endpoint_aliases: self.flag("use_mtls_endpoint_aliases")?.unwrap_or_default(),
            require_pushed_authorization_requests: demanded(
                self,
                "require_pushed_authorization_requests",
                rules.pushed_request,
            )?,
            require_signed_request_object: signed,
            request_object_signing_alg: algorithms.request_objects,
            response_modes: responses::modes(self, rules, &response_types)?,
            authorization_signed_response_alg: algorithms.authorization_responses,
            id_token_signed_response_alg: algorithms.id_tokens,
            introspection_signed_response_alg: algorithms.introspection_responses,
            authorization_details_types: reach::details(self, terms)?,
            resource_server,
            software_statement: terms.statement.map(|statement| statement.token().to_owned()),
            software: terms.statement.map(|statement| statement.software().clone()),
            grant_types,
            scope: reach::scope(self, terms, resource_server, &response_types)?,
            response_types,
            client_uri: self.web_uri("client_uri")?,
            logo_uri: self.web_uri("logo_uri")?,
            policy_uri: self.web_uri("policy_uri")?,
            tos_uri: self.web_uri("tos_uri")?,
            contacts: contacts(self)?,
            software_id: self.bounded("software_id")?,
            software_version: self.bounded("software_version")?,
        })
    }
}

/// Whoever wants an answer in the browser must say where to.
fn redirect_uris(fields: &Fields, rules: &Rules, types: &[ResponseType]) -> Result<Vec<RedirectUri>, BadMetadata> {
    // OpenID Connect Registration 2: an ID token goes through the browser to `https` only.
    let hybrid = types.contains(&ResponseType::CodeIdToken);
    let uris = redirects::read(fields, if hybrid { Need::Required } else { rules.secure_redirect })?;
    if uris.is_empty() && !types.is_empty() {
        let why = "redirect_uris must name at least one URI for the grant type authorization_code";
        return Err(refused_redirect(why.to_owned()));
    }
    Ok(uris)
}

/// What can have one value only.
fn only<'a>(values: impl IntoIterator<Item = &'a str>, name: &str, value: &str) -> Result<(), BadMetadata> {
    if values.into_iter().all(|given| given == value) {
        return Ok(());
    }
    Err(invalid(format!("{name} can only be {value}")))
}

fn profile(fields: &Fields, terms: &Terms<'_>) -> Result<Profile, BadMetadata> {
    let asked = fields.word("security_profile", Profile::ALL, Profile::name)?;
    let profile = asked.unwrap_or_else(|| terms.default_profile.max(terms.minimum_profile));
    if profile < terms.minimum_profile {
        return Err(invalid(format!("security_profile must be at least {}", terms.minimum_profile.name())));
    }
    Ok(profile)
}

fn resource_server(fields: &Fields, standing: Standing) -> Result<bool, BadMetadata> {
    let said = fields.flag("resource_server")?;
    match (standing, said) {
        (Standing::AsSaid, said) => Ok(said.unwrap_or_default()),
        (Standing::App, Some(true)) => Err(invalid("resource_server can be set by an operator only")),
        (Standing::ResourceServer, Some(false)) => Err(invalid("resource_server cannot be changed")),
        (Standing::App, _) => Ok(false),
        (Standing::ResourceServer, _) => Ok(true),
    }
}

fn name(fields: &Fields, terms: &Terms<'_>) -> Result<Text<80>, BadMetadata> {
    match fields.bounded("client_name")? {
        // What nobody sees makes a name that only looks like another.
        Some(name) if hides_something(Text::as_str(&name)) => {
            Err(invalid("client_name holds characters that nobody sees"))
        }
        Some(name) => Ok(name),
        None => Text::new(terms.default_name).map_err(|_| invalid("client_name is missing")),
    }
}

/// What is missing is the first that the profile has.
fn auth_method(fields: &Fields, rules: &Rules) -> Result<AuthMethod, BadMetadata> {
    let asked = fields.word(AUTH_METHOD, rules.auth_methods, AuthMethod::name)?;
    asked.or_else(|| rules.auth_methods.first().copied()).ok_or_else(|| invalid(format!("{AUTH_METHOD} is missing")))
}

/// What a profile demands is true whether it is said or not; only to deny it is an error.
fn demanded(fields: &Fields, name: &'static str, need: Need) -> Result<bool, BadMetadata> {
    match (fields.flag(name)?, need) {
        (Some(false), Need::Required) => Err(invalid(format!("{name} must be true for this security_profile"))),
        (_, Need::Required) => Ok(true),
        (said, Need::Optional) => Ok(said.unwrap_or_default()),
    }
}

/// Whether tokens are bound to the key of proofs (RFC 9449 5.2), or to a certificate (RFC 8705 3.4).
fn bindings(fields: &Fields, rules: &Rules) -> Result<(bool, bool), BadMetadata> {
    let by_certificate = fields.flag(BY_CERTIFICATE)?.unwrap_or_default();
    let said = fields.flag(BY_KEY)?;
    // Proofs need nothing to be registered, so they are what a client that says nothing can be held to.
    let by_key = said.unwrap_or_else(|| rules.sender_constraint == Need::Required && !by_certificate);
    if by_key && by_certificate {
        return Err(invalid(format!("{BY_KEY} and {BY_CERTIFICATE}: one of them can be true, not both")));
    }
    if rules.sender_constraint == Need::Required && !by_key && !by_certificate {
        return Err(invalid(format!("{BY_KEY} or {BY_CERTIFICATE} must be true for this security_profile")));
    }
    Ok((by_key, by_certificate))
}

fn contacts(fields: &Fields) -> Result<Vec<Text<254>>, BadMetadata> {
    let texts = fields.list("contacts")?.unwrap_or_default();
    if texts.len() > CONTACTS_MAX {
        return Err(invalid(format!("contacts can have at most {CONTACTS_MAX} members")));
    }
    texts.iter().map(|text| Text::new(text).map_err(|why| invalid(format!("contacts: {why}")))).collect()
}

const AUTH_METHOD: &str = "token_endpoint_auth_method";
const BY_KEY: &str = "dpop_bound_access_tokens";
const BY_CERTIFICATE: &str = "tls_client_certificate_bound_access_tokens";
/// Contacts of one client.
const CONTACTS_MAX: usize = 10;
