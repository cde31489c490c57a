//! The keys that sign: one line for each algorithm, published before they sign, and until nothing that they signed is valid any more.
//!
//! A private key leaves the database sealed and this module never: others ask it to sign, and get public keys.

mod master;
mod ring;
mod seen;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use lombard_domain::audit::{Event, Subject};
use lombard_domain::time::{Instant, Span};
use lombard_store::key::{self, StoredKey};
use lombard_store::{Db, Tx};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::error::{Error, Result};
use crate::jose::{Alg, Header, JoseError, Jwks, SigningKey};
use crate::{Auth, Call, digest};
pub use master::Turned;
use ring::{Held, Ring};
pub(crate) use seen::Known;
use seen::Seen;

/// The keys of this server, kept in memory and read anew from time to time.
pub struct KeyRing {
    ring: RwLock<Arc<Ring>>,
}

impl KeyRing {
    /// Reads the keys. An algorithm that has none gets its first one, which is published and signs at once: nothing was ever
    /// signed with that algorithm, so nobody keeps a key set in which it would be missing.
    ///
    /// # Errors
    /// When the database fails, or holds a key that cannot be read.
    pub async fn load(db: &Db, now: Instant) -> Result<Self> {
        let missing = missing(&key::list(&mut db.read().await?).await?);
        if !missing.is_empty() {
            add_first(db, missing, now).await?;
        }
        let ring = Self { ring: RwLock::default() };
        ring.refresh(db).await?;
        Ok(ring)
    }

    /// Reads the keys anew, so that a key made by another process is published and used in time.
    ///
    /// # Errors
    /// When the database fails, or holds a key that cannot be read; the keys in memory then stay.
    pub async fn refresh(&self, db: &Db) -> Result<()> {
        let stored = key::list(&mut db.read().await?).await?;
        let known = self.held();
        let new = Ring::new(stored.iter().map(|stored| hold(stored, &known)).collect::<Result<_>>()?);
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        if !ring.has_just(&new) {
            *ring = Arc::new(new);
        }
        Ok(())
    }

    /// Signs claims with the key of an algorithm whose turn it is.
    ///
    /// # Errors
    /// When there is no key, or the library fails.
    pub fn sign<C: serde::Serialize>(&self, alg: Alg, typ: &str, claims: &C, now: Instant) -> Result<String> {
        let ring = self.held();
        let current = ring.line(alg).current(now).ok_or_else(|| Error::internal(NoKey))?;
        Ok(crate::jose::sign(current, Header::with_kid(typ, current.kid()), claims)?)
    }

    /// Since when the key of an algorithm signs whose turn it is.
    pub(crate) fn signs_since(&self, alg: Alg, now: Instant) -> Option<Instant> {
        self.held().line(alg).current_since(now)
    }

    /// Every public key that is not forgotten, for what is read long after it was signed (`id_token_hint`).
    #[must_use]
    pub fn kept(&self) -> Jwks {
        let ring = self.held();
        Jwks::new(Alg::ALL.into_iter().flat_map(|alg| ring.line(alg).kept()).cloned().collect())
    }

    /// The public keys that others need at this moment: of each algorithm the next, the current, and former ones while something
    /// that they signed may still be valid.
    #[must_use]
    pub fn published(&self, now: Instant) -> Jwks {
        let ring = self.held();
        Jwks::new(Alg::ALL.into_iter().flat_map(|alg| ring.line(alg).published(now)).cloned().collect())
    }

    /// What an access token of ours is known by: remembered, or else what `check` says, which must verify the token with the published
    /// keys of [`ACCESS_TOKEN_ALG`], and gets no others.
    ///
    /// A token is remembered no longer than it lives and no longer than the keys stay the same. Only what `check` lets pass is
    /// remembered, so nobody can fill the memory with made-up tokens.
    pub(crate) fn known_token<F>(&self, token: &str, now: Instant, check: F) -> Option<Known>
    where
        F: FnOnce(&Jwks) -> Option<Known>,
    {
        // Taken before the keys are read: if they change meanwhile, the answer goes into a memory that nobody asks any more.
        let ring = self.held();
        let digest = digest::of(token);
        if let Some(known) = lock(&ring.seen).find(&digest).filter(|known| now < known.expires_at) {
            return Some(known);
        }
        let known = check(&Jwks::new(ring.line(ACCESS_TOKEN_ALG).published(now).cloned().collect()))?;
        if now < known.expires_at {
            lock(&ring.seen).add(digest, known);
        }
        Some(known)
    }

