//! How a request names the consent that its client has lodged: by `openbanking_intent_id` in `claims` (UK Open Banking), or by rich
//! authorization details with an `identifier` (RFC 9396 2.2).
//!
//! Only what the request says is looked at here; whether there is such a consent is asked in [`super::intent`].

use lombard_domain::consent::Kind;
use lombard_domain::id::ConsentId;
use lombard_domain::oauth::{Details, ErrorCode, OauthError, Scope, ScopeSet};
use serde_json::Value;

use super::authentication;
use super::intent::NoSuchIntent;
use crate::oauth::Params;

/// The lodged consent that a request names, if scope and details fit it.
pub(super) fn intent(
    params: &Params,
    scope: ScopeSet,
    details: Option<&Details>,
) -> Result<Option<ConsentId>, OauthError> {
    let claimed = claimed(params)?;
    let kind = kind(scope, details)?;
    if kind.is_none() && claimed.is_some() {
        return Err(refused(INTENT_ALONE));
    }
    if kind.is_some() && scope.iter().any(|scope| scope != Scope::OpenId && scope.lodged().is_none()) {
        let why = "a lodged consent says itself what is asked for: beside its scope there can be openid only";
        return Err(OauthError::new(ErrorCode::InvalidScope, why));
    }
    match (claimed, details.and_then(Details::lodged)) {
        (Some(claimed), Some(lodged)) if claimed != lodged.consent.to_string() => {
            Err(refused("claims and authorization_details name different consents"))
        }
        (_, Some(lodged)) => Ok(Some(lodged.consent)),
        // What is not even in the form of an id is as unknown as any other.
        (Some(claimed), None) => claimed.parse().map(Some).map_err(|_| NoSuchIntent.into()),
        (None, None) if kind.is_some() => Err(refused(SCOPE_ALONE)),
        (None, None) => Ok(None),
    }
}

/// Of which kind the lodged consent must be; `None` if there is none to be named.
fn kind(scope: ScopeSet, details: Option<&Details>) -> Result<Option<Kind>, OauthError> {
    let mut kinds = scope.iter().filter_map(Scope::lodged);
    let by_scope = kinds.next();
    if kinds.next().is_some() {
        return Err(OauthError::new(
            ErrorCode::InvalidScope,
            "a request is for one lodged consent, and so for one kind",
        ));
    }
    match (by_scope, details) {
        (by_scope, None) => Ok(by_scope),
        (None, Some(details)) => Ok(details.lodged().map(|lodged| lodged.kind)),
        (Some(kind), Some(details)) if details.lodged().is_some_and(|lodged| lodged.kind == kind) => Ok(Some(kind)),
        (Some(_), Some(_)) => {
            let why = "authorization_details are not of the lodged consent that the scope is for";
            Err(OauthError::new(ErrorCode::InvalidAuthorizationDetails, why))
        }
    }
}

/// `openbanking_intent_id` with a value, in either place where claims can be asked for (OpenID Connect Core 5.5).
fn claimed(params: &Params) -> Result<Option<String>, OauthError> {
    let all = authentication::claims(params)?;
    let mut named: Option<String> = None;
    for place in ["id_token", "userinfo"] {
        let Some(asked) = all.get(place).and_then(|asked| asked.get(CLAIM)) else { continue };
        let value = match (asked.get("value"), asked.get("values").map(Value::as_array)) {
            (None, None) => continue,
            (Some(one), None) => one.as_str(),
            (None, Some(Some(many))) if many.len() == 1 => many.first().and_then(Value::as_str),
            _ => None,
        };
        let value = value.ok_or_else(|| refused("claims can name one openbanking_intent_id, as text"))?;
        if named.as_ref().is_some_and(|named| named != value) {
            return Err(refused("claims name different consents as openbanking_intent_id"));
        }
        named = Some(value.to_owned());
    }
    Ok(named)
}

fn refused(why: &'static str) -> OauthError {
    OauthError::new(ErrorCode::InvalidRequest, why)
}

