//! Transactions: `OBReadTransaction6`.

use axum::Json;
use axum::extract::{Request, State};
use lombard_bank::{PageKey, Reach, TransactionQuery, TransactionView};
use lombard_domain::account::BookingStatus;
use lombard_domain::money::{Direction, Money};
use lombard_domain::permission::ReadTransactions;
use serde::Serialize;

use super::allowed::Allowed;
use super::envelope::{Amount, CashAccount, Envelope, Links, indicator};
use super::error::Problem;
use super::query::{self, Filters};
use crate::app::App;
use crate::parts::interaction::InteractionId;
use crate::parts::peer::At;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Transactions {
    transaction: Vec<Transaction>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Transaction {
    account_id: String,
    transaction_id: String,
    credit_debit_indicator: &'static str,
    status: &'static str,
    transaction_mutability: &'static str,
    booking_date_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_date_time: Option<String>,
    amount: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_transaction_code: Option<BankTransactionCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_information: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<BalanceAfter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creditor_account: Option<CashAccount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    debtor_account: Option<CashAccount>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BankTransactionCode {
    code: String,
    sub_code: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BalanceAfter {
    credit_debit_indicator: &'static str,
    #[serde(rename = "Type")]
    kind: &'static str,
    amount: Amount,
}

/// `GET /accounts/{AccountId}/transactions`
pub(super) async fn of_account(
    State(app): State<App>,
    id: InteractionId,
    At(door): At,
    Allowed(access): Allowed<ReadTransactions>,
    request: Request,
) -> Result<Json<Envelope<Transactions>>, Problem> {
    let filters = Filters::read(request.uri()).map_err(|problem| problem.with_id(id.as_str()))?;
    let query = TransactionQuery { page: filters.page, window: filters.window, ..TransactionQuery::default() };
    let page = app.bank.transactions(Reach::Account(&access), query).await;
    let page = page.map_err(|error| Problem::from(error).with_id(id.as_str()))?;
    let path = query::address(&app, door, &format!("/accounts/{}/transactions", access.account()));
    let at = |page: Option<PageKey>| filters.address(&path, page);
    let links = Links {
        own: at(filters.page),
        first: Some(at(None)),
        prev: page.newer.map(|key| at(Some(key))),
        next: page.older.map(|key| at(Some(key))),
    };
    let transaction = page.items.into_iter().map(Transaction::from).collect();
    Ok(Envelope::page(Transactions { transaction }, links))
}

impl From<TransactionView> for Transaction {
    fn from(view: TransactionView) -> Self {
        let (status, transaction_mutability) = match view.status {
            BookingStatus::Booked => ("BOOK", "Immutable"),
            BookingStatus::Pending => ("PDNG", "Mutable"),
        };
        let (description, balance, counterparty) = match view.detail {
            Some(detail) => (detail.description, detail.balance, detail.counterparty),
            None => (None, None, None),
        };
        let counterparty = counterparty.and_then(|other| {
            let name = other.name.map(|text| text.into_string());
            other.number.map(|number| CashAccount::of(&number, name))
        });
        // Seen from the account: who pays in is the debtor, who is paid is the creditor.
        let (creditor_account, debtor_account) = match view.amount.direction() {
            Direction::Credit => (None, counterparty),
            Direction::Debit => (counterparty, None),
        };
        Self {
            account_id: view.account.to_string(),
            transaction_id: view.id.to_string(),
            credit_debit_indicator: indicator(view.amount),
            status,
            transaction_mutability,
            booking_date_time: view.booked_at.rfc3339(),
            value_date_time: view.value_at.map(|at| at.rfc3339()),
            amount: view.amount.into(),
            bank_transaction_code: view.code.map(|code| BankTransactionCode {
                code: code.family.into_string(),
                sub_code: code.sub_family.into_string(),
            }),
            transaction_information: description.map(|text| text.into_string()),
            balance: balance.map(after),
            creditor_account,
            debtor_account,
        }
    }
}

fn after(balance: Money) -> BalanceAfter {
    BalanceAfter { credit_debit_indicator: indicator(balance), kind: "ITBD", amount: balance.into() }
}
