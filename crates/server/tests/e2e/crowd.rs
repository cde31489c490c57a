//! Limits on connections, from the settings to the socket.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::production::Production;
use crate::tls;

#[tokio::test]
async fn an_address_that_begins_too_many_handshakes_is_refused_and_counted() {
    let production = Production::new(None);
    let settings = "key_file = \"server.key\"\nhandshakes_per_second = 1\ntrusted_proxies = [\"10.0.0.0/8\", \"fd00::/8\"]\n\
                    forwarded_header = \"forwarded\"";
    production.change("key_file = \"server.key\"", settings);
    crate::command::lombard(&["migrate", "--config", &production.config()]).good();
    let server = production.start().await;
    let mut taken = 0;
    for _ in 0..20 {
        let connected = tls::connect(production.ports.public, &production.identity.certificate).await;
        taken += u32::from(connected.is_ok());
    }
    assert!((4..20).contains(&taken), "{taken}");
    let metrics = server.ops("/metrics").await;
    let refused = "lombard_connections_refused_total{listener=\"public\",reason=\"handshake_rate\"}";
    assert!(metrics.contains(refused), "{metrics}");
    // The other listener has the same slots, and the same rate.
    let mut other = 0;
    for _ in 0..20 {
        other += u32::from(tls::connect(production.ports.mtls, &production.identity.certificate).await.is_ok());
    }
    assert!(other < 20, "{other}");
    server.stop().await;
}

#[tokio::test]
async fn a_connection_that_rests_makes_way() {
    let production = Production::new(None);
    production.change("key_file = \"server.key\"", "key_file = \"server.key\"\nmax_connections = 3");
    crate::command::lombard(&["migrate", "--config", &production.config()]).good();
    let server = production.start().await;
    let connect = || tls::connect(production.ports.public, &production.identity.certificate);
    let mut held = Vec::new();
    for _ in 0..10 {
        let mut connection = connect().await.unwrap();
        connection.write_all(b"GET /jwks HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut status = [0; 12];
        connection.read_exact(&mut status).await.unwrap();
        assert_eq!(&status, b"HTTP/1.1 200");
        held.push(connection);
    }
    let metrics = server.ops("/metrics").await;
    assert!(metrics.contains("lombard_connections_evicted_total{reason=\"full\"} 7"), "{metrics}");
    server.stop().await;
}
