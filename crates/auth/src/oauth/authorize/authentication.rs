//! What a request says of the customer's sign-in: `prompt`, `max_age`, `acr_values`, `claims`, `id_token_hint` (OpenID Connect Core 3.1.2.1).
//!
//! Every request is answered by a customer who signs in for it with two factors, so every age is kept, and the strongest
//! authentication that can be asked for is the only one there is. What cannot be had must be refused where it is essential.

use lombard_domain::oauth::{Alg, ErrorCode, OauthError, Opaque, Prompt};
use serde_json::{Map, Value};

use super::client::KnownClient;
use crate::Auth;
use crate::jose::{self, Typ, VerifyRules};
use crate::oauth::Params;
use crate::oauth::discovery::ACR_SCA;

/// `prompt`; `max_age`, `acr_values` and `claims` are only checked.
pub(super) fn prompt(params: &Params) -> Result<Option<Prompt>, OauthError> {
    if params.get("max_age")?.is_some_and(|age| age.parse::<u32>().is_err()) {
        return Err(refused("max_age must be a number of seconds"));
    }
    claims(params)?;
    let Some(text) = params.get("prompt")? else { return Ok(None) };
    let words: Vec<&str> = text.split(' ').collect();
    match words.as_slice() {
        ["none"] => Ok(Some(Prompt::None)),
        words if words.iter().all(|word| matches!(*word, "login" | "consent" | "select_account")) => {
            Ok(Some(Prompt::Interactive))
        }
        _ => Err(refused("prompt can be none, or login, consent and select_account")),
    }
}

/// OpenID Connect Core 5.5: claims that are not known are ignored, but `acr` may be essential (5.5.1.1).
pub(super) fn claims(params: &Params) -> Result<Map<String, Value>, OauthError> {
    let Some(text) = params.get("claims")? else { return Ok(Map::new()) };
    let malformed = || refused("claims must be a JSON object of objects");
    if text.len() > CLAIMS_MAX {
        return Err(refused("claims is longer than 4096 bytes"));
    }
    if !lombard_domain::json::is_shallow(text.as_bytes()) {
        return Err(refused("claims is nested too deeply"));
    }
    let all: Map<String, Value> = serde_json::from_str(text).map_err(|_| malformed())?;
    for (place, asked) in &all {
        if !matches!(place.as_str(), "id_token" | "userinfo") {
            continue;
        }
        let asked = asked.as_object().ok_or_else(malformed)?;
        if !asked.values().all(|one| one.is_null() || one.is_object()) {
            return Err(malformed());
        }
        acr(asked.get("acr"))?;
    }
    Ok(all)
}

/// OpenID Connect Core 3.1.2.2: an ID token that is asked for with a certain `sub` is made for nobody else.
fn named_subject(params: &Params) -> Result<Option<Opaque>, OauthError> {
    let all = claims(params)?;
    let Some(asked) = all.get("id_token").and_then(|asked| asked.get("sub")) else { return Ok(None) };
    let value = match (asked.get("value"), asked.get("values").map(Value::as_array)) {
        (None, None) => return Ok(None),
        (Some(one), None) => Some(one),
        (None, Some(many)) => many.filter(|many| many.len() == 1).and_then(|many| many.first()),
        (Some(_), Some(_)) => None,
    };
    let subject = value.and_then(Value::as_str).and_then(|text| Opaque::try_from(text.to_owned()).ok());
    subject.map(Some).ok_or_else(|| refused("claims can name one sub, as text"))
}

/// An essential `acr` must be among what we can do.
fn acr(asked: Option<&Value>) -> Result<(), OauthError> {
    let Some(asked) = asked.and_then(Value::as_object) else { return Ok(()) };
    if asked.get("essential").and_then(Value::as_bool) != Some(true) {
        return Ok(());
    }
    let one = asked.get("value").map(std::slice::from_ref);
    let many = asked.get("values").and_then(Value::as_array).map(Vec::as_slice);
    match one.or(many) {
        None => Ok(()),
        Some(values) if values.iter().any(|value| value == ACR_SCA) => Ok(()),
        Some(_) => Err(OauthError::new(
            ErrorCode::UnmetAuthenticationRequirements,
            "none of the essential acr values can be had here",
        )),
    }
}

impl Auth {
    /// Who must sign in: by name in `claims`, or by `id_token_hint`.
    pub(super) fn expected_subject(&self, client: &KnownClient, params: &Params) -> Result<Option<Opaque>, OauthError> {
        match (named_subject(params)?, self.hinted_subject(client, params)?) {
            (Some(named), Some(hinted)) if named != hinted => {
                Err(refused("claims and id_token_hint name different customers"))
            }
            (named, hinted) => Ok(named.or(hinted)),
        }
    }

