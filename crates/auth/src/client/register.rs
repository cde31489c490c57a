//! Registration of apps (RFC 7591) and its management (RFC 7592).

use lombard_domain::audit::{Event, Subject};
use lombard_domain::consent::Revoker;
use lombard_domain::id::ClientId;
use lombard_domain::oauth::{Client, ClientStatus, ErrorCode, Metadata, OauthError, RedirectUri};
use lombard_domain::random;
use lombard_domain::secret::Secret;
use lombard_store::client::{self, StoredClient};

use super::metadata::Asked;
use crate::error::{Error, Result};
use crate::policy::Registration;
use crate::{Auth, Call, digest};

/// Who registers an app.
pub enum Registrar<'a> {
    /// Anybody at the registration endpoint, with the token that they presented.
    Anybody(Option<&'a str>),
    /// An operator of this server.
    Operator,
}

/// A registration as its owner sees it again later.
pub struct RegistrationView {
    /// The app.
    pub client: Client,
}

/// A registration with the secrets that are shown only once.
pub struct NewRegistration {
    /// The app.
    pub client: Client,
    /// Its secret.
    pub secret: Secret<String>,
    /// What opens its registration again (RFC 7592 3).
    pub registration_token: Secret<String>,
}

impl Auth {
    /// Registers an app.
    ///
    /// # Errors
    /// RFC 7591's codes for bad metadata; `invalid_token` or `access_denied` if registration is not open.
    pub async fn register(&self, call: Call<'_>, registrar: Registrar<'_>, asked: &Asked) -> Result<NewRegistration> {
        self.may_register(&registrar)?;
        let id = ClientId::random(self.random());
        let metadata = asked.check(&id.to_string())?;
        let client = Client {
            id,
            sector: sector(id, &metadata.redirect_uris),
            metadata,
            status: ClientStatus::Active,
            created_at: self.now(),
        };
        let secret = random::credential(self.random());
        let registration_token = random::credential(self.random());
        let stored = StoredClient {
            client: client.clone(),
            secret_digest: digest::of(secret.expose()),
            registration_digest: digest::of(registration_token.expose()),
        };
        let mut tx = self.db().begin("register").await?;
        client::insert(&mut tx, &stored).await?;
        self.record(&mut tx, call, Event::ClientRegistered, of(id), None).await?;
        tx.commit().await?;
        Ok(NewRegistration { client, secret, registration_token })
    }

    /// The registration that a token opens.
    ///
    /// # Errors
    /// `invalid_token`, the same for an app that does not exist and a wrong token.
    pub async fn registration(&self, id: &str, token: Option<&str>) -> Result<RegistrationView> {
        let id: Option<ClientId> = id.parse().ok();
        let stored = match id {
            Some(id) => client::find(&mut self.db().read().await?, id).await?,
            None => None,
        };
        let presented = digest::of(token.unwrap_or_default());
        let expected = stored.as_ref().map_or([0; 32].as_slice(), |stored| stored.registration_digest.as_slice());
        let matches = digest::same(&presented, expected) && token.is_some();
        let stored = stored.filter(|_| matches);
        stored.map(|stored| RegistrationView { client: stored.client }).ok_or_else(|| {
            Error::oauth(ErrorCode::InvalidToken, "the registration access token is not valid for this client")
        })
    }

    /// Replaces what an app says of itself (RFC 7592 2.2).
    ///
    /// # Errors
    /// As [`Auth::registration`]; `invalid_client_metadata` if the body is of another client, or bad; `invalid_redirect_uri` if the app would
    /// move to another host.
    pub async fn update_registration(
        &self,
        call: Call<'_>,
        id: &str,
        token: Option<&str>,
        asked: &Asked,
    ) -> Result<RegistrationView> {
        let RegistrationView { mut client } = self.registration(id, token).await?;
        if asked.text("client_id")? != Some(id) {
            return Err(Error::oauth(ErrorCode::InvalidClientMetadata, "client_id must be the client's own"));
        }
        if let Some(secret) = asked.text("client_secret")? {
            let stored = client::find(&mut self.db().read().await?, client.id).await?;
            if !stored.is_some_and(|stored| digest::same(&stored.secret_digest, &digest::of(secret))) {
                return Err(Error::oauth(ErrorCode::InvalidClientMetadata, "client_secret must be the client's own"));
            }
        }
        client.metadata = asked.check(id)?;
        if client.sector != id && client.sector != sector(client.id, &client.metadata.redirect_uris) {
            // Otherwise an app could take the names that it knows customers by to another host, and compare them there.
            let error = "redirect_uris must stay on the host that the client was registered with";
            return Err(Error::oauth(ErrorCode::InvalidRedirectUri, error));
        }
        self.store_metadata(call, client.id, &client.metadata).await?;
        Ok(RegistrationView { client })
    }

