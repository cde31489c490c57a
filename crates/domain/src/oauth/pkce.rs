//! Proof Key for Code Exchange, RFC 7636: the forms of challenge and verifier. Only `S256` exists here.

/// A `code_challenge` for the method `S256`: 43 characters of base64url, a SHA-256 digest.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Challenge(String);

impl Challenge {
    /// Checks the form.
    ///
    /// # Errors
    /// [`BadPkce`] unless it is the base64url form of 32 bytes (RFC 7636 4.2).
    pub fn new(text: &str) -> Result<Self, BadPkce> {
        use base64::Engine as _;
        let digest = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).map_err(|_| BadPkce)?;
        if digest.len() != 32 {
            return Err(BadPkce);
        }
        Ok(Self(text.to_owned()))
    }

    /// The 43 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Challenge {
    type Error = BadPkce;

    fn try_from(text: String) -> Result<Self, BadPkce> {
        Self::new(&text)
    }
}

impl From<Challenge> for String {
    fn from(challenge: Challenge) -> Self {
        challenge.0
    }
}

/// A `code_verifier`: 43 to 128 unreserved characters.
pub struct Verifier(crate::secret::Secret<String>);

impl Verifier {
    /// Checks the form.
    ///
    /// # Errors
    /// [`BadPkce`] unless it is 43 to 128 of `A-Z a-z 0-9 - . _ ~` (RFC 7636 4.1).
    pub fn new(text: &str) -> Result<Self, BadPkce> {
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
        if !(43..=128).contains(&text.len()) || !text.bytes().all(unreserved) {
            return Err(BadPkce);
        }
        Ok(Self(crate::secret::Secret::new(text.to_owned())))
    }

    /// The characters.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// Not in the form that RFC 7636 demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not in the form of RFC 7636")]
pub struct BadPkce;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_forms() {
        // RFC 7636, appendix B.
        assert!(Challenge::new("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").is_ok());
        assert!(Verifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").is_ok());
        assert!(Verifier::new(&"a".repeat(128)).is_ok());
    }

    #[test]
    fn refuses_other_forms() {
        for bad in
            ["", "abc", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"]
        {
            assert!(Challenge::new(bad).is_err(), "{bad}");
        }
        for bad in ["a".repeat(42), "a".repeat(129), format!("{} ", "a".repeat(43)), "é".repeat(43)] {
            assert!(Verifier::new(&bad).is_err(), "{bad}");
        }
    }
}
