//! Sealing of columns: AES-256-GCM under a master key that is not in the database.
//!
//! A sealed value is bound to its table, column and row, so that it cannot be moved to another place, and names its key, so that
//! several master keys can be in use while one replaces another. Layout: version (1 byte), key number (4), nonce (12), ciphertext
//! and tag. Each table has a key of its own, derived by HKDF-SHA-256; random nonces are safe for 2^32 values of one table and key.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{digest, hkdf};
use lombard_domain::random::{self, Random};
use lombard_domain::secret::Secret;

use crate::error::{Error, Result};

/// A master key: 256 random bits from outside the database.
#[derive(Clone)]
pub struct MasterKey(Secret<[u8; 32]>);

impl MasterKey {
    /// The key with these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// A new key.
    pub fn generate(random: &dyn Random) -> Self {
        Self::new(random::bytes(random))
    }

    /// The bytes, for writing a key file.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// The key's number: the start of a digest of it.
    fn number(&self) -> [u8; 4] {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"lombard master key number");
        context.update(self.0.expose());
        let mut number = [0; 4];
        for (to, from) in number.iter_mut().zip(context.finish().as_ref()) {
            *to = *from;
        }
        number
    }
}

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

/// Keys by master key and table.
type TableKeys = HashMap<([u8; 4], &'static str), Arc<LessSafeKey>>;

/// Seals and opens column values.
pub struct Crypt {
    masters: Vec<([u8; 4], MasterKey)>,
    random: Box<dyn Random>,
    tables: Mutex<TableKeys>,
}

impl Crypt {
    /// Seals with the first key and opens with any of them.
    #[must_use]
    pub fn new(masters: &[MasterKey], random: Box<dyn Random>) -> Self {
        let masters = masters.iter().map(|key| (key.number(), key.clone())).collect();
        Self { masters, random, tables: Mutex::default() }
    }

    /// Seals a value for its place.
    ///
    /// # Errors
    /// [`Error::WrongMasterKey`] if there is no master key.
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>> {
        let (number, master) = self.masters.first().ok_or(Error::WrongMasterKey)?;
        let key = self.table_key(*number, master, place.table)?;
        let nonce: [u8; NONCE_LEN] = random::bytes(&*self.random);
        let mut sealed = Vec::with_capacity(HEADER + plain.len() + 16);
        sealed.push(VERSION);
        sealed.extend_from_slice(number);
        sealed.extend_from_slice(&nonce);
        let mut body = plain.to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(binding(place)), &mut body)
            .map_err(|_| Error::Corrupt("a value too long to be sealed"))?;
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Opens a value that was sealed for this place.
    ///
    /// # Errors
    /// [`Error::WrongMasterKey`] if its key is not known, [`Error::Corrupt`] if it was changed or belongs elsewhere.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>> {
        let corrupt = || Error::Corrupt("a sealed value");
        let (version, rest) = sealed.split_first().ok_or_else(corrupt)?;
        if *version != VERSION {
            return Err(corrupt());
        }
        let (number, rest) = rest.split_first_chunk::<4>().ok_or_else(corrupt)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(corrupt)?;
        let (_, master) = self.masters.iter().find(|(known, _)| known == number).ok_or(Error::WrongMasterKey)?;
        let key = self.table_key(*number, master, place.table)?;
        let mut body = body.to_vec();
        let length = key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(binding(place)), &mut body)
            .map_err(|_| corrupt())?
            .len();
        body.truncate(length);
        Ok(body)
    }

    fn table_key(&self, number: [u8; 4], master: &MasterKey, table: &'static str) -> Result<Arc<LessSafeKey>> {
        let mut tables = self.tables.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(key) = tables.get(&(number, table)) {
            return Ok(key.clone());
        }
        let bytes = derive(master.expose(), &[b"lombard column key", table.as_bytes()])?;
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| Error::Corrupt("a derived key"))?;
        let key = Arc::new(LessSafeKey::new(key));
        tables.insert((number, table), key.clone());
        Ok(key)
    }
}

/// HKDF-SHA-256 (RFC 5869) without salt: 32 bytes from a uniformly random key, for a purpose.
pub(crate) fn derive(key: &[u8; 32], purpose: &[&[u8]]) -> Result<[u8; 32]> {
    let mut out = [0; 32];
    hkdf::Salt::new(hkdf::HKDF_SHA256, &[])
        .extract(key)
        .expand(purpose, hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut out))
        .map_err(|_| Error::Corrupt("a derived key"))?;
    Ok(out)
}

/// The associated data: lengths first, so that no two places read alike.
fn binding(place: Place<'_>) -> Vec<u8> {
    let parts = [place.table, place.column, place.row];
    let mut out = Vec::with_capacity(parts.iter().map(|part| part.len() + 4).sum());
    for part in parts {
        out.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(part.as_bytes());
    }
    out
}

const VERSION: u8 = 1;
const HEADER: usize = 1 + 4 + NONCE_LEN;

#[cfg(test)]
mod tests {
    use super::*;

    struct Counter(std::sync::atomic::AtomicU8);

    impl Random for Counter {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    fn crypt(keys: &[u8]) -> Crypt {
        let keys: Vec<_> = keys.iter().map(|byte| MasterKey::new([*byte; 32])).collect();
        Crypt::new(&keys, Box::new(Counter(0.into())))
    }

    const HERE: Place<'_> = Place { table: "customer", column: "sealed", row: "cus_1" };

    #[test]
    fn opens_what_it_sealed_and_only_there() {
        let crypt = crypt(&[1]);
        let sealed = crypt.seal(HERE, b"Ann").unwrap();
        assert_eq!(crypt.open(HERE, &sealed).unwrap(), b"Ann");
        for elsewhere in
            [Place { row: "cus_2", ..HERE }, Place { column: "other", ..HERE }, Place { table: "account", ..HERE }]
        {
            assert!(matches!(crypt.open(elsewhere, &sealed), Err(Error::Corrupt(_))), "{elsewhere:?}");
        }
    }

    #[test]
    fn notices_every_changed_bit() {
        let crypt = crypt(&[1]);
        let sealed = crypt.seal(HERE, b"Ann").unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(crypt.open(HERE, &changed).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(crypt.open(HERE, &sealed[..length]).is_err());
        }
    }

    #[test]
    fn an_old_master_key_opens_while_the_new_one_seals() {
        let old = crypt(&[1]).seal(HERE, b"Ann").unwrap();
        let both = crypt(&[2, 1]);
        assert_eq!(both.open(HERE, &old).unwrap(), b"Ann");
        let new = both.seal(HERE, b"Ann").unwrap();
        assert!(matches!(crypt(&[1]).open(HERE, &new), Err(Error::WrongMasterKey)));
    }

    #[test]
    fn never_seals_twice_alike() {
        let crypt = crypt(&[1]);
        assert_ne!(crypt.seal(HERE, b"Ann").unwrap(), crypt.seal(HERE, b"Ann").unwrap());
    }
}
