//! The arguments of every command, with the words that `--help` shows.
//!
//! Types only. Defaults that a person sees are written here and nowhere else.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

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
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "database", "master_key_file"])]
    pub(crate) config: Option<PathBuf>,
    /// Database by its URL instead of the one in the folder: sqlite:///full/path.db or postgres://user:password@host/name.
    ///
    /// Others on this machine can see the command line; with a password, rather use --config.
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// File with the master key of the database given by --database, instead of the folder's.
    #[arg(long, value_name = "FILE", requires = "database")]
    pub(crate) master_key_file: Option<PathBuf>,
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

/// `lombard client`
#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// Register an app; prints its client id and, this once, its client secret.
    Add(ClientAdd),
    /// Show the apps that are registered.
    List(ClientList),
    /// Shut an app out: its tokens stop working with the next call.
    Suspend(ClientSuspend),
}

/// `lombard client add`
#[derive(Debug, Args)]
pub(crate) struct ClientAdd {
    /// Name of the app as customers will read it on the consent page.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// Address to which browsers return after consent; must match exactly. May be given several times.
    #[arg(long, value_name = "URL", required = true)]
    pub(crate) redirect_uri: Vec<String>,
    /// What the app may ask for, separated by blanks, such as "accounts:read balances:read"; without it, everything.
    #[arg(long, value_name = "SCOPES")]
    pub(crate) scope: Option<String>,
    /// How the app proves who it is: client_secret_basic or client_secret_post.
    #[arg(long, value_name = "METHOD", default_value = "client_secret_basic")]
    pub(crate) auth_method: String,
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

/// `lombard key`
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Publish the next signing key; it signs once everybody can have seen it.
    Rotate(KeyRotate),
}

/// `lombard key rotate`
#[derive(Debug, Args)]
pub(crate) struct KeyRotate {
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
