//! Abuse of HTTP/1.1 that no time-out sees: too much in one piece.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::client::{PATIENCE, Server, exchange};
use crate::listen::Limits;
use crate::listen::tls::ClientCerts;

const CHUNKED: &str = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

#[tokio::test]
async fn requests_in_a_row_are_answered_one_after_the_other() {
    let server = Server::tls(Limits::default(), ClientCerts::None).await;
    let mut stream = server.connect(&[]).await.unwrap();
    let row = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n".repeat(200);
    stream.write_all(row.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut first)).await.expect("no answer").unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    assert!(server.begun.available_permits() <= 2, "{} requests have begun", server.begun.available_permits());
    assert_eq!(server.http2().await.get("/peer").await.unwrap().0, 200);
}

#[tokio::test]
async fn thousands_of_requests_in_a_row_are_all_answered_in_order() {
    let server = Server::tls(Limits::default(), ClientCerts::None).await;
    let stream = server.connect(&[]).await.unwrap();
    let (mut reader, mut writer) = tokio::io::split(stream);
    let writing = async move {
        writer.write_all("GET /peer HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2_999).as_bytes()).await.unwrap();
        writer.write_all(b"GET /peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
        writer
    };
    let mut text = String::new();
    let both = async { tokio::join!(writing, reader.read_to_string(&mut text)) };
    let (_writer, read) = timeout(PATIENCE, both).await.expect("the row was not answered");
    read.unwrap();
    assert_eq!(text.matches("HTTP/1.1 200").count(), 3_000);
}

#[tokio::test]
async fn what_surrounds_chunks_is_bounded() {
    let server = Server::tls(Limits::default(), ClientCerts::None).await;
    let long = "x".repeat(100 * 1024);
    let trailers: String = (0..5_000).map(|number| format!("x-{number}: y\r\n")).collect();
    for (what, body) in [
        ("an extension", format!("5;{long}\r\nhello\r\n0\r\n\r\n")),
        ("an extension that has a value", format!("5;x=\"{long}\"\r\nhello\r\n0\r\n\r\n")),
        ("many extensions", format!("1;{}\r\nh\r\n", "e".repeat(1_000)).repeat(100) + "0\r\n\r\n"),
        ("a trailer", format!("5\r\nhello\r\n0\r\nx: {long}\r\n\r\n")),
        ("many trailers", format!("5\r\nhello\r\n0\r\n{trailers}\r\n")),
        ("a size without end", "0".repeat(600 * 1024)),
    ] {
        let mut stream = server.connect(&[]).await.unwrap();
        // The server may have read enough before all of it was sent.
        let _ = stream.write_all(format!("{CHUNKED}{body}").as_bytes()).await;
        let mut bytes = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes))
            .await
            .unwrap_or_else(|_| panic!("{what}: kept, said {}", bytes.len()));
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 4"), "{what}: {text}");
    }
    let good =
        format!("{}5;a=b\r\nhello\r\n0\r\nx: y\r\n\r\n", CHUNKED.replace("Host: a", "Host: a\r\nConnection: close"));
    let text = exchange(server.connect(&[]).await.unwrap(), good.as_bytes()).await;
    assert!(text.starts_with("HTTP/1.1 200") && text.ends_with("hello"), "{text}");
}
