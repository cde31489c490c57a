//! What proxies say of the client that they pass on, and whose word counts.
//!
//! Everybody can write these fields, so they are read from the right, where the nearest proxy wrote, and only as far as the ones who
//! wrote are trusted. Without trusted proxies they are not looked at.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::network::Network;

/// The field in which proxies write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `Forwarded` (RFC 7239).
    Forwarded,
    /// `X-Forwarded-For`, which has no standard: addresses with commas between.
    XForwardedFor,
}

/// The proxies that are trusted to say whom they pass on.
#[derive(Clone, Debug)]
pub struct Proxies {
    networks: Vec<Network>,
    field: Field,
}

impl Proxies {
    /// Trusts everybody in these networks, who must all write the same field.
    #[must_use]
    pub fn new(networks: Vec<Network>, field: Field) -> Self {
        Self { networks, field }
    }

    /// Trusts nobody.
    #[must_use]
    pub fn none() -> Self {
        Self::new(Vec::new(), Field::Forwarded)
    }

    /// Whether an address is that of a trusted proxy.
    #[must_use]
    pub fn trust(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }

    /// The client behind a connection from this address: the first from the right that is no trusted proxy. Where the field ends or
    /// cannot be read, it is the last one of whom a trusted proxy spoke. `None` if nothing was said that counts.
    #[must_use]
    pub fn client(&self, connected: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        if !self.trust(connected) {
            return None;
        }
        let mut client = None;
        for text in self.hops(headers).take(HOPS_MAX) {
            let Some(address) = text.and_then(|text| self.address(text)) else { break };
            client = Some(address);
            if !self.trust(address) {
                break;
            }
        }
        client
    }

    /// Everything between two commas, the last first, over all lines of the field; `None` where a line is no text.
    fn hops<'a>(&self, headers: &'a HeaderMap) -> impl Iterator<Item = Option<&'a str>> {
        let lines = headers.get_all(self.field.name()).into_iter().rev();
        lines.flat_map(|line: &HeaderValue| Hops(Some(line.to_str().ok())))
    }

    fn address(&self, hop: &str) -> Option<IpAddr> {
        match self.field {
            Field::Forwarded => element(hop),
            Field::XForwardedFor => node(hop.trim_matches(BLANKS)),
        }
    }
}

impl Field {
    fn name(self) -> HeaderName {
        match self {
            Self::Forwarded => header::FORWARDED,
            Self::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
        }
    }
}

/// The parts of a line, the last first. A comma in quotes is none; quotes are counted from the right, so that one too many in what the
/// client wrote cannot swallow what a proxy appended.
struct Hops<'a>(Option<Option<&'a str>>);

impl<'a> Iterator for Hops<'a> {
    type Item = Option<&'a str>;

    fn next(&mut self) -> Option<Self::Item> {
        let Some(rest) = self.0.take()? else { return Some(None) };
        let mut is_quoted = false;
        let comma = rest.bytes().rposition(|byte| {
            is_quoted ^= byte == b'"';
            byte == b',' && !is_quoted
        });
        let hop = match comma.and_then(|comma| rest.split_at_checked(comma)) {
            Some((before, hop)) => {
                self.0 = Some(Some(before));
                hop.get(1..).unwrap_or_default()
            }
            None => rest,
        };
        Some(Some(hop))
    }
}

/// The address in a `forwarded-element` (RFC 7239 4), which must name it once.
fn element(text: &str) -> Option<IpAddr> {
    let mut found = None;
    for pair in text.split(';').map(|pair| pair.trim_matches(BLANKS)).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=')?;
        if !name.eq_ignore_ascii_case("for") {
            continue;
        }
        if found.is_some() {
            return None;
        }
        // Nothing in an address needs to be escaped, so a backslash is none of its letters and is refused below.
        let value = match value.strip_prefix('"') {
            Some(quoted) => quoted.strip_suffix('"')?,
            // A colon is no letter of a token: IPv6 addresses and ports are quoted.
            None => Some(value).filter(|value| !value.contains(':'))?,
        };
        found = Some(node(value)?);
    }
    found
}

/// An address, maybe with a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn node(text: &str) -> Option<IpAddr> {
    let parsed = text.parse::<IpAddr>().ok();
    let parsed = parsed.or_else(|| text.parse::<SocketAddr>().ok().map(|addr| addr.ip()));
    let parsed = parsed
        .or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse::<std::net::Ipv6Addr>().ok().map(IpAddr::V6));
    parsed.map(|address| address.to_canonical())
}

/// Optional white space (RFC 9110 5.6.3).
const BLANKS: [char; 2] = [' ', '\t'];
/// Hops that are looked at; nobody has so many proxies of their own.
const HOPS_MAX: usize = 16;

#[cfg(test)]
mod tests;
