//! What a client wants to get from the authorization endpoint, and in what way.

use lombard_domain::oauth::{ResponseMode, ResponseType, Rules};

use super::fields::{BadMetadata, Fields, invalid};

/// Reads `response_types`; a client that says nothing gets codes (RFC 7591 2), and one without the grant type for it nothing.
pub(super) fn types(fields: &Fields, rules: &Rules, uses_codes: bool) -> Result<Vec<ResponseType>, BadMetadata> {
    let mut types = Vec::new();
    for name in fields.list(TYPES)?.unwrap_or_default() {
        let known = ResponseType::parse(name).filter(|known| rules.response_types.contains(known));
        let known = known.ok_or_else(|| {
            let names: Vec<&str> = rules.response_types.iter().map(|one| one.name()).collect();
            invalid(format!("{TYPES} can only be {}", names.join(", ")))
        })?;
        if !types.contains(&known) {
            types.push(known);
        }
    }
    match (uses_codes, types.is_empty()) {
        (false, _) => Ok(Vec::new()),
        (true, true) => Ok(vec![ResponseType::Code]),
        (true, false) => Ok(types),
    }
}

/// Whether the response types that are asked for have one with an ID token.
pub(super) fn ask_for_id_tokens(fields: &Fields) -> Result<bool, BadMetadata> {
    let asked = fields.list(TYPES)?.unwrap_or_default();
    Ok(asked.into_iter().any(|name| ResponseType::parse(name) == Some(ResponseType::CodeIdToken)))
}

/// Reads `response_modes` (FAPI 2.0 Message Signing); there must be one for each response type.
pub(super) fn modes(
    fields: &Fields,
    rules: &Rules,
    types: &[ResponseType],
) -> Result<Option<Vec<ResponseMode>>, BadMetadata> {
    let Some(modes) = fields.words(MODES, rules.response_modes, ResponseMode::name)? else { return Ok(None) };
    if modes.is_empty() {
        return Err(invalid(format!("{MODES} must not be empty")));
    }
    let unanswered = types.iter().find(|one| !one.modes().iter().any(|mode| modes.contains(mode)));
    if let Some(unanswered) = unanswered {
        return Err(invalid(format!(
            "{MODES} has none in which the response type {} can be answered",
            unanswered.name()
        )));
    }
    Ok(Some(modes))
}

const TYPES: &str = "response_types";
const MODES: &str = "response_modes";

#[cfg(test)]
mod tests {
    use lombard_domain::oauth::Profile;
    use serde_json::{Value, json};

    use super::*;

    fn read(body: &Value, profile: Profile) -> Result<(Vec<ResponseType>, Option<Vec<ResponseMode>>), BadMetadata> {
        let fields = Fields::read(body.to_string().as_bytes()).unwrap();
        let types = types(&fields, profile.rules(), true)?;
        let modes = modes(&fields, profile.rules(), &types)?;
        Ok((types, modes))
    }

    #[test]
    fn knows_the_hybrid_type_where_the_profile_has_it() {
        use ResponseType::{Code, CodeIdToken};
        for (body, expected) in [
            (json!({}), vec![Code]),
            (json!({"response_types": []}), vec![Code]),
            (json!({"response_types": ["code"]}), vec![Code]),
            (json!({"response_types": ["code id_token"]}), vec![CodeIdToken]),
            (json!({"response_types": ["id_token code", "code id_token"]}), vec![CodeIdToken]),
            (json!({"response_types": ["code", "code id_token"], "response_modes": ["jwt"]}), vec![Code, CodeIdToken]),
            (json!({"response_types": ["code id_token"], "response_modes": ["fragment"]}), vec![CodeIdToken]),
        ] {
            assert_eq!(read(&body, Profile::Baseline).unwrap().0, expected, "{body}");
        }
        for bad in [
            json!({"response_types": ["id_token"]}),
            json!({"response_types": ["code token"]}),
            json!({"response_types": ["code id_token", "none"]}),
            json!({"response_types": ["code id_token"], "response_modes": ["query", "query.jwt"]}),
            json!({"response_types": ["code", "code id_token"], "response_modes": ["query"]}),
            json!({"response_types": ["code"], "response_modes": ["fragment"]}),
        ] {
            assert!(read(&bad, Profile::Baseline).is_err(), "{bad}");
        }
        for profile in [Profile::Fapi2Security, Profile::Fapi2MessageSigning] {
            let refused = read(&json!({"response_types": ["code id_token"]}), profile).unwrap_err();
            assert!(refused.description.contains("can only be code"), "FAPI 2.0 Security Profile 5.3.2.2-1: {refused}");
        }
        let fields = Fields::read(br#"{"response_types": ["code"]}"#).unwrap();
        assert_eq!(types(&fields, Profile::Baseline.rules(), false).unwrap(), [], "without the grant type for it");
    }
}
