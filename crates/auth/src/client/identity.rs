//! Whose an app is, for the customer who is asked and for the operator who looks: who vouches for it, whether it is new here, and whose name
//! it could be taken for.
//!
//! Owns what counts as a look-alike. What two names have in common is decided in [`lombard_domain::look_alike`].

use lombard_domain::audit::{Event, Subject};
use lombard_domain::id::ClientId;
use lombard_domain::look_alike::{Look, mixes_alphabets};
use lombard_domain::oauth::{Client, ErrorCode, Verification};
use lombard_domain::text::Text;
use lombard_domain::time::Span;
use lombard_store::client::{self, StoredClient};
use lombard_store::{Tx, logo};

use crate::error::{Error, Result};
use crate::{Auth, Call};

/// What customers are told of apps, and what becomes of names that look like others.
#[derive(Clone, Debug)]
pub struct AppRules {
    /// What the bank is called; no app speaks for it.
    pub bank_names: Vec<String>,
    /// What becomes of an app whose name looks like another's.
    pub look_alikes: LookAlikes,
    /// How long an app is new here.
    pub new_life: Span,
    /// Whether logos of apps that somebody vouches for are fetched and shown.
    pub logos: bool,
}

/// What becomes of an app whose name looks like another's, when it registers itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookAlikes {
    /// It is not registered.
    Refuse,
    /// It is registered and put on record, and customers are warned.
    Warn,
}

impl AppRules {
    /// The usual rules; the bank has no name yet.
    #[must_use]
    pub fn usual() -> Self {
        Self { bank_names: Vec::new(), look_alikes: LookAlikes::Warn, new_life: Span::days(30), logos: true }
    }
}

/// What is known of an app beside what it says itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Whether it was registered only a while ago.
    pub is_new: bool,
    /// Whose name it could be taken for; never of an app whose name somebody vouches for.
    pub imitates: Option<Imitated>,
    /// The digest of its logo, if there is one to show.
    pub logo: Option<String>,
}

/// Whose name an app's could be taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imitated {
    /// Nobody's that we know, but its words have letters of several alphabets, as only such names have.
    Alphabets,
    /// That of another app.
    App {
        /// What that one is called.
        name: String,
    },
    /// The bank's own.
    Bank,
}

impl Imitated {
    /// The word for it, on record.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Alphabets => "alphabets",
            Self::App { .. } => "app",
            Self::Bank => "bank",
        }
    }
}

impl Auth {
    /// Takes from an app what a directory said of it that the bank does not believe any more.
    pub(crate) fn keep_believed(&self, client: &mut Client) {
        let issuers = || self.policy().directories.iter().map(|directory| directory.issuer.as_str());
        let software = client.metadata.software.take();
        client.metadata.software = software.filter(|said| issuers().any(|issuer| issuer == said.iss.as_str()));
    }

    /// What is known of an app beside what it says itself.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn identity(&self, client: &Client) -> Result<Identity> {
        let mut tx = self.db().read().await?;
        let imitates = self.imitated(&mut tx, client).await?;
        let logo = match self.logo_of(client) {
            Some(_) => logo::digest(&mut tx, client.id).await?,
            None => None,
        };
        let is_new = self.now() < client.created_at.plus(self.policy().apps.new_life);
        Ok(Identity { is_new, imitates, logo })
    }

    /// Puts on record that an operator has checked whose an app is; the app and what its name looks like, or `None` if there is no such app.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn verify_client(
        &self,
        call: Call<'_>,
        id: ClientId,
        organisation: Text<120>,
        by: Text<80>,
    ) -> Result<Option<(Client, Option<Imitated>)>> {
        let mut tx = self.db().begin("verify client").await?;
        let Some(StoredClient { client, .. }) = client::find(&mut tx, id).await? else { return Ok(None) };
        let imitates = self.imitated(&mut tx, &client).await?;
        let verification = Some(Verification { organisation, by, at: self.now() });
        let client = Client { verification, ..client };
        client::set_verification(&mut tx, &client).await?;
        self.want_logo(&mut tx, &client).await?;
        self.record(&mut tx, call, Event::ClientVerified, of(id), Some("operator")).await?;
        tx.commit().await?;
        Ok(Some((client, imitates)))
    }

    /// Takes back what an operator has checked of an app; whether there was anything.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unverify_client(&self, call: Call<'_>, id: ClientId) -> Result<bool> {
        let mut tx = self.db().begin("unverify client").await?;
        let found = client::find(&mut tx, id).await?.map(|stored| stored.client);
        let Some(client) = found.filter(|client| client.verification.is_some()) else { return Ok(false) };
        let client = Client { verification: None, ..client };
        client::set_verification(&mut tx, &client).await?;
        self.want_logo(&mut tx, &client).await?;
        self.record(&mut tx, call, Event::ClientUnverified, of(id), Some("operator")).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Whose name an app's could be taken for.
    pub(super) async fn imitated(&self, tx: &mut Tx, client: &Client) -> Result<Option<Imitated>> {
        if client.metadata.resource_server || client.has_vouched_name() {
            return Ok(None);
        }
        let name = client.metadata.client_name.as_str();
        let look = Look::of(name);
        if self.policy().apps.bank_names.iter().any(|bank| look.speaks_for(&Look::of(bank))) {
            return Ok(Some(Imitated::Bank));
        }
        let twin = match client::known_with_skeleton(tx, look.skeleton(), client).await? {
            Some(twin) => Some(twin),
            None => {
                let near = client::vouched_skeletons(tx, client, look.lengths(), COMPARED_MAX).await?;
                near.into_iter().find(|near| look.is_like(&near.skeleton))
            }
        };
        if let Some(twin) = twin {
            let twin = client::find(tx, twin.id).await?.map(|stored| stored.client.metadata.client_name.into_string());
            return Ok(twin.map(|name| Imitated::App { name }));
        }
        Ok(mixes_alphabets(name).then_some(Imitated::Alphabets))
    }

    /// What is put on record of a name that an app chose, if it looks like another's.
    ///
    /// # Errors
    /// `invalid_client_metadata` where such names are refused to apps that register themselves.
    pub(super) async fn judge_name(
        &self,
        call: Call<'_>,
        client: &Client,
        by_itself: bool,
    ) -> Result<Option<&'static str>> {
        let imitated = self.imitated(&mut self.db().read().await?, client).await?;
        let Some(reason) = imitated.as_ref().map(Imitated::code) else { return Ok(None) };
        if by_itself && self.policy().apps.look_alikes == LookAlikes::Refuse {
            // There is no such app, so it is on record without one.
            self.record_alone(call, Event::ClientLookAlike, Subject::default(), Some(reason)).await?;
            let why = "client_name can be taken for the name of somebody else; ask the bank";
            return Err(Error::oauth(ErrorCode::InvalidClientMetadata, why));
        }
        Ok(Some(reason))
    }
}

fn of(client: ClientId) -> Subject {
    Subject { client: Some(client), ..Subject::default() }
}

/// Names of nearly the same length that a name is compared with, letter by letter.
const COMPARED_MAX: i64 = 2000;
