//! Consents whose time is over, consents that no customer ever answered, and consents whose customers must sign in anew.
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
    /// Stores of every consent whose time is over that it is, that those were rejected which nobody has answered in time, and that those
    /// wait whose customers must sign in anew. To be called every minute.
    ///
    /// # Errors
    /// When the database fails. What was done until then stays done.
    pub async fn expire_what_is_over(&self) -> Result<()> {
        self.in_batches(Over::Expired).await?;
        self.in_batches(Over::Unanswered).await?;
        self.in_batches(Over::SignInDue).await
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
            Over::SignInDue => match self.policy().old_data.renewal {
                Some(span) => consent::signed_in_until(tx, now.minus(span), AT_ONCE).await?,
                None => Vec::new(),
            },
        })
    }

    /// Ends one consent, if it is still as it was found.
    async fn end_in(&self, tx: &mut Tx, id: ConsentId, which: Over) -> Result<bool> {
        match which {
            Over::Expired => self.expire_in(tx, id).await,
            Over::SignInDue => self.end_until_sign_in_in(tx, CLOCK, id).await,
            Over::Unanswered => self.reject_in(tx, id).await,
        }
    }

    async fn expire_in(&self, tx: &mut Tx, id: ConsentId) -> Result<bool> {
        let Some(found) = consent::find(tx, id).await? else { return Ok(false) };
        let seen = found.stamp();
        let Some(expired) = self.expired(found) else { return Ok(false) };
        if !consent::advance(tx, seen, &expired).await? {
            return Ok(false);
        }
        grant::revoke_of_consent(tx, id, self.now()).await?;
        self.record(tx, CLOCK, Event::ConsentExpired, subject(&expired), None).await?;
        self.notify(tx, CLOCK, &expired, Topic::ResourceUpdate, None).await?;
        Ok(true)
    }

    /// It ended when its time was over, not when somebody noticed.
    fn expired(&self, found: Consent) -> Option<Consent> {
        let at = found.terms().expires_at?.max(found.changed_at());
        if at > self.now() { None } else { found.expire(at).ok() }
    }

    async fn reject_in(&self, tx: &mut Tx, id: ConsentId) -> Result<bool> {
        let Some(found) = consent::find(tx, id).await? else { return Ok(false) };
        let seen = found.stamp();
        let Ok(rejected) = found.reject(Rejection::Abandoned, self.now()) else { return Ok(false) };
        if !consent::advance(tx, seen, &rejected).await? {
            return Ok(false);
        }
        self.record(tx, CLOCK, Event::ConsentRejected, subject(&rejected), Some("abandoned")).await?;
        Ok(true)
    }
}

#[derive(Clone, Copy)]
enum Over {
    /// Its time is over.
    Expired,
    /// Its customer must sign in anew.
    SignInDue,
    /// No customer has answered it in time.
    Unanswered,
}

/// How the record names what nobody asked for.
const CLOCK: Call<'static> = Call::local("clock");
/// Consents that end in one transaction, so that nobody waits long for it.
const AT_ONCE: i64 = 100;
/// How long a consent waits for a customer's answer (UK Open Banking: one that is never authorised is rejected, and nothing may be
/// forgotten before 24 hours have passed).
const WAITING_LIFE: Span = Span::hours(24);
