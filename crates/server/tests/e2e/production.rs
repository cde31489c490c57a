//! A server of a real bank that a test owns: its settings, certificate, keys and database.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::customer::Bank;
use crate::process::{Ports, Server};
use crate::tls::Identity;

/// A folder with everything that `lombard serve` needs.
pub(crate) struct Production {
    home: TempDir,
    pub(crate) ports: Ports,
    pub(crate) identity: Identity,
}

impl Production {
    /// Settings that are in order, for a database elsewhere or, without one, for a file in the folder.
    pub(crate) fn new(database: Option<&str>) -> Self {
        let production =
            Self { home: tempfile::tempdir().unwrap(), ports: Ports::free(), identity: Identity::new("localhost") };
        production.show(&production.identity);
        production.write("master.key", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n", 0o600);
        let file = format!("sqlite://{}", production.path("bank.db").display());
        production.write("lombard.toml", &production.settings(database.unwrap_or(&file)), 0o600);
        production
    }

    fn settings(&self, database: &str) -> String {
        let Ports { public, mtls, ops } = self.ports;
        format!(
            r#"[server]
listen = "127.0.0.1:{public}"
mtls_listen = "127.0.0.1:{mtls}"
ops_listen = "127.0.0.1:{ops}"
public_url = "{}"
mtls_public_url = "https://localhost:{mtls}"
certificate_file = "server.pem"
key_file = "server.key"

[database]
url = "{database}"

[keys]
master_key_file = "master.key"

[authorization]
registration = "closed"

[sign_in]
"#,
            self.ports.issuer()
        )
    }

    /// Puts a certificate where the server finds it.
    pub(crate) fn show(&self, identity: &Identity) {
        self.write("server.pem", &identity.certificate, 0o644);
        self.write("server.key", &identity.key, 0o600);
    }

    /// Writes a file in the folder.
    pub(crate) fn write(&self, name: &str, text: &str, mode: u32) {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Changes a line of the settings.
    pub(crate) fn change(&self, from: &str, to: &str) {
        let path = self.path("lombard.toml");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from} in {text}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    /// A file in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The settings, as the argument of a command.
    pub(crate) fn config(&self) -> String {
        self.path("lombard.toml").to_str().unwrap().to_owned()
    }

    /// Starts the server.
    pub(crate) async fn start(&self) -> Server {
        Server::start(&["serve", "--config", &self.config()], self.ports, self.folder()).await
    }

    fn folder(&self) -> &Path {
        self.home.path()
    }

    /// The bank behind it.
    pub(crate) fn bank(&self) -> Bank {
        Bank { issuer: self.ports.issuer(), ca_pem: self.identity.certificate.clone() }
    }
}
