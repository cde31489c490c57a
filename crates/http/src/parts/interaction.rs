//! The interaction id: one name for a call in the answer, the log and the record (FAPI `x-fapi-interaction-id`).

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request};
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName};
use lombard_auth::Call;
use lombard_auth::limit::Meter;

use super::peer::Peer;

/// The header that carries it in both directions.
pub const HEADER: HeaderName = HeaderName::from_static("x-fapi-interaction-id");

/// The interaction id of a call: the caller's, if it is one, otherwise ours. With it goes from where the call came, for the record.
#[derive(Clone, Debug)]
pub struct InteractionId {
    id: String,
    address: Option<IpAddr>,
    /// What is known of the call's limits.
    meter: Option<Arc<Meter>>,
}

impl InteractionId {
    /// Takes the caller's id or makes one (RFC 9562 UUID, version 4).
    #[must_use]
    pub fn read_or_make(headers: &HeaderMap, extensions: &Extensions) -> Self {
        let mut given = headers.get_all(&HEADER).iter();
        let (first, second) = (given.next(), given.next());
        let own = first.filter(|_| second.is_none()).and_then(|value| value.to_str().ok()).filter(|text| fits(text));
        let id = own.map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
        let address = extensions.get::<Peer>().map(|peer| peer.addr.ip());
        Self { id, address, meter: extensions.get::<Arc<Meter>>().map(Arc::clone) }
    }

    /// That of a call which the guard has seen, or else as [`read_or_make`](Self::read_or_make).
    pub(crate) fn known_or_new(headers: &HeaderMap, extensions: &Extensions) -> Self {
        extensions.get::<Self>().cloned().unwrap_or_else(|| Self::read_or_make(headers, extensions))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.id
    }

    pub(crate) fn call(&self) -> Call<'_> {
        Call { interaction: &self.id, address: self.address, meter: self.meter.as_deref(), pledge: None }
    }
}

impl<S: Sync> FromRequestParts<S> for InteractionId {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::known_or_new(&parts.headers, &parts.extensions))
    }
}

/// The interaction id of a request that the guard has seen.
pub(crate) fn of(request: &Request) -> &str {
    request.extensions().get::<InteractionId>().map_or("", InteractionId::as_str)
}

/// Echoed are ids that can stand in a log and in an error body (`Id` there has at most 40 characters).
fn fits(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, value.parse().unwrap());
        }
        InteractionId::read_or_make(&headers, &Extensions::new()).as_str().to_owned()
    }

    #[test]
    fn echoes_what_can_be_echoed() {
        let id = "93bac548-d2de-4546-b106-880a5018460d";
        assert_eq!(read(&[id]), id);
    }

    #[test]
    fn makes_one_otherwise() {
        let long = "a".repeat(41);
        for bad in [&[][..], &[""], &["<script>"], &["a b"], &[long.as_str()], &["a", "a"]] {
            let made = read(bad);
            assert!(uuid::Uuid::parse_str(&made).is_ok(), "{bad:?} gave {made}");
        }
    }
}
