//! What is over is ended and forgotten, so that no table grows for ever: the oldest first, in small batches.
//!
//! Nothing here takes a right away: rights end at their moment, whoever looks. Rows stay a while after their end where somebody may still
//! ask, or where coming back would be a sign of theft. The record of what happened is not touched.

use lombard_domain::time::{Instant, Span};
use lombard_store::{
    Db, Tx, consent, device, grant, interaction, key, notification, receipt, service_level, session, token,
    unattended_access, used_once, watch,
};

use crate::access::Budget;
use crate::error::Result;
use crate::login::DEVICE_LIFE;
use crate::{Auth, Policy};

/// What is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leftover {
    /// Access tokens.
    AccessTokens,
    /// Alarms.
    Alarms,
    /// What is known of apps from the days before.
    ClientHistories,
    /// Authorization codes.
    Codes,
    /// Browsers that customers do not use any more.
    Devices,
    /// Consents that were given and have ended, with all that was made from them.
    EndedConsents,
    /// Runs of failed sign-ins.
    Failures,
    /// Customers who never arrived.
    Interactions,
    /// Measures that are over.
    Measures,
    /// Consents that nobody ever gave.
    NeverGivenConsents,
    /// What apps were to be told.
    Notifications,
    /// Pushed authorization requests.
    PushedRequests,
    /// What customers were told.
    Receipts,
    /// Refresh tokens.
    RefreshTokens,
    /// How well the bank served.
    ServiceLevels,
    /// Signed-in browsers.
    Sessions,
    /// Keys that signed until others did.
    SigningKeys,
    /// Counted accesses without the customer.
    UnattendedAccesses,
    /// Names of assertions and proofs.
    UsedOnce,
}

impl Leftover {
    /// Everything, in the order in which it is looked for.
    pub const ALL: [Self; 19] = [
        Self::UsedOnce,
        Self::Interactions,
        Self::PushedRequests,
        Self::UnattendedAccesses,
        Self::Notifications,
        Self::Receipts,
        Self::Devices,
        Self::Codes,
        Self::AccessTokens,
        Self::RefreshTokens,
        Self::Sessions,
        Self::Failures,
        Self::NeverGivenConsents,
        Self::EndedConsents,
        Self::ServiceLevels,
        Self::ClientHistories,
        Self::Measures,
        Self::Alarms,
        Self::SigningKeys,
    ];

