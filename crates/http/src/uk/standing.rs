//! Where a lodged consent stands, in the words of the standard: `Status`, `StatusReason` and when it changed.

use lombard_domain::consent::{Consent, Status};
use lombard_domain::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// Where a consent stands at a moment.
pub(super) struct Standing {
    /// `OBInternalConsentStatus1Code`.
    pub(super) status: &'static str,
    pub(super) reasons: Option<Vec<StatusReason>>,
    /// When it came to stand there.
    pub(super) since: Instant,
}

/// `OBStatusReason`: why a consent stands where it stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StatusReason {
    status_reason_code: &'static str,
    status_reason_description: &'static str,
}

impl Standing {
    pub(super) fn of(consent: &Consent, now: Instant) -> Self {
        let status = consent.status(now);
        // One whose time is over expired at its end, whether or not that is stored yet.
        let end = consent.terms().expires_at.filter(|_| status == Status::Expired);
        let since = end.into_iter().fold(consent.changed_at(), Instant::max);
        let reasons: Vec<_> = reasons(status)
            .iter()
            .map(|(code, text)| StatusReason { status_reason_code: code, status_reason_description: text })
            .collect();
        Self { status: code(status), reasons: (!reasons.is_empty()).then_some(reasons), since }
    }
}

fn code(status: Status) -> &'static str {
    match status {
        Status::Awaiting => "AWAU",
        Status::Authorised => "AUTH",
        Status::Abandoned | Status::Declined => "RJCT",
        Status::Expired => "EXPD",
        // A deleted consent is shown to nobody.
        Status::AuthenticationDue
        | Status::Deleted
        | Status::RevokedByBank
        | Status::RevokedByClient
        | Status::RevokedByCustomer
        | Status::SuspendedForFraud => "CANC",
    }
}

/// `OBExternalStatusReason1Code`. The standard fixes those of EXPD, of suspicion of fraud and of a sign-in that is due, and uses U036
/// (authorisation not completed) for AWAU in its examples; the others are the nearest by name.
fn reasons(status: Status) -> &'static [(&'static str, &'static str)] {
    match status {
        Status::Abandoned => &[("U036", "The customer did not complete the authorisation")],
        Status::AuthenticationDue => &[
            ("TKSP", "Access is suspended until the customer has signed in again"),
            ("U028", "Ask the customer to authorise the consent again"),
        ],
        Status::Authorised | Status::Deleted => &[],
        Status::Awaiting => &[("U036", "Waits for the customer's authorisation")],
        Status::Declined => &[("U037", "The customer did not authorise it")],
        Status::Expired => &[("TKXP", "Its time is over")],
        Status::RevokedByBank => &[("MS03", "The bank withdrew access")],
        Status::RevokedByClient => &[("U042", "The app gave up its access")],
        Status::RevokedByCustomer => &[("CUST", "The customer withdrew access at the bank")],
        Status::SuspendedForFraud => &[("TKSP", "The bank suspended access")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_code_and_reasons_in_form() {
        for status in Status::ALL {
            assert!(["AWAU", "AUTH", "RJCT", "EXPD", "CANC"].contains(&code(*status)));
            let reasons = reasons(*status);
            assert_eq!(reasons.is_empty(), matches!(status, Status::Authorised | Status::Deleted), "{status}");
            assert!(reasons.iter().all(|(code, text)| code.len() == 4 && (1..=500).contains(&text.len())));
        }
        let codes = |status| reasons(status).iter().map(|(code, _)| *code).collect::<Vec<_>>();
        assert_eq!(codes(Status::Expired), ["TKXP"]);
        assert_eq!(codes(Status::SuspendedForFraud), ["TKSP"]);
        assert_eq!(codes(Status::AuthenticationDue), ["TKSP", "U028"]);
    }
}
