//! Aggregated polling: an app fetches what it was not sent, and says what it has (RFC 8936; UK Open Banking, `/events`).

use lombard_domain::id::NotificationId;
use lombard_domain::text::Text;
use lombard_store::{client, notification};

use super::set::SignedSet;
use crate::Auth;
use crate::access::ClientAccess;
use crate::error::Result;

/// What an app says and asks when it fetches.
#[derive(Clone, Debug, Default)]
pub struct Poll {
    /// How many tokens it wants at most.
    pub most: i64,
    /// What it has, and need not be given again.
    pub acknowledged: Vec<NotificationId>,
    /// What it cannot take, each with its word for why (RFC 8935 2.4); it is not given again either.
    pub refused: Vec<(NotificationId, Text<40>)>,
}

/// What an app gets when it fetches.
pub struct Polled {
    /// Tokens, oldest first.
    pub sets: Vec<SignedSet>,
    /// Whether there are others.
    pub more: bool,
}

impl Auth {
    /// Takes note of what an app has, and gives it what it does not have. Names that are not those of notifications of its own are
    /// ignored (RFC 8936 2.4).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn poll(&self, access: &ClientAccess, poll: Poll) -> Result<Polled> {
        let app = access.client;
        if !poll.acknowledged.is_empty() || !poll.refused.is_empty() {
            let now = self.now();
            let mut tx = self.db().begin("acknowledge notifications").await?;
            notification::acknowledge(&mut tx, app, &poll.acknowledged, now).await?;
            let refused = notification::refuse(&mut tx, app, &poll.refused, now).await?;
            tx.commit().await?;
            if refused > 0 {
                tracing::warn!(client.id = %app, refused, "an app could not take notifications; its words for why are in the database");
            }
        }
        let mut tx = self.db().read().await?;
        // One more than is given tells whether there are others.
        let mut open = notification::open(&mut tx, app, poll.most.saturating_add(1)).await?;
        let most = usize::try_from(poll.most).unwrap_or(0);
        let more = open.len() > most;
        open.truncate(most);
        if open.is_empty() {
            return Ok(Polled { sets: Vec::new(), more });
        }
        let Some(stored) = client::find(&mut tx, app).await? else {
            return Ok(Polled { sets: Vec::new(), more: false });
        };
        drop(tx);
        Ok(Polled { sets: self.sign_sets(&stored.client.metadata, open).await?, more })
    }
}
