//! Sending apps what they asked to be told, in rounds that wait for nobody.
//!
//! ```text
//! waiting ── lease ──▶ sending, one token after the other ── taken ──▶ settled
//!    ▲                        └── not taken ──▶ later, and the app rests ──┐
//!    └──────────────────────────────────────────────────────────────────────┘  at most ATTEMPTS_MAX times
//! ```
//!
//! One sender at a time for each app, on all nodes together: whoever holds the lease of its subscription. No transaction is open
//! while a token is on its way. Where the app is, is looked up before each token: once it was told that it has another address, or
//! none, nothing more begins on its way to the old one.
//!
//! Who crashes loses the lease when its time is over, and the token is sent again; an app may
//! therefore get a token twice, and knows it by its `jti`.

use lombard_domain::notification::Subscription;
use lombard_domain::random;
use lombard_domain::time::{Instant, Span};
use lombard_store::notification::Due;
use lombard_store::subscription::{self, Rest, Waiting};
use lombard_store::{client, notification};

use crate::Auth;
use crate::backoff::Backoff;
use crate::crew::{Crew, Stopping};
use crate::deliver::Parcel;
use crate::error::Result;

/// Sends what is to be sent; one for each process.
pub struct Courier {
    auth: Auth,
    crew: Crew,
}

impl Courier {
    /// A courier that has not begun.
    #[must_use]
    pub fn new(auth: Auth) -> Self {
        Self { auth, crew: Crew::new("notifications", SENDERS_MAX) }
    }

    /// Begins to send to every app for which something is due, as far as there are free senders; to how many. Waits for no app.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn round(&mut self) -> Result<usize> {
        let free = self.crew.free();
        let leased = self.lease(free).await?;
        let count = leased.len();
        for (waiting, until) in leased {
            let sender = Sender { auth: self.auth.clone(), stopping: self.crew.stopping(), waiting, until };
            self.crew.begin(sender.run());
        }
        Ok(count)
    }

    /// Waits until everything that was begun has ended.
    pub async fn settle(&mut self) {
        self.crew.settle().await;
    }

    /// Begins nothing any more, and waits for the tokens that are on their way at this moment.
    pub async fn stop(self) {
        self.crew.stop().await;
    }

    /// Takes the sending to some apps that wait for it.
    async fn lease(&self, free: usize) -> Result<Vec<(Waiting, Instant)>> {
        let db = self.auth.db();
        let (now, limit) = (self.auth.now(), i64::try_from(free).unwrap_or(0));
        // A look that needs no write transaction: mostly there is nothing to do.
        let waiting = match limit {
            0 => Vec::new(),
            limit => subscription::waiting(&mut db.read().await?, now, limit).await?,
        };
        if waiting.is_empty() {
            return Ok(Vec::new());
        }
        let until = now.plus(LEASE);
        let mut leased = Vec::with_capacity(waiting.len());
        let mut tx = db.begin("lease sending").await?;
        for one in waiting {
            if subscription::lease(&mut tx, one.subscription.id, now, until).await? {
                leased.push((one, until));
            }
        }
        tx.commit().await?;
        Ok(leased)
    }
}

/// Who sends to one app, while it has the lease.
struct Sender {
    auth: Auth,
    stopping: Stopping,
    waiting: Waiting,
    until: Instant,
}

impl Sender {
    async fn run(self) {
        let app = self.waiting.subscription.client;
        let outcome = match self.send().await {
            Ok(rest) => self.release(rest).await,
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            // The lease ends by itself, and somebody tries again.
            tracing::warn!(client.id = %app, error = %crate::chain(&error), "notifications could not be sent now");
        }
    }

