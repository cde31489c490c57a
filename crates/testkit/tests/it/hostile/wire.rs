//! Bytes that are no HTTP, and requests that two servers in a row would read differently: one answer at most, then the end.

use lombard_testkit::TestBank;

use super::assert_alive;

#[tokio::test]
async fn what_is_no_http_is_refused_and_closed() {
    let bank = TestBank::new().await;
    let head = "Host: localhost\r\n";
    let many: String = (0..2000).map(|number| format!("x-{number}: y\r\n")).collect();
    let long = format!("x: {}\r\n", "y".repeat(1024 * 1024));
    let cases: [(&str, Vec<u8>); 15] = [
        ("nonsense", b"hello\r\n\r\n".to_vec()),
        ("bytes", vec![0xff; 4096]),
        ("NUL", b"\0\0\0\0\r\n\r\n".to_vec()),
        ("no version", format!("GET /\r\n{head}\r\n").into()),
        ("HTTP/9", format!("GET / HTTP/9.9\r\n{head}\r\n").into()),
        ("no method", format!(" / HTTP/1.1\r\n{head}\r\n").into()),
        ("no target", format!("GET  HTTP/1.1\r\n{head}\r\n").into()),
        ("a space in the target", format!("GET /a b HTTP/1.1\r\n{head}\r\n").into()),
        ("a space before the colon", format!("GET / HTTP/1.1\r\n{head}a : b\r\n\r\n").into()),
        ("a folded header", format!("GET / HTTP/1.1\r\n{head}a: b\r\n c\r\n\r\n").into()),
        ("a NUL in a header", format!("GET / HTTP/1.1\r\n{head}a: b\0c\r\n\r\n").into()),
        ("a return in a header", format!("GET / HTTP/1.1\r\n{head}a: b\rc: d\r\n\r\n").into()),
        ("no name", format!("GET / HTTP/1.1\r\n{head}: b\r\n\r\n").into()),
        ("thousands of headers", format!("GET / HTTP/1.1\r\n{head}{many}\r\n").into()),
        ("a header of a megabyte", format!("GET / HTTP/1.1\r\n{head}{long}\r\n").into()),
    ];
    for (what, bytes) in cases {
        let wire = bank.wire(&bytes).await;
        assert!(wire.closed, "{what}: the connection stays open: {}", wire.text);
        assert!(
            wire.statuses().len() <= 1 && wire.statuses().iter().all(|status| (400..500).contains(status)),
            "{what}: {}",
            wire.text
        );
    }
    assert_alive(&bank).await;
}

/// RFC 9112 6.3: a request whose length can be read in two ways.
#[tokio::test]
async fn a_request_of_two_lengths_is_refused_and_nothing_after_it_is_read() {
    let bank = TestBank::new().await;
    let smuggled = "GET /jwks HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let size = smuggled.len();
    let cases = [
        ("two lengths", "Content-Length: 0\r\nContent-Length: 5\r\n".to_owned(), ""),
        ("two lengths in one", "Content-Length: 0, 5\r\n".to_owned(), ""),
        ("a signed length", "Content-Length: +0\r\n".to_owned(), ""),
        ("a negative length", "Content-Length: -1\r\n".to_owned(), ""),
        ("a length in hex", "Content-Length: 0x0\r\n".to_owned(), ""),
        ("a huge length", "Content-Length: 99999999999999999999999\r\n".to_owned(), ""),
        ("chunked and a length", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n".to_owned(), "0\r\n\r\n"),
        ("a length and chunked", format!("Transfer-Encoding: chunked\r\nContent-Length: {size}\r\n"), "0\r\n\r\n"),
        ("chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n".to_owned(), "0\r\n\r\n"),
        ("an unknown coding", "Transfer-Encoding: xchunked\r\n".to_owned(), "0\r\n\r\n"),
        ("chunked, then another", "Transfer-Encoding: chunked, gzip\r\n".to_owned(), "0\r\n\r\n"),
        ("a bad chunk size", "Transfer-Encoding: chunked\r\n".to_owned(), "zz\r\n\r\n"),
        ("a huge chunk", "Transfer-Encoding: chunked\r\n".to_owned(), "ffffffffffffffffff\r\n\r\n"),
        ("a negative chunk", "Transfer-Encoding: chunked\r\n".to_owned(), "-1\r\n\r\n"),
    ];
    for (what, lengths, body) in cases {
        let request = format!("POST /token HTTP/1.1\r\nHost: localhost\r\n{form}{lengths}\r\n{body}{smuggled}");
        let wire = bank.wire(request.as_bytes()).await;
        assert!(wire.closed, "{what}: the connection stays open: {}", wire.text);
        assert!(!wire.text.contains("\"keys\""), "{what}: the second request was answered: {}", wire.text);
        let statuses = wire.statuses();
        assert!(
            statuses.len() <= 1 && statuses.iter().all(|status| (400..500).contains(status)),
            "{what}: {}",
            wire.text
        );
    }
    assert_alive(&bank).await;
}

/// RFC 9112 9.6: whoever is refused before the body was sent can go on with the same connection, or is told that it ends.
#[tokio::test]
async fn a_refusal_before_the_body_does_not_end_the_connection_unsaid() {
    let bank = TestBank::new().await;
    let next = "GET /jwks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let refused = [
        ("POST /open-banking/v4.0/aisp/account-access-consents", "Content-Type: application/json", 401),
        ("PUT /open-banking/v4.0/aisp/accounts", "Content-Type: application/json", 405),
        ("POST /nothing", "Content-Type: application/json", 404),
        ("POST /token", "Content-Type: application/json", 415),
        ("POST /register", "Content-Type: text/plain", 415),
    ];
    for (line, kind, status) in refused {
        let head = format!("{line} HTTP/1.1\r\nHost: localhost\r\n{kind}\r\nContent-Length: 20\r\n\r\n");
        let rest = format!("{}{next}", "x".repeat(20));
        let wire = bank.wire_by_turns(&[head.as_bytes(), rest.as_bytes()]).await;
        assert_eq!(wire.statuses(), [status, 200], "{line}: {}", wire.text);
    }
    let waits = "POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\nExpect: 100-continue\r\n\r\n";
    let long =
        format!("POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{}", "x".repeat(500));
    let slow = "POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\nxxx";
    for (what, head) in [("a body that waits", waits), ("a long body", &long), ("a body that does not come", slow)] {
        let wire = bank.wire(head.as_bytes()).await;
        assert!(wire.closed && wire.statuses() == [404], "{what}: {}", wire.text);
        assert_eq!(wire.header("connection"), "close", "{what}: {}", wire.text);
    }
    assert_alive(&bank).await;
}
