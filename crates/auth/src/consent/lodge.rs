//! Consents that apps lodge before they send a customer: made, looked up, deleted.
//!
//! What is another app's looks like what was never there, and so does what was deleted: the same answer, whatever the reason.

use lombard_domain::audit::Event;
use lombard_domain::consent::{Consent, Debtor, Kind, State, Terms, Wording};
use lombard_domain::id::ConsentId;
use lombard_domain::permission::{Permission, PermissionSet, Window};
use lombard_domain::time::Instant;
use lombard_store::{Tx, consent, grant};

use super::subject;
use crate::access::ClientAccess;
use crate::error::{Error, Result};
use crate::{Auth, Call};

/// What an app asks for when it lodges a consent to account information.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lodging {
    /// What it wants to read.
    pub permissions: PermissionSet,
    /// Of which time.
    pub window: Window,
    /// Until when the consent shall hold; `None` until it is taken back.
    pub expires_at: Option<Instant>,
    /// How it wrote these times.
    pub wording: Wording,
}

/// What an app asks for when it lodges a consent to confirm funds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FundsLodging {
    /// The account.
    pub debtor: Debtor,
    /// Until when the consent shall hold; `None` until it is taken back.
    pub expires_at: Option<Instant>,
    /// How it wrote that time.
    pub wording: Wording,
}

/// A consent of a kind that is to be lodged.
struct Asked {
    kind: Kind,
    terms: Terms,
    wording: Wording,
}

/// What keeps a consent from being lodged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// It would be over already.
    Over,
    /// Nothing is asked for.
    NoPermission,
    /// Neither accounts without nor accounts with their numbers are asked for.
    NoAccounts,
    /// Transactions are asked for, but not whether those by which money came in or went out.
    NoDirection,
    /// Transactions by which money came in or went out are asked for, but not how much may be seen of them.
    NoTransactions,
    /// The window ends before it begins.
    WindowReversed,
}

/// Why a consent was not lodged.
#[derive(Debug)]
pub enum NotLodged {
    /// It could not be stored.
    Failed(Error),
    /// It breaks rules: all that it breaks.
    Flawed(Vec<Flaw>),
    /// So many consents of the app wait for an answer that no other may.
    TooMany,
}

