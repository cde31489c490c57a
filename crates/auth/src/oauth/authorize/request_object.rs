//! Signed requests (RFC 9101): an authorization request as a token that the app signed, by value.

use lombard_domain::id::ClientId;
use lombard_domain::oauth::{Alg, Client, ErrorCode, OauthError};
use lombard_domain::time::{Instant, Span};

use crate::Auth;
use crate::client::Signed;
use crate::jose::{Claims, Expiry, Typ};
use crate::oauth::Params;

impl Auth {
    /// The parameters that count: those of the request object where there is one, and then no others (RFC 9101 6.3, RFC 9126 3).
    ///
    /// # Errors
    /// `invalid_request_object` if it does not hold; `invalid_request` if it is missing or of another client.
    pub(super) async fn open_request<'a>(&self, client: &Client, params: &'a Params) -> Result<Opened<'a>, OauthError> {
        let Some(object) = params.get("request")? else {
            if client.metadata.must_sign() {
                return Err(OauthError::new(
                    ErrorCode::InvalidRequest,
                    "this client must send a signed request object",
                ));
            }
            return Ok(Opened::Plain(params));
        };
        let only = client.metadata.request_object_signing_alg.map(|alg| [alg]);
        let algs = only.as_ref().map_or(Alg::ALL.as_slice(), <[_; 1]>::as_slice);
        let verified = self.verify_of(client, Signed { token: object, typ: TYP, algs }).await;
        let claims = verified.and_then(|verified| verified.claims());
        let claims = claims.map_err(|error| invalid(format!("the request object does not hold: {error}")))?;
        let expected = ExpectedObject { client: client.id, issuer: &self.policy().issuer, now: self.now() };
        expected.read(&claims).map(Opened::Signed)
    }
}

/// The parameters of a request that count, and whether the client has signed them.
pub(super) enum Opened<'a> {
    /// As they came.
    Plain(&'a Params),
    /// From a request object whose signature holds.
    Signed(Params),
}

impl Opened<'_> {
    pub(super) fn params(&self) -> &Params {
        match self {
            Self::Plain(params) => params,
            Self::Signed(params) => params,
        }
    }

    pub(super) fn is_signed(&self) -> bool {
        matches!(self, Self::Signed(_))
    }
}

/// What a request object must say, whose signature has held.
pub struct ExpectedObject<'a> {
    /// Whose it is.
    pub client: ClientId,
    /// For whom it must be made out.
    pub issuer: &'a str,
    /// What time it is.
    pub now: Instant,
}

impl ExpectedObject<'_> {
    /// Checks the claims and gives them out as parameters.
    ///
    /// # Errors
    /// `invalid_request_object`; the text names the claim.
    pub fn read(&self, claims: &Claims) -> Result<Params, OauthError> {
        let id = self.client.to_string();
        if claims.issuer() != Some(&id) {
            return Err(invalid("iss of the request object must be the client_id"));
        }
        if claims.text("client_id").ok().flatten() != Some(&id) {
            return Err(invalid("client_id of the request object must be the client's"));
        }
        // FAPI 2.0 Message Signing 5.3.1-2.
        if !claims.audience().contains(self.issuer) {
            return Err(invalid("aud of the request object must be the issuer"));
        }
        // RFC 9101 4: they cannot be inside.
        if ["request", "request_uri"].iter().any(|name| claims.value(name).is_some()) {
            return Err(invalid("a request object must not hold another one"));
        }
        self.check_times(claims)?;
        Params::of_claims(claims.all())
    }

    fn check_times(&self, claims: &Claims) -> Result<(), OauthError> {
        let checked = claims.check_times(self.now, Expiry::Required { leeway: LEEWAY });
        checked.map_err(|error| invalid(format!("the request object does not hold: {error}")))?;
        // FAPI 2.0 Message Signing 5.3.1-3 and 5.3.1-4.
        let begins = claims.not_before().ok_or_else(|| invalid("the request object needs nbf"))?;
        let ends = claims.expires_at().ok_or_else(|| invalid("the request object needs exp"))?;
        if self.now.since(begins) > LIFE_MAX || ends.since(begins) > LIFE_MAX {
            return Err(invalid("the request object may live for 60 minutes at most"));
        }
        Ok(())
    }
}

fn invalid(description: impl Into<std::borrow::Cow<'static, str>>) -> OauthError {
    OauthError::new(ErrorCode::InvalidRequestObject, description)
}

/// FAPI 2.0 Message Signing 5.3.1-5; RFC 9101 10.8 lets older clients say `JWT` or nothing.
const TYP: Typ<'_> = Typ::AbsentOrOneOf(&["oauth-authz-req+jwt", "JWT"]);
/// Allowance for an app's clock that is behind ours.
const LEEWAY: Span = Span::seconds(10);
/// From `nbf` to `exp`, and from `nbf` to now.
const LIFE_MAX: Span = Span::minutes(60);
