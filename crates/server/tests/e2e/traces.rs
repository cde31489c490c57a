//! Traces: what a collector is sent, what it never is, and that nobody waits for it.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use lombard_testkit::{App, example_folder};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use reqwest::StatusCode;
use serde_json::Value as Json;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use crate::command::lombard;
use crate::process::Server;
use crate::production::Production;
use crate::story::{SCOPE, Sandbox};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const CALLERS_TRACE: u128 = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;

/// A collector: what it was sent, as it came.
struct Collector {
    address: String,
    bodies: Arc<Mutex<Vec<Bytes>>>,
}

impl Collector {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let bodies = Arc::<Mutex<Vec<Bytes>>>::default();
        let kept = Arc::clone(&bodies);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                let take = service_fn(move |request: Request<Incoming>| {
                    let kept = Arc::clone(&kept);
                    async move {
                        assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/v1/traces"));
                        assert_eq!(request.headers()["content-type"], "application/json");
                        let body = request.into_body().collect().await.unwrap().to_bytes();
                        kept.lock().unwrap().push(body);
                        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"{}"))))
                    }
                });
                let serving = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), take);
                tokio::spawn(serving);
            }
        });
        Self { address, bodies }
    }

    /// Everything so far, read by the types of those who wrote the protocol.
    fn spans(&self) -> Vec<Span> {
        let bodies = self.bodies.lock().unwrap().clone();
        let read = |body: &Bytes| serde_json::from_slice::<ExportTraceServiceRequest>(body).unwrap();
        let resources = bodies.iter().flat_map(|body| read(body).resource_spans);
        resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
    }

    /// The span of a call, once it has come.
    async fn call(&self, interaction: &str) -> Span {
        let began = Instant::now();
        loop {
            let spans = self.spans();
            if let Some(found) = spans.iter().find(|span| text(span, "lombard.interaction") == Some(interaction)) {
                return found.clone();
            }
            assert!(began.elapsed() < Duration::from_secs(20), "no span of {interaction} in {spans:?}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Those below a span.
    fn below(&self, parent: &Span) -> Vec<Span> {
        let mut below = self.spans();
        below.retain(|span| (&span.trace_id, &span.parent_span_id) == (&parent.trace_id, &parent.span_id));
        below
    }
}

fn attribute(span: &Span, key: &str) -> Option<Value> {
    span.attributes.iter().find(|pair| pair.key == key)?.value.clone()?.value
}

fn text<'a>(span: &'a Span, key: &str) -> Option<&'a str> {
    match span.attributes.iter().find(|pair| pair.key == key)?.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

/// The log lines of a call.
fn log_of(server: &Server, interaction: &str) -> Vec<Json> {
    let text = server.stderr();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
    lines.filter(|line| line["span"]["interaction"] == interaction).collect()
}

#[tokio::test]
async fn a_call_is_a_tree_of_spans_that_says_nothing_of_anybody() {
    let collector = Collector::start().await;
    let sandbox = Sandbox::new();
    let server = sandbox.start_in(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.address)]).await;
    let bank = sandbox.bank();
    let app = bank.register().await;
    let alice = sandbox.customer("alice");
    let tokens = bank.connect(&app, &alice, SCOPE).await;
    let accounts = app.read("/accounts", &tokens.access).await;
    let account = accounts["Data"]["Account"][0]["AccountId"].as_str().unwrap().to_owned();
    let url = format!("{}/open-banking/v4.0/aisp/accounts/{account}/balances?secret=in-a-query", bank.issuer);
    let read = app.http.get(url).bearer_auth(&tokens.access);
    let answer = read.header("x-fapi-interaction-id", "traced-1").header("traceparent", PARENT).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);

    let call = collector.call("traced-1").await;
    assert_eq!(call.name, "GET /open-banking/v4.0/aisp/accounts/{account}/balances");
    assert_eq!(call.kind, 2, "a server's");
    assert_eq!(text(&call, "http.request.method"), Some("GET"));
    assert_eq!(text(&call, "http.route"), Some("/open-banking/v4.0/aisp/accounts/{account}/balances"));
    assert_eq!(text(&call, "url.scheme"), Some("https"));
    assert_eq!(text(&call, "lombard.client"), Some("app-bearer"));
    assert_eq!(attribute(&call, "http.response.status_code"), Some(Value::IntValue(200)));
    assert!(call.end_time_unix_nano >= call.start_time_unix_nano && call.start_time_unix_nano > 0);
    assert!(call.parent_span_id.is_empty(), "nobody is trusted, so the trace is ours");
    assert_ne!(call.trace_id, CALLERS_TRACE.to_be_bytes());
    assert_eq!(call.links[0].trace_id, CALLERS_TRACE.to_be_bytes(), "which remembers the caller's");
    let below = collector.below(&call);
    let names: Vec<&str> = below.iter().map(|span| span.name.as_str()).collect();
    assert!(names.contains(&"transaction") && names.contains(&"record"), "{names:?}");
    let read = below.iter().find(|span| span.name == "transaction").unwrap();
    assert_eq!((text(read, "db.system.name"), text(read, "db.operation.name")), (Some("sqlite"), Some("read")));

    // The log has the same ids on each line of the call.
    let lines = log_of(&server, "traced-1");
    assert!(!lines.is_empty(), "{}", server.stderr());
    for line in lines {
        let id = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(line["span"]["trace_id"], id(&call.trace_id), "{line}");
        assert_eq!(line["span"]["span_id"], id(&call.span_id), "{line}");
    }
    server.stop().await;

    // The end brings what was still there: a sign-in has its password checked away from the others.
    let spans = collector.spans();
    assert!(spans.iter().any(|span| span.name == "password hash"), "{}", spans.len());
    let all = collector.bodies.lock().unwrap().concat();
    let all = String::from_utf8_lossy(&all).to_lowercase();
    for secret in [
        &tokens.access,
        &tokens.refresh,
        &app.secret,
        &app.id,
        &account,
        &alice.username,
        &alice.password,
        &format!("\"{}\"", alice.code),
        "in-a-query",
        "127.0.0.1",
    ] {
        assert!(!secret.is_empty() && !all.contains(&secret.to_lowercase()), "{secret} was sent to the collector");
    }
}

