//! `[[directories]]`: who vouches for apps, and where the keys are with which they sign.
//!
//! Settings only; whether a statement is good is decided elsewhere. Must never have two sources of keys for one directory.

use std::path::PathBuf;

use lombard_domain::oauth::WebUri;
use lombard_domain::text::Text;
use serde::Deserialize;

/// A directory whose software statements are believed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[cfg_attr(test, serde(into = "Written"))]
#[serde(try_from = "Written")]
pub(crate) struct NamedDirectory {
    /// The `iss` of its statements.
    pub(crate) issuer: Text<256>,
    /// Where its keys are.
    pub(crate) keys: DirectoryKeys,
}

/// Where a directory's keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DirectoryKeys {
    /// In a file with a JWK set.
    File(PathBuf),
    /// At an address, fetched anew from time to time.
    Url(WebUri),
}

/// The same as it is written.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
struct Written {
    issuer: Text<256>,
    jwks_file: Option<PathBuf>,
    jwks_url: Option<WebUri>,
}

impl TryFrom<Written> for NamedDirectory {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let keys = match (written.jwks_file, written.jwks_url) {
            (Some(file), None) => DirectoryKeys::File(file),
            (None, Some(url)) => DirectoryKeys::Url(url),
            (None, None) => return Err("a directory needs jwks_file or jwks_url, where its keys are"),
            (Some(_), Some(_)) => return Err("a directory has jwks_file or jwks_url, not both"),
        };
        Ok(Self { issuer: written.issuer, keys })
    }
}

#[cfg(test)]
impl From<NamedDirectory> for Written {
    fn from(directory: NamedDirectory) -> Self {
        let (jwks_file, jwks_url) = match directory.keys {
            DirectoryKeys::File(file) => (Some(file), None),
            DirectoryKeys::Url(url) => (None, Some(url)),
        };
        Self { issuer: directory.issuer, jwks_file, jwks_url }
    }
}
