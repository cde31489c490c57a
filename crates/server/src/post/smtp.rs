//! Letters by e-mail, handed to the bank's own mail server (RFC 5321, RFC 6409) over TLS.
//!
//! A letter is sent once the server has said so after its last line. What it says afterwards changes nothing: who took that for a
//! failure would write the same letter again and again. Refusals are told apart by their step: only what is said of the recipient or of
//! the letter can be for good; what is said of us, who may not sign in or not send, is for an operator to mend, and tried again.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use lettre::Address;
use lettre::message::Message;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lombard_auth::{Post, PostError, PostItem, Posting};
use lombard_domain::secret::Secret;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::Stationery;
use super::line::Line;
use crate::listen::tls;

/// A mail server.
#[derive(Clone)]
pub(crate) struct SmtpServer {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: Security,
    /// Whose signature under its certificate counts.
    pub(crate) roots: RootCertStore,
    /// As whom we sign in; `None`: it knows us by our address.
    pub(crate) login: Option<Login>,
}

/// How a line is secured; there is no other way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Security {
    /// TLS from the first byte on.
    #[default]
    Implicit,
    /// Begun in the clear, and then secured, or not used.
    Starttls,
}

/// A user of a mail server.
#[derive(Clone)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: Secret<String>,
}

/// Sends letters to a mail server, each over a connection of its own.
pub(crate) struct SmtpPost {
    stationery: Stationery,
    server: SmtpServer,
    name: ServerName<'static>,
    tls: TlsConnector,
    whole: Duration,
}

impl SmtpPost {
    /// Uses this server; does not connect yet.
    ///
    /// # Errors
    /// No certificate can name the host.
    pub(crate) fn new(stationery: Stationery, server: SmtpServer) -> anyhow::Result<Self> {
        let name = ServerName::try_from(server.host.clone()).context("not the name of a host")?;
        let mut config = ClientConfig::builder_with_provider(tls::provider())
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_root_certificates(server.roots.clone())
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        let tls = TlsConnector::from(Arc::new(config));
        Ok(Self { stationery, server, name, tls, whole: WHOLE })
    }

    /// The same with another bound on the whole.
    #[cfg(test)]
    pub(super) fn within(self, whole: Duration) -> Self {
        Self { whole, ..self }
    }

    async fn hand_over(&self, message: &Message, to: Address) -> Result<AsyncSmtpConnection, PostError> {
        let mut connection = self.connect().await?;
        let parameters = if to.to_string().is_ascii() {
            Vec::new()
        } else if connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            vec![MailParameter::SmtpUtfEight]
        } else {
            return Err(PostError::Never("the mail server takes no such address".to_owned()));
        };
        let from = self.stationery.from.email.clone();
        connection.command(Mail::new(Some(from), parameters)).await.map_err(|error| ours("MAIL", &error))?;
        connection.command(Rcpt::new(to, Vec::new())).await.map_err(|error| theirs("RCPT", &error))?;
        connection.command(Data).await.map_err(|error| theirs("DATA", &error))?;
        connection.message(&message.formatted()).await.map_err(|error| theirs("the letter", &error))?;
        Ok(connection)
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, PostError> {
        let later = |what: &str, error: std::io::Error| PostError::Later(format!("{what}: {error}"));
        let SmtpServer { host, port, security, login, .. } = &self.server;
        let stream =
            TcpStream::connect((host.as_str(), *port)).await.map_err(|error| later("cannot connect", error))?;
        let hello = self.stationery.from.email.domain().to_owned();
        let line = match security {
            Security::Implicit => Line::implicit(stream, &self.tls, self.name.clone()).await,
            Security::Starttls => Line::upgraded(stream, &self.tls, self.name.clone(), &hello).await,
        };
        let line = line.map_err(|error| later("the line cannot be secured", error))?;
        let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(line), &ClientId::Domain(hello))
            .await
            .map_err(|error| ours("EHLO", &error))?;
        if let Some(Login { user, password }) = login {
            let credentials = Credentials::new(user.clone(), password.expose().clone());
            connection.auth(&MECHANISMS, &credentials).await.map_err(|error| ours("AUTH", &error))?;
        }
        Ok(connection)
    }
}

/// A refusal of what we do: tried again, whatever its code.
fn ours(step: &str, error: &SmtpError) -> PostError {
    PostError::Later(said(step, error))
}

/// A refusal of the recipient or of the letter: for good, if the server says so (RFC 5321 4.2.1).
fn theirs(step: &str, error: &SmtpError) -> PostError {
    if error.is_permanent() { PostError::Never(said(step, error)) } else { PostError::Later(said(step, error)) }
}

/// What went wrong, without the server's words: they may name the customer.
fn said(step: &str, error: &SmtpError) -> String {
    match error.status() {
        Some(code) => format!("{step}: refused with {code}"),
        None => format!("{step}: no answer that can be used"),
    }
}

impl Post for SmtpPost {
    fn send<'a>(&'a self, item: PostItem<'a>) -> Posting<'a> {
        Box::pin(async move {
            let (message, to) = self.stationery.message(item)?;
            let mut connection = match timeout(self.whole, self.hand_over(&message, to)).await {
                Ok(outcome) => outcome?,
                Err(_) => return Err(PostError::Later(format!("not done within {:?}", self.whole))),
            };
            // It was taken. How the goodbye goes, and whether there is one, does not matter.
            let _ = timeout(GOODBYE, connection.abort()).await;
            Ok(())
        })
    }
}

/// From the lookup of the host to the answer after the last line.
const WHOLE: Duration = Duration::from_secs(30);
/// For the goodbye.
const GOODBYE: Duration = Duration::from_secs(2);
/// How we sign in; over TLS only, so that passwords may be said as they are.
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];
