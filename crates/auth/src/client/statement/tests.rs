//! Statements of a directory: which hold, and what they fix.

use serde_json::json;

use super::super::metadata::{Standing, Terms};
use super::*;
use crate::jose::{Header, SigningKey, sign};
use lombard_domain::oauth::{Metadata, Profile};

pub(in crate::client) const DIRECTORY: &str = "https://directory.example";
pub(in crate::client) const NOW: i64 = 1_800_000_000;

/// The claims of a good statement.
pub(in crate::client) fn claims() -> Value {
    json!({
        "iss": DIRECTORY, "iat": NOW - 60, "jti": "s-1", "software_id": "pocket-1", "software_client_name": "Pocket Ledger",
        "software_roles": ["AISP", "PISP", "SOMETHING"], "org_id": "org-1", "org_name": " Pocket Ltd ", "org_status": "Active",
        "software_redirect_uris": ["https://app.example/cb", "https://app.example/two"],
        "software_jwks_endpoint": "https://keys.directory.example/pocket-1", "software_version": 1.2,
        "software_client_uri": "https://app.example/", "software_logo_uri": "", "software_tos_uri": null,
    })
}

pub(in crate::client) fn signed(key: &SigningKey, claims: &Value) -> String {
    sign(key, Header::with_kid("JWT", key.kid()), claims).unwrap()
}

pub(in crate::client) fn with(mut body: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn key() -> SigningKey {
    SigningKey::generate(Alg::Es256).unwrap()
}

fn judged(token: &str, key: &SigningKey) -> Result<Statement, BadMetadata> {
    let keys = Jwks::new(vec![key.public().clone()]);
    let now = Instant::from_seconds(NOW);
    Statement::verify(token, &Judge { issuer: DIRECTORY, keys: &keys, age_max: Span::hours(24), now })
}

fn good(changes: &Value) -> Statement {
    let key = key();
    judged(&signed(&key, &with(claims(), changes)), &key).unwrap()
}

fn check(body: &Value, statement: &Statement) -> Result<Metadata, BadMetadata> {
    Fields::read(body.to_string().as_bytes())?.check(&Terms {
        default_name: "nobody",
        minimum_profile: Profile::Baseline,
        default_profile: Profile::Fapi2Security,
        standing: Standing::App,
        statement: Some(statement),
    })
}

#[test]
fn what_it_says_is_what_is_registered() {
    let statement = good(&json!({}));
    let metadata = check(&json!({}), &statement).unwrap();
    assert_eq!(metadata.client_name.as_str(), "Pocket Ledger");
    let uris: Vec<_> = metadata.redirect_uris.iter().map(|uri| uri.as_str()).collect();
    assert_eq!(uris, ["https://app.example/cb", "https://app.example/two"]);
    assert_eq!(metadata.jwks_uri.unwrap().as_str(), "https://keys.directory.example/pocket-1");
    assert_eq!(metadata.software_id.unwrap().as_str(), "pocket-1");
    assert_eq!(metadata.software_version.unwrap().as_str(), "1.2");
    assert_eq!((metadata.logo_uri, metadata.tos_uri), (None, None));
    assert_eq!(metadata.software_statement.as_deref(), Some(statement.token()));
    let software = metadata.software.unwrap();
    assert_eq!((software.iss.as_str(), software.org_name.as_str()), (DIRECTORY, "Pocket Ltd"));
    assert_eq!(software.software_roles, [Role::Aisp, Role::Pisp].into());
    // What is said twice, and the same, is no contradiction; a part of the redirect URIs is enough.
    let same = json!({"client_name": "Pocket Ledger", "redirect_uris": ["https://app.example/two"], "software_id": "pocket-1",
        "jwks_uri": "https://keys.directory.example/pocket-1", "tos_uri": "https://app.example/tos"});
    assert_eq!(check(&same, &statement).unwrap().redirect_uris.len(), 1);
}

#[test]
fn nothing_else_can_be_registered_with_it() {
    let keys = json!({"keys": [key().public().to_json()]});
    for (body, code, named) in [
        (
            json!({"redirect_uris": ["https://app.example/cb", "https://evil.example/"]}),
            ErrorCode::InvalidRedirectUri,
            "redirect_uris, number 2",
        ),
        (
            json!({"redirect_uris": ["https://app.example/CB"]}),
            ErrorCode::InvalidRedirectUri,
            "redirect_uris, number 1",
        ),
        (json!({"redirect_uris": "https://app.example/cb"}), ErrorCode::InvalidRedirectUri, "redirect_uris"),
        (json!({"client_name": "Your Bank"}), ErrorCode::InvalidClientMetadata, "client_name"),
        (json!({"client_uri": "https://evil.example/"}), ErrorCode::InvalidClientMetadata, "client_uri"),
        (json!({"software_id": "pocket-2"}), ErrorCode::InvalidClientMetadata, "software_id"),
        (json!({"jwks_uri": "https://evil.example/"}), ErrorCode::InvalidClientMetadata, "jwks_uri"),
        (json!({"jwks": keys}), ErrorCode::InvalidClientMetadata, "jwks"),
    ] {
        let error = check(&body, &good(&json!({}))).unwrap_err();
        assert_eq!(error.code, code, "{body}: {error}");
        assert!(error.description.contains(named), "{body}: {error}");
    }
}

#[test]
fn keys_can_be_in_it() {
    let keys = json!({"keys": [key().public().to_json()]});
    let inline = good(&json!({"software_jwks_endpoint": null, "software_jwks": keys}));
    assert_eq!(check(&json!({}), &inline).unwrap().jwks, Some(keys.clone()));
    assert_eq!(check(&json!({"jwks": keys}), &inline).unwrap().jwks, Some(keys.clone()));
    let other = json!({"jwks_uri": "https://evil.example/"});
    assert!(check(&other, &inline).unwrap_err().description.contains("jwks_uri"));
    let both = good(&json!({"software_jwks": keys}));
    assert!(check(&json!({}), &both).unwrap().jwks.is_none(), "the address outlives the copy");
    let leaked = json!({"keys": [{"kty": "EC", "d": "AQ"}]});
    let leaked = good(&json!({"software_jwks_endpoint": null, "software_jwks": leaked}));
    assert!(check(&json!({}), &leaked).unwrap_err().description.contains("private key"));
}

#[test]
fn who_is_no_aisp_reads_no_accounts() {
    for roles in [json!([]), json!(["PISP", "aisp"]), json!(null)] {
        let statement = good(&json!({"software_roles": roles}));
        let metadata = check(&json!({}), &statement).unwrap();
        assert!(metadata.scope.permissions().is_empty() && !metadata.scope.is_empty());
        assert_eq!(metadata.authorization_details_types, Some(Vec::new()));
        for (body, named) in [
            (json!({"scope": "openid accounts:read"}), "scope"),
            (json!({"authorization_details_types": ["account_information"]}), "authorization_details_types"),
        ] {
            let error = check(&body, &statement).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidClientMetadata);
            assert!(error.description.contains(named) && error.description.contains("AISP"), "{error}");
        }
        assert!(check(&json!({"scope": "openid"}), &statement).is_ok());
    }
    assert!(!check(&json!({}), &good(&json!({}))).unwrap().scope.permissions().is_empty());
}

