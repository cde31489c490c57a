//! Accounts: `OBReadAccount6`.

use axum::Json;
use axum::extract::State;
use lombard_bank::AccountView;
use lombard_domain::account::{AccountKind, AccountStatus, Category};
use lombard_domain::permission::ReadAccounts;
use serde::Serialize;
use utoipa::ToSchema;

use super::allowed::{Allowed, AllowedAll};
use super::docs::DataRefused;
use super::envelope::{CashAccount, Envelope};
use super::error::Problem;
use super::query;
use crate::app::App;
use crate::parts::interaction::InteractionId;
use crate::parts::peer::At;

/// `Data` of an answer about accounts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Accounts {
    account: Vec<Account>,
}

/// An account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct Account {
    /// Lombard's identifier: opaque, and the same in every consent.
    #[schema(max_length = 40, example = "acc_0c8ehsawdbxf6vs5d1m3q5s4yr")]
    account_id: String,
    status: &'static str,
    /// Since when it has this status, if it went to another bank.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_update_date_time: Option<String>,
    currency: String,
    account_category: &'static str,
    account_type_code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    nickname: Option<String>,
    opening_date: String,
    /// `UK.CASS.SwitchCompleted` of an account that went to another bank; nothing else of it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    switch_status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Vec<CashAccount>>,
}

/// The accounts that the customer chose.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/accounts", tag = "accounts", operation_id = "listAccounts",
    responses((status = 200, description = "The accounts", body = Envelope<Accounts>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["accounts:read"])))]
pub(super) async fn list(
    State(app): State<App>,
    id: InteractionId,
    At(door): At,
    AllowedAll(access): AllowedAll<ReadAccounts>,
) -> Result<Json<Envelope<Accounts>>, Problem> {
    let found = app.bank.accounts(&access).await.map_err(|error| Problem::from(error).with_id(id.as_str()))?;
    let account = found.into_iter().map(Account::from).collect();
    Ok(Envelope::whole(Accounts { account }, query::address(&app, door, "/accounts")))
}

/// One account.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/accounts/{account}", tag = "accounts", operation_id = "getAccount",
    params(("account" = String, Path, description = "AccountId", max_length = 40)),
    responses((status = 200, description = "The account", body = Envelope<Accounts>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["accounts:read"])))]
pub(super) async fn one(
    State(app): State<App>,
    id: InteractionId,
    At(door): At,
    Allowed(access): Allowed<ReadAccounts>,
) -> Result<Json<Envelope<Accounts>>, Problem> {
    let found = app.bank.account(&access).await.map_err(|error| Problem::from(error).with_id(id.as_str()))?;
    let own = query::address(&app, door, &format!("/accounts/{}", access.account()));
    Ok(Envelope::whole(Accounts { account: vec![found.into()] }, own))
}

impl From<AccountView> for Account {
    fn from(view: AccountView) -> Self {
        Self {
            account_id: view.id.to_string(),
            status: status(view.status),
            status_update_date_time: view.switched_at.map(|at| at.rfc3339()),
            currency: view.currency.to_string(),
            account_category: category(view.category),
            account_type_code: type_code(view.kind),
            nickname: view.nickname.map(|text| text.into_string()),
            opening_date: view.opened_on.start().rfc3339(),
            switch_status: view.switched_at.map(|_| "UK.CASS.SwitchCompleted"),
            account: view.number.map(|number| vec![CashAccount::of(&number, None)]),
        }
    }
}

fn status(status: AccountStatus) -> &'static str {
    match status {
        AccountStatus::Deleted => "Deleted",
        AccountStatus::Disabled => "Disabled",
        AccountStatus::Enabled => "Enabled",
    }
}

fn category(category: Category) -> &'static str {
    match category {
        Category::Business => "Business",
        Category::Personal => "Personal",
    }
}

/// `OBExternalAccountType1Code`.
fn type_code(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::ChargeCard | AccountKind::CreditCard | AccountKind::PrePaidCard => "CARD",
        AccountKind::Current => "CACC",
        AccountKind::EMoney => "WALT",
        AccountKind::Loan => "LOAN",
        AccountKind::Mortgage => "MORT",
        AccountKind::Savings => "SVGS",
    }
}
