//! Logs to standard error, panics into the log, the metrics' recorder, and traces if somebody wants them.
//!
//! Set up once, at the start. It must never write what a request carried: fields are chosen where they are logged, and the
//! text of a panic is kept back unless it is a literal of the source.

use std::panic::PanicHookInfo;
use std::time::Duration;

use anyhow::Context as _;
use lombard_http::Traces;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use serde::Deserialize;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::stop::Stop;
use crate::trace::{self, Collector, Exporter, SPANS, SpanLayer};

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// One JSON object a line, for programs.
    #[default]
    Json,
    /// For people.
    Text,
}

/// How calls are traced, and where spans go.
pub(crate) struct Tracing {
    pub(crate) traces: Traces,
    pub(crate) collector: Collector,
}

/// What a server tells of itself.
pub(crate) struct Telemetry {
    pub(crate) metrics: PrometheusHandle,
    /// How calls are traced, and what sends spans; nothing if nobody wants them.
    pub(crate) tracing: Option<(Traces, Exporter)>,
}

impl Telemetry {
    /// Starts everything.
    ///
    /// # Errors
    /// The level is not one, or it has been started before.
    pub(crate) fn start(level: &str, format: Format, tracing: Option<Tracing>) -> anyhow::Result<Self> {
        let (layer, tracing) = match tracing {
            Some(Tracing { traces, collector }) => {
                let (layer, exporter) = trace::pair(collector);
                (Some(layer), Some((traces, exporter)))
            }
            None => (None, None),
        };
        start_logging(level, format, layer)?;
        Ok(Self { metrics: start_metrics()?, tracing })
    }
}

/// Reads a filter such as `info` or `info,lombard_store=debug`.
///
/// # Errors
/// The text is not a filter.
pub(crate) fn filter(level: &str) -> anyhow::Result<Targets> {
    // The library would take an unknown level for the name of a part, and then log nothing at all.
    let parts: Option<Vec<(Option<&str>, LevelFilter)>> = level
        .split(',')
        .map(|directive| match directive.trim().split_once('=') {
            Some(("", _)) => None,
            Some((target, level)) => Some((Some(target), named_level(level)?)),
            None => Some((None, named_level(directive.trim())?)),
        })
        .collect();
    let parts =
        parts.with_context(|| format!("`{level}` is not a log level; write error, warn, info, debug or trace"))?;
    Ok(parts.into_iter().fold(Targets::new(), |targets, (target, level)| match target {
        Some(target) => targets.with_target(target, level),
        None => targets.with_default(level),
    }))
}

fn named_level(name: &str) -> Option<LevelFilter> {
    Some(match name {
        "error" => LevelFilter::ERROR,
        "warn" => LevelFilter::WARN,
        "info" => LevelFilter::INFO,
        "debug" => LevelFilter::DEBUG,
        "trace" => LevelFilter::TRACE,
        "off" => LevelFilter::OFF,
        _ => return None,
    })
}

/// Starts logging and makes panics part of the log.
fn start_logging(level: &str, format: Format, spans: Option<SpanLayer>) -> anyhow::Result<()> {
    // Spans for traces are not for the log; where nobody wants them, this is what keeps them from being made.
    let filter = filter(level)?.with_target(SPANS, LevelFilter::OFF);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let layer = match format {
        Format::Json => layer.json().flatten_event(true).with_span_list(false).boxed(),
        Format::Text => layer.boxed(),
    };
    let spans = spans.map(|spans| spans.with_filter(Targets::new().with_target(SPANS, LevelFilter::TRACE)));
    tracing_subscriber::registry()
        .with(layer.with_filter(filter))
        .with(spans)
        .try_init()
        .context("logging has been started before")?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// Starts collecting metrics; what is returned renders them.
fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    let handle = recorder()?.install_recorder().context("metrics have been started before")?;
    metrics::gauge!("lombard_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}

/// Tidies the recorder's buffers until told to stop, so that they stay small when nobody reads the metrics.
pub(crate) async fn keep_metrics_small(handle: PrometheusHandle, stop: Stop) {
    let tidy = async {
        loop {
            tokio::time::sleep(TIDY_EVERY).await;
            handle.run_upkeep();
        }
    };
    tokio::select! {
        () = stop.wait() => {}
        () = tidy => {}
    }
}

fn recorder() -> anyhow::Result<PrometheusBuilder> {
    // Without buckets the exporter would write summaries, which cannot be added up over several nodes.
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .and_then(|builder| builder.set_buckets(&SIZES))
        .context("the buckets of the histograms are empty")
}

fn log_panic(info: &PanicHookInfo<'_>) {
    let location = info.location().map(ToString::to_string).unwrap_or_default();
    let message = literal(info);
    let thread = std::thread::current();
    tracing::error!(
        location,
        message_text = message,
        thread = thread.name().unwrap_or(""),
        "a part of the program panicked"
    );
}

/// The panic's text if it is a literal; a formatted text may carry what a request carried.
fn literal(info: &PanicHookInfo<'_>) -> &'static str {
    info.payload().downcast_ref::<&'static str>().copied().unwrap_or("(withheld: not a literal)")
}

/// Upper ends of the buckets of durations, in seconds.
const SECONDS: [f64; 14] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Upper ends of the buckets of everything else: bytes, rows, items.
const SIZES: [f64; 10] = [1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0, 1e6, 1e7, 1e8, 1e9];
/// Between two runs of the recorder's upkeep.
const TIDY_EVERY: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn reads_levels_and_refuses_others() {
        for good in ["info", "error", "warn,lombard=debug", "off"] {
            assert!(filter(good).is_ok(), "{good}");
        }
        for bad in ["", "loud", "INFO!", "info,", "=debug", "lombard=", "lombard=loud", "lombard", "info,=,"] {
            let error = filter(bad).unwrap_err().to_string();
            assert!(error.contains("error, warn, info"), "{error}");
        }
        let targets = filter("warn, lombard_store=debug").unwrap();
        assert!(targets.would_enable("lombard_store::db", &tracing::Level::DEBUG));
        assert!(!targets.would_enable("lombard_auth", &tracing::Level::INFO));
    }

    #[test]
    fn durations_come_out_as_histograms() {
        let recorder = recorder().unwrap().build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            metrics::histogram!("lombard_test_seconds").record(0.004);
            metrics::histogram!("lombard_test_bytes").record(5_000.0);
        });
        let text = handle.render();
        assert!(text.contains("# TYPE lombard_test_seconds histogram"), "{text}");
        assert!(text.contains("lombard_test_seconds_bucket{le=\"0.005\"} 1"), "{text}");
        assert!(text.contains("lombard_test_bytes_bucket{le=\"10000\"} 1"), "{text}");
    }

    #[test]
    fn withholds_the_text_of_a_panic_that_was_formatted() {
        static SEEN: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
        let former = std::panic::take_hook();
        std::panic::set_hook(Box::new(|info| {
            if std::thread::current().name() == Some("panicking") {
                SEEN.lock().unwrap().push(literal(info));
            }
        }));
        for secret in [None, Some("hunter2")] {
            let thread = std::thread::Builder::new().name("panicking".to_owned()).spawn(move || match secret {
                Some(secret) => assert!(secret.is_empty(), "the password is {secret}"),
                None => unreachable!(),
            });
            assert!(thread.unwrap().join().is_err());
        }
        std::panic::set_hook(former);
        let seen = SEEN.lock().unwrap().clone();
        assert_eq!(seen, ["internal error: entered unreachable code", "(withheld: not a literal)"]);
    }
}
