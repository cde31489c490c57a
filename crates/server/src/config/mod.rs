//! The settings of a production server: one TOML file, read once, checked before anything starts.
//!
//! Every setting is a field here, has its line in `lombard.example.toml` (a test compares), and carries its unit in its name.
//! It must never be guessed: an unknown key is an error, and so is a value out of range.

use std::net::SocketAddr;
use std::path::PathBuf;

use lombard_domain::oauth::Profile;
use lombard_domain::text::Text;
use serde::Deserialize;

use crate::listen::{Limits, limits};
use crate::telemetry::Format;
use crate::wire::PasswordPlaces;

mod access;
mod apps;
mod directory;
mod finding;
mod load;
pub(crate) mod master_key;
pub(crate) mod policy;
mod proxy;
mod rates;
mod receipts;
mod telemetry;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod values;
mod watching;

pub(crate) use access::{Access, Agreement, OldDataRule};
pub(crate) use apps::Apps;
pub(crate) use directory::{DirectoryKeys, NamedDirectory};
pub(crate) use finding::{SANDBOX_MARK, Weight};
pub(crate) use load::{Environment, system_environment};
use proxy::{ForwardedHeader, TrustedProxy};
pub(crate) use rates::{LimitRates, Places};
pub(crate) use receipts::{Receipts, Sender as ReceiptSender};
pub(crate) use telemetry::Telemetry;
pub(crate) use values::{DatabaseUrl, PublicUrl};
pub(crate) use watching::{Watching, WatchingRule};

/// All settings.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) server: Server,
    pub(crate) database: Database,
    #[serde(default)]
    pub(crate) keys: Keys,
    #[serde(default)]
    pub(crate) authorization: Authorization,
    #[serde(default)]
    pub(crate) apps: Apps,
    #[serde(default)]
    pub(crate) directories: Vec<NamedDirectory>,
    #[serde(default)]
    pub(crate) access: Access,
    #[serde(default)]
    pub(crate) agreements: Vec<Agreement>,
    #[serde(default)]
    pub(crate) outgoing: Outgoing,
    #[serde(default)]
    pub(crate) sign_in: SignIn,
    #[serde(default)]
    pub(crate) receipts: Receipts,
    #[serde(default)]
    pub(crate) limits: LimitRates,
    #[serde(default)]
    pub(crate) throttling: Places,
    #[serde(default)]
    pub(crate) watching: Watching,
    #[serde(default)]
    pub(crate) watching_rules: Vec<WatchingRule>,
    #[serde(default)]
    pub(crate) log: Log,
    #[serde(default)]
    pub(crate) telemetry: Telemetry,
    /// The file that the settings came from; none in a sandbox.
    #[serde(skip)]
    pub(crate) file: Option<PathBuf>,
}

/// `[server]`: addresses, certificate and limits of the listeners.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    /// Where apps and browsers connect.
    #[serde(default = "Server::default_listen")]
    pub(crate) listen: SocketAddr,
    /// Where apps connect that show a client certificate; none: no such listener.
    #[serde(default)]
    pub(crate) mtls_listen: Option<SocketAddr>,
    /// Plain HTTP for operators, on this machine only.
    #[serde(default = "Server::default_ops_listen")]
    pub(crate) ops_listen: SocketAddr,
    /// How the world reaches `listen`; also the issuer identifier.
    pub(crate) public_url: PublicUrl,
    /// What customers call the bank.
    #[serde(default)]
    pub(crate) bank_name: Option<Text<80>>,
    /// Certificate chain in PEM, leaf first.
    pub(crate) certificate_file: PathBuf,
    /// Private key of the leaf in PEM.
    pub(crate) key_file: PathBuf,
    /// How the world reaches `mtls_listen`; needed with it.
    #[serde(default)]
    pub(crate) mtls_public_url: Option<PublicUrl>,
    /// Authorities in PEM that sign certificates of apps (`tls_client_auth`); none: no such app can prove who it is.
    #[serde(default)]
    pub(crate) client_ca_file: Option<PathBuf>,
    /// See [`Limits::max_connections`].
    #[serde(default = "Server::default_max_connections")]
    pub(crate) max_connections: u32,
    /// See [`Limits::max_per_address`].
    #[serde(default = "Server::default_max_connections_per_address")]
    pub(crate) max_connections_per_address: u32,
    /// See [`Limits::handshakes_per_second`].
    #[serde(default = "Server::default_handshakes_per_second")]
    pub(crate) handshakes_per_second: u32,
    /// See [`Limits::handshake`].
    #[serde(default = "Server::default_handshake_seconds")]
    pub(crate) handshake_seconds: u32,
    /// See [`Limits::header_read`]; also the wait for a connection's first request.
    #[serde(default = "Server::default_header_read_seconds")]
    pub(crate) header_read_seconds: u32,
    /// See [`Limits::idle`].
    #[serde(default = "Server::default_idle_seconds")]
    pub(crate) idle_seconds: u32,
    /// See [`Limits::exchange`].
    #[serde(default = "Server::default_exchange_seconds")]
    pub(crate) exchange_seconds: u32,
    /// See [`Limits::progress`].
    #[serde(default = "Server::default_progress_seconds")]
    pub(crate) progress_seconds: u32,
    /// See [`Limits::drain`].
    #[serde(default = "Server::default_drain_seconds")]
    pub(crate) drain_seconds: u32,
    /// Whose word of a client's address counts.
    #[serde(default)]
    pub(crate) trusted_proxies: Vec<TrustedProxy>,
    /// Where they write it.
    #[serde(default)]
    pub(crate) forwarded_header: ForwardedHeader,
}

