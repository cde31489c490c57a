//! Fetches from a server that says what a script tells it to, over real TLS.

mod deliver;
mod picture;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use super::*;

/// One step of what the server does after it has read a request.
#[derive(Clone)]
enum Do {
    Say(Vec<u8>),
    Pause(Duration),
    /// Ends the TCP connection without saying so in TLS.
    Cut,
}

fn say(text: impl Into<Vec<u8>>) -> Do {
    Do::Say(text.into())
}

/// A server on a port of its own, for as long as it is held.
struct Server {
    port: u16,
    certificate: CertificateDer<'static>,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
    _task: JoinSet<()>,
}

impl Server {
    async fn says(text: impl Into<Vec<u8>>) -> Self {
        Self::does(vec![say(text)]).await
    }

    async fn does(script: Vec<Do>) -> Self {
        let params = rcgen::CertificateParams::new(["localhost", "127.0.0.1"].map(str::to_owned)).unwrap();
        Self::start(params, rustls::ALL_VERSIONS, script).await
    }

    async fn start(
        params: rcgen::CertificateParams,
        versions: &[&'static SupportedProtocolVersion],
        script: Vec<Do>,
    ) -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(tls::provider())
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        Self::with(config, certificate, script).await
    }

    async fn with(config: ServerConfig, certificate: CertificateDer<'static>, script: Vec<Do>) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = socket.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::default());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let mut task = JoinSet::new();
        let (count, heard) = (Arc::clone(&connections), Arc::clone(&requests));
        task.spawn(async move {
            loop {
                let (stream, _) = socket.accept().await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, acceptor.clone(), Arc::clone(&heard), script.clone()));
            }
        });
        Self { port, certificate, connections, requests, _task: task }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}/keys?of=app", self.port)
    }

    /// A way to fetch that trusts this server's certificate.
    fn fetch(&self, reach: Reach) -> HttpsFetch {
        self.fetch_within(reach, patient())
    }

    fn fetch_within(&self, reach: Reach, limits: Limits) -> HttpsFetch {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        HttpsFetch::trusting(roots, None, reach, limits).unwrap()
    }

    async fn get(&self) -> Result<String, String> {
        get(&self.fetch(Reach::Everything), &self.url()).await
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, heard: Arc<Mutex<Vec<String>>>, script: Vec<Do>) {
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        request.push(byte);
    }
    let mut request = String::from_utf8(request).unwrap();
    let length = request.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    if stream.read_exact(&mut body).await.is_err() {
        return;
    }
    request.push_str(std::str::from_utf8(&body).unwrap());
    heard.lock().unwrap().push(request);
    for step in script {
        match step {
            Do::Say(bytes) => {
                // The client may have heard enough.
                if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
                    return;
                }
            }
            Do::Pause(time) => sleep(time).await,
            Do::Cut => return,
        }
    }
    let _ = stream.shutdown().await;
}

/// Long enough for a loaded machine; a body of 100 bytes stands for one of 64 KiB.
fn patient() -> Limits {
    Limits { whole: Duration::from_secs(20), connect: Duration::from_secs(10), body_bytes: 100, picture_bytes: 200 }
}

/// So short that a test can wait for it.
fn hurried() -> Limits {
    Limits { whole: Duration::from_secs(1), ..patient() }
}

async fn get(fetch: &HttpsFetch, url: &str) -> Result<String, String> {
    let body = fetch.get(url).await.map_err(|error| error.to_string())?;
    Ok(String::from_utf8(body).unwrap())
}

/// An answer with these header fields and this body, with its length.
fn answer(status: &str, fields: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{fields}\r\n{body}", body.len())
}

const WRONG_TYPE: &str = "the answer has another content type than application/jwk-set+json or application/json";
const BODY: &str = r#"{"keys":[]}"#;
const JSON: &str = "Content-Type: application/json\r\n";