    fn held(&self) -> Arc<Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Auth {
    /// Makes a new key of an algorithm, publishes it at once and lets it sign after a lead in which everybody can learn of it; its
    /// name, and when it begins to sign.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rotate_key(&self, call: Call<'_>, alg: Alg, lead: Span) -> Result<(String, Instant)> {
        let made = generate(alg).await.map_err(Error::internal)??;
        let now = self.now();
        let active_from = now.plus(lead.max(LEAD_MIN));
        let mut tx: Tx = self.db().begin("rotate key").await?;
        key::insert(&mut tx, &stored(&made, now, active_from)?).await?;
        self.record(&mut tx, call, Event::KeyPublished, Subject::default(), None).await?;
        tx.commit().await?;
        self.parts.keys.refresh(self.db()).await?;
        Ok((made.kid().to_owned(), active_from))
    }

    /// Reads the signing keys anew; to be called every [`REFRESH_SECONDS`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refresh_keys(&self) -> Result<()> {
        self.parts.keys.refresh(self.db()).await
    }
}

/// The algorithms for which there is no key.
fn missing(stored: &[StoredKey]) -> Vec<Alg> {
    let has = |alg: &Alg| stored.iter().any(|key| Alg::from_name(&key.alg) == Some(*alg));
    Alg::ALL.into_iter().filter(|alg| !has(alg)).collect()
}

/// Gives algorithms their first keys. Of several nodes that start at once, one does; what the others have made is dropped.
async fn add_first(db: &Db, algs: Vec<Alg>, now: Instant) -> Result<()> {
    // All are made at the same time, and before the transaction begins, so that nobody waits for it while an RSA key is made.
    let making: Vec<_> = algs.into_iter().map(generate).collect();
    let mut made = Vec::with_capacity(making.len());
    for key in making {
        made.push(key.await.map_err(Error::internal)??);
    }
    let mut tx = db.begin("first keys").await?;
    key::lock(&mut tx).await?;
    let missing = missing(&key::list(&mut tx).await?);
    for key in made.iter().filter(|key| missing.contains(&key.alg())) {
        key::insert(&mut tx, &stored(key, now, now)?).await?;
    }
    Ok(tx.commit().await?)
}

/// Begins to make a key, off the async threads, for an RSA key takes a second.
fn generate(alg: Alg) -> JoinHandle<std::result::Result<SigningKey, JoseError>> {
    spawn_blocking(move || SigningKey::generate(alg))
}

fn stored(key: &SigningKey, now: Instant, active_from: Instant) -> Result<StoredKey> {
    Ok(StoredKey {
        kid: key.kid().to_owned(),
        alg: key.alg().name().to_owned(),
        public_jwk: key.public().to_json().to_string(),
        private: key.to_pkcs8()?,
        created_at: now,
        active_from,
    })
}