/// `[database]`: where everything is kept.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(crate) struct Database {
    /// SQLite file or PostgreSQL server.
    pub(crate) url: DatabaseUrl,
    /// Connections to PostgreSQL.
    #[serde(default = "Database::default_pool_connections")]
    pub(crate) pool_connections: u32,
    /// Readers of a SQLite file; there is always one writer.
    #[serde(default = "Database::default_sqlite_readers")]
    pub(crate) sqlite_readers: u32,
    /// Authority in PEM that signed PostgreSQL's certificate; needed with `sslmode=require`.
    #[serde(default)]
    pub(crate) ca_file: Option<PathBuf>,
}

/// `[keys]`: where the master key comes from; one of the first three must be set.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Keys {
    /// A file with 32 bytes in base64 that only its owner can read.
    pub(crate) master_key_file: Option<PathBuf>,
    /// Name of an environment variable with the same.
    pub(crate) master_key_env: Option<String>,
    /// A program and its arguments, which wraps and unwraps with a key that it does not give away.
    pub(crate) master_key_command: Option<Vec<String>>,
    /// Files with keys that were used before, until nothing is wrapped with them any more.
    pub(crate) former_master_key_files: Vec<PathBuf>,
    /// The program that was used before.
    pub(crate) former_master_key_command: Option<Vec<String>>,
}

/// `[authorization]`: lives of what apps are given, and who may register.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Authorization {
    /// Life of an access token.
    pub(crate) access_token_seconds: u32,
    /// Life of an authorization code.
    pub(crate) code_seconds: u32,
    /// Life of a pushed request.
    pub(crate) request_uri_seconds: u32,
    /// Life of a consent that names none.
    pub(crate) consent_days: u32,
    /// How long a consent is kept after its end.
    pub(crate) ended_consent_days: u32,
    /// How long apps can fetch what they were to be told.
    pub(crate) event_life_days: u32,
    /// How far back apps may read transactions; none: all.
    pub(crate) history_days: Option<u32>,
    /// Least security profile of an app.
    pub(crate) minimum_profile: Profile,
    /// Who may register apps.
    pub(crate) registration: Registration,
    /// A file with the token that registration asks for.
    pub(crate) initial_access_token_file: Option<PathBuf>,
    /// How long a nonce for proofs of possession is good; none: they need no nonce.
    pub(crate) dpop_nonce_seconds: Option<u32>,
    /// Whether apps need a software statement to register.
    pub(crate) software_statements: SoftwareStatements,
    /// How old a software statement may be.
    pub(crate) software_statement_hours: u32,
}

/// `[outgoing]`: what the server fetches from others, which is their keys alone, and where it sends what they are told.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Outgoing {
    /// Whether addresses of private networks may be asked.
    pub(crate) private_addresses: bool,
    /// Authorities in PEM that are believed beside the usual ones.
    pub(crate) ca_file: Option<PathBuf>,
    /// The certificate that is shown to apps that ask for one when they are sent events.
    pub(crate) certificate_file: Option<PathBuf>,
    /// Its private key.
    pub(crate) key_file: Option<PathBuf>,
}