/// UK Dynamic Client Registration 3.3: AISP reads accounts, CBPII asks for funds, and neither does what the other does.
#[test]
fn each_role_opens_its_own_scopes_and_no_others() {
    let accounts = ["accounts", "accounts:read"];
    for (roles, opens, closed) in [
        (json!(["AISP"]), &accounts[..], &["fundsconfirmations"][..]),
        (json!(["CBPII"]), &["fundsconfirmations"], &accounts),
        (json!(["AISP", "CBPII"]), &["accounts", "accounts:read", "fundsconfirmations"], &[]),
        (json!(["PISP"]), &[], &["accounts", "accounts:read", "fundsconfirmations"]),
    ] {
        let statement = good(&json!({"software_roles": roles}));
        let scopes = check(&json!({}), &statement).unwrap().scope.to_string();
        for scope in opens {
            assert!(scopes.split(' ').any(|one| one == *scope), "{roles}: {scopes}");
            assert_eq!(check(&json!({"scope": scope}), &statement).unwrap().scope.to_string(), *scope);
        }
        for scope in closed {
            assert!(!scopes.split(' ').any(|one| one == *scope), "{roles}: {scopes}");
            let error = check(&json!({"scope": format!("openid {scope}")}), &statement).unwrap_err();
            assert_eq!((error.code, error.description.starts_with("scope:")), (ErrorCode::InvalidClientMetadata, true));
        }
    }
    let funds = good(&json!({"software_roles": ["CBPII"]}));
    let types = |body: &Value| check(body, &funds).map(|metadata| metadata.authorization_details_types.unwrap().len());
    assert_eq!(types(&json!({})), Ok(1));
    assert_eq!(types(&json!({"authorization_details_types": ["funds_confirmation_consent"]})), Ok(1));
    assert!(types(&json!({"authorization_details_types": ["account_access_consent"]})).is_err());
}

