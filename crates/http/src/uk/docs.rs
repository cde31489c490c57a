//! The description of this surface, put together from what stands beside the handlers.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::openapi::response::Response;
use utoipa::openapi::{Content, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, OpenApi, ToSchema};

#[derive(OpenApi)]
#[openapi(
    paths(super::consent::lodge, super::consent::show, super::consent::delete,
        super::funds_consent::lodge, super::funds_consent::show, super::funds_consent::delete, super::funds::confirm,
        super::subscription::subscribe, super::subscription::list, super::subscription::change,
        super::subscription::unsubscribe, super::event::poll,
        super::account::list, super::account::one,
        super::balance::of_account, super::balance::all,
        super::party::of_account, super::party::all_of_account, super::party::customer,
        super::product::of_account, super::product::all,
        super::statement::of_account, super::statement::all, super::statement::one, super::statement::transactions,
        super::statement_file::of_statement, super::transaction::of_account, super::transaction::all,
        super::beneficiary::of_account, super::beneficiary::all,
        super::direct_debit::of_account, super::direct_debit::all,
        super::offer::of_account, super::offer::all,
        super::scheduled_payment::of_account, super::scheduled_payment::all,
        super::standing_order::of_account, super::standing_order::all),
    components(schemas(ErrorResponse)),
    tags((name = "consents", description = "Consents that apps lodge before they send a customer (UK Open Banking v4.0)."),
        (name = "events", description = "What apps are told without asking (UK Open Banking v4.0)."),
        (name = "funds", description = "Confirmation of funds (UK Open Banking v4.0)."),
        (name = "accounts", description = "Account information under a customer's consent (UK Open Banking v4.0)."))
)]
struct Uk;

/// The endpoints of this surface.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    Uk::openapi()
}

/// `OBErrorResponse1`: what went wrong, in codes of the standard.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[schema(example = json!({"Id": "0193f2c4-6a59-7c30-9d83-d4e4ca1e2a6b", "Errors": [
    {"ErrorCode": "U003", "Message": "Not a date and time", "Path": "fromBookingDateTime"}]}))]
pub(super) struct ErrorResponse {
    /// The call's interaction id.
    id: String,
    /// What is wrong, one entry for each thing.
    #[schema(min_items = 1)]
    errors: Vec<ErrorDetail>,
}

/// One thing that is wrong.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ErrorDetail {
    /// Four characters: a code of the standard or of ISO 20022.
    #[schema(min_length = 4, max_length = 4)]
    error_code: String,
    /// A sentence for people.
    #[schema(max_length = 500)]
    message: Option<String>,
    /// The field, parameter or header that is meant.
    #[schema(max_length = 500)]
    path: Option<String>,
}

/// How a call for data can be refused.
pub(super) struct DataRefused;

/// How a call of an app for something of its own can be refused.
pub(super) struct AppRefused;

impl IntoResponses for DataRefused {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[
            (400, "A parameter is wrong, or names something that does not exist"),
            (401, "No token, or one that does not work"),
            (
                403,
                "The token does not allow this, its consent is not for this account, or the customer must sign in again",
            ),
            (406, "Something else than JSON in UTF-8 is asked for"),
            (
                429,
                "Too many calls, or the accesses without the customer are used up; Retry-After says when there is one again",
            ),
            (503, "Too busy; try again in a moment"),
        ])
    }
}

impl IntoResponses for AppRefused {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[
            (400, "The body is wrong, or an identifier names nothing of this app's"),
            (401, "No token, or one that does not work"),
            (403, "Not an app's own token for this scope"),
            (406, "Something else than JSON in UTF-8 is asked for"),
            (413, "The body is too long"),
            (415, "The body is not JSON"),
            (429, "Too many calls, or too much of this app's waits; Retry-After says when to come again"),
            (503, "Too busy; try again in a moment"),
        ])
    }
}

/// How a question about funds can be refused: it is a call for data, with a body.
pub(super) struct QuestionRefused;

impl IntoResponses for QuestionRefused {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = AppRefused::responses();
        all.extend(DataRefused::responses());
        all
    }
}

fn refusals(all: &[(u16, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let one = |(status, description): &(u16, &str)| {
        let content = Content::new(Some(Ref::from_schema_name("ErrorResponse")));
        let response = ResponseBuilder::new().description(*description).content("application/json", content).build();
        (status.to_string(), RefOr::T(response))
    };
    all.iter().map(one).collect()
}