/// `[sign_in]`: how customers sign in.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SignIn {
    /// Rest after which a session ends.
    pub(crate) idle_minutes: u32,
    /// Wrong passwords or codes in a row before the lock.
    pub(crate) max_failures: u32,
    /// Length of the lock.
    pub(crate) lock_minutes: u32,
    /// Passwords checked at once; each takes a core and 19 MiB for a moment.
    pub(crate) password_hash_concurrency: u32,
    /// Sign-ins that wait for a password to be checked; more are refused with 503.
    pub(crate) password_hash_waiting: u32,
    /// The second factor of a sandbox; refused in production.
    pub(crate) fixed_second_factor: Option<String>,
}

/// `[log]`: what is written to standard error.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`, also for parts: `info,lombard_store=debug`.
    pub(crate) level: String,
    /// `json` or `text`.
    pub(crate) format: Format,
}

/// Whether apps need a software statement to register (RFC 7591 2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub(crate) enum SoftwareStatements {
    /// One that is there is checked.
    #[default]
    Optional,
    /// Nobody registers without one.
    Required,
}

/// Who may register apps (RFC 7591).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Registration {
    /// Everybody; for sandboxes.
    Open,
    /// Who has the initial access token.
    Token,
    /// Nobody over the network; `lombard client add` still works.
    #[default]
    Closed,
}

impl Server {
    /// What customers call the bank.
    pub(crate) fn bank_name(&self) -> &str {
        self.bank_name.as_ref().map_or(BANK_NAME, Text::as_str)
    }

    /// The limits of a listener.
    pub(crate) fn limits(&self) -> Limits {
        let seconds = |seconds: u32| std::time::Duration::from_secs(u64::from(seconds));
        Limits {
            max_connections: usize::try_from(self.max_connections).unwrap_or(usize::MAX),
            max_per_address: usize::try_from(self.max_connections_per_address).unwrap_or(usize::MAX),
            handshakes_per_second: self.handshakes_per_second,
            handshake: seconds(self.handshake_seconds),
            first_request: seconds(self.header_read_seconds),
            header_read: seconds(self.header_read_seconds),
            idle: seconds(self.idle_seconds),
            exchange: seconds(self.exchange_seconds),
            progress: seconds(self.progress_seconds),
            drain: seconds(self.drain_seconds),
            ..Limits::default()
        }
    }

    fn default_listen() -> SocketAddr {
        SocketAddr::from(([0, 0, 0, 0], 8443))
    }
    fn default_ops_listen() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 9090))
    }
    fn default_max_connections() -> u32 {
        limits::MAX_CONNECTIONS
    }
    fn default_max_connections_per_address() -> u32 {
        limits::MAX_PER_ADDRESS
    }
    fn default_handshakes_per_second() -> u32 {
        limits::HANDSHAKES_PER_SECOND
    }
    fn default_progress_seconds() -> u32 {
        limits::PROGRESS_SECONDS
    }
    fn default_handshake_seconds() -> u32 {
        limits::HANDSHAKE_SECONDS
    }
    fn default_header_read_seconds() -> u32 {
        limits::HEADER_READ_SECONDS
    }
    fn default_idle_seconds() -> u32 {
        limits::IDLE_SECONDS
    }
    fn default_exchange_seconds() -> u32 {
        limits::EXCHANGE_SECONDS
    }
    fn default_drain_seconds() -> u32 {
        limits::DRAIN_SECONDS
    }
}

impl Database {
    fn default_pool_connections() -> u32 {
        16
    }
    fn default_sqlite_readers() -> u32 {
        4
    }
}

impl Default for Authorization {
    fn default() -> Self {
        Self {
            access_token_seconds: 300,
            code_seconds: 60,
            request_uri_seconds: 90,
            consent_days: 90,
            ended_consent_days: 730,
            event_life_days: 7,
            history_days: None,
            minimum_profile: Profile::default(),
            registration: Registration::default(),
            initial_access_token_file: None,
            dpop_nonce_seconds: None,
            software_statements: SoftwareStatements::default(),
            software_statement_hours: 24,
        }
    }
}

impl Default for SignIn {
    fn default() -> Self {
        let PasswordPlaces { at_once, waiting } = PasswordPlaces::USUAL;
        Self {
            idle_minutes: 5,
            max_failures: 5,
            lock_minutes: 5,
            password_hash_concurrency: at_once,
            password_hash_waiting: waiting,
            fixed_second_factor: None,
        }
    }
}

impl SignIn {
    /// How many passwords are checked at once, and how many wait.
    pub(crate) fn password_places(&self) -> PasswordPlaces {
        PasswordPlaces { at_once: self.password_hash_concurrency, waiting: self.password_hash_waiting }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: Format::default() }
    }
}

/// What customers call a bank that says nothing else.
pub(crate) const BANK_NAME: &str = "Lombard";
