//! From spans as the program makes them to spans as tracing systems want them.

use lombard_domain::random;
use lombard_domain::time::{Clock as _, Instant};
use tokio::sync::mpsc::Sender;
use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::{Finished, Kind, Value};
use crate::system::{SystemClock, SystemRandom};

/// Keeps spans of traces that are kept, until they end.
///
/// A trace begins with a span that says its place in it; every other span is part of the one around it, or of no trace.
pub(crate) struct SpanLayer {
    queue: Sender<Finished>,
}

/// A span that has not ended.
struct Draft {
    name: String,
    kind: Kind,
    trace: Option<u128>,
    span: u64,
    parent: Option<u64>,
    link_id: Option<u128>,
    link_span: Option<u64>,
    state: Option<String>,
    attributes: Vec<(&'static str, Value)>,
    is_error: bool,
    began: Instant,
}

impl SpanLayer {
    pub(super) fn new(queue: Sender<Finished>) -> Self {
        Self { queue }
    }
}

impl<S> Layer<S> for SpanLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut draft = Draft::new(attributes.metadata().name());
        attributes.record(&mut draft);
        if draft.trace.is_none() {
            let above = span.parent().and_then(|above| {
                let extensions = above.extensions();
                extensions.get::<Draft>().map(|draft| (draft.trace, draft.span))
            });
            let Some((trace, above)) = above else { return };
            (draft.trace, draft.parent) = (trace, Some(above));
            draft.span = u64::from_be_bytes(random::bytes(&SystemRandom));
        }
        span.extensions_mut().insert(draft);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(draft) = span.extensions_mut().get_mut::<Draft>() {
            values.record(draft);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let draft = context.span(&id).and_then(|span| span.extensions_mut().remove::<Draft>());
        let Some(finished) = draft.and_then(Draft::finish) else { return };
        if self.queue.try_send(finished).is_err() {
            metrics::counter!(super::exporter::SPANS_METRIC, "outcome" => "dropped").increment(1);
        }
    }
}

impl Draft {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: Kind::default(),
            trace: None,
            span: 0,
            parent: None,
            link_id: None,
            link_span: None,
            state: None,
            attributes: Vec::new(),
            is_error: false,
            began: SystemClock.now(),
        }
    }

    fn finish(self) -> Option<Finished> {
        Some(Finished {
            // Only the span that begins a trace here can be below another program's.
            is_remote: self.kind == Kind::Server && self.parent.is_some(),
            name: self.name,
            kind: self.kind,
            trace: self.trace?,
            span: self.span,
            parent: self.parent,
            link: self.link_id.zip(self.link_span),
            state: self.state,
            attributes: self.attributes,
            is_error: self.is_error,
            began: self.began,
            ended: SystemClock.now(),
        })
    }

    fn add(&mut self, field: &Field, value: Value) {
        self.is_error |= field.name() == "error.type";
        self.attributes.push((field.name(), value));
    }
}

impl Visit for Draft {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "otel.name" => value.clone_into(&mut self.name),
            "otel.kind" => {
                self.kind = match value {
                    "server" => Kind::Server,
                    "client" => Kind::Client,
                    _ => Kind::Internal,
                }
            }
            "trace.state" => self.state = Some(value.to_owned()),
            _ => self.add(field, Value::Text(value.to_owned())),
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "trace.span" => self.span = value,
            "trace.parent" => self.parent = Some(value),
            "trace.link_span" => self.link_span = Some(value),
            _ => self.add(field, Value::Number(i64::try_from(value).unwrap_or(i64::MAX))),
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        match field.name() {
            "trace.id" => self.trace = Some(value),
            "trace.link_id" => self.link_id = Some(value),
            _ => {}
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, Value::Number(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, Value::Flag(value));
    }

    /// What has no type of its own could be anything, also what must not leave the program.
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;
    use tracing_subscriber::filter::{LevelFilter, Targets};
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::super::SPANS;
    use super::*;

    fn finished(places: usize, act: impl FnOnce()) -> Vec<Finished> {
        let (sender, mut receiver) = mpsc::channel(places);
        let only = Targets::new().with_target(SPANS, LevelFilter::TRACE);
        let subscriber = tracing_subscriber::registry().with(SpanLayer::new(sender).with_filter(only));
        tracing::subscriber::with_default(subscriber, act);
        std::iter::from_fn(|| receiver.try_recv().ok()).collect()
    }

    fn root() -> tracing::Span {
        tracing::trace_span!(target: SPANS, "call", otel.name = "GET /x", otel.kind = "server", trace.id = 7_u128,
            trace.span = 8_u64, trace.parent = 9_u64, http.route = "/x", http.response.status_code = tracing::field::Empty,
            error.type = tracing::field::Empty)
    }

    #[test]
    fn what_happens_within_a_kept_call_is_part_of_its_trace() {
        let spans = finished(10, || {
            let root = root();
            root.in_scope(|| {
                // For the log alone; what is in it is still part of the call.
                tracing::error_span!("call", interaction = "i").in_scope(|| {
                    drop(tracing::trace_span!(target: SPANS, "transaction", otel.kind = "client", db.operation.name = "read"));
                });
            });
            root.record("http.response.status_code", 500_u64);
            root.record("error.type", "500");
        });
        let [inner, outer] = spans.as_slice() else { panic!("{spans:?}") };
        assert_eq!(
            (inner.name.as_str(), inner.kind, inner.trace, inner.parent),
            ("transaction", Kind::Client, 7, Some(8))
        );
        assert!(!inner.is_remote && !inner.is_error && inner.span != 8 && inner.span != 0);
        assert_eq!(
            (outer.name.as_str(), outer.kind, outer.parent, outer.is_remote),
            ("GET /x", Kind::Server, Some(9), true)
        );
        assert!(outer.is_error && outer.began <= inner.began && inner.ended <= outer.ended);
        assert_eq!(outer.attributes.first(), Some(&("http.route", Value::Text("/x".to_owned()))));
        assert!(outer.attributes.contains(&("http.response.status_code", Value::Number(500))), "{outer:?}");
    }

    #[test]
    fn what_is_in_no_kept_call_is_in_no_trace() {
        let spans = finished(10, || {
            drop(tracing::trace_span!(target: SPANS, "transaction"));
            tracing::error_span!("call").in_scope(|| drop(tracing::trace_span!(target: SPANS, "transaction")));
        });
        assert_eq!(spans, []);
    }

    #[test]
    fn what_finds_no_place_is_dropped() {
        assert_eq!(finished(2, || (0..5).for_each(|_| drop(root()))).len(), 2);
    }

    #[test]
    fn without_an_address_to_send_them_to_no_span_is_made() {
        let log = tracing_subscriber::fmt::layer().with_writer(std::io::sink);
        let filter = Targets::new().with_default(LevelFilter::TRACE).with_target(SPANS, LevelFilter::OFF);
        let subscriber = tracing_subscriber::registry().with(log.with_filter(filter));
        tracing::subscriber::with_default(subscriber, || {
            assert!(root().is_disabled());
            assert!(!tracing::error_span!("call").is_disabled());
        });
    }
}
