//! The second listener: asks for a client certificate without insisting.

use std::fs;

use lombard_testkit::https_client;
use reqwest::{Identity as ClientIdentity, StatusCode};

use crate::command::lombard;
use crate::story::Sandbox;
use crate::tls::Identity;

#[tokio::test]
async fn takes_connections_with_and_without_a_client_certificate() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    let bank = sandbox.bank();
    let own = Identity::new("app.example");
    let pem = format!("{}{}", own.certificate, own.key);
    let with = https_client(&bank.ca_pem).identity(ClientIdentity::from_pem(pem.as_bytes()).unwrap());
    let out = sandbox.folder().with_file_name("app");
    lombard(&["client", "keys", "--out", out.to_str().unwrap(), "--data", &sandbox.data()]).good();
    let pem = ["client-cert.pem", "client-key.pem"].map(|name| fs::read_to_string(out.join(name)).unwrap());
    let vouched = https_client(&bank.ca_pem).identity(ClientIdentity::from_pem(pem.concat().as_bytes()).unwrap());
    assert_eq!(sandbox.facts()["mtls_url"], format!("https://localhost:{}", sandbox.ports.mtls));
    for client in [https_client(&bank.ca_pem), with, vouched] {
        let client = client.build().unwrap();
        for host in ["localhost", "127.0.0.1"] {
            let url = format!("https://{host}:{}/.well-known/openid-configuration", sandbox.ports.mtls);
            let answer = client.get(url).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            let answer: serde_json::Value = answer.json().await.unwrap();
            assert_eq!(answer["issuer"], bank.issuer.as_str());
        }
    }
    // Plain HTTP is answered by no listener but the operators'.
    let metrics = server.ops("/metrics").await;
    assert!(metrics.contains("lombard_http_requests_total"), "{metrics}");
    server.stop().await;
}