#[tokio::test]
async fn who_is_trusted_goes_on_with_a_trace_and_decides_whether_it_is_kept() {
    let collector = Collector::start().await;
    let production = Production::new(None);
    let traces = format!(
        "[telemetry]\notlp_endpoint = \"{}\"\ntraces_per_thousand = 0\ntrust_incoming = \"always\"\n\n[sign_in]",
        collector.address
    );
    production.change("[sign_in]", &traces);
    let config = production.config();
    let said = lombard(&["config", "check", "--config", &config]).good();
    assert!(said.contains("telemetry.trust_incoming"), "{said}");
    lombard(&["migrate", "--config", &config]).good();
    lombard(&["import", example_folder().to_str().unwrap(), "--config", &config]).good();
    let server = production.start().await;
    let bank = production.bank();
    let http = App::at(&bank.issuer, &bank.ca_pem, "", "").http;
    let ask = |id: &'static str, parent: Option<String>| {
        let request = http.get(format!("{}/jwks", production.ports.issuer())).header("x-fapi-interaction-id", id);
        parent.into_iter().fold(request, |request, parent| request.header("traceparent", parent)).send()
    };
    for (id, parent) in
        [("alone", None), ("dropped", Some(PARENT.replace("-01", "-00"))), ("kept", Some(PARENT.to_owned()))]
    {
        assert_eq!(ask(id, parent).await.unwrap().status(), StatusCode::OK);
    }
    let kept = collector.call("kept").await;
    assert_eq!(kept.trace_id, CALLERS_TRACE.to_be_bytes());
    assert_eq!(kept.parent_span_id, 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes());
    assert_eq!((kept.flags, kept.links.len()), (0x301, 0));
    server.stop().await;
    let ids: Vec<String> =
        collector.spans().iter().filter_map(|span| text(span, "lombard.interaction").map(str::to_owned)).collect();
    assert_eq!(ids, ["kept"], "none of a thousand, and none that the caller does not keep");
}

#[tokio::test]
async fn a_collector_that_is_away_or_silent_disturbs_nobody() {
    // One that nobody listens at, and one that takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for address in [gone, silent.local_addr().unwrap()] {
        let sandbox = Sandbox::new();
        let server = sandbox.start_in(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{address}"))]).await;
        let bank = sandbox.bank();
        let app = bank.register().await;
        let tokens = bank.connect(&app, &sandbox.customer("alice"), SCOPE).await;
        for _ in 0..20 {
            assert_eq!(app.get("/accounts", &tokens.access).await.status(), StatusCode::OK);
        }
        assert!(server.ops("/metrics").await.contains("lombard_trace_spans_total"), "{address}");
        server.stop().await;
    }
}
