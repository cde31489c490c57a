//! What an app asks for, and what becomes of it under each profile.

use lombard_domain::oauth::{Alg, ErrorCode, ResponseMode, ScopeSet};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::jose::SigningKey;

const URI: &str = "https://app.example/cb";

fn terms(profile: Profile) -> Terms<'static> {
    Terms {
        default_name: "an app",
        minimum_profile: Profile::Baseline,
        default_profile: profile,
        standing: Standing::App,
        statement: None,
    }
}

fn check(body: &Value, terms: &Terms<'_>) -> Result<Metadata, BadMetadata> {
    Fields::read(body.to_string().as_bytes())?.check(terms)
}

fn keys(alg: Alg) -> Value {
    json!({"keys": [SigningKey::generate(alg).unwrap().public().to_json()]})
}

/// The least that a client of a profile must say.
fn least(profile: Profile) -> Value {
    match profile {
        Profile::Baseline => json!({"redirect_uris": [URI]}),
        Profile::Fapi2Security | Profile::Fapi2MessageSigning => {
            json!({"redirect_uris": [URI], "jwks_uri": "https://app.example/jwks"})
        }
    }
}

fn with(mut body: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[test]
fn fills_in_what_is_missing() {
    let body = json!({"redirect_uris": [URI], "unknown": {"a": 1}, "jwks": null});
    let metadata = check(&body, &terms(Profile::Baseline)).unwrap();
    assert_eq!(metadata.client_name.as_str(), "an app");
    assert_eq!(metadata.token_endpoint_auth_method, AuthMethod::ClientSecretBasic);
    assert_eq!(metadata.scope, ScopeSet::all());
    let mut kinds = metadata.grant_types.clone();
    kinds.sort_by_key(|kind| GrantType::ALL.iter().position(|one| one == kind));
    assert_eq!(kinds, GrantType::ALL);
    assert!(!metadata.dpop_bound_access_tokens && !metadata.require_pushed_authorization_requests);
    assert_eq!(metadata.id_token_signed_response_alg, Alg::Es256);
}

#[test]
fn a_profile_fills_in_what_it_demands() {
    for (profile, signed) in [(Profile::Fapi2Security, false), (Profile::Fapi2MessageSigning, true)] {
        let metadata = check(&least(profile), &terms(profile)).unwrap();
        assert_eq!(metadata.security_profile, profile);
        assert_eq!(metadata.token_endpoint_auth_method, AuthMethod::PrivateKeyJwt);
        assert!(metadata.dpop_bound_access_tokens && !metadata.tls_client_certificate_bound_access_tokens);
        assert!(metadata.require_pushed_authorization_requests);
        assert_eq!(metadata.require_signed_request_object, signed);
        let by_certificate = with(least(profile), &json!({"tls_client_certificate_bound_access_tokens": true}));
        let metadata = check(&by_certificate, &terms(profile)).unwrap();
        assert!(!metadata.dpop_bound_access_tokens && metadata.tls_client_certificate_bound_access_tokens);
    }
}

#[test]
fn a_profile_is_at_least_the_minimum() {
    for minimum in Profile::ALL {
        for asked in Profile::ALL {
            let body = with(least(*asked), &json!({"security_profile": asked.name()}));
            let terms = Terms { minimum_profile: *minimum, ..terms(Profile::Baseline) };
            match check(&body, &terms) {
                Ok(metadata) => assert!(metadata.security_profile == *asked && asked >= minimum),
                Err(error) => {
                    assert!(asked < minimum && error.description.contains("security_profile"), "{error}");
                    assert_eq!(error.code, ErrorCode::InvalidClientMetadata);
                }
            }
            let silent = check(&least(Profile::Fapi2MessageSigning), &terms).unwrap();
            assert_eq!(silent.security_profile, *minimum, "what is missing is the minimum");
        }
    }
}

/// FAPI 1.0 Advanced 5.2.2-1: requests for an ID token beside the code are signed.
#[test]
fn the_hybrid_type_needs_a_key_a_secure_redirect_and_openid() {
    let hybrid = json!({"redirect_uris": [URI], "response_types": ["code id_token"], "scope": "accounts"});
    let app = terms(Profile::Baseline);
    assert!(check(&hybrid, &app).unwrap_err().description.contains("jwks"));
    let keyed = with(hybrid, &json!({"jwks_uri": "https://app.example/jwks"}));
    assert_eq!(check(&keyed, &app).unwrap().scope.to_string(), "openid accounts");
    let local = with(keyed, &json!({"redirect_uris": ["http://127.0.0.1/cb"]}));
    assert_eq!(check(&local, &app).unwrap_err().code, ErrorCode::InvalidRedirectUri);
}

/// Of each row: the profiles under which it is refused, what is changed, and the member that the sentence names.
#[test]
fn names_the_member_at_fault() {
    use Profile::{Baseline, Fapi2MessageSigning, Fapi2Security};
    let all = Profile::ALL;
    let fapi = &[Fapi2Security, Fapi2MessageSigning][..];
    let private = json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "", "y": "", "d": "AQ"}]});
    let many = json!({"keys": vec![json!({"kty": "x"}); 33]});
    let table = [
        (all, json!({"security_profile": "fapi1"}), "security_profile"),
        (all, json!({"security_profile": 2}), "security_profile"),
        (all, json!({"client_name": 7}), "client_name"),
        (all, json!({"client_name": "a\u{202e}b"}), "client_name"),
        (all, json!({"client_name": "a".repeat(81)}), "client_name"),
        (all, json!({"scope": "admin"}), "scope"),
        (all, json!({"scope": ["openid"]}), "scope"),
        (all, json!({"grant_types": ["password"]}), "grant_types"),
        (all, json!({"grant_types": []}), "grant_types"),
        (all, json!({"response_types": ["code", "token"]}), "response_types"),
        (fapi, json!({"response_types": ["code id_token"], "jwks_uri": "https://app.example/jwks"}), "response_types"),
        (all, json!({"response_types": "code"}), "response_types"),
        (all, json!({"subject_type": "public"}), "subject_type"),
        (all, json!({"application_type": "toaster"}), "application_type"),
        (all, json!({"logo_uri": "javascript:x"}), "logo_uri"),
        (all, json!({"contacts": vec!["a"; 11]}), "contacts"),
        (all, json!({"resource_server": true}), "resource_server"),
        (all, json!({"token_endpoint_auth_method": "none"}), "token_endpoint_auth_method"),
        (all, json!({"token_endpoint_auth_method": "client_secret_jwt"}), "token_endpoint_auth_method"),
        (fapi, json!({"token_endpoint_auth_method": "client_secret_basic"}), "token_endpoint_auth_method"),
        (fapi, json!({"token_endpoint_auth_method": "client_secret_post"}), "token_endpoint_auth_method"),
        (all, json!({"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": null}), "jwks"),
        (all, json!({"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": null}), "jwks"),
        (all, json!({"token_endpoint_auth_method": "tls_client_auth"}), "tls_client_auth_subject_dn"),
        (all, json!({"tls_client_auth_subject_dn": "CN=a"}), "tls_client_auth_subject_dn"),
        (all, json!({"require_signed_request_object": true, "jwks_uri": null}), "jwks"),
        (all, json!({"jwks_uri": "http://app.example/jwks"}), "jwks_uri"),
        (all, json!({"jwks_uri": "https://app.example/jwks", "jwks": keys(Alg::Es256)}), "jwks_uri"),
        (all, json!({"jwks_uri": null, "jwks": "x"}), "jwks"),
        (all, json!({"jwks_uri": null, "jwks": {"keys": []}}), "jwks"),
        (all, json!({"jwks_uri": null, "jwks": {"keys": [{"kty": "oct"}]}}), "jwks"),
        (all, json!({"jwks_uri": null, "jwks": private}), "private key"),
        (all, json!({"jwks_uri": null, "jwks": many}), "32 keys"),
        (
            all,
            json!({"jwks_uri": null, "jwks": keys(Alg::EdDsa), "token_endpoint_auth_signing_alg": "ES256"}),
            "token_endpoint_auth_signing_alg",
        ),
        (
            all,
            json!({"jwks_uri": null, "jwks": keys(Alg::EdDsa), "request_object_signing_alg": "ES256"}),
            "request_object_signing_alg",
        ),
        (all, json!({"dpop_bound_access_tokens": "true"}), "dpop_bound_access_tokens"),
        (
            all,
            json!({"dpop_bound_access_tokens": true, "tls_client_certificate_bound_access_tokens": true}),
            "dpop_bound_access_tokens",
        ),
        (fapi, json!({"dpop_bound_access_tokens": false}), "dpop_bound_access_tokens"),
        (all, json!({"use_mtls_endpoint_aliases": 1}), "use_mtls_endpoint_aliases"),
        (fapi, json!({"require_pushed_authorization_requests": false}), "require_pushed_authorization_requests"),
        (&[Fapi2MessageSigning], json!({"require_signed_request_object": false}), "require_signed_request_object"),
        (&[Fapi2MessageSigning], json!({"response_modes": ["query"]}), "response_modes"),
        (all, json!({"response_modes": ["fragment"]}), "response_modes"),
        (all, json!({"response_modes": []}), "response_modes"),
        (all, json!({"response_modes": "jwt"}), "response_modes"),
        (all, json!({"authorization_details_types": ["payment_initiation"]}), "authorization_details_types"),
    ];
    for (refused, changes, named) in table {
        for profile in [Baseline, Fapi2Security, Fapi2MessageSigning] {
            match check(&with(least(profile), &changes), &terms(profile)) {
                Ok(_) => assert!(!refused.contains(&profile), "{profile:?} takes {changes}"),
                Err(error) => {
                    assert!(refused.contains(&profile) || profile > Baseline, "{profile:?}: {changes}: {error}");
                    assert_eq!(error.code, ErrorCode::InvalidClientMetadata, "{changes}");
                    assert!(error.description.contains(named), "{profile:?}: {changes}: {error}");
                }
            }
        }
    }
}

