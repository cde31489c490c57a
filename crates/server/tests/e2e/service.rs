//! What operators see of a server: its metrics while it runs, and how well it served afterwards.

use std::collections::BTreeSet;

use lombard_domain::time::{Clock, Instant, Span};
use lombard_testkit::App;
use reqwest::Method;
use serde_json::{Value, json};

use crate::command::lombard;
use crate::story::{SCOPE, Sandbox};

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        #[expect(clippy::disallowed_methods, reason = "the server reads the system's clock")]
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Instant::from_micros(i64::try_from(now.as_micros()).unwrap())
    }
}

/// The value of a metric with these labels.
fn value(metrics: &str, name: &str, labels: &[&str]) -> f64 {
    let is_it = |line: &&str| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(['{', ' '])) && labels.iter().all(|label| line.contains(label))
    };
    let found: Vec<&str> = metrics.lines().filter(is_it).collect();
    assert_eq!(found.len(), 1, "{name} {labels:?} in {metrics}");
    found[0].rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn metrics_tell_kinds_of_callers_queues_keys_and_the_database_and_nobodys_name() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    let bank = sandbox.bank();
    let app = bank.register().await;
    let tokens = bank.connect(&app, &sandbox.customer("alice"), SCOPE).await;
    for _ in 0..3 {
        app.read("/accounts", &tokens.access).await;
    }
    app.get("/accounts", "made up").await;
    let metrics = server.ops("/metrics").await;
    let accounts = "route=\"/open-banking/v4.0/aisp/accounts\"";
    let calls = |labels: &[&str]| value(&metrics, "lombard_http_requests_total", labels);
    assert_eq!(calls(&[accounts, "client=\"app-bearer\"", "status=\"200\""]), 3.0);
    assert_eq!(calls(&[accounts, "client=\"none\"", "status=\"401\""]), 1.0);
    assert_eq!(calls(&["route=\"/token\"", "client=\"app-bearer\"", "status=\"200\""]), 1.0);
    assert!(calls(&["route=\"/interaction/{id}/consent\"", "method=\"POST\"", "client=\"customer\""]) >= 1.0);
    let labels = [accounts, "client=\"app-bearer\""];
    assert_eq!(value(&metrics, "lombard_http_request_seconds_count", &labels), 3.0);
    let labels = ["grant=\"authorization_code\"", "outcome=\"issued\""];
    assert_eq!(value(&metrics, "lombard_token_requests_total", &labels), 1.0);
    for queue in ["record", "passwords", "notifications"] {
        assert_eq!(value(&metrics, "lombard_queue_length", &[&format!("queue=\"{queue}\"")]), 0.0);
    }
    for key in ["ES256", "PS256", "EdDSA", "master"] {
        let age = value(&metrics, "lombard_key_age_seconds", &[&format!("key=\"{key}\"")]);
        assert!((0.0..3_600.0).contains(&age), "{key}: {age}");
    }
    assert!(value(&metrics, "lombard_data_keys", &["current"]) > 1.0);
    assert_eq!(value(&metrics, "lombard_data_keys", &["former"]), 0.0);
    assert!(value(&metrics, "lombard_certificate_remaining_seconds", &[]) > 86_400.0);
    assert!(value(&metrics, "lombard_database_log_bytes", &[]) > 0.0);
    assert_eq!(value(&metrics, "lombard_database_connections", &["write"]), 1.0);
    for kind in ["read", "write"] {
        assert!(value(&metrics, "lombard_database_waiting", &[kind]) >= 0.0);
        assert!(value(&metrics, "lombard_database_wait_seconds_count", &[kind]) > 0.0);
    }
    assert!(value(&metrics, "lombard_transaction_seconds_count", &["name=\"record\""]) >= 3.0);
    for secret in [&tokens.access, &app.id, "alice", "made up"] {
        assert!(!metrics.contains(secret), "{secret} is in the metrics");
    }
    server.stop().await;
}

