//! How an app proves who it is at the token endpoint and its neighbours (RFC 6749 2.3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lombard_domain::audit::{Event, Subject};
use lombard_domain::id::ClientId;
use lombard_domain::oauth::{AuthMethod, Client, ClientStatus, ErrorCode, OauthError};
use lombard_domain::secret::Secret;

use crate::error::{Error, Result};
use crate::oauth::Params;
use crate::{Auth, Call, digest};

/// What an app presented, unchecked.
pub struct Credentials {
    client: String,
    secret: Secret<String>,
    method: AuthMethod,
}

/// An app that has proved who it is. Only [`Auth::authenticate`] makes one.
pub struct Authenticated {
    client: Client,
}

impl Authenticated {
    /// The app.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> ClientId {
        self.client.id
    }
}

impl Credentials {
    /// Reads them from the `Authorization` headers and the body of a call.
    ///
    /// # Errors
    /// `invalid_request` if both carry credentials (RFC 6749 2.3: never more than one method), `invalid_client` if neither does or they are malformed.
    pub fn read<'a>(
        mut headers: impl Iterator<Item = &'a [u8]>,
        params: &Params,
    ) -> std::result::Result<Self, OauthError> {
        let header = headers.next();
        if headers.next().is_some() {
            return Err(OauthError::new(ErrorCode::InvalidRequest, "there is more than one Authorization header"));
        }
        let id = params.get("client_id")?;
        let secret = params.get("client_secret")?;
        match (header, secret) {
            (Some(_), Some(_)) => {
                Err(OauthError::new(ErrorCode::InvalidRequest, "use one way of client authentication, not two"))
            }
            (Some(header), None) => {
                let found = basic(header).ok_or_else(failed)?;
                if id.is_some_and(|id| id != found.client) {
                    return Err(OauthError::new(
                        ErrorCode::InvalidRequest,
                        "client_id is not the client that authenticates",
                    ));
                }
                Ok(found)
            }
            (None, Some(secret)) => Ok(Self {
                client: id.ok_or_else(failed)?.to_owned(),
                secret: Secret::new(secret.to_owned()),
                method: AuthMethod::ClientSecretPost,
            }),
            (None, None) => Err(OauthError::new(ErrorCode::InvalidClient, "client authentication is missing")),
        }
    }

    /// How they were presented.
    #[must_use]
    pub fn method(&self) -> AuthMethod {
        self.method
    }
}

impl Auth {
    /// Checks an app's credentials.
    ///
    /// # Errors
    /// `invalid_client`, the same for an app that does not exist and a wrong secret.
    pub async fn authenticate(&self, call: Call<'_>, credentials: &Credentials) -> Result<Authenticated> {
        let id: Option<ClientId> = credentials.client.parse().ok();
        let stored = match id {
            Some(id) => lombard_store::client::find(&mut self.db().read().await?, id).await?,
            None => None,
        };
        // An app that does not exist is compared all the same, with a digest that nothing has.
        let presented = digest::of(credentials.secret.expose());
        let expected = stored.as_ref().map_or([0; 32].as_slice(), |stored| stored.secret_digest.as_slice());
        let matches = digest::same(&presented, expected);
        let Some(stored) = stored.filter(|_| matches) else {
            let subject = Subject { client: id, ..Subject::default() };
            self.record_alone(call, Event::ClientAuthenticationFailed, subject, Some("credentials")).await?;
            return Err(failed().into());
        };
        let client = stored.client;
        let refusal = if client.status == ClientStatus::Suspended {
            Some(("suspended", "this client is suspended"))
        } else if client.metadata.token_endpoint_auth_method != credentials.method {
            Some(("method", "the client is registered for another way of authentication"))
        } else {
            None
        };
        if let Some((reason, description)) = refusal {
            let subject = Subject { client: Some(client.id), ..Subject::default() };
            self.record_alone(call, Event::ClientAuthenticationFailed, subject, Some(reason)).await?;
            return Err(Error::oauth(ErrorCode::InvalidClient, description));
        }
        Ok(Authenticated { client })
    }
}

/// RFC 6749 2.3.1: id and secret are form-encoded before they are joined.
fn basic(header: &[u8]) -> Option<Credentials> {
    let header = std::str::from_utf8(header).ok().filter(|header| header.len() <= BASIC_MAX)?;
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = Secret::new(String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?);
    let (id, secret) = decoded.expose().split_once(':')?;
    Some(Credentials {
        client: form_decode(id)?,
        secret: Secret::new(form_decode(secret)?),
        method: AuthMethod::ClientSecretBasic,
    })
}

fn form_decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

fn failed() -> OauthError {
    OauthError::new(ErrorCode::InvalidClient, "client authentication failed")
}

/// Bytes of a `Basic` header.
const BASIC_MAX: usize = 1024;
