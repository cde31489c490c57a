//! Which addresses may be asked for a document that somebody else named.
//!
//! Follows the registries of IANA for special-purpose addresses (RFC 6890): what is not globally reachable is part of this
//! bank's own network, or nobody's, and whoever names it wants us to be his hand there. It must never rely on names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which addresses may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Those of the public internet alone.
    PublicOnly,
    /// All: for sandboxes, and for servers that the operator names.
    Everything,
}

impl Reach {
    /// Whether an address may be asked.
    pub(super) fn includes(self, address: IpAddr) -> bool {
        match (self, address) {
            (Self::Everything, _) => true,
            (Self::PublicOnly, IpAddr::V4(address)) => is_public_v4(address),
            (Self::PublicOnly, IpAddr::V6(address)) => is_public_v6(address),
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !NOT_PUBLIC_V4.iter().any(|(block, bits)| (address.to_bits() ^ block.to_bits()) >> (32 - bits) == 0)
}

/// Global unicast (RFC 4291 2.4) outside its special blocks, or an IPv4 address in IPv6's clothes that is public itself.
fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    if is_in(address, NAT64) {
        let [.., a, b, c, d] = address.octets();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    is_in(address, GLOBAL_UNICAST) && !NOT_PUBLIC_V6.iter().any(|block| is_in(address, *block))
}

fn is_in(address: Ipv6Addr, (block, bits): (Ipv6Addr, u32)) -> bool {
    (address.to_bits() ^ block.to_bits()) >> (128 - bits) == 0
}

/// Blocks of IPv4 that are not globally reachable, with the length of their prefix in bits.
const NOT_PUBLIC_V4: [(Ipv4Addr, u32); 15] = [
    // "This network" (RFC 791 3.2).
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    // Private use (RFC 1918).
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Shared by a provider's customers (RFC 6598).
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    // Loopback (RFC 1122 3.2.1.3).
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Link-local (RFC 3927), where clouds keep the secrets of their machines.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    // Private use (RFC 1918).
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    // IETF protocol assignments (RFC 6890 2.1); the two in it that are reachable serve no documents.
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    // Documentation (RFC 5737).
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    // Relays of 6to4 (RFC 7526 withdrew them).
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    // Private use (RFC 1918).
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    // Benchmarks (RFC 2544).
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    // Documentation (RFC 5737).
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast (RFC 5771).
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    // Reserved (RFC 1112 4), with the address of broadcast (RFC 919 7) at its end.
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The one block from which global unicast addresses are given out. Loopback, link-local, unique-local, multicast, the discard
/// block, IPv4-compatible addresses and NAT64 for local use (64:ff9b:1::/48) lie outside.
const GLOBAL_UNICAST: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// IPv4 addresses behind a translator (RFC 6052 2.1).
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);
/// Blocks of global unicast that are not globally reachable.
const NOT_PUBLIC_V6: [(Ipv6Addr, u32); 4] = [
    // IETF protocol assignments (RFC 2928): Teredo, benchmarks, ORCHID and others, of which none serves documents.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    // Documentation (RFC 3849).
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    // 6to4 (RFC 3056), which carries any IPv4 address.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    // Documentation (RFC 9637).
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn public(text: &str) -> bool {
        let address = text.parse().unwrap();
        assert!(Reach::Everything.includes(address));
        Reach::PublicOnly.includes(address)
    }

    #[test]
    fn refuses_every_block_of_ipv4_from_its_first_to_its_last_address() {
        for (before, first, last, after) in [
            ("", "0.0.0.0", "0.255.255.255", "1.0.0.0"),
            ("9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"),
            ("100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"),
            ("126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"),
            ("169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"),
            ("172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"),
            ("191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"),
            ("192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"),
            ("192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"),
            ("192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"),
            ("198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"),
            ("198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"),
            ("203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"),
            ("223.255.255.255", "224.0.0.0", "255.255.255.255", ""),
        ] {
            assert!(!public(first), "{first}");
            assert!(!public(last), "{last}");
            for outside in [before, after].into_iter().filter(|text| !text.is_empty()) {
                assert!(public(outside), "{outside}");
            }
        }
    }

    #[test]
    fn refuses_what_is_not_public_in_ipv6() {
        for refused in [
            "::",
            "::1",
            "::2",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:0.0.0.0",
            "::ffff:10.1.2.3",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:192.168.1.1",
            "::ffff:255.255.255.255",
            "::ffff:0:8.8.8.8",
            "64:ff9b::10.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b::100.64.0.1",
            "64:ff9b:0:0:0:1:808:808",
            "64:ff9b:1::8.8.8.8",
            "100::1",
            "100:0:0:1::1",
            "1fff:ffff::1",
            "2001::1",
            "2001:0:4136:e378::1",
            "2001:1::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:1ff:ffff::1",
            "2001:db8::1",
            "2001:db8:ffff:ffff::1",
            "2002:7f00:1::1",
            "2002:a00:1::1",
            "2002:808:808::1",
            "3fff::1",
            "3fff:fff:ffff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fdff:ffff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        ] {
            assert!(!public(refused), "{refused}");
        }
        for allowed in [
            "2000::1",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2001:db7::1",
            "2001:db9::1",
            "2003::1",
            "2606:4700::1111",
            "2a00:1450:4001::200e",
            "3ffe:ffff::1",
            "3fff:1000::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
        ] {
            assert!(public(allowed), "{allowed}");
        }
    }

    proptest! {
        #[test]
        fn an_ipv4_address_in_other_clothes_is_what_it_was(bits: u32) {
            let plain = Ipv4Addr::from_bits(bits);
            let expected = Reach::PublicOnly.includes(plain.into());
            prop_assert_eq!(Reach::PublicOnly.includes(plain.to_ipv6_mapped().into()), expected);
            let translated = Ipv6Addr::from_bits(NAT64.0.to_bits() | u128::from(bits));
            prop_assert_eq!(Reach::PublicOnly.includes(translated.into()), expected);
            // 6to4, IPv4-compatible and Teredo.
            let six = Ipv6Addr::from_bits((0x2002_u128 << 112) | (u128::from(bits) << 80) | 1);
            for never in [six, plain.to_ipv6_compatible(), Ipv6Addr::from_bits((0x2001_u128 << 112) | u128::from(bits))] {
                prop_assert!(!Reach::PublicOnly.includes(never.into()), "{}", never);
            }
        }

        #[test]
        fn agrees_with_the_standard_library_on_what_that_knows(bits: u32, wide: u128) {
            let v4 = Ipv4Addr::from_bits(bits);
            let known = v4.is_unspecified() || v4.is_loopback() || v4.is_private() || v4.is_link_local()
                || v4.is_multicast() || v4.is_broadcast() || v4.is_documentation();
            prop_assert!(!(known && Reach::PublicOnly.includes(v4.into())), "{}", v4);
            let v6 = Ipv6Addr::from_bits(wide);
            let known = v6.is_unspecified() || v6.is_loopback() || v6.is_multicast() || v6.is_unique_local()
                || v6.is_unicast_link_local();
            prop_assert!(!(known && Reach::PublicOnly.includes(v6.into())), "{}", v6);
        }
    }
}
