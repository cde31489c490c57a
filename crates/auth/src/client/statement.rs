//! Software statements: what a directory says of an app (RFC 7591 2.3; UK Dynamic Client Registration 3.3).
//!
//! Owns the judgement of a statement and what it fixes. A [`Statement`] is one whose signature held, now or when the client
//! registered. Must never take a directory's or an app's key from the token itself, and never fetch.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lombard_domain::look_alike::hides_something;
use lombard_domain::oauth::{ErrorCode, OauthError, Role, Software};
use lombard_domain::text::Text;
use lombard_domain::time::{Instant, Span};
use serde_json::Value;

use super::metadata::{BadMetadata, Fields, invalid, refused_redirect};
use crate::jose::{Alg, Claims, Expiry, JoseError, Jwks, MAX_TOKEN_BYTES, Typ, VerifyRules, verify};

#[cfg(test)]
pub(super) mod tests;

/// A software statement that holds.
#[derive(Clone, Debug)]
pub struct Statement {
    token: String,
    software: Software,
    /// Members of the registration, by their names there.
    fixed: Vec<(&'static str, Value)>,
    redirect_uris: Vec<String>,
}

/// By what a statement is judged.
#[derive(Clone, Copy)]
pub struct Judge<'a> {
    /// Who must have made it.
    pub issuer: &'a str,
    /// With one of which keys.
    pub keys: &'a Jwks,
    /// How long ago at most.
    pub age_max: Span,
    /// What time it is.
    pub now: Instant,
}

/// Where a statement says that the software's keys are.
pub(super) enum SoftwareKeys<'a> {
    /// At an address.
    At(&'a str),
    /// In it.
    Here(&'a Value),
}

impl Statement {
    /// Checks a statement and reads it.
    ///
    /// # Errors
    /// `invalid_software_statement`, with what is wrong.
    pub fn verify(token: &str, judge: &Judge<'_>) -> Result<Self, BadMetadata> {
        let rules = VerifyRules { typ: Typ::AbsentOrOneOf(&["JWT"]), algs: &Alg::ALL, keys: judge.keys };
        let claims = verify(token, rules).map_err(unsound)?.claims().map_err(|why| match why {
            JoseError::Claim(name) => bad(format!("the software statement: {name} is not acceptable")),
            _ => bad("the software statement is not a JSON object with distinct members"),
        })?;
        if claims.issuer() != Some(judge.issuer) {
            return Err(bad("the software statement has another iss than it first seemed"));
        }
        claims.check_times(judge.now, Expiry::Optional { leeway: Span::seconds(0) }).map_err(|why| match why {
            JoseError::Expired => bad("the software statement has expired (exp)"),
            _ => bad("the software statement is from the future (iat, nbf)"),
        })?;
        let issued_at =
            claims.issued_at().ok_or_else(|| bad("the software statement does not say when it was made (iat)"))?;
        if judge.now > issued_at.plus(judge.age_max) {
            return Err(bad("the software statement is too old (iat): get a new one"));
        }
        Self::read(token, &claims)
    }

    /// Reads a statement again that was verified when the client registered; its age and its directory's keys are of no
    /// consequence any more.
    ///
    /// # Errors
    /// `invalid_software_statement` if the token was never verified here, or the rules for what it says have changed since.
    pub(super) fn verified_before(token: &str) -> Result<Self, BadMetadata> {
        let claims = payload(token).and_then(|payload| Claims::parse(&payload).ok());
        Self::read(token, &claims.ok_or_else(|| unsound(JoseError::Malformed))?)
    }

    fn read(token: &str, claims: &Claims) -> Result<Self, BadMetadata> {
        if optional(claims, "org_status")?.is_some_and(|status| status != "Active") {
            return Err(bad("the software statement is of an organisation that is not active (org_status)"));
        }
        let mut fixed = Vec::new();
        for (field, names) in FIXED {
            fixed.extend(first(claims, names)?.map(|value| (*field, value)));
        }
        // An address outlives a copy, so it is the one that counts where a directory gives both.
        if fixed.iter().any(|(name, _)| *name == "jwks_uri") {
            fixed.retain(|(name, _)| *name != "jwks");
        }
        let says = |field| fixed.iter().any(|(name, _)| *name == field);
        Ok(Self {
            software: Software {
                says_home: says("client_uri"),
                says_logo: says("logo_uri"),
                says_name: says("client_name"),
                iss: required(claims, "iss")?,
                software_id: required(claims, "software_id")?,
                software_roles: roles(claims)?,
                org_id: required(claims, "org_id")?,
                org_name: required(claims, "org_name").and_then(plain)?,
            },
            fixed,
            redirect_uris: match list(claims, "software_redirect_uris")? {
                Some(uris) => uris,
                None => list(claims, "redirect_uris")?.unwrap_or_default(),
            },
            token: token.to_owned(),
        })
    }

    /// The statement as it came.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Which software, and whose.
    #[must_use]
    pub fn software(&self) -> &Software {
        &self.software
    }

    /// Where browsers may be sent back to; nowhere else.
    #[must_use]
    pub fn redirect_uris(&self) -> &[String] {
        &self.redirect_uris
    }

    /// Whether both are of the same software.
    pub(super) fn is_of_the_software_of(&self, other: &Self) -> bool {
        (&self.software.iss, &self.software.software_id) == (&other.software.iss, &other.software.software_id)
    }

    /// Where the software's keys are.
    pub(super) fn keys(&self) -> Option<SoftwareKeys<'_>> {
        self.fixed.iter().find_map(|(name, value)| match *name {
            "jwks" => Some(SoftwareKeys::Here(value)),
            "jwks_uri" => value.as_str().map(SoftwareKeys::At),
            _ => None,
        })
    }

    /// What is registered: what the app asks for and the statement allows, under the name and keys of the statement.
    ///
    /// # Errors
    /// `invalid_redirect_uri` or `invalid_client_metadata` if the app asks for anything else than the statement says.
    pub(super) fn bind(&self, asked: &Fields) -> Result<Fields, BadMetadata> {
        let mut bound = asked.clone();
        let has_keys = self.keys().is_some();
        for name in ["jwks", "jwks_uri"] {
            if has_keys && asked.value(name).is_some() && !self.fixed.iter().any(|(fixed, _)| *fixed == name) {
                return Err(invalid(format!(
                    "{name}: the keys are in the software statement, and no others can be used"
                )));
            }
        }
        for (name, value) in &self.fixed {
            if asked.value(name).is_some_and(|asked| asked != value) {
                return Err(invalid(format!("{name} is not what the software statement says")));
            }
            bound.set(name, value.clone());
        }
        match asked.list("redirect_uris") {
            Ok(Some(uris)) => {
                if let Some(foreign) = uris.iter().position(|uri| !self.redirect_uris.iter().any(|known| known == uri))
                {
                    let why = "is not in the software statement";
                    return Err(refused_redirect(format!("redirect_uris, number {}: {why}", foreign + 1)));
                }
            }
            // What is no list is refused where redirect URIs are read.
            Err(_) => {}
            Ok(None) => bound.set("redirect_uris", self.redirect_uris.clone().into()),
        }
        Ok(bound)
    }
}

