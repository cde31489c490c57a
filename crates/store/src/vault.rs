//! Keys that belong to one database: made with it, sealed in it, the same for as long as it lives.
//!
//! They blind what must be found but not read (user names), give imported rows their identifiers, and name customers differently
//! to each app. Because they are sealed and not derived from the master key, that key can be changed without touching any of them.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use lombard_domain::random::Random;
use lombard_domain::secret::Secret;

use crate::crypt::{Crypt, DataKey, Place};
use crate::db::Tx;
use crate::error::{Error, Result};

/// What a keyed digest is used for. Digests for different uses never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// Entries of the record, and the name of the database in it.
    Audit,
    /// Anti-forgery tokens of pages.
    Csrf,
    /// Browsers that a customer has signed in with.
    Device,
    /// Identifiers of imported rows.
    Import,
    /// Links from one page of an answer to the next.
    Link,
    /// Networks against which alarms were raised.
    Network,
    /// Nonces for proofs of possession.
    Nonce,
    /// A customer's name for one app (`sub`).
    Pairwise,
    /// Places in the changes of an account.
    Sync,
    /// Whom a run of failed sign-ins belongs to.
    Throttle,
    /// User names.
    Username,
}

impl Index {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Audit => b"audit",
            Self::Csrf => b"csrf",
            Self::Device => b"device",
            Self::Import => b"import",
            Self::Link => b"link",
            Self::Network => b"network",
            Self::Nonce => b"dpop-nonce",
            Self::Pairwise => b"pairwise",
            Self::Sync => b"sync",
            Self::Throttle => b"throttle",
            Self::Username => b"username",
        }
    }
}

/// The open vault.
pub struct Vault {
    key: hmac::Key,
}

impl Vault {
    /// HMAC-SHA-256 of the parts, for one use. The same parts give the same digest in this database and no other.
    #[must_use]
    pub fn digest(&self, index: Index, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.key);
        for part in std::iter::once(&index.label()).chain(parts) {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        let mut out = [0; 32];
        for (to, from) in out.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        out
    }

    /// Whether this is the beginning of the digest of the parts; the time that it takes says nothing about where it differs.
    #[must_use]
    pub fn begins(&self, index: Index, parts: &[&[u8]], beginning: &[u8]) -> bool {
        let digest = self.digest(index, parts);
        digest.get(..beginning.len()).is_some_and(|ours| verify_slices_are_equal(ours, beginning).is_ok())
    }
}

/// Whether this version can open the vault, if there is one: its first byte says how it was sealed.
pub(crate) async fn check(tx: &mut Tx) -> Result<()> {
    match sealed(tx).await?.as_deref() {
        Some([1, ..]) => Err(Error::Outdated),
        _ => Ok(()),
    }
}

/// Opens the vault, or makes it if the database is new.
pub(crate) async fn open(tx: &mut Tx, crypt: &Crypt, bank: &DataKey, random: &dyn Random) -> Result<Vault> {
    let fresh = Secret::new(lombard_domain::random::bytes::<32>(random));
    let fresh = crypt.seal(bank, PLACE, fresh.expose())?;
    tx.exec(
        "-- vault::make
        INSERT INTO vault (name, sealed) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        &[&PLACE.row, &fresh],
    )
    .await?;
    let stored = sealed(tx).await?.ok_or(Error::Corrupt("the vault"))?;
    let key = Secret::new(crypt.open(PLACE, &stored)?);
    Ok(Vault { key: hmac::Key::new(hmac::HMAC_SHA256, key.expose()) })
}

async fn sealed(tx: &mut Tx) -> Result<Option<Vec<u8>>> {
    tx.one(
        "-- vault::sealed
        SELECT sealed FROM vault WHERE name = $1",
        &[&PLACE.row],
        |row| row.get(0),
    )
    .await
}

const PLACE: Place<'static> = Place { table: "vault", column: "sealed", row: "digests" };
