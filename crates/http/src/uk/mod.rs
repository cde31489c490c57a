//! UK Open Banking Read/Write API v4.0, account information: a thin mapping of domain values to that standard's JSON.

mod account;
mod allowed;
mod balance;
mod beneficiary;
pub mod bodies;
mod consent;
mod dated;
mod direct_debit;
pub(crate) mod docs;
mod envelope;
mod error;
mod event;
mod funds;
mod funds_consent;
mod input;
mod list;
mod mandate;
mod offer;
mod own;
mod party;
mod permission;
mod product;
mod query;
mod scheduled_payment;
mod standing;
mod standing_order;
mod statement;
mod statement_file;
mod statement_query;
mod subscription;
mod transaction;
mod transaction_query;

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post, put};
use lombard_auth::access::Denied;

use crate::app::App;
use crate::parts::guard::Refusal;
use error::Problem;

/// Methods and paths of this surface.
pub(crate) const ROUTES: &[(&str, &str)] = &[
    ("POST", "/open-banking/v4.0/aisp/account-access-consents"),
    ("DELETE", "/open-banking/v4.0/aisp/account-access-consents/{consent}"),
    ("GET", "/open-banking/v4.0/aisp/account-access-consents/{consent}"),
    ("POST", "/open-banking/v4.0/cbpii/funds-confirmation-consents"),
    ("DELETE", "/open-banking/v4.0/cbpii/funds-confirmation-consents/{consent}"),
    ("GET", "/open-banking/v4.0/cbpii/funds-confirmation-consents/{consent}"),
    ("POST", "/open-banking/v4.0/cbpii/funds-confirmations"),
    ("GET", "/open-banking/v4.0/event-subscriptions"),
    ("POST", "/open-banking/v4.0/event-subscriptions"),
    ("DELETE", "/open-banking/v4.0/event-subscriptions/{subscription}"),
    ("PUT", "/open-banking/v4.0/event-subscriptions/{subscription}"),
    ("POST", "/open-banking/v4.0/events"),
    ("GET", "/open-banking/v4.0/aisp/accounts"),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}"),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/balances"),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/beneficiaries"),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/direct-debits"),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/offers"),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/parties"),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/party"),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/product"),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/scheduled-payments"),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/standing-orders"),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/statements"),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/statements/{statement}"),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/statements/{statement}/file"),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/statements/{statement}/transactions"),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/transactions"),
    ("GET", "/open-banking/v4.0/aisp/balances"),
    ("GET", "/open-banking/v4.0/aisp/beneficiaries"),
    ("GET", "/open-banking/v4.0/aisp/direct-debits"),
    ("GET", "/open-banking/v4.0/aisp/offers"),
    ("GET", "/open-banking/v4.0/aisp/party"),
    ("GET", "/open-banking/v4.0/aisp/products"),
    ("GET", "/open-banking/v4.0/aisp/scheduled-payments"),
    ("GET", "/open-banking/v4.0/aisp/standing-orders"),
    ("GET", "/open-banking/v4.0/aisp/statements"),
    ("GET", "/open-banking/v4.0/aisp/transactions"),
];

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/open-banking/v4.0/aisp/account-access-consents", post(consent::lodge))
        .route("/open-banking/v4.0/aisp/account-access-consents/{consent}", get(consent::show).delete(consent::delete))
        .route("/open-banking/v4.0/cbpii/funds-confirmation-consents", post(funds_consent::lodge))
        .route(
            "/open-banking/v4.0/cbpii/funds-confirmation-consents/{consent}",
            get(funds_consent::show).delete(funds_consent::delete),
        )
        .route("/open-banking/v4.0/cbpii/funds-confirmations", post(funds::confirm))
        .route("/open-banking/v4.0/event-subscriptions", get(subscription::list).post(subscription::subscribe))
        .route(
            "/open-banking/v4.0/event-subscriptions/{subscription}",
            put(subscription::change).delete(subscription::unsubscribe),
        )
        .route("/open-banking/v4.0/events", post(event::poll))
        .route("/open-banking/v4.0/aisp/accounts", get(account::list))
        .route("/open-banking/v4.0/aisp/accounts/{account}", get(account::one))
        .route("/open-banking/v4.0/aisp/accounts/{account}/balances", get(balance::of_account))
        .route("/open-banking/v4.0/aisp/accounts/{account}/parties", get(party::all_of_account))
        .route("/open-banking/v4.0/aisp/accounts/{account}/party", get(party::of_account))
        .route("/open-banking/v4.0/aisp/accounts/{account}/product", get(product::of_account))
        .route("/open-banking/v4.0/aisp/accounts/{account}/statements", get(statement::of_account))
        .route("/open-banking/v4.0/aisp/accounts/{account}/statements/{statement}", get(statement::one))
        .route(
            "/open-banking/v4.0/aisp/accounts/{account}/statements/{statement}/file",
            get(statement_file::of_statement),
        )
        .route(
            "/open-banking/v4.0/aisp/accounts/{account}/statements/{statement}/transactions",
            get(statement::transactions),
        )
        .route("/open-banking/v4.0/aisp/balances", get(balance::all))
        .route("/open-banking/v4.0/aisp/party", get(party::customer))
        .route("/open-banking/v4.0/aisp/products", get(product::all))
        .route("/open-banking/v4.0/aisp/statements", get(statement::all))
        .route("/open-banking/v4.0/aisp/accounts/{account}/beneficiaries", get(beneficiary::of_account))
        .route("/open-banking/v4.0/aisp/beneficiaries", get(beneficiary::all))
        .route("/open-banking/v4.0/aisp/accounts/{account}/direct-debits", get(direct_debit::of_account))
        .route("/open-banking/v4.0/aisp/direct-debits", get(direct_debit::all))
        .route("/open-banking/v4.0/aisp/accounts/{account}/offers", get(offer::of_account))
        .route("/open-banking/v4.0/aisp/offers", get(offer::all))
        .route("/open-banking/v4.0/aisp/accounts/{account}/scheduled-payments", get(scheduled_payment::of_account))
        .route("/open-banking/v4.0/aisp/scheduled-payments", get(scheduled_payment::all))
        .route("/open-banking/v4.0/aisp/accounts/{account}/standing-orders", get(standing_order::of_account))
        .route("/open-banking/v4.0/aisp/standing-orders", get(standing_order::all))
        .route("/open-banking/v4.0/aisp/accounts/{account}/transactions", get(transaction::of_account))
        .route("/open-banking/v4.0/aisp/transactions", get(transaction::all))
}

/// Whether a path is answered in this surface's shape.
pub(crate) fn owns(path: &str) -> bool {
    path.strip_prefix("/open-banking").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What the gate refused, after the handler had answered.
pub(crate) fn denied(app: &App, denied: Denied, id: &str) -> Response {
    Problem::denied(denied, &app.auth.policy().resource_metadata()).with_id(id).into_response()
}

/// A refusal that no handler decided.
pub(crate) fn refusal(id: &str, refusal: Refusal) -> Response {
    Problem::from(refusal).with_id(id).into_response()
}
