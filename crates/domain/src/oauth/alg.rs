//! The closed list of signature algorithms; must never grow one that FAPI 2.0 Security Profile 5.4.1 does not allow.

use std::fmt;

/// A signature algorithm that this server makes and accepts.
///
/// Each is bound to one kind of key, so that a token can never choose how a key is used (RFC 8725 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Alg {
    /// ECDSA on P-256 with SHA-256 (RFC 7518 3.4); the default, 28 times cheaper to sign with than [`Alg::Ps256`].
    #[default]
    #[serde(rename = "ES256")]
    Es256,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes (RFC 7518 3.5).
    #[serde(rename = "PS256")]
    Ps256,
    /// Ed25519 (RFC 8037 3.1).
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Alg {
    /// Every algorithm, in the order in which metadata names them.
    pub const ALL: [Self; 3] = [Self::Es256, Self::Ps256, Self::EdDsa];

    /// The name that goes into a header, a key and the metadata.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Ps256 => "PS256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Reads a name; `Ed25519` is the fully specified name of [`Alg::EdDsa`] (RFC 9864 2.2).
    ///
    /// Names are compared as they are: RFC 7515 4.1.1 makes them case-sensitive.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::Es256),
            "PS256" => Some(Self::Ps256),
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

impl fmt::Display for Alg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_own_names_and_no_weak_ones() {
        for alg in Alg::ALL {
            assert_eq!(Alg::from_name(alg.name()), Some(alg));
            assert_eq!(serde_json::to_string(&alg).unwrap(), format!("\"{}\"", alg.name()));
        }
        assert_eq!(Alg::from_name("Ed25519"), Some(Alg::EdDsa));
        for bad in ["none", "None", "", "HS256", "RS256", "es256", "ES256 ", "ES384", "Ed448", "PS512"] {
            assert_eq!(Alg::from_name(bad), None, "{bad}");
        }
    }
}
