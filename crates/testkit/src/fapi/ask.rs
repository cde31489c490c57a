//! Asking: pushed requests (RFC 9126), signed requests (RFC 9101), and the address to which a browser is sent.

use reqwest::{Response, StatusCode};
use serde_json::{Map, Value, json};

use super::app::FapiApp;
use super::setup::{BindingKind, OpenId, Requests, Responses};
use crate::app::Wanted;
use crate::forge::{Draft, random_text};

/// The fields of a form, in order.
pub type Fields = Vec<(String, String)>;

/// Fields with changes: a value replaces or adds, `None` leaves out.
#[must_use]
pub fn changed(mut fields: Fields, changes: &[(&str, Option<&str>)]) -> Fields {
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.extend(value.map(|value| ((*name).to_owned(), value.to_owned())));
    }
    fields
}

impl FapiApp {
    /// A request for these scopes, with a state, a nonce and a verifier of its own; `openid` is added if the app uses it.
    #[must_use]
    pub fn wanted(&self, scope: &str) -> Wanted {
        let scope = match self.setup.openid {
            OpenId::No => scope.to_owned(),
            OpenId::Yes => format!("openid {scope}"),
        };
        Wanted { scope, state: random_text(), nonce: random_text(), verifier: random_text() }
    }

    /// The parameters of a request, however they are sent.
    #[must_use]
    pub fn parameters(&self, wanted: &Wanted) -> Fields {
        let mut parameters = vec![
            ("response_type", "code".to_owned()),
            ("client_id", self.id.clone()),
            ("redirect_uri", self.redirect_uri.clone()),
            ("scope", wanted.scope.clone()),
            ("state", wanted.state.clone()),
            ("code_challenge", wanted.challenge()),
            ("code_challenge_method", "S256".to_owned()),
        ];
        if self.setup.openid == OpenId::Yes {
            parameters.push(("nonce", wanted.nonce.clone()));
        }
        if self.setup.response == Responses::Jarm {
            parameters.push(("response_mode", "jwt".to_owned()));
        }
        parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// A request object that is still to be signed (RFC 9101 4, FAPI 2.0 Message Signing 5.3.2).
    #[must_use]
    pub fn request_draft(&self, parameters: &Fields) -> Draft<'_> {
        let now = self.now();
        let mut claims = Map::new();
        for (name, value) in parameters {
            claims.insert(name.clone(), claim(name, value));
        }
        let own = json!({
            "iss": self.id,
            "aud": self.issuer,
            "iat": now,
            "nbf": now,
            "exp": now + REQUEST_SECONDS,
            "jti": random_text(),
        });
        claims.extend(own.as_object().cloned().unwrap_or_default());
        self.key.draft("oauth-authz-req+jwt", Value::Object(claims))
    }

    /// The form that pushes a request, with what proves who the app is.
    #[must_use]
    pub fn push_form(&self, wanted: &Wanted) -> Fields {
        self.push_form_of(&self.parameters(wanted))
    }

    /// The form that pushes these parameters: as they are, or in a signed object.
    #[must_use]
    pub fn push_form_of(&self, parameters: &Fields) -> Fields {
        match self.setup.requests {
            Requests::Plain => self.with_credentials(parameters.clone()),
            Requests::Signed => self.push_form_with_object(&self.request_draft(parameters).sign()),
        }
    }

    /// The form that pushes this request object.
    #[must_use]
    pub fn push_form_with_object(&self, object: &str) -> Fields {
        // RFC 9126 3: beside the object nothing but what the client authentication needs.
        self.with_credentials(vec![
            ("client_id".to_owned(), self.id.clone()),
            ("request".to_owned(), object.to_owned()),
        ])
    }

    /// A form with what proves who the app is.
    #[must_use]
    pub fn with_credentials(&self, mut form: Fields) -> Fields {
        for (name, value) in self.credentials() {
            if !form.iter().any(|(known, _)| *known == name) {
                form.push((name, value));
            }
        }
        form
    }

    /// Pushes a form as it is, with these headers and no others.
    pub async fn push(&self, form: &Fields, headers: &[(&str, &str)]) -> Response {
        self.send(&self.endpoint(PAR), form, headers).await
    }

    /// Pushes a good request, with a proof if the app uses DPoP, so that the code is bound to its key (RFC 9449 10.1); the `request_uri`.
    ///
    /// # Panics
    /// If the bank does not take it, or does not answer as RFC 9126 2.2 says.
    pub async fn pushed(&self, wanted: &Wanted) -> String {
        self.pushed_form(&self.push_form(wanted)).await
    }

    /// Pushes a good form; the `request_uri`.
    ///
    /// # Panics
    /// If the bank does not take it, or does not answer as RFC 9126 2.2 says.
    pub async fn pushed_form(&self, form: &Fields) -> String {
        let url = self.endpoint(PAR);
        let response = match self.setup.binding {
            BindingKind::Dpop => self.send_with_proof(&url, form).await,
            BindingKind::Certificate | BindingKind::None => self.send(&url, form, &[]).await,
        };
        let (status, cache) = (response.status(), response.headers().get("cache-control").cloned());
        let answer: Value = response.json().await.expect("JSON");
        assert_eq!(status, StatusCode::CREATED, "{:?}: {answer}", self.setup);
        assert_eq!(cache.as_ref().map(AsRef::as_ref), Some(b"no-store".as_slice()));
        let life = answer.get("expires_in").and_then(Value::as_i64).unwrap_or_default();
        assert!(0 < life && life < 600, "FAPI 2.0 Security Profile 5.3.2.2-11: {answer}");
        answer.get("request_uri").and_then(Value::as_str).expect("a request_uri").to_owned()
    }

    /// The address to which it sends a browser: nothing but who it is and what it pushed (FAPI 2.0 Security Profile 5.3.3.2).
    #[must_use]
    pub fn authorize_url(&self, request_uri: &str) -> String {
        self.authorize_url_of(&[("client_id", &self.id), ("request_uri", request_uri)])
    }

    /// The address of the authorization endpoint with these parameters.
    #[must_use]
    pub fn authorize_url_of(&self, parameters: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        format!("{}?{}", self.plain_endpoint("authorization_endpoint"), query.finish())
    }
}

/// A parameter as a claim of a request object: those that are JSON stay it (RFC 9101 4).
fn claim(name: &str, value: &str) -> Value {
    match name {
        "authorization_details" | "claims" | "max_age" => serde_json::from_str(value).unwrap_or_else(|_| value.into()),
        _ => value.into(),
    }
}

const PAR: &str = "pushed_authorization_request_endpoint";
/// Life of a request object, in seconds.
const REQUEST_SECONDS: i64 = 300;
