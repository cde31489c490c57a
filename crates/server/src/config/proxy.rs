//! The proxies before the server whose word of a client's address counts.

use lombard_http::{BadNetwork, Field, Network, Proxies};
use serde::Deserialize;

use super::Server;

/// An address or a network such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct TrustedProxy(Network);

/// The field in which all of them write whom they pass on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ForwardedHeader {
    /// RFC 7239.
    Forwarded,
    /// What most proxies write.
    #[default]
    XForwardedFor,
}

impl Server {
    /// Whose word of a client's address counts.
    pub(crate) fn proxies(&self) -> Proxies {
        let field = match self.forwarded_header {
            ForwardedHeader::Forwarded => Field::Forwarded,
            ForwardedHeader::XForwardedFor => Field::XForwardedFor,
        };
        Proxies::new(self.trusted_proxies.iter().map(|proxy| proxy.0).collect(), field)
    }
}

impl TryFrom<String> for TrustedProxy {
    type Error = BadNetwork;

    fn try_from(text: String) -> Result<Self, BadNetwork> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
impl serde::Serialize for TrustedProxy {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
