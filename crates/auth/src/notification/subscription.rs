//! What an app wants to be told, and where: said once, changed, taken back.

use lombard_domain::audit::{Event, Subject};
use lombard_domain::id::SubscriptionId;
use lombard_domain::notification::{Subscription, Topic};
use lombard_domain::oauth::WebUri;
use lombard_domain::text::Text;
use lombard_store::subscription;

use crate::access::ClientAccess;
use crate::error::Result;
use crate::{Auth, Call};

/// What an app wants to be told, in its own words.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Where notifications are to be sent; `None` if the app will fetch them.
    pub callback: Option<WebUri>,
    /// The version of the standard that the app speaks.
    pub version: Text<10>,
    /// What it wants to be told; empty for everything.
    pub topics: Vec<Topic>,
}

impl Auth {
    /// An app says what it wants to be told; `None` if it has said so before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscribe(&self, call: Call<'_>, access: &ClientAccess, wish: Wish) -> Result<Option<Subscription>> {
        let id = SubscriptionId::random(self.random());
        let made = wish.into_subscription(id, access, self.now());
        let mut tx = self.db().begin("subscribe").await?;
        if !subscription::insert(&mut tx, &made).await? {
            return Ok(None);
        }
        self.record(&mut tx, call, Event::SubscriptionChanged, subject(access), Some("created")).await?;
        tx.commit().await?;
        Ok(Some(made))
    }

    /// What an app said that it wants to be told.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscription(&self, access: &ClientAccess) -> Result<Option<Subscription>> {
        Ok(subscription::of_client(&mut self.db().read().await?, access.client).await?)
    }

    /// An app says anew what it wants to be told; `None` if it has said nothing under this identifier.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn change_subscription(
        &self,
        call: Call<'_>,
        access: &ClientAccess,
        id: &str,
        wish: Wish,
    ) -> Result<Option<Subscription>> {
        let mut tx = self.db().begin("change subscription").await?;
        let known = subscription::of_client(&mut tx, access.client).await?;
        let Some(known) = known.filter(|known| known.id.to_string() == id) else { return Ok(None) };
        let changed = wish.into_subscription(known.id, access, known.created_at);
        if !subscription::update(&mut tx, &changed).await? {
            return Ok(None);
        }
        self.record(&mut tx, call, Event::SubscriptionChanged, subject(access), Some("changed")).await?;
        tx.commit().await?;
        Ok(Some(changed))
    }

    /// An app wants to be told nothing any more; whether it had said something under this identifier. What happened before can still
    /// be fetched.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unsubscribe(&self, call: Call<'_>, access: &ClientAccess, id: &str) -> Result<bool> {
        let Ok(id) = id.parse::<SubscriptionId>() else { return Ok(false) };
        let mut tx = self.db().begin("unsubscribe").await?;
        if !subscription::delete(&mut tx, id, access.client).await? {
            return Ok(false);
        }
        self.record(&mut tx, call, Event::SubscriptionChanged, subject(access), Some("deleted")).await?;
        tx.commit().await?;
        Ok(true)
    }
}

impl Wish {
    fn into_subscription(
        self,
        id: SubscriptionId,
        access: &ClientAccess,
        created_at: lombard_domain::time::Instant,
    ) -> Subscription {
        let Self { callback, version, topics } = self;
        Subscription { id, client: access.client, callback, version, topics, created_at }
    }
}

fn subject(access: &ClientAccess) -> Subject {
    Subject { client: Some(access.client), ..Subject::default() }
}