    /// OpenID Connect Core 3.1.2.1, `id_token_hint`: it may have expired, but must be an ID token of ours for this client.
    fn hinted_subject(&self, client: &KnownClient, params: &Params) -> Result<Option<Opaque>, OauthError> {
        let Some(token) = params.get("id_token_hint")? else { return Ok(None) };
        let no_hint = || refused("id_token_hint is not an ID token of this server for this client");
        let keys = self.parts.keys.kept();
        let rules = VerifyRules { typ: Typ::OneOf(&["JWT"]), algs: &Alg::ALL, keys: &keys };
        let claims = jose::verify(token, rules).and_then(|verified| verified.claims()).map_err(|_| no_hint())?;
        let ours = claims.issuer() == Some(self.policy().issuer.as_str())
            && claims.audience().is_only(&client.0.id.to_string());
        let subject = claims.subject().filter(|_| ours).ok_or_else(no_hint)?;
        Opaque::try_from(subject.to_owned()).map(Some).map_err(|_| no_hint())
    }
}

fn refused(description: &'static str) -> OauthError {
    OauthError::new(ErrorCode::InvalidRequest, description)
}

/// Bytes of the parameter `claims`.
const CLAIMS_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn code(query: &str) -> Option<&'static str> {
        prompt(&Params::read(query.as_bytes()).unwrap()).err().map(|error| error.code.code())
    }

    fn claims_code(claims: &str) -> Option<&'static str> {
        let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("claims", claims).finish();
        code(&query)
    }

    #[test]
    fn takes_an_essential_acr_that_can_be_had() {
        for good in [
            "{}",
            r#"{"id_token":{"acr":{"essential":true,"value":"urn:openbanking:psd2:sca"}}}"#,
            r#"{"id_token":{"acr":{"essential":true,"values":["urn:other","urn:openbanking:psd2:sca"]}}}"#,
            r#"{"id_token":{"acr":{"essential":true}}}"#,
            r#"{"id_token":{"acr":{"values":["urn:other"]}}}"#,
            r#"{"id_token":{"acr":null,"email":null},"userinfo":{"name":{"essential":true}},"other":1}"#,
        ] {
            assert_eq!(claims_code(good), None, "{good}");
        }
        let unmet = Some("unmet_authentication_requirements");
        assert_eq!(claims_code(r#"{"id_token":{"acr":{"essential":true,"values":["urn:other"]}}}"#), unmet);
        assert_eq!(claims_code(r#"{"userinfo":{"acr":{"essential":true,"value":"urn:other"}}}"#), unmet);
        let long = format!("{{\"x\":\"{}\"}}", "a".repeat(5000));
        for bad in ["[]", "x", r#"{"id_token":1}"#, r#"{"id_token":{"acr":1}}"#, &long] {
            assert_eq!(claims_code(bad), Some("invalid_request"), "{bad}");
        }
    }

    #[test]
    fn takes_one_sub_at_most() {
        let named = |sub: &str| {
            let claims = format!(r#"{{"id_token":{{"sub":{sub}}},"userinfo":{{"sub":{{"value":"other"}}}}}}"#);
            let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("claims", &claims).finish();
            named_subject(&Params::read(query.as_bytes()).unwrap()).map(|sub| sub.map(String::from))
        };
        for good in [r#"{"value":"a"}"#, r#"{"values":["a"]}"#, r#"{"value":"a","essential":true}"#] {
            assert_eq!(named(good), Ok(Some("a".to_owned())), "{good}");
        }
        for none in ["null", "{}", r#"{"essential":true}"#] {
            assert_eq!(named(none), Ok(None), "{none}");
        }
        for bad in [
            r#"{"value":1}"#,
            r#"{"value":""}"#,
            r#"{"value":null}"#,
            r#"{"value":["a"]}"#,
            r#"{"values":"a"}"#,
            r#"{"values":[]}"#,
            r#"{"values":["a","b"]}"#,
            r#"{"value":"a","values":["a"]}"#,
        ] {
            assert_eq!(named(bad).unwrap_err().code, ErrorCode::InvalidRequest, "{bad}");
        }
    }

    #[test]
    fn knows_its_prompts_and_ages() {
        for good in ["", "prompt=none", "prompt=login+consent", "max_age=0", "max_age=3600&prompt=select_account"] {
            assert_eq!(code(good), None, "{good}");
        }
        for bad in ["prompt=none+login", "prompt=create", "max_age=-1", "max_age=soon"] {
            assert_eq!(code(bad), Some("invalid_request"), "{bad}");
        }
    }
}
