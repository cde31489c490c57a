//! After a database came back from a backup: what was taken back since the backup was made is not known to it.

use lombard_domain::audit::{Event, Subject};
use lombard_domain::consent::Revoker;
use lombard_domain::id::ConsentId;
use lombard_store::{consent, grant, session, token};

use crate::error::Result;
use crate::{Auth, Call};

/// What becomes of the consents that were authorised when the backup was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consents {
    /// All are taken back: a customer who took one back since then must not find it alive.
    End,
    /// They hold on: nothing was taken back since the backup was made, or somebody takes it back once more.
    Keep,
}

impl Auth {
    /// Makes worthless what was under way when the backup was made: sessions, codes, access tokens. How many consents were taken back.
    ///
    /// # Errors
    /// When the database fails. A repetition goes on where it ended.
    pub async fn after_restore(&self, call: Call<'_>, consents: Consents) -> Result<u64> {
        let ended = match consents {
            Consents::End => self.end_all_consents(call).await?,
            Consents::Keep => 0,
        };
        let mut tx = self.db().begin("restored").await?;
        let now = self.now();
        session::delete_all(&mut tx).await?;
        grant::use_all_codes(&mut tx, now).await?;
        token::revoke_all_access(&mut tx, now).await?;
        let how = match consents {
            Consents::End => "consents-ended",
            Consents::Keep => "consents-kept",
        };
        self.record(&mut tx, call, Event::Restored, Subject::default(), Some(how)).await?;
        tx.commit().await?;
        Ok(ended)
    }

    async fn end_all_consents(&self, call: Call<'_>) -> Result<u64> {
        let (mut ended, mut last) = (0, None::<ConsentId>);
        loop {
            let live = consent::live_after(&mut self.db().read().await?, last, AT_ONCE).await?;
            last = live.last().copied();
            if last.is_none() {
                return Ok(ended);
            }
            for id in live {
                ended += u64::from(self.revoke_consent(call, id, Revoker::Bank).await?);
            }
        }
    }
}

/// Consents looked for at once.
const AT_ONCE: i64 = 100;
