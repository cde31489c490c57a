//! What the server says of itself, and that it is true: metadata, published keys, and the tokens that they verify.

use std::collections::BTreeSet;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use lombard_auth::Registration;
use lombard_auth::jose::Alg;
use lombard_domain::oauth::Profile;
use lombard_domain::time::{Clock as _, Span};
use lombard_testkit::{App, Engine, TestBank, Tokens, Wanted, example_folder};
use reqwest::StatusCode;
use serde_json::{Value, json};

const DOCUMENTS: [&str; 2] = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];

const ACCESS: (&str, Algorithm) = ("at+jwt", Algorithm::ES256);

const ALGORITHMS: [(&str, Algorithm); 3] =
    [("ES256", Algorithm::ES256), ("PS256", Algorithm::PS256), ("EdDSA", Algorithm::EdDSA)];

async fn get(bank: &TestBank, path: &str) -> Value {
    let response = bank.http().get(bank.url(path)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    assert_eq!(response.headers()["content-type"], "application/json", "{path}");
    response.json().await.unwrap()
}

/// Verifies a token as any resource server or app does: with the published key that its header names.
async fn verify(bank: &TestBank, token: &str, kind: (&str, Algorithm), audience: &str) -> Value {
    let keys: JwkSet = serde_json::from_value(get(bank, "/jwks").await).unwrap();
    let header = decode_header(token).unwrap();
    assert_eq!((header.typ.as_deref(), header.alg), (Some(kind.0), kind.1));
    let key = keys.find(header.kid.as_ref().unwrap()).expect("a published key");
    let mut rules = Validation::new(kind.1);
    // The library knows the system's time only; the bank's clock stands still.
    rules.validate_exp = false;
    rules.set_audience(&[audience]);
    rules.set_issuer(&[&bank.issuer]);
    let claims: Value = decode(token, &DecodingKey::from_jwk(key).unwrap(), &rules).unwrap().claims;
    let (now, issued, expires) =
        (bank.clock.now().seconds(), claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
    assert!(issued <= now && now < expires && expires - issued <= 600, "{claims}");
    claims
}

#[tokio::test]
async fn both_documents_say_the_same_and_keep_the_rules_of_fapi() {
    let bank = TestBank::new().await;
    let [openid, oauth] = DOCUMENTS.map(|path| get(&bank, path));
    let document = openid.await;
    assert_eq!(document, oauth.await);

    assert_eq!(document["issuer"], bank.issuer, "the address without the well-known part");
    let issuer = url::Url::parse(&bank.issuer).unwrap();
    assert!(issuer.scheme() == "https" && issuer.query().is_none() && issuer.fragment().is_none());
    for (name, value) in document.as_object().unwrap() {
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            assert!(value.as_str().unwrap().starts_with(&format!("{}/", bank.issuer)), "{name}");
        } else if name.ends_with("_supported") && !value.is_boolean() {
            let texts = value.as_array().unwrap_or_else(|| panic!("{name} must be an array"));
            assert!(!texts.is_empty() && texts.iter().all(Value::is_string), "{name}");
        }
    }
    for (name, expected) in [
        ("response_types_supported", json!(["code", "code id_token"])),
        ("response_modes_supported", json!(["query", "query.jwt", "fragment", "fragment.jwt", "jwt"])),
        ("grant_types_supported", json!(["authorization_code", "client_credentials", "refresh_token"])),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("token_endpoint_auth_methods_supported", json!(METHODS)),
        ("revocation_endpoint_auth_methods_supported", json!(METHODS)),
        ("introspection_endpoint_auth_methods_supported", json!(METHODS)),
        ("subject_types_supported", json!(["pairwise"])),
        ("token_endpoint_auth_signing_alg_values_supported", json!(READ)),
        ("request_object_signing_alg_values_supported", json!(READ)),
        ("dpop_signing_alg_values_supported", json!(READ)),
        ("id_token_signing_alg_values_supported", json!(MADE)),
        ("authorization_signing_alg_values_supported", json!(MADE)),
        ("introspection_signing_alg_values_supported", json!(MADE)),
        (
            "authorization_details_types_supported",
            json!(["account_information", "account_access_consent", "funds_confirmation_consent"]),
        ),
        ("grant_management_actions_supported", json!(["create", "query", "revoke"])),
        ("require_signed_request_object", json!(false)),
        ("authorization_response_iss_parameter_supported", json!(true)),
        ("require_pushed_authorization_requests", json!(false)),
        ("claims_parameter_supported", json!(true)),
        ("request_parameter_supported", json!(true)),
        // Its default is true (OpenID Connect Discovery 3), so it must be said.
        ("request_uri_parameter_supported", json!(false)),
        ("ui_locales_supported", json!(["en"])),
        ("protected_resources", json!([bank.issuer])),
    ] {
        assert_eq!(document[name], expected, "{name}");
    }
    assert!(document["claims_supported"].as_array().unwrap().contains(&json!("openbanking_intent_id")));
    let scopes = [
        "openid",
        "accounts:read",
        "balances:read",
        "beneficiaries:read",
        "direct-debits:read",
        "offers:read",
        "parties:read",
        "products:read",
        "scheduled-payments:read",
        "standing-orders:read",
        "statements:read",
        "transactions:read",
        "accounts",
        "fundsconfirmations",
        "grant_management_query",
        "grant_management_revoke",
    ];
    assert_eq!(document["scopes_supported"], json!(scopes));
    let aliases = document["mtls_endpoint_aliases"].as_object().unwrap();
    for (name, address) in aliases {
        assert!(name.ends_with("_endpoint") && name != "authorization_endpoint", "{name}");
        let plain = document[name].as_str().expect("every alias is an endpoint");
        assert_eq!(address.as_str().unwrap(), plain.replace(&bank.issuer, &bank.mtls), "{name}");
    }
    assert!(aliases.contains_key("token_endpoint"));
}

const METHODS: [&str; 5] =
    ["client_secret_basic", "client_secret_post", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"];
const READ: [&str; 4] = ["ES256", "PS256", "EdDSA", "Ed25519"];
const MADE: [&str; 3] = ["ES256", "PS256", "EdDSA"];

/// RFC 8414 2 with its extensions and OpenID Connect Discovery 3: a certifier objects to names that nobody registered.
#[tokio::test]
async fn has_registered_members_only() {
    let registered = "issuer authorization_endpoint token_endpoint pushed_authorization_request_endpoint \
        revocation_endpoint introspection_endpoint userinfo_endpoint jwks_uri registration_endpoint scopes_supported \
        response_types_supported response_modes_supported grant_types_supported code_challenge_methods_supported \
        token_endpoint_auth_methods_supported revocation_endpoint_auth_methods_supported \
        introspection_endpoint_auth_methods_supported subject_types_supported id_token_signing_alg_values_supported \
        acr_values_supported claims_supported prompt_values_supported authorization_response_iss_parameter_supported \
        require_pushed_authorization_requests claims_parameter_supported request_parameter_supported \
        request_uri_parameter_supported ui_locales_supported protected_resources mtls_endpoint_aliases \
        token_endpoint_auth_signing_alg_values_supported revocation_endpoint_auth_signing_alg_values_supported \
        introspection_endpoint_auth_signing_alg_values_supported introspection_signing_alg_values_supported \
        request_object_signing_alg_values_supported authorization_signing_alg_values_supported \
        dpop_signing_alg_values_supported tls_client_certificate_bound_access_tokens \
        authorization_details_types_supported grant_management_endpoint grant_management_actions_supported \
        grant_management_action_required require_signed_request_object";
    let bank = TestBank::new().await;
    let document = get(&bank, DOCUMENTS[0]).await;
    for name in document.as_object().unwrap().keys() {
        assert!(registered.split_whitespace().any(|known| known == name), "{name}");
    }
}

#[tokio::test]
async fn every_endpoint_is_where_the_document_says() {
    let bank = TestBank::new().await;
    let document = get(&bank, DOCUMENTS[0]).await;
    let http = bank.http();
    for (name, expected) in [
        ("authorization_endpoint", 400),
        ("token_endpoint", 405),
        ("pushed_authorization_request_endpoint", 405),
        ("revocation_endpoint", 405),
        ("introspection_endpoint", 405),
        ("registration_endpoint", 405),
        ("userinfo_endpoint", 401),
        ("jwks_uri", 200),
    ] {
        let response = http.get(document[name].as_str().unwrap()).send().await.unwrap();
        assert_eq!(response.status().as_u16(), expected, "{name}");
        if expected == 405 {
            assert_eq!(response.headers()["allow"], "POST", "{name}: RFC 9110 15.5.6");
            assert_eq!(lombard_testkit::refusal(response).await, "405 invalid_request", "{name}");
        }
    }
}

/// FAPI 2.0 Security Profile 5.3.2.2-1.
#[tokio::test]
async fn a_bank_of_fapi_2_offers_codes_only() {
    for (profile, modes) in [
        (Profile::Fapi2Security, json!(["query", "query.jwt", "jwt"])),
        (Profile::Fapi2MessageSigning, json!(["query.jwt", "jwt"])),
    ] {
        let change = |policy: &mut lombard_auth::Policy| policy.minimum_profile = profile;
        let bank = TestBank::with(Engine::Sqlite, &example_folder(), change).await;
        let document = get(&bank, DOCUMENTS[0]).await;
        assert_eq!(document["response_types_supported"], json!(["code"]));
        assert_eq!(document["response_modes_supported"], modes);
    }
}

#[tokio::test]
async fn does_not_offer_registration_when_it_is_closed() {
    let bank =
        TestBank::with(Engine::Sqlite, &example_folder(), |policy| policy.registration = Registration::Closed).await;
    assert_eq!(get(&bank, DOCUMENTS[0]).await["registration_endpoint"], Value::Null);
}

#[tokio::test]
async fn the_api_says_whose_tokens_it_takes() {
    let bank = TestBank::new().await;
    let metadata = get(&bank, "/.well-known/oauth-protected-resource").await;
    assert_eq!(metadata["resource"], bank.issuer);
    assert_eq!(metadata["authorization_servers"], json!([bank.issuer]));
    assert_eq!(metadata["bearer_methods_supported"], json!(["header"]));
    assert_eq!(metadata["jwks_uri"], bank.url("/jwks"));
    assert!(!metadata["scopes_supported"].as_array().unwrap().contains(&json!("openid")));

    // RFC 9728 5.1: a call without a token is told where this document is.
    let refused = bank.http().get(bank.url("/open-banking/v4.0/aisp/accounts")).send().await.unwrap();
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains(&bank.url("/.well-known/oauth-protected-resource")), "{challenge}");
}

#[tokio::test]
async fn tokens_verify_with_the_published_keys_and_name_the_customer_differently_to_each_app() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let other = App::register_as(&bank, &json!({"redirect_uris": ["https://other.example/cb"]})).await;
    let scope = "openid accounts:read";
    let tokens = app.connect(&bank, "amelia", scope).await;

    let access = verify(&bank, &tokens.access, ACCESS, &bank.issuer).await;
    assert_eq!(access["client_id"], app.id);
    assert_eq!(access["scope"], scope);
    assert!(access["jti"].as_str().unwrap().len() >= 16);
    let id = verify(&bank, tokens.id_token(), ("JWT", Algorithm::ES256), &app.id).await;
    assert_eq!(id["sub"], access["sub"]);
    assert_eq!(id["nonce"], Wanted::scopes(scope).nonce);
    assert_eq!(id["acr"], "urn:openbanking:psd2:sca");
    assert_eq!(id["amr"], json!(["pwd", "otp"]));
    assert_eq!(id["auth_time"], json!(bank.clock.now().seconds()));

    let again = app.connect(&bank, "amelia", scope).await;
    let again = verify(&bank, &again.access, ACCESS, &bank.issuer).await;
    assert_eq!(again["sub"], access["sub"], "the same app knows the customer under the same name");
    assert_ne!(again["jti"], access["jti"]);
    let foreign = other.connect(&bank, "amelia", scope).await;
    assert_ne!(Tokens::claims(&foreign.access)["sub"], access["sub"], "two apps cannot compare what they know");
    let joint = app.connect(&bank, "jonah", scope).await;
    assert_ne!(Tokens::claims(&joint.access)["sub"], access["sub"]);

    let own = app.post("/token", &[("grant_type", "client_credentials")]).await;
    let own = Tokens::of(own.json().await.unwrap());
    assert_eq!(verify(&bank, &own.access, ACCESS, &bank.issuer).await["sub"], app.id, "RFC 9068 2.2");
}