#[test]
fn one_without_redirect_uris_lets_nobody_be_sent_anywhere() {
    let none = good(&json!({"software_redirect_uris": null}));
    for body in [json!({}), json!({"redirect_uris": ["https://app.example/cb"]})] {
        assert_eq!(check(&body, &none).unwrap_err().code, ErrorCode::InvalidRedirectUri);
    }
    // RFC 7591 2.3: a statement can have a registration's own names.
    let plain = json!({"software_redirect_uris": null, "redirect_uris": ["https://app.example/rfc"], "software_client_name": null, "client_name": "Plain"});
    let metadata = check(&json!({}), &good(&plain)).unwrap();
    assert_eq!(
        (metadata.client_name.as_str(), metadata.redirect_uris[0].as_str()),
        ("Plain", "https://app.example/rfc")
    );
}

#[test]
fn refuses_what_does_not_hold() {
    let directory = key();
    for (changes, named) in [
        (json!({"iss": "https://another.example"}), "iss"),
        (json!({"iat": null}), "iat"),
        (json!({"iss": "x".repeat(1025)}), "iss"),
        (json!({"iat": NOW - 24 * 3600 - 1}), "iat"),
        (json!({"iat": NOW + 61}), "iat"),
        (json!({"exp": NOW}), "exp"),
        (json!({"nbf": NOW + 61}), "nbf"),
        (json!({"org_status": "Revoked"}), "org_status"),
        (json!({"org_status": "active"}), "org_status"),
        (json!({"org_status": 1}), "org_status"),
        (json!({"software_id": null}), "software_id"),
        (json!({"software_id": " "}), "software_id"),
        (json!({"org_id": null}), "org_id"),
        (json!({"org_name": "a\u{202e}b"}), "org_name"),
        (json!({"org_name": "n".repeat(121)}), "org_name"),
        (json!({"software_roles": "AISP"}), "software_roles"),
        (json!({"software_redirect_uris": [1]}), "software_redirect_uris"),
        (json!({"software_redirect_uris": vec!["https://a.example/"; 101]}), "software_redirect_uris"),
        (json!({"software_client_name": ["x"]}), "software_client_name"),
    ] {
        let error = judged(&signed(&directory, &with(claims(), &changes)), &directory).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidSoftwareStatement, "{changes}");
        assert!(error.description.contains(named), "{changes}: {error}");
    }
    for changes in [
        json!({"iat": NOW - 24 * 3600}),
        json!({"iat": NOW + 10}),
        json!({"exp": NOW + 1}),
        json!({"org_status": null}),
    ] {
        assert!(judged(&signed(&directory, &with(claims(), &changes)), &directory).is_ok(), "{changes}");
    }
    let mut undated = claims();
    undated.as_object_mut().unwrap().remove("iat");
    let error = judged(&signed(&directory, &undated), &directory).unwrap_err();
    assert!(error.description.contains("iat"), "{error}");
}

#[test]
fn refuses_what_the_directory_did_not_sign() {
    let directory = key();
    let token = signed(&directory, &claims());
    let (_, rest) = token.split_once('.').unwrap();
    let headed = |header: &str| format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header));
    let kid = directory.kid();
    let own = directory.public().to_json();
    for forged in [
        signed(&key(), &claims()),
        headed(r#"{"alg":"none","typ":"JWT"}"#),
        headed(r#"{"alg":"RS256","typ":"JWT"}"#),
        headed(r#"{"alg":"HS256","typ":"JWT"}"#),
        headed(&format!(r#"{{"alg":"ES256","typ":"JWT","kid":"{kid}","jwk":{own}}}"#)),
        headed(&format!(r#"{{"alg":"ES256","typ":"JWT","kid":"{kid}","crit":["x"]}}"#)),
        sign(&directory, Header::with_kid("at+jwt", kid), &claims()).unwrap(),
        token.replacen('.', ".A", 1),
        token.rsplit_once('.').unwrap().0.to_owned() + ".",
        String::new(),
        "x".repeat(MAX_TOKEN_BYTES + 1),
    ] {
        let error = judged(&forged, &directory).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidSoftwareStatement, "{forged}");
        assert!(error.description.contains("signed by its directory"), "{error}: why stays in the log");
    }
}

#[test]
fn one_that_was_verified_is_read_again_at_any_age() {
    let key = key();
    let token = signed(&key, &with(claims(), &json!({"iat": 1, "exp": 2})));
    assert!(judged(&token, &key).is_err());
    let again = Statement::verified_before(&token).unwrap();
    assert_eq!(again.software().software_id.as_str(), "pocket-1");
    for garbage in ["", "a.b", "a.!.c", "e30.e30.e30", &"x".repeat(MAX_TOKEN_BYTES + 1)] {
        assert!(Statement::verified_before(garbage).is_err());
    }
}
