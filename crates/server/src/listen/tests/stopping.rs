//! A stop: nothing new, what runs is finished, and nobody can hold it up for longer than the limit.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::client::{PATIENCE, Server, read_to_close};
use crate::listen::Limits;
use crate::listen::tls::ClientCerts;

const SLOW: &[u8] = b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[tokio::test]
async fn finishes_running_requests_and_takes_no_new_connections() {
    let server = Server::tls(Limits::default(), ClientCerts::None).await;
    let mut http1 = server.connect(&[]).await.unwrap();
    http1.write_all(SLOW).await.unwrap();
    let mut http2 = server.http2().await;
    let running = tokio::spawn(async move { http2.get("/slow").await });
    let both = server.begun.acquire_many(2);
    drop(timeout(PATIENCE, both).await.expect("the requests did not begin").unwrap());

    server.switch.stop();
    sleep(Duration::from_millis(100)).await;
    assert!(TcpStream::connect(server.addr).await.is_err(), "a new connection was taken");
    let (_, said) = read_to_close(&mut http1).await;
    assert!(said.starts_with("HTTP/1.1 200") && said.ends_with("done"), "{said}");
    assert_eq!(running.await.unwrap().unwrap(), (200, "done".to_owned()));
    timeout(PATIENCE, server.task).await.expect("the listener did not end").unwrap();
}

#[tokio::test]
async fn does_not_wait_for_connections_that_rest_or_hang() {
    let limits = Limits { close: Duration::from_millis(200), ..Limits::default() };
    let server = Server::tls(limits, ClientCerts::None).await;
    let silent = server.tcp().await;
    let fresh = server.connect(&["http/1.1"]).await.unwrap();
    let no_preface = server.connect(&["h2"]).await.unwrap();
    let mut rested = server.http2().await;
    rested.get("/peer").await.unwrap();
    let mut half = server.connect(&[]).await.unwrap();
    half.write_all(b"GET /peer HT").await.unwrap();
    let start = Instant::now();
    server.switch.stop();
    timeout(PATIENCE, server.task).await.expect("the listener did not end").unwrap();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    drop((silent, fresh, no_preface, half));
}

#[tokio::test]
async fn drops_what_does_not_end_in_time() {
    let server =
        Server::tls(Limits { drain: Duration::from_millis(100), ..Limits::default() }, ClientCerts::None).await;
    let mut stream = server.connect(&[]).await.unwrap();
    stream.write_all(SLOW).await.unwrap();
    drop(timeout(PATIENCE, server.begun.acquire()).await.expect("the request did not begin").unwrap());
    server.switch.stop();
    let (_, said) = read_to_close(&mut stream).await;
    assert!(said.is_empty(), "{said}");
    timeout(PATIENCE, server.task).await.expect("the listener did not end").unwrap();
}