#[test]
fn algorithms_are_of_the_closed_list_and_nothing_is_encrypted() {
    let signing = [
        "token_endpoint_auth_signing_alg",
        "request_object_signing_alg",
        "authorization_signed_response_alg",
        "id_token_signed_response_alg",
        "introspection_signed_response_alg",
    ];
    for name in signing {
        for good in ["ES256", "PS256", "EdDSA", "Ed25519"] {
            let metadata = check(&json!({"redirect_uris": [URI], name: good}), &terms(Profile::Baseline)).unwrap();
            let told = serde_json::to_value(&metadata).unwrap();
            assert_eq!(told[name], if good == "Ed25519" { "EdDSA" } else { good }, "{name}");
        }
        for bad in [json!("RS256"), json!("none"), json!("HS256"), json!("ES384"), json!(""), json!(["ES256"])] {
            let error = check(&json!({"redirect_uris": [URI], name: bad}), &terms(Profile::Baseline)).unwrap_err();
            assert!(error.code == ErrorCode::InvalidClientMetadata && error.description.contains(name), "{name} {bad}");
        }
    }
    for name in [
        "id_token_encrypted_response_alg",
        "id_token_encrypted_response_enc",
        "userinfo_encrypted_response_alg",
        "authorization_encrypted_response_enc",
        "introspection_encrypted_response_alg",
        "request_object_encryption_alg",
        "request_object_encryption_enc",
    ] {
        let error =
            check(&json!({"redirect_uris": [URI], name: "RSA-OAEP-256"}), &terms(Profile::Baseline)).unwrap_err();
        assert!(error.code == ErrorCode::InvalidClientMetadata && error.description.contains(name), "{name}");
    }
}

