//! Distinguished names: the text that was registered (RFC 4514) against the subject of a certificate.
//!
//! Must never find a name by a part of it: every attribute counts, in its place, and none may be missing or left over.

use std::str::FromStr;

use x509_parser::x509::X509Name;

use super::attribute::Attribute;

/// A distinguished name, read from its text for comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistinguishedName {
    /// In the order of a certificate; each a sorted set of attributes.
    parts: Vec<Vec<Attribute>>,
}

impl DistinguishedName {
    /// Whether a certificate's name is this one (RFC 5280 7.1).
    pub(super) fn is(&self, name: &X509Name<'_>) -> bool {
        // Lengths come first, so that a name with thousands of attributes costs nothing.
        name.iter_rdn().count() == self.parts.len()
            && name.iter_rdn().zip(&self.parts).all(|(theirs, ours)| {
                theirs.iter().count() == ours.len() && sorted(theirs.iter().map(Attribute::from).collect()) == *ours
            })
    }
}

impl FromStr for DistinguishedName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        if text.len() > MAX_NAME_BYTES {
            return Err(BadName);
        }
        // RFC 4514 2.1: the text begins with the last part of the name.
        let mut parts: Vec<_> = split(text, ',').map(part).collect::<Option<_>>().ok_or(BadName)?;
        parts.reverse();
        if parts.len() <= MAX_NAME_PARTS { Ok(Self { parts }) } else { Err(BadName) }
    }
}

/// The text is not a distinguished name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not a distinguished name (RFC 4514) of at most 512 bytes and 32 parts, or has an attribute that is not known"
)]
pub struct BadName;

/// A part of one or more attributes; among them order means nothing (RFC 4514 2.2).
fn part(text: &str) -> Option<Vec<Attribute>> {
    split(text, '+').map(Attribute::parse).collect::<Option<_>>().map(sorted)
}

fn sorted(mut attributes: Vec<Attribute>) -> Vec<Attribute> {
    attributes.sort_unstable();
    attributes
}

/// The pieces between separators before which no backslash stands.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut escaped = false;
    text.split(move |c| {
        let found = c == separator && !escaped;
        escaped = c == '\\' && !escaped;
        found
    })
}

