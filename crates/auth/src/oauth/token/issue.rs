//! Making tokens: access tokens (RFC 9068) and ID tokens (OpenID Connect Core 2).

use lombard_domain::audit::{Event, Subject};
use lombard_domain::consent::{Consent, Kind};
use lombard_domain::id::{ConsentId, CustomerId, TokenId};
use lombard_domain::oauth::{AccessToken, Alg, Binding, Client, Details, Grant, Opaque, Scope, ScopeSet};
use lombard_domain::secret::Secret;
use lombard_domain::time::Instant;
use lombard_store::{Index, Tx, token};
use serde::Serialize;
use serde_json::Value;

use super::{Extent, TokenAnswer};
use crate::client::Authenticated;
use crate::error::Result;
use crate::oauth::discovery::ACR_SCA;
use crate::{Auth, Call, digest};

/// RFC 9068 2.2. The token points to its row by `jti`; it carries no right of its own.
#[derive(Serialize)]
struct AccessClaims<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a str,
    client_id: String,
    #[serde(skip_serializing_if = "super::no_scope")]
    scope: ScopeSet,
    iat: i64,
    exp: i64,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<&'a Binding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_details: Option<&'a Value>,
}

/// For whom a token is made.
pub(super) struct Bearer<'a> {
    /// The app.
    pub(super) client: &'a Authenticated,
    /// The grant that it acts under; `None` for a token of its own.
    pub(super) grant: Option<&'a Grant>,
}

/// What an ID token tells of.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    /// To whom.
    pub(crate) client: &'a Client,
    /// The customer's answer.
    pub(crate) grant: &'a Grant,
    /// The consent that it gave.
    pub(crate) consent: &'a Consent,
}

/// OpenID Connect Core 2, with what FAPI 1.0 Advanced and UK Open Banking add. Nothing in it says who the customer is to anybody but
/// this client.
#[derive(Serialize)]
struct IdClaims<'a> {
    iss: &'a str,
    sub: String,
    aud: String,
    iat: i64,
    exp: i64,
    auth_time: i64,
    acr: &'static str,
    amr: [&'static str; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    c_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    s_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    openbanking_intent_id: Option<String>,
    #[serde(rename = "http://openbanking.org.uk/refresh_token_expires_at", skip_serializing_if = "Option::is_none")]
    refresh_token_expires_at: Option<i64>,
}

impl Auth {
    /// Makes and stores an access token: of a grant, or of the client itself.
    pub(super) async fn issue(
        &self,
        tx: &mut Tx,
        call: Call<'_>,
        bearer: Bearer<'_>,
        extent: Extent,
    ) -> Result<TokenAnswer> {
        let Bearer { client, grant } = bearer;
        let (now, policy) = (self.now(), self.policy());
        let token = AccessToken {
            id: TokenId::ordered(self.random(), now),
            client: client.id(),
            grant: grant.map(|grant| grant.id),
            scope: extent.scope,
            details: extent.details,
            binding: client.binding()?,
            issued_at: now,
            expires_at: now.plus(policy.access_token_life),
        };
        let details = self.told_details(tx, grant, token.details.as_ref()).await?;
        let claims = AccessClaims {
            iss: &policy.issuer,
            sub: match grant {
                Some(grant) => self.subject(&client.client().sector, grant.customer),
                None => client.id().to_string(),
            },
            aud: &policy.resource,
            client_id: client.id().to_string(),
            scope: token.scope,
            iat: now.seconds(),
            exp: token.expires_at.seconds(),
            jti: token.id.to_string(),
            auth_time: grant.map(|grant| grant.signed_in_at.seconds()),
            acr: grant.map(|_| ACR_SCA),
            cnf: token.binding.as_ref(),
            authorization_details: details.as_ref(),
        };
        let text = self.parts.keys.sign(Alg::Es256, "at+jwt", &claims, now)?;
        token::insert_access(tx, &token).await?;
        let subject = Subject {
            client: Some(client.id()),
            customer: grant.map(|grant| grant.customer),
            consent: grant.map(|grant| grant.consent),
            account: None,
        };
        self.record(tx, call, Event::TokenIssued, subject, None).await?;
        Ok(TokenAnswer {
            access_token: Secret::new(text),
            token_type: Binding::token_type(token.binding.as_ref()),
            expires_in: policy.access_token_life.whole_seconds(),
            scope: token.scope,
            refresh_token: None,
            id_token: None,
            authorization_details: details,
            grant_id: grant.and_then(super::grant_id),
        })
    }