/// A claim of a token that nobody has verified, which says only where to look for the key. `None` if it cannot be read.
pub(super) fn unverified_claim(token: &str, name: &str) -> Option<String> {
    let payload = payload(token)?;
    if !lombard_domain::json::is_shallow(&payload) {
        return None;
    }
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    claims.get(name)?.as_str().map(str::to_owned)
}

/// The payload of a token, as bytes.
fn payload(token: &str) -> Option<Vec<u8>> {
    if token.len() > MAX_TOKEN_BYTES {
        return None;
    }
    URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()
}

/// A statement that does not hold (RFC 7591 3.2.2).
pub(super) fn bad(description: impl Into<std::borrow::Cow<'static, str>>) -> BadMetadata {
    OauthError::new(ErrorCode::InvalidSoftwareStatement, description)
}

/// The log hears which check failed, the sender does not.
fn unsound(why: JoseError) -> BadMetadata {
    tracing::info!(error = %why, "a software statement does not hold");
    bad("the software statement is not signed by its directory as it should be")
}

fn required<const MAX: usize>(claims: &Claims, name: &'static str) -> Result<Text<MAX>, BadMetadata> {
    let text = optional(claims, name)?.ok_or_else(|| bad(format!("the software statement lacks {name}")))?;
    Text::new(text).map_err(|why| bad(format!("the software statement: {name} {why}")))
}

/// A name that customers see must show all that it holds.
fn plain<const MAX: usize>(name: Text<MAX>) -> Result<Text<MAX>, BadMetadata> {
    if hides_something(name.as_str()) {
        return Err(bad("the software statement: org_name holds characters that nobody sees"));
    }
    Ok(name)
}

/// Directories pad names and leave strings empty for what they do not know.
fn optional<'a>(claims: &'a Claims, name: &str) -> Result<Option<&'a str>, BadMetadata> {
    match claims.value(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
        Some(_) => Err(bad(format!("the software statement: {name} is not a string"))),
    }
}

/// The first of these claims that says something, in the form in which a registration would.
fn first(claims: &Claims, names: &[&'static str]) -> Result<Option<Value>, BadMetadata> {
    for name in names {
        match claims.value(name) {
            Some(object @ Value::Object(_)) => return Ok(Some(object.clone())),
            // The UK directory writes versions as numbers.
            Some(Value::Number(number)) => return Ok(Some(number.to_string().into())),
            _ => {}
        }
        if let Some(text) = optional(claims, name)? {
            return Ok(Some(text.into()));
        }
    }
    Ok(None)
}

fn list(claims: &Claims, name: &str) -> Result<Option<Vec<String>>, BadMetadata> {
    let Some(value) = claims.value(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let texts = value.as_array().and_then(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect());
    let texts: Vec<String> =
        texts.ok_or_else(|| bad(format!("the software statement: {name} is not an array of strings")))?;
    if texts.len() > LIST_MAX {
        return Err(bad(format!("the software statement: {name} has more than {LIST_MAX} members")));
    }
    Ok(Some(texts))
}

/// Roles that mean nothing here are left out.
fn roles(claims: &Claims) -> Result<BTreeSet<Role>, BadMetadata> {
    let names = list(claims, "software_roles")?.unwrap_or_default();
    let known = |name: &String| Role::ALL.iter().copied().find(|role| role.name() == name);
    Ok(names.iter().filter_map(known).collect())
}

/// Members of a registration that a statement fixes, and the claims that do so: the UK directory's, or RFC 7591's own.
const FIXED: &[(&str, &[&str])] = &[
    ("client_name", &["software_client_name", "client_name"]),
    ("client_uri", &["software_client_uri", "client_uri"]),
    ("jwks", &["software_jwks", "jwks"]),
    ("jwks_uri", &["software_jwks_endpoint", "jwks_uri"]),
    ("logo_uri", &["software_logo_uri", "logo_uri"]),
    ("policy_uri", &["software_policy_uri", "policy_uri"]),
    ("software_id", &["software_id"]),
    ("software_version", &["software_version"]),
    ("tos_uri", &["software_tos_uri", "tos_uri"]),
];
/// Members of one list in a statement.
const LIST_MAX: usize = 100;
