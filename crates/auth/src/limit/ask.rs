//! Asking whether a call is one too many.

use lombard_domain::id::ClientId;

use super::{Key, Limited, Subject, Told};
use crate::{Auth, Call};

impl Auth {
    /// Counts a call for each of these, or for none of them if for one there is no place left. Calls of operators are not counted.
    ///
    /// # Errors
    /// [`Limited`] says of which there is no place left.
    pub async fn ask(&self, call: Call<'_>, subjects: &[Subject]) -> Result<(), Limited> {
        let Some(meter) = call.meter else { return Ok(()) };
        let class = meter.class();
        let limits = &self.policy().limits;
        let asked: Vec<_> = subjects
            .iter()
            .filter_map(|subject| {
                let rate = limits.rate(class, subject.kind())?;
                Some((Key { class, subject: *subject }, self.rate_in_force(class, *subject, rate)))
            })
            .collect();
        if asked.is_empty() {
            return Ok(());
        }
        let (taken, asked) = self.limiter.take(asked, self.now()).await;
        let told: Vec<Told> = asked
            .iter()
            .zip(&taken.full_at)
            .map(|((key, rate), full_at)| Told {
                class,
                kind: key.subject.kind(),
                standing: rate.standing(*full_at, taken.now),
            })
            .collect();
        let refused = told.iter().filter(|told| told.standing.left == 0).max_by_key(|told| told.standing.wait).copied();
        meter.tell(told.into_iter());
        match refused.filter(|_| !taken.admitted) {
            None => Ok(()),
            Some(Told { kind, standing, .. }) => {
                metrics::counter!("lombard_limited_total", "class" => class.name(), "by" => kind.name()).increment(1);
                Err(Limited { class, kind, wait: standing.wait })
            }
        }
    }

    /// The app for which a token was issued, if the token's signature is ours; says nothing about where the token stands.
    #[must_use]
    pub fn client_of(&self, token: &str) -> Option<ClientId> {
        self.known_token(token).ok().map(|known| known.client)
    }
}