#[tokio::test]
async fn id_tokens_are_signed_as_the_app_registered_and_access_tokens_always_alike() {
    let bank = TestBank::new().await;
    for (alg, algorithm) in ALGORITHMS {
        let body = json!({"redirect_uris": ["https://app.example/cb"], "id_token_signed_response_alg": alg});
        let app = App::register_as(&bank, &body).await;
        let tokens = app.connect(&bank, "amelia", "openid accounts:read").await;
        let id = verify(&bank, tokens.id_token(), ("JWT", algorithm), &app.id).await;
        let access = verify(&bank, &tokens.access, ACCESS, &bank.issuer).await;
        assert_eq!(id["sub"], access["sub"], "{alg}");
        app.read("/accounts", &tokens.access).await;
        // An ID token opens nothing, whichever key signed it (RFC 8725 3.11).
        assert_eq!(app.get("/accounts", tokens.id_token()).await.status(), StatusCode::UNAUTHORIZED, "{alg}");
    }
}

/// The names of the published keys of one algorithm. All keys are public ones of the right form, and no two share a name.
async fn kids(bank: &TestBank, alg: &str) -> Vec<String> {
    let keys = get(bank, "/jwks").await;
    let keys = keys["keys"].as_array().unwrap();
    let mut names = BTreeSet::new();
    for key in keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none(), "a private key is published");
        }
        let form = match key["alg"].as_str().unwrap() {
            "ES256" => (json!("EC"), json!("P-256")),
            "EdDSA" => (json!("OKP"), json!("Ed25519")),
            "PS256" => (json!("RSA"), Value::Null),
            other => panic!("a key for {other}"),
        };
        assert_eq!((key["kty"].clone(), key["crv"].clone(), &key["use"]), (form.0, form.1, &json!("sig")));
        assert!(names.insert(key["kid"].as_str().unwrap()), "FAPI 2.0 Security Profile 5.4.2: {keys:?}");
    }
    let of_alg = keys.iter().filter(|key| key["alg"] == alg);
    of_alg.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn each_algorithm_has_a_line_of_keys_of_its_own() {
    let bank = TestBank::new().await;
    let mut apps = Vec::new();
    for (alg, _) in ALGORITHMS {
        let body = json!({"redirect_uris": ["https://app.example/cb"], "id_token_signed_response_alg": alg});
        apps.push((alg, App::register_as(&bank, &body).await));
    }
    let signs = async |app: &App| {
        let tokens = app.connect(&bank, "amelia", "openid").await;
        decode_header(tokens.id_token()).unwrap().kid.unwrap()
    };
    // One rotation after the other; what another line does changes nothing in this one.
    for ((alg, app), (_, other)) in apps.iter().zip(apps.iter().cycle().skip(1)) {
        let [old] = kids(&bank, alg).await.try_into().unwrap();
        let others = signs(other).await;
        let kind = Alg::from_name(alg).unwrap();
        let (new, active_from) = bank.auth.rotate_key(TestBank::OPERATOR, kind, Span::hours(1)).await.unwrap();
        assert_eq!(active_from, bank.clock.now().plus(Span::hours(1)));
        assert_eq!(kids(&bank, alg).await, [old.as_str(), new.as_str()], "{alg}");
        bank.clock.advance(Span::minutes(59));
        assert_eq!(signs(app).await, old, "{alg}: published, but not used yet");
        bank.clock.advance(Span::minutes(1));
        assert_eq!(signs(app).await, new, "{alg}");
        assert_eq!(signs(other).await, others, "{alg}: another line goes on as before");
        bank.clock.advance(Span::minutes(59));
        assert_eq!(kids(&bank, alg).await, [old.as_str(), new.as_str()], "{alg}");
        bank.clock.advance(Span::minutes(1));
        assert_eq!(kids(&bank, alg).await, [new.as_str()], "{alg}: nothing that the old key signed can be alive");
    }
}

