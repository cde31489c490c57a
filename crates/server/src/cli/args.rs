//! The arguments of every command, with the words that `--help` shows.
//!
//! Types only. Defaults that a person sees are written here and nowhere else.

mod audit;
mod report;
mod watch;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};
use lombard_auth::jose::Alg;
use lombard_domain::look_alike::hides_something;
use lombard_domain::text::Text;

pub(crate) use report::{PlanDowntime, ReportCommand, ReportFormat, ServiceLevel};

pub(crate) use audit::{AuditBare, AuditCommand, AuditExport, AuditList, AuditReport, AuditVerify, SpanArgs};
pub(crate) use watch::{WatchAlarms, WatchCommand, WatchLift, WatchMeasures, WatchShow};

/// `lombard sandbox`
#[derive(Debug, Args)]
pub(crate) struct Sandbox {
    /// Folder for everything that the sandbox keeps; made at the first start, found again at the next.
    #[arg(long, value_name = "FOLDER", default_value = "./lombard-sandbox")]
    pub(crate) data: PathBuf,
    /// Address on which apps and browsers connect.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8443")]
    pub(crate) listen: SocketAddr,
    /// Address on which apps connect that show a client certificate.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8444")]
    pub(crate) mtls_listen: SocketAddr,
    /// Address for health checks and metrics, without TLS; of this machine only.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9090")]
    pub(crate) ops_listen: SocketAddr,
    /// How apps and browsers reach the sandbox; its host goes into the certificate [default: https://localhost and the port of --listen].
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// Database to use instead of a file in the data folder, such as postgres://user:password@host/name.
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// Refuse nobody for calling too often or too much at once, to measure what the server can do.
    #[arg(long)]
    pub(crate) no_limits: bool,
    /// With --no-limits: still refuse what is too much at once, to measure how that goes.
    #[arg(long, hide = true, requires = "no_limits")]
    pub(crate) throttled: bool,
    /// Do not put reads on record: only to measure what the record costs.
    #[arg(long, hide = true)]
    pub(crate) without_record: bool,
}

/// `lombard serve`
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// File of settings; lombard.example.toml explains each.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
}

/// Which database a command works on, and the key to what is encrypted in it.
#[derive(Debug, Args)]
pub(crate) struct Where {
    /// Folder of a sandbox, with its database and keys; made if it is not there.
    #[arg(long, value_name = "FOLDER", default_value = "./lombard-sandbox")]
    pub(crate) data: PathBuf,
    /// File of settings of a server, which names the database and the key.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "database", "master_key_file", "former_master_key_file"])]
    pub(crate) config: Option<PathBuf>,
    /// Database by its URL instead of the one in the folder: sqlite:///full/path.db or postgres://user:password@host/name.
    ///
    /// Others on this machine can see the command line; with a password, rather use --config.
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// File with the master key of the database given by --database, instead of the folder's.
    #[arg(long, value_name = "FILE", requires = "database")]
    pub(crate) master_key_file: Option<PathBuf>,
    /// File with a master key that was used before, while something is still wrapped with it. May be given several times.
    #[arg(long, value_name = "FILE", requires = "master_key_file")]
    pub(crate) former_master_key_file: Vec<PathBuf>,
}

/// `lombard import`
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Folder with the CSV files; docs describe their columns.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard migrate`
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard backup`
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// File to write to; it must not be there yet.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard restore`
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// File that `lombard backup` wrote.
    #[arg(long, value_name = "FILE")]
    pub(crate) from: PathBuf,
    /// What becomes of consents: what customers took back since the backup was made is not in it.
    #[arg(long, value_name = "WHAT")]
    pub(crate) consents: AfterRestore,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// What becomes of the consents in a backup.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum AfterRestore {
    /// Take all of them back: safe; customers have to allow apps anew.
    End,
    /// Keep them: only if nothing was taken back since then, or you take it back again with `lombard consent revoke`.
    Keep,
}

