//! What customers are told because it was done in their name: so that whoever did not do it themselves learns of it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::browser::Browser;
use crate::id::{CustomerId, ReceiptId};
use crate::permission::PermissionSet;
use crate::text::Text;
use crate::time::Instant;

/// Something that a customer is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its identifier, by which a repetition is recognised; later ones sort later.
    pub id: ReceiptId,
    /// Who is told.
    pub customer: CustomerId,
    /// When it happened.
    pub at: Instant,
    /// What happened.
    pub what: What,
    /// Whether it is the last one for a while, because there were too many.
    pub is_last: bool,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// An app may read data.
    ConsentGiven(Given),
    /// What the customer signs in with was replaced.
    CredentialChanged(Credential),
    /// Somebody signed in with a browser that the customer had not used before.
    SignedIn(Origin),
}

impl What {
    /// The name of its kind, under which it is stored and counted.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ConsentGiven(_) => "consent",
            Self::CredentialChanged(_) => "credential",
            Self::SignedIn(_) => "sign-in",
        }
    }
}

/// What an app was allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// What the app was called.
    pub app: Text<80>,
    /// What it may read.
    pub permissions: PermissionSet,
    /// Whether it is told who the customer is (OpenID Connect).
    pub identity: bool,
    /// Until when; `None`: until the customer stops it.
    pub until: Option<Instant>,
    /// Whether it was allowed before, and goes on.
    pub renewed: bool,
}

/// What a customer signs in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The password.
    Password,
    /// The second factor.
    SecondFactor,
}

/// Where a sign-in came from, as far as its owner would recognise it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The network, if the call came over one.
    pub network: Option<RoughNetwork>,
    /// The browser.
    pub browser: Browser,
}

/// The network from which somebody came, and not the place in it: the first 24 bits of an IPv4 address, the first 48 of an IPv6 one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoughNetwork(IpAddr);

impl RoughNetwork {
    /// The network of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => {
                let [first, second, third, _] = address.octets();
                IpAddr::V4(Ipv4Addr::new(first, second, third, 0))
            }
            IpAddr::V6(address) => {
                let [first, second, third, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(first, second, third, 0, 0, 0, 0, 0))
            }
        })
    }

    /// Its first address, as it is stored.
    #[must_use]
    pub fn first(self) -> IpAddr {
        self.0
    }
}

impl fmt::Display for RoughNetwork {
    /// `192.0.2.x`, or `2001:db8:1:x`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => {
                let [first, second, third, _] = address.octets();
                write!(f, "{first}.{second}.{third}.x")
            }
            IpAddr::V6(address) => {
                let [first, second, third, ..] = address.segments();
                write!(f, "{first:x}:{second:x}:{third:x}:x")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_says_less_than_an_address() {
        for (address, shown) in [
            ("192.0.2.77", "192.0.2.x"),
            ("::ffff:192.0.2.77", "192.0.2.x"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:x"),
            ("::1", "0:0:0:x"),
        ] {
            let network = RoughNetwork::of(address.parse().unwrap());
            assert_eq!(network.to_string(), shown);
            assert_eq!(RoughNetwork::of(network.first()), network, "as it is stored");
        }
    }
}