/// A key ready for use. One that is known is not parsed again, which for RSA costs as much as a signature.
fn hold(stored: &StoredKey, known: &Ring) -> Result<Held> {
    if let Some(key) = known.find(&stored.kid) {
        return Ok(Held { key: Arc::clone(key), active_from: stored.active_from });
    }
    let alg = Alg::from_name(&stored.alg).ok_or_else(|| Error::internal(NoKey))?;
    let key = SigningKey::from_pkcs8(alg, &stored.private)?;
    // The database keeps names apart; as long as a name is the key's thumbprint, no two published keys can share one.
    if key.kid() != stored.kid {
        return Err(Error::internal(Misnamed));
    }
    Ok(Held { key: Arc::new(key), active_from: stored.active_from })
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// There is no key that can sign.
#[derive(Debug, thiserror::Error)]
#[error("there is no usable signing key")]
struct NoKey;

/// A key is stored under a name that is not its thumbprint.
#[derive(Debug, thiserror::Error)]
#[error("a signing key is stored under a name that is not its own")]
struct Misnamed;

/// How often every node reads the keys anew.
pub const REFRESH_SECONDS: u64 = 15;
/// What access tokens are signed with, whatever their clients chose for themselves: only this server reads them.
const ACCESS_TOKEN_ALG: Alg = Alg::Es256;
/// A key is published at least this long before it signs: every node has read it, and no copy of the key set may be kept for so long.
const LEAD_MIN: Span = Span::minutes(10);

#[cfg(test)]
mod tests {
    use super::*;
    use lombard_domain::id::{ClientId, TokenId};

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(seconds)
    }

    fn known(number: u128) -> Known {
        Known { id: TokenId::from_bits(number), client: ClientId::from_bits(1), expires_at: at(600) }
    }

    fn held(alg: Alg) -> Held {
        Held { key: Arc::new(SigningKey::generate(alg).unwrap()), active_from: at(0) }
    }

    fn ring(keys: Vec<Held>) -> KeyRing {
        KeyRing { ring: RwLock::new(Arc::new(Ring::new(keys))) }
    }

    #[test]
    fn checks_a_token_once_while_it_lives() {
        let ring = ring(vec![held(Alg::Es256)]);
        assert_eq!(ring.known_token("token", at(1), |_| Some(known(1))), Some(known(1)));
        assert_eq!(ring.known_token("token", at(599), |_| None), Some(known(1)), "not asked again");
        assert_eq!(ring.known_token("token", at(600), |_| None), None, "asked again once it has expired");
        assert_eq!(ring.known_token("Token", at(1), |_| None), None, "another text is another token");
    }

    #[test]
    fn remembers_nothing_that_failed_or_has_expired() {
        let ring = ring(vec![held(Alg::Es256)]);
        assert_eq!(ring.known_token("bad", at(1), |_| None), None);
        assert_eq!(ring.known_token("old", at(600), |_| Some(known(1))), Some(known(1)));
        assert!(lock(&ring.held().seen).is_empty());
    }

    #[test]
    fn looks_for_access_tokens_among_their_own_keys_only() {
        let keys = [Alg::EdDsa, Alg::Es256].map(held);
        let own = keys[1].key.kid().to_owned();
        let ring = ring(keys.into());
        assert_eq!(ring.published(at(1)).keys().len(), 2);
        ring.known_token("token", at(1), |keys| {
            let kids: Vec<_> = keys.keys().iter().map(|key| key.kid().unwrap()).collect();
            assert_eq!(kids, [own.as_str()]);
            None
        });
    }

    #[test]
    fn signs_with_the_key_of_the_algorithm_or_not_at_all() {
        let ring = ring([Alg::EdDsa, Alg::Es256].map(held).into());
        for alg in [Alg::Es256, Alg::EdDsa] {
            let token = ring.sign(alg, "t", &serde_json::json!({"a": 1}), at(1)).unwrap();
            let keys = ring.published(at(1));
            let rules = crate::jose::VerifyRules { typ: crate::jose::Typ::OneOf(&["t"]), algs: &[alg], keys: &keys };
            assert!(crate::jose::verify(&token, rules).is_ok(), "{alg}");
        }
        assert!(matches!(ring.sign(Alg::Ps256, "t", &(), at(1)), Err(Error::Internal(_))));
    }

    #[test]
    fn knows_which_first_keys_are_missing() {
        let all = Alg::ALL.map(|alg| stored(&SigningKey::generate(alg).unwrap(), at(0), at(0)).unwrap());
        assert_eq!(missing(&[]), Alg::ALL);
        assert!(missing(&all).is_empty());
        assert_eq!(missing(&all[..1]), [Alg::Ps256, Alg::EdDsa]);
        assert_eq!(missing(&all[1..]), [Alg::Es256]);
    }

    #[test]
    fn a_known_key_is_taken_as_it_is_and_a_misnamed_one_refused() {
        let key = held(Alg::EdDsa);
        let mut row = stored(&key.key, at(0), at(9)).unwrap();
        let ring = Ring::new(vec![key.clone()]);
        let again = hold(&row, &ring).unwrap();
        assert!(Arc::ptr_eq(&again.key, &key.key) && again.active_from == at(9));
        let parsed = hold(&row, &Ring::default()).unwrap();
        assert_eq!(parsed.key.kid(), key.key.kid());
        row.kid = "another".to_owned();
        assert!(hold(&row, &ring).is_err());
    }
}
