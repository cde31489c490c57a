//! What proxies and their clients write into `Forwarded` and `X-Forwarded-For`.
#![no_main]

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use lombard_http::{Field, Network, Proxies};

fuzz_target!(|bytes: &[u8]| {
    let network: Network = "10.0.0.0/8".parse().expect("a network");
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(network) = text.parse::<Network>()
    {
        assert_eq!(network.to_string().parse(), Ok(network));
    }
    let proxy: IpAddr = "10.0.0.1".parse().expect("an address");
    let appended: IpAddr = "192.0.2.1".parse().expect("an address");
    for (field, name, last) in
        [(Field::Forwarded, "forwarded", "for=192.0.2.1"), (Field::XForwardedFor, "x-forwarded-for", "192.0.2.1")]
    {
        let proxies = Proxies::new(vec![network], field);
        let lines: Vec<_> = bytes.split(|byte| *byte == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok()).collect();
        let mut headers: HeaderMap =
            lines.into_iter().map(|line| (HeaderName::from_static(name), line)).collect();
        let _ = proxies.client(proxy, &headers);
        assert_eq!(proxies.client(appended, &headers), None);
        headers.append(name, HeaderValue::from_static(last));
        assert_eq!(proxies.client(proxy, &headers), Some(appended));
    }
});
