//! Abuse of HTTP/2: each is ended within a bounded number of frames, and others are served meanwhile.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::time::{sleep, timeout};

use super::client::{PATIENCE, Server};
use super::frames::{
    ACK, Attacked, CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, HEADERS, PING, PRIORITY,
    REFUSED_STREAM, RST_STREAM, Raw, SETTINGS, WINDOW_UPDATE, ask, frame, get, setting, stream,
};
use crate::listen::Limits;
use crate::listen::tls::ClientCerts;

async fn server() -> Server {
    Server::tls(Limits::default(), ClientCerts::None).await
}

/// Attacks a server, on which an honest client asks before, meanwhile and afterwards.
async fn attack(pieces: u32, piece: impl FnMut(u32) -> Vec<u8>) -> Attacked {
    let server = server().await;
    let mut honest = server.http2().await;
    assert_eq!(honest.get("/peer").await.unwrap().0, 200);
    let asking = async {
        for _ in 0..20 {
            let answer = timeout(PATIENCE, honest.get("/peer")).await.expect("the honest client is not served");
            assert_eq!(answer.unwrap().0, 200);
        }
    };
    let raw = Raw::open(&server).await;
    let (attacked, ()) = tokio::join!(raw.attack(pieces, piece), asking);
    assert_eq!(server.http2().await.get("/peer").await.unwrap().0, 200);
    attacked
}

/// CVE-2023-44487, in one packet: the request is given up before anybody has looked at it.
#[tokio::test]
async fn ends_a_rapid_reset() {
    let attacked = attack(5_000, |number| {
        [ask(stream(number), "/slow"), frame(RST_STREAM, 0, stream(number), &8_u32.to_be_bytes())].concat()
    })
    .await;
    assert_eq!(attacked.goaway(), Some(ENHANCE_YOUR_CALM), "{attacked:?}");
    assert!(attacked.sent < 5_000);
}

/// The same with patience: each request has begun when it is given up.
#[tokio::test]
async fn ends_resets_of_requests_that_have_begun() {
    let server = server().await;
    let mut raw = Raw::open(&server).await;
    let mut given_up = 0_u32;
    let giving_up = async {
        loop {
            let id = stream(given_up);
            let asked = [ask(id, "/slow"), frame(PING, 0, 0, &[0; 8])].concat();
            if raw.writer.write_all(&asked).await.is_err() {
                return;
            }
            loop {
                match raw.reader.next().await {
                    Some(answer) if answer.kind == PING && answer.flags == ACK => break,
                    Some(_) => {}
                    None => return,
                }
            }
            let begun = timeout(PATIENCE, server.begun.acquire()).await.expect("the request did not begin");
            begun.unwrap().forget();
            let reset = frame(RST_STREAM, 0, id, &8_u32.to_be_bytes());
            if raw.writer.write_all(&reset).await.is_err() {
                return;
            }
            given_up += 1;
            assert!(given_up < 1_000, "requests are begun and given up for ever");
        }
    };
    timeout(PATIENCE * 2, giving_up).await.expect("the server kept the connection");
    assert!(given_up > 50, "an honest client may give up some: {given_up}");
    assert_eq!(server.http2().await.get("/peer").await.unwrap().0, 200);
}

/// CVE-2025-8671, "MadeYouReset": it is the server that must reset, and the request runs on behind it.
#[tokio::test]
async fn ends_a_client_that_makes_the_server_reset() {
    for (what, increment) in [("an increment of nothing", 0_u32), ("a window beyond all bounds", 0x7fff_ffff)] {
        let attacked = attack(5_000, |number| {
            let id = stream(number);
            [ask(id, "/slow"), frame(WINDOW_UPDATE, 0, id, &increment.to_be_bytes())].concat()
        })
        .await;
        assert!(attacked.goaway().is_some_and(|code| code != 0), "{what}: {attacked:?}");
        assert!(attacked.sent < 5_000, "{what}");
    }
    let attacked = attack(5_000, |number| {
        let id = stream(number);
        [ask(id, "/slow"), frame(DATA, 0, id, b"after the end")].concat()
    })
    .await;
    assert!(attacked.goaway().is_some_and(|code| code != 0), "data after the end: {attacked:?}");
}

/// CVE-2024-27316: fields without end.
#[tokio::test]
async fn ends_continuations_without_end() {
    for (what, payload) in
        [("empty", Vec::new()), ("small", vec![0x00, 1, b'x', 1, b'y']), ("large", field(b"x", 16_000))]
    {
        let attacked = attack(20_000, |number| match number {
            0 => frame(HEADERS, END_STREAM, 1, &get("/peer")),
            _ => frame(CONTINUATION, 0, 1, &payload),
        })
        .await;
        assert_eq!(attacked.goaway(), Some(ENHANCE_YOUR_CALM), "{what}: {attacked:?}");
        assert!(attacked.sent < 20_000, "{what}");
    }
}

/// A field that is not indexed, with a value of so many bytes.
fn field(name: &[u8], bytes: usize) -> Vec<u8> {
    let mut block = vec![0, u8::try_from(name.len()).unwrap()];
    block.extend(name);
    block.extend(integer(0, 7, bytes));
    block.extend(vec![b'v'; bytes]);
    block
}

/// RFC 7541 5.1.
fn integer(first: u8, prefix: u32, value: usize) -> Vec<u8> {
    let full = (1_usize << prefix) - 1;
    if value < full {
        return vec![first | u8::try_from(value).unwrap()];
    }
    let mut bytes = vec![first | u8::try_from(full).unwrap()];
    let mut rest = value - full;
    while rest >= 128 {
        bytes.push(u8::try_from(rest % 128).unwrap() | 0x80);
        rest /= 128;
    }
    bytes.push(u8::try_from(rest).unwrap());
    bytes
}

