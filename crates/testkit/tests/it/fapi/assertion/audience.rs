//! For whom an assertion is made out: the rule that differs between profiles, both ways.

use lombard_testkit::TestBank;
use lombard_testkit::fapi::{BindingKind, FapiApp, FapiSetup};
use serde_json::{Value, json};

use super::super::endpoint::{Endpoint, refused};
use super::{by, claim};

/// An audience, seen from the endpoint that is called.
type Audience = fn(&FapiApp, Endpoint) -> Value;

/// Under which profiles an audience is the bank.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Good {
    /// Under each.
    Always,
    /// Under the baseline only (RFC 7523 3, RFC 9126 2).
    Baseline,
    /// Under none.
    Never,
}

const AUDIENCES: &[(&str, Good, Audience)] = &[
    ("the issuer", Good::Always, |app, _| json!(app.issuer)),
    ("the issuer in a list", Good::Baseline, |app, _| json!([app.issuer])),
    ("the issuer among others", Good::Baseline, |app, _| json!(["https://other.example", app.issuer])),
    ("the token endpoint", Good::Baseline, |app, _| json!(app.plain_endpoint("token_endpoint"))),
    ("the token endpoint in a list", Good::Baseline, |app, _| json!([app.plain_endpoint("token_endpoint")])),
    ("the token endpoint's alias", Good::Baseline, |app, _| {
        app.metadata["mtls_endpoint_aliases"]["token_endpoint"].clone()
    }),
    ("the endpoint", Good::Baseline, |app, endpoint| json!(app.plain_endpoint(endpoint.name()))),
    ("the endpoint's alias", Good::Baseline, |app, endpoint| {
        app.metadata["mtls_endpoint_aliases"][endpoint.name()].clone()
    }),
    ("an endpoint that is not called", Good::Never, |app, _| json!(app.plain_endpoint("registration_endpoint"))),
    ("the issuer with a slash", Good::Never, |app, _| json!(format!("{}/", app.issuer))),
    ("the issuer in capitals", Good::Never, |app, _| json!(app.issuer.to_uppercase())),
    ("the issuer without its port", Good::Never, |_, _| json!("https://localhost")),
    ("the issuer and more", Good::Never, |app, _| json!(format!("{}.evil.example", app.issuer))),
    ("the issuer and a space", Good::Never, |app, _| json!(format!("{} ", app.issuer))),
    ("another server", Good::Never, |_, _| json!("https://other.example")),
    ("other servers", Good::Never, |_, _| json!(["https://other.example", "https://localhost"])),
    ("the app", Good::Never, |app, _| json!(app.id)),
    ("an endpoint and a query", Good::Never, |app, endpoint| {
        json!(format!("{}?x=y", app.plain_endpoint(endpoint.name())))
    }),
];

/// What is no audience at all.
const MALFORMED: &[&str] = &["[]", "7", "null", r#""""#, "{}", r#"["https://other.example", 7]"#, "[[]]"];

async fn every_audience(bank: &TestBank, app: &FapiApp) {
    let baseline = app.setup.profile == "baseline";
    for endpoint in Endpoint::ALL {
        for (name, good, audience) in AUDIENCES {
            let case = format!("{} {endpoint:?}: {name}", app.setup.profile);
            let draft = app.assertion_draft();
            let fields = claim(draft.clone(), "aud", audience(app, endpoint));
            if *good == Good::Always || (*good == Good::Baseline && baseline) {
                endpoint.accepts(bank, app, fields, &case).await;
            } else {
                let answer = endpoint.call(app, fields).await;
                refused(bank, &answer, "assertion-audience", Some(&app.id), &case).await;
                endpoint.accepts(bank, app, by(draft.sign()), &case).await;
            }
        }
        for text in MALFORMED {
            let audience = serde_json::from_str(text).unwrap();
            let answer = endpoint.call(app, claim(app.assertion_draft(), "aud", audience)).await;
            refused(bank, &answer, "assertion-malformed", Some(&app.id), text).await;
        }
        let answer = endpoint.call(app, by(app.assertion_draft().without("aud").sign())).await;
        refused(bank, &answer, "assertion-audience", Some(&app.id), "no aud").await;
    }
}

/// FAPI 2.0 Security Profile 5.3.2.1-8: the issuer and nothing else, as a string and not as a list.
#[tokio::test]
async fn a_fapi_assertion_is_for_the_issuer_alone() {
    let bank = TestBank::new().await;
    for setup in [FapiSetup::default(), FapiSetup::message_signing()] {
        every_audience(&bank, &FapiApp::register(&bank, setup).await).await;
    }
}

#[tokio::test]
async fn a_baseline_assertion_may_be_for_the_endpoint() {
    let bank = TestBank::new().await;
    let setup = FapiSetup { profile: "baseline", binding: BindingKind::None, ..FapiSetup::default() };
    every_audience(&bank, &FapiApp::register(&bank, setup).await).await;
}
