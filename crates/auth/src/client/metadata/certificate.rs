//! What a client's certificate must say of it, for `tls_client_auth` (RFC 8705 2.1.2).

use std::net::IpAddr;

use lombard_domain::oauth::AuthMethod;
use lombard_domain::text::Text;

use super::fields::{BadMetadata, Fields, invalid};
use crate::possession::DistinguishedName;

/// The one name of the five by which the certificate is known; all `None` for other methods.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) subject_dn: Option<Text<512>>,
    pub(super) san_dns: Option<Text<512>>,
    pub(super) san_uri: Option<Text<512>>,
    pub(super) san_ip: Option<Text<512>>,
    pub(super) san_email: Option<Text<512>>,
}

impl Names {
    pub(super) fn read(fields: &Fields, method: AuthMethod) -> Result<Self, BadMetadata> {
        let given: Vec<&str> = ALL.into_iter().filter(|name| fields.value(name).is_some()).collect();
        match (method, given.as_slice()) {
            (AuthMethod::TlsClientAuth, [_]) => {}
            (AuthMethod::TlsClientAuth, []) => {
                return Err(invalid(format!("tls_client_auth needs one of {}", ALL.join(", "))));
            }
            (AuthMethod::TlsClientAuth, several) => {
                return Err(invalid(format!("{}: there can be one of them only", several.join(", "))));
            }
            (_, []) => return Ok(Self::default()),
            (_, [name, ..]) => {
                return Err(invalid(format!("{name} is for the token_endpoint_auth_method tls_client_auth only")));
            }
        }
        let [subject_dn, san_dns, san_uri, san_ip, san_email] = ALL;
        Ok(Self {
            subject_dn: shaped(fields, subject_dn, is_distinguished_name, "a distinguished name (RFC 4514)")?,
            san_dns: shaped(fields, san_dns, is_host, "a host name")?,
            san_uri: shaped(fields, san_uri, is_uri, "a URI")?,
            san_ip: shaped(fields, san_ip, |text| text.parse::<IpAddr>().is_ok(), "an IP address")?,
            san_email: shaped(fields, san_email, is_email, "an e-mail address")?,
        })
    }
}

fn shaped(
    fields: &Fields,
    name: &'static str,
    fits: fn(&str) -> bool,
    what: &str,
) -> Result<Option<Text<512>>, BadMetadata> {
    let text = fields.bounded(name)?;
    if text.as_ref().is_some_and(|text: &Text<512>| !fits(text.as_str())) {
        return Err(invalid(format!("{name} must be {what}")));
    }
    Ok(text)
}

fn is_distinguished_name(text: &str) -> bool {
    text.parse::<DistinguishedName>().is_ok()
}

/// RFC 1123 2.1, with the underscores that some names have; no wildcards, which would name many clients.
fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        (1..=LABEL_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    text.len() <= HOST_MAX && text.split('.').all(label)
}

fn is_uri(text: &str) -> bool {
    text.bytes().all(|b| (0x21..0x7f).contains(&b)) && url::Url::parse(text).is_ok()
}

/// RFC 5321 4.1.2 without quoted local parts, which certificates of clients do not have.
fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    let plain = |b: u8| {
        (0x21..0x7f).contains(&b)
            && !matches!(b, b'@' | b'"' | b'(' | b')' | b',' | b':' | b';' | b'<' | b'>' | b'[' | b'\\' | b']')
    };
    !local.is_empty() && local.bytes().all(plain) && is_host(host)
}

const ALL: [&str; 5] = [
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
];
/// Characters of one part of a host name.
const LABEL_MAX: usize = 63;
/// Characters of a host name.
const HOST_MAX: usize = 253;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(name: &str, value: &str) -> Result<Names, BadMetadata> {
        Names::read(&Fields::read(json!({name: value}).to_string().as_bytes())?, AuthMethod::TlsClientAuth)
    }

    #[test]
    fn knows_the_shape_of_each() {
        let long = format!("{}.example", "a".repeat(64));
        for (name, good, bad) in [
            (ALL[0], &["CN=app,O=Example Ltd,C=GB"][..], &["", " ", "CN=\u{202e}"][..]),
            (
                ALL[1],
                &["app.example", "a_b.example", "localhost"],
                &["", "*.example", "a..b", "-a.example", "a b", "app.example.", &long],
            ),
            (
                ALL[2],
                &["spiffe://example/app", "urn:example:app", "https://app.example/x?y"],
                &["", "app", "https://a b/", "//app.example"],
            ),
            (ALL[3], &["192.0.2.1", "2001:db8::1"], &["", "192.0.2", "192.0.2.1/24", "[2001:db8::1]", "app.example"]),
            (
                ALL[4],
                &["ops@app.example", "a.b+c@app.example"],
                &["", "ops", "@app.example", "ops@", "a@b@c.example", "a b@c.example", "<a@c.example>"],
            ),
        ] {
            for value in good {
                assert!(read(name, value).is_ok(), "{name} {value}");
            }
            for value in bad {
                assert!(read(name, value).unwrap_err().description.contains(name), "{name} {value}");
            }
        }
    }

    #[test]
    fn there_is_exactly_one_and_for_one_method_only() {
        let fields = |value: serde_json::Value| Fields::read(value.to_string().as_bytes()).unwrap();
        let two = fields(json!({"tls_client_auth_san_dns": "app.example", "tls_client_auth_san_ip": "192.0.2.1"}));
        let one = fields(json!({"tls_client_auth_san_dns": "app.example", "tls_client_auth_san_ip": null}));
        for method in AuthMethod::ALL {
            let is_ours = *method == AuthMethod::TlsClientAuth;
            assert_eq!(Names::read(&one, *method).is_ok(), is_ours, "{method:?}");
            assert_eq!(Names::read(&fields(json!({})), *method).is_ok(), !is_ours, "{method:?}");
            assert!(Names::read(&two, *method).unwrap_err().description.contains("tls_client_auth_san_dns"));
        }
    }

    proptest! {
        #[test]
        fn survives_any_text(name in proptest::sample::select(&ALL[..]), text: String) {
            let _ = read(name, &text);
        }
    }
}
