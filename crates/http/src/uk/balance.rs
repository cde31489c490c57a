//! Balances: `OBReadBalance1`.

use axum::Json;
use axum::extract::State;
use lombard_domain::account::Balance;
use lombard_domain::money::Money;
use lombard_domain::permission::ReadBalances;
use serde::Serialize;

use super::allowed::Allowed;
use super::envelope::{Amount, Envelope, indicator};
use super::error::Problem;
use super::query;
use crate::app::App;
use crate::parts::interaction::InteractionId;
use crate::parts::peer::At;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Balances {
    balance: Vec<Line>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Line {
    account_id: String,
    credit_debit_indicator: &'static str,
    #[serde(rename = "Type")]
    kind: &'static str,
    date_time: String,
    amount: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit_line: Option<[CreditLine; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CreditLine {
    included: bool,
    #[serde(rename = "Type")]
    kind: &'static str,
    amount: Amount,
}

/// `GET /accounts/{AccountId}/balances`
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

/// Interim booked and interim available, both as of the same moment.
fn lines(balance: &Balance) -> Vec<Line> {
    let line = |kind, money: Money| Line {
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