#[tokio::test]
async fn a_new_key_is_published_before_it_signs_and_an_old_one_until_its_tokens_are_dead() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let tokens = app.connect(&bank, "amelia", "accounts:read").await;
    let kid = |token: &str| decode_header(token).unwrap().kid.unwrap();
    let refreshed = async || Tokens::of(app.refresh(&tokens.refresh).await.json().await.unwrap()).access;
    let old = kid(&tokens.access);
    assert_eq!(kids(&bank, "ES256").await, [old.as_str()]);

    let rotated = bank.auth.rotate_key(TestBank::OPERATOR, Alg::Es256, Span::hours(1)).await;
    let (new, active_from) = rotated.unwrap();
    bank.auth.refresh_keys().await.unwrap();
    assert_eq!(active_from, bank.clock.now().plus(Span::hours(1)));
    assert_eq!(kids(&bank, "ES256").await, [old.as_str(), new.as_str()]);
    assert_eq!(kid(&refreshed().await), old, "published, but not used yet");

    bank.clock.advance(Span::minutes(59));
    let last = refreshed().await;
    assert_eq!(kid(&last), old);
    bank.clock.advance(Span::minutes(1));
    let first = refreshed().await;
    assert_eq!(kid(&first), new);
    app.read("/accounts", &last).await;
    app.read("/accounts", &first).await;

    bank.clock.advance(Span::hours(2));
    assert_eq!(kids(&bank, "ES256").await, [new.as_str()], "no token of the old key can be alive");
    app.read("/accounts", &refreshed().await).await;
}

#[tokio::test]
async fn a_new_key_is_published_for_longer_than_anybody_may_keep_the_key_set() {
    let bank = TestBank::new().await;
    let response = bank.http().get(bank.url("/jwks")).send().await.unwrap();
    let kept = response.headers()["cache-control"].to_str().unwrap().to_owned();
    let kept: i64 = kept.split_once("max-age=").unwrap().1.parse().unwrap();
    for alg in Alg::ALL {
        let (_, active_from) = bank.auth.rotate_key(TestBank::OPERATOR, alg, Span::seconds(0)).await.unwrap();
        assert!(active_from.since(bank.clock.now()).whole_seconds() > kept, "{alg}");
    }
}
