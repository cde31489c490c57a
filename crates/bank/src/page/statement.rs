//! Where a page of statements begins, and the text for it in a link.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lombard_domain::id::{AccountId, StatementId};
use lombard_domain::time::Date;
use lombard_store::list::Towards;
use lombard_store::statement::Cursor;

use super::BadPageKey;

/// Where a page begins and which way it goes from there.
///
/// It names a place between statements and not a number of rows, so a link stays right while new statements arrive. It carries no
/// right: a forged one can only move within what the caller may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementKey {
    /// The place; `None` for the end of the list that lies behind.
    pub(crate) after: Option<Cursor>,
    pub(crate) towards: Towards,
}

impl StatementKey {
    /// The last page of a list.
    pub const LAST: Self = Self { after: None, towards: Towards::Newer };

    pub(crate) fn next(after: Cursor) -> Self {
        Self { after: Some(after), towards: Towards::Older }
    }

    pub(crate) fn prev(after: Cursor) -> Self {
        Self { after: Some(after), towards: Towards::Newer }
    }
}

impl fmt::Display for StatementKey {
    /// The way (1 byte), the account (16), the last day (4) and the identifier (16), or the way alone, in base64url.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.push(match self.towards {
            Towards::Older => NEXT,
            Towards::Newer => PREV,
        });
        if let Some(Cursor { account, to, id }) = self.after {
            bytes.extend(account.bits().to_be_bytes());
            bytes.extend(to.year().to_be_bytes());
            bytes.extend(to.month().to_be_bytes());
            bytes.extend(to.day().to_be_bytes());
            bytes.extend(id.bits().to_be_bytes());
        }
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for StatementKey {
    type Err = BadPageKey;

    fn from_str(text: &str) -> Result<Self, BadPageKey> {
        let mut bytes = [0_u8; BYTES];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).map_err(|_| BadPageKey)?;
        match (bytes, length) {
            ([PREV, ..], 1) => Ok(Self::LAST),
            ([NEXT, place @ ..], BYTES) => Ok(Self::next(place_of(place)?)),
            ([PREV, place @ ..], BYTES) => Ok(Self::prev(place_of(place)?)),
            _ => Err(BadPageKey),
        }
    }
}

fn place_of(bytes: [u8; BYTES - 1]) -> Result<Cursor, BadPageKey> {
    let (account, rest) = bytes.split_first_chunk::<16>().ok_or(BadPageKey)?;
    let (year, rest) = rest.split_first_chunk::<2>().ok_or(BadPageKey)?;
    let ([month, day], id) = rest.split_first_chunk::<2>().ok_or(BadPageKey)?;
    let id: [u8; 16] = id.try_into().map_err(|_| BadPageKey)?;
    let to = Date::new(i16::from_be_bytes(*year), i8::from_be_bytes([*month]), i8::from_be_bytes([*day]));
    Ok(Cursor {
        account: AccountId::from_bits(u128::from_be_bytes(*account)),
        to: to.ok_or(BadPageKey)?,
        id: StatementId::from_bits(u128::from_be_bytes(id)),
    })
}

const BYTES: usize = 37;
const NEXT: u8 = 1;
const PREV: u8 = 2;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cursor(account: u128, (year, month, day): (i16, i8, i8), id: u128) -> Cursor {
        let to = Date::new(year, month, day).unwrap();
        Cursor { account: AccountId::from_bits(account), to, id: StatementId::from_bits(id) }
    }

    proptest! {
        #[test]
        fn is_read_back_as_it_was_written(account: u128, to in (1..=9999_i16, 1..=12_i8, 1..=28_i8), id: u128, back: bool) {
            let after = cursor(account, to, id);
            let key = if back { StatementKey::prev(after) } else { StatementKey::next(after) };
            prop_assert_eq!(key.to_string().parse(), Ok(key));
        }

        #[test]
        fn survives_any_text(text: String) {
            let _ = text.parse::<StatementKey>();
        }

        #[test]
        fn survives_any_place(bytes in proptest::collection::vec(any::<u8>(), BYTES)) {
            let text = URL_SAFE_NO_PAD.encode(bytes);
            if let Ok(key) = text.parse::<StatementKey>() {
                let again = key.to_string();
                prop_assert!(again == text || key == StatementKey::LAST, "{} {}", again, text);
            }
        }
    }

    #[test]
    fn a_day_that_never_was_is_no_place() {
        let mut bytes = [0_u8; BYTES];
        bytes[0] = NEXT;
        bytes[17..21].copy_from_slice(&[7, 231, 2, 28]);
        assert!(URL_SAFE_NO_PAD.encode(bytes).parse::<StatementKey>().is_ok());
        bytes[20] = 29;
        assert_eq!(URL_SAFE_NO_PAD.encode(bytes).parse::<StatementKey>(), Err(BadPageKey));
    }

    #[test]
    fn refuses_what_it_did_not_write() {
        assert_eq!(StatementKey::LAST.to_string().parse(), Ok(StatementKey::LAST));
        let good = StatementKey::next(cursor(1, (2024, 2, 29), 2)).to_string();
        for bad in ["", "AQ", "Ag==", "AAAA", "page2", &good[1..], &format!("{good}AAAA")] {
            assert_eq!(bad.parse::<StatementKey>(), Err(BadPageKey), "{bad}");
        }
    }
}
