//! Where a page of transactions begins, and the text for it in a link.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lombard_domain::account::Cursor;
use lombard_domain::time::Instant;
use lombard_store::list::Towards;

use super::BadPageKey;

/// Where a page begins and which way it goes from there.
///
/// It names a place between transactions and not a number of rows, so a link stays right while new transactions arrive. It carries
/// no right: a forged one can only move within what the caller may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageKey {
    pub(crate) after: Cursor,
    pub(crate) towards: Towards,
}

impl PageKey {
    /// What was booked earlier than a place.
    pub(crate) fn older(after: Cursor) -> Self {
        Self { after, towards: Towards::Older }
    }

    /// What was booked later than a place.
    pub(crate) fn newer(after: Cursor) -> Self {
        Self { after, towards: Towards::Newer }
    }
}

impl fmt::Display for PageKey {
    /// 23 characters of base64url: the way (1 byte), the moment (8) and the number (8).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.push(match self.towards {
            Towards::Newer => NEWER,
            Towards::Older => OLDER,
        });
        bytes.extend(self.after.booked_at.micros().to_be_bytes());
        bytes.extend(self.after.sequence.to_be_bytes());
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for PageKey {
    type Err = BadPageKey;

    fn from_str(text: &str) -> Result<Self, BadPageKey> {
        let mut bytes = [0_u8; BYTES];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).map_err(|_| BadPageKey)?;
        let (Some((way, rest)), BYTES) = (bytes.split_first(), length) else {
            return Err(BadPageKey);
        };
        let (micros, sequence) = rest.split_first_chunk::<8>().ok_or(BadPageKey)?;
        let sequence = sequence.try_into().map_err(|_| BadPageKey)?;
        let (micros, sequence) = (i64::from_be_bytes(*micros), i64::from_be_bytes(sequence));
        let booked_at = Instant::from_micros(micros);
        if booked_at.micros() != micros || sequence < 1 {
            return Err(BadPageKey);
        }
        let after = Cursor { booked_at, sequence };
        match *way {
            OLDER => Ok(Self::older(after)),
            NEWER => Ok(Self::newer(after)),
            _ => Err(BadPageKey),
        }
    }
}

const BYTES: usize = 17;
const OLDER: u8 = 1;
const NEWER: u8 = 2;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_read_back_as_it_was_written(micros: i64, sequence in 1..i64::MAX, newer: bool) {
            let after = Cursor { booked_at: Instant::from_micros(micros), sequence };
            let key = if newer { PageKey::newer(after) } else { PageKey::older(after) };
            prop_assert_eq!(key.to_string().len(), 23);
            prop_assert_eq!(key.to_string().parse(), Ok(key));
        }

        #[test]
        fn has_one_spelling_only(text in "A[Q-T][A-Za-z0-9_-]{19,22}") {
            if let Ok(key) = text.parse::<PageKey>() {
                prop_assert_eq!(key.to_string(), text);
            }
        }

        #[test]
        fn survives_any_text(text: String) {
            let _ = text.parse::<PageKey>();
        }
    }

    #[test]
    fn refuses_what_it_did_not_write() {
        let after = Cursor { booked_at: Instant::from_seconds(1_700_000_000), sequence: 5 };
        let good = PageKey::older(after).to_string();
        let padded = format!("{good}=");
        let longer = format!("{good}AAAA");
        // The last character carries two bits that must be zero.
        let loose = format!("{}V", &good[..22]);
        let nothing = URL_SAFE_NO_PAD.encode([0_u8; 17]);
        for bad in ["", "0", "25", &good[1..], &good[..22], &padded, &longer, &loose, &nothing] {
            assert_eq!(bad.parse::<PageKey>(), Err(BadPageKey), "{bad}");
        }
    }
}
