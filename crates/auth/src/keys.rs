//! The keys that sign tokens: published before they sign, and until nothing that they signed is valid any more.

use std::sync::{Arc, PoisonError, RwLock};

use lombard_domain::audit::{Event, Subject};
use lombard_domain::time::{Instant, Span};
use lombard_store::key::{self, StoredKey};
use lombard_store::{Db, Tx};

use crate::error::{Error, Result};
use crate::jose::{Alg, Jwks, SigningKey};
use crate::{Auth, Call};

/// The keys of this server, kept in memory and read anew from time to time.
pub struct KeyRing {
    keys: RwLock<Arc<Vec<Held>>>,
}

struct Held {
    key: SigningKey,
    active_from: Instant,
}

impl KeyRing {
    /// Reads the keys; a new database gets its first one, which signs at once.
    ///
    /// # Errors
    /// When the database fails, or holds a key that cannot be read.
    pub async fn load(db: &Db, now: Instant) -> Result<Self> {
        let ring = Self { keys: RwLock::default() };
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
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(held);
        Ok(())
    }

    /// Signs claims with the key whose turn it is.
    ///
    /// # Errors
    /// When there is no key, or the library fails.
    pub fn sign<C: serde::Serialize>(&self, typ: &str, claims: &C, now: Instant) -> Result<String> {
        let keys = self.held();
        let current = keys.iter().rev().find(|held| held.active_from <= now).or_else(|| keys.first());
        let current = current.ok_or_else(|| Error::internal(NoKey))?;
        let header = crate::jose::Header::with_kid(typ, current.key.kid());
        Ok(crate::jose::sign(&current.key, header, claims)?)
    }

    /// The public keys that others need at this moment: the next, the current, and former ones whose tokens may still be valid.
    #[must_use]
    pub fn published(&self, now: Instant) -> Jwks {
        let keys = self.held();
        let successors = keys.iter().skip(1).map(|held| Some(held.active_from)).chain([None]);
        let published = keys
            .iter()
            .zip(successors)
            .filter(|(_, successor)| successor.is_none_or(|from| now < from.plus(RETIRED_AFTER)))
            .map(|(held, _)| held.key.public().clone());
        Jwks::new(published.collect())
    }

    fn held(&self) -> Arc<Vec<Held>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
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
