//! Proofs of possession (RFC 9449) through the front door: what each endpoint takes for one, and how it refuses the rest.
//!
//! Every case is wrong in one way only and stands beside a good one, so that nothing is refused for another reason than it says.

mod binding;
mod cases;
mod presented;
mod replay;

use std::collections::BTreeSet;

use lombard_testkit::fapi::{FapiApp, FapiSetup, token_hash};
use lombard_testkit::{Answer, Draft, TestBank, Tokens, refusal};
use reqwest::{Method, StatusCode};

/// Where a proof is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The API.
    Api,
    /// The endpoint for pushed requests.
    Push,
    /// The token endpoint.
    Token,
}

impl Place {
    /// Every place.
    pub(super) const ALL: [Self; 3] = [Self::Push, Self::Token, Self::Api];

    /// How a proof that does not hold is refused (RFC 9449 5, 7.1).
    fn refuses(self) -> &'static str {
        match self {
            Self::Api => "401 invalid_dpop_proof",
            Self::Push | Self::Token => "400 invalid_dpop_proof",
        }
    }

    /// How a good call is answered.
    fn accepts(self) -> &'static str {
        match self {
            Self::Api | Self::Token => "200",
            Self::Push => "201",
        }
    }

    /// The method of its calls.
    pub(super) fn method(self) -> &'static str {
        match self {
            Self::Api => "GET",
            Self::Push | Self::Token => "POST",
        }
    }

    /// Its address.
    pub(super) fn url(self, app: &FapiApp) -> String {
        match self {
            Self::Api => app.api("/accounts"),
            Self::Push => app.endpoint("pushed_authorization_request_endpoint"),
            Self::Token => app.endpoint("token_endpoint"),
        }
    }
}

/// A bank, an app of it, and a customer's tokens.
pub(super) struct Scene {
    pub(super) bank: TestBank,
    pub(super) app: FapiApp,
    pub(super) tokens: Tokens,
}

impl Scene {
    pub(super) async fn new(bank: TestBank, setup: FapiSetup) -> Self {
        let app = FapiApp::register(&bank, setup).await;
        let tokens = app.connect(&bank, "amelia", "accounts:read").await;
        Self { bank, app, tokens }
    }

    /// Calls a place with these `DPoP` headers; everything else about the call is good and new. Status, and code if it is refused.
    pub(super) async fn show(&self, place: Place, proofs: &[&str]) -> String {
        self.show_at(&place.url(&self.app), place, proofs).await
    }

    /// The same, at another address.
    pub(super) async fn show_at(&self, url: &str, place: Place, proofs: &[&str]) -> String {
        let app = &self.app;
        let form = match place {
            Place::Api => {
                let authorization = ("authorization", format!("DPoP {}", self.tokens.access));
                let proofs = proofs.iter().map(|proof| ("dpop", (*proof).to_owned()));
                let customer = ("x-fapi-customer-ip-address", "203.0.113.7".to_owned());
                let headers: Vec<_> = [authorization, customer].into_iter().chain(proofs).collect();
                let answer = Answer::of(app.call_with(Method::GET, url, &headers).await).await;
                return verdict(&answer);
            }
            Place::Push => app.push_form(&app.wanted("accounts:read")),
            Place::Token => app.form(&[("grant_type", "refresh_token"), ("refresh_token", &self.tokens.refresh)]),
        };
        let headers: Vec<_> = proofs.iter().map(|proof| ("dpop", *proof)).collect();
        let response = app.send(url, &form, &headers).await;
        if response.status().is_success() { response.status().as_u16().to_string() } else { refusal(response).await }
    }

    /// A proof that is still to be signed, good for a place unless it is changed.
    pub(super) fn draft(&self, place: Place) -> Draft<'_> {
        let draft = self.app.proof_draft(place.method(), &place.url(&self.app));
        draft.changed(|_, claims| {
            if place == Place::Api {
                claims["ath"] = token_hash(&self.tokens.access).into();
            }
        })
    }
}

/// Status of an answer of the API, and the code of its challenge, which must be one for proofs alone and say with what they may be
/// signed (RFC 9449 7.1).
pub(super) fn verdict(answer: &Answer) -> String {
    if answer.status != StatusCode::UNAUTHORIZED.as_u16() {
        return answer.status.to_string();
    }
    let challenge = answer.header("www-authenticate");
    assert!(challenge.starts_with("DPoP ") && !challenge.contains("Bearer"), "{challenge}");
    assert_eq!(algs_of(challenge), ALGS.into(), "{challenge}");
    assert_eq!(answer.code(), "TK01");
    format!("401 {}", error_of(challenge))
}

/// The error code in a challenge.
pub(super) fn error_of(challenge: &str) -> &str {
    parameter(challenge, "error").unwrap_or("without a code")
}

/// With what a challenge says that proofs may be signed (RFC 9449 7.1).
fn algs_of(challenge: &str) -> BTreeSet<&str> {
    parameter(challenge, "algs").unwrap_or_default().split(' ').collect()
}

fn parameter<'a>(challenge: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = challenge.split_once(&format!(r#" {name}=""#))?;
    rest.split('"').next()
}

/// What proofs may be signed with; Ed25519 has two names (RFC 9864 2.2).
pub(super) const ALGS: [&str; 4] = ["ES256", "Ed25519", "EdDSA", "PS256"];
