//! Clients that say nothing, or not enough, or take for ever: each is closed by the limit that is meant for it.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{sleep, timeout};

use super::client::{PATIENCE, Server, read_to_close, short};
use crate::listen::Limits;
use crate::listen::tls::ClientCerts;

/// No limit of [`short`] is below this.
const NOT_BEFORE: Duration = Duration::from_millis(250);
/// A limit that is not under test.
const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn closes_a_connection_without_a_handshake() {
    let limits = Limits { first_request: LONG, header_read: LONG, idle: LONG, close: LONG, ..short() };
    let server = Server::tls(limits, ClientCerts::None).await;
    let (after, said) = read_to_close(&mut server.tcp().await).await;
    assert!(after >= NOT_BEFORE && said.is_empty(), "{after:?} {said}");
    let mut half = server.tcp().await;
    half.write_all(&[22, 3, 1, 2, 0, 1]).await.unwrap();
    assert!(read_to_close(&mut half).await.0 >= NOT_BEFORE);
}

#[tokio::test]
async fn closes_a_connection_without_a_first_request() {
    let limits = Limits { handshake: LONG, header_read: LONG, idle: LONG, close: LONG, ..short() };
    let server = Server::tls(limits, ClientCerts::None).await;
    for alpn in ["h2", "http/1.1"] {
        let mut stream = server.connect(&[alpn]).await.unwrap();
        assert!(read_to_close(&mut stream).await.0 >= NOT_BEFORE, "{alpn}");
    }
    // A preface and settings are no request.
    let connection = server.http2().await;
    timeout(PATIENCE, connection.task).await.expect("the server kept the connection").unwrap().ok();
}

#[tokio::test]
async fn closes_a_connection_with_half_a_request_head() {
    let limits = Limits { handshake: LONG, first_request: LONG, idle: LONG, close: LONG, ..short() };
    let server = Server::tls(limits, ClientCerts::None).await;
    let mut stream = server.connect(&[]).await.unwrap();
    stream.write_all(b"GET /peer HTTP/1.1\r\nHost: local").await.unwrap();
    assert!(read_to_close(&mut stream).await.0 >= NOT_BEFORE);

    let mut dripping = server.connect(&[]).await.unwrap();
    dripping.write_all(b"GET /peer HTTP/1.1\r\n").await.unwrap();
    let drip = async {
        while dripping.write_all(b"x: y\r\n").await.is_ok() {
            sleep(Duration::from_millis(20)).await
        }
    };
    timeout(PATIENCE, drip).await.expect("a header a moment kept the connection open");
}

#[tokio::test]
async fn closes_a_connection_that_rests_after_an_answer() {
    for limits in [
        Limits { handshake: LONG, first_request: LONG, idle: LONG, ..short() },
        Limits { handshake: LONG, first_request: LONG, header_read: LONG, ..short() },
    ] {
        let server = Server::tls(limits, ClientCerts::None).await;
        let mut stream = server.connect(&[]).await.unwrap();
        stream.write_all(b"GET /peer HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let (after, said) = read_to_close(&mut stream).await;
        assert!(after >= NOT_BEFORE && said.starts_with("HTTP/1.1 200"), "{after:?} {said}");
    }
    let idle = Duration::from_secs(1);
    let limits = Limits { handshake: LONG, first_request: LONG, header_read: LONG, idle, ..short() };
    let server = Server::tls(limits, ClientCerts::None).await;
    let mut connection = server.http2().await;
    assert_eq!(connection.get("/peer").await.unwrap().0, 200);
    sleep(Duration::from_millis(100)).await;
    assert_eq!(connection.get("/peer").await.unwrap().0, 200);
    assert!(timeout(PATIENCE, connection.task).await.expect("the server kept the connection").unwrap().is_ok());
}

#[tokio::test]
async fn a_running_request_is_no_rest() {
    let limits = Limits { handshake: LONG, first_request: LONG, ..short() };
    let server = Server::tls(limits, ClientCerts::None).await;
    assert_eq!(server.http2().await.get("/slow").await.unwrap(), (200, "done".to_owned()));
}

#[tokio::test]
async fn closes_a_connection_whose_client_does_not_read_the_answer() {
    let limits = Limits { exchange: Duration::from_millis(300), max_connections: 1, ..Limits::default() };
    let server = Server::tls(limits, ClientCerts::None).await;
    let mut stream = server.connect(&[]).await.unwrap();
    stream.write_all(b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut some = [0; 16];
    stream.read_exact(&mut some).await.unwrap();
    assert_eq!(&some[..12], b"HTTP/1.1 200");
    // The only slot is free again although the client still holds its end.
    timeout(PATIENCE, server.served_from(1)).await.expect("the slot was never freed");
    drop(stream);
}

#[tokio::test]
async fn closes_a_connection_whose_request_body_never_ends() {
    let limits = Limits { exchange: Duration::from_millis(300), ..Limits::default() };
    let server = Server::tls(limits, ClientCerts::None).await;
    let mut stream = server.connect(&[]).await.unwrap();
    stream.write_all(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n123").await.unwrap();
    assert!(read_to_close(&mut stream).await.0 >= NOT_BEFORE);
}

#[tokio::test]
async fn closes_a_connection_whose_bodies_come_or_go_by_the_spoonful() {
    let progress = Duration::from_millis(300);
    let server = Server::tls(Limits { progress, ..Limits::default() }, ClientCerts::None).await;
    let mut sending = server.connect(&[]).await.unwrap();
    sending.write_all(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n").await.unwrap();
    let drip = async {
        while sending.write_all(b"x").await.is_ok() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, drip).await.expect("a byte a moment kept the connection open");

    let mut taking = server.connect(&[]).await.unwrap();
    taking.write_all(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut some = [0; 64];
    let sip = async {
        while taking.read(&mut some).await.is_ok_and(|count| count > 0) {
            sleep(Duration::from_millis(10)).await;
        }
    };
    // What the system has buffered comes still; the end comes long before 64 MiB by spoonfuls.
    let whole = async { timeout(progress * 4, sip).await.ok() };
    let _ = whole.await;
    let (_, rest) = read_to_close(&mut taking).await;
    assert!(rest.len() < 64 * 1024 * 1024, "the answer was held ready to its end");
}

#[tokio::test]
async fn a_body_that_goes_on_may_take_longer_than_the_time_for_one_spoonful() {
    let limits = Limits { progress: Duration::from_secs(1), ..Limits::default() };
    let server = Server::tls(limits, ClientCerts::None).await;
    let mut stream = server.connect(&[]).await.unwrap();
    stream
        .write_all(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    for _ in 0..16 {
        sleep(Duration::from_millis(100)).await;
        stream.write_all(&[b'x'; 4096]).await.unwrap();
    }
    let (_, said) = read_to_close(&mut stream).await;
    assert!(said.starts_with("HTTP/1.1 200") && said.len() > 65_536, "{} bytes", said.len());
}
