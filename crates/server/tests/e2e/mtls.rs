//! The second listener: asks for a client certificate without insisting.

use std::fs;

use lombard_testkit::https_client;
use reqwest::{Client, Identity as ClientIdentity, StatusCode};
use serde_json::{Value, json};

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
            let answer: Value = answer.json().await.unwrap();
            assert_eq!(answer["issuer"], bank.issuer.as_str());
        }
    }
    // Plain HTTP is answered by no listener but the operators'.
    let metrics = server.ops("/metrics").await;
    assert!(metrics.contains("lombard_http_requests_total"), "{metrics}");
    server.stop().await;
}

/// Asks for an app's own token, with nothing but its id in the form.
async fn own_token(http: &Client, endpoint: &Value, id: &str) -> (StatusCode, Value) {
    let form = [("grant_type", "client_credentials"), ("scope", "grant_management_query"), ("client_id", id)];
    let answer = http.post(endpoint.as_str().unwrap()).form(&form).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

/// RFC 8705 2 and 3, through the listener, the settings and the command line of the real program.
#[tokio::test]
async fn an_app_proves_itself_by_the_certificate_that_was_made_for_it_and_its_tokens_are_bound_to_it() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    let bank = sandbox.bank();
    let out = sandbox.folder().with_file_name("app");
    let (out_text, data) = (out.to_str().unwrap(), sandbox.data());
    lombard(&["client", "keys", "--out", out_text, "--name", "pocket-ledger", "--data", &data]).good();
    let registered = |name: &'static str, changes: Value| {
        let mut metadata: Value = serde_json::from_slice(&fs::read(out.join("client.json")).unwrap()).unwrap();
        let fields = metadata.as_object_mut().unwrap();
        fields.remove("token_endpoint_auth_signing_alg");
        fields.insert("dpop_bound_access_tokens".to_owned(), json!(false));
        fields.insert("tls_client_certificate_bound_access_tokens".to_owned(), json!(true));
        fields.extend(changes.as_object().unwrap().clone());
        fs::write(out.join(name), metadata.to_string()).unwrap();
        let file = out.join(name);
        let add = ["client", "add", "--file", file.to_str().unwrap(), "--metadata", "--data", &data];
        serde_json::from_str::<Value>(&lombard(&add).good()).unwrap()
    };
    let by_name = registered(
        "by-name.json",
        json!({"token_endpoint_auth_method": "tls_client_auth",
               "tls_client_auth_subject_dn": "CN=pocket-ledger,O=Lombard sandbox app"}),
    );
    let own = Identity::new("app.example");
    let pem = |folder: &std::path::Path| {
        let read = |name| fs::read_to_string(folder.join(name)).unwrap();
        format!("{}{}", read("client-cert.pem"), read("client-key.pem"))
    };
    let with = |pem: &str| {
        let identity = ClientIdentity::from_pem(pem.as_bytes()).unwrap();
        https_client(&bank.ca_pem).identity(identity).build().unwrap()
    };
    let (app, stranger) = (with(&pem(&out)), with(&format!("{}{}", own.certificate, own.key)));
    let nobody = https_client(&bank.ca_pem).build().unwrap();

    let server_metadata = &by_name["server_metadata"];
    let alias = &server_metadata["mtls_endpoint_aliases"]["token_endpoint"];
    let id = by_name["client_id"].as_str().unwrap();
    let (status, answer) = own_token(&app, alias, id).await;
    assert_eq!((status, &answer["token_type"]), (StatusCode::OK, &json!("Bearer")), "{answer}");
    for (who, http, endpoint) in [
        ("a certificate of nobody's", &stranger, alias),
        ("no certificate", &nobody, alias),
        ("the listener that asks for none", &app, &server_metadata["token_endpoint"]),
    ] {
        let (status, refused) = own_token(http, endpoint, id).await;
        assert_eq!((status, &refused["error"]), (StatusCode::UNAUTHORIZED, &json!("invalid_client")), "{who}");
    }

    // The token opens nothing without the certificate; with it, there is just no such grant.
    let grants = server_metadata["mtls_endpoint_aliases"]["grant_management_endpoint"].as_str().unwrap();
    let grant = format!("{grants}/gra_00000000000000000000000001");
    let token = answer["access_token"].as_str().unwrap();
    for (http, expected) in
        [(&app, StatusCode::NOT_FOUND), (&stranger, StatusCode::UNAUTHORIZED), (&nobody, StatusCode::UNAUTHORIZED)]
    {
        assert_eq!(http.get(&grant).bearer_auth(token).send().await.unwrap().status(), expected);
    }
    server.stop().await;
}
