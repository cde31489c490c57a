//! A network: an address, and how many of its leading bits count.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Addresses that begin with the same bits, such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    prefix: u8,
}

/// Why a text names no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadNetwork(&'static str);

impl Network {
    /// Whether an address belongs to it. An IPv4 address that is written as an IPv6 one counts as what it is.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        masked(address.to_canonical(), self.prefix) == Some(self.first)
    }
}

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let first: IpAddr = address.parse().map_err(|_| BadNetwork(NOT_A_NETWORK))?;
        if first != first.to_canonical() {
            return Err(BadNetwork("write an IPv4 network as such, without ::ffff:"));
        }
        let prefix = match prefix {
            None if first.is_ipv4() => 32,
            None => 128,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| BadNetwork(NOT_A_NETWORK))?
            }
            Some(_) => return Err(BadNetwork(NOT_A_NETWORK)),
        };
        match masked(first, prefix) {
            None => Err(BadNetwork(NOT_A_NETWORK)),
            Some(_) if prefix == 0 => Err(BadNetwork("a network of all addresses would let everybody in")),
            Some(masked) if masked != first => Err(BadNetwork("the address has bits beyond the prefix")),
            Some(_) => Ok(Self { first, prefix }),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

impl fmt::Display for BadNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for BadNetwork {}

/// The address with everything beyond the prefix at zero; `None` if it has not that many bits.
fn masked(address: IpAddr, prefix: u8) -> Option<IpAddr> {
    Some(match address {
        IpAddr::V4(v4) => {
            let host = 32_u32.checked_sub(prefix.into())?;
            IpAddr::V4((v4.to_bits() & u32::MAX.checked_shl(host).unwrap_or(0)).into())
        }
        IpAddr::V6(v6) => {
            let host = 128_u32.checked_sub(prefix.into())?;
            IpAddr::V6((v6.to_bits() & u128::MAX.checked_shl(host).unwrap_or(0)).into())
        }
    })
}

const NOT_A_NETWORK: &str = "expected an address or a network, such as 10.0.0.0/8 or fd00::/8";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn contains_its_addresses_and_no_others() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("10.0.0.0/8", "::ffff:10.0.0.1", "::10.0.0.1"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.6/31", "192.0.2.7", "192.0.2.8"),
            ("128.0.0.0/1", "255.1.1.1", "127.1.1.1"),
            ("fd00::/8", "fdff::1", "fe00::"),
            ("2001:db8::1", "2001:db8::1", "2001:db8::2"),
            ("2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"),
        ] {
            let parsed: Network = network.parse().unwrap();
            assert!(parsed.contains(inside.parse().unwrap()), "{inside} in {network}");
            assert!(!parsed.contains(outside.parse().unwrap()), "{outside} in {network}");
            assert_eq!(parsed.to_string().parse(), Ok(parsed));
        }
    }

    #[test]
    fn refuses_what_is_no_network_and_what_is_everything() {
        for bad in [
            "",
            "/",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0.1/8",
            "10.0.0/8",
            "0.0.0.0/0",
            "::/0",
            "::/129",
            "fd00::1/8",
            "::ffff:10.0.0.0/104",
            "bank.example",
            " 10.0.0.0/8",
            "10.0.0.0/8 ",
            "10.0.0.0/256",
            "10.0.0.0/8/8",
        ] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_network_is_the_addresses_between_its_first_and_its_last(bits in any::<u32>(), prefix in 1..=32_u32, other in any::<u32>()) {
            let mask = u32::MAX << (32 - prefix);
            let first = std::net::Ipv4Addr::from(bits & mask);
            let network: Network = format!("{first}/{prefix}").parse().unwrap();
            let between = (bits & mask..=bits | !mask).contains(&other);
            prop_assert_eq!(network.contains(IpAddr::V4(other.into())), between);
        }
    }
}