    /// RFC 9396 7: the details as they were granted, with the accounts that the customer chose.
    async fn told_details(
        &self,
        tx: &mut Tx,
        grant: Option<&Grant>,
        details: Option<&Details>,
    ) -> Result<Option<Value>> {
        let (Some(grant), Some(details)) = (grant, details) else { return Ok(None) };
        let consent = lombard_store::consent::find(tx, grant.consent).await?;
        let accounts = consent.as_ref().and_then(|consent| consent.state().authorisation()).map(|yes| &yes.accounts);
        Ok(Some(details.to_json(&self.policy().resource, accounts.map_or(&[], Vec::as_slice))))
    }

    /// Makes the ID token that comes with tokens, if the grant is for `openid`. `refresh_ends` is when the refresh token beside it expires.
    pub(super) fn id_token(&self, about: About<'_>, refresh_ends: Option<Instant>) -> Result<Option<Secret<String>>> {
        if !about.grant.scope.has(Scope::OpenId) {
            return Ok(None);
        }
        let refresh_token_expires_at = refresh_ends.map(Instant::seconds);
        self.signed_id_token(about, &IdClaims { refresh_token_expires_at, ..self.id_claims(about) }).map(Some)
    }

    /// Makes the ID token that comes with a code (OpenID Connect Core 3.3.2.11, FAPI 1.0 Advanced 5.2.2.1): it binds the code, and the
    /// state that comes beside them.
    pub(crate) fn id_token_beside(
        &self,
        about: About<'_>,
        code: &Secret<String>,
        state: Option<&Opaque>,
    ) -> Result<Secret<String>> {
        let alg = about.client.metadata.id_token_signed_response_alg;
        let claims = IdClaims {
            c_hash: Some(digest::left_half(alg, code.expose())),
            s_hash: state.map(|state| digest::left_half(alg, state.as_str())),
            ..self.id_claims(about)
        };
        self.signed_id_token(about, &claims)
    }

    fn signed_id_token(&self, about: About<'_>, claims: &IdClaims<'_>) -> Result<Secret<String>> {
        let alg = about.client.metadata.id_token_signed_response_alg;
        Ok(Secret::new(self.parts.keys.sign(alg, "JWT", claims, self.now())?))
    }

    fn id_claims<'a>(&'a self, about: About<'a>) -> IdClaims<'a> {
        let About { client, grant, consent } = about;
        let now = self.now();
        IdClaims {
            iss: &self.policy().issuer,
            sub: self.subject(&client.sector, grant.customer),
            aud: client.id.to_string(),
            iat: now.seconds(),
            exp: now.plus(self.policy().access_token_life).seconds(),
            auth_time: grant.signed_in_at.seconds(),
            acr: ACR_SCA,
            amr: ["pwd", "otp"],
            nonce: grant.nonce.as_ref().map(Opaque::as_str),
            c_hash: None,
            s_hash: None,
            openbanking_intent_id: intent_id(consent).map(|id| id.to_string()),
            refresh_token_expires_at: None,
        }
    }

    /// A customer's name for the apps of one sector (OpenID Connect Core 8.1): two sectors cannot compare theirs.
    pub(crate) fn subject(&self, sector: &str, customer: CustomerId) -> String {
        let customer = customer.to_string();
        digest::base64url(&self.db().vault().digest(Index::Pairwise, &[sector.as_bytes(), customer.as_bytes()]))
    }
}

/// The name under which the client has lodged the consent; `None` if it did not.
pub(crate) fn intent_id(consent: &Consent) -> Option<ConsentId> {
    match consent.kind() {
        Kind::AccountAccess | Kind::FundsConfirmation => Some(consent.id()),
        Kind::Request => None,
    }
}
