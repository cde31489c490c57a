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

    /// Reads the bytes back; `None` if they are not what [`encode`](Self::encode) makes of some entry.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        if rest.array()? != [VERSION] {
            return None;
        }
        let line = Self {
            id: rest.text()?,
            at: i64::from_be_bytes(rest.array()?),
            event: rest.text()?,
            outcome: rest.text()?,
            client: rest.optional_text()?,
            customer: rest.optional_text()?,
            consent: rest.optional_text()?,
            account: rest.optional_text()?,
            reason: rest.optional_text()?,
            interaction: rest.optional_text()?,
            address: rest.option()?.map(<[u8]>::to_vec),
        };
        rest.0.is_empty().then_some(line)
    }
}

/// What is left of bytes that are read from the front.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    fn field(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(u64::from_be_bytes(self.array()?)).ok()?;
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(head)
    }

    fn text(&mut self) -> Option<String> {
        text(self.field()?)
    }

    fn option(&mut self) -> Option<Option<&'a [u8]>> {
        match self.array()? {
            [0] => Some(None),
            [1] => self.field().map(Some),
            _ => None,
        }
    }

    fn optional_text(&mut self) -> Option<Option<String>> {
        match self.option()? {
            None => Some(None),
            Some(bytes) => text(bytes).map(Some),
        }
    }
}

fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
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
            prop_assert_eq!(Line::decode(&one.encode()), Some(one.clone()));
            prop_assert_eq!(one.encode() == other.encode(), one == other);
        }

        #[test]
        fn bytes_that_can_be_read_are_those_of_what_was_read(
            one in line(), place: prop::sample::Index, byte: u8, cut: bool, more: Vec<u8>,
        ) {
            let mut bytes = one.encode();
            let place = place.index(bytes.len());
            if cut { bytes.truncate(place) } else { bytes[place] = byte }
            bytes.extend(more);
            if let Some(read) = Line::decode(&bytes) {
                prop_assert_eq!(read.encode(), bytes);
            }
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
