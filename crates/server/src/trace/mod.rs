//! Traces for the operator's tracing system: which spans are kept, how they are written, and how they are sent (OTLP over HTTP).
//!
//! Spans are made where something happens, with the target [`SPANS`]; without an address to send them to, none is ever made. It must
//! never make a call wait: what finds no place in the queue is dropped and counted, and so is what cannot be sent.

mod collector;
mod exporter;
mod layer;
mod otlp;

pub(crate) use collector::{Collector, Endpoint};
pub(crate) use exporter::Exporter;
pub(crate) use layer::SpanLayer;

use lombard_domain::time::Instant;
use tokio::sync::mpsc;

/// What marks spans that are for traces alone.
pub(crate) const SPANS: &str = "lombard.span";
/// Spans that wait to be sent.
const QUEUE_MAX: usize = 8_192;

/// A span that has ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finished {
    name: String,
    kind: Kind,
    trace: u128,
    span: u64,
    parent: Option<u64>,
    /// Whether the parent is another program's.
    is_remote: bool,
    link: Option<(u128, u64)>,
    state: Option<String>,
    attributes: Vec<(&'static str, Value)>,
    is_error: bool,
    began: Instant,
    ended: Instant,
}

/// On which side of a call a span is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Internal,
    Server,
    Client,
}

/// What a span says of something.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Text(String),
    Number(i64),
    Flag(bool),
}

/// What keeps spans, and what sends them.
pub(crate) fn pair(collector: Collector) -> (SpanLayer, Exporter) {
    let (sender, receiver) = mpsc::channel(QUEUE_MAX);
    (SpanLayer::new(sender), Exporter::new(receiver, collector))
}
