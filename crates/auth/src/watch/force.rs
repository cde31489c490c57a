//! What is in force, where it is decided: at the limits from memory, which is a few seconds old; before a consent from the database.
//!
//! A suspended app and an ended session need nothing here: both are seen in the database by whoever looks.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use lombard_domain::id::{ClientId, CustomerId};
use lombard_domain::limit::Rate;
use lombard_domain::time::Instant;
use lombard_domain::watch::{Accused, Measure, Network};
use lombard_store::{Tx, watch};

use crate::Auth;
use crate::error::Result;
use crate::limit::{Class, Subject};

/// Who is throttled, and until when.
#[derive(Debug, Default)]
pub(super) struct InForce {
    throttled: BTreeMap<Accused, Instant>,
}

impl InForce {
    fn holds(&self, accused: Accused, now: Instant) -> bool {
        self.throttled.get(&accused).is_some_and(|until| now < *until)
    }
}

impl Auth {
    /// Reads anew what is in force. To be called every few seconds on each node.
    ///
    /// # Errors
    /// When the database fails; what was known stays in force until its end.
    pub async fn refresh_measures(&self) -> Result<()> {
        if self.policy().watching.is_none() {
            return Ok(());
        }
        let found = watch::in_force(&mut self.db().read().await?, self.now(), IN_FORCE_MAX).await?;
        for measure in Measure::ALL {
            let count = found.iter().filter(|one| one.measure == measure).count();
            let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
            metrics::gauge!("lombard_measures_in_force", "measure" => measure.name()).set(count);
        }
        let throttled = found.iter().filter(|one| one.measure == Measure::Throttle);
        let throttled = throttled.filter_map(|one| Some((one.accused, one.until?))).collect();
        *self.watch.force.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(InForce { throttled });
        Ok(())
    }

    /// The rate at which somebody's calls of a class are admitted now, who would be admitted at this rate if nothing spoke against them.
    pub(crate) fn rate_in_force(&self, class: Class, subject: Subject, rate: Rate) -> Rate {
        let Some(response) = &self.policy().watching else { return rate };
        let force = Arc::clone(&self.watch.force.read().unwrap_or_else(PoisonError::into_inner));
        if force.throttled.is_empty() {
            return rate;
        }
        let accused = match (subject, class) {
            // What ends something must not be hindered.
            (_, Class::Revocation) => None,
            (Subject::Client(id), _) => Some(Accused::Client(id)),
            // Who only reads has proved who they are; behind one address are many.
            (Subject::Address(address), Class::SignIn | Class::Token | Class::Registration) => {
                Some(Accused::Network(Network::of(address)))
            }
            _ => None,
        };
        if accused.is_some_and(|accused| force.holds(accused, self.now())) {
            return rate.shared_among(response.divisor);
        }
        rate
    }

    /// Whether a customer must sign in once more before they allow this app anything.
    pub(crate) async fn must_step_up(&self, tx: &mut Tx, customer: CustomerId, client: ClientId) -> Result<bool> {
        if self.policy().watching.is_none() {
            return Ok(false);
        }
        let now = self.now();
        Ok(watch::is_in_force(tx, Measure::StepUp, Accused::Customer(customer), now).await?
            || watch::is_in_force(tx, Measure::StepUp, Accused::Client(client), now).await?)
    }
}

/// Measures that are known at once, the newest; there are far fewer, as each takes an attack.
const IN_FORCE_MAX: i64 = 10_000;
