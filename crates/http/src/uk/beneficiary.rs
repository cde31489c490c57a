//! Beneficiaries: `OBReadBeneficiary5`.

use axum::Json;
use axum::extract::State;
use lombard_bank::{BeneficiaryView, Reach};
use lombard_domain::account::Trust;
use lombard_domain::permission::ReadBeneficiaries;
use serde::Serialize;
use utoipa::ToSchema;

use super::allowed::{Allowed, AllowedAll};
use super::docs::DataRefused;
use super::envelope::{CashAccount, Envelope};
use super::error::Problem;
use super::list::Asked;
use crate::app::App;

/// `Data` of an answer about beneficiaries.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Beneficiaries {
    beneficiary: Vec<Beneficiary>,
}

/// Somebody whom the customer saved to pay again.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct Beneficiary {
    account_id: String,
    beneficiary_id: String,
    /// `OBInternalBeneficiaryType1Code`.
    beneficiary_type: &'static str,
    /// What payments to them say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 35)]
    reference: Option<String>,
    /// With the Detail permission only.
    #[serde(skip_serializing_if = "Option::is_none")]
    creditor_account: Option<CashAccount>,
}

/// Whom the customer saved to pay again, from one account.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/accounts/{account}/beneficiaries", tag = "accounts",
    operation_id = "listBeneficiariesOfAccount",
    params(("account" = String, Path, description = "AccountId", max_length = 40), Asked),
    responses((status = 200, description = "A page of them", body = Envelope<Beneficiaries>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["beneficiaries:read"])))]
pub(super) async fn of_account(
    State(app): State<App>,
    Allowed(access): Allowed<ReadBeneficiaries>,
    asked: Asked,
) -> Result<Json<Envelope<Beneficiaries>>, Problem> {
    answer(&app, &asked, Reach::Account(&access)).await
}

/// Whom the customer saved to pay again, from all accounts of the consent.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/beneficiaries", tag = "accounts", operation_id = "listBeneficiaries",
    params(Asked),
    responses((status = 200, description = "A page of them", body = Envelope<Beneficiaries>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["beneficiaries:read"])))]
pub(super) async fn all(
    State(app): State<App>,
    AllowedAll(access): AllowedAll<ReadBeneficiaries>,
    asked: Asked,
) -> Result<Json<Envelope<Beneficiaries>>, Problem> {
    answer(&app, &asked, Reach::Consent(&access)).await
}

async fn answer(
    app: &App,
    asked: &Asked,
    reach: Reach<'_, ReadBeneficiaries>,
) -> Result<Json<Envelope<Beneficiaries>>, Problem> {
    let list = asked.list(app, &reach, "beneficiaries");
    let page = app.bank.beneficiaries(reach, asked.query()).await.map_err(|error| asked.failed(error))?;
    let links = asked.links(&list, &page);
    let beneficiary = page.items.into_iter().map(Beneficiary::from).collect();
    Ok(Envelope::page(Beneficiaries { beneficiary }, links))
}

impl From<BeneficiaryView> for Beneficiary {
    fn from(view: BeneficiaryView) -> Self {
        Self {
            account_id: view.account.to_string(),
            beneficiary_id: view.id.to_string(),
            beneficiary_type: kind(view.trust),
            reference: view.reference.map(|text| text.into_string()),
            creditor_account: view.creditor.map(CashAccount::creditor),
        }
    }
}

fn kind(trust: Trust) -> &'static str {
    match trust {
        Trust::Ordinary => "Ordinary",
        Trust::Trusted => "Trusted",
    }
}
