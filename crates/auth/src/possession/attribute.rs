//! One attribute of a distinguished name, brought into a form in which equal ones are equal bytes.
//!
//! Owns the names of attribute types and the comparison rules of values (RFC 4514, RFC 5280 7.1). It must never take two
//! attributes for the same because their types have similar names: types are compared as object identifiers.

use x509_parser::asn1_rs::{Any, Class, FromDer as _, Tag};
use x509_parser::x509::AttributeTypeAndValue;

/// A type with its value, ready for comparison; the order is of no meaning beyond sorting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Attribute {
    /// The content octets of the object identifier in DER.
    kind: Vec<u8>,
    value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    /// A string of any kind, folded.
    Text(String),
    /// Anything else, as its tag and content in DER.
    Other { tag: Vec<u8>, content: Vec<u8> },
}

impl Attribute {
    /// Reads `type=value` (RFC 4514 2.3, 2.4); the separators around it are gone already.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (kind, value) = text.split_once('=')?;
        Some(Self {
            kind: kind_from_text(kind.trim_matches(' '))?,
            value: Value::parse(value.trim_start_matches(' '))?,
        })
    }
}

impl From<&AttributeTypeAndValue<'_>> for Attribute {
    fn from(attribute: &AttributeTypeAndValue<'_>) -> Self {
        Self { kind: attribute.attr_type().as_bytes().to_vec(), value: Value::from(attribute.attr_value()) }
    }
}

impl Value {
    fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix('#') {
            Some(digits) => {
                let der = hex(digits.trim_end_matches(' '))?;
                let (rest, any) = Any::from_der(&der).ok()?;
                rest.is_empty().then(|| Self::from(&any))
            }
            None => Some(Self::Text(fold(&unescape(text)?))),
        }
    }
}

impl From<&Any<'_>> for Value {
    fn from(any: &Any<'_>) -> Self {
        match decode(any) {
            Some(text) => Self::Text(fold(&text)),
            None => Self::Other { tag: any.header.raw_tag().unwrap_or_default().to_vec(), content: any.data.to_vec() },
        }
    }
}

/// The text of a string type whose characters are beyond doubt; T.61 strings (RFC 5280 4.1.2.4 discourages them) are not.
fn decode(any: &Any<'_>) -> Option<String> {
    if any.class() != Class::Universal || any.header.is_constructed() {
        return None;
    }
    match any.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::NumericString | Tag::VisibleString => {
            std::str::from_utf8(any.data).ok().map(str::to_owned)
        }
        Tag::BmpString => {
            let (units, rest) = any.data.as_chunks::<2>();
            let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            rest.is_empty().then(|| String::from_utf16(&units).ok())?
        }
        Tag::UniversalString => {
            let (units, rest) = any.data.as_chunks::<4>();
            let text = units.iter().map(|unit| char::from_u32(u32::from_be_bytes(*unit))).collect();
            if rest.is_empty() { text } else { None }
        }
        _ => None,
    }
}

/// Without difference of case, outer white space, and the amount of inner white space (RFC 5280 7.1, RFC 4518 2.6.1).
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    folded
}

/// Takes the escapes of RFC 4514 2.4 out; `None` if a character stands bare that must not.
fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'\\' => match rest.next()? {
                special if ESCAPED.contains(&special) => bytes.push(special),
                high => bytes.push(hex_digit(high)? << 4 | hex_digit(rest.next()?)?),
            },
            0 | b'"' | b'+' | b',' | b';' | b'<' | b'>' => return None,
            plain => bytes.push(plain),
        }
    }
    String::from_utf8(bytes).ok()
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if pairs.is_empty() || !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(hex_digit(*high)? << 4 | hex_digit(*low)?)).collect()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// The object identifier behind a name or a dotted number (RFC 4514 2.3), with the prefix `OID.` of older writers or without.
fn kind_from_text(text: &str) -> Option<Vec<u8>> {
    if let Some((_, dotted)) = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        return object_identifier(dotted);
    }
    match text.split_at_checked(OID_PREFIX.len()) {
        Some((prefix, dotted)) if prefix.eq_ignore_ascii_case(OID_PREFIX) => object_identifier(dotted),
        _ => object_identifier(text),
    }
}

