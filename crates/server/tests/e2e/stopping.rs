//! Signals: an orderly end that finishes what runs, and a renewed certificate without a restart.

use std::time::Duration;

use lombard_testkit::https_client;
use reqwest::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, sleep};

use crate::command::lombard;
use crate::production::Production;
use crate::story::Sandbox;
use crate::tls::{self, Identity};

#[tokio::test]
async fn a_running_request_is_finished_before_the_end() {
    let sandbox = Sandbox::new();
    let mut server = sandbox.start().await;
    let bank = sandbox.bank();
    // A connection that rests must not hold up the end.
    let resting = https_client(&bank.ca_pem).build().unwrap();
    resting.get(format!("{}/jwks", bank.issuer)).send().await.unwrap();

    let mut stream = tls::connect(sandbox.ports.public, &bank.ca_pem).await.unwrap();
    let body = br#"{"client_name": "Slow app", "redirect_uris": ["https://app.example/callback"]}"#;
    let head = format!(
        "POST /register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Expect: 100-continue\r\n\r\n",
        body.len()
    );
    let (first, rest) = body.split_at(10);
    stream.write_all(head.as_bytes()).await.unwrap();
    // RFC 9110 10.1.1: with this the server says that it has begun with the request.
    let mut begun = [0; 25];
    stream.read_exact(&mut begun).await.unwrap();
    assert_eq!(str::from_utf8(&begun).unwrap(), "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(first).await.unwrap();
    stream.flush().await.unwrap();

    server.signal("TERM");
    let began = Instant::now();
    while server.readiness().await != Some(503) {
        assert!(began.elapsed() < Duration::from_secs(5), "still ready");
        sleep(Duration::from_millis(10)).await;
    }
    assert!(tls::connect(sandbox.ports.public, &bank.ca_pem).await.is_err(), "a new connection was taken");
    for byte in rest {
        stream.write_all(&[*byte]).await.unwrap();
        stream.flush().await.unwrap();
        sleep(Duration::from_millis(5)).await;
    }
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201") && answer.contains("client_secret"), "{answer}");
    assert!(server.ended().await.success());
    assert_eq!(server.readiness().await, None);
    assert!(lombard(&["client", "list", "--data", &sandbox.data()]).good().contains("Slow app"));
}

#[tokio::test]
async fn ctrl_c_stops_it_too_also_right_after_the_start() {
    let sandbox = Sandbox::new();
    for signal in ["INT", "TERM"] {
        let mut server = sandbox.start().await;
        server.signal(signal);
        let status = server.ended().await;
        assert!(status.success(), "{signal}: {status}");
    }
}

#[tokio::test]
async fn a_hangup_renews_the_certificate_and_a_bad_one_changes_nothing() {
    let production = Production::new(None);
    lombard(&["migrate", "--config", &production.config()]).good();
    let server = production.start().await;
    let shown = |identity: &Identity| https_client(&identity.certificate).build().unwrap();
    let url = format!("{}/jwks", production.ports.issuer());
    let old = shown(&production.identity);
    assert_eq!(old.get(&url).send().await.unwrap().status(), StatusCode::OK);

    let next = Identity::new("localhost");
    assert!(shown(&next).get(&url).send().await.is_err());
    production.show(&next);
    server.signal("HUP");
    said(&server, 1, "the certificate was read anew").await;
    assert_eq!(shown(&next).get(&url).send().await.unwrap().status(), StatusCode::OK);
    // A connection from before is not touched.
    assert_eq!(old.get(&url).send().await.unwrap().status(), StatusCode::OK);
    assert!(shown(&production.identity).get(&url).send().await.is_err());

    production.write("server.key", "not a key", 0o600);
    server.signal("HUP");
    said(&server, 1, "the former certificate stays in use").await;
    assert_eq!(shown(&next).get(&url).send().await.unwrap().status(), StatusCode::OK);

    let third = Identity::new("localhost");
    production.show(&third);
    server.signal("HUP");
    said(&server, 2, "the certificate was read anew").await;
    assert_eq!(shown(&third).get(&url).send().await.unwrap().status(), StatusCode::OK);
    server.stop().await;
}

/// Waits until the log has said a sentence so many times.
async fn said(server: &crate::process::Server, times: usize, sentence: &str) {
    let began = Instant::now();
    while server.stderr().matches(sentence).count() < times {
        assert!(began.elapsed() < Duration::from_secs(10), "{sentence} is missing in {}", server.stderr());
        sleep(Duration::from_millis(10)).await;
    }
}