/// The claim that names a consent, in requests and in ID tokens (UK Open Banking).
pub(crate) const CLAIM: &str = "openbanking_intent_id";
const INTENT_ALONE: &str = "openbanking_intent_id needs the scope accounts or fundsconfirmations";
const SCOPE_ALONE: &str =
    "this scope needs a lodged consent, named as openbanking_intent_id in claims or by authorization_details";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const INTENT: &str = "con_00000000000000000000000007";

    fn by_claims(place: &str, asked: &Value) -> Value {
        json!({place: {"openbanking_intent_id": asked}})
    }

    fn outcome(scope: &str, claims: Option<&Value>, details: Option<&Value>) -> Result<Option<String>, &'static str> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(claims) = claims {
            query.append_pair("claims", &claims.to_string());
        }
        let params = Params::read(query.finish().as_bytes()).unwrap();
        let details = details.map(|details| Details::parse(&details.to_string(), "https://bank.example").unwrap());
        let scope: ScopeSet = scope.parse().unwrap();
        let found = intent(&params, scope, details.as_ref());
        found.map(|id| id.map(|id| id.to_string())).map_err(|error| error.code.code())
    }

    #[test]
    fn takes_each_way_to_name_a_consent() {
        let value = json!({"value": INTENT, "essential": true});
        let rar = json!([{"type": "account_access_consent", "identifier": INTENT}]);
        let both = json!({"id_token": {CLAIM: {"value": INTENT}}, "userinfo": {CLAIM: {"value": INTENT}}});
        let told = json!({"id_token": {CLAIM: {"essential": true}, "acr": null}, "userinfo": {CLAIM: null}});
        for (scope, claims, details) in [
            ("openid accounts", Some(by_claims("id_token", &value)), None),
            ("accounts", Some(by_claims("id_token", &value)), None),
            ("accounts", Some(by_claims("userinfo", &value)), None),
            ("accounts", Some(by_claims("id_token", &json!({"values": [INTENT]}))), None),
            ("fundsconfirmations", Some(by_claims("id_token", &json!({"value": INTENT}))), None),
            ("openid fundsconfirmations", Some(both), None),
            ("", None, Some(rar.clone())),
            ("openid", None, Some(rar.clone())),
            ("openid", Some(told), Some(rar.clone())),
            ("openid accounts", Some(by_claims("id_token", &value)), Some(rar)),
        ] {
            let found = outcome(scope, claims.as_ref(), details.as_ref());
            assert_eq!(found.as_ref().map(Option::as_deref), Ok(Some(INTENT)), "{scope} {claims:?} {details:?}");
        }
        let told = by_claims("id_token", &json!({"essential": true}));
        for scope in ["openid", "accounts:read balances:read", ""] {
            assert_eq!(
                outcome(scope, Some(&told), None),
                Ok(None),
                "{scope}: it may ask to be told, and is told nothing"
            );
        }
    }

    #[test]
    fn refuses_what_does_not_fit_together() {
        let value = by_claims("id_token", &json!({"value": INTENT, "essential": true}));
        let other = by_claims("id_token", &json!({"value": "con_00000000000000000000000008"}));
        let rar = json!([{"type": "account_access_consent", "identifier": INTENT}]);
        let read = json!([{"type": "account_information", "actions": ["list_accounts"]}]);
        let two = json!({"id_token": {CLAIM: {"value": INTENT}}, "userinfo": {CLAIM: {"value": "x"}}});
        for (scope, claims, details, expected) in [
            ("accounts", None, None, "invalid_request"),
            ("openid fundsconfirmations", None, None, "invalid_request"),
            ("openid", Some(&value), None, "invalid_request"),
            ("accounts:read", Some(&value), None, "invalid_request"),
            ("accounts balances:read", Some(&value), None, "invalid_scope"),
            ("accounts fundsconfirmations", Some(&value), None, "invalid_scope"),
            ("accounts", Some(&two), None, "invalid_request"),
            ("accounts", Some(&other), Some(&rar), "invalid_request"),
            ("fundsconfirmations", None, Some(&rar), "invalid_authorization_details"),
            ("accounts", Some(&value), Some(&read), "invalid_authorization_details"),
            ("openid", Some(&value), Some(&read), "invalid_request"),
            ("balances:read", None, Some(&rar), "invalid_scope"),
        ] {
            assert_eq!(outcome(scope, claims, details), Err(expected), "{scope} {claims:?} {details:?}");
        }
        for bad in [
            json!({"value": 7}),
            json!({"value": null}),
            json!({"value": [INTENT]}),
            json!({"value": ""}),
            json!({"value": "x"}),
            json!({"value": INTENT.to_uppercase()}),
            json!({"value": "acc_00000000000000000000000007"}),
            json!({"values": []}),
            json!({"values": [INTENT, INTENT]}),
            json!({"values": INTENT}),
            json!({"value": INTENT, "values": [INTENT]}),
            json!(7),
        ] {
            let claims = by_claims("id_token", &bad);
            assert_eq!(outcome("accounts", Some(&claims), None), Err("invalid_request"), "{claims}");
        }
    }

    proptest! {
        /// Whatever stands in `claims`, no consent is named that is not in it.
        #[test]
        fn survives_any_claims(text: String, id in "[a-z_0-9]{0,40}") {
            for claims in [text.clone(), json!({"id_token": {CLAIM: {"value": text}}}).to_string(), by_claims("userinfo", &json!({"value": id})).to_string()] {
                let mut query = form_urlencoded::Serializer::new(String::new());
                let params = Params::read(query.append_pair("claims", &claims).finish().as_bytes()).unwrap();
                if let Ok(Some(found)) = intent(&params, "accounts".parse().unwrap(), None) {
                    prop_assert!(claims.contains(&found.to_string()));
                }
            }
        }
    }
}
