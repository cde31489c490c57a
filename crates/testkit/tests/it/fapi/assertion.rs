//! `private_key_jwt` (RFC 7523, OpenID Connect Core 9): everything that an assertion can be, good and bad, at every endpoint that
//! takes one.
//!
//! Each bad assertion comes with a good one of the same name, which must work afterwards: what is refused uses nothing up.

mod audience;
mod keys;
mod replay;

use lombard_domain::oauth::{Alg, ClientStatus};
use lombard_testkit::fapi::{BindingKind, ClientAuth, FapiApp, FapiSetup, Fields, changed};
use lombard_testkit::{Answer, Defect, Draft, Purpose, Signer, TestBank, TestKey, forge, random_text};
use serde_json::{Value, json};

use super::endpoint::{Endpoint, refused};

/// An app that proves itself by assertions, and another one.
struct Stage {
    bank: TestBank,
    app: FapiApp,
    other: FapiApp,
}

impl Stage {
    async fn new() -> Self {
        let bank = TestBank::new().await;
        let app = FapiApp::register(&bank, FapiSetup::default()).await;
        let other = FapiApp::register(&bank, FapiSetup::default()).await;
        Self { bank, app, other }
    }

    fn id_of(&self, who: Who) -> Option<&str> {
        match who {
            Who::Nobody => None,
            Who::Other => Some(&self.other.id),
            Who::Own => Some(&self.app.id),
            Who::Unknown => Some(UNKNOWN),
        }
    }
}

/// Whose the refusal is on record.
#[derive(Clone, Copy)]
enum Who {
    /// Nothing says who it should be.
    Nobody,
    /// The other app's.
    Other,
    /// The app's.
    Own,
    /// An app's that is not there.
    Unknown,
}

