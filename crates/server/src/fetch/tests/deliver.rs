//! Posting tokens, to the same kind of server.

use lombard_auth::{Deliver as _, Parcel};

use super::*;

async fn post(fetch: &HttpsFetch, url: &str) -> Result<(), String> {
    let parcel = Parcel { url, interaction: "93bac548-d2de-4546-b106-880a5018460d", token: "e30.e30.c2ln" };
    fetch.post(parcel).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn posts_a_token_and_says_little_of_itself() {
    let server = Server::says(answer("202 Accepted", "", "")).await;
    assert_eq!(post(&server.fetch(Reach::Everything), &server.url()).await, Ok(()));
    let mut expected = format!("POST /keys?of=app HTTP/1.1\r\nhost: localhost:{}\r\n", server.port);
    expected.push_str("content-type: application/jwt\r\naccept: application/json\r\n");
    expected.push_str("x-fapi-interaction-id: 93bac548-d2de-4546-b106-880a5018460d\r\nuser-agent: lombard\r\n");
    expected.push_str("connection: close\r\ncontent-length: 12\r\n\r\ne30.e30.c2ln");
    assert_eq!(*server.requests.lock().unwrap(), [expected]);
}

#[tokio::test]
async fn only_a_success_is_one_and_no_redirect_is_followed() {
    let aim = Server::says(answer("202 Accepted", "", "")).await;
    for status in [200, 201, 202, 204] {
        let server = Server::says(answer(&format!("{status} Fine"), "", "")).await;
        assert_eq!(post(&server.fetch(Reach::Everything), &server.url()).await, Ok(()), "{status}");
    }
    for status in [301, 302, 303, 304, 307, 308, 400, 401, 404, 410, 429, 500, 503] {
        let location = format!("Location: {}\r\n", aim.url());
        let server = Server::says(answer(&format!("{status} What"), &location, "SECRET")).await;
        let refused = post(&server.fetch(Reach::Everything), &server.url()).await;
        assert_eq!(refused, Err(format!("the answer has status {status}")));
        assert_eq!(server.connections(), 1);
    }
    assert_eq!(aim.connections(), 0);
}

/// Nothing of it is of use, so nothing of it is waited for.
#[tokio::test]
async fn does_not_read_the_body_of_the_answer() {
    let announced = "HTTP/1.1 202 Accepted\r\nContent-Length: 1000000000000\r\n\r\nSECRET";
    let server = Server::does(vec![say(announced), Do::Pause(Duration::from_secs(60))]).await;
    let start = Instant::now();
    assert_eq!(post(&server.fetch(Reach::Everything), &server.url()).await, Ok(()));
    assert!(start.elapsed() < patient().whole);
}

#[tokio::test]
async fn who_does_not_answer_costs_no_more_than_the_limit() {
    let server = Server::does(vec![Do::Pause(Duration::from_secs(60))]).await;
    let start = Instant::now();
    let fetch = server.fetch_within(Reach::Everything, hurried());
    assert_eq!(post(&fetch, &server.url()).await, Err("no answer within 1s".to_owned()));
    assert!((hurried().whole..patient().whole).contains(&start.elapsed()), "{:?}", start.elapsed());
    for text in ["", "SSH-2.0-SECRET\r\n\r\n"] {
        let server = Server::says(text).await;
        let error = post(&server.fetch(Reach::Everything), &server.url()).await.unwrap_err();
        assert!(error.starts_with("no HTTP answer") && !error.contains("SECRET"), "{error}");
    }
}

#[tokio::test]
async fn keeps_the_rules_of_the_network() {
    let server = Server::says(answer("202 Accepted", "", "")).await;
    let strangers = Server::says("").await;
    let error = post(&strangers.fetch(Reach::Everything), &server.url()).await.unwrap_err();
    assert!(error.starts_with("no TLS connection: "), "{error}");
    let plain = server.url().replace("https:", "http:");
    assert_eq!(post(&server.fetch(Reach::Everything), &plain).await, Err("not an https address".to_owned()));
    let connections = server.connections();
    for host in ["localhost", "127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254"] {
        let url = format!("https://{host}:{}/", server.port);
        let error = post(&server.fetch(Reach::PublicOnly), &url).await.unwrap_err();
        assert!(error.starts_with("the host has an address that is not public: "), "{host}: {error}");
    }
    assert_eq!(server.connections(), connections);
}

/// UK Open Banking has events sent over mutual TLS; who keeps keys at an address is shown nothing.
#[tokio::test]
async fn shows_its_certificate_to_an_app_that_asks_for_one() {
    let signed = |name: &str| {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        (certificate, PrivateKeyDer::try_from(key.serialize_der()).unwrap())
    };
    let ((app, app_key), (bank, bank_key)) = (signed("localhost"), signed("bank.example"));
    let mut believed = RootCertStore::empty();
    believed.add(bank.clone()).unwrap();
    let asks = rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(believed), tls::provider());
    let config = ServerConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(asks.build().unwrap())
        .with_single_cert(vec![app.clone()], app_key)
        .unwrap();
    let server = Server::with(config, app, vec![say(answer("202 Accepted", "", ""))]).await;
    let mut roots = RootCertStore::empty();
    roots.add(server.certificate.clone()).unwrap();
    let own = ChainAndKey { chain: vec![bank], key: bank_key };
    let known = HttpsFetch::trusting(roots, Some(&own), Reach::Everything, patient()).unwrap();
    assert_eq!(post(&known, &server.url()).await, Ok(()));
    assert!(post(&server.fetch(Reach::Everything), &server.url()).await.is_err(), "without a certificate");
    assert!(get(&known, &server.url()).await.is_err(), "keys are fetched without one");
}
