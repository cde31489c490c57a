//! UK Open Banking Read/Write API v4.0, account information: a thin mapping of domain values to that standard's JSON.

mod account;
mod allowed;
mod balance;
mod envelope;
mod error;
mod query;
mod standing_order;
mod transaction;

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use crate::app::App;
use crate::parts::guard::Refusal;
use error::Problem;

/// Methods and paths of this surface.
pub(crate) const ROUTES: &[(&str, &str)] = &[
    ("GET", "/open-banking/v4.0/aisp/accounts"),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}"),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/balances"),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/standing-orders"),
    ("GET", "/open-banking/v4.0/aisp/accounts/{account}/transactions"),
];

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/open-banking/v4.0/aisp/accounts", get(account::list))
        .route("/open-banking/v4.0/aisp/accounts/{account}", get(account::one))
        .route("/open-banking/v4.0/aisp/accounts/{account}/balances", get(balance::of_account))
        .route("/open-banking/v4.0/aisp/accounts/{account}/standing-orders", get(standing_order::of_account))
        .route("/open-banking/v4.0/aisp/accounts/{account}/transactions", get(transaction::of_account))
}

/// Whether a path is answered in this surface's shape.
pub(crate) fn owns(path: &str) -> bool {
    path.strip_prefix("/open-banking").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A refusal that no handler decided.
pub(crate) fn refusal(id: &str, refusal: Refusal) -> Response {
    Problem::from(refusal).with_id(id).into_response()
}
