//! Scheduled payments: `OBReadScheduledPayment3`.

use axum::Json;
use axum::extract::State;
use lombard_bank::{Reach, ScheduledPaymentView};
use lombard_domain::account::ScheduledFor;
use lombard_domain::permission::ReadScheduledPayments;
use serde::Serialize;
use utoipa::ToSchema;

use super::allowed::{Allowed, AllowedAll};
use super::docs::DataRefused;
use super::envelope::{Amount, CashAccount, Envelope};
use super::error::Problem;
use super::list::Asked;
use crate::app::App;

/// `Data` of an answer about scheduled payments.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ScheduledPayments {
    scheduled_payment: Vec<ScheduledPayment>,
}

/// A payment that is to be made once, on a later day.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct ScheduledPayment {
    account_id: String,
    scheduled_payment_id: String,
    scheduled_payment_date_time: String,
    /// `OBInternalScheduleType1Code`.
    scheduled_type: &'static str,
    /// What the payment says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 35)]
    reference: Option<String>,
    instructed_amount: Amount,
    /// With the Detail permission only.
    #[serde(skip_serializing_if = "Option::is_none")]
    creditor_account: Option<CashAccount>,
}

/// Payments planned for later of one account.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/accounts/{account}/scheduled-payments", tag = "accounts",
    operation_id = "listScheduledPaymentsOfAccount",
    params(("account" = String, Path, description = "AccountId", max_length = 40), Asked),
    responses((status = 200, description = "A page of them", body = Envelope<ScheduledPayments>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["scheduled-payments:read"])))]
pub(super) async fn of_account(
    State(app): State<App>,
    Allowed(access): Allowed<ReadScheduledPayments>,
    asked: Asked,
) -> Result<Json<Envelope<ScheduledPayments>>, Problem> {
    answer(&app, &asked, Reach::Account(&access)).await
}

/// Payments planned for later of all accounts of the consent.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/scheduled-payments", tag = "accounts", operation_id = "listScheduledPayments",
    params(Asked),
    responses((status = 200, description = "A page of them", body = Envelope<ScheduledPayments>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["scheduled-payments:read"])))]
pub(super) async fn all(
    State(app): State<App>,
    AllowedAll(access): AllowedAll<ReadScheduledPayments>,
    asked: Asked,
) -> Result<Json<Envelope<ScheduledPayments>>, Problem> {
    answer(&app, &asked, Reach::Consent(&access)).await
}

async fn answer(
    app: &App,
    asked: &Asked,
    reach: Reach<'_, ReadScheduledPayments>,
) -> Result<Json<Envelope<ScheduledPayments>>, Problem> {
    let list = asked.list(app, &reach, "scheduled-payments");
    let page = app.bank.scheduled_payments(reach, asked.query()).await.map_err(|error| asked.failed(error))?;
    let links = asked.links(&list, &page);
    let scheduled_payment = page.items.into_iter().map(ScheduledPayment::from).collect();
    Ok(Envelope::page(ScheduledPayments { scheduled_payment }, links))
}

impl From<ScheduledPaymentView> for ScheduledPayment {
    fn from(view: ScheduledPaymentView) -> Self {
        Self {
            account_id: view.account.to_string(),
            scheduled_payment_id: view.id.to_string(),
            scheduled_payment_date_time: view.on.start().rfc3339(),
            scheduled_type: kind(view.what),
            reference: view.reference.map(|text| text.into_string()),
            instructed_amount: view.amount.into(),
            creditor_account: view.creditor.map(CashAccount::creditor),
        }
    }
}

fn kind(what: ScheduledFor) -> &'static str {
    match what {
        ScheduledFor::Arrival => "Arrival",
        ScheduledFor::Execution => "Execution",
    }
}
