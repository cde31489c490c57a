//! Tests of this module.

use proptest::prelude::*;

use super::*;

const PROXY: &str = "10.0.0.1";

fn proxies(field: Field) -> Proxies {
    Proxies::new(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()], field)
}

fn headers(field: Field, lines: &[&str]) -> HeaderMap {
    lines.iter().map(|line| (field.name(), HeaderValue::from_bytes(line.as_bytes()).unwrap())).collect()
}

/// Whom a connection from the proxy is for.
fn client(field: Field, lines: &[&str]) -> String {
    let found = proxies(field).client(PROXY.parse().unwrap(), &headers(field, lines));
    found.map_or_else(|| "nobody".to_owned(), |address| address.to_string())
}

#[test]
fn nobody_else_is_believed() {
    for field in [Field::Forwarded, Field::XForwardedFor] {
        let headers = headers(field, &[if field == Field::Forwarded { "for=192.0.2.1" } else { "192.0.2.1" }]);
        for stranger in ["192.0.2.9", "::1", "::10.0.0.1", "127.0.0.1"] {
            assert_eq!(proxies(field).client(stranger.parse().unwrap(), &headers), None, "{stranger}");
        }
        for proxy in [PROXY, "::ffff:10.0.0.1", "fd00::1"] {
            assert!(proxies(field).client(proxy.parse().unwrap(), &headers).is_some(), "{proxy}");
        }
        assert_eq!(Proxies::none().client(PROXY.parse().unwrap(), &headers), None);
    }
    let other = headers(Field::XForwardedFor, &["192.0.2.1"]);
    assert_eq!(proxies(Field::Forwarded).client(PROXY.parse().unwrap(), &other), None, "the other field");
}

#[test]
fn the_first_from_the_right_that_is_no_proxy_is_the_client() {
    for (lines, expected) in [
        (&["192.0.2.1"][..], "192.0.2.1"),
        (&["203.0.113.9, 192.0.2.1"], "192.0.2.1"),
        (&["203.0.113.9", "192.0.2.1"], "192.0.2.1"),
        (&["192.0.2.1, 10.0.0.2,10.0.0.3"], "192.0.2.1"),
        (&["192.0.2.1", "10.0.0.2", "fd00::3"], "192.0.2.1"),
        (&["10.0.0.2"], "10.0.0.2"),
        (&["2001:db8::1"], "2001:db8::1"),
        (&["[2001:db8::1]:443"], "2001:db8::1"),
        (&["[2001:db8::1]"], "2001:db8::1"),
        (&["192.0.2.1:443"], "192.0.2.1"),
        (&["::ffff:192.0.2.1"], "192.0.2.1"),
        (&[" \t192.0.2.1 "], "192.0.2.1"),
        (&[], "nobody"),
    ] {
        assert_eq!(client(Field::XForwardedFor, lines), expected, "{lines:?}");
    }
    for (lines, expected) in [
        (&["for=192.0.2.1"][..], "192.0.2.1"),
        (&["FOR=\"192.0.2.1:80\";proto=https;by=203.0.113.43"], "192.0.2.1"),
        (&["for=\"[2001:db8:cafe::17]:4711\""], "2001:db8:cafe::17"),
        (&["proto=https; for=192.0.2.1 ;"], "192.0.2.1"),
        (&["for=203.0.113.9, for=192.0.2.1, for=10.1.1.1"], "192.0.2.1"),
        (&["for=203.0.113.9;host=\"a,b\", for=10.1.1.1;host=\"c,d\""], "203.0.113.9"),
    ] {
        assert_eq!(client(Field::Forwarded, lines), expected, "{lines:?}");
    }
}