/// The content octets of an object identifier (X.690 8.19).
fn object_identifier(dotted: &str) -> Option<Vec<u8>> {
    let mut arcs = dotted.split('.').map(arc);
    let (first, second) = (arcs.next()??, arcs.next()??);
    if first > 2 || (first < 2 && second > 39) {
        return None;
    }
    let mut octets = base_128(first.checked_mul(40)?.checked_add(second)?);
    for arc in arcs {
        octets.extend(base_128(arc?));
    }
    Some(octets)
}

/// A number without leading zeros (RFC 4512 1.4); identifiers made from a UUID take all 128 bits.
fn arc(text: &str) -> Option<u128> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

fn base_128(number: u128) -> Vec<u8> {
    let low = number.to_le_bytes()[0] & 0x7f;
    let mut octets = vec![low];
    let mut rest = number >> 7;
    while rest > 0 {
        octets.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    octets.reverse();
    octets
}

/// What a backslash may stand before to mean the character itself (RFC 4514 3, `special` and `ESC`).
const ESCAPED: &[u8] = b"\\\"+,;<> #=";
/// How some writers begin a dotted number (RFC 4514 2.3 does without).
const OID_PREFIX: &str = "OID.";
/// Names of attribute types: RFC 4514 3 and 4519 2, the short forms of common tools, and those in certificates of banks
/// and their third parties (ETSI EN 319 412-1 5.1.4, CA/Browser Forum EV Guidelines 7.1.4.2).
const NAMES: &[(&str, &str)] = &[
    ("CN", "2.5.4.3"),
    ("commonName", "2.5.4.3"),
    ("SN", "2.5.4.4"),
    ("surname", "2.5.4.4"),
    ("serialNumber", "2.5.4.5"),
    ("C", "2.5.4.6"),
    ("countryName", "2.5.4.6"),
    ("L", "2.5.4.7"),
    ("localityName", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("S", "2.5.4.8"),
    ("stateOrProvinceName", "2.5.4.8"),
    ("STREET", "2.5.4.9"),
    ("streetAddress", "2.5.4.9"),
    ("O", "2.5.4.10"),
    ("organizationName", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("organizationalUnitName", "2.5.4.11"),
    ("T", "2.5.4.12"),
    ("title", "2.5.4.12"),
    ("description", "2.5.4.13"),
    ("businessCategory", "2.5.4.15"),
    ("postalCode", "2.5.4.17"),
    ("name", "2.5.4.41"),
    ("GN", "2.5.4.42"),
    ("givenName", "2.5.4.42"),
    ("initials", "2.5.4.43"),
    ("generationQualifier", "2.5.4.44"),
    ("dnQualifier", "2.5.4.46"),
    ("pseudonym", "2.5.4.65"),
    ("organizationIdentifier", "2.5.4.97"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("userId", "0.9.2342.19200300.100.1.1"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("domainComponent", "0.9.2342.19200300.100.1.25"),
    ("E", "1.2.840.113549.1.9.1"),
    ("emailAddress", "1.2.840.113549.1.9.1"),
    ("jurisdictionLocalityName", "1.3.6.1.4.1.311.60.2.1.1"),
    ("jurisdictionL", "1.3.6.1.4.1.311.60.2.1.1"),
    ("jurisdictionStateOrProvinceName", "1.3.6.1.4.1.311.60.2.1.2"),
    ("jurisdictionST", "1.3.6.1.4.1.311.60.2.1.2"),
    ("jurisdictionCountryName", "1.3.6.1.4.1.311.60.2.1.3"),
    ("jurisdictionC", "1.3.6.1.4.1.311.60.2.1.3"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_object_identifiers() {
        for (dotted, octets) in [
            ("2.5.4.3", &[0x55, 4, 3][..]),
            ("0.0", &[0]),
            ("1.39", &[79]),
            ("2.999.3", &[0x88, 0x37, 3]),
            ("1.2.840.113549.1.9.1", &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1]),
            ("0.9.2342.19200300.100.1.25", &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 0x19]),
            // X.667 8: a UUID as an arc.
            (
                "2.25.340282366920938463463374607431768211455",
                &[
                    0x69, 0x83, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                    0xff, 0xff, 0xff, 0x7f,
                ],
            ),
        ] {
            assert_eq!(object_identifier(dotted).as_deref(), Some(octets), "{dotted}");
        }
        let too_large = format!("2.{}", u128::MAX);
        for bad in [
            "", "2", "2.", ".2", "2..4", "3.1", "0.40", "1.40", "2.05", "2.+5", "2.5 ", "2.-5", "a.b", "2.5.4.x",
            &too_large,
        ] {
            assert_eq!(object_identifier(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_name_is_listed_once_and_stands_for_a_number() {
        for (n, (name, dotted)) in NAMES.iter().enumerate() {
            assert!(object_identifier(dotted).is_some(), "{name}");
            assert_eq!(NAMES.iter().position(|(other, _)| other.eq_ignore_ascii_case(name)), Some(n), "{name}");
        }
    }

    #[test]
    fn takes_escapes_out() {
        for (text, plain) in [
            ("", ""),
            (r"Sue\, Grabbit and Runn", "Sue, Grabbit and Runn"),
            (r"Sue\2c Grabbit", "Sue, Grabbit"),
            (r#"James \"Jim\" Smith"#, r#"James "Jim" Smith"#),
            (r"Before\0dAfter", "Before\rAfter"),
            (r"Lu\C4\8Di\C4\87", "Lučić"),
            ("Lučić", "Lučić"),
            (r"\ \#a\=b=#\\\+\;\<\>", r" #a=b=#\+;<>"),
        ] {
            assert_eq!(unescape(text).as_deref(), Some(plain), "{text}");
        }
        for bad in [
            r"\", r"a\", r"\4", r"\4g", r"\g4", r"\ä", r"\C4", r"\ff", "a+b", "a,b", "a;b", "a<b", "a>b", "\"a\"", "\0",
        ] {
            assert_eq!(unescape(bad), None, "{bad}");
        }
    }

    #[test]
    fn decodes_the_string_types() {
        let text = |der: &[u8]| decode(&Any::from_der(der).unwrap().1);
        for good in
            [&[0x0c, 3, 0xc3, 0xa4, b'b'][..], &[0x1e, 4, 0, 0xe4, 0, b'b'], &[0x1c, 8, 0, 0, 0, 0xe4, 0, 0, 0, b'b']]
        {
            assert_eq!(text(good).as_deref(), Some("äb"), "{good:x?}");
        }
        for good in [[0x13, 2, b'a', b'1'], [0x16, 2, b'a', b'1'], [0x1a, 2, b'a', b'1'], [0x12, 2, b'a', b'1']] {
            assert_eq!(text(&good).as_deref(), Some("a1"));
        }
        for other in [
            &[0x0c, 1, 0xe4][..],
            &[0x1e, 3, 0, b'a', 0],
            &[0x1e, 2, 0xd8, 0],
            &[0x1c, 4, 0, 0x11, 0, 0],
            &[0x1c, 3, 0, 0, 0],
            &[0x14, 1, b'a'],
            &[0x04, 1, b'a'],
            &[0x8c, 1, b'a'],
            &[0x2c, 3, 0x0c, 1, b'a'],
        ] {
            assert_eq!(text(other), None, "{other:x?}");
        }
    }
}
