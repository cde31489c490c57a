//! A place in the changes of an account, and the text for it, which only we can make.
//!
//! Changes are told in walks. A walk goes from one number of the account to another, `base` to `head`, in as many answers as it
//! takes; when it is over, the next one begins where it ended. So what happens while somebody walks is told in the next walk, and
//! each answer depends on its cursor alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lombard_domain::id::{AccountId, ConsentId};
use lombard_domain::money::Direction;
use lombard_domain::permission::{Seen, Window};
use lombard_domain::time::Instant;
use lombard_store::{Db, Index};

/// Whose changes are told, and how much of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Feed {
    pub(crate) consent: ConsentId,
    pub(crate) account: AccountId,
    /// With or without details.
    pub(crate) seen: Seen,
    /// Which way the money flows.
    pub(crate) only: Option<Direction>,
    /// What the consent gives.
    pub(crate) granted: Window,
    /// Since when data is open, where that is less.
    pub(crate) open_since: Option<Instant>,
}

/// A place in the changes of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SyncCursor {
    /// The number at which the walk began; what was there then is known to the caller.
    pub(crate) base: i64,
    /// The number at which it ends.
    pub(crate) head: i64,
    /// How far it has come.
    pub(crate) at: i64,
    /// What was booked earlier does not belong to these changes.
    pub(crate) floor: Option<Instant>,
}

impl SyncCursor {
    /// The beginning: nothing is known. What is not open to the caller now is left out for good.
    pub(crate) fn start(feed: &Feed) -> Self {
        Self { base: 0, head: 0, at: 0, floor: feed.open_since }
    }

    /// The cursor with which a walk goes on, or the next one begins, now that the account's newest change has this number.
    pub(crate) fn walking(self, newest: i64) -> Self {
        if self.at < self.head { self } else { Self { base: self.head, head: newest, at: self.head, ..self } }
    }

    /// Where a walk has come to; at its end the next one begins.
    pub(crate) fn moved(self, at: i64) -> Self {
        if at < self.head { Self { at, ..self } } else { Self { base: self.head, at: self.head, ..self } }
    }

    /// The text for it: base, head, place, floor (8 bytes each) and a digest (16), in base64url.
    pub(crate) fn text(&self, db: &Db, feed: &Feed) -> String {
        let place = self.bytes();
        let mut bytes = place.to_vec();
        bytes.extend(db.vault().digest(Index::Sync, &feed.parts(&place).each()).into_iter().take(PROOF));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a text that was given out for a feed.
    pub(crate) fn read(text: &str, db: &Db, feed: &Feed) -> Option<Self> {
        let mut bytes = [0_u8; PLACE + PROOF];
        if URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()? != bytes.len() {
            return None;
        }
        let (place, proof) = bytes.split_first_chunk::<PLACE>()?;
        if !db.vault().begins(Index::Sync, &feed.parts(place).each(), proof) {
            return None;
        }
        let mut numbers = place.chunks_exact(8).filter_map(|bytes| Some(i64::from_be_bytes(bytes.try_into().ok()?)));
        let (base, head, at) = (numbers.next()?, numbers.next()?, numbers.next()?);
        let floor = numbers.next().filter(|micros| *micros != NO_FLOOR).map(Instant::from_micros);
        Some(Self { base, head, at, floor })
    }

    fn bytes(&self) -> [u8; PLACE] {
        let floor = self.floor.map_or(NO_FLOOR, Instant::micros);
        let numbers = [self.base, self.head, self.at, floor].map(i64::to_be_bytes);
        let mut bytes = [0; PLACE];
        for (to, from) in bytes.iter_mut().zip(numbers.as_flattened()) {
            *to = *from;
        }
        bytes
    }
}

impl Feed {
    /// What a cursor is bound to: whose changes, and what of them is told at all. With the same bytes for another account, another
    /// consent or other rights, a caller could miss what it does not know that it has not seen.
    fn parts(&self, place: &[u8; PLACE]) -> Parts {
        let only = match self.only {
            None => 0,
            Some(Direction::Credit) => 1,
            Some(Direction::Debit) => 2,
        };
        let end = |end: Option<Instant>| end.map_or(NO_FLOOR, Instant::micros).to_be_bytes();
        Parts {
            consent: self.consent.bits().to_be_bytes(),
            account: self.account.bits().to_be_bytes(),
            only: [only],
            from: end(self.granted.from),
            to: end(self.granted.to),
            place: *place,
        }
    }
}

/// What the digest of a cursor is made of.
struct Parts {
    consent: [u8; 16],
    account: [u8; 16],
    only: [u8; 1],
    from: [u8; 8],
    to: [u8; 8],
    place: [u8; PLACE],
}

impl Parts {
    fn each(&self) -> [&[u8]; 6] {
        [&self.consent, &self.account, &self.only, &self.from, &self.to, &self.place]
    }
}

/// Bytes of a place.
const PLACE: usize = 32;
/// Bytes of a digest: nobody guesses 128 bits.
const PROOF: usize = 16;
/// No instant has these microseconds.
const NO_FLOOR: i64 = i64::MIN;
