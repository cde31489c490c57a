//! Another master key: put to use while servers run.

use std::time::Duration;

use lombard_domain::audit::{Event, Subject};
use lombard_store::{data_key, master};

use crate::error::{Error, Result};
use crate::{Auth, Call};

/// What a change of the master key did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turned {
    /// Whether another key had wrapped data keys until now.
    pub new: bool,
    /// Data keys that were wrapped anew.
    pub rewrapped: u64,
}

impl Auth {
    /// Lets the first configured master key wrap all data keys, in small transactions between which others have their turn; tells how
    /// many are left. When it was broken off, it goes on where it was.
    ///
    /// # Errors
    /// When the database fails or stays busy, or a former key is not configured. What was done until then stays.
    pub async fn rotate_master_key(&self, call: Call<'_>, mut tell: impl FnMut(i64) + Send) -> Result<Turned> {
        let new = self.trying(async || self.advance_master_key(call).await).await?;
        let mut rewrapped = 0;
        for _ in 0..ROUNDS {
            loop {
                let found = self.trying(async || self.rewrap_some().await).await?;
                rewrapped += u64::try_from(found).unwrap_or(0);
                if found == 0 {
                    break;
                }
                tell(data_key::count(&mut self.db().read().await?).await?.1);
                tokio::time::sleep(PAUSE).await;
            }
            // A transaction that began before may have made keys with the former master key; then there is another round.
            match self.retire_master_keys().await {
                Err(Error::Busy) => tokio::time::sleep(PAUSE).await,
                Err(other) => return Err(other),
                Ok(()) if data_key::count(&mut self.db().read().await?).await?.1 == 0 => {
                    return Ok(Turned { new, rewrapped });
                }
                Ok(()) => {}
            }
        }
        Err(Error::Busy)
    }

    async fn retire_master_keys(&self) -> Result<()> {
        let mut tx = self.db().begin("retire master keys").await?;
        master::retire(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    async fn advance_master_key(&self, call: Call<'_>) -> Result<bool> {
        let mut tx = self.db().begin("advance master key").await?;
        let new = master::advance(&mut tx).await?;
        if new {
            self.record(&mut tx, call, Event::MasterKeyChanged, Subject::default(), None).await?;
        }
        tx.commit().await?;
        Ok(new)
    }

    async fn rewrap_some(&self) -> Result<usize> {
        let mut tx = self.db().begin("rewrap data keys").await?;
        let found = data_key::rewrap(&mut tx, BATCH).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// Tries again when servers are in the way.
    async fn trying<T>(&self, mut step: impl AsyncFnMut() -> Result<T>) -> Result<T> {
        for _ in 1..ATTEMPTS {
            match step().await {
                Err(Error::Busy) => tokio::time::sleep(PAUSE).await,
                outcome => return outcome,
            }
        }
        step().await
    }
}

/// Data keys wrapped anew in one transaction: a few milliseconds.
const BATCH: i64 = 256;
/// Between two transactions, for others.
const PAUSE: Duration = Duration::from_millis(20);
/// How often it begins anew because others made keys meanwhile.
const ROUNDS: usize = 100;
/// How often a step is tried.
const ATTEMPTS: usize = 10;
