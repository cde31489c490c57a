//! Making tokens: access tokens (RFC 9068) and ID tokens (OpenID Connect Core 2).

use lombard_domain::audit::{Event, Subject};
use lombard_domain::id::{CustomerId, TokenId};
use lombard_domain::oauth::{AccessToken, Grant, Opaque, Scope, ScopeSet};
use lombard_domain::secret::Secret;
use lombard_store::{Index, Tx, token};
use serde::Serialize;

use super::TokenAnswer;
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
    scope: ScopeSet,
    iat: i64,
    exp: i64,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'static str>,
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
        client: &Authenticated,
        grant: Option<&Grant>,
        scope: ScopeSet,
    ) -> Result<TokenAnswer> {
        let now = self.now();
        let policy = self.policy();
        let token = AccessToken {
            id: TokenId::ordered(self.random(), now),
            client: client.id(),
            grant: grant.map(|grant| grant.id),
            scope,
            details: grant.and_then(|grant| grant.details.clone()),
            binding: None,
            issued_at: now,
            expires_at: now.plus(policy.access_token_life),
        };
        let claims = AccessClaims {
            iss: &policy.issuer,
            sub: match grant {
                Some(grant) => self.subject(&client.client().sector, grant.customer),
                None => client.id().to_string(),
            },
            aud: &policy.resource,
            client_id: client.id().to_string(),
            scope,
            iat: now.seconds(),
            exp: token.expires_at.seconds(),
            jti: token.id.to_string(),
            auth_time: grant.map(|grant| grant.signed_in_at.seconds()),
            acr: grant.map(|_| ACR_SCA),
        };
        let text = self.parts.keys.sign("at+jwt", &claims, now)?;
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
            token_type: "Bearer",
            expires_in: policy.access_token_life.whole_seconds(),
            scope,
            refresh_token: None,
            id_token: None,
        })
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
        Ok(Some(Secret::new(self.parts.keys.sign("JWT", &claims, now)?)))
    }

    /// A customer's name for the apps of one sector (OpenID Connect Core 8.1): two sectors cannot compare theirs.
    pub(crate) fn subject(&self, sector: &str, customer: CustomerId) -> String {
        let customer = customer.to_string();
        digest::base64url(&self.db().vault().digest(Index::Pairwise, &[sector.as_bytes(), customer.as_bytes()]))
    }
}
