//! Whether the lodged consent that a request names can be authorised: asked when the request is pushed, when the customer arrives, when
//! they are shown the page, and once more within the transaction that carries out their answer.

use lombard_domain::audit::Event;
use lombard_domain::consent::{Consent, Kind, Rejection, Status};
use lombard_domain::id::{AccountId, CustomerId};
use lombard_domain::notification::Topic;
use lombard_domain::oauth::{AuthorizationRequest, ErrorCode, OauthError};
use lombard_domain::time::Instant;
use lombard_store::{Tx, consent, interaction};

use crate::error::Result;
use crate::login::{Interrupted, Unasked};
use crate::{Auth, Call};

/// There is no such consent, it is another client's or of another kind, or it cannot be authorised any more: nobody is told which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoSuchIntent;

impl From<NoSuchIntent> for OauthError {
    fn from(_: NoSuchIntent) -> Self {
        Self::new(
            ErrorCode::InvalidRequest,
            "the consent that is named is not one of this client that can be authorised now",
        )
    }
}

/// What a customer allows of a lodged consent.
pub(super) struct Yes<'a> {
    /// Who.
    pub(super) customer: CustomerId,
    /// For which accounts.
    pub(super) accounts: Vec<AccountId>,
    /// The consent as it was shown to them.
    pub(super) shown: &'a Consent,
}

impl Auth {
    /// The consent that a request names, as it stands, if a customer can allow it at this moment; `None` if the request names none.
    pub(super) async fn intended(
        &self,
        tx: &mut Tx,
        request: &AuthorizationRequest,
    ) -> Result<std::result::Result<Option<Consent>, NoSuchIntent>> {
        let Some(id) = request.intent else { return Ok(Ok(None)) };
        let found = consent::find(tx, id).await?;
        let found = found.filter(|found| {
            found.client() == request.client
                && Some(found.kind()) == request.lodged_kind()
                && can_be_authorised(found, self.now())
        });
        Ok(found.map(Some).ok_or(NoSuchIntent))
    }

    /// Stores a customer's yes to a lodged consent, if it still stands where it stood when it was shown to them.
    pub(super) async fn authorise_lodged(
        &self,
        tx: &mut Tx,
        call: Call<'_>,
        request: &AuthorizationRequest,
        yes: Yes<'_>,
    ) -> std::result::Result<Consent, Interrupted> {
        let over = || Interrupted::Unasked(Unasked::IntentOver);
        let found = self.intended(tx, request).await?.ok().flatten().ok_or_else(over)?;
        let seen = found.stamp();
        if seen != yes.shown.stamp() {
            return Err(Interrupted::Changed);
        }
        let authorised = found.authorise(yes.customer, yes.accounts, self.now()).map_err(|_| over())?;
        if !consent::advance(tx, seen, &authorised).await? {
            return Err(Interrupted::Changed);
        }
        let first = seen.status == Status::Awaiting;
        let how = (!first).then_some("renewed");
        self.record(tx, call, Event::ConsentAuthorised, crate::consent::subject(&authorised), how).await?;
        if !first {
            self.notify(tx, call, &authorised, Topic::ResourceUpdate, None).await?;
        }
        Ok(authorised)
    }

    /// Rejects the consent that a request names, if it still waits for its first answer: the consent as it is then. One that a customer
    /// has allowed before stays as it is when they do not renew it.
    pub(super) async fn decline_lodged(&self, tx: &mut Tx, request: &AuthorizationRequest) -> Result<Option<Consent>> {
        let Some(found) = self.intended(tx, request).await?.ok().flatten() else { return Ok(None) };
        let seen = found.stamp();
        let Ok(rejected) = found.reject(Rejection::Declined, self.now()) else { return Ok(None) };
        Ok(consent::advance(tx, seen, &rejected).await?.then_some(rejected))
    }

    /// Rejects consents whose customers began to answer and never finished, before it is forgotten that they began.
    pub(crate) async fn reject_what_was_abandoned(&self, now: Instant) -> Result<()> {
        loop {
            let mut tx = self.db().begin("abandoned").await?;
            let abandoned = interaction::abandoned(&mut tx, now, ABANDONED_AT_ONCE).await?;
            if abandoned.is_empty() {
                return Ok(());
            }
            for id in abandoned {
                let Some(found) = consent::find(&mut tx, id).await? else { continue };
                let seen = found.stamp();
                let Ok(rejected) = found.reject(Rejection::Abandoned, now) else { continue };
                if consent::advance(&mut tx, seen, &rejected).await? {
                    let subject = crate::consent::subject(&rejected);
                    self.record(&mut tx, CLOCK, Event::ConsentRejected, subject, Some("abandoned")).await?;
                }
            }
            tx.commit().await?;
        }
    }
}

/// UK Open Banking: a consent that waits; one that holds, to be renewed; and, of account access, one that was taken back.
fn can_be_authorised(consent: &Consent, now: Instant) -> bool {
    match (consent.kind(), consent.status(now)) {
        (Kind::Request, _) => false,
        (_, Status::Awaiting | Status::Authorised) => true,
        (
            kind,
            Status::AuthenticationDue | Status::RevokedByBank | Status::RevokedByClient | Status::RevokedByCustomer,
        ) => kind == Kind::AccountAccess,
        // The standard's TKSP without U028: a sign-in does not help, for who signs in may be who committed the fraud.
        (_, Status::Abandoned | Status::Declined | Status::Deleted | Status::Expired | Status::SuspendedForFraud) => {
            false
        }
    }
}

/// How the record names what nobody asked for.
const CLOCK: Call<'static> = Call::local("clock");
/// Consents rejected in one transaction, so that nobody waits long for it.
const ABANDONED_AT_ONCE: i64 = 100;
