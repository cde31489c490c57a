//! What is wrong with a body, without a server around it: for tests and fuzzing of the reading alone.

use lombard_domain::id::ConsentId;
use lombard_domain::time::Instant;

use super::error::Fault;
use super::{consent, funds, funds_consent, input};

/// A body that this surface reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// `OBReadConsent1`.
    AccountAccessConsent,
    /// `OBFundsConfirmation1`, under a consent.
    FundsConfirmation(ConsentId),
    /// `OBFundsConfirmationConsent1`.
    FundsConfirmationConsent,
}

/// What is wrong with a body at a moment: the codes, and the paths of the fields where there are any.
#[must_use]
pub fn faults(body: Body, bytes: &[u8], now: Instant) -> Vec<(&'static str, Option<String>)> {
    let faults: Option<Vec<Fault>> = match body {
        Body::AccountAccessConsent => input::read(bytes, |body| consent::lodging(body, now)).err(),
        Body::FundsConfirmation(consent) => input::read(bytes, |body| funds::question(body, consent)).err(),
        Body::FundsConfirmationConsent => input::read(bytes, |body| funds_consent::lodging(body, now)).err(),
    };
    faults.unwrap_or_default().into_iter().map(|fault| (fault.code, fault.path)).collect()
}
