//! Traces: which call belongs to which, for operators' tracing systems (W3C Trace Context).
//!
//! What a caller says of its trace counts only where the operator trusts it; otherwise a trace of our own begins, which remembers the
//! caller's. A span says what kind of call it was and how it ended: never a path, a query, a token, or whom it was about.

use axum::extract::Request;
use http::HeaderMap;
use tracing::Span;
use tracing::field::Empty;

use super::guard::{Ended, Refusal};
use super::interaction::InteractionId;
use super::peer::Peer;

/// How calls are traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traces {
    /// Whose word of a trace counts.
    pub trust: TrustIncoming,
    /// How many of a thousand traces that begin here are kept.
    pub per_thousand: u32,
}

/// Whose word of a trace counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrustIncoming {
    /// Nobody's.
    #[default]
    Never,
    /// That of calls that come through a trusted proxy, which must not pass on what callers write.
    TrustedProxies,
    /// Everybody's.
    Always,
}

/// The place of a call in a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    trace: u128,
    span: u64,
    /// The caller's span, in the same trace.
    parent: Option<u64>,
    /// What the caller says of a trace that is not believed.
    link: Option<Parent>,
    state: Option<String>,
    is_kept: bool,
}

/// The caller's span, as it names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parent {
    trace: u128,
    span: u64,
    is_kept: bool,
}

impl Traces {
    /// Finds the place of a call.
    pub(crate) fn begin(&self, request: &Request) -> Begun {
        let parent = Parent::read(request.headers());
        let through_proxy = request.extensions().get::<Peer>().is_some_and(|peer| peer.via.is_some());
        let is_trusted = match self.trust {
            TrustIncoming::Never => false,
            TrustIncoming::TrustedProxies => through_proxy,
            TrustIncoming::Always => true,
        };
        let span = uuid::Uuid::new_v4().as_u64_pair().1;
        match parent.filter(|_| is_trusted) {
            Some(Parent { trace, span: above, is_kept }) => {
                Begun { trace, span, parent: Some(above), link: None, state: state(request.headers()), is_kept }
            }
            None => {
                let trace = uuid::Uuid::new_v4().as_u128();
                Begun { trace, span, parent: None, link: parent, state: None, is_kept: self.keeps(trace) }
            }
        }
    }

    /// Whether a trace is one of those that are kept; all who see its id decide alike.
    fn keeps(&self, trace: u128) -> bool {
        ((trace & CHANCE) * 1_000) >> CHANCE_BITS < u128::from(self.per_thousand)
    }
}

impl Begun {
    /// The span for tracing systems; one that is nowhere if the trace is not kept.
    pub(crate) fn span(&self, method: &'static str, route: Option<&str>, id: &InteractionId) -> Span {
        if !self.is_kept {
            return Span::none();
        }
        let name = route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
        tracing::trace_span!(target: SPANS, "call",
            otel.name = name, otel.kind = "server",
            trace.id = self.trace, trace.span = self.span, trace.parent = self.parent,
            trace.link_id = self.link.map(|link| link.trace), trace.link_span = self.link.map(|link| link.span),
            trace.state = self.state.as_deref(),
            http.request.method = method, http.route = route, url.scheme = "https",
            lombard.interaction = id.as_str(), http.response.status_code = Empty, error.type = Empty, lombard.client = Empty,
        )
    }
}

/// The span that puts a call's ids into each of its log lines.
pub(crate) fn log_span(id: &InteractionId, begun: Option<&Begun>) -> Span {
    // Of the highest level, so that a log of errors alone has the ids too.
    match begun {
        None => tracing::error_span!("call", interaction = id.as_str()),
        Some(Begun { trace, span, .. }) => tracing::error_span!("call",
            interaction = id.as_str(), trace_id = %format_args!("{trace:032x}"), span_id = %format_args!("{span:016x}")),
    }
}

