//! Step 2: where the answer may go, and in which form. From here on errors can be sent back to the app.

use lombard_domain::id::ClientId;
use lombard_domain::oauth::{Alg, ErrorCode, OauthError, Opaque, RedirectUri, ResponseMode, ResponseType};
use lombard_domain::secret::Secret;
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
    pub(super) response_type: ResponseType,
    pub(super) mode: ResponseMode,
    pub(super) client: ClientId,
    pub(super) alg: Alg,
}

/// The way back to the app: a complete address to redirect the browser to.
#[derive(Debug)]
pub struct Return {
    /// The address, with the answer in its query or its fragment.
    pub location: String,
}

/// What an app gets when the customer has allowed it.
pub(super) struct Success<'a> {
    pub(super) code: &'a Secret<String>,
    pub(super) id_token: Option<&'a Secret<String>>,
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
        // Whoever asks for an ID token reads the fragment, also if it may not have one (OpenID Connect Core 3.3.2.6).
        let response_type = params.get("response_type").ok().flatten().and_then(ResponseType::parse);
        let possible = metadata.security_profile.rules().response_types;
        let response_type = response_type.filter(|one| possible.contains(one)).unwrap_or_default();
        let may = |mode: &ResponseMode| metadata.may_be_answered(*mode);
        let modes = || response_type.modes().iter().copied();
        let mode = modes().find(|mode| Some(mode.name()) == wanted).filter(may);
        Ok(Self {
            redirect_uri: redirect_uri.clone(),
            state,
            response_type,
            mode: mode.or_else(|| modes().find(may)).or_else(|| modes().next()).unwrap_or_default(),
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

    /// Sends a code back (RFC 6749 4.1.2, OpenID Connect Core 3.3.2.5), with the issuer (RFC 9207 2).
    pub(super) fn send_success(&self, to: &Returnable, success: &Success<'_>) -> Result<Return> {
        let id_token = success.id_token.map(|token| ("id_token", token.expose().as_str()));
        let answer: Vec<_> = [("code", success.code.expose().as_str())].into_iter().chain(id_token).collect();
        self.send(to, &answer)
    }

    fn send(&self, to: &Returnable, answer: &[(&str, &str)]) -> Result<Return> {
        let state = to.state.as_ref().map(|state| ("state", state.as_str()));
        let answer = answer.iter().copied().chain(state);
        if to.mode.is_signed() {
            let response = self.signed_answer(to, answer)?;
            return Ok(at(to, &[("response", &response)]));
        }
        let answer: Vec<_> = answer.chain([("iss", self.policy().issuer.as_str())]).collect();
        Ok(at(to, &answer))
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

impl Returnable {
    /// JARM 2.3.4: what `jwt` means depends on the response type.
    fn in_fragment(&self) -> bool {
        match self.mode {
            ResponseMode::Fragment | ResponseMode::FragmentJwt => true,
            ResponseMode::Query | ResponseMode::QueryJwt => false,
            ResponseMode::Jwt => self.response_type == ResponseType::CodeIdToken,
        }
    }
}

/// The registered URI stays as it is, its own query included (RFC 6749 3.1.2); the answer is added behind it. It has no fragment of
/// its own.
fn at(to: &Returnable, answer: &[(&str, &str)]) -> Return {
    let answer = form_urlencoded::Serializer::new(String::new()).extend_pairs(answer).finish();
    let uri = to.redirect_uri.as_str();
    let joint = match uri.find('?') {
        _ if to.in_fragment() => "#",
        None => "?",
        Some(_) if uri.ends_with(['?', '&']) => "",
        Some(_) => "&",
    };
    Return { location: format!("{uri}{joint}{answer}") }
}

/// How long a signed answer is good; ten minutes at most (JARM 2.1). An app gets it within a redirect.
const SIGNED_ANSWER_LIFE: Span = Span::minutes(2);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn to(uri: &str, response_type: ResponseType, mode: ResponseMode) -> Returnable {
        Returnable {
            redirect_uri: RedirectUri::new(uri).unwrap(),
            state: None,
            response_type,
            mode,
            client: ClientId::from_bits(1),
            alg: Alg::Es256,
        }
    }

    fn location(uri: &str, answer: &[(&str, &str)]) -> String {
        at(&to(uri, ResponseType::Code, ResponseMode::Query), answer).location
    }

    #[test]
    fn puts_the_answer_where_its_mode_says() {
        use {ResponseMode::*, ResponseType::*};
        for (response_type, mode, expected) in [
            (Code, Query, "https://app.example/cb?own=1&a=b"),
            (Code, QueryJwt, "https://app.example/cb?own=1&a=b"),
            (Code, Jwt, "https://app.example/cb?own=1&a=b"),
            (CodeIdToken, Fragment, "https://app.example/cb?own=1#a=b"),
            (CodeIdToken, FragmentJwt, "https://app.example/cb?own=1#a=b"),
            (CodeIdToken, Jwt, "https://app.example/cb?own=1#a=b"),
        ] {
            let to = to("https://app.example/cb?own=1", response_type, mode);
            assert_eq!(at(&to, &[("a", "b")]).location, expected, "{response_type:?} {mode:?}");
        }
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
