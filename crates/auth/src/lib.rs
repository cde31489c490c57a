//! Who may do what, and how much: clients, customers, consents, tokens, and the gate through which every read of data goes.
//!
//! It knows the rules of OAuth 2.0 and OpenID Connect, but neither HTTP nor any API dialect: bytes that have been parsed come in,
//! values that the http crate renders go out. Only [`access`] can make the capabilities that the bank demands.

pub mod access;
pub mod audit;
mod backoff;
mod caller;
pub mod client;
pub mod consent;
mod crew;
mod deliver;
mod digest;
mod directory;
mod error;
mod fetch;
pub mod housekeeping;
pub mod jose;
pub mod keys;
pub mod limit;
pub mod login;
mod nonce;
pub mod notification;
pub mod oauth;
mod policy;
pub mod possession;
mod post;
pub mod readings;
pub mod receipt;
mod record;
pub mod restore;
pub mod service_level;
pub mod watch;

use std::net::IpAddr;
use std::sync::Arc;

use lombard_domain::audit::{Entry, Event, Subject};
use lombard_domain::id::AuditId;
use lombard_domain::random::Random;
use lombard_domain::time::{Clock, Instant};
use lombard_store::{Db, Tx};

pub use caller::Caller;
pub use deliver::{Deliver, DeliverError, Delivering, Parcel};
pub use directory::{AccountDirectory, DirectoryError, HeldAccount};
pub use error::{Error, Result, chain};
pub use fetch::{Fetch, FetchError, Fetching};
pub use policy::{Directory, DirectoryKeys, Door, Policy, Registration};
pub use post::{Post, PostError, PostItem, Posting};
pub use record::{Recorder, Recording};

use keys::KeyRing;
use login::password::PasswordHasher;
use login::second_factor::SecondFactor;

/// Everything that the rules need. Cheap to clone.
#[derive(Clone)]
pub struct Auth {
    parts: Arc<Parts>,
    key_cache: Arc<client::KeyCache>,
    limiter: Arc<limit::Limiter>,
    counts: Arc<service_level::Counts>,
    watch: Arc<watch::Watch>,
}

/// What an [`Auth`] is made of.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Random numbers.
    pub random: Arc<dyn Random>,
    /// Names, lifetimes and limits.
    pub policy: Policy,
    /// Keys that sign tokens.
    pub keys: KeyRing,
    /// Password hashing, bounded.
    pub passwords: PasswordHasher,
    /// How second factors are checked.
    pub second_factor: SecondFactor,
    /// Which accounts customers hold.
    pub directory: Arc<dyn AccountDirectory>,
    /// Where reads are put on record.
    pub recorder: Recorder,
    /// How documents that others name are fetched.
    pub fetch: Arc<dyn Fetch>,
    /// How apps are sent what they asked to be told.
    pub deliver: Arc<dyn Deliver>,
    /// How customers are told what was done in their name; `None`: they are not told.
    pub post: Option<Arc<dyn Post>>,
    /// Whose signature under an app's certificate is believed, as certificates in DER.
    pub client_authorities: possession::Authorities,
    /// Where calls are counted that all nodes count together; `None`: each counts for itself.
    pub shared_counter: Option<Arc<dyn limit::SharedCounter>>,
}

/// One call from outside, as the record names it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Its interaction id.
    pub interaction: &'a str,
    /// The network address from which it came, if it came over the network.
    pub address: Option<IpAddr>,
    /// What is known of its limits; `None`: it has none, as it is an operator's.
    pub meter: Option<&'a limit::Meter>,
    /// Where it is promised that a read will be on record before the answer; `None`: it is on record before anything is read.
    pub pledge: Option<&'a access::Pledge>,
}

impl Call<'_> {
    /// Notes who calls, once they have proved it.
    pub(crate) fn made_by(&self, caller: Caller) {
        if let Some(meter) = self.meter {
            meter.know(caller);
        }
    }
}

impl Call<'static> {
    /// What is done on this machine: by an operator on the command line, or by the program itself.
    #[must_use]
    pub const fn local(name: &'static str) -> Self {
        Self { interaction: name, address: None, meter: None, pledge: None }
    }
}

impl Auth {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let key_cache = Arc::new(client::KeyCache::new(Arc::clone(&parts.fetch)));
        let limiter = Arc::new(limit::Limiter::new(parts.shared_counter.clone(), parts.policy.limits.nodes));
        Self { parts: Arc::new(parts), key_cache, limiter, counts: Arc::default(), watch: Arc::default() }
    }

    /// Names, lifetimes and limits.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.parts.policy
    }

    /// The public keys that others need at this moment (RFC 7517 5).
    #[must_use]
    pub fn published_keys(&self) -> jose::Jwks {
        self.parts.keys.published(self.now())
    }

    /// What time it is for this server.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.parts.clock.now()
    }

    /// An entry for what an operator does with data on the command line, to be stored with the change.
    #[must_use]
    pub fn operator_entry(&self, event: Event) -> Entry {
        self.entry(Call::local("operator"), event, Subject::default(), None)
    }

    pub(crate) fn random(&self) -> &dyn Random {
        &*self.parts.random
    }

    pub(crate) fn db(&self) -> &Db {
        &self.parts.db
    }

    pub(crate) fn entry(&self, call: Call<'_>, event: Event, subject: Subject, reason: Option<&'static str>) -> Entry {
        let at = self.now();
        let interaction = Some(call.interaction.to_owned());
        let id = AuditId::ordered(self.random(), at);
        Entry { id, at, event, subject, reason, interaction, address: call.address }
    }

    /// Puts an event on record within the transaction that it belongs to.
    pub(crate) async fn record(
        &self,
        tx: &mut Tx,
        call: Call<'_>,
        event: Event,
        subject: Subject,
        reason: Option<&'static str>,
    ) -> Result<()> {
        let entry = self.entry(call, event, subject, reason);
        Ok(lombard_store::audit::append(tx, std::slice::from_ref(&entry)).await?)
    }

    /// Puts an event on record that changed nothing else.
    pub(crate) async fn record_alone(
        &self,
        call: Call<'_>,
        event: Event,
        subject: Subject,
        reason: Option<&'static str>,
    ) -> Result<()> {
        self.parts.recorder.record(self.entry(call, event, subject, reason)).await
    }
}

/// What marks spans that are for traces alone; the binary exports them.
pub(crate) const SPANS: &str = "lombard.span";
