//! Sender constraint: to which key a token is bound, so that a stolen one is worth nothing (FAPI 2.0 Security Profile 5.3.2.1-4).

use std::fmt;
use std::str::FromStr;

/// The SHA-256 digest of a key or certificate as 43 characters of base64url (RFC 7638 3, RFC 8705 3.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Thumbprint(String);

impl Thumbprint {
    /// Checks the form.
    ///
    /// # Errors
    /// [`BadThumbprint`] unless it is the base64url form of 32 bytes.
    pub fn new(text: &str) -> Result<Self, BadThumbprint> {
        use base64::Engine as _;
        let digest = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).map_err(|_| BadThumbprint)?;
        if digest.len() == 32 { Ok(Self(text.to_owned())) } else { Err(BadThumbprint) }
    }

    /// The 43 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Thumbprint {
    type Error = BadThumbprint;

    fn try_from(text: String) -> Result<Self, BadThumbprint> {
        Self::new(&text)
    }
}

impl From<Thumbprint> for String {
    fn from(thumbprint: Thumbprint) -> Self {
        thumbprint.0
    }
}

/// The text is not a SHA-256 digest in base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a SHA-256 digest in base64url")]
pub struct BadThumbprint;

/// What the bearer of a token must prove to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding {
    /// The key of its certificate: `x5t#S256` (RFC 8705 3.1).
    Certificate(Thumbprint),
    /// The key of its proofs: `jkt` (RFC 9449 6.1).
    Key(Thumbprint),
}

impl Binding {
    /// How a token with this binding is presented (RFC 9449 5; RFC 8705 keeps `Bearer`).
    #[must_use]
    pub fn token_type(binding: Option<&Self>) -> &'static str {
        match binding {
            Some(Self::Key(_)) => "DPoP",
            Some(Self::Certificate(_)) | None => "Bearer",
        }
    }
}

/// As it is stored: the name of the confirmation method (RFC 7800 3.1), a colon, the thumbprint.
impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(thumbprint) => write!(f, "x5t#S256:{}", thumbprint.as_str()),
            Self::Key(thumbprint) => write!(f, "jkt:{}", thumbprint.as_str()),
        }
    }
}

impl FromStr for Binding {
    type Err = BadThumbprint;

    fn from_str(text: &str) -> Result<Self, BadThumbprint> {
        match text.split_once(':').ok_or(BadThumbprint)? {
            ("jkt", thumbprint) => Thumbprint::new(thumbprint).map(Self::Key),
            ("x5t#S256", thumbprint) => Thumbprint::new(thumbprint).map(Self::Certificate),
            _ => Err(BadThumbprint),
        }
    }
}

/// The `cnf` claim (RFC 7800 3.1).
impl serde::Serialize for Binding {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let (name, thumbprint) = match self {
            Self::Certificate(thumbprint) => ("x5t#S256", thumbprint),
            Self::Key(thumbprint) => ("jkt", thumbprint),
        };
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(name, thumbprint.as_str())?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_back_as_it_was_stored() {
        let thumbprint = Thumbprint::new("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
        for binding in [Binding::Key(thumbprint.clone()), Binding::Certificate(thumbprint)] {
            assert_eq!(binding.to_string().parse(), Ok(binding.clone()));
            let cnf = serde_json::to_value(&binding).unwrap();
            assert_eq!(cnf.as_object().unwrap().len(), 1);
        }
        for bad in [
            "",
            "jkt",
            "jkt:",
            "jkt:abc",
            "x5t:E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "jkt:E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=",
        ] {
            assert!(bad.parse::<Binding>().is_err(), "{bad}");
        }
    }
}
