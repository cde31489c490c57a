//! An entry as it is stored, and the bytes that stand for it wherever it is hashed.
//!
//! Plain texts, because what is stored is checked as it stands: an entry that somebody broke must still have its bytes. The bytes
//! are a function of the fields alone, and no two different entries have the same; nothing else may decide what an entry's hash is.

/// An entry as it is stored: what happened, to whom and what, from where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Its identifier.
    pub id: String,
    /// When, in microseconds since the epoch.
    pub at: i64,
    /// What happened.
    pub event: String,
    /// How it ended for whoever asked.
    pub outcome: String,
    /// The app.
    pub client: Option<String>,
    /// The customer.
    pub customer: Option<String>,
    /// The consent.
    pub consent: Option<String>,
    /// The account.
    pub account: Option<String>,
    /// Why or how.
    pub reason: Option<String>,
    /// The interaction id of the call.
    pub interaction: Option<String>,
    /// The sealed network address of the caller.
    pub address: Option<Vec<u8>>,
}

/// An entry with its place in the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chained {
    /// Its number; the first is 1, and none is left out.
    pub position: i64,
    /// The entry.
    pub line: Line,
    /// What the bank made of the entry with a secret key when it was recorded.
    pub mac: Vec<u8>,
    /// What follows from this entry and all before it.
    pub hash: Vec<u8>,
}

impl Line {
    /// The bytes that stand for the entry: a version, then each field. A text has its length before it, and what may be missing has
    /// a byte that tells whether it is there; so the bytes can be read back in one way only.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(ENCODED);
        out.push(VERSION);
        put(&mut out, self.id.as_bytes());
        out.extend_from_slice(&self.at.to_be_bytes());
        put(&mut out, self.event.as_bytes());
        put(&mut out, self.outcome.as_bytes());
        let texts = [&self.client, &self.customer, &self.consent, &self.account, &self.reason, &self.interaction];
        for text in texts {
            put_option(&mut out, text.as_deref().map(str::as_bytes));
        }
        put_option(&mut out, self.address.as_deref());
        out
    }
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

fn put_option(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        None => out.push(0),
        Some(bytes) => {
            out.push(1);
            put(out, bytes);
        }
    }
}

/// The version of the bytes. Another form needs another number.
const VERSION: u8 = 1;
/// What most entries need, in bytes.
const ENCODED: usize = 384;

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    /// Reads bytes back, which proves that nothing else has the same.
    struct Reader<'a>(&'a [u8]);

    impl Reader<'_> {
        fn bytes(&mut self, count: usize) -> Vec<u8> {
            let (head, rest) = self.0.split_at(count);
            self.0 = rest;
            head.to_vec()
        }

        fn field(&mut self) -> Vec<u8> {
            let length = u64::from_be_bytes(self.bytes(8).try_into().unwrap());
            self.bytes(usize::try_from(length).unwrap())
        }

        fn text(&mut self) -> String {
            String::from_utf8(self.field()).unwrap()
        }

        fn option(&mut self) -> Option<Vec<u8>> {
            match self.bytes(1)[0] {
                0 => None,
                1 => Some(self.field()),
                other => panic!("{other}"),
            }
        }

        fn optional_text(&mut self) -> Option<String> {
            self.option().map(|bytes| String::from_utf8(bytes).unwrap())
        }

        fn line(mut self) -> Line {
            assert_eq!(self.bytes(1), [VERSION]);
            let line = Line {
                id: self.text(),
                at: i64::from_be_bytes(self.bytes(8).try_into().unwrap()),
                event: self.text(),
                outcome: self.text(),
                client: self.optional_text(),
                customer: self.optional_text(),
                consent: self.optional_text(),
                account: self.optional_text(),
                reason: self.optional_text(),
                interaction: self.optional_text(),
                address: self.option(),
            };
            assert!(self.0.is_empty());
            line
        }
    }

    fn text() -> impl Strategy<Value = String> {
        "[ab\u{0}\u{1}\u{8}ü]{0,9}"
    }

    prop_compose! {
        fn line()(
            (id, event, outcome) in (text(), text(), text()),
            at: i64,
            texts in prop::array::uniform6(option::of(text())),
            address: Option<Vec<u8>>,
        ) -> Line {
            let [client, customer, consent, account, reason, interaction] = texts;
            Line { id, at, event, outcome, client, customer, consent, account, reason, interaction, address }
        }
    }

    proptest! {
        #[test]
        fn no_two_entries_have_the_same_bytes(one in line(), other in line()) {
            prop_assert_eq!(&Reader(&one.encode()).line(), &one);
            prop_assert_eq!(one.encode() == other.encode(), one == other);
        }
    }

    #[test]
    fn a_text_that_moves_to_the_next_field_changes_the_bytes() {
        let one = Line { client: Some("a".to_owned()), ..Line::default() };
        let other = Line { customer: Some("a".to_owned()), ..Line::default() };
        let empty = Line { client: Some(String::new()), ..Line::default() };
        assert_ne!(one.encode(), other.encode());
        assert_ne!(empty.encode(), Line::default().encode());
    }
}
