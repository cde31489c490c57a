//! The parameters of a request: names and values from a query or a form, each name at most once.

use lombard_domain::oauth::{ErrorCode, OauthError};
use serde_json::Value;
use zeroize::Zeroize as _;

/// Parameters, in the order in which they came.
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Reads `application/x-www-form-urlencoded` text.
    ///
    /// # Errors
    /// `invalid_request` if there are too many, or one is not UTF-8 when decoded.
    pub fn read(encoded: &[u8]) -> Result<Self, OauthError> {
        let refuse = |why| OauthError::new(ErrorCode::InvalidRequest, why);
        if encoded.split(|byte| *byte == b'&').count() > COUNT_MAX {
            return Err(refuse("there are too many parameters"));
        }
        let pairs = encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        let decoded = pairs.map(|pair| {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
            decode(name).zip(decode(value)).ok_or_else(|| refuse("a parameter is not UTF-8"))
        });
        decoded.collect::<Result<_, _>>().map(Self)
    }

    /// The claims of a request object as parameters (RFC 9101 4): what is no string there is its JSON text here, and `null` is nothing.
    ///
    /// # Errors
    /// `invalid_request_object` if there are too many.
    pub(crate) fn of_claims<'a>(claims: impl Iterator<Item = (&'a String, &'a Value)>) -> Result<Self, OauthError> {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let said = claims.filter(|(_, value)| !value.is_null()).take(COUNT_MAX + 1);
        let params: Vec<_> = said.map(|(name, value)| (name.clone(), text(value))).collect();
        if params.len() > COUNT_MAX {
            return Err(OauthError::new(ErrorCode::InvalidRequestObject, "the request object has too many claims"));
        }
        Ok(Self(params))
    }

    /// The value of a parameter. One without a value counts as missing (RFC 6749 3.1).
    ///
    /// # Errors
    /// `invalid_request` if it came more than once (RFC 6749 3.1).
    pub fn get(&self, name: &str) -> Result<Option<&str>, OauthError> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            return Err(OauthError::new(ErrorCode::InvalidRequest, "a parameter is repeated"));
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// The value of a parameter that must be there; the error text names it.
    ///
    /// # Errors
    /// `invalid_request` if it is missing or came more than once.
    pub fn need(&self, name: &'static str) -> Result<&str, OauthError> {
        let missing = || OauthError::new(ErrorCode::InvalidRequest, format!("the parameter {name} is missing"));
        self.get(name)?.ok_or_else(missing)
    }

    /// All values of a parameter that may come more than once, such as a page's check boxes.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All of them, as they came.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether any name came more than once.
    #[must_use]
    pub fn has_repeats(&self) -> bool {
        self.0.iter().enumerate().any(|(i, (name, _))| self.0.iter().skip(i + 1).any(|(other, _)| other == name))
    }
}

impl Drop for Params {
    /// Values can be secrets.
    fn drop(&mut self) {
        for (_, value) in &mut self.0 {
            value.zeroize();
        }
    }
}

fn decode(text: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    String::from_utf8(percent_encoding::percent_decode(&spaced).collect()).ok()
}

/// Parameters of one request.
const COUNT_MAX: usize = 128;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Params;

    #[test]
    fn reads_forms() {
        let params = Params::read(b"a=1&b=x+y%26z&&c&d=").unwrap();
        assert_eq!(params.get("a").unwrap(), Some("1"));
        assert_eq!(params.get("b").unwrap(), Some("x y&z"));
        assert_eq!(params.get("c").unwrap(), None);
        assert_eq!(params.get("d").unwrap(), None, "a parameter without a value counts as missing");
        assert!(params.need("d").is_err());
    }

    #[test]
    fn refuses_repeats_and_what_is_not_text() {
        let params = Params::read(b"a=1&a=1&b=2").unwrap();
        assert!(params.get("a").is_err());
        assert!(params.has_repeats());
        assert!(params.get("b").is_ok());
        assert!(Params::read(b"a=%ff").is_err());
        assert!(Params::read("a=1&".repeat(1000).as_bytes()).is_err());
    }

    #[test]
    fn reads_claims_as_their_text_and_null_as_nothing() {
        let claims =
            serde_json::json!({"max_age": 5, "claims": {"a": [1]}, "state": "x y", "nonce": null, "scope": ""});
        let params = Params::of_claims(claims.as_object().unwrap().iter()).unwrap();
        for (name, value) in [
            ("max_age", Some("5")),
            ("claims", Some(r#"{"a":[1]}"#)),
            ("state", Some("x y")),
            ("nonce", None),
            ("scope", None),
        ] {
            assert_eq!(params.get(name).unwrap(), value, "{name}");
        }
        let many: serde_json::Map<_, _> = (0..129).map(|n| (n.to_string(), n.into())).collect();
        assert!(Params::of_claims(many.iter()).is_err());
    }

    proptest! {
        #[test]
        fn survives_any_bytes(bytes: Vec<u8>) {
            let _ = Params::read(&bytes);
        }

        #[test]
        fn reads_what_a_browser_writes(name in "[a-z]{1,8}", value in "\\PC{1,20}") {
            let encoded: String = form_urlencoded::Serializer::new(String::new()).append_pair(&name, &value).finish();
            let params = Params::read(encoded.as_bytes()).unwrap();
            prop_assert_eq!(params.get(&name).unwrap(), Some(value.as_str()));
        }
    }
}
