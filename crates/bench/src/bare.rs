//! The opponent: hyper and rustls, and answers from memory. No router, no check, no database, no log.
//!
//! It runs as a process of its own, so that its processor time can be told from that of the load.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, DATE};
use http::{Request, Response, response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::process::Process;
use crate::tls;

/// The arguments of the process.
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// File with the answers.
    #[arg(long)]
    answers: PathBuf,
    /// File with the certificate.
    #[arg(long)]
    certificate: PathBuf,
    /// File with its key.
    #[arg(long)]
    key: PathBuf,
}

/// An answer that the real server gave.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    path: String,
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    /// Keeps an answer; without the headers that hyper writes by itself.
    ///
    /// # Errors
    /// It is not text.
    pub(crate) fn new(path: &str, parts: &response::Parts, body: &Bytes) -> anyhow::Result<Self> {
        let own = parts.headers.iter().filter(|(name, _)| ![CONNECTION, CONTENT_LENGTH, DATE].contains(name));
        let headers = own.map(|(name, value)| Ok((name.to_string(), value.to_str()?.to_owned())));
        Ok(Self {
            path: path.to_owned(),
            status: parts.status.as_u16(),
            headers: headers.collect::<anyhow::Result<_>>()?,
            body: String::from_utf8(body.to_vec())?,
        })
    }

    fn response(&self) -> http::Result<Response<Full<Bytes>>> {
        let builder = Response::builder().status(self.status);
        let builder = self.headers.iter().fold(builder, |builder, (name, value)| builder.header(name, value));
        builder.body(Full::new(Bytes::copy_from_slice(self.body.as_bytes())))
    }
}

/// The running opponent.
pub(crate) struct Bare {
    /// Where it listens.
    pub(crate) port: u16,
    process: Process,
}

impl Bare {
    /// Starts it with these answers and the certificate of the sandbox's folder.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn start(answers: &[Answer], sandbox: &Path, folder: &Path) -> anyhow::Result<Self> {
        let file = folder.join("answers.json");
        fs::write(&file, serde_json::to_vec(answers)?).with_context(|| file.display().to_string())?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("bare").arg("--answers").arg(&file);
        command.arg("--certificate").arg(sandbox.join("server.pem")).arg("--key").arg(sandbox.join("server.key"));
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = Process::start(&mut command)?;
        let told = process.child().stdout.take().context("no output")?;
        let mut line = String::new();
        BufReader::new(told).read_line(&mut line)?;
        let port = line.trim().parse().context("the bare handler did not start")?;
        Ok(Self { port, process })
    }

    /// What Linux calls it.
    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }
}

/// Serves until the process is killed; tells its port in a line.
///
/// # Errors
/// A file cannot be used.
pub(crate) async fn serve(args: &Serve) -> anyhow::Result<()> {
    let answers: Vec<Answer> = serde_json::from_slice(&fs::read(&args.answers)?)?;
    let answers = answers.iter().map(|answer| Ok((answer.path.clone(), answer.response()?)));
    let answers = Arc::new(answers.collect::<anyhow::Result<HashMap<_, _>>>()?);
    let acceptor = TlsAcceptor::from(tls::server(&args.certificate, &args.key)?);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?.port())?;
    loop {
        let (socket, _) = listener.accept().await?;
        tokio::spawn(connection(acceptor.clone(), socket, answers.clone()));
    }
}

async fn connection(acceptor: TlsAcceptor, socket: TcpStream, answers: Arc<Answers>) {
    let _ = socket.set_nodelay(true);
    let Ok(stream) = acceptor.accept(socket).await else { return };
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let service = service_fn(move |request| answer(answers.clone(), request));
    let io = TokioIo::new(stream);
    // A connection ends when its case ends; how is of no interest.
    if http2 {
        let _ = http2::Builder::new(TokioExecutor::new()).serve_connection(io, service).await;
    } else {
        let _ = http1::Builder::new().serve_connection(io, service).await;
    }
}

async fn answer(answers: Arc<Answers>, mut request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    while let Some(Ok(_)) = request.body_mut().frame().await {}
    Ok(answers.get(request.uri().path()).cloned().unwrap_or_else(|| {
        let mut nothing = Response::new(Full::new(Bytes::new()));
        *nothing.status_mut() = http::StatusCode::NOT_FOUND;
        nothing
    }))
}

type Answers = HashMap<String, Response<Full<Bytes>>>;