    /// Its name in metrics.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::AccessTokens => "access-tokens",
            Self::Alarms => "alarms",
            Self::ClientHistories => "client-histories",
            Self::Codes => "codes",
            Self::Devices => "devices",
            Self::EndedConsents => "ended-consents",
            Self::Failures => "failures",
            Self::Interactions => "interactions",
            Self::Measures => "measures",
            Self::NeverGivenConsents => "never-given-consents",
            Self::Notifications => "notifications",
            Self::PushedRequests => "pushed-requests",
            Self::Receipts => "receipts",
            Self::RefreshTokens => "refresh-tokens",
            Self::ServiceLevels => "service-levels",
            Self::Sessions => "sessions",
            Self::SigningKeys => "signing-keys",
            Self::UnattendedAccesses => "unattended-accesses",
            Self::UsedOnce => "used-once",
        }
    }

    /// What ended before this moment can go.
    fn until(self, policy: &Policy, now: Instant) -> Instant {
        match self {
            Self::UsedOnce | Self::Interactions => now,
            // A customer who was sent with a pushed request may take this long to answer it.
            Self::PushedRequests => now.minus(policy.interaction_life),
            Self::UnattendedAccesses => now.minus(Budget::WINDOW),
            Self::Notifications => now.minus(policy.event_life),
            Self::Receipts => now.minus(RECEIPT_MEMORY),
            Self::Devices => now.minus(DEVICE_LIFE),
            Self::Codes | Self::AccessTokens | Self::RefreshTokens => now.minus(TOKEN_MEMORY),
            Self::Sessions => now.minus(policy.session_idle),
            Self::Failures => now.minus(FAILURE_MEMORY),
            Self::NeverGivenConsents => now.minus(NEVER_GIVEN_MEMORY),
            Self::EndedConsents => now.minus(policy.ended_consent_life),
            Self::ServiceLevels => now.minus(SERVICE_MEMORY),
            Self::Alarms | Self::Measures => now.minus(ALARM_MEMORY),
            Self::ClientHistories => now.minus(HISTORY_MEMORY),
            Self::SigningKeys => now.minus(KEY_MEMORY),
        }
    }

    /// Forgets a batch; how many rows.
    async fn forget(self, tx: &mut Tx, until: Instant) -> lombard_store::Result<u64> {
        match self {
            Self::UsedOnce => used_once::forget(tx, until, AT_ONCE).await,
            Self::Interactions => interaction::forget(tx, until, AT_ONCE).await,
            Self::PushedRequests => interaction::forget_pushed(tx, until, AT_ONCE).await,
            Self::UnattendedAccesses => unattended_access::forget(tx, until, AT_ONCE).await,
            Self::Notifications => notification::purge(tx, until, AT_ONCE).await,
            Self::Receipts => receipt::forget(tx, until, AT_ONCE).await,
            Self::Devices => device::forget(tx, until, AT_ONCE).await,
            Self::Codes => grant::forget_codes(tx, until, AT_ONCE).await,
            Self::AccessTokens => token::forget_access(tx, until, AT_ONCE).await,
            Self::RefreshTokens => token::forget_refresh(tx, until, AT_ONCE).await,
            Self::Sessions => session::forget(tx, until, AT_ONCE).await,
            Self::Failures => session::forget_failures(tx, until, AT_ONCE).await,
            Self::NeverGivenConsents => consent::forget_never_given(tx, until, AT_ONCE).await,
            Self::EndedConsents => consent::forget_ended(tx, until, AT_ONCE).await,
            Self::ServiceLevels => service_level::forget(tx, until.date(), AT_ONCE).await,
            Self::ClientHistories => watch::forget_histories(tx, until, AT_ONCE).await,
            Self::Measures => watch::forget_measures(tx, until, AT_ONCE).await,
            Self::Alarms => watch::forget_alarms(tx, until, AT_ONCE).await,
            Self::SigningKeys => key::forget(tx, until, AT_ONCE).await,
        }
    }

    /// Forgets all of it that ended before a moment, batch by batch; how many rows.
    async fn forget_all(self, db: &Db, until: Instant) -> lombard_store::Result<u64> {
        let mut rows = 0;
        loop {
            let mut tx = db.begin("forget").await?;
            let gone = self.forget(&mut tx, until).await?;
            tx.commit().await?;
            rows += gone;
            if gone < AT_ONCE.unsigned_abs() {
                return Ok(rows);
            }
        }
    }
}

/// How many rows of what were forgotten.
pub type Forgotten = Vec<(Leftover, u64)>;

impl Auth {
    /// Ends consents whose time is over or whose customers must sign in anew, and forgets what nobody can use any more. To be called every
    /// minute.
    ///
    /// # Errors
    /// When the database fails. What was done until then stays done, and the next call goes on.
    pub async fn forget_what_is_over(&self) -> Result<Forgotten> {
        // One must not wait for the other: what fails here fails again in a minute.
        let expired = self.expire_what_is_over().await;
        let now = self.now();
        // Before it is forgotten who began.
        self.reject_what_was_abandoned(now).await?;
        let mut forgotten = Vec::with_capacity(Leftover::ALL.len());
        for leftover in Leftover::ALL {
            // Of interactions, not later than the moment at which was looked who never finished.
            let until = leftover.until(self.policy(), now);
            forgotten.push((leftover, leftover.forget_all(self.db(), until).await?));
        }
        expired?;
        Ok(forgotten)
    }
}

/// Rows of one table deleted in one transaction, so that nobody waits long for it.
const AT_ONCE: i64 = 500;
/// How long codes and tokens stay after their end. A code that comes back in this time takes back what it gave (RFC 6749 4.1.2).
pub(crate) const TOKEN_MEMORY: Span = Span::hours(24);
/// How long a receipt stays, whatever became of it: longer than anybody tries to send it.
const RECEIPT_MEMORY: Span = Span::days(7);
/// How long a run of failed sign-ins is kept; no lock lasts as long.
const FAILURE_MEMORY: Span = Span::days(7);
/// How long alarms and measures stay.
const ALARM_MEMORY: Span = Span::days(400);
/// How long an app is remembered that does nothing.
const HISTORY_MEMORY: Span = Span::days(90);
/// How long a key stays after the next one has begun to sign: apps bring ID tokens of an earlier sign-in (`id_token_hint`). Older ones are
/// refused.
const KEY_MEMORY: Span = Span::days(400);
/// How long a consent stays that nobody gave; UK Open Banking: nothing may be forgotten before 24 hours have passed.
const NEVER_GIVEN_MEMORY: Span = Span::days(30);
/// How long it is known how well the bank served: eight quarters and the running one.
const SERVICE_MEMORY: Span = Span::days(822);
