//! Which protocol is spoken, and what is too much.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::client::{Server, exchange};
use crate::listen::Limits;
use crate::listen::tls::ClientCerts;

const CLOSE: &str = "Host: localhost\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn speaks_http2_and_http1_as_the_client_can() {
    let server = Server::tls(Limits::default(), ClientCerts::None).await;
    let (status, body) = server.http2().await.get("/peer").await.unwrap();
    assert_eq!(status, 200);
    assert!(body.starts_with("TLSv1.3 TLS13_AES_256_GCM_SHA384 certificate:0 port:"), "{body}");

    for alpn in [&["http/1.1"][..], &[]] {
        let stream = server.connect(alpn).await.unwrap();
        let port = stream.get_ref().0.local_addr().unwrap().port();
        let text = exchange(stream, format!("GET /peer HTTP/1.1\r\n{CLOSE}").as_bytes()).await;
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        assert!(text.ends_with(&format!("port:{port}")), "{text}");
    }
    assert!(server.connect(&["spdy/3"]).await.is_err());
    let both = server.connect(&["http/1.1", "h2"]).await.unwrap();
    assert_eq!(both.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
}

#[tokio::test]
async fn serves_the_operators_without_tls() {
    let server = Server::plain(Limits::default()).await;
    let text = exchange(server.tcp().await, format!("GET /peer HTTP/1.1\r\n{CLOSE}").as_bytes()).await;
    assert!(text.contains("none none certificate:0"), "{text}");
}

#[tokio::test]
async fn refuses_heads_that_are_too_large() {
    let server = Server::tls(Limits::default(), ClientCerts::None).await;
    let long = "x".repeat(40 * 1024);
    let many: String = (0..100).map(|n| format!("x-{n}: y\r\n")).collect();
    for head in [
        format!("GET /peer HTTP/1.1\r\nx: {long}\r\n{CLOSE}"),
        format!("GET /peer?{long} HTTP/1.1\r\n{CLOSE}"),
        format!("GET /peer HTTP/1.1\r\n{many}{CLOSE}"),
    ] {
        let text = exchange(server.connect(&[]).await.unwrap(), head.as_bytes()).await;
        let status = text.get(9..12).unwrap_or("").to_owned();
        assert!(["431", "414", "400"].contains(&status.as_str()), "{text}");
    }
    let mut connection = server.http2().await;
    let answer = connection.get(&format!("/peer?{long}")).await;
    assert!(answer.as_ref().map_or(true, |(status, _)| *status == 431), "{answer:?}");
    assert_eq!(server.http2().await.get("/peer").await.unwrap().0, 200);
}

#[tokio::test]
async fn hostile_bytes_end_the_connection_and_nothing_else() {
    let server = Server::tls(Limits::default(), ClientCerts::None).await;
    for bytes in [
        &b"\0\0\0\0\r\n\r\n"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /peer HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /peer HTTP/1.1\nHost: a\x00b\n\n",
    ] {
        let text = exchange(server.connect(&["http/1.1"]).await.unwrap(), bytes).await;
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 4"), "{bytes:?}: {text}");
    }
    let mut garbage = server.connect(&["h2"]).await.unwrap();
    garbage.write_all(&[0xff; 4096]).await.unwrap();
    let mut rest = Vec::new();
    let _ = garbage.read_to_end(&mut rest).await;
    let text = exchange(server.tcp().await, b"GET / HTTP/1.1\r\n\r\n").await;
    assert!(!text.contains("HTTP/"), "plain HTTP on the TLS port: {text}");
    assert_eq!(server.http2().await.get("/peer").await.unwrap().0, 200);
}

#[tokio::test]
async fn a_handler_that_panics_leaves_the_listener_alive() {
    let server = Server::tls(Limits { max_connections: 1, ..Limits::default() }, ClientCerts::None).await;
    let stream = server.connect(&[]).await.unwrap();
    let text = exchange(stream, format!("GET /panic HTTP/1.1\r\n{CLOSE}").as_bytes()).await;
    assert!(!text.contains("200"), "{text}");
    assert!(server.http2().await.get("/panic").await.is_err());
    assert_eq!(server.http2().await.get("/peer").await.unwrap().0, 200);
}
