//! Which database a command works on: a sandbox's folder, a server's settings, or a URL.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use lombard_auth::login::second_factor::SecondFactor;
use lombard_auth::{Policy, Post, Recording};
use lombard_store::crypt::Master;
use lombard_store::{Db, Options, migrate};

use super::Where;
use super::sandbox::{announce::Facts, rules};
use crate::config::{Config, ReceiptSender, master_key, system_environment};
use crate::directory::SandboxDirectory;
use crate::fetch::Reach;
use crate::files;
use crate::post::LeftToServer;
use crate::system::SystemRandom;
use crate::wire::{self, Core, PasswordPlaces, Plan, Trust};

/// A database that a command works on.
pub(crate) struct Place {
    pub(crate) options: Options,
    pub(crate) masters: Vec<Master>,
    /// The folder of the sandbox, if it is one.
    pub(crate) sandbox: Option<PathBuf>,
    policy: Policy,
    trust: Trust,
    /// Whether customers are told what an operator does in their name; the server sends it.
    tells_customers: bool,
    /// Whether the policy has the address under which apps know the server.
    address_is_known: bool,
}

impl Place {
    /// Finds out what the command line means.
    pub(crate) fn find(place: &Where) -> anyhow::Result<Self> {
        match (&place.config, &place.master_key_file, &place.database) {
            (Some(config), _, _) => Self::of_config(&Config::load(config)?),
            (None, Some(key), Some(url)) => Ok(Self {
                options: options(url)?,
                masters: std::iter::once(key)
                    .chain(&place.former_master_key_file)
                    .map(|file| master_key::in_file(file))
                    .collect::<anyhow::Result<_>>()?,
                sandbox: None,
                policy: Policy::for_issuer(NO_ISSUER),
                trust: Trust {
                    client_authorities: Vec::new(),
                    reach: Reach::PublicOnly,
                    outgoing_roots: Vec::new(),
                    outgoing_certificate: None,
                },
                tells_customers: false,
                address_is_known: false,
            }),
            (None, _, url) => {
                tell_of_new_folder(&place.data);
                Self::of_sandbox(&place.data, url.as_deref())
            }
        }
    }

    /// The database of a server with these settings.
    pub(crate) fn of_config(config: &Config) -> anyhow::Result<Self> {
        let database = &config.database;
        let embedded = database.url.sqlite_file().is_some();
        let connections = if embedded { database.sqlite_readers } else { database.pool_connections };
        let options = options(database.url.expose())?
            .connections(usize::try_from(connections).unwrap_or(usize::MAX))
            .ca_file(database.ca_file.clone());
        let masters = master_key::masters(&config.keys, &system_environment)?;
        Ok(Self {
            options,
            masters,
            sandbox: None,
            policy: config.policy()?,
            trust: config.trust()?,
            tells_customers: config.receipts.sender != ReceiptSender::None,
            address_is_known: true,
        })
    }

