//! Making tokens: access tokens (RFC 9068) and ID tokens (OpenID Connect Core 2).

use lombard_domain::audit::{Event, Subject};
use lombard_domain::id::{CustomerId, TokenId};
use lombard_domain::oauth::{AccessToken, AccountInformation, Alg, Binding, Grant, Opaque, Scope, ScopeSet};
use lombard_domain::secret::Secret;
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

/// OpenID Connect Core 2.
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
        details: Option<&AccountInformation>,
    ) -> Result<Option<Value>> {
        let (Some(grant), Some(details)) = (grant, details) else { return Ok(None) };
        let consent = lombard_store::consent::find(tx, grant.consent).await?;
        let accounts = consent.as_ref().and_then(|consent| consent.state().authorisation()).map(|yes| &yes.accounts);
        Ok(Some(details.to_json(&self.policy().resource, accounts.map_or(&[], Vec::as_slice))))
    }

    /// Makes an ID token, if the grant is for `openid`.
    pub(super) fn id_token(&self, client: &Authenticated, grant: &Grant) -> Result<Option<Secret<String>>> {
        if !grant.scope.has(Scope::OpenId) {
            return Ok(None);
        }
        let now = self.now();
        let claims = IdClaims {
            iss: &self.policy().issuer,
            sub: self.subject(&client.client().sector, grant.customer),
            aud: client.id().to_string(),
            iat: now.seconds(),
            exp: now.plus(self.policy().access_token_life).seconds(),
            auth_time: grant.signed_in_at.seconds(),
            acr: ACR_SCA,
            amr: ["pwd", "otp"],
            nonce: grant.nonce.as_ref().map(Opaque::as_str),
        };
        let alg = client.client().metadata.id_token_signed_response_alg;
        Ok(Some(Secret::new(self.parts.keys.sign(alg, "JWT", &claims, now)?)))
    }

    /// A customer's name for the apps of one sector (OpenID Connect Core 8.1): two sectors cannot compare theirs.
    pub(crate) fn subject(&self, sector: &str, customer: CustomerId) -> String {
        let customer = customer.to_string();
        digest::base64url(&self.db().vault().digest(Index::Pairwise, &[sector.as_bytes(), customer.as_bytes()]))
    }
}
