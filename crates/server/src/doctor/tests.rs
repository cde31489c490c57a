//! What is found, and what is not taken for a find.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::*;

fn found_in(haystack: &[u8], piece: usize) -> Vec<(u64, &'static str, &'static str)> {
    let mut needles = Needles::among(1 << 20, &["Golden Saver".to_owned()]);
    needles.add(
        "a name",
        br#"{"full_name":"Wilhelmina Zebedee","nick":"Golden Saver","scheme":"UK.OBIE.IBAN","x":["Ann"]}"#,
    );
    needles.add("a key", &[0xE9; 20]);
    assert_eq!((needles.count(), needles.public(), needles.too_short()), (2, 1, 1));
    let search = needles.search().unwrap();
    let mut scanner = Scanner::new(&search);
    haystack.chunks(piece).for_each(|piece| scanner.feed("the file", piece));
    let (bytes, found) = scanner.end();
    assert_eq!(bytes, u64::try_from(haystack.len()).unwrap());
    found.into_iter().map(|found| (found.offset, found.kind, found.written)).collect()
}

fn after_noise(bytes: &[u8]) -> Vec<u8> {
    [&[0x5A, 0x07][..], &[b'.'; 1_000], bytes, &[b'.'; 50]].concat()
}

#[test]
fn finds_a_text_however_it_is_written() {
    let name = "Wilhelmina Zebedee";
    let utf16 = |swap: bool| -> Vec<u8> {
        name.encode_utf16().flat_map(|unit| if swap { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    let hex: String = name.bytes().map(|byte| format!("{byte:02X}")).collect();
    for (bytes, written) in [
        (name.as_bytes().to_vec(), "as it is"),
        (name.to_lowercase().into_bytes(), "as it is"),
        (utf16(false), "in UTF-16"),
        (utf16(true), "in UTF-16"),
        (hex.into_bytes(), "in hexadecimal"),
    ] {
        assert_eq!(found_in(&after_noise(&bytes), 1 << 16), [(1_002, "a name", written)], "{written}");
    }
    for before in ["", "x", "xy", "xyz"] {
        let text = format!("{before}{name}, of age");
        for encoded in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
            let found = found_in(&after_noise(encoded.as_bytes()), 1 << 16);
            assert!(matches!(found[..], [(_, "a name", "in base64")]), "{before}: {found:?}");
        }
    }
}

#[test]
fn finds_what_a_piece_cuts_in_two_and_finds_it_once() {
    let haystack = after_noise(b"Wilhelmina Zebedee");
    for piece in [1, 2, 7, 17, 18, 19, 500, 1_010] {
        assert_eq!(found_in(&haystack, piece), [(1_002, "a name", "as it is")], "pieces of {piece}");
    }
}

#[test]
fn finds_the_bytes_of_a_key() {
    assert_eq!(found_in(&after_noise(&[0xE9; 20]), 64), [(1_002, "a key", "as it is")]);
    assert_eq!(found_in(&after_noise(b"e9".repeat(20).as_slice()), 64), [(1_002, "a key", "in hexadecimal")]);
}

#[test]
fn does_not_take_public_texts_short_texts_or_parts_for_a_find() {
    for harmless in ["Golden Saver", "Ann", "UK.OBIE.IBAN", "Wilhelmina", "Zebedee", "full_name"] {
        assert!(found_in(&after_noise(harmless.as_bytes()), 64).is_empty(), "{harmless}");
    }
    let mut random = vec![0; 1 << 20];
    aws_lc_rs::rand::fill(&mut random).unwrap();
    assert!(found_in(&random, 1 << 16).is_empty());
}