/// Says how a call ended.
pub(crate) fn finish(span: &Span, ended: &Ended<'_>, client: &'static str) {
    span.record("http.response.status_code", u64::from(ended.status.as_u16()));
    span.record("lombard.client", client);
    if ended.refusal == Some(Refusal::TimedOut) {
        span.record("error.type", "timeout");
    } else if ended.status.is_server_error() {
        span.record("error.type", ended.status.as_str());
    }
}

impl Parent {
    /// Reads `traceparent`; whatever is not one, or there twice, is none (Trace Context 3.2 and 3.3).
    fn read(headers: &HeaderMap) -> Option<Self> {
        let mut given = headers.get_all(TRACEPARENT).iter();
        let (first, second) = (given.next()?, given.next());
        let text = first.to_str().ok().filter(|_| second.is_none())?;
        if text.len() > PARENT_BYTES_MAX {
            return None;
        }
        let mut fields = text.split('-');
        let version = hex(fields.next()?, 2)?;
        let trace = hex(fields.next()?, 32).filter(|trace| *trace != 0)?;
        let span = hex(fields.next()?, 16).filter(|span| *span != 0)?;
        let flags = hex(fields.next()?, 2)?;
        // A later version may say more behind what this one says; this one does not, and the last one never exists.
        if version == 0xff || (version == 0 && fields.next().is_some()) {
            return None;
        }
        Some(Self { trace, span: u64::try_from(span).ok()?, is_kept: flags & KEPT != 0 })
    }
}

/// A number of so many hexadecimal digits, which are written small.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_hex = text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    u128::from_str_radix(text, 16).ok().filter(|_| is_hex)
}

