//! The place of a page of a list that is in order of account and identifier.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lombard_domain::id::AccountId;
use lombard_store::list::{Cursor, Towards};

use super::BadPageKey;

/// Where a page begins and which way it goes from there.
///
/// It names a place between entries and not a number of rows, so a link stays right while entries come and go. It carries no right:
/// a forged one can only move within what the caller may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListKey {
    /// The place; `None` for the end of the list that lies behind.
    pub(crate) after: Option<Cursor>,
    pub(crate) towards: Towards,
}

impl ListKey {
    /// The last page of a list.
    pub const LAST: Self = Self { after: None, towards: Towards::Older };

    pub(crate) fn next(after: Cursor) -> Self {
        Self { after: Some(after), towards: Towards::Newer }
    }

    pub(crate) fn prev(after: Cursor) -> Self {
        Self { after: Some(after), towards: Towards::Older }
    }
}

impl fmt::Display for ListKey {
    /// The way (1 byte), the account (16) and the identifier (16), or the way alone, in base64url.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.push(match self.towards {
            Towards::Newer => NEXT,
            Towards::Older => PREV,
        });
        if let Some(after) = self.after {
            bytes.extend(after.account.bits().to_be_bytes());
            bytes.extend(after.item.to_be_bytes());
        }
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for ListKey {
    type Err = BadPageKey;

    fn from_str(text: &str) -> Result<Self, BadPageKey> {
        let mut bytes = [0_u8; BYTES];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).map_err(|_| BadPageKey)?;
        let (way, rest) = bytes.split_first().ok_or(BadPageKey)?;
        let (account, item) = rest.split_first_chunk::<16>().ok_or(BadPageKey)?;
        let item: [u8; 16] = item.try_into().map_err(|_| BadPageKey)?;
        let after =
            Cursor { account: AccountId::from_bits(u128::from_be_bytes(*account)), item: u128::from_be_bytes(item) };
        match (*way, length) {
            (NEXT, BYTES) => Ok(Self::next(after)),
            (PREV, BYTES) => Ok(Self::prev(after)),
            (PREV, 1) => Ok(Self::LAST),
            _ => Err(BadPageKey),
        }
    }
}

const BYTES: usize = 33;
const NEXT: u8 = 1;
const PREV: u8 = 2;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_read_back_as_it_was_written(account: u128, item: u128, back: bool) {
            let after = Cursor { account: AccountId::from_bits(account), item };
            let key = if back { ListKey::prev(after) } else { ListKey::next(after) };
            prop_assert_eq!(key.to_string().parse(), Ok(key));
        }

        #[test]
        fn survives_any_text(text: String) {
            let _ = text.parse::<ListKey>();
        }
    }

    #[test]
    fn knows_the_last_page_and_nothing_else_without_a_place() {
        assert_eq!(ListKey::LAST.to_string().parse(), Ok(ListKey::LAST));
        for bad in ["", "AQ", "Ag==", "AAAA", "page2"] {
            assert_eq!(bad.parse::<ListKey>(), Err(BadPageKey), "{bad}");
        }
    }
}
