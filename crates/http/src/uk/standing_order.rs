//! Standing orders: `OBReadStandingOrder6`.

use axum::Json;
use axum::extract::State;
use lombard_bank::{ListQuery, Reach, StandingOrderView};
use lombard_domain::account::Frequency;
use lombard_domain::permission::ReadStandingOrders;
use serde::Serialize;

use super::allowed::Allowed;
use super::envelope::{Amount, CashAccount, Envelope};
use super::error::Problem;
use super::query;
use crate::app::App;
use crate::parts::interaction::InteractionId;
use crate::parts::peer::At;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StandingOrders {
    standing_order: Vec<StandingOrder>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StandingOrder {
    account_id: String,
    standing_order_id: String,
    standing_order_status_code: &'static str,
    next_payment_amount: Amount,
    mandate_related_information: Mandate,
    #[serde(skip_serializing_if = "Option::is_none")]
    remittance_information: Option<Remittance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creditor_account: Option<CashAccount>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Mandate {
    frequency: MandateFrequency,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MandateFrequency {
    #[serde(rename = "Type")]
    kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Remittance {
    unstructured: [String; 1],
}

/// `GET /accounts/{AccountId}/standing-orders`
pub(super) async fn of_account(
    State(app): State<App>,
    id: InteractionId,
    At(door): At,
    Allowed(access): Allowed<ReadStandingOrders>,
) -> Result<Json<Envelope<StandingOrders>>, Problem> {
    let found = app.bank.standing_orders(Reach::Account(&access), ListQuery::default()).await;
    let found = found.map_err(|error| Problem::from(error).with_id(id.as_str()))?;
    let own = query::address(&app, door, &format!("/accounts/{}/standing-orders", access.account()));
    let standing_order = found.items.into_iter().map(StandingOrder::from).collect();
    Ok(Envelope::whole(StandingOrders { standing_order }, own))
}

impl From<StandingOrderView> for StandingOrder {
    fn from(view: StandingOrderView) -> Self {
        Self {
            account_id: view.account.to_string(),
            standing_order_id: view.id.to_string(),
            standing_order_status_code: "ACTV",
            next_payment_amount: view.amount.into(),
            mandate_related_information: Mandate { frequency: MandateFrequency { kind: frequency(view.frequency) } },
            remittance_information: view.purpose.map(|text| Remittance { unstructured: [text.into_string()] }),
            creditor_account: view.creditor.map(|number| CashAccount::of(&number, None)),
        }
    }
}

/// `OBFrequency6Code`.
fn frequency(frequency: Frequency) -> &'static str {
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
