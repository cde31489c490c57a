//! Sessions: who is signed in in a browser, for five idle minutes.

use lombard_domain::audit::{Event, Subject};
use lombard_domain::id::CustomerId;
use lombard_domain::time::{Instant, Span};
use lombard_store::session;

use crate::error::Result;
use crate::{Auth, Call, digest};

/// A customer who is signed in.
pub struct Customer {
    /// Who.
    pub id: CustomerId,
    /// Since when.
    pub signed_in_at: Instant,
}

impl Auth {
    /// Who is signed in in the browser with this session cookie. Asking keeps the session alive.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn customer(&self, cookie: Option<&str>) -> Result<Option<Customer>> {
        let Some(cookie) = cookie else { return Ok(None) };
        let digest = digest::of(cookie);
        let Some(found) = session::find(&mut self.db().read().await?, &digest).await? else { return Ok(None) };
        let now = self.now();
        let policy = self.policy();
        let idle = now.since(found.seen_at);
        if idle >= policy.session_idle || now.since(found.signed_in_at) >= policy.session_life {
            return Ok(None);
        }
        if idle >= TOUCH_EVERY {
            let mut tx = self.db().begin("touch session").await?;
            session::touch(&mut tx, &digest, now).await?;
            tx.commit().await?;
        }
        Ok(Some(Customer { id: found.customer, signed_in_at: found.signed_in_at }))
    }

    /// Whether the session of this cookie was ended by the bank for its customer's safety.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn was_signed_out(&self, cookie: Option<&str>) -> Result<bool> {
        let Some(cookie) = cookie else { return Ok(false) };
        Ok(session::was_ended(&mut self.db().read().await?, &digest::of(cookie)).await?)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_out(&self, call: Call<'_>, cookie: &str) -> Result<()> {
        let digest = digest::of(cookie);
        let mut tx = self.db().begin("sign out").await?;
        let found = session::find(&mut tx, &digest).await?;
        if session::delete(&mut tx, &digest).await? {
            let subject = Subject { customer: found.map(|session| session.customer), ..Subject::default() };
            self.record(&mut tx, call, Event::SignedOut, subject, None).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// A session's last use is written down this often, not with every request.
const TOUCH_EVERY: Span = Span::seconds(10);
