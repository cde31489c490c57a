//! The members of a registration request, each read with its type and its limit. Errors name the member.
//!
//! Knows how members look, and nothing of what they mean. `null` is the same as nothing (RFC 7592 2.2).

use std::borrow::Cow;

use lombard_domain::oauth::{Alg, ErrorCode, OauthError, WebUri};
use lombard_domain::text::Text;
use serde_json::{Map, Value};

/// Why a registration is refused: one of RFC 7591's codes, and a sentence that names the member.
pub type BadMetadata = OauthError;

/// The members of a registration request.
#[derive(Clone, Debug)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// Reads a JSON object.
    ///
    /// # Errors
    /// `invalid_client_metadata` unless it is one of a bearable size.
    pub fn read(body: &[u8]) -> Result<Self, BadMetadata> {
        if !lombard_domain::json::is_shallow(body) {
            return Err(invalid("the body is nested too deeply"));
        }
        let fields: Map<String, Value> =
            serde_json::from_slice(body).map_err(|_| invalid("the body must be a JSON object"))?;
        if fields.len() > FIELDS_MAX {
            return Err(invalid("the object has too many members"));
        }
        Ok(Self(fields))
    }

    /// A member, if it is there.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Puts a member in place of what was there.
    pub(in crate::client) fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// A text member, if it is there.
    ///
    /// # Errors
    /// `invalid_client_metadata` if it is not a string.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, BadMetadata> {
        let text =
            self.value(name).map(|value| value.as_str().ok_or_else(|| invalid(format!("{name} must be a string"))));
        text.transpose()
    }

    pub(super) fn flag(&self, name: &'static str) -> Result<Option<bool>, BadMetadata> {
        let flag = self
            .value(name)
            .map(|value| value.as_bool().ok_or_else(|| invalid(format!("{name} must be true or false"))));
        flag.transpose()
    }

    pub(in crate::client) fn list(&self, name: &'static str) -> Result<Option<Vec<&str>>, BadMetadata> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let texts: Option<Vec<&str>> = value.as_array().and_then(|items| items.iter().map(Value::as_str).collect());
        texts.map(Some).ok_or_else(|| invalid(format!("{name} must be an array of strings")))
    }

    pub(super) fn bounded<const MAX: usize>(&self, name: &'static str) -> Result<Option<Text<MAX>>, BadMetadata> {
        self.text(name)?.map(|text| Text::new(text).map_err(|why| invalid(format!("{name} {why}")))).transpose()
    }

    pub(super) fn web_uri(&self, name: &'static str) -> Result<Option<WebUri>, BadMetadata> {
        let uri = self.text(name)?.map(|text| WebUri::try_from(text.to_owned()));
        uri.transpose().map_err(|why| invalid(format!("{name} {why}")))
    }

    pub(super) fn alg(&self, name: &'static str) -> Result<Option<Alg>, BadMetadata> {
        let alg = self
            .text(name)?
            .map(|text| Alg::from_name(text).ok_or_else(|| invalid(format!("{name} can be ES256, PS256 or EdDSA"))));
        alg.transpose()
    }

    /// A member whose value is one of a few words, by their names.
    pub(super) fn word<T: Copy>(
        &self,
        name: &'static str,
        all: &[T],
        name_of: fn(T) -> &'static str,
    ) -> Result<Option<T>, BadMetadata> {
        self.text(name)?.map(|text| find(name, text, all, name_of)).transpose()
    }

    /// A member whose value is an array of a few words, each of which is kept once.
    pub(super) fn words<T: Copy + PartialEq>(
        &self,
        name: &'static str,
        all: &[T],
        name_of: fn(T) -> &'static str,
    ) -> Result<Option<Vec<T>>, BadMetadata> {
        self.list(name)?.map(|texts| chosen(name, texts, all, name_of)).transpose()
    }
}

/// A few words by their names, each of which is kept once.
pub(super) fn chosen<T: Copy + PartialEq>(
    name: &'static str,
    texts: Vec<&str>,
    all: &[T],
    name_of: fn(T) -> &'static str,
) -> Result<Vec<T>, BadMetadata> {
    let mut found = Vec::new();
    for text in texts {
        let one = find(name, text, all, name_of)?;
        if !found.contains(&one) {
            found.push(one);
        }
    }
    Ok(found)
}

fn find<T: Copy>(name: &'static str, text: &str, all: &[T], name_of: fn(T) -> &'static str) -> Result<T, BadMetadata> {
    all.iter().copied().find(|one| name_of(*one) == text).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|one| name_of(*one)).collect();
        invalid(format!("{name} can only be {}", names.join(", ")))
    })
}

/// Metadata that is not acceptable (RFC 7591 3.2.2).
pub(in crate::client) fn invalid(description: impl Into<Cow<'static, str>>) -> BadMetadata {
    OauthError::new(ErrorCode::InvalidClientMetadata, description)
}

/// Members of a registration request.
const FIELDS_MAX: usize = 100;
