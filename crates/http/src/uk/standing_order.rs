//! Standing orders: `OBReadStandingOrder6`.

use axum::Json;
use axum::extract::State;
use lombard_bank::{Reach, StandingOrderView};
use lombard_domain::account::MandateStatus;
use lombard_domain::permission::ReadStandingOrders;
use serde::Serialize;
use utoipa::ToSchema;

use super::allowed::{Allowed, AllowedAll};
use super::docs::DataRefused;
use super::envelope::{Amount, CashAccount, Envelope};
use super::error::Problem;
use super::list::Asked;
use super::mandate::{self, Mandate};
use crate::app::App;

/// `Data` of an answer about standing orders.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StandingOrders {
    standing_order: Vec<StandingOrder>,
}

/// An order to pay again and again.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct StandingOrder {
    account_id: String,
    standing_order_id: String,
    /// `ExternalMandateStatus1Code`.
    standing_order_status_code: &'static str,
    next_payment_amount: Amount,
    mandate_related_information: Mandate,
    #[serde(skip_serializing_if = "Option::is_none")]
    remittance_information: Option<Remittance>,
    /// With the Detail permission only.
    #[serde(skip_serializing_if = "Option::is_none")]
    creditor_account: Option<CashAccount>,
}

/// What a payment is for: `OBRemittanceInformation2`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct Remittance {
    unstructured: [String; 1],
}

/// Orders to pay again and again of one account.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/accounts/{account}/standing-orders", tag = "accounts",
    operation_id = "listStandingOrdersOfAccount",
    params(("account" = String, Path, description = "AccountId", max_length = 40), Asked),
    responses((status = 200, description = "A page of them", body = Envelope<StandingOrders>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["standing-orders:read"])))]
pub(super) async fn of_account(
    State(app): State<App>,
    Allowed(access): Allowed<ReadStandingOrders>,
    asked: Asked,
) -> Result<Json<Envelope<StandingOrders>>, Problem> {
    answer(&app, &asked, Reach::Account(&access)).await
}

/// Orders to pay again and again of all accounts of the consent.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/standing-orders", tag = "accounts", operation_id = "listStandingOrders",
    params(Asked),
    responses((status = 200, description = "A page of them", body = Envelope<StandingOrders>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["standing-orders:read"])))]
pub(super) async fn all(
    State(app): State<App>,
    AllowedAll(access): AllowedAll<ReadStandingOrders>,
    asked: Asked,
) -> Result<Json<Envelope<StandingOrders>>, Problem> {
    answer(&app, &asked, Reach::Consent(&access)).await
}

async fn answer(
    app: &App,
    asked: &Asked,
    reach: Reach<'_, ReadStandingOrders>,
) -> Result<Json<Envelope<StandingOrders>>, Problem> {
    let list = asked.list(app, &reach, "standing-orders");
    let page = app.bank.standing_orders(reach, asked.query()).await.map_err(|error| asked.failed(error))?;
    let links = asked.links(&list, &page);
    let standing_order = page.items.into_iter().map(StandingOrder::from).collect();
    Ok(Envelope::page(StandingOrders { standing_order }, links))
}

impl From<StandingOrderView> for StandingOrder {
    fn from(view: StandingOrderView) -> Self {
        Self {
            account_id: view.account.to_string(),
            standing_order_id: view.id.to_string(),
            // An order that is no more is not kept.
            standing_order_status_code: mandate::status(MandateStatus::Active),
            next_payment_amount: view.amount.into(),
            mandate_related_information: Mandate::of(view.frequency, None),
            remittance_information: view.purpose.map(|text| Remittance { unstructured: [text.into_string()] }),
            creditor_account: view.creditor.map(|number| CashAccount::of(&number, None)),
        }
    }
}
