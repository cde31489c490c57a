//! Whether the customer is there when an app calls: the app says so by their address.

use std::net::IpAddr;

use axum::extract::MatchedPath;
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use lombard_auth::access::{Link, LinkStamps, Presence};

use super::{body, params};

/// What a call says of the customer. `params` are the identifiers in its path, by the names that the route gives them.
pub(crate) fn of(parts: &Parts, params: &[(String, String)]) -> Presence {
    match customer_address(&parts.headers) {
        Some(Ok(_)) => Presence::Customer,
        Some(Err(Unreadable)) => Presence::Unclear,
        None => {
            let template = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
            Presence::Nobody { resource: resource(template, params), link: link(parts) }
        }
    }
}

/// The header does not hold one address.
struct Unreadable;

fn customer_address(headers: &HeaderMap) -> Option<Result<IpAddr, Unreadable>> {
    let mut values = headers.get_all(CUSTOMER_ADDRESS).iter();
    let first = values.next()?;
    let address = first.to_str().ok().and_then(|text| text.trim().parse().ok()).filter(|_| values.next().is_none());
    Some(address.ok_or(Unreadable))
}

/// What is read, in one spelling: a path that is escaped in another way names the same. It is stored, so what cannot be an identifier
/// of ours does not get into it; such a call finds nothing and does not count in the end.
fn resource(template: &str, params: &[(String, String)]) -> String {
    let segment = |segment: &str| {
        let value = params::name(segment).and_then(|name| params.iter().find(|(known, _)| known == name));
        match value {
            Some((_, value)) if is_identifier(value) => value.clone(),
            Some(_) => NOTHING.to_owned(),
            None => segment.to_owned(),
        }
    };
    template.split('/').map(segment).collect::<Vec<_>>().join("/")
}

fn is_identifier(text: &str) -> bool {
    text.len() <= IDENTIFIER_MAX && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

/// The link that goes on from a place; without such a place the call begins anew.
fn link(parts: &Parts) -> Option<Link> {
    let query = body::query(&parts.uri).ok()?;
    let goes_on = PLACES.iter().any(|name| matches!(query.get(name), Ok(Some(_))));
    let stamp = query.get(STAMP).ok().flatten().filter(|_| goes_on)?;
    Some(Link { target: target(query.pairs()), stamp: stamp.to_owned() })
}

/// The query of a link of ours, with its stamp if following it is no further access.
pub(crate) fn stamped<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>, stamps: Option<&LinkStamps>) -> String {
    let pairs: Vec<_> = pairs.collect();
    let stamp = stamps.map(|stamps| stamps.stamp(&target(pairs.iter().copied())));
    let stamp = stamp.as_deref().map(|stamp| (STAMP, stamp));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs.into_iter().chain(stamp)).finish()
}

/// Where a link leads, in one spelling. All that is in its query counts: with another filter the same page is another one.
fn target<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut pairs: Vec<_> = pairs.filter(|(name, value)| *name != STAMP && !value.is_empty()).collect();
    pairs.sort_unstable();
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The address of the customer who is there (UK Open Banking: present means that they are).
pub(crate) const CUSTOMER_ADDRESS: HeaderName = HeaderName::from_static("x-fapi-customer-ip-address");
/// The parameter of links that says to which access they belong.
const STAMP: &str = "access";
/// Characters of an identifier.
const IDENTIFIER_MAX: usize = 40;
/// What stands for an identifier that is none.
const NOTHING: &str = "?";
/// The parameters that say where in a list to go on.
const PLACES: [&str; 2] = ["page", "cursor"];

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn parts(uri: &str, addresses: &[&str]) -> Parts {
        let request = addresses.iter().fold(Request::get(uri), |request, one| request.header(CUSTOMER_ADDRESS, *one));
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_customer_who_is_there_has_one_address() {
        for (addresses, expected) in [
            (&["192.0.2.1"][..], Some(true)),
            (&["2001:db8::1"], Some(true)),
            (&[" 192.0.2.1 "], Some(true)),
            (&[""], Some(false)),
            (&["192.0.2.256"], Some(false)),
            (&["192.0.2.1:443"], Some(false)),
            (&["192.0.2.1, 192.0.2.2"], Some(false)),
            (&["192.0.2.1", "192.0.2.1"], Some(false)),
            (&["localhost"], Some(false)),
            (&[], None),
        ] {
            let found = customer_address(&parts("/", addresses).headers).map(|address| address.is_ok());
            assert_eq!(found, expected, "{addresses:?}");
        }
    }

    #[test]
    fn a_resource_has_one_spelling() {
        let params = [("account".to_owned(), "acc_1".to_owned()), ("statement".to_owned(), "stm_2".to_owned())];
        assert_eq!(resource("/a/{account}/s/{statement}/t", &params), "/a/acc_1/s/stm_2/t");
        assert_eq!(resource("/accounts", &[]), "/accounts");
        for hostile in ["\0", "a/b", "é", "\u{fffd}", &"a".repeat(41)] {
            let params = [("account".to_owned(), hostile.to_owned())];
            assert_eq!(resource("/a/{account}/b", &params), "/a/?/b", "{hostile}");
        }
    }

    #[test]
    fn a_stamp_counts_only_where_a_list_goes_on() {
        for (uri, expected) in [
            ("/x?page=p&access=s", Some("s")),
            ("/x?cursor=p&access=s", Some("s")),
            ("/x?access=s", None),
            ("/x?page=p", None),
            ("/x?page=p&access=s&access=t", None),
        ] {
            assert_eq!(link(&parts(uri, &[])).map(|link| link.stamp).as_deref(), expected, "{uri}");
        }
    }

    #[test]
    fn where_a_link_leads_has_one_spelling_and_leaves_nothing_out() {
        let target = |uri| link(&parts(uri, &[])).unwrap().target;
        let link = target("/x?from=2026-01-01T00:00:00%2B01:00&page=p&access=s");
        for same in [
            "/x?access=s&page=p&from=2026-01-01T00:00:00%2B01:00",
            "/x?page=%70&from=2026-01-01T00%3A00%3A00%2b01%3A00&access=t&to=",
        ] {
            assert_eq!(target(same), link, "{same}");
        }
        for other in [
            "/x?page=p&access=s",
            "/x?from=2026-01-01T00:00:00%2B02:00&page=p&access=s",
            "/x?from=2026-01-01T00:00:00%2B01:00&page=q&access=s",
            "/x?from=2026-01-01T00:00:00%2B01:00&page=p&to=x&access=s",
            "/x?from=2026-01-01T00:00:00%2B01:00&from=x&page=p&access=s",
            "/x?from=2026-01-01T00:00:00%2B01:00%26page%3Dp&page=p&access=s",
        ] {
            assert_ne!(target(other), link, "{other}");
        }
    }
}