/// What tracing systems before us keep with a trace, unless it is too much or not text (Trace Context 3.3).
fn state(headers: &HeaderMap) -> Option<String> {
    let texts: Option<Vec<&str>> = headers.get_all(TRACESTATE).iter().map(|value| value.to_str().ok()).collect();
    let whole = texts?.join(",");
    let fits = !whole.is_empty() && whole.len() <= STATE_BYTES_MAX && whole.split(',').count() <= STATE_MEMBERS_MAX;
    fits.then_some(whole)
}

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";
/// What marks spans that are for traces alone; the binary exports them.
const SPANS: &str = "lombard.span";
/// The flag of a trace that is kept.
const KEPT: u128 = 1;
/// The part of a trace's id that is chance (Trace Context 2, 3.2.2.3.2).
const CHANCE_BITS: u32 = 56;
const CHANCE: u128 = (1 << CHANCE_BITS) - 1;
/// Bytes of `traceparent`, of whatever version.
const PARENT_BYTES_MAX: usize = 128;
/// Bytes and members of `tracestate`.
const STATE_BYTES_MAX: usize = 512;
const STATE_MEMBERS_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use lombard_auth::Door;

    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn request(headers: &[(&str, &str)], via: bool) -> Request {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        let addr = "192.0.2.1:1".parse().unwrap();
        request.extensions_mut().insert(Peer {
            addr,
            via: via.then_some(addr),
            door: Door::Public,
            certificates: [].into(),
            protocol: "none",
            suite: "none",
        });
        request
    }

    fn begun(trust: TrustIncoming, headers: &[(&str, &str)], via: bool) -> Begun {
        Traces { trust, per_thousand: 1_000 }.begin(&request(headers, via))
    }

    #[test]
    fn a_callers_trace_goes_on_only_where_it_is_trusted() {
        use TrustIncoming::{Always, Never, TrustedProxies};
        for (trust, via, is_believed) in [
            (Never, false, false),
            (Never, true, false),
            (TrustedProxies, false, false),
            (TrustedProxies, true, true),
            (Always, false, true),
            (Always, true, true),
        ] {
            let found = begun(trust, &[(TRACEPARENT, PARENT), (TRACESTATE, "a=1")], via);
            let said =
                Parent { trace: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736, span: 0x00f0_67aa_0ba9_02b7, is_kept: true };
            assert_ne!(found.span, said.span);
            if is_believed {
                assert_eq!((found.trace, found.parent, found.link), (said.trace, Some(said.span), None), "{trust:?}");
                assert_eq!(found.state.as_deref(), Some("a=1"));
            } else {
                assert_eq!((found.parent, found.link, found.state.as_deref()), (None, Some(said), None), "{trust:?}");
                assert_ne!(found.trace, said.trace);
            }
        }
    }

    #[test]
    fn who_is_trusted_decides_what_is_kept_and_chance_otherwise() {
        let dropped = PARENT.replace("-01", "-00");
        assert!(!begun(TrustIncoming::Always, &[(TRACEPARENT, &dropped)], false).is_kept);
        assert!(begun(TrustIncoming::Never, &[(TRACEPARENT, &dropped)], false).is_kept);
        let keeps = |per_thousand, trace| Traces { trust: TrustIncoming::Never, per_thousand }.keeps(trace);
        for (per_thousand, trace, is_kept) in [
            (0, 0, false),
            (1, 0, true),
            (500, CHANCE / 2, true),
            (500, CHANCE / 2 + 1, false),
            (999, CHANCE, false),
            (1_000, CHANCE, true),
            (1_000, u128::MAX, true),
        ] {
            assert_eq!(keeps(per_thousand, trace), is_kept, "{per_thousand} {trace:x}");
        }
    }

    #[test]
    fn what_is_no_parent_is_none() {
        let long = format!("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-{}", "a".repeat(100));
        for bad in [
            "",
            "00",
            &PARENT.to_uppercase(),
            &PARENT.replace("00-4", "ff-4"),
            &PARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            &PARENT.replace("00f067aa0ba902b7", &"0".repeat(16)),
            &PARENT.replace("00f067aa0ba902b7", "+0f067aa0ba902b7"),
            &PARENT[..54],
            &format!("{PARENT}-more"),
            &long,
        ] {
            assert_eq!(Parent::read(request(&[(TRACEPARENT, bad)], false).headers()), None, "{bad}");
        }
        let twice = request(&[(TRACEPARENT, PARENT), (TRACEPARENT, PARENT)], false);
        assert_eq!(Parent::read(twice.headers()), None);
        let later = format!("{}-more", PARENT.replace("00-4", "01-4"));
        assert!(Parent::read(request(&[(TRACEPARENT, &later)], false).headers()).is_some(), "a later version");
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_caller_writes_is_one_place_in_a_trace_or_none(bytes in proptest::collection::vec(0x20_u8..=0xff, 0..160)) {
            let mut headers = HeaderMap::new();
            if let Ok(value) = http::HeaderValue::from_bytes(&bytes) {
                headers.insert(TRACEPARENT, value.clone());
                headers.insert(TRACESTATE, value);
            }
            proptest::prop_assert!(Parent::read(&headers).is_none_or(|parent| parent.trace != 0 && parent.span != 0));
            proptest::prop_assert!(state(&headers).is_none_or(|state| state.len() <= STATE_BYTES_MAX));
        }

        #[test]
        fn what_a_tracing_system_writes_is_read(trace in 1_u128.., span in 1_u64.., flags in 0_u8..) {
            let mut headers = HeaderMap::new();
            headers.insert(TRACEPARENT, format!("00-{trace:032x}-{span:016x}-{flags:02x}").parse().unwrap());
            proptest::prop_assert_eq!(Parent::read(&headers), Some(Parent { trace, span, is_kept: flags & 1 == 1 }));
        }
    }

    #[test]
    fn too_much_state_is_dropped() {
        let many = (0..33).map(|n| format!("k{n}=1")).collect::<Vec<_>>().join(",");
        for (given, kept) in
            [(vec!["a=1", "b=2"], Some("a=1,b=2")), (vec![many.as_str()], None), (vec![&"a".repeat(513)], None)]
        {
            let headers: Vec<_> = given.into_iter().map(|value| (TRACESTATE, value)).collect();
            assert_eq!(state(request(&headers, false).headers()).as_deref(), kept);
        }
    }
}