/// Frames that ask for nothing, each of which must be read and most be answered.
#[tokio::test]
async fn ends_floods_that_ask_for_nothing() {
    for (what, one) in [
        ("pings", frame(PING, 0, 0, &[7; 8])),
        ("settings", setting(4, 65_535)),
        ("empty settings", frame(SETTINGS, 0, 0, &[])),
        ("priorities", frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 1])),
        ("unknown frames", frame(200, 0, 0, &[0; 100])),
        ("windows", frame(WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes())),
    ] {
        let thousand = one.repeat(1_000);
        let attacked = attack(1_000, |_| thousand.clone()).await;
        attacked.ended();
        assert!(attacked.sent < 1_000, "{what}: a million frames were taken");
    }
}

#[tokio::test]
async fn ends_empty_data_without_end() {
    let thousand = frame(DATA, 0, 1, &[]).repeat(1_000);
    let attacked = attack(1_000, |number| match number {
        0 => frame(
            HEADERS,
            END_HEADERS,
            1,
            &get("/echo").iter().map(|byte| if *byte == 0x82 { 0x83 } else { *byte }).collect::<Vec<_>>(),
        ),
        _ => thousand.clone(),
    })
    .await;
    attacked.ended();
    assert!(attacked.sent < 1_000, "a million frames were taken");
}

#[tokio::test]
async fn runs_no_more_requests_at_once_than_allowed_and_refuses_the_rest() {
    let limits = Limits { max_streams: 10, ..Limits::default() };
    let server = Server::tls(limits, ClientCerts::None).await;
    let mut raw = Raw::open(&server).await;
    let many: Vec<u8> = (0..30).flat_map(|number| ask(stream(number), "/slow")).collect();
    raw.writer.write_all(&many).await.unwrap();
    let (mut answered, mut refused) = (0, 0);
    let counting = async {
        while answered < 10 || refused < 20 {
            let Some(frame) = raw.reader.next().await else { return };
            match frame.kind {
                HEADERS => {
                    assert_eq!(frame.stream, stream(answered), "the first ones are served");
                    answered += 1;
                }
                RST_STREAM => {
                    assert_eq!(frame.code(0), REFUSED_STREAM);
                    refused += 1;
                }
                _ => {}
            }
        }
    };
    timeout(PATIENCE, counting).await.expect("the answers did not come");
    assert_eq!((answered, refused), (10, 20));
    assert_eq!(server.begun.available_permits(), 10);
}

/// Fields beyond the limit of a head, also when few bytes stand for many (RFC 7541 7.3).
#[tokio::test]
async fn refuses_fields_beyond_the_limit_however_small_they_are_sent() {
    let mut stored = vec![0x40, 1, b'x'];
    stored.extend(integer(0, 7, 3_000));
    stored.extend(vec![b'v'; 3_000]);
    let bomb = [get("/peer"), stored, vec![0x80 | 62; 10_000]].concat();
    let plain = [get("/peer"), field(b"x", 8_000).repeat(3), field(b"y", 9_000)].concat();
    for (what, block) in [("a bomb", bomb), ("plain", plain)] {
        let server = server().await;
        let mut raw = Raw::open(&server).await;
        let mut pieces = block.chunks(16_000).peekable();
        let mut kind = HEADERS;
        while let Some(piece) = pieces.next() {
            let end = if pieces.peek().is_none() { END_HEADERS } else { 0 };
            let flags = end | if kind == HEADERS { END_STREAM } else { 0 };
            // The server may have ended the connection already.
            let _ = raw.writer.write_all(&frame(kind, flags, 1, piece)).await;
            kind = CONTINUATION;
        }
        let refused = async {
            while let Some(frame) = raw.reader.next().await {
                if frame.kind == HEADERS {
                    // :status is the first field of an answer; 200 has an index of its own.
                    return frame.payload.first() != Some(&0x88);
                }
                if frame.kind == RST_STREAM {
                    return true;
                }
            }
            true
        };
        assert!(timeout(PATIENCE, refused).await.expect("no answer"), "{what}");
        assert_eq!(server.http2().await.get("/peer").await.unwrap().0, 200);
    }
}

/// A window that is closed, or opened by a byte at a time: the answer waits for a while and then no longer.
#[tokio::test]
async fn ends_a_client_that_does_not_let_the_answer_out() {
    let limits = Limits { progress: Duration::from_millis(300), max_per_address: 1, ..Limits::default() };
    let server = Server::tls(limits, ClientCerts::None).await;
    for spoonfuls in [0_u32, 1] {
        // The one slot is free again once the connection before has ended.
        let connected = async {
            drop(server.served_from(1).await);
            Raw::open(&server).await
        };
        let mut raw = timeout(PATIENCE, connected).await.expect("the slot was never freed");
        raw.writer.write_all(&[setting(4, 0), ask(1, "/endless")].concat()).await.unwrap();
        let more = frame(WINDOW_UPDATE, 0, 1, &1_u32.to_be_bytes());
        let stalling = async {
            loop {
                tokio::select! {
                    next = raw.reader.next() => if next.is_none() { return },
                    () = sleep(Duration::from_millis(20)), if spoonfuls > 0 => {
                        if raw.writer.write_all(&more).await.is_err() {
                            return;
                        }
                    }
                }
            }
        };
        timeout(PATIENCE, stalling).await.expect("the server kept the connection");
    }
}