    /// The database of a sandbox: in its folder, or elsewhere with the folder's key.
    pub(crate) fn of_sandbox(folder: &Path, url: Option<&str>) -> anyhow::Result<Self> {
        files::make_private_folder(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let options = match url {
            Some(url) => options(url)?,
            None => Options::file(folder.join(DATABASE_FILE)),
        };
        let masters = sandbox_masters(folder)?;
        // What a sandbox left is for programs; one that cannot be read is as good as none, and written anew at the next start.
        let facts = Facts::read(folder).ok().flatten();
        let issuer = facts.as_ref().map_or(NO_ISSUER, |facts| facts.issuer.as_str());
        let mtls_base = facts.as_ref().and_then(|facts| facts.mtls_url.clone());
        let directory = SandboxDirectory::find(folder)?;
        Ok(Self {
            options,
            masters,
            sandbox: Some(folder.to_owned()),
            policy: rules::policy(issuer, mtls_base, directory.as_ref()),
            trust: rules::trust(folder),
            tells_customers: true,
            address_is_known: facts.is_some(),
        })
    }

    /// The rules of the server whose place this is, if it is known under which address apps reach it.
    pub(crate) fn known_policy(&self) -> Option<&Policy> {
        Some(&self.policy).filter(|_| self.address_is_known)
    }

    /// Opens the database. A sandbox's is brought to the newest schema first; a server's never is without being asked.
    pub(crate) async fn open(&self) -> anyhow::Result<Db> {
        if self.sandbox.is_some() {
            migrate::run(&self.options).await.map_err(not_usable)?;
        }
        wire::open(&self.options, &self.masters).await.map_err(not_usable)
    }

    /// Opens the database with the rules on top, for an operator's command.
    pub(crate) async fn core(&self) -> anyhow::Result<Core> {
        let plan = Plan {
            policy: self.policy.clone(),
            second_factor: SecondFactor::totp(),
            passwords: PasswordPlaces::USUAL,
            recording: Recording::Kept,
            trust: self.trust.clone(),
            shared_counter: None,
            post: self.tells_customers.then(|| -> Arc<dyn Post> { Arc::new(LeftToServer) }),
        };
        Core::new(self.open().await?, plan).await
    }
}

/// The master key of a sandbox, and the one before it while there is one.
pub(super) fn sandbox_masters(folder: &Path) -> anyhow::Result<Vec<Master>> {
    let mut masters = vec![master_key::master(&master_key::ensure(&folder.join(KEY_FILE), &SystemRandom)?)];
    let former = folder.join(FORMER_KEY_FILE);
    if former.exists() {
        masters.push(master_key::in_file(&former)?);
    }
    Ok(masters)
}

/// Says so before a sandbox's folder is made: whoever meant another one, or a server's settings, must be able to see it.
pub(super) fn tell_of_new_folder(folder: &Path) {
    if !folder.exists() {
        eprintln!("Making a sandbox folder: {}", folder.display());
    }
}

/// Why a database cannot be used, and what to do about it.
pub(super) fn not_usable(error: lombard_store::Error) -> anyhow::Error {
    use lombard_store::Error;
    match error {
        Error::Schema { found, needed } if found < needed => anyhow!(
            "the database is not in the form that this version needs (it has {found} of {needed} migrations); run `lombard migrate` first"
        ),
        Error::Schema { .. } => anyhow!("a newer version of this program has been at the database; use that one"),
        // At the start nobody else is at work: what looks busy is not there.
        Error::Busy(Some(cause)) => {
            anyhow!("the database does not answer; does it run, and is the address right? ({})", root(&cause))
        }
        Error::Unavailable(cause) => anyhow!("the database cannot be used: {cause} ({})", root(&cause)),
        Error::WrongMasterKey => anyhow!(
            "the master key is not the one with which this database was made, or a former one is missing that is still in use"
        ),
        Error::Outdated => {
            anyhow!(
                "the database was made by an earlier version of this program, which sealed its values in another way; make it anew"
            )
        }
        other => other.into(),
    }
}

/// The first cause; those above it say the same in other words.
fn root(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).last().map(ToString::to_string).unwrap_or_default()
}

fn options(url: &str) -> anyhow::Result<Options> {
    match Options::parse(url) {
        Ok(options) => Ok(options),
        // The address may hold a password, so it is not repeated.
        Err(lombard_store::Error::Url(why)) => bail!("the database address cannot be used: {why}"),
        Err(error) => Err(error.into()),
    }
}

/// The database in a sandbox's folder.
const DATABASE_FILE: &str = "bank.db";
/// The master key in a sandbox's folder.
const KEY_FILE: &str = "master.key";
/// The master key that it had before, while something is still wrapped with it.
const FORMER_KEY_FILE: &str = "former.key";
/// Where the address is not known, it must not be shown; commands make no tokens, so it is not in one either.
const NO_ISSUER: &str = "https://localhost";
