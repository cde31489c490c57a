//! The keys that sign tokens: published before they sign, and until nothing that they signed is valid any more.
//!
//! Remembers which tokens' signatures held, because most tokens come many times and the curve is the dearest part of a call.
//! It remembers names only, never what a token may do: that is read from the database each time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use lombard_domain::audit::{Event, Subject};
use lombard_domain::id::TokenId;
use lombard_domain::time::{Instant, Span};
use lombard_store::key::{self, StoredKey};
use lombard_store::{Db, Tx};

use crate::error::{Error, Result};
use crate::jose::{Alg, Jwks, SigningKey};
use crate::{Auth, Call, digest};

/// The keys of this server, kept in memory and read anew from time to time.
pub struct KeyRing {
    ring: RwLock<Arc<Ring>>,
}

/// Keys, and the tokens that they were seen to have signed. Other keys come with an empty memory.
#[derive(Default)]
struct Ring {
    keys: Vec<Held>,
    seen: Mutex<Seen>,
}

struct Held {
    key: SigningKey,
    active_from: Instant,
}

/// A token of ours, whose signature held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// Its `jti`.
    pub(crate) id: TokenId,
    /// Its `exp`.
    pub(crate) expires_at: Instant,
}

/// Tokens by the SHA-256 of their text, in two generations: when the newer is full, the older is forgotten.
#[derive(Default)]
struct Seen {
    newer: HashMap<Vec<u8>, Known>,
    older: HashMap<Vec<u8>, Known>,
}

impl KeyRing {
    /// Reads the keys; a new database gets its first one, which signs at once.
    ///
    /// # Errors
    /// When the database fails, or holds a key that cannot be read.
    pub async fn load(db: &Db, now: Instant) -> Result<Self> {
        let ring = Self { ring: RwLock::default() };
        let mut tx = db.begin("first key").await?;
        if key::list(&mut tx).await?.is_empty() {
            key::insert(&mut tx, &generate(now, now)?).await?;
        }
        tx.commit().await?;
        ring.refresh(db).await?;
        Ok(ring)
    }

    /// Reads the keys anew, so that a key made by another process is published and used in time.
    ///
    /// # Errors
    /// When the database fails, or holds a key that cannot be read; the keys in memory then stay.
    pub async fn refresh(&self, db: &Db) -> Result<()> {
        let stored = key::list(&mut db.read().await?).await?;
        let held = stored.iter().map(hold).collect::<Result<Vec<_>>>()?;
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        if !ring.has_just(&held) {
            *ring = Arc::new(Ring { keys: held, seen: Mutex::default() });
        }
        Ok(())
    }

    /// Signs claims with the key whose turn it is.
    ///
    /// # Errors
    /// When there is no key, or the library fails.
    pub fn sign<C: serde::Serialize>(&self, _alg: Alg, typ: &str, claims: &C, now: Instant) -> Result<String> {
        let ring = self.held();
        let keys = &ring.keys;
        let current = keys.iter().rev().find(|held| held.active_from <= now).or_else(|| keys.first());
        let current = current.ok_or_else(|| Error::internal(NoKey))?;
        let header = crate::jose::Header::with_kid(typ, current.key.kid());
        Ok(crate::jose::sign(&current.key, header, claims)?)
    }

    /// The public keys that others need at this moment: the next, the current, and former ones whose tokens may still be valid.
    #[must_use]
    pub fn published(&self, now: Instant) -> Jwks {
        let ring = self.held();
        let keys = &ring.keys;
        let successors = keys.iter().skip(1).map(|held| Some(held.active_from)).chain([None]);
        let published = keys
            .iter()
            .zip(successors)
            .filter(|(_, successor)| successor.is_none_or(|from| now < from.plus(RETIRED_AFTER)))
            .map(|(held, _)| held.key.public().clone());
        Jwks::new(published.collect())
    }

    /// Every public key that ever signed, for what is read long after it was signed (`id_token_hint`).
    #[must_use]
    pub fn ever(&self) -> Jwks {
        Jwks::new(self.held().keys.iter().map(|held| held.key.public().clone()).collect())
    }

    /// The `jti` of a token of ours: remembered, or else what `check` says, which must verify the token with the published keys.
    ///
    /// A token is remembered no longer than it lives and no longer than the keys stay the same. Only what `check` lets pass is
    /// remembered, so nobody can fill the memory with made-up tokens.
    pub(crate) fn token_id<F>(&self, token: &str, now: Instant, check: F) -> Option<TokenId>
    where
        F: FnOnce(&Jwks) -> Option<Known>,
    {
        // Taken before the keys are read: if they change meanwhile, the answer goes into a memory that nobody asks any more.
        let ring = self.held();
        let digest = digest::of(token);
        let seen = || ring.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = seen().find(&digest).filter(|known| now < known.expires_at) {
            return Some(known.id);
        }
        let known = check(&self.published(now))?;
        if now < known.expires_at {
            seen().add(digest, known);
        }
        Some(known.id)
    }

    fn held(&self) -> Arc<Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Ring {
    /// Whether these are its keys. A key's name is its thumbprint.
    fn has_just(&self, others: &[Held]) -> bool {
        let same =
            |(one, other): (&Held, &Held)| one.key.kid() == other.key.kid() && one.active_from == other.active_from;
        self.keys.len() == others.len() && self.keys.iter().zip(others).all(same)
    }
}

impl Seen {
    fn find(&mut self, digest: &[u8]) -> Option<Known> {
        if let Some(known) = self.newer.get(digest) {
            return Some(*known);
        }
        let (digest, known) = self.older.remove_entry(digest)?;
        self.add(digest, known);
        Some(known)
    }

