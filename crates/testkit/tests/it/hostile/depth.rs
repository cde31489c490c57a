//! JSON that is nested to the limit, and beyond it: at every place where JSON comes in, refused in the shape of the place.

use lombard_domain::json::DEPTH_MAX;
use lombard_testkit::fapi::{FapiApp, FapiSetup};
use lombard_testkit::{Answer, App, TestBank, Tokens, Wanted};
use serde_json::{Value, json};

use super::{assert_alive, assert_sound};

/// A value with so many arrays around it.
fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}

#[tokio::test]
async fn a_registration_is_as_deep_as_allowed_and_no_deeper() {
    let bank = TestBank::new().await;
    let good = |levels| json!({"redirect_uris": ["https://app.example/"], "x": nested(levels)});
    for (levels, status) in [(DEPTH_MAX - 1, 201), (DEPTH_MAX, 400), (126, 400), (10_000, 400)] {
        // The client's own writer goes down its stack, too.
        let body = good(1).to_string().replace("[1]", &format!("{}1{}", "[".repeat(levels), "]".repeat(levels)));
        let request = bank.http().post(bank.url("/register")).header("content-type", "application/json").body(body);
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_sound("deep", "/register", &answer);
        assert_eq!(answer.status, status, "{levels}: {}", answer.text);
        assert_eq!(answer.json()["error"] == "invalid_client_metadata", status == 400, "{levels}");
    }
    assert_alive(&bank).await;
}

#[tokio::test]
async fn a_body_of_the_api_that_is_too_deep_is_unreadable() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let form = [("grant_type", "client_credentials"), ("scope", "accounts")];
    let token = Tokens::of(Answer::of(app.post("/token", &form).await).await.json()).access;
    let path = "/open-banking/v4.0/aisp/account-access-consents";
    let post = async |body: String| {
        let request = app.http.post(bank.url(path)).bearer_auth(&token).header("content-type", "application/json");
        let answer = Answer::of(request.body(body).send().await.unwrap()).await;
        assert_sound("deep", path, &answer);
        (answer.status, answer.json()["Errors"].clone())
    };
    let unreadable = post("{".to_owned()).await;
    assert_eq!(unreadable.0, 400);
    let body = |levels| json!({"Data": {"Permissions": ["ReadBalances"]}, "Risk": nested(levels)}).to_string();
    assert_ne!(post(body(DEPTH_MAX - 1)).await, unreadable, "what can be read is told what is wrong with it");
    assert_eq!(post(body(DEPTH_MAX)).await, unreadable);
    let abyss = format!("{{\"Data\":{}1{}}}", "[".repeat(30_000), "]".repeat(30_000));
    assert_eq!(post(abyss).await, unreadable);
    assert_alive(&bank).await;
}

#[tokio::test]
async fn parameters_that_hold_json_are_no_deeper() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let wanted = Wanted::scopes("openid accounts:read");
    let push = async |name: &'static str, value: String| {
        let parameters = wanted.changed(&app, &[(name, Some(&value))]);
        let form: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = Answer::of(app.post("/par", &form).await).await;
        assert_sound(name, "/par", &answer);
        (answer.status, answer.text)
    };
    // Around the value: the object, the member's object, and the arrays.
    let claims = |levels| json!({"userinfo": {"x": {"values": nested(levels)}}}).to_string();
    assert_eq!(push("claims", claims(DEPTH_MAX - 3)).await.0, 201);
    let (status, text) = push("claims", claims(DEPTH_MAX - 2)).await;
    assert!(status == 400 && text.contains("nested too deeply"), "{status} {text}");
    for (levels, is_deep) in [(DEPTH_MAX, false), (DEPTH_MAX + 1, true)] {
        let (status, text) = push("authorization_details", nested(levels).to_string()).await;
        assert_eq!((status, text.contains("nested too deeply")), (400, is_deep), "{levels}: {text}");
        assert!(text.contains("invalid_authorization_details"), "{text}");
    }
    assert_alive(&bank).await;
}

/// Header and claims of signed messages (RFC 7515): a proof of possession, and an assertion.
#[tokio::test]
async fn signed_messages_are_no_deeper() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup::default()).await;
    let url = app.endpoint("token_endpoint");
    for (levels, status) in [(DEPTH_MAX - 1, 200), (DEPTH_MAX, 400)] {
        let proofs = [
            ("claims", app.proof_with("POST", &url, |_, claims| claims["urn:x"] = nested(levels))),
            ("header", app.proof_with("POST", &url, |header, _| header["urn:x"] = nested(levels))),
        ];
        for (part, proof) in proofs {
            let credentials = app.with_credentials(own_token());
            let answer = Answer::of(app.send(&url, &credentials, &[("DPoP", &proof)]).await).await;
            assert_sound(part, "/token", &answer);
            assert_eq!(answer.status, status, "{part} of a proof, {levels}: {}", answer.text);
        }
    }
    for (levels, status) in [(DEPTH_MAX - 1, 200), (DEPTH_MAX, 401)] {
        let assertion = app.assertion_with(|_, claims| claims["urn:x"] = nested(levels));
        let proof = app.proof("POST", &url, None, None);
        let credentials = [own_token(), app.credentials_by(&assertion)].concat();
        let answer = Answer::of(app.send(&url, &credentials, &[("DPoP", &proof)]).await).await;
        assert_sound("an assertion", "/token", &answer);
        assert_eq!(answer.status, status, "an assertion, {levels}: {}", answer.text);
    }
    assert_alive(&bank).await;
}

/// The form of an app that asks for a token of its own, without credentials.
fn own_token() -> Vec<(String, String)> {
    [("grant_type", "client_credentials"), ("scope", "accounts:read")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}
