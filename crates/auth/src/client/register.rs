//! Registration of apps (RFC 7591) and its management (RFC 7592).
//!
//! Owns who may register and what is stored and made with it. What an app may say is decided in [`super::metadata`], who vouches for it
//! in [`super::asked`].

use lombard_domain::audit::{Event, Subject};
use lombard_domain::consent::Revoker;
use lombard_domain::id::ClientId;
use lombard_domain::oauth::{Client, ClientStatus, ErrorCode, Metadata, Need, OauthError, RedirectUri};
use lombard_domain::random;
use lombard_domain::secret::Secret;
use lombard_store::Tx;
use lombard_store::client::{self, StoredClient};
use lombard_store::used_once::{self, UsedOnce};

use super::asked::{Asked, Ground};
use super::metadata::{Standing, Terms};
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
    /// Its new secret, if a change of method has made one.
    pub secret: Option<Secret<String>>,
}

/// A registration with the secrets that are shown only once.
pub struct NewRegistration {
    /// The app.
    pub client: Client,
    /// Its secret, if it proves itself by one.
    pub secret: Option<Secret<String>>,
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
        let (standing, statement) = match registrar {
            Registrar::Anybody(_) => (Standing::App, self.policy().software_statement),
            Registrar::Operator => (Standing::AsSaid, Need::Optional),
        };
        let opened = asked.open(&self.ground(statement, None)).await?;
        let id = ClientId::random(self.random());
        let metadata = opened.fields.check(&Terms {
            default_name: &id.to_string(),
            minimum_profile: self.policy().minimum_profile,
            default_profile: self.policy().minimum_profile,
            standing,
            statement: opened.statement.as_ref(),
        })?;
        if standing == Standing::App {
            opened.is_known_by_its_keys(metadata.token_endpoint_auth_method)?;
        }
        let secret = metadata.token_endpoint_auth_method.has_secret().then(|| random::credential(self.random()));
        let client = Client {
            id,
            sector: sector(id, &metadata.redirect_uris),
            metadata,
            status: ClientStatus::Active,
            created_at: self.now(),
            verification: None,
        };
        let alike = self.judge_name(call, &client, standing == Standing::App).await?;
        let registration_token = random::credential(self.random());
        let stored = StoredClient {
            client: client.clone(),
            secret_digest: digest_of(secret.as_ref()),
            registration_digest: digest::of(registration_token.expose()),
        };
        let mut tx = self.db().begin("register").await?;
        use_up(&mut tx, opened.once).await?;
        client::insert(&mut tx, &stored).await?;
        self.want_logo(&mut tx, &client).await?;
        self.record(&mut tx, call, Event::ClientRegistered, of(id), None).await?;
        if alike.is_some() {
            self.record(&mut tx, call, Event::ClientLookAlike, of(id), alike).await?;
        }
        tx.commit().await?;
        Ok(NewRegistration { client, secret, registration_token })
    }

    /// The registration that a token opens.
    ///
    /// # Errors
    /// `invalid_token`, the same for an app that does not exist and a wrong token.
    pub async fn registration(&self, id: &str, token: Option<&str>) -> Result<RegistrationView> {
        Ok(RegistrationView { client: self.registered(id, token).await?.client, secret: None })
    }

    async fn registered(&self, id: &str, token: Option<&str>) -> Result<StoredClient> {
        let id: Option<ClientId> = id.parse().ok();
        let stored = match id {
            Some(id) => client::find(&mut self.db().read().await?, id).await?,
            None => None,
        };
        let presented = digest::of(token.unwrap_or_default());
        let expected = stored.as_ref().map_or([0; 32].as_slice(), |stored| stored.registration_digest.as_slice());
        let matches = digest::same(&presented, expected) && token.is_some();
        let stored = stored.filter(|_| matches);
        stored.ok_or_else(|| {
            Error::oauth(ErrorCode::InvalidToken, "the registration access token is not valid for this client")
        })
    }

    /// Replaces what an app says of itself (RFC 7592 2.2). What its software statement says stays in force, until a new one of the same
    /// software comes.
    ///
    /// # Errors
    /// As [`Auth::registration`]; RFC 7591's codes if the body is of another client, or bad; `invalid_redirect_uri` if the app would
    /// move to another host.
    pub async fn update_registration(
        &self,
        call: Call<'_>,
        id: &str,
        token: Option<&str>,
        asked: &Asked,
    ) -> Result<RegistrationView> {
        let stored = self.registered(id, token).await?;
        let kept = stored.client.metadata.software_statement.as_deref();
        let opened = asked.open(&self.ground(Need::Optional, kept)).await?;
        if opened.fields.text("client_id")? != Some(id) {
            return Err(Error::oauth(ErrorCode::InvalidClientMetadata, "client_id must be the client's own"));
        }
        let own = |secret: &str| digest::same(&stored.secret_digest, &digest::of(secret));
        if opened.fields.text("client_secret")?.is_some_and(|secret| !own(secret)) {
            return Err(Error::oauth(ErrorCode::InvalidClientMetadata, "client_secret must be the client's own"));
        }
        let standing = if stored.client.metadata.resource_server { Standing::ResourceServer } else { Standing::App };
        let metadata = opened.fields.check(&Terms {
            default_name: id,
            // Whoever holds the token of a registration must not weaken what the bank agreed to.
            minimum_profile: self.policy().minimum_profile.max(stored.client.metadata.security_profile),
            // RFC 7592 2.2 lets us keep what a client leaves out: its profile must not fall because it was forgotten.
            default_profile: stored.client.metadata.security_profile,
            standing,
            statement: opened.statement.as_ref(),
        })?;
        opened.is_known_by_its_keys(metadata.token_endpoint_auth_method)?;
        if opened.statement.is_none() {
            self.no_more_than_agreed(&stored.client.metadata, &metadata)?;
        }
        if stored.client.sector != id && stored.client.sector != sector(stored.client.id, &metadata.redirect_uris) {
            // Otherwise an app could take the names that it knows customers by to another host, and compare them there.
            let error = "redirect_uris must stay on the host that the client was registered with";
            return Err(Error::oauth(ErrorCode::InvalidRedirectUri, error));
        }
        // What an operator has checked is void as soon as customers would be shown something else.
        let verification =
            stored.client.verification.clone().filter(|_| metadata.shows_the_same_as(&stored.client.metadata));
        let client = Client { metadata, verification, ..stored.client.clone() };
        let secret = self.replace(call, &stored, &client, opened.once).await?;
        Ok(RegistrationView { client, secret })
    }

    /// Where the bank decides who registers, it has also decided what for.
    fn no_more_than_agreed(&self, agreed: &Metadata, now: &Metadata) -> std::result::Result<(), OauthError> {
        let refuse = |why| Err(OauthError::new(ErrorCode::InvalidClientMetadata, why));
        if self.policy().registration == Registration::Open {
            return Ok(());
        }
        if !now.scope.is_within(agreed.scope) {
            return refuse("scope is more than the client was registered for; ask the bank");
        }
        if !now.grant_types.iter().all(|kind| agreed.may_use(*kind)) {
            return refuse("grant_types are more than the client was registered for; ask the bank");
        }
        Ok(())
    }

    /// Stores what an app says now. Whoever begins to prove itself by a secret gets one; whoever stops loses it.
    async fn replace(
        &self,
        call: Call<'_>,
        stored: &StoredClient,
        now: &Client,
        once: Option<UsedOnce>,
    ) -> Result<Option<Secret<String>>> {
        let (id, before) = (now.id, &stored.client);
        let (had, has) = (!stored.secret_digest.is_empty(), now.metadata.token_endpoint_auth_method.has_secret());
        let secret = (has && !had).then(|| random::credential(self.random()));
        let is_renamed = before.metadata.client_name != now.metadata.client_name;
        let alike = if is_renamed { self.judge_name(call, now, true).await? } else { None };
        let mut tx = self.db().begin("update registration").await?;
        use_up(&mut tx, once).await?;
        let mut found = client::update(&mut tx, now).await?;
        if had != has {
            found &= client::set_secret(&mut tx, id, &digest_of(secret.as_ref())).await?;
        }
        if !found {
            return Err(Error::oauth(ErrorCode::InvalidToken, "the client is gone"));
        }
        if self.logo_of(before) != self.logo_of(now) {
            self.want_logo(&mut tx, now).await?;
        }
        self.record(&mut tx, call, Event::ClientUpdated, of(id), None).await?;
        if before.verification.is_some() && now.verification.is_none() {
            self.record(&mut tx, call, Event::ClientUnverified, of(id), Some("changed")).await?;
        }
        if alike.is_some() {
            self.record(&mut tx, call, Event::ClientLookAlike, of(id), alike).await?;
        }
        tx.commit().await?;
        Ok(secret)
    }

    /// Ends a registration (RFC 7592 2.3), and with it every consent and token of the app.
    ///
    /// # Errors
    /// As [`Auth::registration`].
    pub async fn delete_registration(&self, call: Call<'_>, id: &str, token: Option<&str>) -> Result<()> {
        let client = self.registered(id, token).await?.client;
        let mut tx = self.db().begin("delete registration").await?;
        if !client::delete(&mut tx, client.id, self.now()).await? {
            return Err(Error::oauth(ErrorCode::InvalidToken, "the client is gone"));
        }
        lombard_store::logo::replace(&mut tx, client.id, None).await?;
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
        if status == ClientStatus::Active {
            self.lift_suspensions(&mut tx, call, id).await?;
        }
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

    fn ground<'a>(&'a self, statement: Need, kept: Option<&'a str>) -> Ground<'a> {
        Ground { policy: self.policy(), keys: &self.key_cache, now: self.now(), statement, kept }
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

/// What is stored of a secret; nothing of none, which no digest is the same as.
fn digest_of(secret: Option<&Secret<String>>) -> Vec<u8> {
    secret.map(|secret| digest::of(secret.expose())).unwrap_or_default()
}

/// A signed request counts once: the name is used up with the change that it asks for, or not at all.
async fn use_up(tx: &mut Tx, once: Option<UsedOnce>) -> Result<()> {
    let Some(once) = once else { return Ok(()) };
    if used_once::insert(tx, &[once]).await? == [true] {
        return Ok(());
    }
    Err(Error::oauth(ErrorCode::InvalidClientMetadata, "jti: the signed request has been used before"))
}

fn of(client: ClientId) -> Subject {
    Subject { client: Some(client), ..Subject::default() }
}

/// Apps on one page of the list.
const PAGE: i64 = 100;
/// Consents closed before the next ones are looked up.
const BATCH: i64 = 100;