#[test]
fn redirect_uris_are_as_secure_as_the_profile_wants() {
    let local = "http://127.0.0.1:7000/cb";
    for (profile, kind, uri, good) in [
        (Profile::Baseline, "web", local, true),
        (Profile::Fapi2Security, "web", local, false),
        (Profile::Fapi2Security, "native", local, true),
        (Profile::Fapi2Security, "native", "http://app.example/cb", false),
        (Profile::Fapi2MessageSigning, "web", local, false),
        (Profile::Fapi2MessageSigning, "mobile", "http://[::1]:1/cb", true),
        (Profile::Fapi2MessageSigning, "web", URI, true),
    ] {
        let body = with(least(profile), &json!({"redirect_uris": [URI, uri], "application_type": kind}));
        match check(&body, &terms(profile)) {
            Ok(metadata) => assert!(good && metadata.redirect_uris.len() == 2, "{profile:?} {kind} {uri}"),
            Err(error) => {
                assert!(!good, "{profile:?} {kind} {uri}: {error}");
                assert_eq!(error.code, ErrorCode::InvalidRedirectUri);
                assert!(error.description.starts_with("redirect_uris, number 2"), "{error}");
            }
        }
    }
    for bad in [json!(URI), json!([]), json!(null), json!([7]), json!(vec![URI; 21])] {
        let error = check(&json!({"redirect_uris": bad}), &terms(Profile::Baseline)).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidRedirectUri, "{bad}");
        assert!(error.description.contains("redirect_uris"), "{error}");
    }
}

