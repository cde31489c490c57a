//! Direct debits: `OBReadDirectDebit2`.

use axum::Json;
use axum::extract::State;
use lombard_bank::{DirectDebitView, Reach};
use lombard_domain::permission::ReadDirectDebits;
use serde::Serialize;
use utoipa::ToSchema;

use super::allowed::{Allowed, AllowedAll};
use super::docs::DataRefused;
use super::envelope::{Amount, Envelope};
use super::error::Problem;
use super::list::Asked;
use super::mandate::{self, Mandate};
use crate::app::App;

/// `Data` of an answer about direct debits.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DirectDebits {
    direct_debit: Vec<DirectDebit>,
}

/// Somebody who may take money.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct DirectDebit {
    account_id: String,
    direct_debit_id: String,
    /// `ExternalMandateStatus1Code`.
    direct_debit_status_code: &'static str,
    mandate_related_information: Mandate,
    /// Who takes it.
    #[schema(max_length = 70)]
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_payment_date_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_payment_amount: Option<Amount>,
}

/// Who may take money from one account.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/accounts/{account}/direct-debits", tag = "accounts",
    operation_id = "listDirectDebitsOfAccount",
    params(("account" = String, Path, description = "AccountId", max_length = 40), Asked),
    responses((status = 200, description = "A page of them", body = Envelope<DirectDebits>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["direct-debits:read"])))]
pub(super) async fn of_account(
    State(app): State<App>,
    Allowed(access): Allowed<ReadDirectDebits>,
    asked: Asked,
) -> Result<Json<Envelope<DirectDebits>>, Problem> {
    answer(&app, &asked, Reach::Account(&access)).await
}

/// Who may take money from all accounts of the consent.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/direct-debits", tag = "accounts", operation_id = "listDirectDebits",
    params(Asked),
    responses((status = 200, description = "A page of them", body = Envelope<DirectDebits>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["direct-debits:read"])))]
pub(super) async fn all(
    State(app): State<App>,
    AllowedAll(access): AllowedAll<ReadDirectDebits>,
    asked: Asked,
) -> Result<Json<Envelope<DirectDebits>>, Problem> {
    answer(&app, &asked, Reach::Consent(&access)).await
}

async fn answer(
    app: &App,
    asked: &Asked,
    reach: Reach<'_, ReadDirectDebits>,
) -> Result<Json<Envelope<DirectDebits>>, Problem> {
    let list = asked.list(app, &reach, "direct-debits");
    let page = app.bank.direct_debits(reach, asked.query()).await.map_err(|error| asked.failed(error))?;
    let links = asked.links(&list, &page);
    let direct_debit = page.items.into_iter().map(DirectDebit::from).collect();
    Ok(Envelope::page(DirectDebits { direct_debit }, links))
}

impl From<DirectDebitView> for DirectDebit {
    fn from(view: DirectDebitView) -> Self {
        Self {
            account_id: view.account.to_string(),
            direct_debit_id: view.id.to_string(),
            direct_debit_status_code: mandate::status(view.status),
            mandate_related_information: Mandate::of(view.frequency, view.mandate.map(|text| text.into_string())),
            name: view.name.into_string(),
            previous_payment_date_time: view.previous.map(|previous| previous.on.start().rfc3339()),
            previous_payment_amount: view.previous.map(|previous| previous.amount.into()),
        }
    }
}
