//! What apps are told without asking: that something became of a consent of theirs.
//!
//! A notification is written in the transaction of the change that it tells of, and only if the app asked to be told. Sending is
//! another matter: it happens later, holds up nobody, and what cannot be sent can be fetched.

mod account;
mod courier;
mod poll;
mod set;
mod subscription;

use lombard_domain::consent::{Consent, Kind, Revoker};
use lombard_domain::id::NotificationId;
use lombard_domain::notification::{About, Notification, Reason, Topic};
use lombard_domain::text::Text;
use lombard_store::{Tx, notification};

use crate::error::Result;
use crate::{Auth, Call};

pub use account::Closed;
pub use courier::Courier;
pub use poll::{Poll, Polled};
pub use set::SignedSet;
pub use subscription::Wish;

impl Auth {
    /// Tells the app of a consent what became of it, within the transaction of the change, if the app lodged it and asked to be told.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn notify(
        &self,
        tx: &mut Tx,
        call: Call<'_>,
        consent: &Consent,
        topic: Topic,
        reason: Option<Reason>,
    ) -> Result<()> {
        let id = self.notification_id();
        self.tell(tx, consent, News { id, topic, reason, transaction: transaction(call, id)? }).await
    }

    /// Tells the app of a consent that it was taken back, unless the app did so itself.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn notify_of_revocation(
        &self,
        tx: &mut Tx,
        call: Call<'_>,
        consent: &Consent,
        by: Revoker,
    ) -> Result<()> {
        let transaction = transaction(call, self.notification_id())?;
        for topic in topics_of_revocation(consent.kind(), by) {
            let id = self.notification_id();
            self.tell(tx, consent, News { id, topic: *topic, reason: None, transaction: transaction.clone() }).await?;
        }
        Ok(())
    }

    async fn tell(&self, tx: &mut Tx, consent: &Consent, news: News) -> Result<()> {
        let Some(about) = About::consent(consent.kind(), consent.id()) else { return Ok(()) };
        let News { id, topic, reason, transaction } = news;
        let told = Notification { id, client: consent.client(), topic, about, reason, at: self.now(), transaction };
        notification::add(tx, &told).await?;
        Ok(())
    }

    fn notification_id(&self) -> NotificationId {
        NotificationId::ordered(self.random(), self.now())
    }
}

/// What is to be told of a consent.
struct News {
    id: NotificationId,
    topic: Topic,
    reason: Option<Reason>,
    transaction: Text<128>,
}

/// What an app is told of a revocation (UK Open Banking, event types).
///
/// Of a consent to confirm funds both words are used, because the standard has it that the one is for consents of accounts and of
/// funds, and the other for access under consents of funds. Both carry the same `txn`, by which the app sees that they are one.
fn topics_of_revocation(kind: Kind, by: Revoker) -> &'static [Topic] {
    match (kind, by) {
        // Whoever did it needs no telling, and of what it did not lodge an app knows no name.
        (_, Revoker::Client) | (Kind::Request, _) => &[],
        (
            Kind::AccountAccess,
            Revoker::Bank | Revoker::BankForAuthentication | Revoker::BankForFraud | Revoker::Customer,
        ) => &[Topic::ConsentAuthorizationRevoked],
        (
            Kind::FundsConfirmation,
            Revoker::Bank | Revoker::BankForAuthentication | Revoker::BankForFraud | Revoker::Customer,
        ) => &[Topic::ConsentAuthorizationRevoked, Topic::ConsentAccessRevoked],
    }
}

/// The `txn` of what a call caused (RFC 8417 2.2): its interaction id, unless it is a word of ours, or too short to be unlike others;
/// then the identifier that is given.
fn transaction(call: Call<'_>, id: NotificationId) -> Result<Text<128>> {
    let own = Text::new(call.interaction).ok().filter(|_| call.interaction.len() >= INTERACTION_MIN);
    own.map_or_else(|| Text::new(&id.to_string()).map_err(crate::Error::internal), Ok)
}

/// Characters of an interaction id that can be taken for unique.
const INTERACTION_MIN: usize = 16;
