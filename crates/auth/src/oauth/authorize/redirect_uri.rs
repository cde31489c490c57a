//! Step 2: where the answer may go. From here on errors can be sent back to the app.

use lombard_domain::oauth::{ErrorCode, OauthError, Opaque, RedirectUri};

use super::client::KnownClient;
use crate::oauth::Params;

/// A place to which an answer may be sent: a registered redirect URI, and the state that the app wants back.
#[derive(Clone)]
pub struct Returnable {
    pub(super) redirect_uri: RedirectUri,
    pub(super) state: Option<Opaque>,
    pub(super) issuer: String,
}

/// The way back to the app: a complete address to redirect the browser to.
pub struct Return {
    /// The address, with the answer in its query.
    pub location: String,
}

impl Returnable {
    /// Reads the redirect URI, which must be one of the client's, character by character (RFC 9700 2.1).
    pub(super) fn read(client: &KnownClient, params: &Params, issuer: &str) -> Result<Self, OauthError> {
        let asked = params.need("redirect_uri")?;
        let registered = client.0.metadata.redirect_uris.iter().find(|uri| uri.as_str() == asked);
        let redirect_uri = registered
            .ok_or_else(|| OauthError::new(ErrorCode::InvalidRequest, "redirect_uri is not one of the client's"))?;
        // A state that cannot be given back byte for byte is not given back; the request is then refused by the rules.
        let state = params.get("state").ok().flatten().and_then(|text| Opaque::try_from(text.to_owned()).ok());
        Ok(Self { redirect_uri: redirect_uri.clone(), state, issuer: issuer.to_owned() })
    }

    /// Sends an error back (RFC 6749 4.1.2.1), with the issuer (RFC 9207 2).
    #[must_use]
    pub fn error(&self, error: &OauthError) -> Return {
        self.with(&[("error", error.code.code()), ("error_description", &error.description)])
    }

    /// Sends a code back (RFC 6749 4.1.2), with the issuer (RFC 9207 2).
    #[must_use]
    pub(super) fn code(&self, code: &str) -> Return {
        self.with(&[("code", code)])
    }

    /// The registered URI stays as it is, its own query included (RFC 6749 3.1.2); the answer is added behind it.
    fn with(&self, answer: &[(&str, &str)]) -> Return {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(answer);
        if let Some(state) = &self.state {
            query.append_pair("state", state.as_str());
        }
        query.append_pair("iss", &self.issuer);
        let uri = self.redirect_uri.as_str();
        let joint = match uri.find('?') {
            None => "?",
            Some(_) if uri.ends_with(['?', '&']) => "",
            Some(_) => "&",
        };
        Return { location: format!("{uri}{joint}{}", query.finish()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn returnable(uri: &str, state: Option<&str>) -> Returnable {
        Returnable {
            redirect_uri: RedirectUri::new(uri).unwrap(),
            state: state.map(|text| Opaque::try_from(text.to_owned()).unwrap()),
            issuer: "https://bank.example".to_owned(),
        }
    }

    #[test]
    fn keeps_the_uris_own_query() {
        for (uri, expected) in [
            ("https://app.example/cb", "https://app.example/cb?code=abc&state=s&iss=https%3A%2F%2Fbank.example"),
            (
                "https://app.example/cb?a=b",
                "https://app.example/cb?a=b&code=abc&state=s&iss=https%3A%2F%2Fbank.example",
            ),
            ("https://app.example/cb?", "https://app.example/cb?code=abc&state=s&iss=https%3A%2F%2Fbank.example"),
        ] {
            assert_eq!(returnable(uri, Some("s")).code("abc").location, expected);
        }
    }

    #[test]
    fn sends_the_issuer_with_errors_too() {
        let error = OauthError::new(ErrorCode::AccessDenied, "the customer said no");
        let location = returnable("https://app.example/cb", None).error(&error).location;
        assert_eq!(
            location,
            "https://app.example/cb?error=access_denied&error_description=the+customer+said+no&iss=https%3A%2F%2Fbank.example"
        );
    }

    proptest! {
        #[test]
        fn gives_the_state_back_byte_for_byte(state in "[ -~]{1,2048}") {
            let location = returnable("https://app.example/cb?own=1", Some(&state)).code("abc").location;
            let (_, query) = location.split_once('?').unwrap();
            let back = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "state").unwrap().1;
            prop_assert_eq!(back.as_ref(), state.as_str());
        }
    }
}
