//! Somebody to pay again, as a caller sees them.

use lombard_domain::account::{Beneficiary, Trust};
use lombard_domain::id::{AccountId, BeneficiaryId};
use lombard_domain::permission::Seen;
use lombard_domain::text::Text;

use super::{AccountNumber, CreditorView, detail};

/// Somebody whom a customer saved to pay again.
#[derive(Clone, PartialEq, Eq)]
pub struct BeneficiaryView {
    /// Its identifier.
    pub id: BeneficiaryId,
    /// The account that would pay.
    pub account: AccountId,
    /// Whether payments to them need a second factor.
    pub trust: Trust,
    /// What payments to them say.
    pub reference: Option<Text<35>>,
    /// Detail: whom to pay.
    pub creditor: Option<CreditorView>,
}

impl BeneficiaryView {
    pub(crate) fn of(beneficiary: Beneficiary, seen: Seen) -> Self {
        let number = detail(seen.level, || AccountNumber::of(&beneficiary.creditor, seen.cards));
        Self {
            id: beneficiary.id,
            account: beneficiary.account,
            trust: beneficiary.trust,
            reference: beneficiary.reference,
            creditor: number.map(|number| CreditorView { name: beneficiary.name, number }),
        }
    }
}
