//! Master keys: they wrap data keys, and are never in the database.
//!
//! Several can be configured: any of them unwraps, and the one whose generation in the database is the highest wraps data keys that
//! are made. So which one wraps is not decided by a node's settings, and nodes can be told of a new key one after the other before
//! [`advance`] puts it to use.
//!
//! A [`Keeper`] is a program outside that holds a key which must not leave it (a KMS, an HSM). It wraps one key, made here at the
//! first start, which is then used like any other master key: the keeper is asked once when a node starts, and not for every customer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use aws_lc_rs::{digest, hkdf};
use lombard_domain::random::{self, Random};
use lombard_domain::secret::Secret;
use lombard_domain::time::Instant;

use crate::crypt::{binding, cipher, disclose, enclose};
use crate::db::Tx;
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

    /// The key's number: the start of a digest of it, in hexadecimal.
    fn number(&self) -> String {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"lombard master key number");
        context.update(self.0.expose());
        context.finish().as_ref().iter().take(NUMBER_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Wraps a data key for its row: whose it is cannot be changed.
    pub(crate) fn wrap(&self, random: &dyn Random, id: i64, owner: &str, key: &Secret<[u8; 32]>) -> Result<Vec<u8>> {
        let mut wrapped = Vec::with_capacity(64);
        enclose(&cipher(&self.wrapping()?)?, random, &row(id, owner), key.expose(), &mut wrapped)?;
        Ok(wrapped)
    }

    /// Unwraps the data key of a row.
    pub(crate) fn unwrap(&self, id: i64, owner: &str, wrapped: &[u8]) -> Result<Secret<[u8; 32]>> {
        let corrupt = || Error::Corrupt("data_key.wrapped");
        let key = disclose(&cipher(&self.wrapping()?)?, &row(id, owner), wrapped).map(Secret::new);
        let key = key.ok_or_else(corrupt)?;
        Ok(Secret::new(key.expose().as_slice().try_into().map_err(|_| corrupt())?))
    }

    fn wrapping(&self) -> Result<[u8; 32]> {
        derive(self.0.expose(), &[b"lombard data key wrapping"])
    }
}

fn row(id: i64, owner: &str) -> Vec<u8> {
    binding(&["data_key", &id.to_string(), owner])
}

/// HKDF-SHA-256 (RFC 5869) without salt: 32 bytes from a uniformly random key, for a purpose.
fn derive(key: &[u8; 32], purpose: &[&[u8]]) -> Result<[u8; 32]> {
    let mut out = [0; 32];
    hkdf::Salt::new(hkdf::HKDF_SHA256, &[])
        .extract(key)
        .expand(purpose, hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut out))
        .map_err(|_| Error::Corrupt("a derived key"))?;
    Ok(out)
}

/// What a [`Keeper`] answers, later.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = std::result::Result<T, Refusal>> + Send + 'a>>;

/// Why a [`Keeper`] did not do what it was asked.
pub type Refusal = Box<dyn std::error::Error + Send + Sync>;

/// Wraps and unwraps a key with another one that never leaves it.
pub trait Keeper: Send + Sync {
    /// Wraps a key.
    fn wrap<'a>(&'a self, key: &'a Secret<[u8; 32]>) -> Answer<'a, Vec<u8>>;

    /// Unwraps what [`Keeper::wrap`] gave.
    fn unwrap<'a>(&'a self, wrapped: &'a [u8]) -> Answer<'a, Secret<[u8; 32]>>;
}

/// A master key as it is configured.
#[derive(Clone)]
pub enum Master {
    /// The key itself.
    Key(MasterKey),
    /// Who keeps it.
    Kept(Arc<dyn Keeper>),
}

impl From<MasterKey> for Master {
    fn from(key: MasterKey) -> Self {
        Self::Key(key)
    }
}

/// The master keys at hand, in the order in which they are configured.
pub(crate) struct Masters(Vec<(String, MasterKey)>);

