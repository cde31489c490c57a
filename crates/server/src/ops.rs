//! What operators and their machines ask, on the plain listener of this machine: alive, ready, metrics.
//!
//! It must never show anything of a customer or an app, and never change anything.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::time::timeout;

use crate::stop::Stop;

/// Something without which no request can be served.
pub(crate) trait Ready: Send + Sync {
    /// Asks it; an answer that takes longer than [`READY_TIMEOUT`] counts as a failure.
    fn check(&self) -> Pin<Box<dyn Future<Output = Result<(), NotReady>> + Send + '_>>;
}

/// Why requests cannot be served: a word that is safe to show, such as `database`; the log has the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotReady(pub(crate) &'static str);

/// Answers `/livez`, `/readyz` and `/metrics`.
pub(crate) fn router(ready: Arc<dyn Ready>, metrics: PrometheusHandle, stop: Stop) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(render))
        .with_state(Ops { ready, metrics, stop })
}

#[derive(Clone)]
struct Ops {
    ready: Arc<dyn Ready>,
    metrics: PrometheusHandle,
    stop: Stop,
}

/// GET /livez
async fn livez() -> Response {
    json(StatusCode::OK, r#"{"status":"ok"}"#.to_owned())
}

/// GET /readyz
async fn readyz(State(ops): State<Ops>) -> Response {
    if ops.stop.is_on() {
        return unavailable("stopping");
    }
    match timeout(READY_TIMEOUT, ops.ready.check()).await {
        Ok(Ok(())) => json(StatusCode::OK, r#"{"status":"ok"}"#.to_owned()),
        Ok(Err(NotReady(what))) => unavailable(what),
        Err(_) => unavailable("timeout"),
    }
}

/// GET /metrics
async fn render(State(ops): State<Ops>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], ops.metrics.render()).into_response()
}

fn unavailable(reason: &'static str) -> Response {
    tracing::warn!(reason, "not ready");
    let body = serde_json::json!({ "status": "unavailable", "reason": reason });
    json(StatusCode::SERVICE_UNAVAILABLE, body.to_string())
}

fn json(status: StatusCode, body: String) -> Response {
    (status, [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], body).into_response()
}

/// How long the check of readiness may take.
pub(crate) const READY_TIMEOUT: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;
    use http_body_util::BodyExt as _;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use tower::ServiceExt as _;

    use super::*;
    use crate::stop;

    enum Database {
        Up,
        Down,
        Hangs,
    }

    impl Ready for Database {
        fn check(&self) -> Pin<Box<dyn Future<Output = Result<(), NotReady>> + Send + '_>> {
            Box::pin(async move {
                match self {
                    Self::Up => Ok(()),
                    Self::Down => Err(NotReady("database")),
                    Self::Hangs => std::future::pending().await,
                }
            })
        }
    }

    async fn get_path(database: Database, stop: Stop, path: &str) -> (StatusCode, String) {
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || metrics::counter!("lombard_seen_total").increment(3));
        let router = router(Arc::new(database), recorder.handle(), stop);
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn is_ready_only_with_its_database() {
        let (_switch, stop) = stop::pair();
        for (database, status, body) in [
            (Database::Up, 200, r#"{"status":"ok"}"#),
            (Database::Down, 503, r#"{"reason":"database","status":"unavailable"}"#),
            (Database::Hangs, 503, r#"{"reason":"timeout","status":"unavailable"}"#),
        ] {
            let (got, text) = get_path(database, stop.clone(), "/readyz").await;
            assert_eq!(got.as_u16(), status);
            assert_eq!(text, body);
        }
        let (status, _) = get_path(Database::Down, stop, "/livez").await;
        assert_eq!(status, StatusCode::OK);
    }

    #[tokio::test]
    async fn is_not_ready_once_it_stops() {
        let (switch, stop) = stop::pair();
        switch.stop();
        let (status, body) = get_path(Database::Up, stop, "/readyz").await;
        assert_eq!((status.as_u16(), body.contains("stopping")), (503, true));
    }

    #[tokio::test]
    async fn shows_metrics() {
        let (_switch, stop) = stop::pair();
        let (status, body) = get_path(Database::Up, stop, "/metrics").await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains("lombard_seen_total 3"), "{body}");
    }
}