/// Somebody writes things that nobody else writes wherever a caller can write.
async fn writes_everywhere(app: &App, token: &str, word: &str) {
    let (issuer, api) = (&app.issuer, format!("{}/open-banking/v4.0/aisp", app.issuer));
    let method = Method::from_bytes(word.to_uppercase().as_bytes()).unwrap();
    let calls = [
        app.http.get(format!("{issuer}/{word}")),
        app.http.get(format!("{issuer}/.well-known/{word}?{word}={word}")),
        app.http.request(method, format!("{api}/accounts")),
        app.http.get(format!("{api}/accounts/{word}")).bearer_auth(token),
        app.http.get(format!("{api}/{word}")).bearer_auth(word),
        app.http.get(format!("{issuer}/authorize?client_id={word}&response_type={word}&scope={word}")),
        app.http.post(format!("{issuer}/token")).basic_auth(word, Some(word)).form(&[("grant_type", word)]),
        app.http.post(format!("{issuer}/token")).basic_auth(&app.id, Some(&app.secret)).form(&[("grant_type", word)]),
        app.http.post(format!("{issuer}/register")).json(&json!({"client_name": word, "grant_types": [word]})),
    ];
    for call in calls {
        let call = ["user-agent", "x-fapi-interaction-id", "x-forwarded-for", "traceparent", "dpop", "accept"]
            .into_iter()
            .fold(call, |call, name| call.header(name, word));
        assert!(call.send().await.unwrap().status().as_u16() < 500);
    }
}

#[tokio::test]
async fn what_callers_write_never_becomes_a_label() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    let bank = sandbox.bank();
    let app = bank.register().await;
    let tokens = bank.connect(&app, &sandbox.customer("alice"), SCOPE).await;
    let mut seen: Option<BTreeSet<String>> = None;
    for wave in 0..3 {
        for n in 0..5 {
            writes_everywhere(&app, &tokens.access, &format!("zqx{wave}y{n}")).await;
        }
        let metrics = server.ops("/metrics").await;
        let place = metrics.to_lowercase().find("zqx");
        assert_eq!(place.map(|place| &metrics[place..]), None);
        let series = metrics.lines().filter(|line| CALLS.iter().any(|name| line.starts_with(name)));
        let series = series.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect();
        assert_eq!(seen.get_or_insert_with(|| BTreeSet::clone(&series)), &series, "other words, the same series");
    }
    assert!(seen.unwrap().len() >= 10);
    server.stop().await;
}

/// Metrics of calls.
const CALLS: [&str; 5] = [
    "lombard_http_requests_total",
    "lombard_http_request_seconds_count",
    "lombard_token_requests_total",
    "lombard_admission_total",
    "lombard_limited_total",
];

#[tokio::test]
async fn the_report_tells_what_was_served_also_after_a_restart() {
    let sandbox = Sandbox::new();
    let today = || SystemClock.now().date().to_string();
    let first = today();
    let data = sandbox.data();
    for _ in 0..2 {
        let server = sandbox.start().await;
        let http = App::at(&sandbox.bank().issuer, &sandbox.bank().ca_pem, "", "").http;
        for _ in 0..5 {
            http.get(format!("{}/jwks", sandbox.bank().issuer)).send().await.unwrap();
        }
        server.ops("/livez").await;
        server.stop().await;
    }
    let report = |format: &str| {
        let today = today();
        let span = ["report", "service-level", "--from", &first, "--to", &today, "--format", format, "--data", &data];
        lombard(&span).good()
    };
    let json: Value = serde_json::from_str(&report("json")).unwrap();
    let public = |lines: &Value| -> u64 {
        let lines = lines.as_array().unwrap().iter().filter(|line| line["interface"] == "public");
        lines.map(|line| line["calls"].as_u64().unwrap()).sum()
    };
    assert_eq!((public(&json["days"]), public(&json["quarters"])), (10, 10), "{json}");
    let csv = report("csv");
    assert!(csv.starts_with("period,interface,uptime_percent,downtime_percent,minutes,"), "{csv}");
    assert!(csv.lines().any(|line| line.starts_with(&format!("{first},account-information,"))), "{csv}");
    assert!(report("text").contains("Days are those of UTC"));

    let at = |hours| SystemClock.now().plus(Span::hours(hours)).rfc3339();
    let plan = |from: i64, to: i64| {
        lombard(&["report", "plan-downtime", "--from", &at(from), "--to", &at(to), "--data", &data])
    };
    assert!(plan(24, 25).good().contains("planned downtime"));
    assert!(plan(-1, 25).refused().contains("still to come"));
    assert!(plan(25, 24).refused().contains("later"));
    let said = lombard(&["report", "service-level", "--from", "2026-02-01", "--to", "2026-01-01", "--data", &data]);
    assert!(said.refused().contains("--to"));
}
