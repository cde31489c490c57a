//! Too many clients: who is served, who is sent away, and who makes way.

use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use super::client::{PATIENCE, Server, read_to_close};
use crate::listen::Limits;
use crate::listen::tls::ClientCerts;

const SLOW: &[u8] = b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A connection on which a request runs.
async fn busy(server: &Server, last: u8) -> impl Sized {
    let mut connection = server.http2_from(last).await.unwrap();
    let running = tokio::spawn(async move { connection.get("/slow").await });
    timeout(PATIENCE, server.begun.acquire()).await.expect("the request did not begin").unwrap().forget();
    running
}

#[tokio::test]
async fn one_address_has_no_more_than_its_share_and_others_are_served() {
    let server = Server::tls(Limits { max_per_address: 2, ..Limits::default() }, ClientCerts::None).await;
    let held = (busy(&server, 1).await, busy(&server, 1).await);
    assert!(server.http2_from(1).await.is_err(), "a third connection of one address was served");
    let (_, said) = read_to_close(&mut server.tcp_from(1).await.unwrap()).await;
    assert!(said.is_empty(), "nothing is said to who is refused: {said}");
    assert_eq!(server.http2_from(2).await.unwrap().get("/peer").await.unwrap().0, 200);
    drop(held);
    timeout(PATIENCE, server.served_from(1)).await.expect("its slots were never freed");
}

#[tokio::test]
async fn who_rests_longest_makes_way_and_is_told() {
    let server = Server::tls(Limits { max_connections: 3, ..Limits::default() }, ClientCerts::None).await;
    let mut silent = server.tcp_from(1).await.unwrap();
    let mut resting = server.http2_from(2).await.unwrap();
    assert_eq!(resting.get("/peer").await.unwrap().0, 200);
    let mut newest = server.http2_from(3).await.unwrap();
    assert_eq!(newest.get("/peer").await.unwrap().0, 200);

    let mut newcomer = server.http2_from(4).await.unwrap();
    assert_eq!(newcomer.get("/peer").await.unwrap().0, 200);
    assert_eq!(read_to_close(&mut silent).await.1, "", "the handshake that never came is the longest rest");
    let mut other = server.http2_from(5).await.unwrap();
    assert_eq!(other.get("/peer").await.unwrap().0, 200);
    let ended = timeout(PATIENCE, resting.task).await.expect("the resting one stayed").unwrap();
    assert!(ended.is_ok(), "it was told that it goes: {ended:?}");
    assert_eq!(newest.get("/peer").await.unwrap().0, 200, "a request is the end of a rest");
}

#[tokio::test]
async fn running_requests_are_finished_however_many_want_in() {
    let server = Server::tls(Limits { max_connections: 2, ..Limits::default() }, ClientCerts::None).await;
    let mut first = server.connect(&[]).await.unwrap();
    first.write_all(SLOW).await.unwrap();
    let mut second = server.http2_from(2).await.unwrap();
    let second = tokio::spawn(async move { second.get("/slow").await });
    timeout(PATIENCE, server.begun.acquire_many(2)).await.expect("the requests did not begin").unwrap().forget();
    for last in 3..20 {
        assert!(server.http2_from(last).await.is_err(), "there is no slot and nobody rests");
    }
    assert_eq!(second.await.unwrap().unwrap(), (200, "done".to_owned()));
    timeout(PATIENCE, server.served_from(3)).await.expect("the slot was never freed");
    drop(first);
}

#[tokio::test]
async fn an_attacker_with_all_slots_keeps_nobody_out() {
    let limits = Limits { max_connections: 30, max_per_address: 10, ..Limits::default() };
    let server = Server::tls(limits, ClientCerts::None).await;
    let mut held = Vec::new();
    for last in 10..13 {
        for _ in 0..10 {
            held.push(server.tcp_from(last).await.unwrap());
        }
    }
    let mut honest = Vec::new();
    for last in 20..40 {
        let mut connection = server.http2_from(last).await.unwrap();
        assert_eq!(connection.get("/peer").await.unwrap().0, 200);
        honest.push(connection);
        held.push(server.tcp_from(10).await.unwrap());
    }
    for connection in &mut honest {
        assert_eq!(connection.get("/peer").await.unwrap().0, 200, "who has one connection keeps it");
    }
}

#[tokio::test]
async fn one_address_begins_no_more_handshakes_than_its_rate() {
    let server = Server::tls(Limits { handshakes_per_second: 1, ..Limits::default() }, ClientCerts::None).await;
    let mut taken = 0;
    for _ in 0..12 {
        taken += u32::from(server.http2_from(1).await.is_ok());
    }
    // Four at once, and one for each second that this loop may have taken.
    assert!((4..12).contains(&taken), "{taken}");
    assert_eq!(server.http2_from(2).await.unwrap().get("/peer").await.unwrap().0, 200);
}
