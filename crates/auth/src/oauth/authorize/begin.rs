//! How a request comes in: pushed beforehand (RFC 9126), or in the browser's redirect.

use lombard_domain::audit::{Event, Subject};
use lombard_domain::id::ClientId;
use lombard_domain::oauth::{AuthorizationRequest, Client, ErrorCode, OauthError, Prompt};
use lombard_domain::random;
use lombard_domain::secret::Secret;
use lombard_store::interaction::{self, Interaction};

use super::client::KnownClient;
use super::redirect_uri::{Return, Returnable};
use crate::client::Authenticated;
use crate::error::{Error, Result};
use crate::oauth::Params;
use crate::{Auth, Call, digest};

/// What to do with a browser that came to the authorization endpoint.
pub enum Begin {
    /// Send it to the first page of an interaction, and let it keep a cookie by which it is known.
    Interaction {
        /// The interaction's id, part of the pages' addresses.
        id: Secret<String>,
        /// The cookie's value.
        browser: Secret<String>,
    },
    /// Send it back to the app.
    Return(Return),
}

/// A request that was pushed.
pub struct Pushed {
    /// What to send the customer's browser with.
    pub request_uri: String,
    /// Its life in seconds.
    pub expires_in: i64,
}

impl Auth {
    /// Checks and keeps a request that a client pushes (RFC 9126 2).
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub async fn push(&self, call: Call<'_>, client: &Authenticated, params: &Params) -> Result<Pushed> {
        let checked = self.check_pushed(client, params).await;
        let request = self.or_refused(call, client.id(), checked).await?;
        let intended = self.intended(&mut self.db().read().await?, &request).await?;
        self.or_refused(call, client.id(), intended.map_err(OauthError::from)).await?;
        let reference = random::credential(self.random());
        let life = self.policy().request_uri_life;
        let mut tx = self.db().begin("push").await?;
        interaction::push(&mut tx, &digest::of(reference.expose()), &request, self.now().plus(life)).await?;
        tx.commit().await?;
        Ok(Pushed { request_uri: format!("{REQUEST_URI}{}", reference.expose()), expires_in: life.whole_seconds() })
    }

    async fn check_pushed(
        &self,
        client: &Authenticated,
        params: &Params,
    ) -> std::result::Result<AuthorizationRequest, OauthError> {
        let refuse = |why| OauthError::new(ErrorCode::InvalidRequest, why);
        if params.has_repeats() {
            return Err(refuse("a parameter is repeated"));
        }
        if params.get("client_id")?.is_some_and(|id| id != client.id().to_string()) {
            return Err(refuse("client_id is not the client that authenticates"));
        }
        // RFC 9126 2.1: a request_uri must not be pushed.
        if params.get("request_uri")?.is_some() {
            return Err(refuse("a request_uri cannot be pushed"));
        }
        let opened = self.open_request(client.client(), params).await?;
        let known = KnownClient(client.client().clone());
        let returnable = Returnable::read(&known, opened.params())?;
        let request = self.check_request(&known, &returnable, &opened)?;
        bound_to_the_proof(request, client)
    }

    /// Begins an interaction for a browser that came to the authorization endpoint.
    ///
    /// `browser` is the cookie that it already has, if any.
    ///
    /// # Errors
    /// [`Error::Oauth`] is to be shown on the endpoint itself: it must not be sent anywhere.
    pub async fn begin(&self, call: Call<'_>, params: &Params, browser: Option<&str>) -> Result<Begin> {
        let client = self.known_client(params).await?;
        let (request, pushed_digest) = match params.get("request_uri")? {
            Some(reference) if reference.starts_with(REQUEST_URI) => self.pushed(client.0.id, reference).await?,
            // FAPI 2.0 Security Profile 5.3.2.2-3; shown here, because nothing in such a request can be trusted.
            _ if client.0.metadata.must_push() => {
                self.refuse(call, client.0.id, ErrorCode::InvalidRequest).await?;
                return Err(Error::oauth(ErrorCode::InvalidRequest, "requests of this client must be pushed"));
            }
            _ => {
                let opened = self.open_request(&client.0, params).await;
                let opened = self.or_refused(call, client.0.id, opened).await?;
                let returnable = Returnable::read(&client, opened.params());
                let returnable = self.or_refused(call, client.0.id, returnable).await?;
                match self.check_request(&client, &returnable, &opened) {
                    Ok(request) => (request, None),
                    Err(error) => return self.refuse_and_return(call, &returnable, &error).await,
                }
            }
        };
        // A request that was pushed has been asked this before, but its consent may have come to an end since.
        if let Err(no_such) = self.intended(&mut self.db().read().await?, &request).await? {
            return self.refuse_and_return(call, &returnable(&request, &client.0), &no_such.into()).await;
        }
        if request.prompt == Some(Prompt::None) {
            // Every consent is given by a customer who signs in for it, so there is always a page to be shown.
            let error = OauthError::new(ErrorCode::LoginRequired, "a page must be shown");
            let returnable = returnable(&request, &client.0);
            return Ok(Begin::Return(self.send_error(&returnable, &error)?));
        }
        self.interaction(Some(request), pushed_digest, browser).await
    }