    fn add(&mut self, digest: Vec<u8>, known: Known) {
        if self.newer.len() >= SEEN_MAX {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(digest, known);
    }
}

impl Auth {
    /// Makes a new key, publishes it at once and lets it sign after a lead in which everybody can learn of it; its name, and when it begins to sign.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rotate_key(&self, call: Call<'_>, lead: Span) -> Result<(String, Instant)> {
        let now = self.now();
        let new = generate(now, now.plus(lead.max(LEAD_MIN)))?;
        let (kid, active_from) = (new.kid.clone(), new.active_from);
        let mut tx: Tx = self.db().begin("rotate key").await?;
        key::insert(&mut tx, &new).await?;
        self.record(&mut tx, call, Event::KeyPublished, Subject::default(), None).await?;
        tx.commit().await?;
        self.parts.keys.refresh(self.db()).await?;
        Ok((kid, active_from))
    }

    /// Reads the signing keys anew; to be called every [`REFRESH_SECONDS`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refresh_keys(&self) -> Result<()> {
        self.parts.keys.refresh(self.db()).await
    }
}

fn generate(now: Instant, active_from: Instant) -> Result<StoredKey> {
    let key = SigningKey::generate(Alg::Es256)?;
    Ok(StoredKey {
        kid: key.kid().to_owned(),
        alg: key.alg().name().to_owned(),
        public_jwk: key.public().to_json().to_string(),
        private: key.to_pkcs8()?,
        created_at: now,
        active_from,
    })
}

fn hold(stored: &StoredKey) -> Result<Held> {
    let alg = Alg::from_name(&stored.alg).ok_or_else(|| Error::internal(NoKey))?;
    Ok(Held { key: SigningKey::from_pkcs8(alg, &stored.private)?, active_from: stored.active_from })
}

/// There is no key that can sign.
#[derive(Debug, thiserror::Error)]
#[error("there is no usable signing key")]
struct NoKey;

/// How often every node reads the keys anew.
pub const REFRESH_SECONDS: u64 = 15;
/// A key is published at least this long before it signs: every node has read it, and no copy of the key set may be kept for so long.
const LEAD_MIN: Span = Span::minutes(10);
/// A key stays published so long after the next one has begun to sign; no token lives longer.
const RETIRED_AFTER: Span = Span::hours(1);
/// Tokens of each generation that are remembered, at about 100 bytes each.
const SEEN_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_micros(seconds * 1_000_000)
    }

    fn known(number: u8) -> Known {
        Known { id: TokenId::ordered(&Fixed(number), at(0)), expires_at: at(600) }
    }

    struct Fixed(u8);

    impl lombard_domain::random::Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    fn held(active_from: Instant) -> Held {
        Held { key: SigningKey::generate(Alg::Es256).unwrap(), active_from }
    }

    fn ring(keys: Vec<Held>) -> KeyRing {
        KeyRing { ring: RwLock::new(Arc::new(Ring { keys, seen: Mutex::default() })) }
    }

    #[test]
    fn checks_a_token_once_while_it_lives() {
        let ring = ring(vec![held(at(0))]);
        assert_eq!(ring.token_id("token", at(1), |_| Some(known(1))), Some(known(1).id));
        assert_eq!(ring.token_id("token", at(599), |_| None), Some(known(1).id), "not asked again");
        assert_eq!(ring.token_id("token", at(600), |_| None), None, "asked again once it has expired");
        assert_eq!(ring.token_id("Token", at(1), |_| None), None, "another text is another token");
    }

    #[test]
    fn remembers_nothing_that_failed_or_has_expired() {
        let ring = ring(vec![held(at(0))]);
        assert_eq!(ring.token_id("bad", at(1), |_| None), None);
        assert_eq!(ring.token_id("old", at(600), |_| Some(known(1))), Some(known(1).id));
        assert!(ring.held().seen.lock().unwrap().newer.is_empty());
    }

    #[test]
    fn other_keys_come_with_an_empty_memory() {
        let before = held(at(0));
        let stored = |held: &Held| Ring { keys: vec![held_again(held)], seen: Mutex::default() };
        assert!(stored(&before).has_just(&[held_again(&before)]));
        assert!(!stored(&before).has_just(&[held(at(0))]), "another key");
        assert!(!stored(&before).has_just(&[held_again(&before), held(at(60))]), "one more");
        assert!(!stored(&before).has_just(&[]), "none");
    }

    fn held_again(held: &Held) -> Held {
        let key = SigningKey::from_pkcs8(Alg::Es256, &held.key.to_pkcs8().unwrap()).unwrap();
        Held { key, active_from: held.active_from }
    }

    #[test]
    fn forgets_the_oldest_first_and_never_grows_beyond_two_generations() {
        let mut seen = Seen::default();
        let name = |number: usize| number.to_be_bytes().to_vec();
        for number in 0..5 * SEEN_MAX {
            seen.add(name(number), known(1));
            assert!(seen.find(&name(0)).is_some() || number > SEEN_MAX, "{number}");
            assert!(seen.newer.len() <= SEEN_MAX && seen.older.len() <= SEEN_MAX);
        }
        assert!(seen.find(&name(5 * SEEN_MAX - 1)).is_some());
        assert!(seen.find(&name(1)).is_none());
        assert!(seen.find(&name(0)).is_some(), "asked for all the time");
    }
}
