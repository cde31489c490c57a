//! Access without the customer: at most so many times in any 24 hours (RTS (EU) 2018/389 Art. 36(5)(b)).
//!
//! What is counted is one resource under one consent. Each access takes one of its places for 24 hours; the place is taken together
//! with the entry on record, as the last thing before the answer, so that no two calls can have the last one. The pages of one answer
//! are one access: their links carry stamps of ours, and a call that follows one is not counted.

use std::collections::HashMap;

use lombard_domain::id::{ClientId, ConsentId};
use lombard_domain::time::{Instant, Span};
use lombard_store::unattended_access::{self, UnattendedAccess};
use lombard_store::{Db, Tx};
use tokio::runtime::Handle;

use super::link::{Access, Link, LinkStamps};
use crate::Auth;
use crate::error::Result;

/// How often apps may read without the customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnattendedCalls {
    /// Every app.
    pub usual: Calls,
    /// Apps with which the bank has agreed otherwise.
    pub agreed: HashMap<ClientId, Calls>,
}

/// How often something may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// So many times in any 24 hours.
    PerDay(u16),
    /// As often as one likes.
    Unlimited,
}

impl UnattendedCalls {
    /// What the law gives every app.
    #[must_use]
    pub fn usual() -> Self {
        Self { usual: Calls::PerDay(4), agreed: HashMap::new() }
    }

    fn of(&self, client: ClientId) -> Calls {
        self.agreed.get(&client).copied().unwrap_or(self.usual)
    }
}

/// Whether the customer is there, as the app says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The customer is there.
    Customer,
    /// Nobody is.
    Nobody {
        /// What is read, in one spelling.
        resource: String,
        /// The link that is followed.
        link: Option<Link>,
    },
    /// The app says where the customer is, but that is no address.
    Unclear,
}

/// What is left for an app of the accesses without the customer to one resource under one consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    limit: u16,
    /// When places were taken that are not free again, the earliest first.
    used: Vec<Instant>,
    now: Instant,
    taken: Option<UnattendedAccess>,
}

impl Budget {
    /// How many accesses there are in any [`Budget::WINDOW`].
    #[must_use]
    pub fn limit(&self) -> u16 {
        self.limit
    }

    /// How many are left.
    #[must_use]
    pub fn left(&self) -> u16 {
        self.limit.saturating_sub(u16::try_from(self.used.len()).unwrap_or(u16::MAX))
    }

    /// How long until there is one more, in seconds; nothing if all are left.
    #[must_use]
    pub fn seconds_to_next(&self) -> i64 {
        // Where an agreement became narrower, more may have been used than there are.
        let too_many = self.used.len().saturating_sub(usize::from(self.limit.max(1)));
        let wait = self.used.get(too_many).map(|used| used.plus(Self::WINDOW).since(self.now));
        // Rounded up: who waits so long finds a place.
        wait.map_or(0, |wait| wait.micros().max(0).saturating_add(999_999) / 1_000_000)
    }

    /// Whether the call has taken a place.
    pub(crate) fn has_place(&self) -> bool {
        self.taken.is_some()
    }

    /// The span within which accesses are counted.
    pub const WINDOW: Span = Span::hours(24);

    fn seen(claim: &Claim, mut used: Vec<Instant>) -> Self {
        used.sort_unstable();
        Self { limit: claim.limit, used, now: claim.now, taken: None }
    }
}

/// What a call takes from a budget.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    consent: ConsentId,
    resource: String,
    limit: u16,
    now: Instant,
}

impl Claim {
    /// The order in which everybody takes places.
    pub(crate) fn order(&self) -> (u128, &str) {
        (self.consent.bits(), &self.resource)
    }

    fn cutoff(&self) -> Instant {
        self.now.minus(Budget::WINDOW)
    }

    async fn used(&self, tx: &mut Tx) -> lombard_store::Result<Vec<UnattendedAccess>> {
        unattended_access::used(tx, self.consent, &self.resource, self.cutoff()).await
    }
}

/// Takes a place, if one is free; [`Budget::has_place`] says whether one was.
pub(crate) async fn take(tx: &mut Tx, claim: &Claim) -> lombard_store::Result<Budget> {
    let rows = claim.used(tx).await?;
    let mut used: Vec<Instant> = rows.iter().map(|row| row.used_at).collect();
    let taken: Vec<i64> = rows.into_iter().map(|row| row.place).collect();
    for place in (0..i64::from(claim.limit)).filter(|place| !taken.contains(place)) {
        if used.len() >= usize::from(claim.limit) {
            break;
        }
        let (consent, resource) = (claim.consent, claim.resource.clone());
        let access = UnattendedAccess { consent, resource, place, used_at: claim.now };
        used.push(claim.now);
        if unattended_access::take(tx, &access, claim.cutoff()).await? {
            return Ok(Budget { taken: Some(access), ..Budget::seen(claim, used) });
        }
        // Somebody else took it in this moment, and it counts as theirs.
    }
    Ok(Budget::seen(claim, used))
}

