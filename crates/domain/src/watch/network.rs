//! Networks: addresses that one household, office or machine room shares.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// The network of an address: the first 24 bits of version 4, the first 56 of version 6, which is what one household is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Network {
    /// Of version 4.
    V4([u8; 3]),
    /// Of version 6.
    V6([u8; 7]),
}

impl Network {
    /// The network of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Self::V4([a, b, c])
            }
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, g, ..] = address.octets();
                Self::V6([a, b, c, d, e, f, g])
            }
        }
    }

    /// A number for it, the same for the same network.
    #[must_use]
    pub fn number(self) -> u64 {
        match self {
            Self::V4([a, b, c]) => u64::from_be_bytes([0, 0, 0, 0, 4, a, b, c]),
            Self::V6([a, b, c, d, e, f, g]) => u64::from_be_bytes([6, a, b, c, d, e, f, g]),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::V4([a, b, c]) => write!(f, "{a}.{b}.{c}.0/24"),
            Self::V6([a, b, c, d, e, f1, g]) => {
                write!(f, "{}/56", Ipv6Addr::from([a, b, c, d, e, f1, g, 0, 0, 0, 0, 0, 0, 0, 0, 0]))
            }
        }
    }
}

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let (address, _) = text.split_once('/').ok_or(BadNetwork)?;
        let network = Self::of(address.parse().map_err(|_| BadNetwork)?);
        if network.to_string() == text { Ok(network) } else { Err(BadNetwork) }
    }
}

impl serde::Serialize for Network {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Network {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a network such as 192.0.2.0/24 or 2001:db8::/56")]
pub struct BadNetwork;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Network {
        Network::of(text.parse().unwrap())
    }

    #[test]
    fn neighbours_are_one_network() {
        assert_eq!(of("192.0.2.7"), of("::ffff:192.0.2.250"));
        assert_ne!(of("192.0.2.7"), of("192.0.3.7"));
        assert_eq!(of("2001:db8:0:1::1"), of("2001:db8:0:ff::2"));
        assert_ne!(of("2001:db8:0:1::1"), of("2001:db8:0:100::1"));
        assert_eq!(of("2001:db8:0:1::1").to_string(), "2001:db8::/56");
    }

    proptest! {
        #[test]
        fn is_read_back_as_it_was_written(address: IpAddr) {
            let network = Network::of(address);
            prop_assert_eq!(network.to_string().parse(), Ok(network));
        }

        #[test]
        fn survives_any_text(text: String) {
            let _ = text.parse::<Network>();
        }
    }
}
