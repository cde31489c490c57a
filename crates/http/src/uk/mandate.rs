//! Mandates, as direct debits and standing orders tell of them: `OBMandateRelatedInformation1`.

use lombard_domain::account::{Frequency, MandateStatus};
use serde::Serialize;
use utoipa::ToSchema;

/// What a customer agreed to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Mandate {
    /// How the creditor knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 35)]
    mandate_identification: Option<String>,
    frequency: MandateFrequency,
}

/// How often money flows: `OBFrequency6`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct MandateFrequency {
    /// `OBFrequency6Code`.
    #[serde(rename = "Type")]
    kind: &'static str,
}

impl Mandate {
    pub(super) fn of(frequency: Frequency, identification: Option<String>) -> Self {
        Self { mandate_identification: identification, frequency: MandateFrequency { kind: code(frequency) } }
    }
}

/// `ExternalMandateStatus1Code`.
pub(super) fn status(status: MandateStatus) -> &'static str {
    match status {
        MandateStatus::Active => "ACTV",
        MandateStatus::Cancelled => "CANC",
        MandateStatus::Expired => "EXPI",
        MandateStatus::Suspended => "SUSP",
    }
}

/// `OBFrequency6Code`.
fn code(frequency: Frequency) -> &'static str {
    match frequency {
        Frequency::Daily => "DAIL",
        Frequency::Weekly => "WEEK",
        Frequency::Fortnightly => "FRTN",
        Frequency::Monthly => "MNTH",
        Frequency::Quarterly => "QURT",
        Frequency::HalfYearly => "MIAN",
        Frequency::Yearly => "YEAR",
    }
}
