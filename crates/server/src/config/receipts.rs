//! `[receipts]`: how customers are told what was done in their name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use lettre::message::Mailbox;
use lombard_auth::Post;
use lombard_domain::secret::Secret;
use lombard_domain::text::Text;
use lombard_http::Letterhead;
use serde::Deserialize;

use super::{Config, Environment};
use crate::fetch;
use crate::files;
use crate::listen::tls::read_chain;
use crate::post::{FilePost, Login, Security, SmtpPost, SmtpServer, Stationery};

/// The settings.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Receipts {
    /// By what they are told.
    pub(crate) sender: Sender,
    /// From whom letters are.
    pub(crate) from: Option<String>,
    /// How the bank is reached by a customer who sees something wrong.
    pub(crate) contact: Option<Text<200>>,
    /// How many a customer gets in an hour.
    pub(crate) per_hour: u32,
    /// Where letters go that are files.
    pub(crate) folder: Option<PathBuf>,
    /// The mail server.
    pub(crate) smtp_host: Option<String>,
    /// Its port.
    pub(crate) smtp_port: u16,
    /// How the line to it is secured.
    pub(crate) smtp_security: Security,
    /// Authority in PEM that signed its certificate; without it those of the system.
    pub(crate) smtp_ca_file: Option<PathBuf>,
    /// As whom we sign in there.
    pub(crate) smtp_user: Option<String>,
    /// A file with the password.
    pub(crate) smtp_password_file: Option<PathBuf>,
    /// Name of an environment variable with the same.
    pub(crate) smtp_password_env: Option<String>,
}

/// By what customers are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sender {
    /// A file for each letter.
    File,
    /// They are not told.
    #[default]
    None,
    /// E-mail.
    Smtp,
}

impl Default for Receipts {
    fn default() -> Self {
        Self {
            sender: Sender::default(),
            from: None,
            contact: None,
            per_hour: 12,
            folder: None,
            smtp_host: None,
            smtp_port: SUBMISSIONS,
            smtp_security: Security::default(),
            smtp_ca_file: None,
            smtp_user: None,
            smtp_password_file: None,
            smtp_password_env: None,
        }
    }
}

impl Receipts {
    /// What does not fit together: the key, and why.
    pub(super) fn flaw(&self) -> Option<(&'static str, &'static str)> {
        let login = (self.smtp_password_file.is_some(), self.smtp_password_env.is_some());
        if self.from.as_ref().is_some_and(|from| from.parse::<Mailbox>().is_err()) {
            return Some(("from", "is no address; write it such as \"Example Bank <no-reply@bank.example>\""));
        }
        match self.sender {
            Sender::File if self.folder.is_none() => Some(("folder", "is needed with sender = \"file\"")),
            Sender::Smtp if self.smtp_host.is_none() => Some(("smtp_host", "is needed with sender = \"smtp\"")),
            Sender::Smtp if self.from.is_none() => Some(("from", "is needed with sender = \"smtp\"")),
            _ if login == (true, true) => {
                Some(("smtp_password_env", "set smtp_password_file or smtp_password_env, not both"))
            }
            _ if self.smtp_user.is_some() != (login != (false, false)) => {
                Some(("smtp_user", "is needed with a password, and only then"))
            }
            _ => None,
        }
    }

    /// Every file that it names.
    pub(super) fn files(&mut self) -> [&mut Option<PathBuf>; 3] {
        [&mut self.folder, &mut self.smtp_ca_file, &mut self.smtp_password_file]
    }

    /// What cannot be used of what is named outside: the key, and why.
    pub(super) fn unusable(&self, environment: &Environment) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if self.sender != Sender::Smtp {
            return found;
        }
        if let Some(Err(error)) = self.smtp_ca_file.as_deref().map(read_chain) {
            found.push(("receipts.smtp_ca_file", format!("{error:#}; name the file of the mail server's authority")));
        }
        if let Err(error) = self.login(environment) {
            let key = match self.smtp_password_file {
                Some(_) => "receipts.smtp_password_file",
                None => "receipts.smtp_password_env",
            };
            found.push((key, format!("{error:#}")));
        }
        found
    }

    fn login(&self, environment: &Environment) -> anyhow::Result<Option<Login>> {
        let Some(user) = &self.smtp_user else { return Ok(None) };
        let password = match (&self.smtp_password_file, &self.smtp_password_env) {
            (Some(file), _) => password_in(file)?,
            (None, Some(name)) => {
                Secret::new(environment(name).with_context(|| format!("the environment variable {name} is not set"))?)
            }
            (None, None) => bail!("there is no password"),
        };
        Ok(Some(Login { user: user.clone(), password }))
    }
}

impl Config {
    /// How customers are told; `None`: they are not.
    ///
    /// # Errors
    /// The folder cannot be made, or a file cannot be read.
    pub(crate) fn post(&self, environment: &Environment) -> anyhow::Result<Option<Arc<dyn Post>>> {
        let receipts = &self.receipts;
        let stationery = Stationery { head: self.letterhead(), from: self.from()? };
        Ok(match receipts.sender {
            Sender::None => None,
            Sender::File => {
                let folder = receipts.folder.clone().context("receipts.folder is not set")?;
                Some(Arc::new(FilePost::new(stationery, folder)?))
            }
            Sender::Smtp => {
                let server = SmtpServer {
                    host: receipts.smtp_host.clone().context("receipts.smtp_host is not set")?,
                    port: receipts.smtp_port,
                    security: receipts.smtp_security,
                    roots: match &receipts.smtp_ca_file {
                        Some(file) => fetch::roots_of(read_chain(file)?)?,
                        None => fetch::roots_beside_system(Vec::new())?,
                    },
                    login: receipts.login(environment)?,
                };
                Some(Arc::new(SmtpPost::new(stationery, server).context("receipts.smtp_host")?))
            }
        })
    }

    fn letterhead(&self) -> Letterhead {
        Letterhead {
            bank_name: self.server.bank_name().to_owned(),
            issuer: self.server.public_url.as_str().to_owned(),
            contact: self.receipts.contact.as_ref().map(|contact| contact.as_str().to_owned()),
        }
    }

    fn from(&self) -> anyhow::Result<Mailbox> {
        let usual = || format!("no-reply@{}", self.server.public_url.host());
        let text = self.receipts.from.clone().unwrap_or_else(usual);
        text.parse().ok().or_else(|| NOBODY.parse().ok()).context("receipts.from is no address")
    }
}

fn password_in(file: &Path) -> anyhow::Result<Secret<String>> {
    let bytes = files::read_limited(file, PASSWORD_BYTES_MAX)
        .with_context(|| format!("cannot read the password in {}", file.display()))?;
    let text = String::from_utf8(bytes).with_context(|| format!("{} is no text", file.display()))?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// From whom letters in a folder are where the server has an address of numbers, and nothing else was set.
const NOBODY: &str = "no-reply@localhost";
/// Where mail servers take letters under TLS (RFC 8314 7.3).
const SUBMISSIONS: u16 = 465;
/// Bytes of a file with a password.
const PASSWORD_BYTES_MAX: u64 = 4096;
