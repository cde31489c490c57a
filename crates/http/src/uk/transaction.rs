//! Transactions: `OBReadTransaction6`.

use axum::Json;
use axum::extract::State;
use lombard_bank::{Reach, TransactionPage, TransactionView};
use lombard_domain::account::BookingStatus;
use lombard_domain::money::{Direction, Money};
use lombard_domain::permission::ReadTransactions;
use serde::Serialize;
use utoipa::ToSchema;

use super::allowed::{Allowed, AllowedAll};
use super::docs::DataRefused;
use super::envelope::{Amount, CashAccount, Envelope, indicator};
use super::error::Problem;
use super::query::Listing;
use super::transaction_query::Asked;
use crate::app::App;

/// `Data` of an answer about transactions.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Transactions {
    transaction: Vec<Transaction>,
}

/// A movement of money on an account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct Transaction {
    account_id: String,
    /// The same while it is pending and when it is booked.
    transaction_id: String,
    credit_debit_indicator: &'static str,
    /// `BOOK` or `PDNG`.
    status: &'static str,
    /// A pending one may change or vanish.
    transaction_mutability: &'static str,
    /// When it was booked, or is expected to be.
    booking_date_time: String,
    /// When it counts for interest.
    #[serde(skip_serializing_if = "Option::is_none")]
    value_date_time: Option<String>,
    amount: Amount,
    /// In the words of ISO 20022, where they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_transaction_code: Option<BankTransactionCode>,
    /// Where they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    proprietary_bank_transaction_code: Option<ProprietaryCode>,
    /// With the Detail permission only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    transaction_information: Option<String>,
    /// With the Detail permission only, and once it is booked.
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<BalanceAfter>,
    /// With the Detail permission only: who was on the other side, where no account of theirs is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant_details: Option<Merchant>,
    /// With the Detail permission only: who was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    creditor_account: Option<CashAccount>,
    /// With the Detail permission only: who paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    debtor_account: Option<CashAccount>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct BankTransactionCode {
    code: String,
    sub_code: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct ProprietaryCode {
    code: &'static str,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct Merchant {
    merchant_name: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct BalanceAfter {
    credit_debit_indicator: &'static str,
    #[serde(rename = "Type")]
    kind: &'static str,
    amount: Amount,
}

/// What happened on one account, the newest first.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/accounts/{account}/transactions", tag = "accounts",
    operation_id = "listTransactionsOfAccount",
    params(("account" = String, Path, description = "AccountId", max_length = 40), Asked),
    responses((status = 200, description = "A page of it", body = Envelope<Transactions>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["transactions:read"])))]
pub(super) async fn of_account(
    State(app): State<App>,
    Allowed(access): Allowed<ReadTransactions>,
    asked: Asked,
) -> Result<Json<Envelope<Transactions>>, Problem> {
    answer(&app, &asked, Reach::Account(&access)).await
}

/// What happened on all accounts of the consent, account by account, the newest first.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/transactions", tag = "accounts", operation_id = "listTransactions",
    params(Asked),
    responses((status = 200, description = "A page of it", body = Envelope<Transactions>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["transactions:read"])))]
pub(super) async fn all(
    State(app): State<App>,
    AllowedAll(access): AllowedAll<ReadTransactions>,
    asked: Asked,
) -> Result<Json<Envelope<Transactions>>, Problem> {
    answer(&app, &asked, Reach::Consent(&access)).await
}

async fn answer(
    app: &App,
    asked: &Asked,
    reach: Reach<'_, ReadTransactions>,
) -> Result<Json<Envelope<Transactions>>, Problem> {
    let list = asked.list(app, &reach, "transactions");
    let page = app.bank.transactions(reach, asked.query()).await.map_err(|error| asked.failed(error))?;
    Ok(rendered(asked, &list, page))
}

/// A page of a list of transactions, whichever list it is.
pub(super) fn rendered(asked: &Asked, list: &Listing, page: TransactionPage) -> Json<Envelope<Transactions>> {
    let (links, available) = (asked.links(list, page.newer, page.older), page.available);
    let transaction = page.items.into_iter().map(Transaction::from).collect();
    Envelope::page_of(Transactions { transaction }, links, available)
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
        let (counterparty, merchant_details) = match counterparty {
            None => (None, None),
            Some(other) => {
                let name = other.name.map(|text| text.into_string());
                match other.number {
                    Some(number) => (Some(CashAccount::of(&number, name)), None),
                    None => (None, name.map(|merchant_name| Merchant { merchant_name })),
                }
            }
        };
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
            // One of the two is expected of every transaction.
            proprietary_bank_transaction_code: view.code.is_none().then_some(ProprietaryCode { code: NOT_PROVIDED }),
            bank_transaction_code: view.code.map(|code| BankTransactionCode {
                code: code.family.into_string(),
                sub_code: code.sub_family.into_string(),
            }),
            transaction_information: description.map(|text| text.into_string()),
            balance: balance.map(after),
            merchant_details,
            creditor_account,
            debtor_account,
        }
    }
}

fn after(balance: Money) -> BalanceAfter {
    BalanceAfter { credit_debit_indicator: indicator(balance), kind: "ITBD", amount: balance.into() }
}

/// ISO 20022's word for what has to be there and is not known.
const NOT_PROVIDED: &str = "NOTPROVIDED";