/// What becomes of a call, as far as the budget is concerned.
pub(super) enum Demand {
    /// It takes a place.
    Claim(Claim),
    /// It follows a link of an answer that has taken one; the stamps are for the links of its own.
    Follow(Claim, LinkStamps),
    /// It does not count.
    Nothing,
}

impl Auth {
    pub(super) fn demand(&self, client: ClientId, consent: ConsentId, presence: &Presence) -> Demand {
        let Presence::Nobody { resource, link } = presence else { return Demand::Nothing };
        let Calls::PerDay(limit) = self.policy().unattended.of(client) else { return Demand::Nothing };
        let claim = Claim { consent, resource: resource.clone(), limit, now: self.now() };
        let followed = |link| LinkStamps::followed(self.db(), (consent, resource), link, claim.now);
        match link.as_ref().and_then(followed) {
            Some(stamps) => Demand::Follow(claim, stamps),
            None => Demand::Claim(claim),
        }
    }

    /// What is left for a call that follows a link.
    pub(super) async fn followed(&self, claim: &Claim) -> Result<Budget> {
        let used = claim.used(&mut self.db().read().await?).await?;
        Ok(Budget::seen(claim, used.into_iter().map(|row| row.used_at).collect()))
    }

    /// The stamps for the links of the answer to a call that has taken a place.
    pub(super) fn stamps(&self, budget: &Budget) -> Option<LinkStamps> {
        let UnattendedAccess { consent, resource, used_at, .. } = budget.taken.clone()?;
        Some(LinkStamps::of(self.db().clone(), Access { consent, resource, at: used_at }))
    }
}

/// Gives a place back whose call came to nothing; what is left then. Where that fails the access stays counted.
pub(super) async fn give_back(db: &Db, budget: Budget) -> Budget {
    let Some(access) = &budget.taken else { return budget };
    if let Err(error) = free(db, access).await {
        tracing::warn!(error = %crate::chain(&error), "a call that gave nothing stays counted as an access without the customer");
        return budget;
    }
    let mut used = budget.used.clone();
    if let Some(place) = used.iter().rposition(|at| *at == access.used_at) {
        used.remove(place);
    }
    Budget { used, taken: None, ..budget }
}

/// Gives a place back for a caller who has hung up: nobody waits until that is done.
pub(crate) fn give_back_alone(db: &Db, budget: Budget) {
    // Where the process ends there is nobody left to do it, and the access stays counted.
    if let (true, Ok(runtime)) = (budget.has_place(), Handle::try_current()) {
        let db = db.clone();
        runtime.spawn(async move { give_back(&db, budget).await });
    }
}

async fn free(db: &Db, access: &UnattendedAccess) -> lombard_store::Result<()> {
    let mut tx = db.begin("give back").await?;
    unattended_access::give_back(&mut tx, access).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn budget(limit: u16, now: Instant, used: Vec<Instant>) -> Budget {
        let used = used.into_iter().filter(|at| now.since(*at) < Budget::WINDOW).collect();
        Budget::seen(&Claim { consent: ConsentId::from_bits(1), resource: "/accounts".to_owned(), limit, now }, used)
    }

    proptest! {
        /// Who waits as long as they are told finds one more, and nobody is told to wait a second too long.
        #[test]
        fn what_is_told_is_true(limit in 1..6_u16, ages in proptest::collection::vec(0..100_000_000_000_i64, 0..8)) {
            let now = Instant::from_seconds(1_700_000_000);
            let used: Vec<Instant> = ages.iter().map(|age| Instant::from_micros(now.micros() - age)).collect();
            let told = budget(limit, now, used.clone());
            let after = |seconds| budget(limit, now.plus(Span::seconds(seconds)), used.clone()).left();
            prop_assert!(told.left() <= limit);
            let wait = told.seconds_to_next();
            if told.left() == limit {
                prop_assert_eq!(wait, 0);
            } else {
                prop_assert!(wait > 0);
                prop_assert!(after(wait) > told.left());
                prop_assert_eq!(after(wait - 1), told.left());
            }
        }
    }
}
