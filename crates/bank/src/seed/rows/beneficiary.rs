//! Beneficiaries.

use lombard_domain::account::Beneficiary;
use lombard_domain::id::BeneficiaryId;

use super::super::arrangements::SAVED;
use super::super::dice::bits;
use super::{account_id, blind, named, payee, source, text};

/// Everybody whom somebody saved to pay again.
pub(in super::super) fn beneficiaries() -> Vec<Beneficiary> {
    let beneficiaries = SAVED.iter().map(|saved| {
        let (name, creditor) = payee(&saved.to);
        let source = source(&format!("{}-payee-{}", saved.account, named(&saved.to)));
        Beneficiary {
            id: BeneficiaryId::from_bits(bits(&source)),
            account: account_id(saved.account),
            source: blind(&source),
            trust: saved.trust,
            reference: saved.reference.map(text),
            name: Some(text(&name)),
            creditor,
        }
    });
    beneficiaries.collect()
}