/// The longest text of a name, in bytes; as long as a registration may have it.
const MAX_NAME_BYTES: usize = 512;
/// The most parts (relative distinguished names) of a name; real ones have fewer than ten.
const MAX_NAME_PARTS: usize = 32;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use x509_parser::prelude::FromDer as _;

    use super::*;

    const CN: &[u8] = &[0x55, 4, 3];
    const C: &[u8] = &[0x55, 4, 6];
    const O: &[u8] = &[0x55, 4, 10];
    const OU: &[u8] = &[0x55, 4, 11];
    const ORGANIZATION_IDENTIFIER: &[u8] = &[0x55, 4, 97];
    const UTF8: u8 = 0x0c;
    const PRINTABLE: u8 = 0x13;

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82][..], &length, content].concat()
    }

    fn attribute(kind: &[u8], tag: u8, value: &[u8]) -> Vec<u8> {
        tlv(0x30, &[tlv(6, kind), tlv(tag, value)].concat())
    }

    /// A name in DER, from its parts in the order of the certificate.
    fn name(parts: &[Vec<u8>]) -> Vec<u8> {
        tlv(0x30, &parts.iter().flat_map(|attributes| tlv(0x31, attributes)).collect::<Vec<_>>())
    }

    fn matches(text: &str, der: &[u8]) -> bool {
        let (rest, name) = X509Name::from_der(der).unwrap();
        assert!(rest.is_empty());
        text.parse::<DistinguishedName>().unwrap_or_else(|_| panic!("{text}")).is(&name)
    }

    #[test]
    fn finds_the_same_name_however_it_is_written() {
        let subject = name(&[
            attribute(C, PRINTABLE, b"GB"),
            attribute(O, UTF8, "Sue, Grabbit  and Lučić".as_bytes()),
            attribute(ORGANIZATION_IDENTIFIER, UTF8, b"PSDGB-FCA-123456"),
            attribute(CN, UTF8, b"app.example"),
        ]);
        for good in [
            r"CN=app.example,organizationIdentifier=PSDGB-FCA-123456,O=Sue\, Grabbit and Lučić,C=GB",
            r"cn=APP.example, 2.5.4.97=psdgb-fca-123456, o=Sue\2C  Grabbit and LUČIĆ , c=gb",
            r"commonName = app.example,OID.2.5.4.97=PSDGB-FCA-123456,2.5.4.10=Sue\2c Grabbit and Lu\C4\8Di\C4\87,C=\47B",
            r"CN=\ app.example\ ,oid.2.5.4.97=#0c1050534447422D4643412D313233343536, O = Sue\, Grabbit and Lučić,C=#13024742",
        ] {
            assert!(matches(good, &subject), "{good}");
        }
        for bad in [
            // In the order of the certificate.
            r"C=GB,O=Sue\, Grabbit and Lučić,organizationIdentifier=PSDGB-FCA-123456,CN=app.example",
            // Shorter at either end, and longer.
            r"organizationIdentifier=PSDGB-FCA-123456,O=Sue\, Grabbit and Lučić,C=GB",
            r"CN=app.example,organizationIdentifier=PSDGB-FCA-123456,O=Sue\, Grabbit and Lučić",
            r"CN=app.example,organizationIdentifier=PSDGB-FCA-123456,O=Sue\, Grabbit and Lučić,C=GB,C=GB",
            // Another value, another type.
            r"CN=app.example,organizationIdentifier=PSDGB-FCA-123457,O=Sue\, Grabbit and Lučić,C=GB",
            r"CN=app.example,organizationIdentifier=PSDGB-FCA-123456,O=Sue\, Grabbitand Lučić,C=GB",
            r"CN=app.example,serialNumber=PSDGB-FCA-123456,O=Sue\, Grabbit and Lučić,C=GB",
            r"CN=app.example,organizationIdentifier=PSDGB-FCA-123456,OU=Sue\, Grabbit and Lučić,C=GB",
            // Two attributes in one part.
            r"CN=app.example+organizationIdentifier=PSDGB-FCA-123456,O=Sue\, Grabbit and Lučić,C=GB",
        ] {
            assert!(!matches(bad, &subject), "{bad}");
        }
    }

    #[test]
    fn compares_a_part_of_several_attributes_as_a_set() {
        let both = [attribute(OU, UTF8, b"Sales"), attribute(CN, UTF8, b"J.  Smith")].concat();
        let subject = name(&[attribute(O, UTF8, b"Widget"), both]);
        for good in ["OU=Sales+CN=J. Smith,O=Widget", "CN=J. Smith + OU=Sales,O=Widget"] {
            assert!(matches(good, &subject), "{good}");
        }
        for bad in [
            "OU=Sales,CN=J. Smith,O=Widget",
            "OU=Sales+OU=Sales,O=Widget",
            "OU=Sales+CN=J. Smith+CN=J. Smith,O=Widget",
            "CN=J. Smith,O=Widget",
        ] {
            assert!(!matches(bad, &subject), "{bad}");
        }
    }

    #[test]
    fn compares_values_in_der() {
        let subject = |tag, value: &[u8]| name(&[attribute(CN, tag, value)]);
        assert!(matches("CN=#0c024869", &subject(UTF8, b"hi")));
        assert!(matches("CN=#13024869", &subject(UTF8, b"hi")), "both are strings");
        assert!(matches("CN= #0402AbCd ", &subject(4, &[0xab, 0xcd])));
        assert!(matches("2.5.4.3=hi", &subject(0x1e, &[0, b'H', 0, b'i'])));
        assert!(!matches("CN=#0402abcd", &subject(4, &[0xab, 0xce])));
        assert!(!matches("CN=#0402abcd", &subject(0x84, &[0xab, 0xcd])), "another tag");
        assert!(!matches("CN=hi", &subject(4, b"hi")), "not a string");
        assert!(!matches("CN=hi", &subject(0x14, b"hi")), "not a string of known characters");
        assert!(!matches(r"CN=\#0c024869", &subject(UTF8, b"hi")));
        assert!(matches(r"CN=\#0c024869", &subject(UTF8, b"#0c024869")));
        assert!(matches("CN=", &subject(UTF8, b"")));
    }

    #[test]
    fn refuses_what_is_not_a_name() {
        let long = format!("CN={}", "a".repeat(MAX_NAME_BYTES));
        let many = |parts| vec!["C=GB"; parts].join(",");
        assert!(many(MAX_NAME_PARTS).parse::<DistinguishedName>().is_ok());
        for bad in [
            "",
            " ",
            "CN",
            "=a",
            "CN=a,",
            ",CN=a",
            "CN=a,,C=GB",
            "CN=a+",
            "CN=a;C=GB",
            "CN=\"a, b\"",
            "CN=a\\",
            "CN=#",
            "CN=#0",
            "CN=#0c",
            "CN=#0c0248",
            "CN=#0c02486900",
            "CN=#0g",
            "nonsense=a",
            "2.5.4.x=a",
            "OID.=a",
            "OID=a",
            "C\\N=a",
            "Ä=a",
            "OIÄ.2=a",
            "CN=<a>",
            "/C=GB/CN=a",
            &long,
            &many(MAX_NAME_PARTS + 1),
        ] {
            assert_eq!(bad.parse::<DistinguishedName>(), Err(BadName), "{bad}");
        }
    }

    /// Writes a value with each escape that RFC 4514 knows, and in UTF-8 octets beyond ASCII.
    fn escaped(value: &str) -> String {
        value
            .char_indices()
            .map(|(n, c)| match c {
                '"' | '+' | ',' | ';' | '<' | '>' | '\\' if n % 2 == 0 => format!("\\{c}"),
                ' ' | '#' | '=' if n == 0 => format!("\\{c}"),
                c if c.is_ascii_alphanumeric() => c.to_string(),
                c => c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("\\{byte:02X}")).collect(),
            })
            .collect()
    }

    const KINDS: [(&str, &[u8]); 3] = [("CN", CN), ("o", O), ("2.5.4.11", OU)];

    fn write(parts: &[Vec<(usize, String)>]) -> String {
        let one = |(kind, value): &(usize, String)| format!("{}={}", KINDS[*kind].0, escaped(value));
        let part = |attributes: &Vec<_>| attributes.iter().map(one).collect::<Vec<_>>().join("+");
        parts.iter().rev().map(part).collect::<Vec<_>>().join(", ")
    }

    fn parts() -> impl Strategy<Value = Vec<Vec<(usize, String)>>> {
        let attribute = (0_usize..3, r##"[a-zA-Z ,+\\"#=;<>äčß]{0,6}"##);
        prop::collection::vec(prop::collection::vec(attribute, 1..3), 1..5)
    }

    proptest! {
        #[test]
        fn survives_any_text(text in "\\PC*", name_like in r##"([A-Za-z0-9. ]{0,4}[=,+#\\"]{0,2}){0,8}"##) {
            let _ = text.parse::<DistinguishedName>();
            let _ = name_like.parse::<DistinguishedName>();
        }

        #[test]
        fn finds_every_name_by_its_text_and_not_by_another(mut parts in parts(), part: prop::sample::Index) {
            let one = |(kind, value): &(usize, String)| attribute(KINDS[*kind].1, UTF8, value.as_bytes());
            let der: Vec<Vec<u8>> = parts.iter().map(|attributes| attributes.iter().flat_map(one).collect()).collect();
            prop_assert!(matches(&write(&parts), &name(&der)));
            let part = part.index(parts.len());
            parts[part][0].1.push('x');
            prop_assert!(!matches(&write(&parts), &name(&der)));
        }
    }
}