/// `lombard account`
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Close an account: it drops out of all consents with the next call, and the apps that asked to be told are told.
    Close(AccountClose),
    /// Close an account that went to another bank (Current Account Switch Service).
    Switch(AccountClose),
}

/// `lombard account close` and `lombard account switch`
#[derive(Debug, Args)]
pub(crate) struct AccountClose {
    /// The core-banking system's identifier of the account, as it was imported, or the account's id.
    #[arg(value_name = "SOURCE_ID")]
    pub(crate) source: String,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard client`
#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// Register an app; prints its client id and, this once, its secrets.
    Add(ClientAdd),
    /// Make what an app proves itself with in a test: a signing key, and a certificate of the sandbox's authority.
    Keys(ClientKeys),
    /// Show the apps that are registered.
    List(ClientList),
    /// Show the registration of one app, without its secrets.
    Show(ClientShow),
    /// Shut an app out: its tokens stop working with the next call.
    Suspend(ClientSuspend),
    /// Take back that the bank has checked whose an app is.
    Unverify(ClientUnverify),
    /// Put on record that you have checked whose an app is: customers read it on the consent page, and see its logo.
    Verify(ClientVerify),
}

/// `lombard client verify`
#[derive(Debug, Args)]
pub(crate) struct ClientVerify {
    /// The app's client id.
    #[arg(value_name = "CLIENT_ID")]
    pub(crate) client: String,
    /// The organisation that answers for the app, as customers will read it.
    #[arg(long, value_name = "NAME", value_parser = seen_text::<120>)]
    pub(crate) organisation: Text<120>,
    /// Who checked it, or the number of the case; customers do not read this.
    #[arg(long, value_name = "NAME", value_parser = seen_text::<80>)]
    pub(crate) by: Text<80>,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard client unverify`
#[derive(Debug, Args)]
pub(crate) struct ClientUnverify {
    /// The app's client id.
    #[arg(value_name = "CLIENT_ID")]
    pub(crate) client: String,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// A text of which everything is seen.
fn seen_text<const MAX: usize>(text: &str) -> Result<Text<MAX>, String> {
    if hides_something(text) {
        return Err("it holds characters that nobody sees".to_owned());
    }
    Text::new(text).map_err(|why| why.to_string())
}

/// `lombard client add`
#[derive(Debug, Args)]
pub(crate) struct ClientAdd {
    /// File with everything about the app as JSON (client metadata of RFC 7591), instead of --name and its like; prints JSON.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "redirect_uri", "scope", "auth_method"])]
    pub(crate) file: Option<PathBuf>,
    /// Print JSON with what the app needs to know of the bank too: the issuer, and where each endpoint is.
    #[arg(long)]
    pub(crate) metadata: bool,
    /// Name of the app as customers will read it on the consent page.
    #[arg(long, value_name = "NAME", required_unless_present = "file")]
    pub(crate) name: Option<String>,
    /// Address to which browsers return after consent; must match exactly. May be given several times.
    #[arg(long, value_name = "URL", required_unless_present = "file")]
    pub(crate) redirect_uri: Vec<String>,
    /// What the app may ask for, separated by blanks, such as "accounts:read balances:read"; without it, everything.
    #[arg(long, value_name = "SCOPES")]
    pub(crate) scope: Option<String>,
    /// How the app proves who it is: client_secret_basic or client_secret_post; keys and certificates need --file.
    #[arg(long, value_name = "METHOD", default_value = "client_secret_basic")]
    pub(crate) auth_method: String,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard client keys`
#[derive(Debug, Args)]
pub(crate) struct ClientKeys {
    /// Folder to write to; made if it is not there. No file in it is ever written over.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Algorithm of the signing key: ES256, PS256 or EdDSA.
    #[arg(long, value_name = "ALG", default_value = "ES256")]
    pub(crate) alg: String,
    /// Name of the app in its certificate: small letters, digits and hyphens.
    #[arg(long, value_name = "NAME", default_value = "my-app")]
    pub(crate) name: String,
    /// Folder of the sandbox whose authority signs the certificate; made if it is not there.
    #[arg(long, visible_alias = "sandbox", value_name = "FOLDER", default_value = "./lombard-sandbox")]
    pub(crate) data: PathBuf,
}

/// `lombard client show`
#[derive(Debug, Args)]
pub(crate) struct ClientShow {
    /// The app's client id.
    #[arg(value_name = "CLIENT_ID")]
    pub(crate) client: String,
    /// Print also what the app needs to know of the bank: the issuer, and where each endpoint is.
    #[arg(long)]
    pub(crate) metadata: bool,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard client list`
#[derive(Debug, Args)]
pub(crate) struct ClientList {
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard client suspend`
#[derive(Debug, Args)]
pub(crate) struct ClientSuspend {
    /// The app's client id.
    #[arg(value_name = "CLIENT_ID")]
    pub(crate) client: String,
    /// Let it in again instead.
    #[arg(long)]
    pub(crate) undo: bool,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard consent`
#[derive(Debug, Subcommand)]
pub(crate) enum ConsentCommand {
    /// Show the newest consents of one app or of one customer.
    List(ConsentList),
    /// Show one consent: what it allows, where it stands, and every state that it has been in.
    Show(ConsentShow),
    /// Take an authorised consent back: its tokens stop working with the next call.
    Revoke(ConsentRevoke),
}

/// `lombard consent list`
#[derive(Debug, Args)]
#[group(id = "whose", required = true, multiple = false, args = ["client", "customer"])]
pub(crate) struct ConsentList {
    /// Of the app with this client id.
    #[arg(long, value_name = "CLIENT_ID")]
    pub(crate) client: Option<String>,
    /// Of the customer who signs in with this name.
    #[arg(long, value_name = "USERNAME")]
    pub(crate) customer: Option<String>,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard consent show`
#[derive(Debug, Args)]
pub(crate) struct ConsentShow {
    /// The consent's id.
    #[arg(value_name = "CONSENT_ID")]
    pub(crate) consent: String,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard consent revoke`
#[derive(Debug, Args)]
pub(crate) struct ConsentRevoke {
    /// The consent's id.
    #[arg(value_name = "CONSENT_ID")]
    pub(crate) consent: String,
    /// Why; the app learns what follows from it.
    #[arg(long, value_name = "REASON")]
    pub(crate) reason: Reason,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// Why the bank takes a consent back.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Reason {
    /// The customer must sign in again before the app may go on.
    Authentication,
    /// The customer's contract or accounts are closed, or the bank has another reason of its own.
    Closed,
    /// Fraud is suspected: nobody can give it again. It may have been taken back before for another reason.
    Fraud,
}

/// `lombard directory`
#[derive(Debug, Subcommand)]
pub(crate) enum DirectoryCommand {
    /// Vouch for an app: prints a software statement, which the app sends when it registers.
    Issue(DirectoryIssue),
    /// Print the public keys of the directory, by which its statements are checked.
    Jwks(DirectoryJwks),
}

/// `lombard directory issue`
#[derive(Debug, Args)]
pub(crate) struct DirectoryIssue {
    /// The directory's own name for the app.
    #[arg(long, value_name = "ID")]
    pub(crate) software_id: String,
    /// Name of the app as customers will read it on the consent page.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// Address to which browsers may return after consent. May be given several times.
    #[arg(long, value_name = "URL", required = true)]
    pub(crate) redirect_uri: Vec<String>,
    /// File with the app's public keys (a JWK set), such as `lombard client keys` makes.
    #[arg(long, value_name = "FILE", required_unless_present = "jwks_uri", conflicts_with = "jwks_uri")]
    pub(crate) jwks: Option<PathBuf>,
    /// Address at which the app publishes its public keys instead.
    #[arg(long, value_name = "URL")]
    pub(crate) jwks_uri: Option<String>,
    /// What the app may be: AISP, PISP, CBPII or ASPSP. May be given several times.
    #[arg(long, value_name = "ROLE", default_value = "AISP")]
    pub(crate) role: Vec<String>,
    /// The directory's own name for the organisation that makes the app.
    #[arg(long, value_name = "ID", default_value = "sandbox-organisation")]
    pub(crate) org_id: String,
    /// What that organisation is called.
    #[arg(long, value_name = "NAME", default_value = "Sandbox organisation")]
    pub(crate) org_name: String,
    /// Folder of the sandbox whose directory vouches; made if it is not there.
    #[arg(long, visible_alias = "sandbox", value_name = "FOLDER", default_value = "./lombard-sandbox")]
    pub(crate) data: PathBuf,
}

/// `lombard directory jwks`
#[derive(Debug, Args)]
pub(crate) struct DirectoryJwks {
    /// Folder of the sandbox; made if it is not there.
    #[arg(long, visible_alias = "sandbox", value_name = "FOLDER", default_value = "./lombard-sandbox")]
    pub(crate) data: PathBuf,
}

/// `lombard key`
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Publish the next signing key; it signs once everybody can have seen it.
    Rotate(KeyRotate),
    /// Make another key for the checkpoints of the record; auditors need it beside the former ones.
    RotateAudit(KeyBare),
    /// Wrap all data keys with the first master key that is configured, while servers run; they must know it already.
    RotateMaster(KeyBare),
}

/// `lombard key rotate-master` and `lombard key rotate-audit`
#[derive(Debug, Args)]
pub(crate) struct KeyBare {
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard key rotate`
#[derive(Debug, Args)]
pub(crate) struct KeyRotate {
    /// What the key is for; without it, each algorithm gets its next key.
    #[arg(long, value_name = "ALGORITHM", value_parser = algorithm())]
    pub(crate) alg: Option<Alg>,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard config`
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Say whether `lombard serve` would start with these settings, and if not, what to do.
    Check(ConfigCheck),
}

/// `lombard config check`
#[derive(Debug, Args)]
pub(crate) struct ConfigCheck {
    /// File of settings.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
}

/// `lombard customer`
#[derive(Debug, Subcommand)]
pub(crate) enum CustomerCommand {
    /// Set a customer's password, read from standard input so that it is not in the shell's history.
    SetPassword(SetPassword),
    /// Give a customer a new second factor; prints what an authenticator app needs, this once.
    EnrolTotp(EnrolTotp),
    /// Erase a customer for good: what they allowed, what is known of them, and the accounts that nobody else holds.
    Erase(CustomerErase),
}

/// `lombard customer erase`
#[derive(Debug, Args)]
pub(crate) struct CustomerErase {
    /// The customer's id, or the name by which they sign in.
    #[arg(long, value_name = "CUSTOMER")]
    pub(crate) customer: String,
    /// Do it; it cannot be undone.
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard doctor`
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Search the files of an embedded database, or all tables of a server.
    #[arg(long, required = true)]
    pub(crate) at_rest: bool,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard customer set-password`
#[derive(Debug, Args)]
pub(crate) struct SetPassword {
    /// The name by which the customer signs in.
    #[arg(value_name = "USERNAME")]
    pub(crate) username: String,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard customer enrol-totp`
#[derive(Debug, Args)]
pub(crate) struct EnrolTotp {
    /// The name by which the customer signs in.
    #[arg(value_name = "USERNAME")]
    pub(crate) username: String,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// Reads the name of an algorithm, and lists the names in `--help`.
fn algorithm() -> impl TypedValueParser<Value = Alg> {
    let unknown = "is not an algorithm of this server";
    PossibleValuesParser::new(Alg::ALL.map(Alg::name)).try_map(move |name| Alg::from_name(&name).ok_or(unknown))
}
