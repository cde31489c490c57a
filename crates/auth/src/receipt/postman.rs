//! Sending customers what they are told, in rounds that wait for nobody.
//!
//! ```text
//! waiting ── claim ──▶ sending ── handed over ──▶ sent
//!    ▲                    ├── no address ──▶ unaddressed
//!    │                    ├── never, or ATTEMPTS_MAX times in vain ──▶ failed
//!    └──── later ─────────┘
//! ```
//!
//! Who claims a receipt has it for [`CLAIM`], whatever other nodes do. Who crashes loses it then, and it is sent again, under the same
//! identifier: once at least, never lost. The customer's address is read when it is needed, and kept nowhere.

use std::sync::Arc;

use lombard_domain::receipt::Receipt;
use lombard_domain::time::Span;
use lombard_store::receipt::{self, Due, End};
use lombard_store::{Error as StoreError, customer};

use super::{AGAIN, counted};
use crate::Auth;
use crate::backoff::Backoff;
use crate::crew::{Crew, Stopping};
use crate::error::Result;
use crate::post::{Post, PostError, PostItem};

/// Sends what is to be sent; one for each process.
pub struct Postman {
    auth: Auth,
    post: Arc<dyn Post>,
    crew: Crew,
}

impl Postman {
    /// A postman that has not begun; `None` if customers are not told anything.
    #[must_use]
    pub fn new(auth: Auth) -> Option<Self> {
        let post = Arc::clone(auth.parts.post.as_ref()?);
        Some(Self { auth, post, crew: Crew::new("receipts", SENDERS_MAX) })
    }

    /// Begins to send what is due, as far as there are free senders; how many began. Waits for nothing to be sent.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn round(&mut self) -> Result<usize> {
        let claimed = claim(&self.auth, self.crew.free()).await?;
        let count = claimed.len();
        for first in claimed {
            let sender =
                Sender { auth: self.auth.clone(), post: Arc::clone(&self.post), stopping: self.crew.stopping() };
            self.crew.begin(sender.run(first));
        }
        Ok(count)
    }

    /// Waits until everything that was begun has ended.
    pub async fn settle(&mut self) {
        self.crew.settle().await;
    }

    /// Begins nothing any more, and waits for what is on its way at this moment.
    pub async fn stop(self) {
        self.crew.stop().await;
    }
}

/// Takes up to so many receipts that are due.
async fn claim(auth: &Auth, most: usize) -> Result<Vec<Due>> {
    let now = auth.now();
    // A look that needs no write transaction: mostly there is nothing to do. More than are wanted, as others look at the same ones.
    let due = match most {
        0 => Vec::new(),
        _ => receipt::due(&mut auth.db().read().await?, now, LOOK).await?,
    };
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let mut claimed = Vec::with_capacity(most);
    let mut tx = auth.db().begin("claim receipts").await?;
    for seen in due {
        if claimed.len() == most {
            break;
        }
        claimed.extend(receipt::claim(&mut tx, seen, now.plus(CLAIM)).await?);
    }
    tx.commit().await?;
    Ok(claimed)
}

/// Who sends one receipt after the other.
struct Sender {
    auth: Auth,
    post: Arc<dyn Post>,
    stopping: Stopping,
}

impl Sender {
    async fn run(self, first: Due) {
        let mut next = Some(first);
        while let Some(claimed) = next {
            let goes_on = self.deal_with(claimed).await.unwrap_or_else(|error| {
                // The claim ends by itself, and somebody tries again.
                tracing::warn!(receipt.id = %claimed.id, error = %crate::chain(&error), "a receipt could not be sent now");
                false
            });
            if !goes_on || self.stopping.is_told() {
                return;
            }
            next = claim(&self.auth, 1).await.ok().and_then(|mut claimed| claimed.pop());
        }
    }

    /// Sends a receipt; whether it makes sense to go on with another one at once.
    async fn deal_with(&self, claimed: Due) -> Result<bool> {
        let (receipt, to) = match self.look_up(claimed).await {
            Ok(Some((receipt, Some(to)))) => (receipt, to),
            Ok(Some((_, None))) => return self.end(claimed, End::Unaddressed).await,
            // It went with its customer.
            Ok(None) => return Ok(true),
            Err(StoreError::Corrupt(what)) => {
                tracing::error!(receipt.id = %claimed.id, what, "a receipt cannot be read");
                return self.end(claimed, End::Failed).await;
            }
            Err(error) => return Err(error.into()),
        };
        match self.post.send(PostItem { to: &to, receipt: &receipt }).await {
            Ok(()) => self.end(claimed, End::Sent).await,
            Err(PostError::NoAddress) => self.end(claimed, End::Unaddressed).await,
            Err(PostError::Never(error)) => {
                tracing::warn!(receipt.id = %claimed.id, error, "a receipt was refused for good");
                self.end(claimed, End::Failed).await
            }
            Err(PostError::Later(error)) => {
                tracing::info!(receipt.id = %claimed.id, attempts = claimed.attempts, error, "a receipt was not handed over");
                self.postpone(claimed).await?;
                Ok(false)
            }
        }
    }

    /// What is to be sent, and where to, as the bank knows it now.
    async fn look_up(&self, claimed: Due) -> lombard_store::Result<Option<(Receipt, Option<String>)>> {
        let mut tx = self.auth.db().read().await?;
        let Some(receipt) = receipt::find(&mut tx, claimed.id).await? else { return Ok(None) };
        let Some(customer) = customer::find(&mut tx, receipt.customer).await? else { return Ok(None) };
        Ok(Some((receipt, customer.email.map(lombard_domain::text::Text::into_string))))
    }

    async fn postpone(&self, claimed: Due) -> Result<()> {
        if claimed.attempts >= ATTEMPTS_MAX {
            tracing::warn!(receipt.id = %claimed.id, "a receipt was not handed over for so long that nobody tries any more");
            self.end(claimed, End::Failed).await?;
            return Ok(());
        }
        let pause = BACKOFF.pause(claimed.attempts.saturating_sub(1), self.auth.random());
        let mut tx = self.auth.db().begin("postpone receipt").await?;
        receipt::postpone(&mut tx, claimed, self.auth.now().plus(pause)).await?;
        tx.commit().await?;
        counted(AGAIN);
        Ok(())
    }

    async fn end(&self, claimed: Due, how: End) -> Result<bool> {
        let mut tx = self.auth.db().begin("end receipt").await?;
        let is_first = receipt::end(&mut tx, claimed.id, how).await?;
        tx.commit().await?;
        if is_first {
            counted(how.code());
        }
        Ok(true)
    }
}

/// Receipts on their way at once: no more connections than a mail server bears.
const SENDERS_MAX: usize = 4;
/// Receipts that are due and looked at together.
const LOOK: i64 = 16;
/// How long a receipt is theirs who claimed it: longer than a delivery can take, and what follows it.
const CLAIM: Span = Span::seconds(120);
/// How often a receipt is sent in vain before nobody tries any more; with the pauses between them about a day.
const ATTEMPTS_MAX: i64 = 13;
/// How long a receipt rests after an attempt in vain.
const BACKOFF: Backoff = Backoff { least: Span::seconds(30), most: Span::hours(6) };