impl Masters {
    pub(crate) fn find(&self, number: &str) -> Result<&MasterKey> {
        self.0.iter().find(|(known, _)| known == number).map(|(_, key)| key).ok_or(Error::WrongMasterKey)
    }
}

/// A row of the table.
struct Known {
    number: String,
    generation: i64,
    wrapped: Option<Vec<u8>>,
}

/// Finds the keys that are configured; in a new database, the first of them is put to use.
///
/// A keeper that is new to the database is given its key under a lock, so that all nodes get the same.
pub(crate) async fn load(tx: &mut Tx, masters: &[Master], random: &dyn Random) -> Result<Masters> {
    lock(tx).await?;
    let known = all(tx).await?;
    let mut held = Vec::with_capacity(masters.len());
    let mut refusal = None;
    for master in masters {
        match master {
            Master::Key(key) => held.push((key.number(), key.clone())),
            Master::Kept(keeper) => {
                let found = match unwrap(&**keeper, &known).await {
                    Ok(found) => Some(found),
                    Err(why) => {
                        refusal = why.or(refusal);
                        None
                    }
                };
                let key = match found {
                    Some(key) => key,
                    None => introduce(tx, &**keeper, random).await?,
                };
                held.push((key.number(), key));
            }
        }
    }
    if known.iter().all(|row| row.generation == 0) {
        let (number, _) = held.first().ok_or(Error::WrongMasterKey)?;
        put_to_use(tx, number).await?;
    }
    let needed = known.iter().filter(|row| row.generation > 0);
    let held = Masters(held);
    for row in needed {
        // What the keeper said tells more than that its key is missing.
        held.find(&row.number).map_err(|missing| refusal.take().map_or(missing, Error::Keeper))?;
    }
    Ok(held)
}

/// The key that a keeper wrapped earlier; without one, why it refused the last that it was shown.
async fn unwrap(keeper: &dyn Keeper, known: &[Known]) -> std::result::Result<MasterKey, Option<Refusal>> {
    let mut refusal = None;
    for row in known {
        let Some(wrapped) = &row.wrapped else { continue };
        match keeper.unwrap(wrapped).await {
            Ok(bytes) => {
                let key = MasterKey(bytes);
                if key.number() == row.number {
                    return Ok(key);
                }
            }
            Err(why) => refusal = Some(why),
        }
    }
    Err(refusal)
}

/// Makes a key for a keeper, which is not yet in use.
async fn introduce(tx: &mut Tx, keeper: &dyn Keeper, random: &dyn Random) -> Result<MasterKey> {
    let key = MasterKey::generate(random);
    let wrapped = keeper.wrap(&key.0).await.map_err(Error::Keeper)?;
    tx.exec(
        "-- master::introduce
        INSERT INTO master_key (number, generation, wrapped) VALUES ($1, 0, $2)",
        &[&key.number(), &wrapped],
    )
    .await?;
    Ok(key)
}

/// Puts the first configured key to use: from now on it wraps new data keys. Whether another did before.
///
/// # Errors
/// When the database fails.
pub async fn advance(tx: &mut Tx) -> Result<bool> {
    lock(tx).await?;
    let masters = tx.room()?.masters();
    let (number, _) = masters.0.first().ok_or(Error::WrongMasterKey)?;
    if current(tx).await?.as_ref() == Some(number) {
        return Ok(false);
    }
    put_to_use(tx, number).await?;
    Ok(true)
}

async fn put_to_use(tx: &mut Tx, number: &str) -> Result<()> {
    tx.exec(
        "-- master::put_to_use
        INSERT INTO master_key (number, generation) VALUES ($1, (SELECT COALESCE(MAX(generation), 0) + 1 FROM master_key))
        ON CONFLICT (number) DO UPDATE SET generation = excluded.generation",
        &[&number],
    )
    .await?;
    Ok(())
}

