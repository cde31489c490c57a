//! What comes back from the authorization endpoint: a code, or a code together with an ID token.

use super::profile::ResponseMode;

/// What a client wants to get from the authorization endpoint (OAuth 2.0 Multiple Response Types 3 and 5). There is no implicit grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum ResponseType {
    /// A code.
    #[default]
    #[serde(rename = "code")]
    Code,
    /// A code, and an ID token to which it is bound (OpenID Connect Core 3.3; FAPI 1.0 Advanced 5.2.2-2).
    #[serde(rename = "code id_token")]
    CodeIdToken,
}

impl ResponseType {
    /// Every type.
    pub const ALL: &[Self] = &[Self::Code, Self::CodeIdToken];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::CodeIdToken => "code id_token",
        }
    }

    /// Reads the parameter. The order of its words does not matter (RFC 6749 3.1.1).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "code" => Some(Self::Code),
            "code id_token" | "id_token code" => Some(Self::CodeIdToken),
            _ => None,
        }
    }

    /// How its answer may come back, the usual way first. An ID token is never put where servers log it (OAuth 2.0 Multiple Response
    /// Types 5; JARM 2.3.1).
    #[must_use]
    pub fn modes(self) -> &'static [ResponseMode] {
        match self {
            Self::Code => ResponseMode::OF_CODES,
            Self::CodeIdToken => &[ResponseMode::Fragment, ResponseMode::FragmentJwt, ResponseMode::Jwt],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_its_words_in_any_order_and_no_others() {
        for (text, expected) in [
            ("code", Some(ResponseType::Code)),
            ("code id_token", Some(ResponseType::CodeIdToken)),
            ("id_token code", Some(ResponseType::CodeIdToken)),
            ("", None),
            ("id_token", None),
            ("token", None),
            ("code token", None),
            ("code id_token token", None),
            ("code  id_token", None),
            ("Code", None),
            ("code code", None),
        ] {
            assert_eq!(ResponseType::parse(text), expected, "{text}");
        }
        for one in ResponseType::ALL {
            assert_eq!(ResponseType::parse(one.name()), Some(*one));
            assert_eq!(serde_json::to_value(one).unwrap(), one.name());
        }
    }

    #[test]
    fn an_id_token_is_never_in_a_query() {
        for mode in ResponseType::CodeIdToken.modes() {
            assert!(!matches!(mode, ResponseMode::Query | ResponseMode::QueryJwt));
        }
    }
}
