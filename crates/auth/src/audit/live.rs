//! Checking the record of a database that may be in use.

use lombard_domain::time::Span;
use lombard_store::audit;

use super::checkpoint::{self, AuditKeys, BadCheckpoint, Checkpoint};
use super::fault::{Fault, Mac, Wrong};
use super::guide::Guide;
use super::verifier::{Proven, Verifier};
use crate::Auth;
use crate::error::Result;

/// What a check of a database's record found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The chain, or the first thing that is wrong.
    pub chain: std::result::Result<Proven, Fault>,
    /// Entries that are not chained yet; each is as it was recorded.
    pub waiting: u64,
    /// How long it took.
    pub took: Span,
    /// The newest checkpoint of the database.
    pub newest: Option<Checkpoint>,
}

impl Auth {
    /// Checks every entry, every stored checkpoint, and that the chain still has what a checkpoint says that was kept elsewhere.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn verify_record(&self, kept: Option<&Checkpoint>) -> Result<Checked> {
        let began = self.now();
        let database = checkpoint::database_name(self.db());
        let mut verifier = Verifier::new(&database);
        if let Some(kept) = kept {
            verifier.checkpoint(kept);
        }
        let keys = self.audit_keys().await?;
        let chain = self.walk(verifier, &keys, &database).await?;
        let (waiting, forged) = self.waiting().await?;
        let chain = match (chain, forged) {
            (Ok(_), Some(id)) => Err(Fault { position: None, id: Some(id), wrong: Wrong::Forged }),
            (chain, _) => chain,
        };
        let newest = audit::newest_checkpoint(&mut self.db().read().await?).await?;
        let newest = newest.and_then(|newest| keys.open(&newest.jws).ok());
        Ok(Checked { chain, waiting, took: self.now().since(began), newest })
    }

    /// The public keys that checkpoints of this database are checked with; made at the first call.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_keys(&self) -> Result<AuditKeys> {
        checkpoint::ensure_key(self.db(), self.now()).await?;
        checkpoint::keys(&mut self.db().read().await?).await
    }

    /// Chains what waits, signs what the chain is now, and gives that; `None` if nothing ever happened.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn make_checkpoint(&self) -> Result<Option<Checkpoint>> {
        self.seal_record().await?;
        let made = checkpoint::make(self.db(), self.now()).await?;
        let keys = self.audit_keys().await?;
        made.map(|made| keys.open(&made.jws).map_err(crate::Error::internal)).transpose()
    }

    /// Reads a checkpoint that was kept elsewhere.
    ///
    /// # Errors
    /// The inner one if it is not one of this database.
    pub async fn kept_checkpoint(&self, jws: &str) -> Result<std::result::Result<Checkpoint, BadCheckpoint>> {
        let database = checkpoint::database_name(self.db());
        let opened = self.audit_keys().await?.open(jws);
        Ok(opened.and_then(|kept| if kept.database == database { Ok(kept) } else { Err(BadCheckpoint) }))
    }

    async fn walk(
        &self,
        mut verifier: Verifier,
        keys: &AuditKeys,
        database: &str,
    ) -> Result<std::result::Result<Proven, Fault>> {
        let (mut cursor, mut guide) = (0, Guide::default());
        let head = loop {
            let page = audit::chained_after(&mut self.db().read().await?, cursor, PAGE).await?;
            let Some(last) = page.last().map(|last| last.entry.position) else {
                let head = audit::head(&mut self.db().read().await?).await?;
                // Whatever was chained between the two looks is read in another round.
                let more = audit::chained_after(&mut self.db().read().await?, cursor, 1).await?;
                if more.is_empty() {
                    break head;
                }
                continue;
            };
            self.stored_checkpoints(&mut verifier, keys, database, cursor, last).await?;
            cursor = last;
            let (entries, genuine): (Vec<_>, Vec<_>) = page.into_iter().map(|one| (one.entry, one.genuine)).unzip();
            guide.follow(self, &entries).await?;
            for (entry, genuine) in entries.into_iter().zip(genuine) {
                let mac = if genuine { Mac::Holds } else { Mac::Fails };
                if !verifier.entry(entry, mac) {
                    return Ok(verifier.finish(None));
                }
            }
        };
        self.stored_checkpoints(&mut verifier, keys, database, cursor, i64::MAX).await?;
        let head = head.map_or((0, None), |head| (head.position, Some(head.hash)));
        let known = head.1.as_deref().map(|hash| (head.0, hash));
        let outcome = match known {
            // A chain that was never started has no end to compare; entries in it would have come from elsewhere.
            None if cursor > 0 => Err(Fault { position: Some(1), id: None, wrong: Wrong::Head }),
            known => verifier.finish(known),
        };
        Ok(match outcome {
            Ok(proven) => guide.finish(self).await?.map_or(Ok(proven), Err),
            Err(fault) => Err(fault),
        })
    }

    /// Tells the verifier of the stored checkpoints behind one place and up to another.
    async fn stored_checkpoints(
        &self,
        verifier: &mut Verifier,
        keys: &AuditKeys,
        database: &str,
        after: i64,
        until: i64,
    ) -> Result<()> {
        let mut cursor = after;
        loop {
            let page = audit::checkpoints_after(&mut self.db().read().await?, cursor, PAGE).await?;
            let Some(last) = page.last().map(|last| last.position) else { return Ok(()) };
            for stored in page.into_iter().filter(|stored| stored.position <= until) {
                let is_it = |one: &Checkpoint| {
                    (one.position, one.at.seconds(), one.database.as_str())
                        == (stored.position, stored.at.seconds(), database)
                };
                match keys.open(&stored.jws).ok().filter(is_it) {
                    Some(checkpoint) => verifier.checkpoint(&checkpoint),
                    None => verifier.bad_checkpoint(stored.position),
                }
            }
            if last >= until {
                return Ok(());
            }
            cursor = last;
        }
    }

    /// How many entries are not chained yet, and the first of them that is not as it was recorded.
    async fn waiting(&self) -> Result<(u64, Option<String>)> {
        let (mut count, mut cursor) = (0_u64, String::new());
        loop {
            let page = audit::waiting_after(&mut self.db().read().await?, &cursor, PAGE).await?;
            let Some((last, _)) = page.last() else { return Ok((count, None)) };
            cursor.clone_from(last);
            for one in page.iter().flat_map(|(_, entries)| entries) {
                if !one.genuine {
                    return Ok((count, Some(one.entry.id.clone())));
                }
                count = count.saturating_add(1);
            }
        }
    }
}

/// Rows read at once.
const PAGE: i64 = 1000;