#[test]
fn a_resource_server_is_made_by_an_operator_and_has_nothing_of_an_app() {
    let operator = Terms { standing: Standing::AsSaid, ..terms(Profile::Fapi2MessageSigning) };
    let body = json!({"resource_server": true, "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "api.example"});
    let metadata = check(&body, &operator).unwrap();
    assert!(metadata.resource_server && metadata.grant_types.is_empty() && metadata.scope.is_empty());
    assert!(metadata.redirect_uris.is_empty() && metadata.jwks.is_none());
    for (changes, named) in [
        (json!({"grant_types": ["authorization_code"]}), "grant_types"),
        (json!({"redirect_uris": [URI]}), "redirect_uris"),
    ] {
        assert!(check(&with(body.clone(), &changes), &operator).unwrap_err().description.contains(named));
    }
    let again = Terms { standing: Standing::ResourceServer, ..operator };
    assert!(check(&with(body.clone(), &json!({"resource_server": null})), &again).unwrap().resource_server);
    let turned = check(&with(body, &json!({"resource_server": false})), &again).unwrap_err();
    assert!(turned.description.contains("resource_server"));
    assert!(!check(&least(Profile::Fapi2Security), &operator).unwrap().resource_server, "operators register apps too");
}

#[test]
fn what_is_told_can_be_sent_back() {
    for profile in Profile::ALL {
        let changes = json!({
            "response_modes": ["jwt", "query.jwt", "jwt"], "authorization_details_types": ["account_information"],
            "grant_types": ["refresh_token", "authorization_code", "refresh_token"], "jwks_uri": null, "jwks": keys(Alg::Ps256),
            "request_object_signing_alg": "PS256", "use_mtls_endpoint_aliases": true, "client_name": "Pocket",
        });
        let metadata = check(&with(least(*profile), &changes), &terms(*profile)).unwrap();
        assert_eq!(metadata.response_modes, Some(vec![ResponseMode::Jwt, ResponseMode::QueryJwt]));
        assert_eq!(metadata.grant_types, [GrantType::AuthorizationCode, GrantType::RefreshToken]);
        let told = serde_json::to_value(&metadata).unwrap();
        assert_eq!(check(&told, &terms(Profile::Baseline)).unwrap(), metadata);
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        Just(json!("private_key_jwt")),
        Just(json!("fapi2-security")),
        Just(json!(["code id_token"])),
        Just(json!(URI)),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,4}|keys", inner, 0..3).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_said_the_profile_is_kept(
        changes in prop::collection::btree_map(prop::sample::select(NAMES), value(), 0..6),
        profile in prop::sample::select(Profile::ALL),
    ) {
        let body = with(least(profile), &json!(changes));
        if let Ok(metadata) = check(&body, &Terms { minimum_profile: profile, ..terms(profile) }) {
            let rules = metadata.security_profile.rules();
            prop_assert!(metadata.security_profile >= profile);
            prop_assert!(rules.auth_methods.contains(&metadata.token_endpoint_auth_method));
            prop_assert!(!(metadata.dpop_bound_access_tokens && metadata.tls_client_certificate_bound_access_tokens));
            let bound = metadata.dpop_bound_access_tokens || metadata.tls_client_certificate_bound_access_tokens;
            prop_assert!(bound || rules.sender_constraint == Need::Optional);
            prop_assert_eq!(metadata.must_push(), metadata.require_pushed_authorization_requests);
            prop_assert_eq!(metadata.must_sign(), metadata.require_signed_request_object);
            prop_assert!(!metadata.resource_server);
            prop_assert!(metadata.response_types.iter().all(|one| rules.response_types.contains(one)));
            prop_assert_eq!(metadata.response_types.is_empty(), !metadata.may_use(GrantType::AuthorizationCode));
        }
    }
}

/// Members that a property test changes.
const NAMES: &[&str] = &[
    "application_type",
    "authorization_details_types",
    "client_name",
    "contacts",
    "dpop_bound_access_tokens",
    "grant_types",
    "jwks",
    "jwks_uri",
    "redirect_uris",
    "request_object_signing_alg",
    "require_pushed_authorization_requests",
    "require_signed_request_object",
    "resource_server",
    "response_modes",
    "response_types",
    "scope",
    "security_profile",
    "tls_client_auth_san_dns",
    "tls_client_certificate_bound_access_tokens",
    "token_endpoint_auth_method",
];
