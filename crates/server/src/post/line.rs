//! A secured line to a mail server, ready for the protocol to begin on it.
//!
//! What STARTTLS needs (RFC 3207) is said here, byte by byte: nothing that came before the line was secured is left over to be taken for
//! an answer afterwards. There is no way round TLS.

use std::io::{self, Error, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A line on which the server's greeting is still to be read.
#[derive(Debug)]
pub(super) struct Line {
    /// After STARTTLS there is no second greeting; this stands in for it.
    greeting: &'static [u8],
    stream: TlsStream<TcpStream>,
}

impl Line {
    /// Secures a connection that begins with TLS (RFC 8314 3.3).
    pub(super) async fn implicit(stream: TcpStream, tls: &TlsConnector, host: ServerName<'static>) -> io::Result<Self> {
        Ok(Self { greeting: b"", stream: tls.connect(host, stream).await? })
    }

    /// Secures a connection that begins in the clear.
    pub(super) async fn upgraded(
        mut stream: TcpStream,
        tls: &TlsConnector,
        host: ServerName<'static>,
        hello: &str,
    ) -> io::Result<Self> {
        expect(&mut stream, "220").await?;
        stream.write_all(format!("EHLO {hello}\r\n").as_bytes()).await?;
        let offers = expect(&mut stream, "250").await?;
        if !offers.iter().any(|offer| offer.eq_ignore_ascii_case("STARTTLS")) {
            return Err(Error::new(ErrorKind::Unsupported, "it does not offer STARTTLS"));
        }
        stream.write_all(b"STARTTLS\r\n").await?;
        expect(&mut stream, "220").await?;
        Ok(Self { greeting: b"220 secured\r\n", stream: tls.connect(host, stream).await? })
    }
}

/// Reads an answer that must have this code; what its lines say. Not a byte beyond its end is read.
async fn expect(stream: &mut TcpStream, code: &str) -> io::Result<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let line = line(stream).await?;
        let odd = || Error::new(ErrorKind::InvalidData, "an answer that is none");
        let (found, rest) = line.split_at_checked(code.len()).ok_or_else(odd)?;
        if found != code {
            return Err(Error::new(ErrorKind::InvalidData, "it does not want to talk"));
        }
        lines.push(rest.get(1..).unwrap_or_default().to_owned());
        if !rest.starts_with('-') {
            return Ok(lines);
        }
        if lines.len() >= LINES_MAX {
            return Err(odd());
        }
    }
}

async fn line(stream: &mut TcpStream) -> io::Result<String> {
    let mut bytes = Vec::new();
    loop {
        match stream.read_u8().await? {
            b'\n' => break,
            byte if bytes.len() < LINE_BYTES_MAX => bytes.push(byte),
            _ => return Err(Error::new(ErrorKind::InvalidData, "a line that is too long")),
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| Error::new(ErrorKind::InvalidData, "a line that is no text"))?;
    Ok(text.trim_end_matches('\r').to_owned())
}

impl AsyncTokioStream for Line {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.get_ref().0.peer_addr()
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.greeting.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let (now, later) = self.greeting.split_at(self.greeting.len().min(buf.remaining()));
        buf.put_slice(now);
        self.greeting = later;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Bytes of one line of an answer (RFC 5321 4.5.3.1.5: 512).
const LINE_BYTES_MAX: usize = 1024;
/// Lines of one answer.
const LINES_MAX: usize = 64;