#[test]
fn what_cannot_be_read_ends_the_search_at_the_last_good_hop() {
    for (bad, after) in [
        ("unknown", "nobody"),
        ("", "nobody"),
        ("192.0.2.1,", "nobody"),
        ("192.0.2.1, 300.0.0.1", "nobody"),
        ("192.0.2.1, bank.example, 10.0.0.7", "10.0.0.7"),
        ("192.0.2.1:99999", "nobody"),
        ("[192.0.2.1]", "nobody"),
        ("192.0.2.1 192.0.2.2", "nobody"),
        ("192.0.2.1, \u{fc}, 10.0.0.7", "nobody"),
    ] {
        assert_eq!(client(Field::XForwardedFor, &[bad]), after, "{bad}");
    }
    for (bad, after) in [
        ("for=unknown", "nobody"),
        ("for=_hidden, for=10.0.0.7", "10.0.0.7"),
        ("for=192.0.2.1;for=192.0.2.2", "nobody"),
        ("for=2001:db8::1", "nobody"),
        ("for=192.0.2.1:80", "nobody"),
        ("for=\"192.0.2.1", "nobody"),
        ("for=\"192.0.2\\.1\"", "nobody"),
        ("proto=https", "nobody"),
        ("for", "nobody"),
        ("192.0.2.1", "nobody"),
    ] {
        assert_eq!(client(Field::Forwarded, &[bad]), after, "{bad}");
    }
    let many = vec!["10.0.0.2"; HOPS_MAX].join(",");
    assert_eq!(client(Field::XForwardedFor, &[&format!("192.0.2.1,{many}")]), "10.0.0.2");
    assert_eq!(client(Field::XForwardedFor, &[&format!("192.0.2.1,{}", &many[9..])]), "192.0.2.1");
}

#[test]
fn a_client_cannot_swallow_what_the_proxy_appends() {
    for start in ["for=\"", "for=\"x, for=\"", "\"", "for=\\\"", "for=10.0.0.2, for=\"10.0.0.3", ",,,", ";;;", "\\"] {
        assert_eq!(client(Field::Forwarded, &[&format!("{start}, for=192.0.2.1")]), "192.0.2.1", "{start}");
        assert_eq!(client(Field::Forwarded, &[start, "for=192.0.2.1"]), "192.0.2.1", "{start}");
        assert_eq!(client(Field::Forwarded, &[&format!("{start}, for=\"[2001:db8::1]:8\"")]), "2001:db8::1", "{start}");
    }
}

proptest! {
    /// Whatever a client writes, the address that the proxy appends is the one that counts.
    #[test]
    fn the_appended_address_wins(written in "[ -~]{0,60}", last in any::<u32>(), is_line in any::<bool>()) {
        let last = IpAddr::V4(last.into());
        for field in [Field::Forwarded, Field::XForwardedFor] {
            prop_assume!(!proxies(field).trust(last));
            let appended = if field == Field::Forwarded { format!("for={last}") } else { last.to_string() };
            let joined = format!("{written}, {appended}");
            let lines = if is_line { vec![written.as_str(), &appended] } else { vec![joined.as_str()] };
            prop_assert_eq!(client(field, &lines), last.to_string());
        }
    }

    /// Any bytes are borne, and who is found stands in the field.
    #[test]
    fn bears_any_bytes(lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 0..4)) {
        for field in [Field::Forwarded, Field::XForwardedFor] {
            let values = lines.iter().filter_map(|line| HeaderValue::from_bytes(line).ok());
            let headers: HeaderMap = values.map(|value| (field.name(), value)).collect();
            let found = proxies(field).client(PROXY.parse().unwrap(), &headers);
            prop_assert!(found.is_none() || !headers.is_empty());
        }
    }

    #[test]
    fn every_address_is_read_as_it_is_written(bits in any::<u128>(), port in any::<u16>()) {
        let v6 = std::net::Ipv6Addr::from(bits);
        let expected = IpAddr::V6(v6).to_canonical();
        for text in [format!("{v6}"), format!("[{v6}]"), format!("[{v6}]:{port}")] {
            prop_assert_eq!(node(&text), Some(expected));
        }
    }
}
