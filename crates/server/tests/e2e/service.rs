//! What operators see of a server: its metrics while it runs, and how well it served afterwards.

use lombard_domain::time::{Clock, Instant, Span};
use serde_json::Value;

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

#[tokio::test]
async fn the_report_tells_what_was_served_also_after_a_restart() {
    let sandbox = Sandbox::new();
    let today = || SystemClock.now().date().to_string();
    let first = today();
    let data = sandbox.data();
    for _ in 0..2 {
        let server = sandbox.start().await;
        let http = lombard_testkit::App::at(&sandbox.bank().issuer, &sandbox.bank().ca_pem, "", "").http;
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