    async fn store_metadata(&self, call: Call<'_>, id: ClientId, metadata: &Metadata) -> Result<()> {
        let mut tx = self.db().begin("update registration").await?;
        if !client::update(&mut tx, id, metadata).await? {
            return Err(Error::oauth(ErrorCode::InvalidToken, "the client is gone"));
        }
        self.record(&mut tx, call, Event::ClientUpdated, of(id), None).await?;
        Ok(tx.commit().await?)
    }

    /// Ends a registration (RFC 7592 2.3), and with it every consent and token of the app.
    ///
    /// # Errors
    /// As [`Auth::registration`].
    pub async fn delete_registration(&self, call: Call<'_>, id: &str, token: Option<&str>) -> Result<()> {
        let RegistrationView { client } = self.registration(id, token).await?;
        let mut tx = self.db().begin("delete registration").await?;
        if !client::delete(&mut tx, client.id, self.now()).await? {
            return Err(Error::oauth(ErrorCode::InvalidToken, "the client is gone"));
        }
        self.record(&mut tx, call, Event::ClientDeleted, of(client.id), None).await?;
        tx.commit().await?;
        // From here on no token of the client works; its consents are closed for the customers' lists, in small steps.
        loop {
            let live = lombard_store::consent::live_of_client(&mut self.db().read().await?, client.id, BATCH).await?;
            if live.is_empty() {
                return Ok(());
            }
            for consent in live {
                self.revoke_consent(call, consent, Revoker::Client).await?;
            }
        }
    }

    /// Suspends an app or lets it act again; whether there is such an app whose status was another.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_client_status(&self, call: Call<'_>, id: ClientId, status: ClientStatus) -> Result<bool> {
        let event = match status {
            ClientStatus::Active => Event::ClientResumed,
            ClientStatus::Suspended => Event::ClientSuspended,
        };
        let mut tx = self.db().begin("client status").await?;
        if !client::set_status(&mut tx, id, status).await? {
            return Ok(false);
        }
        self.record(&mut tx, call, event, of(id), Some("operator")).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Up to 100 apps in the order of their ids, after one of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn clients(&self, after: Option<ClientId>) -> Result<Vec<Client>> {
        Ok(client::list(&mut self.db().read().await?, after, PAGE).await?)
    }

    fn may_register(&self, registrar: &Registrar<'_>) -> std::result::Result<(), OauthError> {
        let (Registrar::Anybody(token), policy) = (registrar, &self.policy().registration) else { return Ok(()) };
        match policy {
            Registration::Open => Ok(()),
            Registration::Closed => Err(OauthError::new(
                ErrorCode::AccessDenied,
                "registration is closed; ask the bank to register the app",
            )),
            Registration::Token(expected) if token.is_some_and(|token| digest::same(&digest::of(token), expected)) => {
                Ok(())
            }
            Registration::Token(_) => {
                Err(OauthError::new(ErrorCode::InvalidToken, "an initial access token is needed"))
            }
        }
    }
}

/// OpenID Connect Core 8.1: the host of the redirect URIs. Apps on several hosts, or on this machine, are a sector of their own.
fn sector(id: ClientId, redirect_uris: &[RedirectUri]) -> String {
    let mut hosts = redirect_uris.iter().filter(|uri| !uri.is_loopback()).filter_map(RedirectUri::host);
    let first = hosts.next();
    match first {
        Some(host) if hosts.all(|other| other == host) && !redirect_uris.iter().any(RedirectUri::is_loopback) => host,
        _ => id.to_string(),
    }
}

fn of(client: ClientId) -> Subject {
    Subject { client: Some(client), ..Subject::default() }
}

/// Apps on one page of the list.
const PAGE: i64 = 100;
/// Consents closed before the next ones are looked up.
const BATCH: i64 = 100;
