//! Where a page of transactions begins, and the text for it in a link.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lombard_domain::account::Cursor;
use lombard_domain::id::AccountId;
use lombard_domain::time::Instant;
use lombard_store::list::Towards;

use super::BadPageKey;

/// Where a page begins and which way it goes from there.
///
/// It names a place between transactions and not a number of rows, so a link stays right while new transactions arrive. It carries
/// no right: a forged one can only move within what the caller may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageKey {
    /// The place; `None` for the end of the list that lies behind.
    pub(crate) after: Option<Cursor>,
    pub(crate) towards: Towards,
}

impl PageKey {
    /// The last page of a list: the oldest transactions.
    pub const LAST: Self = Self { after: None, towards: Towards::Newer };

    /// What was booked earlier than a place.
    pub(crate) fn older(after: Cursor) -> Self {
        Self { after: Some(after), towards: Towards::Older }
    }

    /// What was booked later than a place.
    pub(crate) fn newer(after: Cursor) -> Self {
        Self { after: Some(after), towards: Towards::Newer }
    }

    /// The moment at which the page begins, where it begins at one.
    pub(crate) fn moment(self) -> Option<Instant> {
        self.after.map(|after| after.booked_at)
    }
}

impl fmt::Display for PageKey {
    /// The way (1 byte), the account (16), the moment (8) and the number (8), or the way alone, in base64url.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.push(match self.towards {
            Towards::Newer => NEWER,
            Towards::Older => OLDER,
        });
        if let Some(after) = self.after {
            bytes.extend(after.account.bits().to_be_bytes());
            bytes.extend(after.booked_at.micros().to_be_bytes());
            bytes.extend(after.sequence.to_be_bytes());
        }
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for PageKey {
    type Err = BadPageKey;

    fn from_str(text: &str) -> Result<Self, BadPageKey> {
        let mut bytes = [0_u8; BYTES];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).map_err(|_| BadPageKey)?;
        let (way, rest) = bytes.split_first().ok_or(BadPageKey)?;
        match (*way, length) {
            (OLDER, BYTES) => cursor(rest).map(Self::older).ok_or(BadPageKey),
            (NEWER, BYTES) => cursor(rest).map(Self::newer).ok_or(BadPageKey),
            (NEWER, 1) => Ok(Self::LAST),
            _ => Err(BadPageKey),
        }
    }
}

fn cursor(bytes: &[u8]) -> Option<Cursor> {
    let (account, rest) = bytes.split_first_chunk::<16>()?;
    let (micros, sequence) = rest.split_first_chunk::<8>()?;
    let (micros, sequence) = (i64::from_be_bytes(*micros), i64::from_be_bytes(sequence.try_into().ok()?));
    let booked_at = Instant::from_micros(micros);
    let account = AccountId::from_bits(u128::from_be_bytes(*account));
    (booked_at.micros() == micros && sequence >= 1).then_some(Cursor { account, booked_at, sequence })
}

const BYTES: usize = 33;
const OLDER: u8 = 1;
const NEWER: u8 = 2;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_read_back_as_it_was_written(account: u128, micros: i64, sequence in 1..i64::MAX, newer: bool) {
            let (account, booked_at) = (AccountId::from_bits(account), Instant::from_micros(micros));
            let after = Cursor { account, booked_at, sequence };
            let key = if newer { PageKey::newer(after) } else { PageKey::older(after) };
            prop_assert_eq!(key.to_string().len(), 44);
            prop_assert_eq!(key.to_string().parse(), Ok(key));
        }

        #[test]
        fn has_one_spelling_only(text in "A[Q-T][A-Za-z0-9_-]{40,43}") {
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
        let after =
            Cursor { account: AccountId::from_bits(7), booked_at: Instant::from_seconds(1_700_000_000), sequence: 5 };
        let good = PageKey::older(after).to_string();
        let padded = format!("{good}=");
        let longer = format!("{good}AAAA");
        let nothing = URL_SAFE_NO_PAD.encode([0_u8; BYTES]);
        for bad in ["", "0", "25", "AQ", "Ag==", "AAAA", &good[1..], &good[..43], &padded, &longer, &nothing] {
            assert_eq!(bad.parse::<PageKey>(), Err(BadPageKey), "{bad}");
        }
        assert_eq!(PageKey::LAST.to_string().parse(), Ok(PageKey::LAST));
    }
}
