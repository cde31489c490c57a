//! Consents whose time is over, and consents that no customer ever answered.
//!
//! Rights end at the moment itself, whoever looks at it: [`Consent::standing`] and the gate compare times. What is done here is done
//! afterwards: the state is stored, tokens are taken away, the app is told.

use lombard_domain::audit::Event;
use lombard_domain::consent::{Consent, Rejection};
use lombard_domain::id::ConsentId;
use lombard_domain::notification::Topic;
use lombard_domain::time::Span;
use lombard_store::{Tx, consent, grant};

use super::subject;
use crate::error::Result;
use crate::{Auth, Call};

impl Auth {
    /// Stores of every consent whose time is over that it is, and that those were rejected which nobody has answered in time. To be
    /// called every minute.
    ///
    /// # Errors
    /// When the database fails. What was done until then stays done.
    pub async fn expire_what_is_over(&self) -> Result<()> {
        self.in_batches(Over::Expired).await?;
        self.in_batches(Over::Unanswered).await
    }

    async fn in_batches(&self, which: Over) -> Result<()> {
        loop {
            let mut tx = self.db().begin("expire consents").await?;
            let found = self.find_over(&mut tx, which).await?;
            let whole = i64::try_from(found.len()).is_ok_and(|count| count == AT_ONCE);
            let mut moved = 0_usize;
            for id in found {
                moved += usize::from(self.end_in(&mut tx, id, which).await?);
            }
            tx.commit().await?;
            // If another server did them all, this one has nothing to do; it must not look at the same ones for ever.
            if !whole || moved == 0 {
                return Ok(());
            }
        }
    }

    async fn find_over(&self, tx: &mut Tx, which: Over) -> Result<Vec<ConsentId>> {
        let now = self.now();
        Ok(match which {
            Over::Expired => consent::over(tx, now, AT_ONCE).await?,
            Over::Unanswered => consent::waiting_since(tx, now.minus(WAITING_LIFE), AT_ONCE).await?,
        })
    }

    /// Ends one consent, if it is still as it was found.
    async fn end_in(&self, tx: &mut Tx, id: ConsentId, which: Over) -> Result<bool> {
        let Some(found) = consent::find(tx, id).await? else { return Ok(false) };
        let seen = found.state().status();
        let Some(ended) = self.ended(found, which) else { return Ok(false) };
        if !consent::advance(tx, seen, &ended).await? {
            return Ok(false);
        }
        grant::revoke_of_consent(tx, id, self.now()).await?;
        match which {
            Over::Expired => {
                self.record(tx, CLOCK, Event::ConsentExpired, subject(&ended), None).await?;
                self.notify(tx, CLOCK, &ended, Topic::ResourceUpdate, None).await?;
            }
            Over::Unanswered => {
                self.record(tx, CLOCK, Event::ConsentRejected, subject(&ended), Some("abandoned")).await?;
            }
        }
        Ok(true)
    }

    fn ended(&self, found: Consent, which: Over) -> Option<Consent> {
        match which {
            Over::Expired => {
                // It ended when its time was over, not when somebody noticed.
                let at = found.terms().expires_at?.max(found.changed_at());
                if at > self.now() { None } else { found.expire(at).ok() }
            }
            Over::Unanswered => found.reject(Rejection::Abandoned, self.now()).ok(),
        }
    }
}

#[derive(Clone, Copy)]
enum Over {
    /// Its time is over.
    Expired,
    /// No customer has answered it in time.
    Unanswered,
}

/// How the record names what nobody asked for.
const CLOCK: Call<'static> = Call { interaction: "clock" };
/// Consents that end in one transaction, so that nobody waits long for it.
const AT_ONCE: i64 = 100;
/// How long a consent waits for a customer's answer (UK Open Banking: one that is never authorised is rejected, and nothing may be
/// forgotten before 24 hours have passed).
const WAITING_LIFE: Span = Span::hours(24);