impl From<lombard_store::Error> for NotLodged {
    fn from(error: lombard_store::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Error> for NotLodged {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// What is wrong with what an app asks for (UK Open Banking, permission rules), all of it.
#[must_use]
pub fn lodge_flaws(asked: &Lodging, now: Instant) -> Vec<Flaw> {
    let set = asked.permissions;
    let either = |one, other| set.has(one) || set.has(other);
    let accounts = either(Permission::AccountsBasic, Permission::AccountsDetail);
    let transactions = either(Permission::TransactionsBasic, Permission::TransactionsDetail);
    let direction = either(Permission::TransactionsCredits, Permission::TransactionsDebits);
    let Window { from, to } = asked.window;
    [
        (set.is_empty(), Flaw::NoPermission),
        (!set.is_empty() && !accounts, Flaw::NoAccounts),
        (transactions && !direction, Flaw::NoDirection),
        (direction && !transactions, Flaw::NoTransactions),
        (from.zip(to).is_some_and(|(from, to)| from > to), Flaw::WindowReversed),
        (is_over(asked.expires_at, now), Flaw::Over),
    ]
    .into_iter()
    .filter_map(|(broken, flaw)| broken.then_some(flaw))
    .collect()
}

impl Auth {
    /// An app lodges a consent to account information.
    ///
    /// # Errors
    /// [`NotLodged`] says why not.
    pub async fn lodge_account_access(
        &self,
        call: Call<'_>,
        client: &ClientAccess,
        asked: Lodging,
    ) -> std::result::Result<Consent, NotLodged> {
        let flaws = lodge_flaws(&asked, self.now());
        if !flaws.is_empty() {
            return Err(NotLodged::Flawed(flaws));
        }
        let Lodging { permissions, window, expires_at, wording } = asked;
        let terms = Terms { permissions, window, expires_at, debtor: None };
        self.lodge(call, client, Asked { kind: Kind::AccountAccess, terms, wording }).await
    }

    /// An app lodges a consent to confirm funds.
    ///
    /// # Errors
    /// [`NotLodged`] says why not.
    pub async fn lodge_funds_confirmation(
        &self,
        call: Call<'_>,
        client: &ClientAccess,
        asked: FundsLodging,
    ) -> std::result::Result<Consent, NotLodged> {
        if is_over(asked.expires_at, self.now()) {
            return Err(NotLodged::Flawed(vec![Flaw::Over]));
        }
        let FundsLodging { debtor, expires_at, wording } = asked;
        let permissions = PermissionSet::of(&[Permission::FundsConfirmation]);
        let terms = Terms { permissions, window: Window::default(), expires_at, debtor: Some(debtor) };
        self.lodge(call, client, Asked { kind: Kind::FundsConfirmation, terms, wording }).await
    }

    async fn lodge(
        &self,
        call: Call<'_>,
        client: &ClientAccess,
        asked: Asked,
    ) -> std::result::Result<Consent, NotLodged> {
        let Asked { kind, terms, wording } = asked;
        let id = ConsentId::random(self.random());
        let lodged = Consent::lodge(id, client.client(), kind, terms, self.now()).worded(wording);
        let mut tx = self.db().begin("lodge consent").await?;
        if consent::waiting_of_client(&mut tx, client.client(), WAITING_MAX).await? >= WAITING_MAX {
            return Err(NotLodged::TooMany);
        }
        consent::insert(&mut tx, &lodged).await?;
        self.record(&mut tx, call, Event::ConsentLodged, subject(&lodged), Some(kind.code())).await?;
        tx.commit().await?;
        Ok(lodged)
    }

    /// A consent of a kind that the calling app has lodged; `None` for one that is another app's or of another kind, was deleted, or
    /// never was. The call itself is on record already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lodged(&self, client: &ClientAccess, kind: Kind, id: &str) -> Result<Option<Consent>> {
        own(&mut self.db().read().await?, client, kind, id).await
    }

    /// The calling app deletes a consent that it has lodged, and with it every grant and token; `None` as for [`Auth::lodged`].
    ///
    /// # Errors
    /// When the database fails; [`Error::Busy`] if it was changed again and again in that moment.
    pub async fn delete_lodged(
        &self,
        call: Call<'_>,
        client: &ClientAccess,
        kind: Kind,
        id: &str,
    ) -> Result<Option<()>> {
        for _ in 0..ATTEMPTS {
            let mut tx = self.db().begin("delete consent").await?;
            let Some(found) = own(&mut tx, client, kind, id).await? else { return Ok(None) };
            let seen = found.stamp();
            let Ok(deleted) = found.delete(self.now()) else { return Ok(None) };
            if consent::advance(&mut tx, seen, &deleted).await? {
                grant::revoke_of_consent(&mut tx, deleted.id(), self.now()).await?;
                self.record(&mut tx, call, Event::ConsentDeleted, subject(&deleted), None).await?;
                tx.commit().await?;
                return Ok(Some(()));
            }
            // A customer answered in between. The app's word is final whatever the answer was.
        }
        Err(Error::Busy)
    }
}

/// The consent that an app calls by a name, if it is the app's, of this kind, and not deleted.
async fn own(tx: &mut Tx, client: &ClientAccess, kind: Kind, id: &str) -> Result<Option<Consent>> {
    let Ok(id) = id.parse::<ConsentId>() else { return Ok(None) };
    let found = consent::find(tx, id).await?;
    let own = found.filter(|consent| consent.client() == client.client() && consent.kind() == kind);
    Ok(own.filter(|consent| !matches!(consent.state(), State::Deleted(_))))
}

fn is_over(expires_at: Option<Instant>, now: Instant) -> bool {
    expires_at.is_some_and(|end| end <= now)
}

/// Consents of one app that may wait for an answer at the same time. Each waits a day at most.
const WAITING_MAX: i64 = 10_000;
/// How often a deletion is tried when somebody else changes the consent in that moment.
const ATTEMPTS: usize = 5;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The rules in the words of the standard, over every set of permissions.
        #[test]
        fn what_is_lodged_keeps_every_rule(members in proptest::sample::subsequence(Permission::ACCOUNT_INFORMATION, 0..=21)) {
            use Permission::*;
            let has = |permission| members.contains(&permission);
            let permissions = PermissionSet::of(&members);
            let asked = Lodging { permissions, window: Window::default(), expires_at: None, wording: Wording::default() };
            let right = (has(AccountsBasic) || has(AccountsDetail))
                && (has(TransactionsBasic) || has(TransactionsDetail)) == (has(TransactionsCredits) || has(TransactionsDebits));
            prop_assert_eq!(lodge_flaws(&asked, Instant::from_seconds(0)).is_empty(), right);
        }

        #[test]
        fn times_lie_in_order(from in 0..9_i64, to in 0..9_i64, end in 0..9_i64, now in 0..9_i64) {
            let at = Instant::from_seconds;
            let asked = Lodging {
                permissions: PermissionSet::of(&[Permission::AccountsBasic]),
                window: Window { from: Some(at(from)), to: Some(at(to)) },
                expires_at: Some(at(end)),
                wording: Wording::default(),
            };
            let flaws = lodge_flaws(&asked, at(now));
            prop_assert_eq!(flaws.contains(&Flaw::WindowReversed), from > to);
            prop_assert_eq!(flaws.contains(&Flaw::Over), end <= now);
        }
    }
}
