//! Signed statements of what the chain was: which database, how many entries, and their hash. Kept elsewhere, one shows that
//! nothing of what it covers was changed or taken away since, not even the end.

use lombard_domain::audit::{Event, Subject};
use lombard_domain::time::{Instant, Span};
use lombard_store::audit::{self, AuditKey, StoredCheckpoint};
use lombard_store::{Db, Tx, key};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use super::chain::Hash;
use super::hex;
use crate::error::{Error, Result};
use crate::jose::{self, Alg, Header, Jwks, SigningKey, Typ, VerifyRules};
use crate::{Auth, Call};

/// What a checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The database, by its name in its record.
    pub database: String,
    /// The number of the last entry that it covers.
    pub position: i64,
    /// The hash of that entry.
    pub hash: Hash,
    /// When it was made, to the second.
    pub at: Instant,
    /// The statement itself, signed.
    pub jws: String,
}

/// A text that is no checkpoint, or one that somebody else signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a checkpoint that was signed with one of these keys")]
pub struct BadCheckpoint;

/// The public keys that checkpoints are checked with.
#[derive(Clone, Debug)]
pub struct AuditKeys(Jwks);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    database: String,
    position: i64,
    hash: String,
    iat: i64,
}

impl AuditKeys {
    /// Reads keys as `lombard audit key` prints them, a JWK set.
    ///
    /// # Errors
    /// [`BadCheckpoint`] if there is none in it.
    pub fn parse(text: &[u8]) -> std::result::Result<Self, BadCheckpoint> {
        let keys = Jwks::parse(text).map_err(|_| BadCheckpoint)?;
        if keys.keys().is_empty() { Err(BadCheckpoint) } else { Ok(Self(keys)) }
    }

    /// The keys as a JWK set.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        self.0.to_json()
    }

    /// Checks a checkpoint and reads it.
    ///
    /// # Errors
    /// [`BadCheckpoint`].
    pub fn open(&self, jws: &str) -> std::result::Result<Checkpoint, BadCheckpoint> {
        let rules = VerifyRules { typ: Typ::OneOf(&[TYP]), algs: &[ALG], keys: &self.0 };
        let verified = jose::verify(jws, rules).map_err(|_| BadCheckpoint)?;
        let claims: Claims = serde_json::from_slice(verified.payload()).map_err(|_| BadCheckpoint)?;
        let hash = hex::decode(&claims.hash).and_then(|hash| hash.try_into().ok()).ok_or(BadCheckpoint)?;
        if claims.position < 1 {
            return Err(BadCheckpoint);
        }
        let at = Instant::from_seconds(claims.iat);
        Ok(Checkpoint { database: claims.database, position: claims.position, hash, at, jws: jws.to_owned() })
    }
}

/// The checkpoint in a file as `lombard audit checkpoint` prints it: its first line.
#[must_use]
pub fn first_checkpoint(text: &str) -> Option<&str> {
    text.lines().map(str::trim).find(|line| !line.is_empty())
}

/// The name of a database in its checkpoints.
pub(super) fn database_name(db: &Db) -> String {
    hex::encode(&audit::database_name(db))
}

/// The public keys of a database. They are read from the sealed private ones: whoever can only write to the database cannot put
/// a key of their own in their place.
pub(super) async fn keys(tx: &mut Tx) -> Result<AuditKeys> {
    let stored = audit::audit_keys(tx).await?;
    let keys = stored.iter().map(|stored| Ok(parse(stored)?.public().clone())).collect::<Result<Vec<_>>>()?;
    Ok(AuditKeys(Jwks::new(keys)))
}

/// Makes the first key, if there is none. Of several nodes that do so at once, one makes it.
pub(super) async fn ensure_key(db: &Db, now: Instant) -> Result<()> {
    if !audit::audit_keys(&mut db.read().await?).await?.is_empty() {
        return Ok(());
    }
    let made = new_key(now).await?;
    let mut tx = db.begin("audit key").await?;
    key::lock(&mut tx).await?;
    if audit::audit_keys(&mut tx).await?.is_empty() {
        audit::add_audit_key(&mut tx, &made).await?;
    }
    Ok(tx.commit().await?)
}

impl Auth {
    /// Makes another key, which signs checkpoints from now on; its name. The former one signs what the chain is before that, and what
    /// it signed can be checked as before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rotate_audit_key(&self, call: Call<'_>) -> Result<String> {
        self.make_checkpoint().await?;
        let mut made = new_key(self.now()).await?;
        let mut tx = self.db().begin("rotate audit key").await?;
        key::lock(&mut tx).await?;
        // The newest signs, also where a clock was set back.
        let former = audit::audit_keys(&mut tx).await?.iter().map(|key| key.created_at).max();
        made.created_at =
            former.map_or(made.created_at, |former| made.created_at.max(former.plus(Span::from_micros(1))));
        audit::add_audit_key(&mut tx, &made).await?;
        self.record(&mut tx, call, Event::KeyPublished, Subject::default(), Some("record")).await?;
        tx.commit().await?;
        Ok(made.kid)
    }
}

async fn new_key(now: Instant) -> Result<AuditKey> {
    let made = spawn_blocking(|| SigningKey::generate(ALG)).await.map_err(Error::internal)??;
    let (kid, alg) = (made.kid().to_owned(), ALG.name().to_owned());
    Ok(AuditKey { kid, alg, private: made.to_pkcs8()?, created_at: now })
}

/// Signs what the chain is at this moment and stores it; `None` if the chain is empty. What is stored for this place already stays.
pub(super) async fn make(db: &Db, now: Instant) -> Result<Option<StoredCheckpoint>> {
    let mut tx = db.read().await?;
    let Some(head) = audit::head(&mut tx).await?.filter(|head| head.position > 0) else { return Ok(None) };
    let newest = audit::newest_checkpoint(&mut tx).await?;
    drop(tx);
    if let Some(newest) = newest.filter(|newest| newest.position == head.position) {
        return Ok(Some(newest));
    }
    ensure_key(db, now).await?;
    let mut tx = db.begin("checkpoint").await?;
    let keys = audit::audit_keys(&mut tx).await?;
    let key = parse(keys.last().ok_or_else(|| Error::internal(NoKey))?)?;
    let claims = Claims {
        database: database_name(db),
        position: head.position,
        hash: hex::encode(&head.hash),
        iat: now.seconds(),
    };
    let jws = jose::sign(&key, Header::with_kid(TYP, key.kid()), &claims)?;
    let checkpoint = StoredCheckpoint { position: head.position, at: now, jws };
    audit::add_checkpoint(&mut tx, &checkpoint).await?;
    tx.commit().await?;
    Ok(Some(checkpoint))
}

fn parse(stored: &AuditKey) -> Result<SigningKey> {
    let alg = Alg::from_name(&stored.alg).ok_or_else(|| Error::internal(NoKey))?;
    Ok(SigningKey::from_pkcs8(alg, &stored.private)?)
}

/// There is no key that can sign checkpoints.
#[derive(Debug, thiserror::Error)]
#[error("there is no usable key for checkpoints")]
struct NoKey;

/// The type of a checkpoint in its header.
const TYP: &str = "lombard-checkpoint+jwt";
/// What signs checkpoints.
const ALG: Alg = Alg::EdDsa;
