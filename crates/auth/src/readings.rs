//! What operators watch and nothing else needs: how long queues are, how old keys are.

use lombard_domain::time::Span;
use lombard_store::{audit, data_key, master, notification};

use crate::Auth;
use crate::error::Result;
use crate::jose::Alg;

/// How things stand at a moment.
#[derive(Clone, Debug)]
pub struct Readings {
    /// Each queue by its name, and how many wait in it.
    pub queues: Vec<(&'static str, u64)>,
    /// Each kind of key by its name, and since when the one in use is in use.
    pub key_ages: Vec<(&'static str, Span)>,
    /// Data keys that the master key in use wraps, and those that a former one wraps.
    pub data_keys: (u64, u64),
    /// Bytes of the log of an embedded database.
    pub log_bytes: Option<u64>,
}

impl Auth {
    /// How things stand now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn readings(&self) -> Result<Readings> {
        let now = self.now();
        let mut key_ages: Vec<(&'static str, Span)> = Alg::ALL
            .into_iter()
            .filter_map(|alg| Some((alg.name(), now.since(self.parts.keys.signs_since(alg, now)?))))
            .collect();
        key_ages.extend(self.master_age().await?.map(|age| ("master", age)));
        let mut tx = self.db().read().await?;
        let audit_key = audit::audit_keys(&mut tx).await?.iter().map(|key| key.created_at).max();
        key_ages.extend(audit_key.map(|made| ("record", now.since(made))));
        let notifications = notification::waiting(&mut tx).await?;
        let (all, former) = data_key::count(&mut tx).await?;
        drop(tx);
        let passwords = u64::try_from(self.parts.passwords.waiting()).unwrap_or(u64::MAX);
        let record = u64::try_from(self.parts.recorder.waiting()).unwrap_or(u64::MAX);
        Ok(Readings {
            queues: vec![("notifications", notifications), ("passwords", passwords), ("record", record)],
            key_ages,
            data_keys: (count(all.saturating_sub(former)), count(former)),
            log_bytes: self.db().log_bytes()?,
        })
    }

    /// How long the master key in use is known to have been in use; the first who asks notes it.
    async fn master_age(&self) -> Result<Option<Span>> {
        let now = self.now();
        if let Some(since) = master::in_use_since(&mut self.db().read().await?).await? {
            return Ok(Some(now.since(since)));
        }
        let mut tx = self.db().begin("note_master_key").await?;
        master::note_use(&mut tx, now).await?;
        let since = master::in_use_since(&mut tx).await?;
        tx.commit().await?;
        Ok(since.map(|since| now.since(since)))
    }
}

fn count(counted: i64) -> u64 {
    u64::try_from(counted).unwrap_or(0)
}
