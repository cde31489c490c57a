//! Statements: `OBReadStatement2`.

use axum::Json;
use axum::extract::State;
use lombard_bank::{Reach, StatementView};
use lombard_domain::account::{Figures, StatementKind};
use lombard_domain::money::Money;
use lombard_domain::permission::{ReadStatements, ReadTransactions};
use serde::Serialize;
use utoipa::ToSchema;

use super::allowed::{Allowed, AllowedAll};
use super::docs::DataRefused;
use super::envelope::{Amount, Envelope, indicator};
use super::error::Problem;
use super::query;
use super::statement_query::{Asked, Named, unknown};
use super::transaction::{self, Transactions};
use super::transaction_query;
use crate::app::App;
use crate::parts::interaction::InteractionId;
use crate::parts::peer::At;

/// `Data` of an answer about statements.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Statements {
    statement: Vec<Statement>,
}

/// What happened on an account between two days, summed up.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    account_id: String,
    statement_id: String,
    /// How the bank refers to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 35)]
    statement_reference: Option<String>,
    /// `OBInternalStatementType1Code`.
    #[serde(rename = "Type")]
    kind: &'static str,
    start_date_time: String,
    end_date_time: String,
    creation_date_time: String,
    /// With the Detail permission only.
    #[serde(skip_serializing_if = "Option::is_none")]
    statement_amount: Option<[StatementAmount; 4]>,
}

/// One of the sums.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct StatementAmount {
    credit_debit_indicator: &'static str,
    /// `OBInternalStatementAmountType1Code`.
    #[serde(rename = "Type")]
    kind: &'static str,
    amount: Amount,
}

/// Statements of one account.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/accounts/{account}/statements", tag = "accounts",
    operation_id = "listStatementsOfAccount",
    params(("account" = String, Path, description = "AccountId", max_length = 40), Asked),
    responses((status = 200, description = "A page of them", body = Envelope<Statements>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["statements:read"])))]
pub(super) async fn of_account(
    State(app): State<App>,
    Allowed(access): Allowed<ReadStatements>,
    asked: Asked,
) -> Result<Json<Envelope<Statements>>, Problem> {
    answer(&app, &asked, Reach::Account(&access)).await
}

/// Statements of all accounts of the consent.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/statements", tag = "accounts", operation_id = "listStatements",
    params(Asked),
    responses((status = 200, description = "A page of them", body = Envelope<Statements>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["statements:read"])))]
pub(super) async fn all(
    State(app): State<App>,
    AllowedAll(access): AllowedAll<ReadStatements>,
    asked: Asked,
) -> Result<Json<Envelope<Statements>>, Problem> {
    answer(&app, &asked, Reach::Consent(&access)).await
}

/// One statement.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/accounts/{account}/statements/{statement}", tag = "accounts",
    operation_id = "getStatement",
    params(("account" = String, Path, description = "AccountId", max_length = 40),
        ("statement" = String, Path, description = "StatementId", max_length = 40)),
    responses((status = 200, description = "The statement", body = Envelope<Statements>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["statements:read"])))]
pub(super) async fn one(
    State(app): State<App>,
    id: InteractionId,
    At(door): At,
    Allowed(access): Allowed<ReadStatements>,
    named: Named,
) -> Result<Json<Envelope<Statements>>, Problem> {
    let statement = named.id(&id)?;
    let found = app.bank.statement(&access, statement).await;
    let found = found.map_err(|error| Problem::from(error).with_id(id.as_str()))?;
    let found = found.ok_or_else(|| unknown(&id))?;
    let own = query::address(&app, door, &format!("/accounts/{}/statements/{statement}", access.account()));
    Ok(Envelope::whole(Statements { statement: vec![found.into()] }, own))
}

/// What happened on the days of a statement, the newest first.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/accounts/{account}/statements/{statement}/transactions", tag = "accounts",
    operation_id = "listTransactionsOfStatement",
    params(("account" = String, Path, description = "AccountId", max_length = 40),
        ("statement" = String, Path, description = "StatementId", max_length = 40), transaction_query::Asked),
    responses((status = 200, description = "A page of it", body = Envelope<Transactions>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["transactions:read"])))]
pub(super) async fn transactions(
    State(app): State<App>,
    Allowed(access): Allowed<ReadTransactions>,
    named: Named,
    asked: transaction_query::Asked,
) -> Result<Json<Envelope<Transactions>>, Problem> {
    let statement = named.id(asked.call())?;
    let list = asked.list(&app, &Reach::Account(&access), &format!("statements/{statement}/transactions"));
    let page = app.bank.statement_transactions(&access, statement, asked.query()).await;
    let page = page.map_err(|error| asked.failed(error))?.ok_or_else(|| unknown(asked.call()))?;
    Ok(transaction::rendered(&asked, &list, page))
}

async fn answer(
    app: &App,
    asked: &Asked,
    reach: Reach<'_, ReadStatements>,
) -> Result<Json<Envelope<Statements>>, Problem> {
    let list = asked.list(app, &reach, "statements");
    let page = app.bank.statements(reach, asked.query()).await.map_err(|error| asked.failed(error))?;
    let links = asked.links(&list, page.prev, page.next);
    let statement = page.items.into_iter().map(Statement::from).collect();
    Ok(Envelope::page(Statements { statement }, links))
}

impl From<StatementView> for Statement {
    fn from(view: StatementView) -> Self {
        let StatementView { statement, figures } = view;
        Self {
            account_id: statement.account.to_string(),
            statement_id: statement.id.to_string(),
            kind: kind(statement.kind),
            start_date_time: statement.starts_at().rfc3339(),
            end_date_time: statement.ends_at().rfc3339(),
            creation_date_time: statement.made_on.start().rfc3339(),
            statement_reference: statement.reference.map(|text| text.into_string()),
            statement_amount: figures.map(amounts),
        }
    }
}

fn amounts(figures: Figures) -> [StatementAmount; 4] {
    let line =
        |kind, money: Money| StatementAmount { credit_debit_indicator: indicator(money), kind, amount: money.into() };
    let Figures { opening, closing, money_in, money_out } = figures;
    let mut spent = line("UK.OBIE.TotalDebits", money_out);
    // Nothing that went out is a debit of nothing.
    spent.credit_debit_indicator = "Debit";
    [
        line("UK.OBIE.PreviousClosingBalance", opening),
        line("UK.OBIE.ClosingBalance", closing),
        line("UK.OBIE.TotalCredits", money_in),
        spent,
    ]
}

/// `OBInternalStatementType1Code`.
fn kind(kind: StatementKind) -> &'static str {
    match kind {
        StatementKind::AccountClosure => "AccountClosure",
        StatementKind::AccountOpening => "AccountOpening",
        StatementKind::Annual => "Annual",
        StatementKind::Interim => "Interim",
        StatementKind::RegularPeriodic => "RegularPeriodic",
    }
}
