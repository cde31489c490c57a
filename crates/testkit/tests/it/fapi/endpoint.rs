//! The endpoints at which an app proves who it is, and the one answer to an app that does not.

use lombard_domain::time::Span;
use lombard_testkit::fapi::{BindingKind, FapiApp, Fields, Requests};
use lombard_testkit::{Answer, TestBank};
use serde_json::json;

/// An endpoint at which an app proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    Introspect,
    Par,
    Revoke,
    Token,
}

impl Endpoint {
    pub(super) const ALL: [Self; 4] = [Self::Par, Self::Token, Self::Introspect, Self::Revoke];

    /// Its name in the bank's metadata.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Introspect => "introspection_endpoint",
            Self::Par => "pushed_authorization_request_endpoint",
            Self::Revoke => "revocation_endpoint",
            Self::Token => "token_endpoint",
        }
    }

    /// The status of a good call.
    fn good(self) -> u16 {
        match self {
            Self::Par => 201,
            Self::Introspect | Self::Revoke | Self::Token => 200,
        }
    }

    /// A form that is good but for what proves who the app is.
    fn form(self, app: &FapiApp) -> Fields {
        let of = |fields: &[(&str, &str)]| {
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        match self {
            Self::Introspect | Self::Revoke => of(&[("token", "nothing")]),
            Self::Par => {
                let parameters = app.parameters(&app.wanted("accounts:read"));
                match app.setup.requests {
                    Requests::Plain => parameters,
                    Requests::Signed => of(&[("request", &app.request_draft(&parameters).sign())]),
                }
            }
            Self::Token => of(&[("grant_type", "client_credentials"), ("scope", "accounts:read")]),
        }
    }

    /// Calls it where the app calls it, with these fields in the place of what proves who the app is.
    pub(super) async fn call(self, app: &FapiApp, credentials: Fields) -> Answer {
        self.call_at(app, &app.endpoint(self.name()), credentials, &[]).await
    }

    /// Calls it at this address with one more header. The proof that tokens need is there, and good.
    pub(super) async fn call_at(
        self,
        app: &FapiApp,
        url: &str,
        credentials: Fields,
        headers: &[(&str, &str)],
    ) -> Answer {
        // A parameter of the request gives way to one of the credentials, so that client_id can be anything, or twice.
        let mut form = self.form(app);
        form.retain(|(name, _)| name != "client_id");
        form.extend(credentials);
        let proof = app.proof("POST", url, None, None);
        let proves = self == Self::Token && app.setup.binding == BindingKind::Dpop;
        let mut headers = headers.to_vec();
        headers.extend(proves.then_some(("dpop", proof.as_str())));
        Answer::of(app.send(url, &form, &headers).await).await
    }

    /// Calls it with good credentials. Afterwards it is a second later.
    pub(super) async fn accepts(self, bank: &TestBank, app: &FapiApp, credentials: Fields, case: &str) {
        let answer = self.call(app, credentials).await;
        assert_eq!(answer.status, self.good(), "{self:?}, {case}: {}", answer.text);
        bank.clock.advance(SECOND);
    }
}

/// The answer must not say why, nor repeat anything; the record must (of this app, if one is named). Afterwards it is a second
/// later.
pub(super) async fn refused(bank: &TestBank, answer: &Answer, reason: &str, client: Option<&str>, case: &str) {
    assert_eq!(answer.status, 401, "{case}: {}", answer.text);
    assert_eq!(
        answer.json(),
        json!({"error": "invalid_client", "error_description": "client authentication failed"}),
        "{case}"
    );
    let headers = ["cache-control", "content-type"].map(|name| answer.header(name));
    assert_eq!(headers, ["no-store", "application/json"], "{case}");
    // Libraries take a challenge for the whole answer, so it is for clients alone that tried the header (RFC 6749 5.2).
    assert!(["", r#"Basic realm="lombard", charset="UTF-8""#].contains(&answer.header("www-authenticate")), "{case}");
    let interaction = answer.header("x-fapi-interaction-id");
    let record = bank.record(5).await;
    let mut entries = record.iter().filter(|entry| entry.interaction.as_deref() == Some(interaction));
    let entry = entries.next().unwrap_or_else(|| panic!("{case}: not on record"));
    assert_eq!(
        (entry.event.as_str(), entry.reason.as_deref()),
        ("client.authentication-failed", Some(reason)),
        "{case}"
    );
    assert_eq!(entry.client.as_deref(), client, "{case}");
    assert!(entries.next().is_none(), "{case}: something else happened as well");
    bank.clock.advance(SECOND);
}

/// Entries of the record are in the order of their milliseconds, so that the newest are those of the last call.
const SECOND: Span = Span::seconds(1);
