//! Balances: `OBReadBalance1`.

use axum::Json;
use axum::extract::State;
use lombard_domain::account::Balance;
use lombard_domain::money::Money;
use lombard_domain::permission::ReadBalances;
use serde::Serialize;
use utoipa::ToSchema;

use super::allowed::{Allowed, AllowedAll};
use super::docs::DataRefused;
use super::envelope::{Amount, Envelope, indicator};
use super::error::Problem;
use super::query;
use crate::app::App;
use crate::parts::interaction::InteractionId;
use crate::parts::peer::At;

/// `Data` of an answer about balances.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Balances {
    balance: Vec<BalanceLine>,
}

/// How much is in an account, counted one way.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct BalanceLine {
    account_id: String,
    credit_debit_indicator: &'static str,
    /// `ITBD`: what is booked. `ITAV`: less what is pending and will be taken.
    #[serde(rename = "Type")]
    kind: &'static str,
    date_time: String,
    amount: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit_line: Option<[CreditLine; 1]>,
}

/// What may be overdrawn.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct CreditLine {
    /// Whether the amount of the balance contains it.
    included: bool,
    #[serde(rename = "Type")]
    kind: &'static str,
    amount: Amount,
}

/// How much is in one account.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/accounts/{account}/balances", tag = "accounts",
    operation_id = "listBalancesOfAccount",
    params(("account" = String, Path, description = "AccountId", max_length = 40)),
    responses((status = 200, description = "The balances of this moment", body = Envelope<Balances>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["balances:read"])))]
pub(super) async fn of_account(
    State(app): State<App>,
    id: InteractionId,
    At(door): At,
    Allowed(access): Allowed<ReadBalances>,
) -> Result<Json<Envelope<Balances>>, Problem> {
    let found = app.bank.balance(&access).await.map_err(|error| Problem::from(error).with_id(id.as_str()))?;
    let own = query::address(&app, door, &format!("/accounts/{}/balances", access.account()));
    Ok(Envelope::whole(Balances { balance: lines(&found) }, own))
}

/// How much is in each account of the consent.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/balances", tag = "accounts", operation_id = "listBalances",
    responses((status = 200, description = "The balances of this moment", body = Envelope<Balances>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["balances:read"])))]
pub(super) async fn all(
    State(app): State<App>,
    id: InteractionId,
    At(door): At,
    AllowedAll(access): AllowedAll<ReadBalances>,
) -> Result<Json<Envelope<Balances>>, Problem> {
    let found = app.bank.balances(&access).await.map_err(|error| Problem::from(error).with_id(id.as_str()))?;
    let balance = found.iter().flat_map(lines).collect();
    Ok(Envelope::whole(Balances { balance }, query::address(&app, door, "/balances")))
}

/// Interim booked and interim available, both as of the same moment.
fn lines(balance: &Balance) -> Vec<BalanceLine> {
    let line = |kind, money: Money| BalanceLine {
        account_id: balance.account.to_string(),
        credit_debit_indicator: indicator(money),
        kind,
        date_time: balance.at.rfc3339(),
        amount: money.into(),
        credit_line: balance
            .credit_line
            .map(|agreed| [CreditLine { included: false, kind: "Pre-Agreed", amount: agreed.into() }]),
    };
    vec![line("ITBD", balance.booked), line("ITAV", balance.available)]
}
