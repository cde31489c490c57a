//! What is searched for: texts and keys, and every way in which a mistake could write them.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// Texts and keys, each once.
pub(super) struct Needles {
    of: BTreeMap<Vec<u8>, &'static str>,
    public: Vec<String>,
    same_as_public: HashSet<Vec<u8>>,
    short: HashSet<Vec<u8>>,
    least_bytes: usize,
}

/// A search for all of them at once.
pub(super) struct Search {
    pub(super) automaton: AhoCorasick,
    /// What each pattern is, and how it is written.
    pub(super) meanings: Vec<(&'static str, &'static str)>,
    pub(super) longest: usize,
}

impl Needles {
    /// For a search in so many bytes, most of which look random, beside texts that may be read by anybody.
    pub(super) fn among(bytes: u64, public: &[String]) -> Self {
        Self {
            of: BTreeMap::new(),
            public: public.iter().map(|text| text.to_lowercase()).collect(),
            same_as_public: HashSet::new(),
            short: HashSet::new(),
            least_bytes: least_bytes(bytes),
        }
    }

    /// Adds a value: every text of a JSON text, or the bytes of a key.
    pub(super) fn add(&mut self, kind: &'static str, plain: &[u8]) {
        match serde_json::from_slice(plain) {
            Ok(value) => self.add_texts(kind, &value),
            Err(_) => self.insert(kind, secret_part(plain)),
        }
    }

    fn add_texts(&mut self, kind: &'static str, value: &Value) {
        match value {
            Value::String(text) => self.add_text(kind, text),
            Value::Array(values) => values.iter().for_each(|value| self.add_texts(kind, value)),
            Value::Object(fields) => {
                let told = fields.iter().filter(|(name, _)| !PUBLIC_FIELDS.contains(&name.as_str()));
                told.for_each(|(_, value)| self.add_texts(kind, value));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn add_text(&mut self, kind: &'static str, text: &str) {
        // Dates stand everywhere, and identifiers of our own say nothing.
        let digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        if (digits && text.len() == DATE_BYTES) || WORDS.iter().any(|word| text.starts_with(word)) {
            return;
        }
        let lower = text.to_lowercase();
        if self.public.iter().any(|public| public.contains(&lower)) {
            self.same_as_public.insert(text.as_bytes().to_vec());
            return;
        }
        self.insert(kind, text.as_bytes());
    }

    fn insert(&mut self, kind: &'static str, bytes: &[u8]) {
        if bytes.len() < self.least_bytes {
            self.short.insert(bytes.to_vec());
        } else {
            self.of.entry(bytes.to_vec()).or_insert(kind);
        }
    }

    pub(super) fn count(&self) -> usize {
        self.of.len()
    }

    pub(super) fn public(&self) -> usize {
        self.same_as_public.len()
    }

    pub(super) fn too_short(&self) -> usize {
        self.short.len()
    }

    /// Prepares the search.
    pub(super) fn search(self) -> anyhow::Result<Search> {
        let (mut patterns, mut meanings) = (Vec::new(), Vec::new());
        for (bytes, kind) in &self.of {
            for (written, pattern) in ways(bytes) {
                if pattern.len() >= self.least_bytes {
                    patterns.push(pattern);
                    meanings.push((*kind, written));
                }
            }
        }
        let longest = patterns.iter().map(Vec::len).max().unwrap_or(0);
        let automaton =
            AhoCorasick::builder().ascii_case_insensitive(true).match_kind(MatchKind::Standard).build(&patterns)?;
        Ok(Search { automaton, meanings, longest })
    }
}

/// Every way of writing bytes that is searched for.
fn ways(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let hex = bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    });
    let mut ways = vec![("as it is", bytes.to_vec()), ("in hexadecimal", hex.into_bytes())];
    if let Ok(text) = str::from_utf8(bytes) {
        ways.push(("in UTF-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect()));
        ways.push(("in UTF-16", text.encode_utf16().flat_map(u16::to_be_bytes).collect()));
    }
    // In base64 the bytes begin at one of three places of a group; what depends on their neighbours is left out.
    let neighbours: [(&[u8], usize); 3] = [(&[], 0), (&[0], 2), (&[0, 0], 3)];
    for (before, skip) in neighbours {
        let shifted = [before, bytes].concat();
        let whole = (shifted.len() * 8 / 6).max(skip);
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let written = engine.encode(&shifted).into_bytes();
            let inner = written.get(skip..whole).unwrap_or_default().to_vec();
            if !ways.iter().any(|(_, known)| *known == inner) {
                ways.push(("in base64", inner));
            }
        }
    }
    ways
}

/// Bytes of a key that stand nowhere else: of a private key (PKCS #8) those that its public key does not have.
fn secret_part(key: &[u8]) -> &[u8] {
    let part = match key.len() {
        RSA_BYTES_MIN.. => key.get(key.len() / 2..key.len() / 2 + PART_BYTES),
        EC_BYTES_MIN..RSA_BYTES_MIN => key.get(36..36 + PART_BYTES),
        48..EC_BYTES_MIN => key.get(16..16 + PART_BYTES),
        _ => None,
    };
    part.unwrap_or(key)
}

/// How many bytes a text must have so that chance writes none of a million like it, whatever the case of its letters.
fn least_bytes(searched: u64) -> usize {
    let bits = u64::from(u64::BITS - searched.leading_zeros()) + NEEDLES_BITS + MARGIN_BITS;
    usize::try_from(bits.div_ceil(LETTER_BITS)).unwrap_or(usize::MAX)
}

/// What a byte tells: a letter in either case is written by chance once in 128 bytes.
const LETTER_BITS: u64 = 7;
/// A search has up to so many patterns, as a power of two.
const NEEDLES_BITS: u64 = 14;
/// How unlikely a false alarm is, as a power of two.
const MARGIN_BITS: u64 = 10;
/// `YYYY-MM-DD`.
const DATE_BYTES: usize = 10;
/// Bytes of a private key that are searched for.
const PART_BYTES: usize = 32;
/// From here on a private key is one of RSA.
const RSA_BYTES_MIN: usize = 600;
/// From here on it is one of an elliptic curve.
const EC_BYTES_MIN: usize = 100;
/// Fields of sealed values with words of this program, such as what scheme an account number has, or with what an app is called.
const PUBLIC_FIELDS: [&str; 5] = ["app", "browser", "permissions", "scheme", "system"];
/// How words of this program begin that stand in sealed values.
const WORDS: [&str; 2] = ["UK.OBIE.", "UK.CBPII."];