#[tokio::test]
async fn fetches_a_document_and_says_little_of_itself() {
    let server = Server::says(answer("200 OK", JSON, BODY)).await;
    assert_eq!(server.get().await.as_deref(), Ok(BODY));
    assert_eq!(server.get().await.as_deref(), Ok(BODY));
    let mut expected = format!("GET /keys?of=app HTTP/1.1\r\nhost: localhost:{}\r\n", server.port);
    expected.push_str("accept: application/jwk-set+json, application/json\r\nuser-agent: lombard\r\n");
    expected.push_str("connection: close\r\n\r\n");
    assert_eq!(*server.requests.lock().unwrap(), [expected.clone(), expected]);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn takes_json_of_three_kinds_and_no_other() {
    for (fields, taken) in [
        ("", true),
        ("Content-Type: application/json\r\n", true),
        ("Content-Type: application/jwk-set+json\r\n", true),
        ("Content-Type: Application/JSON ; charset=utf-8\r\n", true),
        ("Content-Type: text/html\r\n", false),
        ("Content-Type: application/jsonp\r\n", false),
        ("Content-Type: text/plain; application/json\r\n", false),
        ("Content-Type: \r\n", false),
        ("Content-Type: application/j\u{fc}son\r\n", false),
        ("Content-Type: application/json\r\nContent-Type: text/html\r\n", false),
    ] {
        let server = Server::says(answer("200 OK", fields, BODY)).await;
        let expected = if taken { Ok(BODY) } else { Err(WRONG_TYPE) };
        assert_eq!(server.get().await.as_deref().map_err(String::as_str), expected, "{fields}");
    }
}

#[tokio::test]
async fn takes_no_status_but_200_and_follows_no_redirect() {
    let aim = Server::says(answer("200 OK", JSON, BODY)).await;
    for status in [201, 203, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 404, 429, 500, 503] {
        let location = format!("{JSON}Location: {}\r\n", aim.url());
        let server = Server::says(answer(&format!("{status} What"), &location, "SECRET")).await;
        assert_eq!(server.get().await, Err(format!("the answer has status {status}")));
        assert_eq!(server.connections(), 1);
    }
    assert_eq!(aim.connections(), 0);
}

#[tokio::test]
async fn takes_a_body_up_to_its_limit_however_it_is_sent() {
    let (fits, over) = ("x".repeat(100), "x".repeat(101));
    let plain = |body: &str| answer("200 OK", JSON, body);
    let open = |body: &str| format!("HTTP/1.1 200 OK\r\n{JSON}\r\n{body}");
    let chunk = |body: &str| format!("{:x}\r\n{body}\r\n", body.len());
    let chunked = |body: &str| {
        let (one, two) = body.split_at(60);
        format!("HTTP/1.1 200 OK\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n{}{}0\r\n\r\n", chunk(one), chunk(two))
    };
    for (what, good, bad) in [
        ("with its length", plain(&fits), plain(&over)),
        ("until the end", open(&fits), open(&over)),
        ("in chunks", chunked(&fits), chunked(&over)),
    ] {
        assert_eq!(Server::says(good).await.get().await.as_deref(), Ok(fits.as_str()), "{what}");
        let error = Server::says(bad).await.get().await.unwrap_err();
        assert!(error.starts_with("the body is "), "{what}: {error}");
    }
}

#[tokio::test]
async fn does_not_read_what_is_announced_too_large_nor_without_end() {
    let announced = Server::does(vec![
        say(format!("HTTP/1.1 200 OK\r\n{JSON}Content-Length: 1000000000000\r\n\r\n")),
        Do::Pause(Duration::from_secs(60)),
    ]);
    let start = Instant::now();
    assert_eq!(announced.await.get().await, Err("the body is larger than 100 bytes".to_owned()));
    let mut endless = vec![say(format!("HTTP/1.1 200 OK\r\n{JSON}\r\n"))];
    endless.extend(std::iter::repeat_n(say("x".repeat(1_000)), 10_000));
    let error = Server::does(endless).await.get().await.unwrap_err();
    assert_eq!(error, "the body is too large or breaks off: length limit exceeded");
    assert!(start.elapsed() < patient().whole, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_document() {
    let length = format!("HTTP/1.1 200 OK\r\n{JSON}Content-Length: 20\r\n\r\n{BODY}");
    let open = format!("HTTP/1.1 200 OK\r\n{JSON}\r\n{BODY}");
    for script in [vec![say(length)], vec![say(open), Do::Cut]] {
        let error = Server::does(script).await.get().await.unwrap_err();
        assert!(error.starts_with("the body is too large or breaks off") && !error.contains("keys"), "{error}");
    }
}

#[tokio::test]
async fn refuses_what_is_not_http_and_headers_without_end() {
    let many = "X: y\r\n".repeat(MAX_HEADERS + 1);
    let long = format!("X: {}\r\n", "y".repeat(MAX_BUFFER_BYTES));
    for text in ["", "SSH-2.0-SECRET\r\n\r\n", &answer("200 OK", &many, BODY), &answer("200 OK", &long, BODY)] {
        let error = Server::says(text).await.get().await.unwrap_err();
        assert!(error.starts_with("no HTTP answer") && !error.contains("SECRET"), "{error}");
    }
}

#[tokio::test]
async fn a_slow_server_costs_no_more_than_the_limit() {
    let drip = |text: &str| -> Vec<Do> {
        text.bytes().flat_map(|byte| [say(vec![byte]), Do::Pause(Duration::from_millis(100))]).collect()
    };
    let head = answer("200 OK", JSON, "");
    let body =
        [vec![say(answer("200 OK", JSON, "").replace("Length: 0", "Length: 90"))], drip(&"x".repeat(90))].concat();
    let silent = vec![Do::Pause(Duration::from_secs(60))];
    for (what, script) in [("header", drip(&head)), ("body", body), ("silence", silent)] {
        let server = Server::does(script).await;
        let start = Instant::now();
        let fetch = server.fetch_within(Reach::Everything, hurried());
        let refused = get(&fetch, &server.url()).await;
        assert_eq!(refused, Err("no complete answer within 1s".to_owned()), "{what}");
        assert!((hurried().whole..patient().whole).contains(&start.elapsed()), "{what}: {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn a_server_that_never_shakes_hands_costs_no_more_either() {
    // The system takes the connection; nobody ever reads from it.
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let fetch = HttpsFetch::trusting(RootCertStore::empty(), None, Reach::Everything, hurried()).unwrap();
    let url = format!("https://127.0.0.1:{}/", socket.local_addr().unwrap().port());
    assert_eq!(get(&fetch, &url).await, Err("no complete answer within 1s".to_owned()));
    drop(socket);
    let error = get(&fetch, &url).await.unwrap_err();
    assert!(error.starts_with("cannot connect: "), "{error}");
}

#[tokio::test]
async fn believes_only_certificates_of_known_authorities_for_this_name_and_time() {
    let with = |names: &[&str]| {
        rcgen::CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
    };
    let mut past = with(&["localhost"]);
    past.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let mut future = with(&["localhost"]);
    future.not_before = rcgen::date_time_ymd(3000, 1, 1);
    for (what, params, good) in [
        ("right", with(&["localhost"]), true),
        ("other name", with(&["elsewhere.example"]), false),
        ("address", with(&["127.0.0.1"]), false),
        ("past", past, false),
        ("future", future, false),
    ] {
        let server = Server::start(params, rustls::ALL_VERSIONS, vec![say(answer("200 OK", JSON, BODY))]).await;
        match server.get().await {
            Ok(body) => assert!(good && body == BODY, "{what}"),
            Err(error) => assert!(!good && error.starts_with("no TLS connection: "), "{what}: {error}"),
        }
        assert_eq!(server.requests.lock().unwrap().len(), usize::from(good), "{what}");
    }

    let server = Server::says(answer("200 OK", JSON, BODY)).await;
    let strangers = Server::says("").await;
    let error = get(&strangers.fetch(Reach::Everything), &server.url()).await.unwrap_err();
    assert!(error.starts_with("no TLS connection: "), "{error}");
    assert!(server.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn trusts_the_authorities_that_it_is_given() {
    let server = Server::says(answer("200 OK", JSON, BODY)).await;
    let trusting = HttpsFetch::new(Reach::Everything, vec![server.certificate.clone()], None).unwrap();
    assert_eq!(get(&trusting, &server.url()).await.as_deref(), Ok(BODY));
    let system = HttpsFetch::new(Reach::Everything, Vec::new(), None).unwrap();
    assert!(get(&system, &server.url()).await.is_err());
    assert!(HttpsFetch::new(Reach::Everything, vec![CertificateDer::from(vec![1, 2, 3])], None).is_err());
}

#[tokio::test]
async fn speaks_tls_1_2_and_1_3() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let server = Server::start(params, &[version], vec![say(answer("200 OK", JSON, BODY))]).await;
        assert_eq!(server.get().await.as_deref(), Ok(BODY), "{version:?}");
    }
}

#[tokio::test]
async fn plain_http_is_not_even_tried() {
    let server = Server::says(answer("200 OK", JSON, BODY)).await;
    let url = server.url().replace("https:", "http:");
    assert_eq!(get(&server.fetch(Reach::Everything), &url).await, Err("not an https address".to_owned()));
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn does_not_connect_into_its_own_network() {
    let server = Server::says(answer("200 OK", JSON, BODY)).await;
    let (public, every) = (server.fetch(Reach::PublicOnly), server.fetch(Reach::Everything));
    let ways = ["localhost", "LOCALHOST", "127.0.0.1", "2130706433", "0x7f.1", "017700000001", "[::ffff:127.0.0.1]"];
    for host in ways {
        let url = format!("https://{host}:{}/", server.port);
        let error = get(&public, &url).await.unwrap_err();
        assert!(error.starts_with("the host has an address that is not public: "), "{host}: {error}");
    }
    for host in ["0.0.0.0", "[::]", "[::1]", "169.254.169.254", "10.0.0.1", "[fd00:ec2::254]"] {
        let error = get(&public, &format!("https://{host}:{}/", server.port)).await.unwrap_err();
        assert!(error.starts_with("the host has an address that is not public: "), "{host}: {error}");
    }
    assert_eq!(server.connections(), 0);
    for host in ["localhost", "127.0.0.1", "2130706433"] {
        let url = format!("https://{host}:{}/", server.port);
        assert_eq!(get(&every, &url).await.as_deref(), Ok(BODY), "{host}");
    }
}

#[tokio::test]
async fn tries_the_next_address_when_one_does_not_answer() {
    let server = Server::says("").await;
    let fetch = server.fetch(Reach::Everything);
    let good = SocketAddr::from(([127, 0, 0, 1], server.port));
    // A port that is taken, so that nobody else gets it, but on which nobody listens.
    let silent = tokio::net::TcpSocket::new_v4().unwrap();
    silent.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let dead = silent.local_addr().unwrap();
    assert_eq!(fetch.connect(&[dead, good]).await.unwrap().peer_addr().unwrap(), good);
    assert_eq!(fetch.connect(&[good, dead]).await.unwrap().peer_addr().unwrap(), good);
    assert!(fetch.connect(&[dead, dead, dead, dead, good]).await.is_err(), "only four are tried");
    assert!(fetch.connect(&[]).await.is_err());
    // The second attempt would begin after the limit.
    let hasty = server.fetch_within(Reach::Everything, Limits { connect: Duration::from_millis(100), ..patient() });
    assert_eq!(hasty.connect(&[dead, good]).await.unwrap_err().to_string(), "no connection within 100ms");
}
