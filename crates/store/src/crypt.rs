//! Sealing of columns: AES-256-GCM under data keys, of which each customer and each account has one of its own.
//!
//! A sealed value is bound to its table, column and row, so that it cannot be moved to another place, and names its data key.
//! Layout: version (1 byte), number of the data key (8), nonce (12), ciphertext and tag. Random nonces are safe for 2^32 values of
//! one key. Data keys lie in the database, wrapped by a master key that does not ([`crate::data_key`]); so when the master key
//! changes, no value does.
//!
//! Values are opened where rows are mapped, which cannot wait for a key to be fetched. So keys that were unwrapped are held for a
//! while, and opening a value whose key is not held gives [`Error::KeyNotHeld`]: whoever reads the rows then fetches all keys that
//! are missing at once, and maps the rows again.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use lombard_domain::random::{self, Random};
use lombard_domain::secret::Secret;
use tokio::time::Instant;

use crate::error::{Error, Result};

pub use crate::master::{Keeper, Master, MasterKey};

/// Where a sealed value belongs.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row's key.
    pub row: &'a str,
}

/// An unwrapped data key.
pub(crate) struct DataKey {
    pub(crate) id: i64,
    cipher: LessSafeKey,
}

impl DataKey {
    pub(crate) fn new(id: i64, bytes: &Secret<[u8; 32]>) -> Result<Self> {
        Ok(Self { id, cipher: cipher(bytes.expose())? })
    }
}

/// Seals and opens column values.
pub(crate) struct Crypt {
    random: Box<dyn Random>,
    held: RwLock<HashMap<i64, Held>>,
    /// Numbers of keys that were destroyed.
    lost: RwLock<HashSet<i64>>,
}

struct Held {
    key: Arc<DataKey>,
    /// Until when it may be used without another look at the database; `None`: as long as the program runs.
    until: Option<Instant>,
}

impl Held {
    fn is_good(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

impl Crypt {
    /// Holds no key yet.
    pub(crate) fn new(random: Box<dyn Random>) -> Self {
        Self { random, held: RwLock::default(), lost: RwLock::default() }
    }

    pub(crate) fn random(&self) -> &dyn Random {
        &*self.random
    }

    /// Seals a value for its place.
    pub(crate) fn seal(&self, key: &DataKey, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>> {
        let mut sealed = Vec::with_capacity(HEADER + plain.len() + TAG);
        sealed.push(VERSION);
        sealed.extend_from_slice(&key.id.to_be_bytes());
        enclose(&key.cipher, &*self.random, &binding(&[place.table, place.column, place.row]), plain, &mut sealed)?;
        Ok(sealed)
    }

    /// Opens a value that was sealed for this place.
    ///
    /// # Errors
    /// [`Error::KeyNotHeld`] if its key must be fetched first, [`Error::Corrupt`] if it was changed or belongs elsewhere.
    pub(crate) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>> {
        let corrupt = || Error::Corrupt("a sealed value");
        let (version, rest) = sealed.split_first().ok_or_else(corrupt)?;
        if *version != VERSION {
            return Err(if *version < VERSION { Error::Outdated } else { corrupt() });
        }
        let (id, body) = rest.split_first_chunk::<8>().ok_or_else(corrupt)?;
        let id = i64::from_be_bytes(*id);
        let Some(key) = self.held(id) else {
            let is_lost = self.lost.read().unwrap_or_else(PoisonError::into_inner).contains(&id);
            return Err(if is_lost { Error::Corrupt(LOST) } else { Error::KeyNotHeld(id) });
        };
        disclose(&key.cipher, &binding(&[place.table, place.column, place.row]), body).ok_or_else(corrupt)
    }

    /// The key with this number, if it is held.
    pub(crate) fn held(&self, id: i64) -> Option<Arc<DataKey>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.get(&id).filter(|held| held.until.is_none() || held.is_good(Instant::now())).map(|held| held.key.clone())
    }

    /// Holds a key for a while.
    pub(crate) fn hold(&self, key: Arc<DataKey>) {
        let now = Instant::now();
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= KEYS_HELD {
            held.retain(|_, held| held.is_good(now));
        }
        if held.len() >= KEYS_HELD {
            held.retain(|_, held| held.until.is_none());
        }
        held.insert(key.id, Held { key, until: Some(now + KEY_LIFE) });
    }

    /// Holds a key that is never destroyed.
    pub(crate) fn keep(&self, key: Arc<DataKey>) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.insert(key.id, Held { key, until: None });
    }

    /// Remembers for a while that a key was destroyed: what it sealed is lost, and need not be looked for again.
    pub(crate) fn lose(&self, id: i64) {
        let mut lost = self.lost.write().unwrap_or_else(PoisonError::into_inner);
        if lost.len() >= KEYS_HELD {
            lost.clear();
        }
        lost.insert(id);
    }

    /// Holds a key no longer, because it was destroyed.
    pub(crate) fn drop_key(&self, id: i64) {
        self.held.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

/// Why a value cannot be opened any more.
const LOST: &str = "a value whose data key was destroyed";

/// A cipher with these bytes as its key.
pub(crate) fn cipher(bytes: &[u8; 32]) -> Result<LessSafeKey> {
    let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| Error::Corrupt("a key"))?;
    Ok(LessSafeKey::new(key))
}

/// Writes a nonce, the ciphertext and its tag.
pub(crate) fn enclose(
    cipher: &LessSafeKey,
    random: &dyn Random,
    bound: &[u8],
    plain: &[u8],
    out: &mut Vec<u8>,
) -> Result<()> {
    let nonce: [u8; NONCE_LEN] = random::bytes(random);
    out.extend_from_slice(&nonce);
    let mut body = plain.to_vec();
    cipher
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound), &mut body)
        .map_err(|_| Error::Corrupt("a value too long to be sealed"))?;
    out.append(&mut body);
    Ok(())
}

/// What [`enclose`] wrote; `None` if it was changed or bound to something else.
pub(crate) fn disclose(cipher: &LessSafeKey, bound: &[u8], body: &[u8]) -> Option<Vec<u8>> {
    let (nonce, body) = body.split_first_chunk::<NONCE_LEN>()?;
    let mut body = body.to_vec();
    let length = cipher.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(bound), &mut body).ok()?.len();
    body.truncate(length);
    Some(body)
}

/// The associated data: lengths first, so that no two places read alike.
pub(crate) fn binding(parts: &[&str]) -> Vec<u8> {
    let mut out = Vec::with_capacity(parts.iter().map(|part| part.len() + 4).sum());
    for part in parts {
        out.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(part.as_bytes());
    }
    out
}

/// How long a data key may be used without another look at the database: so long it can outlive its destruction, though the
/// values that it opens are erased at once.
pub(crate) const KEY_LIFE: Duration = Duration::from_secs(60);
/// Data keys held at once, about one kibibyte each.
const KEYS_HELD: usize = 16_384;
const VERSION: u8 = 2;
const HEADER: usize = 1 + 8 + NONCE_LEN;
const TAG: usize = 16;

#[cfg(test)]
mod tests;
