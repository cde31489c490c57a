//! HTTP/2 by hand: frames that no client library would send (RFC 9113 4.1, RFC 7541 6.2.2).

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::client::{PATIENCE, Server};

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PRIORITY: u8 = 2;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const END_STREAM: u8 = 1;
pub(super) const ACK: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

pub(super) const REFUSED_STREAM: u32 = 7;
pub(super) const ENHANCE_YOUR_CALM: u32 = 11;

/// A frame that came.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

impl Frame {
    /// The error code at this place of the payload.
    pub(super) fn code(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }
}

/// The bytes of a frame.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// The fields of a GET, none of them indexed.
pub(super) fn get(path: &str) -> Vec<u8> {
    let mut block = vec![0x82, 0x87];
    for (index, value) in [(4, path), (1, "localhost")] {
        block.extend([index, u8::try_from(value.len()).unwrap()]);
        block.extend(value.as_bytes());
    }
    block
}

/// A whole GET on a stream.
pub(super) fn ask(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &get(path))
}

/// The number of the client's stream so many after its first.
pub(super) fn stream(number: u32) -> u32 {
    2 * number + 1
}

/// A setting in a frame of its own.
pub(super) fn setting(id: u16, value: u32) -> Vec<u8> {
    frame(SETTINGS, 0, 0, &[id.to_be_bytes().as_slice(), &value.to_be_bytes()].concat())
}

/// A connection on which the preface has been sent.
pub(super) struct Raw {
    pub(super) reader: Reader,
    pub(super) writer: WriteHalf<TlsStream<TcpStream>>,
}

/// The half that reads frames.
pub(super) struct Reader(ReadHalf<TlsStream<TcpStream>>);

impl Raw {
    pub(super) async fn open(server: &Server) -> Self {
        let stream = server.connect(&["h2"]).await.unwrap();
        let (reader, mut writer) = tokio::io::split(stream);
        writer.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        writer.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
        Self { reader: Reader(reader), writer }
    }

    /// Sends pieces, each made from its number, until the server ends the connection; reads meanwhile.
    pub(super) async fn attack(self, pieces: u32, mut piece: impl FnMut(u32) -> Vec<u8>) -> Attacked {
        let Self { reader, mut writer } = self;
        let reading = tokio::spawn(reader.until_end());
        let mut sent = 0;
        while sent < pieces && writer.write_all(&piece(sent)).await.is_ok() && !reading.is_finished() {
            sent += 1;
        }
        let _ = writer.flush().await;
        let frames = timeout(PATIENCE, reading).await.ok().map(Result::unwrap);
        Attacked { sent, frames }
    }
}

impl Reader {
    /// The next frame; `None` when the server has closed.
    pub(super) async fn next(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut payload).await.ok()?;
        let stream = u32::from_be_bytes(head[5..].try_into().unwrap());
        Some(Frame { kind: head[3], flags: head[4], stream, payload })
    }

    /// All frames until the server closes, those that only answer pings and settings apart.
    async fn until_end(mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            if !matches!(frame.kind, PING | SETTINGS) {
                frames.push(frame);
            }
        }
        frames
    }
}

/// How an attack ended.
#[derive(Debug)]
pub(super) struct Attacked {
    /// Pieces that could be sent.
    pub(super) sent: u32,
    /// What came back; `None` if the server kept the connection.
    frames: Option<Vec<Frame>>,
}

impl Attacked {
    /// What came back until the server ended the connection.
    pub(super) fn ended(&self) -> &[Frame] {
        self.frames.as_deref().expect("the server kept the connection")
    }

    /// The code with which the server said that the connection ends.
    pub(super) fn goaway(&self) -> Option<u32> {
        self.ended().iter().rev().find(|frame| frame.kind == GOAWAY).map(|frame| frame.code(4))
    }
}