/// What an app sends in the place of a good assertion, made from that one.
type Make = fn(&Stage, Draft<'_>) -> Fields;

/// The fields with this assertion.
fn by(token: impl AsRef<str>) -> Fields {
    [("client_assertion_type", JWT_BEARER), ("client_assertion", token.as_ref())]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

/// The fields of a signed draft with another claim.
fn claim(draft: Draft<'_>, name: &str, value: Value) -> Fields {
    by(draft.changed(|_, claims| claims[name] = value).sign())
}

/// The fields of a signed draft with another member of its header.
fn header(draft: Draft<'_>, name: &str, value: Value) -> Fields {
    by(draft.changed(|header, _| header[name] = value).sign())
}

/// The fields of a signed draft with a time so many seconds ahead.
fn ahead(stage: &Stage, draft: Draft<'_>, name: &str, seconds: i64) -> Fields {
    claim(draft, name, json!(stage.app.now() + seconds))
}

/// The fields of a signed draft with a field beside it.
fn beside(draft: &Draft<'_>, name: &str, value: &str) -> Fields {
    changed(by(draft.sign()), &[(name, Some(value))])
}

/// Fields without an assertion.
fn only(fields: &[(&str, &str)]) -> Fields {
    changed(Fields::new(), &fields.iter().map(|(name, value)| (*name, Some(*value))).collect::<Vec<_>>())
}

/// What is no proof of who the app is; the reason on record, and whose.
const WRONG: &[(&str, Who, &str, Make)] = &[
    ("nothing", Who::Nobody, "missing", |_, _| Fields::new()),
    ("an id alone", Who::Own, "missing", |stage, _| only(&[("client_id", &stage.app.id)])),
    ("an id that is not there", Who::Unknown, "missing", |_, _| only(&[("client_id", UNKNOWN)])),
    ("no assertion type", Who::Nobody, "assertion-kind", |_, draft| only(&[("client_assertion", &draft.sign())])),
    ("no assertion", Who::Nobody, "assertion-kind", |_, _| only(&[("client_assertion_type", JWT_BEARER)])),
    ("an empty assertion", Who::Nobody, "assertion-kind", |_, _| by("")),
    ("another assertion type", Who::Nobody, "assertion-kind", |_, draft| {
        beside(&draft, "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer")
    }),
    ("another app's id beside it", Who::Other, "assertion-client", |stage, draft| {
        beside(&draft, "client_id", &stage.other.id)
    }),
    ("an unknown id beside it", Who::Unknown, "assertion-client", |_, draft| beside(&draft, "client_id", UNKNOWN)),
    ("the id beside another app's assertion", Who::Own, "assertion-client", |stage, _| {
        changed(by(stage.other.assertion()), &[("client_id", Some(&stage.app.id))])
    }),
    ("as a secret", Who::Own, "secret", |stage, draft| {
        only(&[("client_id", &stage.app.id), ("client_secret", &draft.sign())])
    }),
    ("the registration token as a secret", Who::Own, "secret", |stage, _| {
        only(&[("client_id", &stage.app.id), ("client_secret", &stage.app.registration_token)])
    }),
    ("a secret of nobody", Who::Nobody, "client-missing", |_, _| only(&[("client_secret", "secret")])),
    ("text", Who::Nobody, "assertion-malformed", |_, _| by("nonsense")),
    ("an encrypted token", Who::Nobody, "assertion-malformed", |_, draft| by(draft.sign() + ".e30.e30")),
    ("claims that are an array", Who::Nobody, "assertion-malformed", |stage, draft| {
        by(forge(&draft.header.to_string(), "[]", &Signer::Key(&stage.app.key)))
    }),
    ("two subjects", Who::Nobody, "assertion-malformed", |stage, draft| {
        let twice = draft.claims.to_string().replacen('{', &format!(r#"{{"sub":"{}","#, stage.other.id), 1);
        by(forge(&draft.header.to_string(), &twice, &Signer::Key(&stage.app.key)))
    }),
    ("too long", Who::Nobody, "assertion-malformed", |_, draft| claim(draft, "urn:x", "x".repeat(16_384).into())),
    ("no iss", Who::Own, "assertion-issuer", |_, draft| by(draft.without("iss").sign())),
    ("iss is another app", Who::Own, "assertion-issuer", |stage, draft| claim(draft, "iss", json!(stage.other.id))),
    ("iss is the bank", Who::Own, "assertion-issuer", |stage, draft| claim(draft, "iss", json!(stage.app.issuer))),
    ("iss is a number", Who::Own, "assertion-malformed", |_, draft| claim(draft, "iss", json!(7))),
    ("no sub", Who::Nobody, "assertion-malformed", |_, draft| by(draft.without("sub").sign())),
    ("sub is a list", Who::Nobody, "assertion-malformed", |stage, draft| claim(draft, "sub", json!([stage.app.id]))),
    ("sub is no id", Who::Nobody, "unknown", |_, draft| claim(draft, "sub", json!("' OR 1=1 --"))),
    ("sub is another app", Who::Other, "assertion-key", |stage, draft| claim(draft, "sub", json!(stage.other.id))),
    ("an app that is not there", Who::Unknown, "unknown", |_, draft| {
        by(draft.changed(|_, claims| [claims["iss"], claims["sub"]] = [json!(UNKNOWN), json!(UNKNOWN)]).sign())
    }),
    ("no exp", Who::Own, "assertion-malformed", |_, draft| by(draft.without("exp").sign())),
    ("exp is text", Who::Own, "assertion-malformed", |stage, draft| {
        claim(draft, "exp", json!((stage.app.now() + 60).to_string()))
    }),
    ("exp is null", Who::Own, "assertion-malformed", |_, draft| claim(draft, "exp", Value::Null)),
    ("exp is negative", Who::Own, "assertion-malformed", |_, draft| claim(draft, "exp", json!(-1))),
    ("exp in milliseconds", Who::Own, "assertion-malformed", |stage, draft| {
        claim(draft, "exp", json!((stage.app.now() + 60) * 1000))
    }),
    ("expired", Who::Own, "assertion-expired", |stage, draft| ahead(stage, draft, "exp", -10)),
    ("long expired", Who::Own, "assertion-expired", |_, draft| claim(draft, "exp", json!(1))),
    ("for more than an hour", Who::Own, "assertion-too-long", |stage, draft| ahead(stage, draft, "exp", 3601)),
    ("nbf 61 s ahead", Who::Own, "assertion-not-yet-valid", |stage, draft| ahead(stage, draft, "nbf", 61)),
    ("nbf is text", Who::Own, "assertion-malformed", |_, draft| claim(draft, "nbf", json!("0"))),
    ("iat 61 s ahead", Who::Own, "assertion-not-yet-valid", |stage, draft| ahead(stage, draft, "iat", 61)),
    ("no jti", Who::Own, "assertion-jti", |_, draft| by(draft.without("jti").sign())),
    ("jti is empty", Who::Own, "assertion-malformed", |_, draft| claim(draft, "jti", json!(""))),
    ("jti is a number", Who::Own, "assertion-malformed", |_, draft| claim(draft, "jti", json!(7))),
    ("jti is too long", Who::Own, "assertion-malformed", |_, draft| claim(draft, "jti", "j".repeat(1025).into())),
    ("typ of a request", Who::Own, "assertion-type", |_, draft| header(draft, "typ", json!("oauth-authz-req+jwt"))),
    ("typ of a proof", Who::Own, "assertion-type", |_, draft| header(draft, "typ", json!("dpop+jwt"))),
    ("alg in small letters", Who::Own, "assertion-algorithm", |_, draft| header(draft, "alg", json!("es256"))),
    ("no alg", Who::Own, "assertion-malformed", |_, draft| header(draft, "alg", Value::Null)),
    ("an unencoded payload", Who::Own, "assertion-malformed", |_, draft| header(draft, "b64", json!(false))),
    ("kid is unknown", Who::Own, "assertion-key", |_, draft| header(draft, "kid", json!("nobody's"))),
    ("kid is a number", Who::Own, "assertion-malformed", |_, draft| header(draft, "kid", json!(7))),
    ("another app's key", Who::Own, "assertion-key", |stage, draft| {
        header(Draft { key: &stage.other.key, ..draft }, "kid", json!(stage.other.key.kid()))
    }),
    ("the key of its proofs", Who::Own, "assertion-key", |stage, draft| {
        header(Draft { key: &stage.app.possession, ..draft }, "kid", json!(stage.app.possession.kid()))
    }),
    ("a key that it brings along", Who::Own, "assertion-signature", |stage, draft| {
        header(Draft { key: &stage.app.possession, ..draft }, "jwk", stage.app.possession.bare_jwk())
    }),
    ("a key at an address", Who::Own, "assertion-signature", |stage, draft| {
        header(Draft { key: &stage.app.possession, ..draft }, "jku", json!("https://localhost:1/jwks"))
    }),
];

/// What is good, each in another way.
const GOOD: &[(&str, Make)] = &[
    ("as usual", |_, draft| by(draft.sign())),
    ("with its id beside it", |stage, draft| beside(&draft, "client_id", &stage.app.id)),
    ("no typ", |_, mut draft| {
        draft.header.as_object_mut().unwrap().remove("typ");
        by(draft.sign())
    }),
    ("typ in small letters", |_, draft| header(draft, "typ", json!("jwt"))),
    ("typ of its own", |_, draft| header(draft, "typ", json!("client-authentication+jwt"))),
    ("a media type as typ", |_, draft| header(draft, "typ", json!("application/client-authentication+jwt"))),
    ("no kid", |_, mut draft| {
        draft.header.as_object_mut().unwrap().remove("kid");
        by(draft.sign())
    }),
    ("no iat", |_, draft| by(draft.without("iat").sign())),
    ("iat 10 s ahead", |stage, draft| ahead(stage, draft, "iat", 10)),
    ("nbf 10 s ahead", |stage, draft| ahead(stage, draft, "nbf", 10)),
    ("long ago", |_, draft| claim(draft, "iat", json!(1))),
    ("ended 9 s ago by a slow clock", |stage, draft| ahead(stage, draft, "exp", -9)),
    ("for an hour", |stage, draft| ahead(stage, draft, "exp", 3600)),
    ("a fraction of a second", |stage, draft| claim(draft, "exp", json!(60.5 + f64_of(stage.app.now())))),
    ("the longest jti", |_, draft| claim(draft, "jti", format!("{:j<1024}", random_text()).into())),
    ("claims of its own", |_, draft| claim(draft, "urn:x", json!({"a": [1, null]}))),
];

fn f64_of(seconds: i64) -> f64 {
    f64::from(i32::try_from(seconds).expect("a time before 2038"))
}

#[tokio::test]
async fn what_proves_nothing_is_refused_everywhere_alike() {
    let stage = Stage::new().await;
    for endpoint in Endpoint::ALL {
        for (name, who, reason, make) in WRONG {
            let case = format!("{endpoint:?}, {name}");
            let good = stage.app.assertion_draft();
            let answer = endpoint.call(&stage.app, make(&stage, good.clone())).await;
            refused(&stage.bank, &answer, reason, stage.id_of(*who), &case).await;
            endpoint.accepts(&stage.bank, &stage.app, by(good.sign()), &case).await;
        }
    }
}

#[tokio::test]
async fn what_is_good_is_taken_everywhere() {
    let stage = Stage::new().await;
    for endpoint in Endpoint::ALL {
        for (name, make) in GOOD {
            endpoint.accepts(&stage.bank, &stage.app, make(&stage, stage.app.assertion_draft()), name).await;
        }
    }
}

/// FAPI 2.0 Security Profile 5.4.1: PS256, ES256 and EdDSA, and a signature that holds.
#[tokio::test]
async fn no_defect_of_a_signature_is_overlooked() {
    let bank = TestBank::new().await;
    for alg in Alg::ALL {
        let app = FapiApp::register(&bank, FapiSetup { alg, ..FapiSetup::default() }).await;
        for endpoint in Endpoint::ALL {
            for defect in Defect::ALL {
                let case = format!("{alg}, {endpoint:?}, {defect:?}");
                let good = app.assertion_draft();
                let answer = endpoint.call(&app, by(good.spoilt(defect))).await;
                let own = Some(app.id.as_str());
                let (reason, client) = match defect {
                    // Without a third part that holds anything it is no signed token, and says nothing.
                    Defect::AlgNone | Defect::NoSignature => ("assertion-malformed", None),
                    Defect::BrokenSignature | Defect::ExchangedClaims | Defect::ForeignKey => {
                        ("assertion-signature", own)
                    }
                    Defect::Critical | Defect::PaddedBase64 => ("assertion-malformed", own),
                    Defect::Hs256 | Defect::Rs256 => ("assertion-algorithm", own),
                    Defect::WrongTyp => ("assertion-type", own),
                };
                refused(&bank, &answer, reason, client, &case).await;
                endpoint.accepts(&bank, &app, by(good.sign()), &case).await;
            }
        }
    }
}

/// RFC 6749 2.3 and 5.2: never more than one way at once, and no parameter twice.
#[tokio::test]
async fn two_proofs_are_one_too_many() {
    let Stage { bank, app, other } = Stage::new().await;
    let basic = "Basic eDp5";
    for endpoint in Endpoint::ALL {
        let url = app.endpoint(endpoint.name());
        let good = app.assertion_draft();
        let twice = [by(good.sign()), by(good.sign())].concat();
        let types = [by(good.sign()), only(&[("client_assertion_type", JWT_BEARER)])].concat();
        let ids = [by(good.sign()), only(&[("client_id", &app.id)]), only(&[("client_id", &other.id)])].concat();
        for (case, fields, headers) in [
            ("an assertion and a secret", beside(&good, "client_secret", "secret"), &[][..]),
            ("an assertion and a header", by(good.sign()), &[("authorization", basic)][..]),
            ("an assertion and a token", by(good.sign()), &[("authorization", "Bearer x")]),
            ("a secret and a header", only(&[("client_id", "x"), ("client_secret", "y")]), &[("authorization", basic)]),
            ("two headers", Fields::new(), &[("authorization", basic), ("authorization", basic)]),
            ("two assertions", twice.clone(), &[]),
            ("two types", types.clone(), &[]),
            ("two ids", ids.clone(), &[]),
        ] {
            let answer = endpoint.call_at(&app, &url, fields, headers).await;
            let what = (answer.status, answer.code());
            assert_eq!(what, (400, "invalid_request".to_owned()), "{endpoint:?}, {case}: {}", answer.text);
            assert!(!answer.text.contains(&app.id) && !answer.text.contains("eDp5"), "{}", answer.text);
        }
        endpoint.accepts(&bank, &app, by(good.sign()), "nothing was used up").await;
    }
}

#[tokio::test]
async fn an_app_that_is_suspended_hears_nothing_else_than_a_stranger() {
    let Stage { bank, app, .. } = Stage::new().await;
    let id = app.id.parse().unwrap();
    for endpoint in Endpoint::ALL {
        let good = app.assertion();
        bank.auth.set_client_status(TestBank::OPERATOR, id, ClientStatus::Suspended).await.unwrap();
        let answer = endpoint.call(&app, by(&good)).await;
        refused(&bank, &answer, "suspended", Some(&app.id), "suspended").await;
        bank.auth.set_client_status(TestBank::OPERATOR, id, ClientStatus::Active).await.unwrap();
        endpoint.accepts(&bank, &app, by(&good), "resumed").await;
    }
}

/// RFC 7591 2: an app proves itself in the way that it registered and in no other, whatever keys it has.
#[tokio::test]
async fn an_assertion_is_no_proof_of_an_app_that_registered_another_way() {
    let bank = TestBank::new().await;
    for (auth, profile) in [
        (ClientAuth::TlsClientAuth, "fapi2-security"),
        (ClientAuth::SelfSigned, "fapi2-security"),
        (ClientAuth::Secret, "baseline"),
    ] {
        let binding = if auth == ClientAuth::Secret { BindingKind::None } else { BindingKind::Certificate };
        let setup = FapiSetup { auth, binding, profile, ..FapiSetup::default() };
        let app = FapiApp::register(&bank, setup).await;
        for endpoint in Endpoint::ALL {
            let answer = endpoint.call(&app, by(app.assertion())).await;
            refused(&bank, &answer, "method", Some(&app.id), auth.name()).await;
            endpoint.accepts(&bank, &app, app.credentials(), auth.name()).await;
        }
    }
}

/// OpenID Connect Registration 2, `token_endpoint_auth_signing_alg`.
#[tokio::test]
async fn an_app_that_named_one_algorithm_may_not_use_another() {
    let bank = TestBank::new().await;
    let more = Alg::ALL.map(|alg| TestKey::new(alg, Purpose::Possession));
    let keys = json!({"keys": more.iter().map(|key| key.jwk()).collect::<Vec<_>>()});
    for named in Alg::ALL {
        let setup = FapiSetup { alg: named, ..FapiSetup::default() };
        let strict = FapiApp::register_with(&bank, setup, |body| body["jwks"] = keys.clone()).await;
        let free = FapiApp::register_with(&bank, setup, |body| {
            body["jwks"] = keys.clone();
            body.as_object_mut().unwrap().remove("token_endpoint_auth_signing_alg");
        })
        .await;
        for endpoint in Endpoint::ALL {
            for key in &more {
                let case = format!("{endpoint:?}: {} for {named}", key.alg());
                let send = async |app: &FapiApp| {
                    let mut app = app.clone();
                    app.key = key.clone();
                    endpoint.call(&app, app.credentials()).await
                };
                let answer: Answer = send(&strict).await;
                if key.alg() == named {
                    assert!(answer.status < 300, "{case}: {}", answer.text);
                } else {
                    refused(&bank, &answer, "assertion-algorithm", Some(&strict.id), &case).await;
                }
                assert!(send(&free).await.status < 300, "{case}");
            }
        }
    }
}

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// In the form of an id, but nobody's.
const UNKNOWN: &str = "cli_00000000000000000000000001";