    /// Sends what is due, until the app does not take something, or it has been long enough; how the app is to rest.
    async fn send(&self) -> Result<Rest> {
        let Subscription { client: app, callback, .. } = &self.waiting.subscription;
        let mut rest = Rest { failures: self.waiting.failures, until: None };
        let Some(callback) = callback else { return Ok(rest) };
        let mut tx = self.auth.db().read().await?;
        let due = notification::due(&mut tx, *app, self.auth.now(), BATCH).await?;
        let stored = client::find(&mut tx, *app).await?;
        drop(tx);
        let Some(stored) = stored else { return Ok(rest) };
        let news = due.iter().map(|due| due.notification.clone()).collect();
        let sets = self.auth.sign_sets(&stored.client.metadata, news).await?;
        let enough = self.until.minus(LEASE_RESERVE);
        for (due, (id, token)) in due.iter().zip(&sets) {
            if self.stopping.is_told() || self.auth.now() >= enough {
                break;
            }
            if !self.is_still_there().await? {
                // What did not work at the old address says nothing of the new one.
                rest = Rest { failures: 0, until: None };
                break;
            }
            let interaction = self.interaction();
            let parcel = Parcel { url: callback.as_str(), interaction: &interaction, token };
            match self.auth.parts.deliver.post(parcel).await {
                Ok(()) => {
                    rest.failures = 0;
                    self.settle(due).await?;
                }
                Err(error) => {
                    rest = self.rest(rest.failures);
                    tracing::info!(client.id = %app, notification.id = %id, interaction, attempts = due.attempts + 1, %error, "an app did not take a notification");
                    self.postpone(due).await?;
                    break;
                }
            }
        }
        Ok(rest)
    }

    /// Whether the app still wants to be sent tokens where it wanted them when the sending began.
    async fn is_still_there(&self) -> Result<bool> {
        let Subscription { id, client: app, callback, .. } = &self.waiting.subscription;
        let stored = subscription::of_client(&mut self.auth.db().read().await?, *app).await?;
        Ok(stored.is_some_and(|stored| stored.id == *id && stored.callback == *callback))
    }

    async fn settle(&self, sent: &Due) -> Result<()> {
        let mut tx = self.auth.db().begin("settle notification").await?;
        notification::settle(&mut tx, sent.notification.id, self.auth.now()).await?;
        Ok(tx.commit().await?)
    }

    async fn postpone(&self, sent: &Due) -> Result<()> {
        let tried = sent.attempts.saturating_add(1);
        let next =
            (tried < ATTEMPTS_MAX).then(|| self.auth.now().plus(BACKOFF.pause(sent.attempts, self.auth.random())));
        let mut tx = self.auth.db().begin("postpone notification").await?;
        notification::postpone(&mut tx, sent, next).await?;
        tx.commit().await?;
        if next.is_none() {
            let (app, id) = (sent.notification.client, sent.notification.id);
            tracing::warn!(client.id = %app, notification.id = %id, "an app did not take a notification so often that it must fetch it");
        }
        Ok(())
    }

    /// How an app rests after one more attempt that it did not answer as it should.
    fn rest(&self, failures: i64) -> Rest {
        let until = self.auth.now().plus(BACKOFF.pause(failures, self.auth.random()));
        Rest { failures: failures.saturating_add(1), until: Some(until) }
    }

    async fn release(&self, rest: Rest) -> Result<()> {
        let mut tx = self.auth.db().begin("release sending").await?;
        subscription::release(&mut tx, self.waiting.subscription.id, self.until, self.auth.now(), rest).await?;
        Ok(tx.commit().await?)
    }

    /// A name for a call of ours (RFC 9562 UUID, version 4), as FAPI has it.
    fn interaction(&self) -> String {
        let bits = u128::from_be_bytes(random::bytes(self.auth.random()));
        let (head, middle, version) = (bits >> 96, bits >> 80 & 0xffff, bits >> 64 & 0x0fff);
        let (variant, tail) = (bits >> 48 & 0x3fff | 0x8000, bits & 0xffff_ffff_ffff);
        format!("{head:08x}-{middle:04x}-4{version:03x}-{variant:04x}-{tail:012x}")
    }
}

/// Apps to which is sent at once.
const SENDERS_MAX: usize = 16;
/// Tokens sent to an app in one go.
const BATCH: i64 = 16;
/// How long a sender has an app for itself.
const LEASE: Span = Span::seconds(60);
/// What must be left of a lease to begin with one more token: longer than a delivery can take, and what follows it.
const LEASE_RESERVE: Span = Span::seconds(45);
/// How often a notification is sent in vain before nobody tries any more.
const ATTEMPTS_MAX: i64 = 12;
/// How long a notification and an app rest after an attempt in vain.
const BACKOFF: Backoff = Backoff { least: Span::seconds(10), most: Span::hours(1) };
