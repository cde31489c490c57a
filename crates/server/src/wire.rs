//! Putting the crates together: a database, the rules, the bank, the routes.

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use lombard_auth::keys::KeyRing;
use lombard_auth::limit::SharedCounter;
use lombard_auth::login::password::{PasswordError, PasswordHasher};
use lombard_auth::login::second_factor::SecondFactor;
use lombard_auth::possession::Authorities;
use lombard_auth::{Auth, Parts, Policy, Post, Recorder, Recording};
use lombard_bank::EmbeddedBank;
use lombard_domain::random::Random;
use lombard_domain::time::Clock as _;
use lombard_http::{App, Site, Traces};
use lombard_store::crypt::Master;
use lombard_store::{Db, Options};
use rustls::pki_types::CertificateDer;

use crate::fetch::{HttpsFetch, Reach};
use crate::listen::tls::ChainAndKey;
use crate::system::{SystemClock, SystemRandom};

/// What differs between one server and another.
pub(crate) struct Plan {
    pub(crate) policy: Policy,
    pub(crate) second_factor: SecondFactor,
    pub(crate) passwords: PasswordPlaces,
    /// Whether reads are put on record; always, but where a sandbox is measured.
    pub(crate) recording: Recording,
    pub(crate) trust: Trust,
    /// Where calls are counted that all nodes count together.
    pub(crate) shared_counter: Option<Arc<dyn SharedCounter>>,
    /// How customers are told what was done in their name; `None`: they are not.
    pub(crate) post: Option<Arc<dyn Post>>,
}

/// Whom a server believes, and whom it may ask.
#[derive(Clone, Debug)]
pub(crate) struct Trust {
    /// Whose signature under an app's certificate counts.
    pub(crate) client_authorities: Vec<CertificateDer<'static>>,
    /// Which addresses may be asked for keys.
    pub(crate) reach: Reach,
    /// Whose signature under the certificate of such an address counts, beside the usual authorities.
    pub(crate) outgoing_roots: Vec<CertificateDer<'static>>,
    /// What is shown to apps that ask for a certificate when they are sent events.
    pub(crate) outgoing_certificate: Option<Arc<ChainAndKey>>,
}

/// A database and the rules on top of it; enough for the operators' commands.
pub(crate) struct Core {
    pub(crate) db: Db,
    pub(crate) auth: Auth,
    bank: Arc<EmbeddedBank>,
}

/// How many passwords are checked at once, and how many sign-ins wait for that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PasswordPlaces {
    pub(crate) at_once: u32,
    pub(crate) waiting: u32,
}

impl PasswordPlaces {
    /// What most servers need: at 31 ms each, the last waits half a second.
    pub(crate) const USUAL: Self = Self { at_once: 2, waiting: 32 };

    fn hasher(self) -> Result<PasswordHasher, PasswordError> {
        let number = |number| usize::try_from(number).unwrap_or(usize::MAX);
        PasswordHasher::new(number(self.at_once), number(self.waiting))
    }
}

/// Opens a database with its master keys.
pub(crate) async fn open(options: &Options, masters: &[Master]) -> lombard_store::Result<Db> {
    let random: fn() -> Box<dyn Random> = || Box::new(SystemRandom);
    Db::open(options, masters, random).await
}

impl Core {
    /// Puts the rules on top of a database.
    pub(crate) async fn new(db: Db, plan: Plan) -> anyhow::Result<Self> {
        let bank = Arc::new(EmbeddedBank::new(db.clone(), Arc::new(SystemClock)));
        let keys = KeyRing::load(&db, SystemClock.now()).await.context("cannot read the signing keys")?;
        let Trust { client_authorities, reach, outgoing_roots, outgoing_certificate } = plan.trust;
        let authorities: Vec<Vec<u8>> = client_authorities.iter().map(|der| der.to_vec()).collect();
        let outgoing = Arc::new(HttpsFetch::new(reach, outgoing_roots, outgoing_certificate.as_deref())?);
        let auth = Auth::new(Parts {
            db: db.clone(),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            policy: plan.policy,
            keys,
            passwords: plan.passwords.hasher()?,
            second_factor: plan.second_factor,
            directory: bank.clone(),
            recorder: Recorder::start(db.clone(), plan.recording),
            fetch: outgoing.clone(),
            deliver: outgoing,
            shared_counter: plan.shared_counter,
            post: plan.post,
            client_authorities: Authorities::new(&authorities).context("cannot use the authorities of clients")?,
        });
        Ok(Self { db, auth, bank })
    }

    /// The routes that the world sees.
    pub(crate) fn router(&self, site: Site, traces: Option<Traces>) -> Router {
        lombard_http::router(App::new(self.auth.clone(), self.bank.clone(), site, traces))
    }
}
