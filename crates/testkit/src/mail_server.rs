//! A small mail server over TLS (RFC 5321, RFC 3207, RFC 4954): it takes letters, or refuses them at a step, or falls silent.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::ServerConfig;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::pki::ServerCertificate;
use crate::serve;

/// A mail server for `localhost`.
pub struct MailServer {
    /// The port on which lines begin with TLS.
    pub implicit: u16,
    /// The port on which they begin in the clear.
    pub starttls: u16,
    state: Arc<State>,
    tasks: [JoinHandle<()>; 2],
}

/// A letter that it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenMail {
    /// From whom.
    pub from: String,
    /// To whom.
    pub to: String,
    /// Its header and text, as they came.
    pub data: String,
    /// Who had signed in, and with what password.
    pub login: Option<String>,
}

/// How it behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTrouble {
    /// It takes everything.
    None,
    /// It answers this command, such as `RCPT`, with this code; `.` is the end of a letter.
    Refuses(&'static str, u16),
    /// It does not answer this command.
    Silent(&'static str),
    /// It does not offer to secure a line.
    Clear,
    /// It says more in the clear than it was asked, right behind its answer to `STARTTLS`.
    Injects,
}

struct State {
    tls: TlsAcceptor,
    trouble: Mutex<MailTrouble>,
    taken: Mutex<Vec<TakenMail>>,
    heard_in_clear: Mutex<String>,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl MailServer {
    /// One that takes everything.
    pub async fn start() -> Self {
        let certificate = ServerCertificate::of_this_process();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_no_client_auth()
            .with_single_cert(certificate.chain.clone(), certificate.key.clone_key())
            .expect("a usable certificate");
        let state = Arc::new(State {
            tls: TlsAcceptor::from(Arc::new(config)),
            trouble: Mutex::new(MailTrouble::None),
            taken: Mutex::default(),
            heard_in_clear: Mutex::default(),
        });
        let ((first, implicit), (second, starttls)) = (serve::bind().await, serve::bind().await);
        let tasks = [(first, true), (second, false)]
            .map(|(listener, is_implicit)| tokio::spawn(accept(listener, Arc::clone(&state), is_implicit)));
        Self { implicit, starttls, state, tasks }
    }

    /// The authority of its certificate, in PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> &'static str {
        &ServerCertificate::of_this_process().pem
    }

    /// Behaves like this from now on.
    pub fn has(&self, trouble: MailTrouble) {
        *self.state.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// The letters that it took.
    #[must_use]
    pub fn taken(&self) -> Vec<TakenMail> {
        self.state.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything that it was told before a line was secured.
    #[must_use]
    pub fn heard_in_clear(&self) -> String {
        self.state.heard_in_clear.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn accept(listener: TcpListener, state: Arc<State>, is_implicit: bool) {
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        // A client that goes away is no failure of the test.
        tokio::spawn(async move {
            let _ = if is_implicit { state.secured(stream).await } else { state.in_clear(stream).await };
        });
    }
}

impl State {
    fn trouble(&self) -> MailTrouble {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn secured(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(self.tls.accept(stream).await?);
        stream.write_all(b"220 mail.example ESMTP\r\n").await?;
        self.talk(&mut stream).await
    }

    async fn in_clear(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 mail.example ESMTP\r\n").await?;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            self.heard_in_clear.lock().unwrap_or_else(PoisonError::into_inner).push_str(&line);
            let command = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
            match (command.as_str(), self.trouble()) {
                ("EHLO", MailTrouble::Clear) => stream.write_all(b"250-mail.example\r\n250 AUTH PLAIN\r\n").await?,
                ("EHLO", _) => stream.write_all(b"250-mail.example\r\n250-SIZE 100000\r\n250 STARTTLS\r\n").await?,
                ("STARTTLS", MailTrouble::Injects) => {
                    stream.write_all(b"220 go on\r\n250 mail.example\r\n").await?;
                    break;
                }
                ("STARTTLS", _) => {
                    stream.write_all(b"220 go on\r\n").await?;
                    break;
                }
                _ => stream.write_all(b"502 not here\r\n").await?,
            }
        }
        let mut stream = BufReader::new(self.tls.accept(stream.into_inner()).await?);
        self.talk(&mut stream).await
    }

    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: &mut BufReader<S>) -> std::io::Result<()> {
        let mut mail = TakenMail { from: String::new(), to: String::new(), data: String::new(), login: None };
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let command = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
            if !self.goes_on(stream, &command).await? {
                continue;
            }
            match command.as_str() {
                "EHLO" => stream.write_all(b"250-mail.example\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN\r\n").await?,
                "AUTH" => {
                    let told = line.split_whitespace().nth(2).unwrap_or_default();
                    let told = STANDARD.decode(told).unwrap_or_default();
                    mail.login = Some(String::from_utf8_lossy(&told).replace('\0', " ").trim().to_owned());
                    stream.write_all(b"235 welcome\r\n").await?;
                }
                "MAIL" => {
                    mail.from = between(&line);
                    stream.write_all(b"250 yes\r\n").await?;
                }
                "RCPT" => {
                    mail.to = between(&line);
                    stream.write_all(b"250 yes\r\n").await?;
                }
                "DATA" => {
                    stream.write_all(b"354 go on\r\n").await?;
                    mail.data = letter(stream).await?;
                    if self.goes_on(stream, ".").await? {
                        self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(mail.clone());
                        stream.write_all(b"250 taken\r\n").await?;
                    }
                }
                "QUIT" => {
                    stream.write_all(b"221 goodbye\r\n").await?;
                    return stream.shutdown().await;
                }
                _ => stream.write_all(b"502 what\r\n").await?,
            }
        }
    }

    /// Whether a command is dealt with; if not, it was refused.
    async fn goes_on<S: AsyncWrite + Unpin>(&self, stream: &mut S, command: &str) -> std::io::Result<bool> {
        match self.trouble() {
            MailTrouble::Refuses(what, code) if what == command => {
                stream.write_all(format!("{code} <somebody@bank.example> no\r\n").as_bytes()).await?;
                Ok(false)
            }
            MailTrouble::Silent(what) if what == command => std::future::pending().await,
            _ => Ok(true),
        }
    }
}

/// What stands between the first pointed brackets.
fn between(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map(|(inside, _)| inside.to_owned()).unwrap_or_default()
}

/// A letter up to the line with nothing but a dot, without the dots that were put before dots.
async fn letter<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
