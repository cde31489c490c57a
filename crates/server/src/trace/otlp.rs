//! Spans as OTLP writes them in JSON (OpenTelemetry protocol 1.x, `ExportTraceServiceRequest`): ids in hexadecimal, 64-bit numbers as
//! texts, enumerations as numbers.

use lombard_domain::time::Instant;
use serde_json::{Map, Value as Json, json};

use super::{Finished, Kind, Value};

/// A batch of spans of this program.
pub(super) fn batch(spans: &[Finished], instance: &str) -> Json {
    let resource = [
        ("service.name", Value::Text("lombard".to_owned())),
        ("service.version", Value::Text(env!("CARGO_PKG_VERSION").to_owned())),
        ("service.instance.id", Value::Text(instance.to_owned())),
    ];
    json!({"resourceSpans": [{
        "resource": {"attributes": attributes(&resource)},
        "scopeSpans": [{
            "scope": {"name": "lombard", "version": env!("CARGO_PKG_VERSION")},
            "spans": spans.iter().map(span).collect::<Vec<_>>(),
        }],
    }]})
}

fn span(span: &Finished) -> Json {
    let mut written = Map::new();
    let mut put = |name: &str, value: Json| written.insert(name.to_owned(), value);
    put("traceId", trace_id(span.trace));
    put("spanId", span_id(span.span));
    if let Some(parent) = span.parent {
        put("parentSpanId", span_id(parent));
    }
    if let Some(state) = &span.state {
        put("traceState", json!(state));
    }
    put("flags", json!(KEPT | REMOTE_IS_SAID | if span.is_remote { IS_REMOTE } else { 0 }));
    put("name", json!(span.name));
    put("kind", json!(kind(span.kind)));
    put("startTimeUnixNano", nanos(span.began));
    put("endTimeUnixNano", nanos(span.ended));
    put("attributes", attributes(&span.attributes));
    if let Some((trace, span)) = span.link {
        let flags = REMOTE_IS_SAID | IS_REMOTE;
        put("links", json!([{"traceId": trace_id(trace), "spanId": span_id(span), "flags": flags}]));
    }
    if span.is_error {
        put("status", json!({"code": STATUS_ERROR}));
    }
    Json::Object(written)
}

fn trace_id(id: u128) -> Json {
    Json::from(format!("{id:032x}"))
}

fn span_id(id: u64) -> Json {
    Json::from(format!("{id:016x}"))
}

fn kind(kind: Kind) -> u8 {
    match kind {
        Kind::Internal => 1,
        Kind::Server => 2,
        Kind::Client => 3,
    }
}

fn nanos(at: Instant) -> Json {
    Json::from(i128::from(at.micros()).saturating_mul(1_000).to_string())
}

fn attributes(pairs: &[(&'static str, Value)]) -> Json {
    let one = |(key, value): &(&'static str, Value)| {
        let value = match value {
            Value::Text(text) => json!({"stringValue": text}),
            Value::Number(number) => json!({"intValue": number.to_string()}),
            Value::Flag(flag) => json!({"boolValue": flag}),
        };
        json!({"key": key, "value": value})
    };
    pairs.iter().map(one).collect()
}

/// The trace is kept (W3C).
const KEPT: u32 = 1;
/// It is said whether the parent is another program's; and it is.
const REMOTE_IS_SAID: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;
/// `STATUS_CODE_ERROR`.
const STATUS_ERROR: u8 = 2;

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::common::v1::any_value;

    use super::*;

    #[test]
    fn is_read_back_by_those_who_wrote_the_protocol() {
        let finished = Finished {
            name: "GET /x".to_owned(),
            kind: Kind::Server,
            trace: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736,
            span: 0x00f0_67aa_0ba9_02b7,
            parent: Some(1),
            is_remote: true,
            link: Some((2, 3)),
            state: Some("a=1".to_owned()),
            attributes: vec![
                ("http.route", Value::Text("/x \"{y}\"".to_owned())),
                ("http.response.status_code", Value::Number(200)),
                ("flag", Value::Flag(true)),
            ],
            is_error: true,
            began: Instant::from_micros(1_772_452_800_000_001),
            ended: Instant::from_micros(1_772_452_800_000_500),
        };
        let read: ExportTraceServiceRequest = serde_json::from_value(batch(&[finished], "one")).unwrap();
        let resource = &read.resource_spans[0];
        let named = |key: &str| resource.resource.as_ref().unwrap().attributes.iter().any(|pair| pair.key == key);
        assert!(named("service.name") && named("service.version") && named("service.instance.id"));
        let span = &resource.scope_spans[0].spans[0];
        assert_eq!(span.trace_id, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes());
        assert_eq!(span.span_id, 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes());
        assert_eq!((span.parent_span_id.as_slice(), span.trace_state.as_str()), (&1_u64.to_be_bytes()[..], "a=1"));
        assert_eq!((span.name.as_str(), span.kind, span.flags), ("GET /x", 2, 0x301));
        assert_eq!(span.start_time_unix_nano, 1_772_452_800_000_001_000);
        assert_eq!(span.end_time_unix_nano - span.start_time_unix_nano, 499_000);
        assert_eq!(span.links[0].trace_id, 2_u128.to_be_bytes());
        assert_eq!(span.status.as_ref().unwrap().code, 2);
        let values: Vec<_> = span.attributes.iter().map(|pair| pair.value.clone().unwrap().value.unwrap()).collect();
        let text = any_value::Value::StringValue("/x \"{y}\"".to_owned());
        assert_eq!(values, [text, any_value::Value::IntValue(200), any_value::Value::BoolValue(true)]);
    }
}