/// Forgets the keys that wrap nothing any more; how many there were. They need not be configured from then on.
///
/// # Errors
/// [`Error::Busy`] if a data key was wrapped by one of them at this very moment.
pub async fn retire(tx: &mut Tx) -> Result<u64> {
    let retired = tx.exec(
        "-- master::retire
        DELETE FROM master_key
        WHERE generation > 0 AND generation < (SELECT MAX(generation) FROM master_key)
            AND NOT EXISTS (SELECT 1 FROM data_key d WHERE d.master = master_key.number)",
        &[],
    );
    match retired.await {
        // Whoever was still at work with a former key has committed: a data key refers to it, so it stays.
        Err(Error::Unavailable(cause)) if cause.is_missing_reference() => Err(Error::Busy(Some(cause))),
        outcome => outcome,
    }
}

/// The number of the key that wraps new data keys.
pub(crate) async fn current(tx: &mut Tx) -> Result<Option<String>> {
    tx.one(
        "-- master::current
        SELECT number FROM master_key WHERE generation > 0 ORDER BY generation DESC LIMIT 1",
        &[],
        |row| row.get(0),
    )
    .await
}

/// Since when the key that wraps new data keys is known to have been in use; nothing if that was not noted.
///
/// # Errors
/// When the database fails.
pub async fn in_use_since(tx: &mut Tx) -> Result<Option<Instant>> {
    let seen = tx
        .one(
            "-- master::in_use_since
            SELECT seen_at FROM master_key_use
            WHERE number = (SELECT number FROM master_key WHERE generation > 0 ORDER BY generation DESC LIMIT 1)",
            &[],
            |row| row.get::<i64>(0),
        )
        .await?;
    Ok(seen.map(Instant::from_micros))
}

/// Notes that the key that wraps new data keys is in use, unless that was noted before.
///
/// # Errors
/// When the database fails.
pub async fn note_use(tx: &mut Tx, now: Instant) -> Result<()> {
    tx.exec(
        "-- master::note_use
        INSERT INTO master_key_use (seen_at, number)
        SELECT $1, number FROM master_key WHERE generation > 0 ORDER BY generation DESC LIMIT 1
        ON CONFLICT (number) DO NOTHING",
        &[&now.micros()],
    )
    .await?;
    Ok(())
}

async fn all(tx: &mut Tx) -> Result<Vec<Known>> {
    tx.all(
        "-- master::all
        SELECT number, generation, wrapped FROM master_key ORDER BY generation DESC, number LIMIT 64",
        &[],
        |row| Ok(Known { number: row.get(0)?, generation: row.get(1)?, wrapped: row.get(2)? }),
    )
    .await
}

/// Only one node at a time looks what is there and adds to it. SQLite has one writer anyhow.
async fn lock(tx: &mut Tx) -> Result<()> {
    if !tx.is_sqlite() {
        tx.script("-- master::lock\nSELECT pg_advisory_xact_lock(7813046926)").await?;
    }
    Ok(())
}

/// Bytes of a digest that name a key.
const NUMBER_BYTES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;

    impl Random for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[test]
    fn a_wrapped_key_opens_in_its_row_with_its_master_only() {
        let (one, other) = (MasterKey::new([1; 32]), MasterKey::new([2; 32]));
        let wrapped = one.wrap(&Sevens, 5, "acc_1", &Secret::new([9; 32])).unwrap();
        assert_eq!(one.unwrap(5, "acc_1", &wrapped).unwrap().expose(), &[9; 32]);
        assert!(one.unwrap(6, "acc_1", &wrapped).is_err(), "moved to another number");
        assert!(one.unwrap(5, "acc_2", &wrapped).is_err(), "given to another owner");
        assert!(other.unwrap(5, "acc_1", &wrapped).is_err());
        for bit in 0..wrapped.len() * 8 {
            let mut changed = wrapped.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(one.unwrap(5, "acc_1", &changed).is_err(), "bit {bit}");
        }
        assert!(one.unwrap(5, "acc_1", &[]).is_err());
    }

    #[test]
    fn numbers_name_keys_and_do_not_tell_them() {
        let number = MasterKey::new([1; 32]).number();
        assert_eq!(number.len(), 16);
        assert_ne!(number, MasterKey::new([2; 32]).number());
        assert_eq!(number, MasterKey::new([1; 32]).number());
    }
}
