//! Step 2: where the answer may go, and in which form. From here on errors can be sent back to the app.

use lombard_domain::id::ClientId;
use lombard_domain::oauth::{Alg, ErrorCode, OauthError, Opaque, RedirectUri, ResponseMode};
use lombard_domain::time::Span;
use serde_json::{Map, Value};

use super::client::KnownClient;
use crate::Auth;
use crate::error::Result;
use crate::oauth::Params;

/// A place to which an answer may be sent: a registered redirect URI, and the state that the app wants back.
#[derive(Clone)]
pub(crate) struct Returnable {
    pub(super) redirect_uri: RedirectUri,
    pub(super) state: Option<Opaque>,
    pub(super) mode: ResponseMode,
    pub(super) client: ClientId,
    pub(super) alg: Alg,
}

/// The way back to the app: a complete address to redirect the browser to.
#[derive(Debug)]
pub struct Return {
    /// The address, with the answer in its query.
    pub location: String,
}

impl Returnable {
    /// Reads the redirect URI, which must be one of the client's, character by character (RFC 9700 2.1).
    pub(super) fn read(client: &KnownClient, params: &Params) -> std::result::Result<Self, OauthError> {
        let asked = params.need("redirect_uri")?;
        let metadata = &client.0.metadata;
        let registered = metadata.redirect_uris.iter().find(|uri| uri.as_str() == asked);
        let redirect_uri = registered
            .ok_or_else(|| OauthError::new(ErrorCode::InvalidRequest, "redirect_uri is not one of the client's"))?;
        // A state that cannot be given back byte for byte is not given back, and a mode that the client may not have is not
        // used; the request is then refused by the rules, in a way that the client reads.
        let state = params.get("state").ok().flatten().and_then(|text| Opaque::try_from(text.to_owned()).ok());
        let wanted = params.get("response_mode").ok().flatten();
        let may = |mode: &ResponseMode| metadata.may_be_answered(*mode);
        let mode = ResponseMode::ALL.iter().copied().find(|mode| Some(mode.name()) == wanted).filter(may);
        Ok(Self {
            redirect_uri: redirect_uri.clone(),
            state,
            mode: mode.or_else(|| ResponseMode::ALL.iter().copied().find(may)).unwrap_or_default(),
            client: client.0.id,
            alg: metadata.authorization_signed_response_alg,
        })
    }
}

impl Auth {
    /// Sends an error back (RFC 6749 4.1.2.1), with the issuer (RFC 9207 2).
    pub(crate) fn send_error(&self, to: &Returnable, error: &OauthError) -> Result<Return> {
        self.send(to, &[("error", error.code.code()), ("error_description", &error.description)])
    }

    /// Sends a code back (RFC 6749 4.1.2), with the issuer (RFC 9207 2).
    pub(super) fn send_code(&self, to: &Returnable, code: &str) -> Result<Return> {
        self.send(to, &[("code", code)])
    }

    fn send(&self, to: &Returnable, answer: &[(&str, &str)]) -> Result<Return> {
        let state = to.state.as_ref().map(|state| ("state", state.as_str()));
        let answer = answer.iter().copied().chain(state);
        if to.mode.is_signed() {
            let response = self.signed_answer(to, answer)?;
            return Ok(at(&to.redirect_uri, &[("response", &response)]));
        }
        let answer: Vec<_> = answer.chain([("iss", self.policy().issuer.as_str())]).collect();
        Ok(at(&to.redirect_uri, &answer))
    }

    /// JARM 2.1: the answer as a signed token; the issuer is inside, and nowhere else (FAPI 2.0 Message Signing 5.4.1).
    fn signed_answer<'a>(&self, to: &Returnable, answer: impl Iterator<Item = (&'a str, &'a str)>) -> Result<String> {
        let now = self.now();
        let mut claims: Map<String, Value> = answer.map(|(name, value)| (name.to_owned(), value.into())).collect();
        claims.insert("iss".to_owned(), self.policy().issuer.as_str().into());
        claims.insert("aud".to_owned(), to.client.to_string().into());
        claims.insert("iat".to_owned(), now.seconds().into());
        claims.insert("exp".to_owned(), now.plus(SIGNED_ANSWER_LIFE).seconds().into());
        self.parts.keys.sign(to.alg, "JWT", &claims, now)
    }
}

/// The registered URI stays as it is, its own query included (RFC 6749 3.1.2); the answer is added behind it.
fn at(redirect_uri: &RedirectUri, answer: &[(&str, &str)]) -> Return {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(answer).finish();
    let uri = redirect_uri.as_str();
    let joint = match uri.find('?') {
        None => "?",
        Some(_) if uri.ends_with(['?', '&']) => "",
        Some(_) => "&",
    };
    Return { location: format!("{uri}{joint}{query}") }
}

/// How long a signed answer is good; ten minutes at most (JARM 2.1). An app gets it within a redirect.
const SIGNED_ANSWER_LIFE: Span = Span::minutes(2);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn location(uri: &str, answer: &[(&str, &str)]) -> String {
        at(&RedirectUri::new(uri).unwrap(), answer).location
    }

    #[test]
    fn keeps_the_uris_own_query() {
        for (uri, expected) in [
            ("https://app.example/cb", "https://app.example/cb?code=abc&iss=https%3A%2F%2Fbank.example"),
            ("https://app.example/cb?a=b", "https://app.example/cb?a=b&code=abc&iss=https%3A%2F%2Fbank.example"),
            ("https://app.example/cb?", "https://app.example/cb?code=abc&iss=https%3A%2F%2Fbank.example"),
        ] {
            assert_eq!(location(uri, &[("code", "abc"), ("iss", "https://bank.example")]), expected);
        }
    }

    proptest! {
        #[test]
        fn gives_the_state_back_byte_for_byte(state in "[ -~]{1,2048}") {
            let location = location("https://app.example/cb?own=1", &[("state", &state)]);
            let (_, query) = location.split_once('?').unwrap();
            let back = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "state").unwrap().1;
            prop_assert_eq!(back.as_ref(), state.as_str());
        }
    }
}