    /// Begins the sign-in to the customer's own pages.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_own(&self, browser: Option<&str>) -> Result<Begin> {
        self.interaction(None, None, browser).await
    }

    async fn interaction(
        &self,
        request: Option<AuthorizationRequest>,
        pushed_digest: Option<Vec<u8>>,
        browser: Option<&str>,
    ) -> Result<Begin> {
        let id = random::credential(self.random());
        let browser = browser.filter(|cookie| cookie.len() == CREDENTIAL_LENGTH);
        let browser =
            browser.map_or_else(|| random::credential(self.random()), |cookie| Secret::new(cookie.to_owned()));
        let interaction = Interaction {
            browser_digest: digest::of(browser.expose()),
            request,
            pushed_digest,
            customer: None,
            signed_in_at: None,
            stepped_up: false,
            expires_at: self.now().plus(self.policy().interaction_life),
        };
        let mut tx = self.db().begin("interaction").await?;
        interaction::insert(&mut tx, &digest::of(id.expose()), &interaction).await?;
        tx.commit().await?;
        Ok(Begin::Interaction { id, browser })
    }

    /// The pushed request, for the client that pushed it, in time and unanswered (RFC 9126 4).
    async fn pushed(&self, client: ClientId, reference: &str) -> Result<(AuthorizationRequest, Option<Vec<u8>>)> {
        let digest = digest::of(reference.strip_prefix(REQUEST_URI).unwrap_or_default());
        let found = interaction::find_pushed(&mut self.db().read().await?, &digest, client).await?;
        let found = found.filter(|pushed| !pushed.used && self.now() < pushed.expires_at);
        let found = found.ok_or_else(|| {
            Error::oauth(ErrorCode::InvalidRequestUri, "the request_uri is unknown, expired, or was used before")
        })?;
        Ok((found.request, Some(digest)))
    }

    /// Sends a request back that cannot be answered, and puts it on record.
    async fn refuse_and_return(&self, call: Call<'_>, to: &Returnable, error: &OauthError) -> Result<Begin> {
        self.refuse(call, to.client, error.code).await?;
        Ok(Begin::Return(self.send_error(to, error)?))
    }

    /// Puts on record why a request is not even sent back.
    async fn or_refused<T>(
        &self,
        call: Call<'_>,
        client: ClientId,
        checked: std::result::Result<T, OauthError>,
    ) -> Result<T> {
        match checked {
            Ok(good) => Ok(good),
            Err(error) => {
                self.refuse(call, client, error.code).await?;
                Err(error.into())
            }
        }
    }

    async fn refuse(&self, call: Call<'_>, client: ClientId, code: ErrorCode) -> Result<()> {
        let subject = Subject { client: Some(client), ..Subject::default() };
        self.record_alone(call, Event::AuthorizationRefused, subject, Some(code.code())).await
    }
}

/// Where the answer to a request goes.
pub(super) fn returnable(request: &AuthorizationRequest, client: &Client) -> Returnable {
    Returnable {
        redirect_uri: request.redirect_uri.clone(),
        state: request.state.clone(),
        response_type: request.response_type,
        mode: request.response_mode,
        client: client.id,
        alg: client.metadata.authorization_signed_response_alg,
    }
}

/// RFC 9449 10.1: a proof at the push binds the code to its key, as the parameter `dpop_jkt` does; both must mean the same key.
fn bound_to_the_proof(
    mut request: AuthorizationRequest,
    client: &Authenticated,
) -> std::result::Result<AuthorizationRequest, OauthError> {
    let Some(key) = client.proof() else { return Ok(request) };
    if request.dpop_jkt.as_ref().is_some_and(|named| named != key) {
        return Err(OauthError::new(ErrorCode::InvalidRequest, "dpop_jkt is not the key of the DPoP proof"));
    }
    request.dpop_jkt = Some(key.clone());
    Ok(request)
}

/// What every `request_uri` of ours starts with (RFC 9126 2.2).
const REQUEST_URI: &str = "urn:ietf:params:oauth:request_uri:";
/// Characters of a credential: 32 bytes in base64url.
const CREDENTIAL_LENGTH: usize = 43;
